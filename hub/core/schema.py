"""The form of an event, gate E4: EVENTS.md sections 2 to 4. Strict, and safe for any JSON value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from hub.core.catalogue import ADDRESSED_CLASSES, CATALOGUE, EventClass, EventType
from hub.core.codes import in_section_order
from hub.core.event_data import data_is_complete
from hub.core.event_forms import FIELD_FORMS
from hub.core.facts import Situation
from hub.core.model import Json


class Entry(NamedTuple):
    """One entry of `recipients`. `needed_sections` None is: not stated. `exception` keeps its unjudged answers."""

    org: str | None = None
    kind: str | None = None
    partnership: str | None = None
    professional: str | None = None
    needed_sections: frozenset[str] | None = None
    exception: Mapping[str, Any] | None = None


class Event(NamedTuple):
    """An event that has the agreed form: EVENTS.md section 2. `sections` are in the order F1 to F15.

    `record` is (reference, revision). `section_about` names other persons per section. `data` and `cells`
    are as sent.
    """

    id: str
    source: str
    type: str
    row: EventType
    time: str
    sender_org: str
    sender_kind: str
    sections: tuple[str, ...]
    section_about: Mapping[str, list[str]]
    scans: Mapping[str, str]
    data: Mapping[str, Any]
    sender_professional: str | None = None
    recipients: tuple[Entry, ...] = ()
    subject: str | None = None
    subject_ref: str | None = None
    purpose: str | None = None
    urgency: str | None = None
    mode: str | None = None
    domains: tuple[str, ...] = ()
    safety_level: str | None = None
    setting: str | None = None
    case_ref: str | None = None
    in_reply_to: str | None = None
    origin_id: str | None = None
    causation_id: str | None = None
    digest: str | None = None
    requested_action: str | None = None
    data_origin: str = "own"
    record: tuple[str, int] | None = None
    occurred_at: str | None = None
    consent_version: int = 0
    identity_contains_address: bool = True
    anonymity_check: str | None = None
    area_precision: str | None = None
    district: str | None = None
    age_band: str | None = None
    cells: list[Any] | None = None
    kindcheck: Mapping[str, Any] | None = None
    early_kind: str | None = None

    @property
    def treatment(self) -> EventClass:
        """Return the class of the event's type."""
        return self.row.treatment

    @property
    def area_gated(self) -> bool:
        """Return whether a local team gets this only when it owns the subject's area."""
        return self.row.area_gated

    @property
    def anonymous(self) -> bool:
        """Return whether this is an anonymous consultation."""
        return self.mode == "anonymous"


def read_event(event: Json, situation: Situation) -> Event | None:
    """Return the event as a value, or None when it has not the agreed form (deny_schema).

    The birth date of `subject.registered` and the length of a recorded consent are judged against the
    situation's day and settings.
    """
    if not isinstance(event, dict) or not event.keys() >= _REQUIRED:
        return None
    for name, value in event.items():
        has_form = FIELD_FORMS.get(name)
        if has_form is None or not has_form(value):
            return None
    row = CATALOGUE[event["type"]]
    if not (
        _fits_class(event, row) and _fits_type(event, row) and data_is_complete(event, row.name, situation)
    ):
        return None
    return _typed(event, row)


def _fits_class(event: dict[str, Any], row: EventType) -> bool:
    """Return whether the fields are there that the class asks for, and none that it forbids."""
    treatment = row.treatment
    if treatment in ADDRESSED_CLASSES:
        if not event.get("recipients"):
            return False
    elif treatment is not EventClass.NEVER and event.get("recipients"):
        return False
    if not event.keys() >= _REQUIRED_BY_CLASS.get(treatment, _NOTHING):
        return False
    if ("mode" in event) is not (treatment is EventClass.CONSULTATION):
        return False
    anonymous = event.get("mode") == "anonymous"
    if "district" in event and not anonymous:
        return False
    about_a_person = treatment in _PERSONAL_CLASSES or event.get("mode") == "identified"
    return not about_a_person or event.get("subject_ref") is not None


def _fits_type(event: dict[str, Any], row: EventType) -> bool:
    """Return whether sections, purpose and the fields of single types fit."""
    sections = event["sections"]
    return (
        row.sections.issuperset(sections)
        and ("purpose" not in event or event["purpose"] in row.purposes)
        and event.get("section_about", _NONE).keys() <= set(sections)
        and (row.name != "adult_signal.raised" or "kindcheck" in event)
        and (row.name != "early_signal.raised" or "early_kind" in event)
    )


def _typed(event: dict[str, Any], row: EventType) -> Event:
    """Return a checked event as a value."""
    values = {name: event[name] for name in event.keys() - _CHANGED}
    sender, record = event["sender"], event.get("record")
    return Event(
        row=row,
        sender_org=sender["org"],
        sender_kind=sender["kind"],
        sender_professional=sender.get("professional"),
        sections=in_section_order(event["sections"]),
        recipients=tuple(map(_entry, event.get("recipients", ()))),
        domains=tuple(event.get("domains", ())),
        record=None if record is None else (record["ref"], record["revision"]),
        section_about=event.get("section_about", _NONE),
        scans=event.get("scans", _NONE),
        data=event.get("data", _NONE),
        **values,
    )


def _entry(raw: dict[str, Any]) -> Entry:
    """Return a checked entry of `recipients` as a value."""
    needed = raw.get("needed_sections")
    return Entry(
        **raw["to"],
        professional=raw.get("professional"),
        needed_sections=None if needed is None else frozenset(needed),
        exception=raw.get("exception"),
    )


_NONE: Mapping[str, Any] = {}
_NOTHING: frozenset[str] = frozenset()
_REQUIRED = frozenset({"id", "source", "type", "time", "sender", "sections"})
_PERSONAL_CLASSES = frozenset({EventClass.CONTENT, EventClass.FEEDBACK, EventClass.ALERT})
_REQUIRED_BY_CLASS = {
    EventClass.CONTENT: frozenset({"purpose", "urgency"}),
    EventClass.CONSULTATION: frozenset({"purpose", "urgency"}),
    EventClass.FEEDBACK: frozenset({"purpose"}),
    EventClass.ALERT: frozenset({"urgency"}),
    EventClass.ACK: frozenset({"in_reply_to"}),
}
_CHANGED = frozenset(
    {"sender", "sections", "recipients", "domains", "record", "section_about", "scans", "data"}
)
"""Fields whose value differs from what was sent; the others are taken over as they are."""
