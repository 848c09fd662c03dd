"""`Tables` on PostgreSQL: bulk statements over arrays, so that a batch of 500 costs few round trips."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

import asyncpg

from hub.ledger import postgres_statements as sql
from hub.ledger import rows
from hub.ledger.interface import Balance, LogIdentity, PartitionClaim, Statistics
from hub.ledger.rows import (
    ConsentRow,
    DecisionRow,
    DeliveryRow,
    EntryRow,
    HoldRow,
    OutboxEntryRow,
    Row,
    SubscriptionRow,
    Table,
)
from hub.ledger.tables import Advance, EntryKeys, Move

COPY_FROM_ROWS: Final = 8
"""From this many rows COPY is faster than one statement over arrays; below, its extra round trip costs more."""


@lru_cache(maxsize=256)
def _insert_statement(table: Table[Any], conflict: str) -> str:
    columns = table.written_columns
    arrays = ", ".join(f"${number}::{table.column_type(name)}[]" for number, name in enumerate(columns, 1))
    listed = ", ".join(columns)
    statement = f"insert into {table.name} ({listed}) select * from unnest({arrays})"  # noqa: S608
    if conflict == "ignore":
        return f"{statement} on conflict do nothing"
    if conflict == "replace":
        replaced = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in table.key)
        return f"{statement} on conflict ({', '.join(table.key)}) do update set {replaced}"
    return statement


@lru_cache(maxsize=256)
def _read_statement(table: Table[Any], where: tuple[str, ...], lock: bool) -> str:  # noqa: FBT001
    tests = " or ".join(
        f"{name} = any(${number}::{table.column_type(name)}[])" for number, name in enumerate(where, 1)
    )
    order = table.numbered or ", ".join(table.key)
    listed = ", ".join(table.columns)
    statement = f"select {listed} from {table.name} where {tests} order by {order}"  # noqa: S608
    return f"{statement} for update" if lock else statement


class PostgresTables:
    """One open transaction on one connection."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record]) -> None:
        self._connection = connection

    # --- rows -----------------------------------------------------------------------------------
    async def insert(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """See Tables."""
        if len(rows) < COPY_FROM_ROWS:
            await self._write(table, rows, "")
            return
        skipped = None if table.numbered is None else table.columns.index(table.numbered)
        records = rows if skipped is None else [row[:skipped] + row[skipped + 1 :] for row in rows]
        await self._connection.copy_records_to_table(
            table.name, records=records, columns=list(table.written_columns)
        )

    async def upsert(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """See Tables."""
        await self._write(table, rows, "replace")

    async def insert_missing(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """See Tables."""
        await self._write(table, rows, "ignore")

    async def _write(self, table: Table[Row], rows: Sequence[Row], conflict: str) -> None:
        if not rows:
            return
        columns = list(zip(*rows, strict=True))
        if table.numbered is not None:
            del columns[table.columns.index(table.numbered)]
        await self._connection.execute(_insert_statement(table, conflict), *columns)

    async def read(
        self, table: Table[Row], where: Mapping[str, Collection[str | int]], *, lock: bool = False
    ) -> list[Row]:
        """See Tables."""
        asked = {column: list(values) for column, values in where.items() if values}
        if not asked:
            return []
        statement = _read_statement(table, tuple(asked), lock)
        return [table.row(*record) for record in await self._connection.fetch(statement, *asked.values())]

    async def shared_subscriptions(self, orgs: Collection[str]) -> list[SubscriptionRow]:
        """See Tables."""
        return await self._rows(rows.SUBSCRIPTION, sql.SHARED_SUBSCRIPTIONS, list(orgs))

    async def entries(self, keys: EntryKeys) -> list[EntryRow]:
        """See Tables."""
        return await self._rows(
            rows.ENTRY,
            sql.ENTRIES,
            keys.subjects,
            [event_key for event_key, _ in keys.sources],
            [source_key for _, source_key in keys.sources],
            [ref_key for ref_key, _ in keys.records],
            [prefix for _, prefix in keys.records],
            keys.ids,
        )

    async def all_subscriptions(self) -> list[SubscriptionRow]:
        """See Tables."""
        return await self._rows(rows.SUBSCRIPTION, sql.ALL_SUBSCRIPTIONS)

    async def delete(self, table: Table[Row], column: str, values: Collection[str | int]) -> None:
        """See Tables."""
        if values:
            statement = f"delete from {table.name} where {column} = any($1::{table.column_type(column)}[])"  # noqa: S608
            await self._connection.execute(statement, list(values))

    # --- offsets --------------------------------------------------------------------------------
    async def log_number(self, log: LogIdentity) -> int:
        """See Tables."""
        await self._connection.execute(sql.LOG_INSERT, log.cluster_id, log.topic)
        return int(await self._connection.fetchval(sql.LOG_NUMBER, log.cluster_id, log.topic))

    async def take_offsets(self, log_id: int, partitions: Sequence[int], owner: str) -> list[PartitionClaim]:
        """See Tables."""
        wanted = sorted(partitions)
        await self._connection.execute(sql.OFFSETS_CREATE, log_id, wanted)
        await self._connection.fetch(sql.OFFSETS_LOCK, log_id, wanted)
        taken = await self._connection.fetch(sql.OFFSETS_TAKE, log_id, wanted, owner)
        return [PartitionClaim(record[0], record[1], record[2]) for record in taken]

    async def advance(self, log_id: int, steps: Sequence[Advance]) -> int:
        """See Tables."""
        ordered = sorted(steps, key=lambda step: step.claim.partition)
        status = await self._connection.execute(
            sql.OFFSETS_ADVANCE,
            log_id,
            [step.claim.partition for step in ordered],
            [step.claim.next_offset for step in ordered],
            [step.claim.epoch for step in ordered],
            [step.following for step in ordered],
        )
        return int(status.rpartition(" ")[2])

    async def offsets(self, log_id: int) -> dict[int, int]:
        """See Tables."""
        return {record[0]: record[1] for record in await self._connection.fetch(sql.OFFSETS, log_id)}

    async def lock_partitions(self, partitions: Sequence[int]) -> None:
        """See Tables."""
        await self._connection.fetch(sql.PARTITIONS_LOCK, sorted(set(partitions)))

    async def lock_links(self, links: Sequence[str]) -> None:
        """See Tables."""
        await self._connection.fetch(sql.LINKS_LOCK, list(links))

    # --- work that is due -----------------------------------------------------------------------
    async def _rows(self, table: Table[Row], statement: str, *arguments: Any) -> list[Row]:
        found = await self._connection.fetch(statement, *arguments)
        return [table.row(*record) for record in found]

    async def due_deliveries(self, limit: int, now: datetime) -> list[DeliveryRow]:
        """See Tables."""
        return await self._rows(rows.DELIVERY, sql.DUE_DELIVERIES, limit, now)

    async def reschedule(self, moves: Sequence[Move]) -> None:
        """See Tables."""
        if moves:
            await self._connection.execute(
                sql.RESCHEDULE,
                [move.subscription_id for move in moves],
                [move.subject_key for move in moves],
                [move.ordinal for move in moves],
                [move.due_at for move in moves],
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
        await self._connection.execute(sql.WAKE_ALL_HOLDS)

    async def ended_consents(self, limit: int, now: datetime) -> list[ConsentRow]:
        """See Tables."""
        return await self._rows(rows.CONSENT, sql.ENDED_CONSENTS, limit, now)

    async def oldest_outbox(self, limit: int) -> list[OutboxEntryRow]:
        """See Tables."""
        return await self._rows(rows.OUTBOX, sql.OLDEST_OUTBOX, limit)

    async def stale_payloads(self, limit: int, before: datetime) -> list[str]:
        """See Tables."""
        return [record[0] for record in await self._connection.fetch(sql.STALE_PAYLOADS, limit, before)]

    # --- figures --------------------------------------------------------------------------------
    async def chain_part(self, partition: int, after: int, limit: int) -> list[DecisionRow]:
        """See Tables."""
        return await self._rows(rows.DECISION, sql.CHAIN_PART, partition, after, limit)

    async def chain_partitions(self) -> list[int]:
        """See Tables."""
        return [record[0] for record in await self._connection.fetch(sql.CHAIN_PARTITIONS)]

    async def balance(self, day: date | None, sender: str | None) -> Balance:
        """See Tables."""
        counted = await self._connection.fetchrow(sql.BALANCE, day, sender)
        assert counted is not None  # noqa: S101  (an aggregate always has one row)
        return Balance(**dict(counted))

    async def statistics(self, now: datetime) -> Statistics:
        """See Tables."""
        counted = await self._connection.fetchrow(sql.STATISTICS, now)
        assert counted is not None  # noqa: S101  (an aggregate always has one row)
        return Statistics(**dict(counted))

    async def notify(self, channels: Collection[str]) -> None:
        """See Tables."""
        if channels:
            await self._connection.fetch(sql.NOTIFY, sorted(channels))
