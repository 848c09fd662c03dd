"""What the ledger must look up before an event can be judged. Total: any JSON value gives keys, perhaps none."""

from __future__ import annotations

from collections.abc import Iterator

from hub.core.codes import is_text
from hub.core.model import Json, JsonObject
from hub.core.snapshot import FactKeys


def keys_of(event: Json) -> FactKeys:
    """Return the keys of one event.

    `subjects` are the event's own, those of a consent record in `data`, and the persons in `section_about`,
    whose own consent rule S4 asks for. A retraction should name its subject (the door fills it in from
    `subject_of_record`): without it the other signals about that child are not gathered.
    """
    if not isinstance(event, dict):
        return FactKeys()
    data = _object(event.get("data"))
    org = _object(event.get("sender")).get("org")
    consent = _object(data.get("record"))
    records = (_object(event.get("record")).get("ref"), data.get("record_ref"))
    source, event_id = event.get("source"), event.get("id")
    has_id = is_text(source) and is_text(event_id)
    return FactKeys(
        subjects=_texts(event.get("subject_ref"), consent.get("subject_ref"), *_persons(event)),
        source_ids=frozenset({(str(source), str(event_id))}) if has_id else frozenset(),
        records=frozenset((org, ref) for ref in records if is_text(ref)) if is_text(org) else frozenset(),
        event_ids=_texts(event.get("in_reply_to"), event.get("origin_id"), event.get("causation_id")),
        case_refs=_texts(event.get("case_ref"), data.get("case_ref")),
        consent_ids=_texts(data.get("consent_id"), consent.get("consent_id")),
    )


def _object(value: Json) -> JsonObject:
    """Return the value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _texts(*values: Json) -> frozenset[str]:
    """Return those that are non-empty strings."""
    return frozenset(value for value in values if is_text(value))


def _persons(event: JsonObject) -> Iterator[Json]:
    """Yield what `section_about` names."""
    for persons in _object(event.get("section_about")).values():
        if isinstance(persons, list):
            yield from persons
