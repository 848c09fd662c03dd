"""Sequence numbers without gaps: per subscription, given at the first claim, given back when nobody got them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.ledger import rows
from hub.ledger.rows import DeliveryRow
from hub.ledger.tables import Tables
from hub.ledger.texts import from_json, to_json


class Numbers:
    """The numbers of one subscription, while its row is locked."""

    def __init__(self, last: int, free: Sequence[int]) -> None:
        self.last = last
        self.free = set(free)

    def take(self) -> int:
        """Return the lowest freed number, or the next one."""
        if self.free:
            number = min(self.free)
            self.free.remove(number)
            return number
        self.last += 1
        return self.last

    def give_back(self, number: int) -> None:
        """Free a number; freed numbers at the end are as if they had never been given."""
        self.free.add(number)
        while self.last in self.free:
            self.free.remove(self.last)
            self.last -= 1


async def renumber(
    tables: Tables, freed: Sequence[DeliveryRow], unnumbered: Sequence[DeliveryRow]
) -> tuple[list[DeliveryRow], list[DeliveryRow]]:
    """Free the numbers of `freed` and give numbers to `unnumbered`; both come back with their new numbers.

    Locks the sequence of each subscription until the end of the transaction.
    """
    asked = {row.subscription_id for row in unnumbered}
    asked |= {row.subscription_id for row in freed if row.sequence}
    if not asked:
        return list(freed), list(unnumbered)
    sequences = await tables.read(rows.SEQUENCE, {"subscription_id": asked}, lock=True)
    numbers = {row.subscription_id: Numbers(row.last_number, _free(row)) for row in sequences}
    for row in freed:
        if row.sequence:
            numbers[row.subscription_id].give_back(row.sequence)
    given = [row._replace(sequence=numbers[row.subscription_id].take()) for row in unnumbered]
    stored = [rows.SequenceRow(key, item.last, to_json(sorted(item.free))) for key, item in numbers.items()]
    await tables.upsert(rows.SEQUENCE, stored)
    return [row._replace(sequence=0) for row in freed], given


def _free(row: rows.SequenceRow) -> list[int]:
    found: Any = from_json(row.free)
    return list(found)
