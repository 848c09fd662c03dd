"""Held events that are due: woken by a fact, at their boundary in time, or past their term."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hub.core.judgement import Judgement
from hub.core.snapshot import FactKeys, Snapshot
from hub.ledger import rows
from hub.ledger.examining import read_payloads
from hub.ledger.gathering import gather
from hub.ledger.interface import HeldEvent
from hub.ledger.planning import PARKED_PAYLOAD, Target
from hub.ledger.recording import Memory, Recorder
from hub.ledger.tables import Tables
from hub.ledger.texts import instant
from hub.wire.envelope import SealedEvent


class Holds:
    """A HoldTransaction: the due holds of one open transaction."""

    def __init__(self, tables: Tables, rule_set: str) -> None:
        self._tables = tables
        self._rule_set = rule_set
        self._rows: dict[str, rows.HoldRow] = {}
        self._wakes: dict[str, list[int]] = {}
        self._payloads: dict[str, SealedEvent] = {}
        self._memory = Memory()
        self.held: Sequence[HeldEvent] = ()

    async def lock(self, limit: int, now: str) -> None:
        """Take what is due.

        The partitions are locked before the holds, as a batch does: so no two transactions wait in a circle,
        and a release stands in the order of the child's other events.
        """
        due = await self._tables.peek_holds(limit, instant(now))
        if not due:
            return
        await self._tables.lock_partitions([row.partition for row in due])
        found = await self._tables.lock_holds([row.uid for row in due])
        self._rows = {row.uid: row for row in found}
        for wake in await self._tables.read(rows.HOLD_WAKE, {"uid": [row.uid for row in found]}):
            self._wakes.setdefault(wake.uid, []).append(wake.wake_id)
        self._payloads = await read_payloads(self._tables, {row.payload_uid for row in found})
        for row in found:
            if row.payload_uid.startswith(PARKED_PAYLOAD) and row.payload_uid in self._payloads:
                self._payloads[row.payload_uid] = replace(self._payloads[row.payload_uid], uid=row.uid)
        # Under the id by which the event is remembered: the payload can be that of a later sending.
        self.held = tuple(
            HeldEvent(
                sealed=replace(self._payloads[row.payload_uid], uid=row.uid),
                held_since=row.held_since,
                hold_until=row.hold_until,
                first_look=row.first_look,
            )
            for row in found
            if row.payload_uid in self._payloads
        )

    async def gather(self, keys: FactKeys, now: str) -> Snapshot:  # noqa: ARG002  (the interface's form)
        """See Transaction."""
        snapshot, found = await gather(self._tables, keys)
        self._memory.learn(found.entries)
        return snapshot

    async def rejudged(
        self, event: HeldEvent, judgement: Judgement, wake_at: str | None, decided_at: str
    ) -> None:
        """See HoldTransaction."""
        row = self._rows[event.sealed.uid]
        await self._tables.delete(rows.HOLD_WAKE, "wake_id", self._wakes.get(row.uid, []))
        sealed = self._payloads[row.payload_uid]
        target = Target(row.place, row.uid, row.partition, sealed, judgement, decided_at)
        recorder = Recorder(self._tables, self._memory, self._rule_set)
        if judgement.verdict == "duplicate":
            await self._unchanged(row, judgement, wake_at)
            await recorder.beside(target)
            return
        await recorder.held(target, wake_at, row)

    async def _unchanged(self, row: rows.HoldRow, judgement: Judgement, wake_at: str | None) -> None:
        """Remember the next boundary in time; a hold under which nothing waits (a family that moved) ends."""
        lines = await self._tables.read(rows.LINE, {"place": [row.place]})
        if judgement.hold_until is None and not any(line.state == "held" for line in lines):
            await self._tables.delete(rows.HOLD_WATCH, "uid", [row.uid])
            await self._tables.delete(rows.HOLD_WAKE, "uid", [row.uid])
            await self._tables.delete(rows.HOLD, "uid", [row.uid])
            return
        kept = row._replace(wake_at=row.hold_until_at if wake_at is None else instant(wake_at))
        await self._tables.upsert(rows.HOLD, [kept])
