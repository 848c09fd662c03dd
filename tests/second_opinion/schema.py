"""E4: the decision view of an event, EVENTS.md sections 2 and 3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.second_opinion.configuration import is_boolean, is_kind, list_of
from tests.second_opinion.matrix import CATALOGUE
from tests.second_opinion.schema_data import data_follows_type
from tests.second_opinion.tables import (
    AGE_BANDS,
    DISTRICTS,
    DOMAINS,
    EARLY_KINDS,
    EXCEPTION_KEYS,
    PURPOSES,
    SAFETY_LEVELS,
    SECTIONS,
    SETTINGS,
    URGENCIES,
    Json,
)
from tests.second_opinion.values import is_integer, is_one_of, is_text, read_date, read_instant

CLASSES_WITH_RECIPIENTS = ["content", "consultation", "ack", "feedback", "alert", "aggregate"]


def is_object(value: Any, required: list[str], optional: list[str]) -> bool:
    """Objects are closed: the required keys, perhaps the optional ones, no other."""
    return (
        isinstance(value, dict)
        and all(key in value for key in required)
        and all(key in required or key in optional for key in value)
    )


def code_of(names: list[str]) -> Callable[[Any], bool]:
    return lambda value: is_one_of(value, names)


def distinct_codes(names: list[str]) -> Callable[[Any], bool]:
    """A list of distinct codes."""
    return lambda value: (
        isinstance(value, list)
        and all(is_one_of(item, names) for item in value)
        and len(set(value)) == len(value)
    )


def is_short_text(longest: int) -> Callable[[Any], bool]:
    return lambda value: is_text(value) and len(value) <= longest


def is_text_or_null(value: Any) -> bool:
    return value is None or is_text(value)


def is_sender(value: Any) -> bool:
    return (
        is_object(value, ["org", "kind"], ["professional"])
        and is_text(value["org"])
        and is_kind(value["kind"])
        and is_text(value.get("professional", "absent"))
    )


def is_to(value: Any) -> bool:
    """`{org}` or `{kind}` or `{kind: local_team, partnership}`."""
    if is_object(value, ["org"], []):
        return is_text(value["org"])
    if is_object(value, ["kind"], []):
        return is_kind(value["kind"])
    named_team = is_object(value, ["kind", "partnership"], []) and value["kind"] == "local_team"
    return named_team and is_text(value["partnership"])


def is_exception(value: Any) -> bool:
    return is_object(value, ["ground"], EXCEPTION_KEYS) and is_text(value["ground"])


def is_recipient(value: Any) -> bool:
    return (
        is_object(value, ["to"], ["professional", "needed_sections", "exception"])
        and is_to(value["to"])
        and is_text(value.get("professional", "absent"))
        and distinct_codes(SECTIONS)(value.get("needed_sections", []))
        and is_exception(value.get("exception", {"ground": "absent"}))
    )


def are_recipients(value: Any) -> bool:
    """The same `to` twice is a schema error."""
    if not list_of(is_recipient)(value):
        return False
    targets = [entry["to"] for entry in value]
    return all(targets.count(target) == 1 for target in targets)


def are_sections(value: Any) -> bool:
    return distinct_codes(SECTIONS)(value) and "meta" in value


def is_record(value: Any) -> bool:
    return (
        is_object(value, ["ref", "revision"], [])
        and is_text(value["ref"])
        and is_integer(value["revision"], 1)
    )


def is_moment(value: Any) -> bool:
    return read_instant(value) is not None or read_date(value) is not None


def is_section_about(value: Any) -> bool:
    return isinstance(value, dict) and all(list_of(is_text)(people) for people in value.values())


def are_scans(value: Any) -> bool:
    return is_object(value, [], ["narrative", "perspectives"]) and all(map(is_text, value.values()))


def is_kindcheck(value: Any) -> bool:
    return (
        is_object(value, ["done", "children_present", "minor_count"], [])
        and is_boolean(value["done"])
        and is_one_of(value["children_present"], ["yes", "no", "unknown"])
        and (value["minor_count"] is None or is_integer(value["minor_count"]))
    )


REQUIRED: dict[str, Callable[[Any], bool]] = {
    "id": is_short_text(100),
    "source": is_short_text(200),
    "type": code_of(list(CATALOGUE)),
    "time": lambda value: read_instant(value) is not None,
    "sender": is_sender,
    "sections": are_sections,
}
OPTIONAL: dict[str, Callable[[Any], bool]] = {
    "subject": is_text_or_null,
    "recipients": are_recipients,
    "subject_ref": is_text_or_null,
    "purpose": code_of(PURPOSES),
    "urgency": code_of(URGENCIES),
    "mode": code_of(["anonymous", "identified"]),
    "domains": distinct_codes(DOMAINS),
    "safety_level": code_of(SAFETY_LEVELS),
    "setting": code_of(SETTINGS),
    "case_ref": is_text,
    "in_reply_to": is_text,
    "origin_id": is_text,
    "causation_id": is_text,
    "digest": is_text,
    "requested_action": is_text,
    "data_origin": is_text,
    "record": is_record,
    "occurred_at": is_moment,
    "consent_version": lambda value: is_integer(value, 0),
    "section_about": is_section_about,
    "identity_contains_address": is_boolean,
    "scans": are_scans,
    "anonymity_check": is_text,
    "area_precision": code_of(["district", "neighbourhood"]),
    "district": code_of(DISTRICTS),
    "age_band": code_of(AGE_BANDS),
    "cells": lambda value: isinstance(value, list),
    "kindcheck": is_kindcheck,
    "early_kind": code_of(EARLY_KINDS),
    "data": lambda value: isinstance(value, dict),
}


def fields_have_their_form(event: Any) -> bool:
    """Section 2, each field by itself; any other top-level field is an error."""
    forms = {**REQUIRED, **OPTIONAL}
    return (
        isinstance(event, dict)
        and all(name in event for name in REQUIRED)
        and all(name in forms and forms[name](value) for name, value in event.items())
    )


def recipients_follow_class(event: Json, event_class: str) -> bool:
    """At least one, any number, or none: by class."""
    if event_class == "never":
        return True
    return bool(event.get("recipients")) == (event_class in CLASSES_WITH_RECIPIENTS)


def required_by_class(event: Json, event_class: str) -> list[str]:
    """The optional fields that this class (or mode, or type) requires."""
    names = []
    if event_class in ("content", "feedback", "alert") or event.get("mode") == "identified":
        names.append("subject_ref")
    if event_class in ("content", "consultation", "feedback"):
        names.append("purpose")
    if event_class in ("content", "consultation", "alert"):
        names.append("urgency")
    if event_class == "consultation":
        names.append("mode")
    if event_class == "ack":
        names.append("in_reply_to")
    by_type = {"adult_signal.raised": "kindcheck", "early_signal.raised": "early_kind"}
    return names + [name for event_type, name in by_type.items() if event["type"] == event_type]


def fields_follow_type(event: Json) -> bool:
    """Sections 2 and 3: what the catalogue says of this type."""
    row = CATALOGUE[event["type"]]
    return (
        recipients_follow_class(event, row["class"])
        and all(event.get(name) is not None for name in required_by_class(event, row["class"]))
        and ("mode" not in event or row["class"] == "consultation")
        and ("purpose" not in event or event["purpose"] in row["purposes"])
        and ("district" not in event or event.get("mode") == "anonymous")
        and all(name in row["sections"] for name in event["sections"])
        and all(name in event["sections"] for name in event.get("section_about", {}))
    )


def e4_follows_the_agreed_form(event: Any, now: datetime, policy: Json) -> bool:
    """E4: EVENTS.md sections 2 to 4."""
    return (
        fields_have_their_form(event)
        and fields_follow_type(event)
        and data_follows_type(event["type"], event.get("data", {}), now, policy)
    )
