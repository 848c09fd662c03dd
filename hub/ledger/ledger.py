"""The ledger over a store: PostgreSQL or the twin in memory, with one and the same logic."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

from hub.core.model import FactChange
from hub.core.snapshot import FactKeys, Snapshot
from hub.core.threads import Thread
from hub.ledger import rows
from hub.ledger.audit import FIRST_HASH, ChainCheck
from hub.ledger.batching import Batch
from hub.ledger.claiming import Claim, claim, settle
from hub.ledger.counting import count_signals
from hub.ledger.data_keys import LedgerDataKeyStore
from hub.ledger.desk import Desk
from hub.ledger.facts import write_facts
from hub.ledger.feeding import read_feed
from hub.ledger.gathering import look_up
from hub.ledger.holding import Holds
from hub.ledger.interface import (
    Balance,
    BatchTransaction,
    ChainBreak,
    ClaimedDelivery,
    ExpiredConsent,
    FeedPage,
    FencedError,
    HoldTransaction,
    Inspected,
    KeysOf,
    LogIdentity,
    LogReplacedError,
    OutboxRow,
    PartitionClaim,
    Receipt,
    Recheck,
    RetryBatchError,
    Settlement,
    SharedLine,
    SignalCount,
    Statistics,
    Subscription,
    ThreadTransaction,
)
from hub.ledger.processing_log import shared_lines
from hub.ledger.receipts import receipt
from hub.ledger.recent_events import recent_events, trail
from hub.ledger.subscribing import put_subscription, remove_subscription, subscription_from
from hub.ledger.tables import Advance, Store, Tables
from hub.ledger.texts import from_json, instant, instant_text, key_text, pair_key
from hub.ledger.threads import DueThreads, put_threads, threads_about
from hub.ledger.trail import RecentEvent, Trail
from hub.ledger.unfit import park_unfit

CLAIM_ATTEMPTS: Final = 3
"""A claim or settlement that meets a deadlock starts again; three times in a row is a fault worth showing."""

Answer = TypeVar("Answer")

CHAIN_PART_ROWS: Final = 1000
"""Audit rows verified at a time: a ledger of years must not have to fit in memory."""


class StoredLedger:
    """Keeps hub.ledger.interface.Ledger. Made by `hub.ledger.open.open_ledger`."""

    def __init__(self, store: Store, *, owner: str, rule_set: str) -> None:
        self._store = store
        self._owner = owner
        self._rule_set = rule_set
        self._data_keys = LedgerDataKeyStore(store)
        self._log_numbers: dict[LogIdentity, int] = {}
        self._is_quiet = False

    @property
    def data_keys(self) -> LedgerDataKeyStore:
        """See Ledger."""
        return self._data_keys

    @property
    def desk(self) -> Desk:
        """Return what an operator asks and does by hand."""
        return Desk(self._store, self._again, self._rule_set)

    # --- consumption ------------------------------------------------------------------------------
    async def claim_partitions(
        self, log: LogIdentity, partitions: Mapping[int, int], owner: str
    ) -> dict[int, PartitionClaim]:
        """See Ledger."""
        async with self._store.transaction(claiming=True) as tables:
            log_id = await tables.log_number(log)
            claims = await tables.take_offsets(log_id, sorted(partitions), owner)
            if any(item.next_offset > partitions[item.partition] for item in claims):
                raise LogReplacedError("an offset of the ledger lies beyond the end of the log")
            heads = [rows.ChainRow(partition, 0, FIRST_HASH) for partition in sorted(partitions)]
            await tables.insert_missing(rows.CHAIN, heads)
        return {item.partition: item for item in claims}

    @asynccontextmanager
    async def batch(
        self, log: LogIdentity, claims: Sequence[PartitionClaim], next_offsets: Mapping[int, int]
    ) -> AsyncIterator[BatchTransaction]:
        """See Ledger."""
        log_id = await self._log_number(log)
        steps = [Advance(item, next_offsets[item.partition]) for item in claims]
        async with self._store.transaction() as tables:
            if await tables.advance(log_id, steps) != len(steps):
                raise FencedError("another worker owns a partition of this batch")
            yield Batch(tables, log_id, self._rule_set)

    async def _log_number(self, log: LogIdentity) -> int:
        """Return the log's number; it never changes, so it is asked once."""
        if log not in self._log_numbers:
            async with self._store.transaction() as tables:
                self._log_numbers[log] = await tables.log_number(log)
        return self._log_numbers[log]

    async def offsets(self, log: LogIdentity) -> dict[int, int]:
        """See Ledger."""
        async with self._store.transaction() as tables:
            return await tables.offsets(await tables.log_number(log))

    # --- holds --------------------------------------------------------------------------------------
    @asynccontextmanager
    async def due_holds(self, limit: int, now: str) -> AsyncIterator[HoldTransaction]:
        """See Ledger."""
        async with self._store.transaction() as tables:
            holds = Holds(tables, self._rule_set)
            await holds.lock(limit, now)
            yield holds

    async def wake_all_holds(self) -> None:
        """Have every hold judged again: the configuration changed."""
        async with self._store.transaction() as tables:
            await tables.wake_all_holds()
            await tables.notify(["holds"])

    async def expired_consents(self, limit: int, now: str) -> list[ExpiredConsent]:
        """See Ledger."""
        async with self._store.transaction() as tables:
            found = await tables.ended_consents(limit, instant(now))
        return [
            ExpiredConsent(row.consent_id, row.subject_key, instant_text(row.ends_at))
            for row in found
            if row.subject_key is not None and row.ends_at is not None
        ]

    async def consent_announced(self, consent_id: str, at: str) -> None:
        """See Ledger."""
        async with self._store.transaction() as tables:
            row = rows.AnnouncementRow(key_text(consent_id), instant(at))
            await tables.insert_missing(rows.ANNOUNCEMENT, [row])

    async def is_announced(self, key: str) -> bool:
        """See Ledger."""
        async with self._store.statement() as tables:
            return bool(await tables.read(rows.ANNOUNCEMENT, {"consent_key": [key_text(key)]}))

    # --- what goes on over time -----------------------------------------------------------------
    @asynccontextmanager
    async def due_threads(self, limit: int, now: str) -> AsyncIterator[ThreadTransaction]:
        """See Ledger."""
        async with self._store.transaction() as tables:
            threads = DueThreads(tables)
            await threads.lock(limit, now)
            yield threads
            await threads.finish()

    async def put_threads(self, threads: Sequence[Thread]) -> None:
        """See Ledger."""
        async with self._store.transaction() as tables:
            await put_threads(tables, threads)

    async def threads(self, subject_ref: str) -> list[Thread]:
        """See Ledger."""
        async with self._store.statement() as tables:
            return await threads_about(tables, subject_ref)

    async def shared_lines(self, subject_ref: str) -> list[SharedLine]:
        """See Ledger."""
        async with self._store.transaction() as tables:
            return await shared_lines(tables, subject_ref)

    async def note_inspection(
        self, subject_ref: str, requester_ref: str, asked_by: str, reason: str, at: str
    ) -> None:
        """See Ledger."""
        row = rows.InspectionRow(
            0,
            instant(at),
            key_text(subject_ref),
            key_text(requester_ref),
            key_text(asked_by),
            key_text(reason),
        )
        async with self._store.statement() as tables:
            await tables.insert(rows.INSPECTION, [row])

    async def inspections(self, subject_ref: str) -> list[Inspected]:
        """See Ledger."""
        async with self._store.statement() as tables:
            found = await tables.read(rows.INSPECTION, {"subject_key": [key_text(subject_ref)]})
        return [Inspected(instant_text(row.at), row.asked_by, row.reason) for row in found]

    async def signal_counts(self, start: str, end: str) -> list[SignalCount]:
        """See Ledger."""
        return await count_signals(self._store, start, end)

    # --- deliveries ---------------------------------------------------------------------------------
    async def claim(
        self, worker: str, limit: int, lease_seconds: float, recheck: Recheck, keys_of: KeysOf, now: str
    ) -> list[ClaimedDelivery]:
        """See Ledger. While nothing is due a look without locks is enough, until it finds something."""
        if self._is_quiet and not await self._anything_due(now):
            return []
        circumstances = Claim(worker, lease_seconds, now, self._rule_set)
        claimed = await self._again(lambda tables: claim(tables, circumstances, limit, recheck, keys_of))
        self._is_quiet = not claimed
        return claimed

    async def _again(self, work: Callable[[Tables], Awaitable[Answer]]) -> Answer:
        """Do this in a transaction, and in a new one when it met another."""
        for _ in range(CLAIM_ATTEMPTS - 1):
            with suppress(RetryBatchError):
                async with self._store.transaction() as tables:
                    return await work(tables)
        async with self._store.transaction() as tables:
            return await work(tables)

    async def _anything_due(self, now: str) -> bool:
        async with self._store.statement() as tables:
            return await tables.anything_due(instant(now))

    async def settle(self, settlements: Sequence[Settlement]) -> int:
        """See Ledger."""
        return await self._again(lambda tables: settle(tables, settlements))

    async def feed(
        self, subscription_id: str, after: int, limit: int, recheck: Recheck, keys_of: KeysOf, now: str
    ) -> FeedPage:
        """See Ledger."""
        circumstances = Claim(self._owner, 0.0, now, self._rule_set)
        async with self._store.transaction() as tables:
            return await read_feed(tables, circumstances, subscription_id, after, limit, recheck, keys_of)

    async def wait_for_work(self, channel: str, timeout_seconds: float) -> bool:
        """See Ledger."""
        return await self._store.wait(channel, timeout_seconds)

    # --- subscriptions, receipts, look-ups ------------------------------------------------------
    async def put_subscription(self, subscription: Subscription) -> None:
        """See Ledger."""
        async with self._store.transaction() as tables:
            await put_subscription(tables, subscription)

    async def subscriptions(self, org: str | None = None) -> list[Subscription]:
        """See Ledger."""
        async with self._store.statement() as tables:
            found = await tables.all_subscriptions()
        return [subscription_from(row) for row in found if org is None or row.org == org]

    async def remove_subscription(self, subscription_id: str) -> bool:
        """See Ledger."""
        async with self._store.transaction() as tables:
            return await remove_subscription(tables, subscription_id, datetime.now(UTC))

    async def receipt(self, uid: str) -> Receipt | None:
        """See Ledger."""
        async with self._store.transaction() as tables:
            return await receipt(tables, uid)

    async def trail(self, uid: str) -> Trail | None:
        """See Ledger."""
        async with self._store.transaction() as tables:
            return await trail(tables, uid)

    def recent_events(self, since: str) -> AsyncIterator[RecentEvent]:
        """See Ledger."""
        return recent_events(self._store, since)

    async def resolve_pseudonym(self, org: str, pseudonym: str) -> str | None:
        """See Ledger."""
        async with self._store.statement() as tables:
            key = pair_key(org, pseudonym)
            found = await tables.read(rows.RECEIVER_PSEUDONYM, {"pseudonym_key": [key]})
        return found[0].subject_ref if found else None

    async def remember_pseudonym(self, org: str, pseudonym: str, subject_ref: str) -> None:
        """See Ledger."""
        row = rows.ReceiverPseudonymRow(pair_key(org, pseudonym), subject_ref)
        async with self._store.statement() as tables:
            await tables.insert_missing(rows.RECEIVER_PSEUDONYM, [row])

    async def subject_of_record(self, org: str, record_ref: str) -> str | None:
        """See Ledger."""
        async with self._store.statement() as tables:
            found = await tables.read(rows.ENTRY, {"record_prefix": [pair_key(org, record_ref)]})
        return next((row.subject_key for row in reversed(found) if row.subject_key is not None), None)

    # --- facts from elsewhere -------------------------------------------------------------------
    async def apply_facts(
        self, changes: Sequence[FactChange], consent_versions: Mapping[str, int] | None = None
    ) -> None:
        """Store facts that did not come over the log: a first filling, or a registry of the city."""
        async with self._store.transaction() as tables:
            await write_facts(tables, changes, consent_versions)
            await tables.wake_all_holds()
            await tables.notify(["holds"])

    async def city_facts(self, kind: str) -> list[object]:
        """Return the facts of the whole city of one kind: `area`, `partner` or `police_decision`."""
        async with self._store.transaction() as tables:
            return [from_json(row.document) for row in await tables.read(rows.CITY_FACT, {"kind": [kind]})]

    async def look_up(self, keys: FactKeys) -> Snapshot:
        """Return the facts of this moment, without locks: for showing, never for deciding."""
        async with self._store.statement() as tables:
            return (await look_up(tables, keys, family=True))[0]

    # --- outbox, balance, audit ---------------------------------------------------------------
    async def outbox(self, limit: int) -> list[OutboxRow]:
        """See Ledger."""
        async with self._store.statement() as tables:
            found = await tables.oldest_outbox(limit)
        messages = []
        for row in found:
            document = from_json(row.document)
            assert isinstance(document, dict)  # noqa: S101  (the ledger wrote an object)
            messages.append(OutboxRow(row.row_id, row.topic, row.key, document))
        return messages

    async def relayed(self, row_ids: Sequence[int]) -> None:
        """See Ledger."""
        async with self._store.statement() as tables:
            await tables.delete(rows.OUTBOX, "row_id", list(row_ids))

    async def park_unfit(self, row_id: int, now: str) -> None:
        """See Ledger."""
        async with self._store.transaction() as tables:
            await park_unfit(tables, row_id, now)

    async def balance(self, day: date | None = None, sender: str | None = None) -> Balance:
        """See Ledger."""
        async with self._store.statement() as tables:
            return await tables.balance(day, None if sender is None else key_text(sender))

    async def verify_chain(self) -> list[ChainBreak]:
        """See Ledger."""
        breaks: list[ChainBreak] = []
        async with self._store.transaction() as tables:
            partitions = await tables.chain_partitions()
        for partition in partitions:
            breaks += await self._verify_partition(partition)
        return breaks

    async def _verify_partition(self, partition: int) -> list[ChainBreak]:
        """Walk one chain up to the head as it was at the start; what is added meanwhile is for the next walk."""
        async with self._store.transaction() as tables:
            heads = await tables.read(rows.CHAIN, {"partition": [partition]}, lock=True)
            check = ChainCheck(partition, heads[0] if heads else None)
            while part := await tables.chain_part(partition, check.position, CHAIN_PART_ROWS):
                for row in part:
                    check.feed(row)
        return check.finish()

    async def destroy_stale_payloads(self, replay_days: int, now: str, limit: int = 1000) -> int:
        """Destroy payloads that nothing needs and that rest longer than `replay_days` (CONSENT.md section 12)."""
        before = instant(now) - timedelta(days=replay_days)
        async with self._store.transaction() as tables:
            uids = await tables.stale_payloads(limit, before)
            await tables.delete(rows.PAYLOAD, "uid", uids)
        return len(uids)

    async def statistics(self, now: str) -> Statistics:
        """See Ledger."""
        async with self._store.statement() as tables:
            return await tables.statistics(instant(now))

    async def close(self) -> None:
        """See Ledger."""
        await self._store.close()
