"""EVENTS.md section 4: the required data of fact and notice events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.second_opinion import records
from tests.second_opinion.deadlines import add_months
from tests.second_opinion.tables import (
    CAPACITIES,
    DISTRICTS,
    KINDS,
    MEASURES,
    RETRACTION_REASONS,
    ROLES,
    Json,
)
from tests.second_opinion.values import (
    amsterdam_date,
    is_one_of,
    is_text,
    read_date,
    read_from,
    read_instant,
    read_to,
)


def is_birth_date(value: Any, now: datetime) -> bool:
    birth = read_date(value)
    return birth is not None and birth <= amsterdam_date(now)


def is_person_with_role(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and is_text(value.get("person"))
        and is_one_of(value.get("role"), ROLES)
        and read_date(value.get("checked_on")) is not None
    )


def term_is_allowed(record: Json, policy: Json) -> bool:
    """`valid_from` ≤ `valid_to`, at most 12 months later (24 for a pilot light)."""
    start, end = read_from(record["valid_from"]), read_to(record["valid_to"])
    if start is None or end is None or start > end:
        return False
    pilot_light = record["purpose"] == "aftercare_pilot_light"
    months = policy["pilot_light_max_months"] if pilot_light else policy["consent_max_months"]
    return amsterdam_date(end) <= add_months(amsterdam_date(start), months)


def is_new_consent(record: Any, policy: Json) -> bool:
    """A consent that is readable, for disclosure, specific, with complete evidence and a short enough term."""
    return (
        records.has_its_keys(record)
        and not records.c3_unreadable(record)
        and record.get("decision") == "consent"
        and records.c4_usable(record)
        and records.c5_specific(record)
        and term_is_allowed(record, policy)
    )


def is_new_objection(record: Any) -> bool:
    return (
        records.has_its_keys(record)
        and not records.c3_unreadable(record)
        and record.get("decision") == "objection"
    )


def is_withdrawal(data: Json) -> bool:
    by_whom = is_text(data.get("consent_id")) and is_text(data.get("by"))
    return by_whom and read_instant(data.get("effective_at")) is not None


def has_date(data: Json) -> bool:
    return read_date(data.get("from")) is not None


def are_persons(value: Any) -> bool:
    return isinstance(value, list) and all(is_person_with_role(person) for person in value)


def data_follows_type(event_type: str, data: Json, now: datetime, policy: Json) -> bool:
    """One row of section 4 per type; types not listed need no data."""
    match event_type:
        case "subject.registered":
            return is_birth_date(data.get("birth_date"), now)
        case "consent.given":
            return is_new_consent(data.get("record"), policy)
        case "consent.refused" | "objection.recorded":
            return is_new_objection(data.get("record"))
        case "consent.withdrawn" | "objection.revoked":
            return is_withdrawal(data)
        case "consent.expired":
            return is_text(data.get("consent_id"))
        case "signal.retracted":
            return is_text(data.get("record_ref")) and is_one_of(data.get("reason"), RETRACTION_REASONS)
        case "referral.withdrawn":
            return is_text(data.get("record_ref"))
        case "custody.changed":
            return are_persons(data.get("persons"))
        case "capacity.judged":
            return is_one_of(data.get("value"), CAPACITIES) and is_text(data.get("judged_by"))
        case "address.changed":
            return is_one_of(data.get("district"), [*DISTRICTS, "outside_city"]) and has_date(data)
        case "address_protection.changed":
            return isinstance(data.get("protected"), bool)
        case "measure.changed":
            return is_one_of(data.get("kind"), MEASURES) and is_text(data.get("org")) and has_date(data)
        case "help_team.changed":
            return is_text(data.get("case_ref")) and isinstance(data.get("professionals"), list)
        case "area.assigned":
            where = is_one_of(data.get("district"), DISTRICTS) and is_text(data.get("partnership"))
            return where and has_date(data)
        case "partner.changed":
            return is_text(data.get("org")) and is_one_of(data.get("kind"), KINDS)
        case _:
            return True
