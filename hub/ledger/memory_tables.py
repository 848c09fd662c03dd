"""`Tables` in memory. The statements of `postgres_statements.py`, said in Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from hub.ledger import rows
from hub.ledger.figures import Difference
from hub.ledger.gathered import Asked, Due, Found
from hub.ledger.interface import Balance, LogIdentity, PartitionClaim, Statistics
from hub.ledger.memory_counts import count_lines, count_open, differing_lines
from hub.ledger.memory_gathering import due_rows, due_threads, gather_rows
from hub.ledger.memory_rows import Journal, Shelf
from hub.ledger.rows import (
    ConsentRow,
    DecisionRow,
    DeliveryRow,
    EntryRow,
    HoldRow,
    LineRow,
    OutboxEntryRow,
    ParkedRow,
    Row,
    SubscriptionRow,
    Table,
    ThreadRow,
)
from hub.ledger.tables import Advance, Move, Other, Read


class OffsetRow(NamedTuple):
    """The offset of one partition of one log."""

    next_offset: int
    epoch: int
    owner: str


class MemoryTables:
    """The open transaction."""

    def __init__(
        self,
        shelves: dict[str, Shelf[Any]],
        logs: dict[tuple[str, str], int],
        offsets: dict[tuple[int, int], OffsetRow],
    ) -> None:
        self._shelves = shelves
        self._logs = logs
        self._offsets = offsets
        self._journal: Journal = []
        self.notices: set[str] = set()

    def roll_back(self) -> None:
        """Undo everything, the last change first."""
        for undo in reversed(self._journal):
            undo()

    def shelf(self, table: Table[Row]) -> Shelf[Row]:
        """Return the rows of a table."""
        return self._shelves[table.name]

    # --- rows -----------------------------------------------------------------------------------
    async def insert(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """See Tables."""
        self.shelf(table).insert(rows, self._journal)

    async def upsert(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """See Tables."""
        self.shelf(table).upsert(rows, self._journal)

    async def insert_missing(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """See Tables."""
        self.shelf(table).insert_missing(rows, self._journal)

    async def read(
        self,
        table: Table[Row],
        where: Mapping[str, Collection[str | int]],
        *,
        lock: bool = False,  # noqa: ARG002  (the whole transaction is the lock)
    ) -> list[Row]:
        """See Tables."""
        return self.shelf(table).read(where)

    async def read_both(self, first: Read[Row], second: Read[Other]) -> tuple[list[Row], list[Other]]:
        """See Tables."""
        one = self.shelf(first.table).read({first.column: first.values})
        return one, self.shelf(second.table).read({second.column: second.values})

    async def shared_subscriptions(self, orgs: Collection[str]) -> list[SubscriptionRow]:
        """See Tables."""
        return self.shelf(rows.SUBSCRIPTION).read({"org": orgs})

    async def gather(self, asked: Asked) -> Found:
        """See Tables."""
        return gather_rows(self.shelf, asked)

    async def all_subscriptions(self) -> list[SubscriptionRow]:
        """See Tables."""
        return sorted(self.shelf(rows.SUBSCRIPTION), key=lambda row: row.subscription_id)

    async def delete(self, table: Table[Row], column: str, values: Collection[str | int]) -> None:
        """See Tables."""
        self.shelf(table).delete(column, values, self._journal)

    # --- offsets --------------------------------------------------------------------------------
    async def log_number(self, log: LogIdentity) -> int:
        """See Tables."""
        return self._logs.setdefault((log.cluster_id, log.topic), len(self._logs) + 1)

    def _set_offset(self, key: tuple[int, int], row: OffsetRow) -> None:
        before = self._offsets.get(key)
        self._offsets[key] = row
        self._journal.append(lambda: self._restore_offset(key, before))

    def _restore_offset(self, key: tuple[int, int], before: OffsetRow | None) -> None:
        if before is None:
            del self._offsets[key]
        else:
            self._offsets[key] = before

    async def take_offsets(self, log_id: int, partitions: Sequence[int], owner: str) -> list[PartitionClaim]:
        """See Tables."""
        claims = []
        for partition in partitions:
            known = self._offsets.get((log_id, partition), OffsetRow(0, 0, ""))
            taken = known._replace(epoch=known.epoch + 1, owner=owner)
            self._set_offset((log_id, partition), taken)
            claims.append(PartitionClaim(partition, taken.next_offset, taken.epoch))
        return claims

    async def advance(self, log_id: int, steps: Sequence[Advance]) -> int:
        """See Tables."""
        moved = 0
        for step in steps:
            key = (log_id, step.claim.partition)
            known = self._offsets.get(key)
            expected = (step.claim.next_offset, step.claim.epoch)
            if known is not None and (known.next_offset, known.epoch) == expected:
                self._set_offset(key, known._replace(next_offset=step.following))
                moved += 1
        return moved

    async def offsets(self, log_id: int) -> dict[int, int]:
        """See Tables."""
        return {key[1]: row.next_offset for key, row in self._offsets.items() if key[0] == log_id}

    async def lock_partitions(self, partitions: Sequence[int]) -> None:
        """See Tables; the whole transaction is the lock."""

    async def lock_links(self, subjects: Sequence[str]) -> None:
        """See Tables; the whole transaction is the lock."""

    # --- work that is due -----------------------------------------------------------------------
    async def anything_due(self, now: datetime) -> bool:
        """See Tables."""
        return bool(due_rows(self.shelf, 1, now))

    async def due(self, limit: int, now: datetime) -> Due:
        """See Tables."""
        found = due_rows(self.shelf, limit, now)
        uids = {row.uid for row in found}
        return Due(
            found,
            self.shelf(rows.PAYLOAD).read({"uid": uids}),
            self.shelf(rows.HOLD).read({"uid": uids}),
            self.shelf(rows.SUBSCRIPTION).read({"subscription_id": {row.subscription_id for row in found}}),
        )

    async def lock_settled(self, delivery_ids: Collection[str]) -> tuple[list[DeliveryRow], list[LineRow]]:
        """See Tables."""
        found = self.shelf(rows.DELIVERY).read({"delivery_id": delivery_ids})
        return found, self.shelf(rows.LINE).read({"place": {row.place for row in found}})

    async def reschedule(self, moves: Sequence[Move]) -> None:
        """See Tables."""
        for move in moves:
            waiting = [
                row._replace(due_at=move.due_at)
                for row in self.shelf(rows.DELIVERY).read({"subscription_id": [move.subscription_id]})
                if row.subject_key == move.subject_key
                and row.ordinal > move.ordinal
                and row.state == "pending"
            ]
            await self.upsert(rows.DELIVERY, waiting)

    async def feed_new(self, subscription_id: str, limit: int) -> list[DeliveryRow]:
        """See Tables."""
        found = self.shelf(rows.DELIVERY).read({"subscription_id": [subscription_id]})
        return [row for row in found if row.state == "pending" and row.sequence == 0][:limit]

    async def feed_numbered(self, subscription_id: str, after: int, limit: int) -> list[DeliveryRow]:
        """See Tables."""
        found = self.shelf(rows.DELIVERY).read({"subscription_id": [subscription_id]})
        numbered = [row for row in found if row.sequence > max(after, 0)]
        return sorted(numbered, key=lambda row: row.sequence)[:limit]

    async def feed_read(self, subscription_id: str, up_to: int) -> list[DeliveryRow]:
        """See Tables."""
        found = self.shelf(rows.DELIVERY).read({"subscription_id": [subscription_id]})
        got = [row for row in found if row.state == "claimed" and 1 <= row.sequence <= up_to]
        return sorted(got, key=lambda row: row.sequence)

    async def peek_holds(self, limit: int, now: datetime) -> list[HoldRow]:
        """See Tables."""
        woken = {row.uid for row in self.shelf(rows.HOLD_WAKE)}
        due = [row for row in self.shelf(rows.HOLD) if row.uid in woken or row.wake_at <= now]
        return sorted(due, key=lambda row: row.hold_until_at)[:limit]

    async def lock_holds(self, uids: Sequence[str]) -> list[HoldRow]:
        """See Tables."""
        return self.shelf(rows.HOLD).read({"uid": uids})

    async def wake_all_holds(self) -> None:
        """See Tables."""
        wakes = [rows.HoldWakeRow(0, row.uid) for row in self.shelf(rows.HOLD)]
        await self.insert(rows.HOLD_WAKE, wakes)

    async def peek_threads(self, limit: int, now: datetime) -> list[ThreadRow]:
        """See Tables."""
        return due_threads(self.shelf(rows.THREAD), now)[:limit]

    async def lock_threads(self, thread_ids: Sequence[str], now: datetime) -> list[ThreadRow]:
        """See Tables."""
        return due_threads(self.shelf(rows.THREAD).read({"thread_id": thread_ids}), now)

    async def ended_consents(self, limit: int, now: datetime) -> list[ConsentRow]:
        """See Tables."""
        used = {row.consent_key for row in self.shelf(rows.DISCLOSURE_CONSENT)}
        used -= {row.consent_key for row in self.shelf(rows.ANNOUNCEMENT)}
        ended = [
            (row.ends_at, row)
            for row in self.shelf(rows.CONSENT)
            if row.ends_at is not None and row.ends_at <= now and row.subject_key is not None
        ]
        ordered = sorted((item for item in ended if item[1].consent_id in used), key=lambda item: item[0])
        return [row for _, row in ordered][:limit]

    async def oldest_outbox(self, limit: int) -> list[OutboxEntryRow]:
        """See Tables."""
        return sorted(self.shelf(rows.OUTBOX), key=lambda row: row.row_id)[:limit]

    async def delivered_between(self, receiver: str, start: datetime, end: datetime, limit: int) -> list[str]:
        """See Tables."""
        found = self.shelf(rows.DELIVERY).read({"receiver": [receiver]})
        got = [(row.delivery_id, row.settled_at) for row in found if row.state == "delivered"]
        return [one for one, at in got if at is not None and start <= at < end][:limit]

    async def parked_after(self, parked_id: int, limit: int) -> list[ParkedRow]:
        """See Tables."""
        found = [row for row in self.shelf(rows.PARKED) if row.parked_id > parked_id]
        return sorted(found, key=lambda row: row.parked_id)[:limit]

    async def kept_payloads(self, uids: Collection[str]) -> list[str]:
        """See Tables."""
        return [row.uid for row in self.shelf(rows.PAYLOAD).read({"uid": uids})]

    async def stale_payloads(self, limit: int, before: datetime) -> list[str]:
        """See Tables."""
        needed = {row.payload_uid for row in self.shelf(rows.HOLD)}
        needed |= {
            row.uid
            for row in self.shelf(rows.DELIVERY)
            if row.settled_at is None or row.settled_at >= before or row.state == "parked"
        }
        needed |= {f"parked:{row.place}" for row in self.shelf(rows.PARKED)}
        stale = [row for row in self.shelf(rows.PAYLOAD) if row.stored_at < before and row.uid not in needed]
        return [row.uid for row in sorted(stale, key=lambda row: row.stored_at)][:limit]

    # --- figures --------------------------------------------------------------------------------
    async def entries_between(self, start: datetime, end: datetime) -> list[EntryRow]:
        """See Tables."""
        found = [row for row in self.shelf(rows.ENTRY) if start <= row.at < end]
        return sorted(found, key=lambda row: row.ordinal)

    async def chain_part(self, partition: int, after: int, limit: int) -> list[DecisionRow]:
        """See Tables."""
        found = self.shelf(rows.DECISION).read({"partition": [partition]})
        return [row for row in found if row.position > after][:limit]

    async def chain_partitions(self) -> list[int]:
        """See Tables."""
        counted = Counter(row.partition for row in self.shelf(rows.DECISION))
        counted.update(row.partition for row in self.shelf(rows.CHAIN))
        return sorted(counted)

    async def balance(self, day: date | None, sender: str | None) -> Balance:
        """See Tables."""
        return count_lines(self.shelf, day, sender)

    async def differences(self, day: date | None, sender: str | None, limit: int) -> list[Difference]:
        """See Tables."""
        return differing_lines(self.shelf, day, sender)[:limit]

    async def statistics(self, now: datetime) -> Statistics:
        """See Tables."""
        return count_open(self.shelf, now)

    async def notify(self, channels: Collection[str]) -> None:
        """See Tables."""
        self.notices.update(channels)
