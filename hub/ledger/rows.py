"""The ledger's tables, one row type each. `migrations/` creates the same columns; a test compares them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import UnionType
from typing import Any, Final, Generic, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

Row = TypeVar("Row", bound=tuple[Any, ...])

_COLUMN_TYPES: Final[dict[type, str]] = {
    str: "text",
    int: "bigint",
    bool: "boolean",
    bytes: "bytea",
    datetime: "timestamptz",
    date: "date",
}


@dataclass(frozen=True, slots=True, eq=False)
class Table(Generic[Row]):
    """One table: its row type, its key, the columns it is looked up by, and its numbered column if any."""

    name: str
    row: type[Row]
    key: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    numbered: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns in the order of the row type."""
        return tuple(self.row._fields)  # type: ignore[attr-defined]

    @property
    def written_columns(self) -> tuple[str, ...]:
        """Return the columns that a writer fills: all but the one that the database numbers."""
        return tuple(column for column in self.columns if column != self.numbered)

    def make(self, values: Iterable[Any]) -> Row:
        """Return a row with these values, in the order of the columns."""
        row: Row = self.row(*values)
        return row

    def column_type(self, column: str) -> str:
        """Return the PostgreSQL type of a column."""
        hint = get_type_hints(self.row)[column]
        if get_origin(hint) in (Union, UnionType):
            hint = next(choice for choice in get_args(hint) if choice is not type(None))
        return _COLUMN_TYPES[hint]

    def positions(self, columns: Sequence[str]) -> tuple[int, ...]:
        """Return where these columns stand in a row."""
        return tuple(self.columns.index(column) for column in columns)


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


class EntryRow(NamedTuple):
    """One remembered event (DEDUP.md section 1); `document` is the whole entry."""

    entry_id: str
    ordinal: int
    place: str
    source_key: str
    record_key: str | None
    record_prefix: str | None
    event_key: str
    ref_key: str | None
    subject_key: str | None
    at: datetime
    document: str


class PairRow(NamedTuple):
    """One match told."""

    pair_key: str
    subject_a: str
    subject_b: str
    document: str
    told_at: datetime


class SubjectRow(NamedTuple):
    """The facts of one person (None: only a consent is known) and how often they changed."""

    subject_key: str
    document: str | None
    version: int


class SubjectLinkRow(NamedTuple):
    """A household or parent that ties a subject to its kin (DEDUP.md section 5)."""

    link: str
    subject_key: str


class ConsentRow(NamedTuple):
    """One consent record or objection. `ends_at` is set where an end must be announced."""

    consent_key: str
    ordinal: int
    consent_id: str
    subject_key: str | None
    document: str
    ends_at: datetime | None


class CaseFactRow(NamedTuple):
    """A fact of a case: a help team or the parties."""

    fact_key: str
    ordinal: int
    kind: str
    case_key: str
    document: str


class CityFactRow(NamedTuple):
    """A fact of the whole city: area, partner, police decision."""

    kind: str
    fact_key: str
    ordinal: int
    document: str


class KnownEventRow(NamedTuple):
    """An event that was carried before this ledger began."""

    known_key: str
    event_key: str
    ordinal: int
    document: str


class DisclosureRow(NamedTuple):
    """What may have reached a receiver, on which consents. Written before the first attempt."""

    disclosure_id: str
    ordinal: int
    record_prefix: str | None
    document: str
    at: datetime


class DisclosureConsentRow(NamedTuple):
    """A consent that carried a disclosure."""

    disclosure_id: str
    consent_key: str


class HoldRow(NamedTuple):
    """A held event: nothing of it left, its payload is kept until the term passes."""

    uid: str
    payload_uid: str
    place: str
    partition: int
    source_key: str
    held_since: str
    hold_until: str
    hold_until_at: datetime
    wake_at: datetime


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
    """The last number given out for a subscription."""

    subscription_id: str
    last_number: int


class FreeNumberRow(NamedTuple):
    """A number that no receiver got: the next delivery takes it, so that no gap remains."""

    subscription_id: str
    number: int


class DeliveryRow(NamedTuple):
    """One delivery to one subscription. `line` is -1 for the hub's own messages, which `emission` describes.

    `state` is `pending`, `claimed`, `delivered`, `stopped` or `parked`. `due_at` is the next attempt of a
    pending and the end of the lease of a claimed delivery. `sequence` 0 means that no number was given yet.
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


class DataKeyRow(NamedTuple):
    """A child's data key, wrapped under the master key. Erasing the child removes the row."""

    subject_key: str
    key_id: str
    master_key_id: str
    wrapped: bytes


class ReceiverPseudonymRow(NamedTuple):
    """The way back from a receiver's pseudonym to the subject."""

    pseudonym_key: str
    subject_ref: str


class AnnouncementRow(NamedTuple):
    """A consent whose end was announced."""

    consent_key: str
    at: datetime


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
FREE_NUMBER: Final = Table("free_number", FreeNumberRow, ("subscription_id", "number"), ("subscription_id",))
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
ANNOUNCEMENT: Final = Table("announcement", AnnouncementRow, ("consent_key",))

ALL_TABLES: Final[tuple[Table[Any], ...]] = (
    INTAKE, LINE, DECISION, CHAIN, PAYLOAD, ENTRY, PAIR, SUBJECT, SUBJECT_LINK, CONSENT, CASE_FACT, CITY_FACT,
    KNOWN_EVENT, DISCLOSURE, DISCLOSURE_CONSENT, HOLD, HOLD_WATCH, HOLD_WAKE, SUBSCRIPTION, SEQUENCE,
    FREE_NUMBER, DELIVERY, DELIVERY_ATTEMPT, OUTBOX, PARKED, DATA_KEY, RECEIVER_PSEUDONYM, ANNOUNCEMENT,
)  # fmt: skip
"""Every table of rows; the log, its offsets and the migrations are handled by statements of their own."""
