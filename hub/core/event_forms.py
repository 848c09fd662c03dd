"""The form of each field of an event, part of gate E4: EVENTS.md section 2. Safe for any JSON value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.core.catalogue import CATALOGUE
from hub.core.codes import (
    AGE_BANDS,
    AREA_PRECISIONS,
    CHILDREN_PRESENT,
    DISTRICTS,
    DOMAINS,
    EARLY_KINDS,
    EXCEPTION_KEYS,
    MODES,
    PARTNER_KINDS,
    PURPOSES,
    SAFETY_LEVELS,
    SECTION_SET,
    SETTINGS,
    TEXT_SECTIONS,
    URGENCY_SET,
    is_code,
    is_code_list,
    is_integer,
    is_text,
)
from hub.core.model import Json
from hub.core.times import parse_instant, parse_moment

_LONGEST_ID = 100
"""EVENTS.md section 1."""

_LONGEST_SOURCE = 200
"""EVENTS.md section 1."""

_NO_SECTIONS: list[str] = []
_TO = frozenset({"to"})
_ENTRY_KEYS = frozenset({"to", "professional", "needed_sections", "exception"})
_SENDER_KEYS = frozenset({"org", "kind"})
_WITH_PROFESSIONAL = frozenset({"org", "kind", "professional"})
_SCANNED = frozenset(TEXT_SECTIONS)


def _is_code_of(codes: frozenset[str]) -> Callable[[Json], bool]:
    """Return a check for one code of a list."""
    return lambda value: isinstance(value, str) and value in codes


def _is_boolean(value: Json) -> bool:
    """Return whether the value is true or false."""
    return isinstance(value, bool)


def _is_text_or_null(value: Json) -> bool:
    """Return whether the value is null or a non-empty string."""
    return value is None or is_text(value)


def _is_id(value: Json) -> bool:
    """Return whether this is a CloudEvents id: 1 to 100 characters."""
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST_ID


def _is_source(value: Json) -> bool:
    """Return whether this is a CloudEvents source: 1 to 200 characters; its URN form is the gateway's business."""
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST_SOURCE


def _is_instant(value: Json) -> bool:
    """Return whether this is an instant."""
    return parse_instant(value) is not None


def _is_moment(value: Json) -> bool:
    """Return whether this is an instant or a date."""
    return parse_moment(value) is not None


def _is_sender(value: Json) -> bool:
    """Return whether this is `{org, kind, professional?}`."""
    return (
        isinstance(value, dict)
        and _has_keys(value, _SENDER_KEYS, _WITH_PROFESSIONAL)
        and is_text(value["org"])
        and is_code(value["kind"], PARTNER_KINDS)
        and is_text(value.get("professional", "-"))
    )


def _has_keys(value: dict[str, Any], required: frozenset[str], allowed: frozenset[str]) -> bool:
    """Return whether a closed object has its required keys and no other than the allowed."""
    return value.keys() >= required and value.keys() <= allowed


def _are_recipients(value: Json) -> bool:
    """Return whether this is a list of entries that name each `to` once."""
    if not isinstance(value, list) or not all(map(_is_entry, value)):
        return False
    if len(value) < 2:
        return True
    named = [tuple(sorted(entry["to"].items())) for entry in value]
    return len(set(named)) == len(named)


def _is_entry(value: Json) -> bool:
    """Return whether this is `{to, professional?, needed_sections?, exception?}`."""
    return (
        isinstance(value, dict)
        and _has_keys(value, _TO, _ENTRY_KEYS)
        and _is_to(value["to"])
        and is_text(value.get("professional", "-"))
        and _are_sections(value.get("needed_sections", _NO_SECTIONS))
        and ("exception" not in value or _is_exception(value["exception"]))
    )


def _is_to(value: Json) -> bool:
    """Return whether this is `{org}`, `{kind}` or `{kind: local_team, partnership}`."""
    if not isinstance(value, dict):
        return False
    if value.keys() == {"org"}:
        return is_text(value["org"])
    if value.keys() == {"kind"}:
        return is_code(value["kind"], PARTNER_KINDS)
    return (
        value.keys() == {"kind", "partnership"}
        and value["kind"] == "local_team"
        and is_text(value["partnership"])
    )


def _is_exception(value: Json) -> bool:
    """Return whether this names a ground and has only known fields; the answers are judged in gate R9."""
    return isinstance(value, dict) and is_text(value.get("ground")) and value.keys() <= EXCEPTION_KEYS


def _are_sections(value: Json) -> bool:
    """Return whether this is a list of distinct section names, possibly empty."""
    return is_code_list(value, SECTION_SET) and len(set(value)) == len(value)


def _are_event_sections(value: Json) -> bool:
    """Return whether this is a list of distinct section names with `meta`."""
    return _are_sections(value) and isinstance(value, list) and "meta" in value


def _are_domains(value: Json) -> bool:
    """Return whether this is a list of distinct life domains."""
    return is_code_list(value, DOMAINS) and len(set(value)) == len(value)


def _is_record(value: Json) -> bool:
    """Return whether this is `{ref, revision}` with a revision of at least 1."""
    return (
        isinstance(value, dict)
        and value.keys() == {"ref", "revision"}
        and is_text(value["ref"])
        and is_integer(value["revision"])
        and value["revision"] >= 1
    )


def _is_version(value: Json) -> bool:
    """Return whether this is an integer of at least 0."""
    return is_integer(value) and value >= 0


def _are_persons_by_section(value: Json) -> bool:
    """Return whether this maps sections to lists of person references."""
    return isinstance(value, dict) and all(
        is_code(section, SECTION_SET) and isinstance(persons, list) and all(map(is_text, persons))
        for section, persons in value.items()
    )


def _are_scans(value: Json) -> bool:
    """Return whether this maps text sections to a scan status; unknown statuses are judged later (S9)."""
    return isinstance(value, dict) and value.keys() <= _SCANNED and all(map(is_text, value.values()))


def _is_kindcheck(value: Json) -> bool:
    """Return whether this is `{done, children_present, minor_count}`."""
    return (
        isinstance(value, dict)
        and value.keys() == {"done", "children_present", "minor_count"}
        and isinstance(value["done"], bool)
        and is_code(value["children_present"], CHILDREN_PRESENT)
        and (value["minor_count"] is None or is_integer(value["minor_count"]))
    )


def _is_list(value: Json) -> bool:
    """Return whether this is a list."""
    return isinstance(value, list)


def _is_object(value: Json) -> bool:
    """Return whether this is an object."""
    return isinstance(value, dict)


FIELD_FORMS: Mapping[str, Callable[[Json], bool]] = {
    "id": _is_id,
    "source": _is_source,
    "type": _is_code_of(frozenset(CATALOGUE)),
    "time": _is_instant,
    "subject": _is_text_or_null,
    "sender": _is_sender,
    "recipients": _are_recipients,
    "sections": _are_event_sections,
    "subject_ref": _is_text_or_null,
    "purpose": _is_code_of(PURPOSES),
    "urgency": _is_code_of(URGENCY_SET),
    "mode": _is_code_of(MODES),
    "domains": _are_domains,
    "safety_level": _is_code_of(SAFETY_LEVELS),
    "setting": _is_code_of(SETTINGS),
    "case_ref": is_text,
    "in_reply_to": is_text,
    "origin_id": is_text,
    "causation_id": is_text,
    "digest": is_text,
    "requested_action": is_text,
    "data_origin": is_text,
    "record": _is_record,
    "occurred_at": _is_moment,
    "consent_version": _is_version,
    "section_about": _are_persons_by_section,
    "identity_contains_address": _is_boolean,
    "scans": _are_scans,
    "anonymity_check": is_text,
    "area_precision": _is_code_of(AREA_PRECISIONS),
    "district": _is_code_of(DISTRICTS),
    "age_band": _is_code_of(AGE_BANDS),
    "cells": _is_list,
    "kindcheck": _is_kindcheck,
    "early_kind": _is_code_of(EARLY_KINDS),
    "data": _is_object,
}
"""The check of each field that an event may have; any other field is a schema error."""
