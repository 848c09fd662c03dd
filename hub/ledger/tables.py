"""What both stores offer inside a transaction: rows in bulk, a few statements with locks, and notices.

`postgres_tables.py` keeps this with SQL, `memory_tables.py` with dictionaries. Everything above it
(`recording`, `claiming`, `feeding` …) is written once, so that the twin cannot drift from the database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeVar

from hub.ledger.figures import Difference
from hub.ledger.gathered import Asked, Due, Found
from hub.ledger.interface import Balance, LogIdentity, PartitionClaim, Statistics
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

Other = TypeVar("Other", bound=tuple[Any, ...])

LOCK_TIMEOUT_SECONDS = 5.0
"""How long a claim of partitions waits for a zombie's locks; above the idle limit below, so that waiting helps."""

IDLE_IN_TRANSACTION_SECONDS = 4.0
"""A worker that is stopped inside a transaction keeps its locks. With 4 s, below the consumer group's
session timeout of 6 s, the database ends it before its partitions are handed on."""

CHANNELS = ("deliveries", "holds", "outbox")
"""What one can wait for."""


@dataclass(frozen=True, slots=True)
class Advance:
    """One compare-and-set: from `expected` (by the claim) to `following`."""

    claim: PartitionClaim
    following: int


@dataclass(frozen=True, slots=True)
class Read(Generic[Row]):
    """Rows of a table whose column has one of these values."""

    table: Table[Row]
    column: str
    values: Collection[str | int]


@dataclass(frozen=True, slots=True)
class Move:
    """When those that wait behind a delivery of this subscription and subject are due."""

    subscription_id: str
    subject_key: str
    ordinal: int
    due_at: datetime


class Tables(Protocol):
    """An open transaction."""

    # --- rows -----------------------------------------------------------------------------------
    async def insert(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """Insert new rows. RetryBatchError when a unique key is taken."""
        ...

    async def upsert(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """Insert rows or replace those with the same key. A key occurs at most once in `rows`."""
        ...

    async def insert_missing(self, table: Table[Row], rows: Sequence[Row]) -> None:
        """Insert rows unless their key is there."""
        ...

    async def read(
        self, table: Table[Row], where: Mapping[str, Collection[str | int]], *, lock: bool = False
    ) -> list[Row]:
        """Return rows that match any of the columns, in numbered or key order, locked until the end if asked."""
        ...

    async def read_both(self, first: Read[Row], second: Read[Other]) -> tuple[list[Row], list[Other]]:
        """Return the rows that match each of two reads, in numbered or key order."""
        ...

    async def shared_subscriptions(self, orgs: Collection[str]) -> list[SubscriptionRow]:
        """Return the subscriptions of these organisations; none is removed before this transaction ends."""
        ...

    async def gather(self, asked: Asked) -> Found:
        """Return facts and memory; consents, entries and facts in the order in which they came."""
        ...

    async def all_subscriptions(self) -> list[SubscriptionRow]:
        """Return every subscription in the order of its id."""
        ...

    async def delete(self, table: Table[Row], column: str, values: Collection[str | int]) -> None:
        """Delete rows."""
        ...

    # --- offsets --------------------------------------------------------------------------------
    async def log_number(self, log: LogIdentity) -> int:
        """Return the number of a log, given at its first use."""
        ...

    async def take_offsets(self, log_id: int, partitions: Sequence[int], owner: str) -> list[PartitionClaim]:
        """Create missing offsets, lock them in order, raise each epoch."""
        ...

    async def advance(self, log_id: int, steps: Sequence[Advance]) -> int:
        """Compare and set; return how many offsets moved."""
        ...

    async def offsets(self, log_id: int) -> dict[int, int]:
        """Return the next offset per partition."""
        ...

    async def lock_partitions(self, partitions: Sequence[int]) -> None:
        """Stand in the order of these partitions: batches of theirs wait until this transaction ends."""
        ...

    async def lock_links(self, subjects: Sequence[str]) -> None:
        """Lock the households and parents of these subjects until the end, in sorted order: no circle of waiting."""
        ...

    # --- work that is due -----------------------------------------------------------------------
    async def anything_due(self, now: datetime) -> bool:
        """Tell whether `due` would find something, if nobody else had it locked."""
        ...

    async def due(self, limit: int, now: datetime) -> Due:
        """Lock due deliveries of active subscriptions that are no feeds, crisis first, skipping locked ones.

        Only the oldest unsettled delivery per subscription and subject is due.
        """
        ...

    async def reschedule(self, moves: Sequence[Move]) -> None:
        """Let the deliveries that wait behind another be due when that one is, so that a claim need not see them."""
        ...

    async def lock_settled(self, delivery_ids: Collection[str]) -> tuple[list[DeliveryRow], list[LineRow]]:
        """Lock these deliveries, then the lines of their places, and return both."""
        ...

    async def feed_new(self, subscription_id: str, limit: int) -> list[DeliveryRow]:
        """Lock the oldest deliveries of a feed that have no number yet."""
        ...

    async def feed_numbered(self, subscription_id: str, after: int, limit: int) -> list[DeliveryRow]:
        """Return numbered deliveries after a number, in their order, locked."""
        ...

    async def feed_read(self, subscription_id: str, up_to: int) -> list[DeliveryRow]:
        """Return claimed deliveries with numbers up to this one, locked: the reader has them."""
        ...

    async def peek_holds(self, limit: int, now: datetime) -> list[HoldRow]:
        """Return holds that are due, without locks."""
        ...

    async def lock_holds(self, uids: Sequence[str]) -> list[HoldRow]:
        """Lock these holds, skipping locked ones."""
        ...

    async def wake_all_holds(self) -> None:
        """Mark every hold to be judged again."""
        ...

    async def peek_threads(self, limit: int, now: datetime) -> list[ThreadRow]:
        """Return open threads whose next instant came, the oldest first, without locks."""
        ...

    async def lock_threads(self, thread_ids: Sequence[str], now: datetime) -> list[ThreadRow]:
        """Lock those of these threads that are still due, skipping locked ones; the oldest first."""
        ...

    async def ended_consents(self, limit: int, now: datetime) -> list[ConsentRow]:
        """Return consents that ended, were used, and are not announced."""
        ...

    async def oldest_outbox(self, limit: int) -> list[OutboxEntryRow]:
        """Return the oldest messages."""
        ...

    async def delivered_between(self, receiver: str, start: datetime, end: datetime, limit: int) -> list[str]:
        """Return ids of deliveries that a receiver got from `start` (included) to `end` (excluded), in their order."""
        ...

    async def parked_after(self, parked_id: int, limit: int) -> list[ParkedRow]:
        """Return parked rows with a higher number, in their order."""
        ...

    async def kept_payloads(self, uids: Collection[str]) -> list[str]:
        """Return those of these events whose sealed content is there, without reading it."""
        ...

    async def stale_payloads(self, limit: int, before: datetime) -> list[str]:
        """Return uids of payloads that nothing needs any more and that rest since before this instant."""
        ...

    # --- figures --------------------------------------------------------------------------------
    async def entries_between(self, start: datetime, end: datetime) -> list[EntryRow]:
        """Return what is remembered from `start` (included) to `end` (excluded), in the order in which it came."""
        ...

    async def chain_part(self, partition: int, after: int, limit: int) -> list[DecisionRow]:
        """Return decision rows of one partition in order."""
        ...

    async def chain_partitions(self) -> list[int]:
        """Return every partition that has a chain head or a decision row."""
        ...

    async def balance(self, day: date | None, sender: str | None) -> Balance:
        """Count lines; a state counts only when the row that must stand behind it is there."""
        ...

    async def differences(self, day: date | None, sender: str | None, limit: int) -> list[Difference]:
        """Return lines behind which nothing stands, and records without their lines, in the order of the log."""
        ...

    async def statistics(self, now: datetime) -> Statistics:
        """Return the figures of this moment."""
        ...

    async def notify(self, channels: Collection[str]) -> None:
        """Wake those who wait, when this transaction commits."""
        ...


class Store(Protocol):
    """A database, or its twin."""

    def transaction(self, *, claiming: bool = False) -> AbstractAsyncContextManager[Tables]:
        """Open a transaction; `claiming` bounds the wait for locks. LedgerUnavailableError, RetryBatchError."""
        ...

    def statement(self) -> AbstractAsyncContextManager[Tables]:
        """Open tables for one statement, which is its own transaction. Errors as above."""
        ...

    async def wait(self, channel: str, timeout_seconds: float) -> bool:
        """Sleep until a notice arrives or the time is over."""
        ...

    async def close(self) -> None:
        """Release everything."""
        ...
