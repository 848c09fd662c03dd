"""What the ledger promises (ARCHITECTURE.md section 5 of the design), as protocols and plain values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeAlias

from hub.core.judgement import Judgement
from hub.core.model import Emission, Json, JsonObject, RecipientDecision
from hub.core.permit import Delivery
from hub.core.snapshot import FactKeys, Snapshot
from hub.core.threads import Thread
from hub.identity.keys import DataKeyStore
from hub.ledger.errors import FencedError, LedgerUnavailableError, LogReplacedError, RetryBatchError
from hub.ledger.figures import Balance, ChainBreak, Receipt, ReceiptLine, Statistics
from hub.ledger.over_time import DueThread, Inspected, SharedLine, SignalCount, ThreadTransaction
from hub.ledger.trail import RecentEvent, Trail
from hub.ledger.values import ExpiredConsent, LogIdentity, OutboxRow, PartitionClaim
from hub.wire.envelope import SealedEvent, SealedSection

__all__ = [
    "Balance",
    "ChainBreak",
    "DueThread",
    "ExpiredConsent",
    "FencedError",
    "Inspected",
    "LedgerUnavailableError",
    "LogIdentity",
    "LogReplacedError",
    "OutboxRow",
    "PartitionClaim",
    "Receipt",
    "ReceiptLine",
    "RetryBatchError",
    "SharedLine",
    "SignalCount",
    "Statistics",
    "ThreadTransaction",
]
"""Names that are defined beside this file and belong to the interface."""


@dataclass(frozen=True, slots=True)
class JudgedRecord:
    """One record of the log with its judgement. `decided_at` is an RFC 3339 instant.

    `wake_at` is the next instant at which a hold can change by time alone; None: judge it again soon, to know.
    """

    partition: int
    offset: int
    sealed: SealedEvent
    judgement: Judgement
    decided_at: str
    wake_at: str | None = None


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """One record that is no event of ours. Parked with its place in the log; its bytes are never copied."""

    partition: int
    offset: int
    reason: str
    size_bytes: int
    digest: str
    decided_at: str


BatchItem: TypeAlias = JudgedRecord | UnreadableRecord


class Transaction(Protocol):
    """A transaction that is open while its context is; it commits when the context ends without an error."""

    async def gather(self, keys: FactKeys, now: str) -> Snapshot:
        """Read what the batch needs, after locking the households of these subjects (a match crosses partitions)."""
        ...


class BatchTransaction(Transaction, Protocol):
    """Opened for claimed partitions; its first statement is the compare-and-set on every offset and epoch."""

    async def record(self, items: Sequence[BatchItem]) -> None:
        """Write decisions, deliveries, state, holds, outbox, audit rows and the new offsets."""
        ...


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """A held event whose facts changed, whose boundary in time came, or whose term passed.

    `first_look`: it could not be judged when it came, and a person of the hub let it go on.
    """

    sealed: SealedEvent
    held_since: str
    hold_until: str
    first_look: bool = False


class HoldTransaction(Transaction, Protocol):
    """Opened over held events that are due; rows are locked with SKIP LOCKED so each machine takes its own."""

    held: Sequence[HeldEvent]

    async def rejudged(
        self, event: HeldEvent, judgement: Judgement, wake_at: str | None, decided_at: str
    ) -> None:
        """Write the new verdict. A judgement that no longer holds releases; deny_hold_expired destroys the payload."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery that is about to be claimed: an event for the recipient at `position`, or an emission.

    `delivered_at` is the RFC 3339 instant at which the receiver had it already: a feed that reads it again asks for a
    replay (CONSENT.md section 13).
    """

    delivery_id: str
    receiver: str
    sealed: SealedEvent
    position: int
    emission: Emission | None
    held_since: str | None
    delivered_at: str | None = None


Recheck: TypeAlias = Callable[[Candidate, Snapshot], RecipientDecision]
"""Consent at the moment of the claim: the last run of `decide` counts (CONSENT.md principle 6)."""

KeysOf: TypeAlias = Callable[[JsonObject], FactKeys]


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where one partner wants its deliveries. `connector` is `webhook`, `feed`, `memory` and so on.

    `filter_document` is the CloudEvents filter dialect (a list) or None. `target` is the connector's own form
    (address, names of secrets); it never holds a secret in clear.
    """

    subscription_id: str
    org: str
    connector: str
    target: JsonObject
    filter_document: Json = None
    types: tuple[str, ...] = ()
    reference: str | None = None
    active: bool = True
    origin: str = "configuration"


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """One delivery that this worker may send now, until its lease ends. Sections are cut, still sealed."""

    delivery_id: str
    lease: str
    subscription: Subscription
    sequence: int
    attempt: int
    first_attempt_at: str
    accepted_at: str
    candidate: Candidate
    decision: RecipientDecision
    delivery: Delivery[SealedSection]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a claimed delivery. `state` is `delivered`, `pending` (retry at `next_attempt_at`) or `parked`.

    `nothing_sent` says that certainly not a byte left: when that holds for every attempt, the receiver does not
    count as one that got the event, and is not told of a withdrawal.
    """

    delivery_id: str
    lease: str
    state: str
    reason: str
    at: str
    next_attempt_at: str | None = None
    disable_subscription: bool = False
    nothing_sent: bool = False


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Items of one subscription in the order of their numbers, and the last number given out."""

    items: Sequence[ClaimedDelivery]
    last_sequence: int


class Ledger(Protocol):
    """The whole ledger. Every method is safe to repeat after a crash; errors are those named above."""

    @property
    def data_keys(self) -> DataKeyStore:
        """The wrapped data keys of the children."""
        ...

    # --- consumption ------------------------------------------------------------------------------
    async def claim_partitions(
        self, log: LogIdentity, partitions: Mapping[int, int], owner: str
    ) -> dict[int, PartitionClaim]:
        """Take ownership. `partitions` maps each to the log's end offset (high-water mark); LogReplacedError."""
        ...

    def batch(
        self, log: LogIdentity, claims: Sequence[PartitionClaim], next_offsets: Mapping[int, int]
    ) -> AbstractAsyncContextManager[BatchTransaction]:
        """Open the one transaction of a batch: expected offsets from `claims`, new ones from `next_offsets`.

        Raises FencedError when another worker owns one of the partitions, RetryBatchError when the records
        must be gathered and judged again.
        """
        ...

    async def offsets(self, log: LogIdentity) -> dict[int, int]:
        """Return the next offset per partition, for lag against the broker's end offsets."""
        ...

    # --- holds --------------------------------------------------------------------------------------
    def due_holds(self, limit: int, now: str) -> AbstractAsyncContextManager[HoldTransaction]:
        """Lock held events that were woken by a fact, reached their boundary, or passed their term."""
        ...

    async def wake_all_holds(self) -> None:
        """Have every hold judged again: the configuration changed."""
        ...

    async def destroy_stale_payloads(self, replay_days: int, now: str, limit: int = 1000) -> int:
        """Destroy payloads that nothing needs and that rest longer than `replay_days`; returns how many."""
        ...

    async def expired_consents(self, limit: int, now: str) -> list[ExpiredConsent]:
        """Return consents that ended and are not yet announced."""
        ...

    async def consent_announced(self, consent_id: str, at: str) -> None:
        """Remember that the notice about this consent is safely in the log."""
        ...

    async def is_announced(self, key: str) -> bool:
        """Return whether `consent_announced` was called with this key; an id of an event of the hub is one too."""
        ...

    # --- what goes on over time -----------------------------------------------------------------
    def due_threads(self, limit: int, now: str) -> AbstractAsyncContextManager[ThreadTransaction]:
        """Lock threads whose `next_at` came, the oldest first."""
        ...

    async def put_threads(self, threads: Sequence[Thread]) -> None:
        """Insert threads that follow from facts which did not come over the log; those that are there stay."""
        ...

    async def threads(self, subject_ref: str) -> list[Thread]:
        """Return everything that goes on or went on about a person, the oldest first; for showing."""
        ...

    async def shared_lines(self, subject_ref: str) -> list[SharedLine]:
        """Return the processing log about a person, the oldest first."""
        ...

    async def note_inspection(
        self, subject_ref: str, requester_ref: str, asked_by: str, reason: str, at: str
    ) -> None:
        """Write down that somebody asked to see the log about a person, before the answer is given (NEN 7513)."""
        ...

    async def inspections(self, subject_ref: str) -> list[Inspected]:
        """Return when the log about a person was asked for, the oldest first."""
        ...

    async def signal_counts(self, start: str, end: str) -> list[SignalCount]:
        """Count delivered observations from `start` (included) to `end` (excluded), RFC 3339 instants."""
        ...

    # --- deliveries ---------------------------------------------------------------------------------
    async def claim(
        self, worker: str, limit: int, lease_seconds: float, recheck: Recheck, keys_of: KeysOf, now: str
    ) -> list[ClaimedDelivery]:
        """Claim due deliveries of all but feed subscriptions; consent is checked inside the same transaction.

        Order holds per subscription and child: a later delivery waits until the earlier is settled. What may
        no longer leave becomes withheld (or held again) and is not returned. Lapsed leases are claimed anew.
        """
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> int:
        """Write outcomes; returns how many leases were still ours (a late answer after the lease counts not)."""
        ...

    async def feed(
        self, subscription_id: str, after: int, limit: int, recheck: Recheck, keys_of: KeysOf, now: str
    ) -> FeedPage:
        """Read a feed: numbers follow without gaps; reading is the claim, so consent is checked then and there.

        An item read before whose consent ended since comes back with outcome deny and no sections.
        """
        ...

    async def wait_for_work(self, channel: str, timeout_seconds: float) -> bool:
        """Sleep until something new may be there on `deliveries`, `holds` or `outbox`, or the time is over."""
        ...

    # --- subscriptions, receipts, look-ups ------------------------------------------------------
    async def put_subscription(self, subscription: Subscription) -> None:
        """Insert or replace."""
        ...

    async def subscriptions(self, org: str | None = None) -> list[Subscription]:
        """List, of one organisation or all."""
        ...

    async def remove_subscription(self, subscription_id: str) -> bool:
        """Remove; its waiting deliveries move to the organisation's default subscription. False when unknown."""
        ...

    async def receipt(self, uid: str) -> Receipt | None:
        """Return what is known of an accepted event; None before it is decided."""
        ...

    async def trail(self, uid: str) -> Trail | None:
        """Return what stands on record about an accepted event, for explaining it; None when it is unknown."""
        ...

    def recent_events(self, since: str) -> AsyncIterator[RecentEvent]:
        """Yield what was decided since an RFC 3339 instant, and all that is held, with the verdict that counts now."""
        ...

    async def resolve_pseudonym(self, org: str, pseudonym: str) -> str | None:
        """Return the subject behind a pseudonym that this organisation received."""
        ...

    async def remember_pseudonym(self, org: str, pseudonym: str, subject_ref: str) -> None:
        """Keep the way back from a receiver's pseudonym to the subject."""
        ...

    async def look_up(self, keys: FactKeys) -> Snapshot:
        """Return the facts of this moment, without locks: for showing, never for deciding."""
        ...

    async def subject_of_record(self, org: str, record_ref: str) -> str | None:
        """Return the subject of an organisation's own record, so that a retraction joins the child's order."""
        ...

    # --- outbox, balance, audit ---------------------------------------------------------------
    async def outbox(self, limit: int) -> list[OutboxRow]:
        """Return the oldest rows that were not relayed."""
        ...

    async def relayed(self, row_ids: Sequence[int]) -> None:
        """Mark rows as safely in the log."""
        ...

    async def park_unfit(self, row_id: int, now: str) -> None:
        """Put a row that fits no schema on the list of what needs a person; it stays in the outbox."""
        ...

    async def balance(self, day: date | None = None, sender: str | None = None) -> Balance:
        """Count every accepted record against what became of it."""
        ...

    async def verify_chain(self) -> list[ChainBreak]:
        """Recompute every hash; an empty list means that no decision row was edited, removed or inserted."""
        ...

    async def statistics(self, now: str) -> Statistics:
        """Return the figures of this moment."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
