"""The facts that a decision is asked with, and their reading at one moment: CONSENT.md section 2 and gate E2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, TypeAlias

from hub.core.model import Json
from hub.core.policy import Policy
from hub.core.reasons import Reason
from hub.core.records import RecordBook, read_book
from hub.core.standing import Partner, Standing
from hub.core.times import read_moment


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""A fact that was not given; null is a value, and often a malformed one."""

Subject: TypeAlias = Mapping[str, Any]
"""What is known of one person. Its fields are judged where a rule needs them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts as they come, unjudged. `readable` is false when the facts as a whole are not an object."""

    standing: Standing
    now: Json
    authenticated_org: Json = None
    consent_version: Json = MISSING
    subjects: Json = MISSING
    consents: Json = MISSING
    help_teams: Json = MISSING
    case_parties: Json = MISSING
    known_events: Json = MISSING
    deliveries: Json = MISSING
    police_decisions: Json = MISSING
    held_since: Json = MISSING
    readable: bool = True


_FIELDS = (
    "authenticated_org",
    "consent_version",
    "subjects",
    "consents",
    "help_teams",
    "case_parties",
    "known_events",
    "deliveries",
    "police_decisions",
    "held_since",
)


def facts_from_document(document: Json, standing: Standing, now: Json) -> Facts:
    """Return the facts of a document in the form of CONSENT.md section 2. Configuration comes from `standing`.

    A document that is not an object gives facts with which every event is held (gate E2).
    """
    if not isinstance(document, dict):
        return Facts(standing=standing, now=now, readable=False)
    given: dict[str, Any] = {name: document[name] for name in _FIELDS if name in document}
    return Facts(standing=standing, now=now, **given)


@dataclass(slots=True, kw_only=True)
class Situation:
    """Facts that passed gates E2 and E3, read at one instant. Everything the recipient gates look at.

    `book` keeps the consent records once they are read, so that several recipients do not read them again.
    """

    facts: Facts
    standing: Standing
    policy: Policy
    now: datetime
    today: date
    subjects: Mapping[str, Any]
    known_events: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]
    book: RecordBook | None = None

    def subject(self, subject_ref: str | None) -> Subject | None:
        """Return what is known of this person, or None when the person is not in `subjects`."""
        found = self.subjects.get(subject_ref) if subject_ref is not None else None
        return found if isinstance(found, dict) else None

    def partner(self, org: str) -> Partner | None:
        """Return the active organisation of this name, or None."""
        partner = self.standing.partners.get(org)
        return partner if partner is not None and partner.active(self.today) else None

    def records(self) -> RecordBook:
        """Return the consent records, read when first asked for."""
        if self.book is None:
            consents = self.facts.consents
            self.book = read_book([] if consents is MISSING else consents)
        return self.book

    def knows_event(self, event_id: str | None, org: str) -> bool:
        """Return whether the hub carried an event (or record) of this id from this organisation."""
        return event_id is not None and any(
            known["id"] == event_id and known["org"] == org for known in self.known_events
        )


def read_situation(facts: Facts) -> Situation | Reason:
    """Return the facts at their instant, or the reason for which gate E2 or E3 holds every event."""
    moment = read_moment(facts.now)
    subjects = {} if facts.subjects is MISSING else facts.subjects
    known_events = _list_of_objects(facts.known_events)
    deliveries = _list_of_objects(facts.deliveries)
    if moment is None or known_events is None or deliveries is None or not isinstance(subjects, dict):
        return Reason.HOLD_EVALUATION_ERROR
    if not facts.readable or facts.standing.directory_fault or not all(map(_names_an_event, known_events)):
        return Reason.HOLD_EVALUATION_ERROR
    if facts.standing.policy is None:
        return Reason.HOLD_POLICY_INVALID
    return Situation(
        facts=facts,
        standing=facts.standing,
        policy=facts.standing.policy,
        now=moment[0],
        today=moment[1],
        subjects=subjects,
        known_events=known_events,
        deliveries=deliveries,
    )


def _list_of_objects(value: Json) -> list[dict[str, Any]] | None:
    """Return a list of objects, empty when absent, or None when it is something else."""
    if value is MISSING:
        return []
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    return None


def _names_an_event(known: Mapping[str, Any]) -> bool:
    """Return whether a known event has a string id, organisation and kind."""
    return all(isinstance(known.get(name), str) for name in ("id", "org", "kind"))
