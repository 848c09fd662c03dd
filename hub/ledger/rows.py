"""The rows of the ledger's tables. `migrations/` creates the same columns; a test compares them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, NamedTuple

from hub.ledger.row_facts import (
    AnnouncementRow,
    CaseFactRow,
    CityFactRow,
    ConsentRow,
    DataKeyRow,
    DisclosureConsentRow,
    DisclosureRow,
    EntryRow,
    InspectionRow,
    KnownEventRow,
    PairRow,
    ProcessingRow,
    ReceiverPseudonymRow,
    SubjectLinkRow,
    SubjectRow,
    ThreadRow,
)
from hub.ledger.table import Row, Table


class IntakeRow(NamedTuple):
    """One record of the log: where it lies, whose it is and what the verdict was.

    `place` is log number, partition and offset: a second writing of the same record breaks the key.
    `origin_place` is the record whose lines tell what became of the event (another one for a repeat).
    """

    place: str
    partition: int
    record_offset: int
    uid: str
    origin_place: str
    sender: str
    type: str
    day: date
    accepted_at: str
    decided_at: str
    verdict: str
    reason: str | None
    outcome: str
    event_reason: str
    duties: str
    line_count: int


class LineRow(NamedTuple):
    """What became of one record for one recipient; the unit of the reconciliation."""

    place: str
    line: int
    uid: str
    recipient: str
    outcome: str
    reason: str
    state: str
    withheld: str
    duties: str
    at: str


class DecisionRow(NamedTuple):
    """One link of the audit chain. `document` is canonical JSON; `hash` covers it and the previous hash."""

    partition: int
    position: int
    previous_hash: bytes
    hash: bytes
    place: str
    uid: str
    outcome: str
    reason: str
    rule_set: str
    document: str


class ChainRow(NamedTuple):
    """The head of the audit chain of one partition."""

    partition: int
    position: int
    hash: bytes


class PayloadRow(NamedTuple):
    """A sealed event, kept while something may still be delivered from it.

    `document` is a list: the event, who was authenticated, when it was accepted, its key, its trace context.
    """

    uid: str
    document: str
    sealed: bytes
    stored_at: datetime


class HoldRow(NamedTuple):
    """A held event: nothing of it left, its payload is kept until the term passes.

    `first_look`: it was parked before it could be judged, so that the hub has no memory of it yet.
    """

    uid: str
    payload_uid: str
    place: str
    partition: int
    source_key: str
    held_since: str
    hold_until: str
    hold_until_at: datetime
    wake_at: datetime
    first_look: bool = False


class HoldWatchRow(NamedTuple):
    """A subject whose facts can cure a hold."""

    uid: str
    subject_key: str


class HoldWakeRow(NamedTuple):
    """A hold that must be judged again. Appended only, so that nobody waits for a lock to wake a hold."""

    wake_id: int
    uid: str


class SubscriptionRow(NamedTuple):
    """Where a partner wants its deliveries."""

    subscription_id: str
    org: str
    connector: str
    target: str
    filter_document: str
    types: str
    reference: str | None
    active: bool
    origin: str


class SequenceRow(NamedTuple):
    """The last number given out for a subscription, and those below it that no receiver got, as a JSON list.

    The next delivery takes a freed number, so that no gap remains.
    """

    subscription_id: str
    last_number: int
    free: str


class DeliveryRow(NamedTuple):
    """One delivery to one subscription. `line` is -1 for the hub's own messages, which `emission` describes.

    `state` is `pending`, `claimed`, `delivered`, `stopped` or `parked`. `due_at` is the next attempt of a
    pending and the end of the lease of a claimed delivery. `sequence` 0 means that no number was given yet.
    `delivered_at` is set while a delivery that its receiver had already is sent once more: when it had it first.
    """

    delivery_id: str
    ordinal: int
    place: str
    line: int
    partition: int
    uid: str
    receiver: str
    subscription_id: str
    subject_key: str
    position: int
    crisis: bool
    state: str
    reason: str
    decision: str
    emission: str | None
    sequence: int
    attempt: int
    lease: str
    due_at: datetime
    accepted_at: str
    first_attempt_at: str
    settled_at: datetime | None
    delivered_at: datetime | None = None

    def arrived(self) -> DeliveryRow:
        """Return the row once it is sent no more: its receiver has it since the first time."""
        return self._replace(state="delivered", lease="", settled_at=self.delivered_at, delivered_at=None)


UNSENT: Final = "unsent"
"""State of an attempt of which it is certain that nothing left; an attempt whose lease lapsed may have sent."""


class DeliveryAttemptRow(NamedTuple):
    """One attempt to deliver, written before the message leaves."""

    delivery_id: str
    attempt: int
    worker: str
    claimed_at: datetime
    settled_at: datetime | None
    state: str
    reason: str


class OutboxEntryRow(NamedTuple):
    """One message for the hub's own topics."""

    row_id: int
    topic: str
    key: str
    document: str


class ParkedRow(NamedTuple):
    """Something that a person of the hub must look at: its place and a code, never its content."""

    parked_id: int
    place: str
    line: int
    delivery_id: str
    reason: str
    at: datetime
    size_bytes: int
    digest: str


INTAKE: Final = Table("intake", IntakeRow, ("place",), ("uid",))
LINE: Final = Table("line", LineRow, ("place", "line"), ("place",))
DECISION: Final = Table("decision", DecisionRow, ("partition", "position"), ("partition", "place"))
CHAIN: Final = Table("chain", ChainRow, ("partition",))
PAYLOAD: Final = Table("payload", PayloadRow, ("uid",))
ENTRY: Final = Table(
    "entry",
    EntryRow,
    ("entry_id",),
    ("subject_key", "source_key", "record_prefix", "event_key", "ref_key"),
    ("source_key", "record_key"),
    "ordinal",
)
PAIR: Final = Table("pair", PairRow, ("pair_key",), ("subject_a", "subject_b"))
SUBJECT: Final = Table("subject", SubjectRow, ("subject_key",))
SUBJECT_LINK: Final = Table("subject_link", SubjectLinkRow, ("link", "subject_key"), ("link", "subject_key"))
CONSENT: Final = Table(
    "consent", ConsentRow, ("consent_key",), ("subject_key", "consent_id"), numbered="ordinal"
)
CASE_FACT: Final = Table("case_fact", CaseFactRow, ("fact_key",), ("case_key",), numbered="ordinal")
CITY_FACT: Final = Table("city_fact", CityFactRow, ("kind", "fact_key"), ("kind",), numbered="ordinal")
KNOWN_EVENT: Final = Table("known_event", KnownEventRow, ("known_key",), ("event_key",), numbered="ordinal")
DISCLOSURE: Final = Table(
    "disclosure", DisclosureRow, ("disclosure_id",), ("disclosure_id", "record_prefix"), numbered="ordinal"
)
DISCLOSURE_CONSENT: Final = Table(
    "disclosure_consent", DisclosureConsentRow, ("disclosure_id", "consent_key"), ("consent_key",)
)
HOLD: Final = Table("hold", HoldRow, ("uid",), ("source_key",))
HOLD_WATCH: Final = Table("hold_watch", HoldWatchRow, ("uid", "subject_key"), ("subject_key", "uid"))
HOLD_WAKE: Final = Table("hold_wake", HoldWakeRow, ("wake_id",), ("uid",), numbered="wake_id")
SUBSCRIPTION: Final = Table("subscription", SubscriptionRow, ("subscription_id",), ("org",))
SEQUENCE: Final = Table("subscription_sequence", SequenceRow, ("subscription_id",))
DELIVERY: Final = Table(
    "delivery",
    DeliveryRow,
    ("delivery_id",),
    ("place", "uid", "subscription_id", "receiver"),
    numbered="ordinal",
)
DELIVERY_ATTEMPT: Final = Table(
    "delivery_attempt", DeliveryAttemptRow, ("delivery_id", "attempt"), ("delivery_id",)
)
OUTBOX: Final = Table("outbox", OutboxEntryRow, ("row_id",), ("row_id",), numbered="row_id")
PARKED: Final = Table("parked", ParkedRow, ("parked_id",), ("place", "delivery_id"), numbered="parked_id")
DATA_KEY: Final = Table("data_key", DataKeyRow, ("subject_key",))
RECEIVER_PSEUDONYM: Final = Table("receiver_pseudonym", ReceiverPseudonymRow, ("pseudonym_key",))
INSPECTION: Final = Table(
    "inspection_log", InspectionRow, ("inspection_id",), ("subject_key",), numbered="inspection_id"
)
THREAD: Final = Table("thread", ThreadRow, ("thread_id",), ("uid", "subject_key"), numbered="ordinal")
PROCESSING: Final = Table(
    "processing_log", ProcessingRow, ("delivery_id",), ("subject_key",), numbered="ordinal"
)
ANNOUNCEMENT: Final = Table("announcement", AnnouncementRow, ("consent_key",))

ALL_TABLES: Final[tuple[Table[Any], ...]] = (
    INTAKE, LINE, DECISION, CHAIN, PAYLOAD, ENTRY, PAIR, SUBJECT, SUBJECT_LINK, CONSENT, CASE_FACT, CITY_FACT,
    KNOWN_EVENT, DISCLOSURE, DISCLOSURE_CONSENT, HOLD, HOLD_WATCH, HOLD_WAKE, SUBSCRIPTION, SEQUENCE,
    DELIVERY, DELIVERY_ATTEMPT, OUTBOX, PARKED, DATA_KEY, RECEIVER_PSEUDONYM, ANNOUNCEMENT, THREAD, PROCESSING,
    INSPECTION,
)  # fmt: skip
"""Every table of rows; the log, its offsets and the migrations are handled by statements of their own."""

__all__ = [
    "AnnouncementRow",
    "CaseFactRow",
    "CityFactRow",
    "ConsentRow",
    "DataKeyRow",
    "DisclosureConsentRow",
    "DisclosureRow",
    "EntryRow",
    "InspectionRow",
    "KnownEventRow",
    "PairRow",
    "ProcessingRow",
    "ReceiverPseudonymRow",
    "Row",
    "SubjectLinkRow",
    "SubjectRow",
    "Table",
    "ThreadRow",
]
