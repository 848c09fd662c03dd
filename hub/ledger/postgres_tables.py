"""`Tables` on PostgreSQL: bulk statements over arrays, so that a batch of 500 costs few round trips."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import asyncpg

from hub.ledger import postgres_statements as sql
from hub.ledger import rows
from hub.ledger.figures import MISSING, Difference
from hub.ledger.gathered import FOUND_TABLES, Asked, Due, Found
from hub.ledger.interface import Balance, LogIdentity, PartitionClaim, Statistics
from hub.ledger.postgres_gathering import GATHER, LINKS_LOCK, arguments, found_from
from hub.ledger.postgres_writes import Connection, Writes
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


@lru_cache(maxsize=256)
def _read_statement(table: Table[Any], where: tuple[str, ...], lock: bool) -> str:  # noqa: FBT001
    tests = " or ".join(
        f"{name} = any(${number}::{table.column_type(name)}[])" for number, name in enumerate(where, 1)
    )
    order = table.numbered or ", ".join(table.key)
    listed = ", ".join(table.columns)
    statement = f"select {listed} from {table.name} where {tests} order by {order}"  # noqa: S608
    return f"{statement} for update" if lock else statement


@lru_cache(maxsize=64)
def _both_statement(first: Table[Any], first_column: str, second: Table[Any], second_column: str) -> str:
    arrays = [
        sql.row_array(
            table,
            f"t.{column} = any(${number}::{table.column_type(column)}[])",
            ", ".join(f"t.{name}" for name in ((table.numbered,) if table.numbered else table.key)),
        )
        for number, (table, column) in enumerate(((first, first_column), (second, second_column)), 1)
    ]
    return f"select {', '.join(arrays)}"


def _typed(table: Table[Row], records: Sequence[Sequence[Any]]) -> list[Row]:
    return [table.row(*record) for record in records]


class PostgresTables:
    """One open transaction on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._writes = Writes()

    async def finish(self) -> None:
        """Send what was written: the transaction is about to commit."""
        if self._writes:
            await self._writes.flush(self._connection, last=True)

    async def _ask(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Run a statement that sees everything written before."""
        if self._writes:
            await self._writes.flush(self._connection, last=False)
        return await self._connection.fetch(statement, *arguments)

    # --- rows -----------------------------------------------------------------------------------
    async def insert(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """See Tables."""
        self._writes.rows("insert", table, rows)

    async def upsert(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """See Tables."""
        self._writes.rows("replace", table, rows)

    async def insert_missing(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """See Tables."""
        self._writes.rows("ignore", table, rows)

    async def read(
        self, table: Table[Row], where: Mapping[str, Collection[str | int]], *, lock: bool = False
    ) -> list[Row]:
        """See Tables."""
        asked = {column: list(values) for column, values in where.items() if values}
        if not asked:
            return []
        if self._writes.touches([table]):
            await self._writes.flush(self._connection, last=False)
        statement = _read_statement(table, tuple(asked), lock)
        return [table.row(*record) for record in await self._connection.fetch(statement, *asked.values())]

    async def read_both(self, first: Read[Row], second: Read[Other]) -> tuple[list[Row], list[Other]]:
        """See Tables."""
        if self._writes.touches([first.table, second.table]):
            await self._writes.flush(self._connection, last=False)
        statement = _both_statement(first.table, first.column, second.table, second.column)
        (found,) = await self._connection.fetch(statement, list(first.values), list(second.values))
        return _typed(first.table, found[0]), _typed(second.table, found[1])

    async def shared_subscriptions(self, orgs: Collection[str]) -> list[SubscriptionRow]:
        """See Tables."""
        return await self._rows(rows.SUBSCRIPTION, sql.SHARED_SUBSCRIPTIONS, list(orgs))

    async def gather(self, asked: Asked) -> Found:
        """See Tables."""
        if self._writes.touches(FOUND_TABLES):
            await self._writes.flush(self._connection, last=False)
        (record,) = await self._connection.fetch(GATHER, *arguments(asked))
        return found_from(tuple(record))

    async def all_subscriptions(self) -> list[SubscriptionRow]:
        """See Tables."""
        return await self._rows(rows.SUBSCRIPTION, sql.ALL_SUBSCRIPTIONS)

    async def delete(self, table: Table[Row], column: str, values: Collection[str | int]) -> None:
        """See Tables."""
        self._writes.delete(table, column, values)

    # --- offsets --------------------------------------------------------------------------------
    async def log_number(self, log: LogIdentity) -> int:
        """See Tables."""
        await self._ask(sql.LOG_INSERT, log.cluster_id, log.topic)
        (found,) = await self._ask(sql.LOG_NUMBER, log.cluster_id, log.topic)
        return int(found[0])

    async def take_offsets(self, log_id: int, partitions: Sequence[int], owner: str) -> list[PartitionClaim]:
        """See Tables."""
        wanted = sorted(partitions)
        await self._ask(sql.OFFSETS_CREATE, log_id, wanted)
        await self._ask(sql.OFFSETS_LOCK, log_id, wanted)
        taken = await self._ask(sql.OFFSETS_TAKE, log_id, wanted, owner)
        return [PartitionClaim(record[0], record[1], record[2]) for record in taken]

    async def advance(self, log_id: int, steps: Sequence[Advance]) -> int:
        """See Tables."""
        ordered = sorted(steps, key=lambda step: step.claim.partition)
        moved = await self._ask(
            sql.OFFSETS_ADVANCE,
            log_id,
            [step.claim.partition for step in ordered],
            [step.claim.next_offset for step in ordered],
            [step.claim.epoch for step in ordered],
            [step.following for step in ordered],
        )
        return len(moved)

    async def offsets(self, log_id: int) -> dict[int, int]:
        """See Tables."""
        return {record[0]: record[1] for record in await self._ask(sql.OFFSETS, log_id)}

    async def lock_partitions(self, partitions: Sequence[int]) -> None:
        """See Tables."""
        await self._ask(sql.PARTITIONS_LOCK, sorted(set(partitions)))

    async def lock_links(self, subjects: Sequence[str]) -> None:
        """See Tables."""
        await self._ask(LINKS_LOCK, list(subjects))

    # --- work that is due -----------------------------------------------------------------------
    async def _rows(self, table: Table[Row], statement: str, *arguments: Any) -> list[Row]:
        found = await self._ask(statement, *arguments)
        return [table.row(*record) for record in found]

    async def anything_due(self, now: datetime) -> bool:
        """See Tables."""
        (found,) = await self._ask(sql.ANYTHING_DUE, now)
        return bool(found[0])

    async def due(self, limit: int, now: datetime) -> Due:
        """See Tables."""
        (found,) = await self._ask(sql.DUE, now, limit)
        deliveries, payloads, holds, subscriptions = found
        return Due(
            _typed(rows.DELIVERY, deliveries),
            _typed(rows.PAYLOAD, payloads),
            _typed(rows.HOLD, holds),
            _typed(rows.SUBSCRIPTION, subscriptions),
        )

    async def lock_settled(self, delivery_ids: Collection[str]) -> tuple[list[DeliveryRow], list[LineRow]]:
        """See Tables."""
        (found,) = await self._ask(sql.SETTLE_LOCK, list(delivery_ids))
        return _typed(rows.DELIVERY, found[0]), _typed(rows.LINE, found[1])

    async def reschedule(self, moves: Sequence[Move]) -> None:
        """See Tables."""
        if moves:
            self._writes.reschedule(
                (
                    [move.subscription_id for move in moves],
                    [move.subject_key for move in moves],
                    [move.ordinal for move in moves],
                    [move.due_at for move in moves],
                )
            )

    async def feed_new(self, subscription_id: str, limit: int) -> list[DeliveryRow]:
        """See Tables."""
        return await self._rows(rows.DELIVERY, sql.FEED_NEW, subscription_id, limit)

    async def feed_numbered(self, subscription_id: str, after: int, limit: int) -> list[DeliveryRow]:
        """See Tables."""
        return await self._rows(rows.DELIVERY, sql.FEED_NUMBERED, subscription_id, after, limit)

    async def feed_read(self, subscription_id: str, up_to: int) -> list[DeliveryRow]:
        """See Tables."""
        return await self._rows(rows.DELIVERY, sql.FEED_READ, subscription_id, up_to)

    async def peek_holds(self, limit: int, now: datetime) -> list[HoldRow]:
        """See Tables."""
        return await self._rows(rows.HOLD, sql.PEEK_HOLDS, limit, now)

    async def lock_holds(self, uids: Sequence[str]) -> list[HoldRow]:
        """See Tables."""
        return await self._rows(rows.HOLD, sql.LOCK_HOLDS, list(uids))

    async def wake_all_holds(self) -> None:
        """See Tables."""
        await self._ask(sql.WAKE_ALL_HOLDS)

    async def peek_threads(self, limit: int, now: datetime) -> list[ThreadRow]:
        """See Tables."""
        return await self._rows(rows.THREAD, sql.PEEK_THREADS, limit, now)

    async def lock_threads(self, thread_ids: Sequence[str], now: datetime) -> list[ThreadRow]:
        """See Tables."""
        return await self._rows(rows.THREAD, sql.LOCK_THREADS, list(thread_ids), now)

    async def ended_consents(self, limit: int, now: datetime) -> list[ConsentRow]:
        """See Tables."""
        return await self._rows(rows.CONSENT, sql.ENDED_CONSENTS, limit, now)

    async def oldest_outbox(self, limit: int) -> list[OutboxEntryRow]:
        """See Tables."""
        return await self._rows(rows.OUTBOX, sql.OLDEST_OUTBOX, limit)

    async def delivered_between(self, receiver: str, start: datetime, end: datetime, limit: int) -> list[str]:
        """See Tables."""
        found = await self._ask(sql.DELIVERED_BETWEEN, receiver, start, end, limit)
        return [record[0] for record in found]

    async def parked_after(self, parked_id: int, limit: int) -> list[ParkedRow]:
        """See Tables."""
        return await self._rows(rows.PARKED, sql.PARKED_AFTER, parked_id, limit)

    async def kept_payloads(self, uids: Collection[str]) -> list[str]:
        """See Tables."""
        return [record[0] for record in await self._ask(sql.KEPT_PAYLOADS, list(uids))]

    async def stale_payloads(self, limit: int, before: datetime) -> list[str]:
        """See Tables."""
        return [record[0] for record in await self._ask(sql.STALE_PAYLOADS, limit, before)]

    # --- figures --------------------------------------------------------------------------------
    async def entries_between(self, start: datetime, end: datetime) -> list[EntryRow]:
        """See Tables."""
        return await self._rows(rows.ENTRY, sql.ENTRIES_BETWEEN, start, end)

    async def chain_part(self, partition: int, after: int, limit: int) -> list[DecisionRow]:
        """See Tables."""
        return await self._rows(rows.DECISION, sql.CHAIN_PART, partition, after, limit)

    async def chain_partitions(self) -> list[int]:
        """See Tables."""
        return [record[0] for record in await self._ask(sql.CHAIN_PARTITIONS)]

    async def balance(self, day: date | None, sender: str | None) -> Balance:
        """See Tables."""
        (counted,) = await self._ask(sql.BALANCE, day, sender)
        return Balance(**dict(counted))

    async def differences(self, day: date | None, sender: str | None, limit: int) -> list[Difference]:
        """See Tables."""
        found = await self._ask(sql.DIFFERENCES, day, sender, limit)
        return [
            Difference(record[0], record[1], record[2], record[3], record[4], MISSING[record[4]])
            for record in found
        ]

    async def statistics(self, now: datetime) -> Statistics:
        """See Tables."""
        (counted,) = await self._ask(sql.STATISTICS, now)
        return Statistics(**dict(counted))

    async def notify(self, channels: Collection[str]) -> None:
        """See Tables."""
        self._writes.notify(channels)
