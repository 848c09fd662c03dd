"""What a person of the hub asks and does by hand: parked things, replays, where the books differ, chain heads."""

from __future__ import annotations

from datetime import date
from typing import Final

from hub.ledger import parking, rows
from hub.ledger.figures import ChainHead, Difference
from hub.ledger.operators import Operator
from hub.ledger.parked_items import ParkedItem, parked_items
from hub.ledger.parking import Act, ParkedOutcome
from hub.ledger.replaying import Again, ReplayAsked, ReplayCount, Within, replay
from hub.ledger.tables import Store
from hub.ledger.texts import key_text

PARKED_PART: Final = 500
"""Parked rows read at a time."""


class Desk:
    """One ledger, as an operator handles it. Made by `StoredLedger.desk`."""

    def __init__(self, store: Store, again: Again, rule_set: str) -> None:
        self._store = store
        self._again = again
        self._rule_set = rule_set

    async def parked(self, after: int = 0, limit: int = PARKED_PART) -> list[ParkedItem]:
        """Return what waits for a person, the oldest first, from the number after this one."""
        async with self._store.transaction() as tables:
            return await parked_items(tables, await tables.parked_after(after, limit))

    async def parked_item(self, parked_id: int) -> ParkedItem | None:
        """Return one thing that waits; None when nothing waits under this number."""
        async with self._store.transaction() as tables:
            found = await parked_items(tables, await tables.read(rows.PARKED, {"parked_id": [parked_id]}))
        return found[0] if found else None

    async def release(self, parked_id: int, operator: Operator, now: str) -> ParkedOutcome:
        """Let it go on: a delivery is claimed again, an event judged again; consent is looked at then."""
        act = Act(operator, now, self._rule_set)
        return await self._again(lambda tables: parking.release(tables, parked_id, act))

    async def reject(self, parked_id: int, operator: Operator, now: str) -> ParkedOutcome:
        """End it: nothing of it leaves, and its line is withheld with the reason for which it was parked."""
        act = Act(operator, now, self._rule_set)
        return await self._again(lambda tables: parking.reject(tables, parked_id, act))

    async def replay(
        self, asked: ReplayAsked, within: Within, now: str, operator: Operator | None
    ) -> list[ReplayCount]:
        """Send once more what a receiver got in a window. Without an operator nothing is changed, only counted."""
        act = None if operator is None else Act(operator, now, self._rule_set)
        return await replay(self._store, self._again, asked, within, now, act)

    async def differences(
        self, day: date | None = None, sender: str | None = None, limit: int = 20
    ) -> list[Difference]:
        """Return the first places where the books do not balance, in the order of the log."""
        async with self._store.statement() as tables:
            return await tables.differences(day, None if sender is None else key_text(sender), limit)

    async def heads(self) -> list[ChainHead]:
        """Return the end of each audit chain, to be kept outside the database."""
        async with self._store.transaction() as tables:
            found = await tables.read(rows.CHAIN, {"partition": await tables.chain_partitions()})
        return [ChainHead(row.partition, row.position, row.hash.hex()) for row in found if row.position]

    async def still_has(self, head: ChainHead) -> bool:
        """Tell whether the chain has this row: false when its end was cut off or it was written anew."""
        async with self._store.statement() as tables:
            found = await tables.chain_part(head.partition, head.position - 1, 1)
        return bool(found) and (found[0].position, found[0].hash.hex()) == (head.position, head.hash)
