"""Sequence numbers without gaps: per subscription, given at the first claim, given back when nobody got them."""

from __future__ import annotations

from collections.abc import Sequence

from hub.ledger import rows
from hub.ledger.rows import DeliveryRow
from hub.ledger.tables import Tables


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
    numbers, stored = await _locked(tables, asked)
    for row in freed:
        if row.sequence:
            numbers[row.subscription_id].give_back(row.sequence)
    given = [row._replace(sequence=numbers[row.subscription_id].take()) for row in unnumbered]
    await _store(tables, numbers, stored)
    return [row._replace(sequence=0) for row in freed], given


async def _locked(
    tables: Tables, subscription_ids: set[str]
) -> tuple[dict[str, Numbers], dict[str, set[int]]]:
    """Return the numbers of each subscription and the free ones as they are stored."""
    sequences = await tables.read(rows.SEQUENCE, {"subscription_id": subscription_ids}, lock=True)
    free: dict[str, set[int]] = {row.subscription_id: set() for row in sequences}
    for row in await tables.read(rows.FREE_NUMBER, {"subscription_id": subscription_ids}):
        free[row.subscription_id].add(row.number)
    numbers = {
        row.subscription_id: Numbers(row.last_number, sorted(free[row.subscription_id])) for row in sequences
    }
    return numbers, free


async def _store(tables: Tables, numbers: dict[str, Numbers], stored: dict[str, set[int]]) -> None:
    changed = [key for key, item in numbers.items() if item.free != stored[key]]
    await tables.delete(rows.FREE_NUMBER, "subscription_id", changed)
    free = [rows.FreeNumberRow(key, number) for key in changed for number in sorted(numbers[key].free)]
    await tables.insert(rows.FREE_NUMBER, free)
    await tables.upsert(rows.SEQUENCE, [rows.SequenceRow(key, item.last) for key, item in numbers.items()])
