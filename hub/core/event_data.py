"""Required data of fact and notice events, part of gate E4: EVENTS.md section 4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hub.core.codes import (
    CAPACITIES,
    DISTRICTS,
    MEASURES,
    OUTSIDE_CITY,
    PARTNER_KINDS,
    RETRACTION_REASONS,
    ROLES,
    is_code,
    is_text,
)
from hub.core.facts import Situation
from hub.core.model import Json
from hub.core.records import Record, is_identified, read_record
from hub.core.times import Moment, day_of, months_later, parse_date, parse_instant

_PILOT_LIGHT = "aftercare_pilot_light"
_NO_DATA: Mapping[str, Any] = {}
_LIVES_IN = DISTRICTS | {OUTSIDE_CITY}


def data_is_complete(event: Mapping[str, Any], type_name: str, situation: Situation) -> bool:
    """Return whether `data` has the fields that this type requires, in their form."""
    is_complete = _REQUIRED_DATA.get(type_name)
    return is_complete is None or is_complete(event.get("data", _NO_DATA), situation)


def _registration(data: Mapping[str, Any], situation: Situation) -> bool:
    """Return whether the birth date exists and does not lie in the future."""
    born = parse_date(data.get("birth_date"))
    return born is not None and born <= situation.today


def _consent(data: Mapping[str, Any], situation: Situation) -> bool:
    """Return whether the record is a usable, specific consent of permitted length (AVG 4(11), 7(1))."""
    record = _readable(data.get("record"))
    if record is None or not record.usable or record.scope is None or not record.scope.specific:
        return False
    if record.start is None or record.end is None or not _in_order(record.start, record.end):
        return False
    policy = situation.policy
    is_pilot_light = record.scope.purpose == _PILOT_LIGHT
    months = policy.pilot_light_max_months if is_pilot_light else policy.consent_max_months
    return day_of(record.end) <= months_later(day_of(record.start), months)


def _in_order(start: Moment, end: Moment) -> bool:
    """Return whether the end does not lie before the start; a date stands for its whole day (T2)."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        return start <= end
    return day_of(start) <= day_of(end)


def _objection(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether the record is a readable objection."""
    record = _readable(data.get("record"))
    return record is not None and record.objection


def _readable(raw: Json) -> Record | None:
    """Return a record that can be read, or None."""
    return read_record(raw) if isinstance(raw, dict) and is_identified(raw) else None


def _withdrawal(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it says which consent ends, by whom and when; whoever records it is believed."""
    return (
        is_text(data.get("consent_id"))
        and is_text(data.get("by"))
        and parse_instant(data.get("effective_at")) is not None
    )


def _expiry(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it says which consent ended."""
    return is_text(data.get("consent_id"))


def _retraction(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it says which record is retracted and why."""
    return is_text(data.get("record_ref")) and is_code(data.get("reason"), RETRACTION_REASONS)


def _referral_withdrawal(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it says which referral is withdrawn."""
    return is_text(data.get("record_ref"))


def _custody(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it lists persons with a known role and the day of the check."""
    persons = data.get("persons")
    return isinstance(persons, list) and all(
        isinstance(entry, dict)
        and is_text(entry.get("person"))
        and is_code(entry.get("role"), ROLES)
        and parse_date(entry.get("checked_on")) is not None
        for entry in persons
    )


def _capacity(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it says what was judged, and by whom."""
    return is_code(data.get("value"), CAPACITIES) and is_text(data.get("judged_by"))


def _address(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it says in which district the person lives, and from when."""
    return is_code(data.get("district"), _LIVES_IN) and parse_date(data.get("from")) is not None


def _address_protection(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it says yes or no."""
    return isinstance(data.get("protected"), bool)


def _measure(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it says which measure, carried out by whom, from when."""
    return (
        is_code(data.get("kind"), MEASURES)
        and is_text(data.get("org"))
        and parse_date(data.get("from")) is not None
    )


def _help_team(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it says for which case, and lists professionals."""
    return is_text(data.get("case_ref")) and isinstance(data.get("professionals"), list)


def _area(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it says who holds which district, from when."""
    return (
        is_code(data.get("district"), DISTRICTS)
        and is_text(data.get("partnership"))
        and parse_date(data.get("from")) is not None
    )


def _partner(data: Mapping[str, Any], _situation: Situation) -> bool:
    """Return whether it says which organisation, of which kind."""
    return is_text(data.get("org")) and is_code(data.get("kind"), PARTNER_KINDS)


_REQUIRED_DATA: Mapping[str, Callable[[Mapping[str, Any], Situation], bool]] = {
    "subject.registered": _registration,
    "consent.given": _consent,
    "consent.refused": _objection,
    "objection.recorded": _objection,
    "consent.withdrawn": _withdrawal,
    "objection.revoked": _withdrawal,
    "consent.expired": _expiry,
    "signal.retracted": _retraction,
    "referral.withdrawn": _referral_withdrawal,
    "custody.changed": _custody,
    "capacity.judged": _capacity,
    "address.changed": _address,
    "address_protection.changed": _address_protection,
    "measure.changed": _measure,
    "help_team.changed": _help_team,
    "area.assigned": _area,
    "partner.changed": _partner,
}
