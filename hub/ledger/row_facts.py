"""Rows of facts and of memory: what is known of people, and what the hub remembers."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


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


class ThreadRow(NamedTuple):
    """Something that goes on. `document` is the whole thread; `partition` is -1 for what came from elsewhere."""

    thread_id: str
    ordinal: int
    kind: str
    uid: str
    subject_key: str | None
    partition: int
    is_open: bool
    next_at: datetime | None
    document: str


class InspectionRow(NamedTuple):
    """One request to see the processing log: of whom, by whom, through which organisation, with what answer."""

    inspection_id: int
    at: datetime
    subject_key: str
    requester_key: str
    asked_by: str
    reason: str


class ProcessingRow(NamedTuple):
    """One line of the processing log, about one delivery. `sections` is a JSON list of names."""

    delivery_id: str
    ordinal: int
    subject_key: str
    type: str
    sender: str
    sender_kind: str
    receiver: str
    purpose: str | None
    reason: str
    sections: str
    third_person: bool
    reporter_anonymous: bool
    released: bool


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
