"""The settings of CONSENT.md section 14, checked and typed. Gate E3: an unknown key or another form is a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.core.codes import (
    DOMAINS,
    PARTNER_KINDS,
    RESIDENCE_BASES,
    SECTION_SET,
    is_code,
    is_code_list,
    is_integer,
    is_text_list,
)
from hub.core.defaults import DEADLINE_RULES
from hub.core.model import Json
from hub.core.times import parse_date

UNITS = frozenset({"seconds", "minutes", "hours", "days", "working_days", "weeks", "months"})
"""The units of EVENTS.md section 8."""

_CONSENT_MODES = frozenset({"both", "child_only"})
_TEAM_SCOPES = frozenset({"partnership", "organisation"})
_ROUTE_KEYS = {"sender_kind", "recipient_kind", "mode"}


@dataclass(frozen=True, slots=True)
class Term:
    """A response time: `count` of `unit`."""

    unit: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings in force, typed. Names and meaning: CONSENT.md section 14."""

    consent_12_15: str
    consent_12_15_routes: tuple[tuple[str, str, str], ...]
    two_parent_sections: frozenset[str]
    custody_max_age_days: int
    k_aggregate: int
    u0_recipient_kinds: frozenset[str]
    advice_kinds: frozenset[str]
    aggregate_only_kinds: frozenset[str]
    feedback_only_kinds: frozenset[str]
    wgs_sender_kinds: frozenset[str]
    same_team_scope: str
    area_address_basis: str
    feature_risk_index: bool
    feature_wams: bool
    require_registered_purpose: bool
    protected_address_hides_area: bool
    sensitive_domains: Mapping[str, str]
    vital_danger_codes: frozenset[str]
    near_duplicate_hours: int
    technical_window_days: int
    match_window_days: int
    match_max_age: int
    big5_items: tuple[str, ...]
    consent_max_months: int
    pilot_light_max_months: int
    replay_days: int
    reconfirm_warning_days: int
    deadlines: Mapping[str, Term]
    extra_holidays: frozenset[date]


def _is_one_of(codes: frozenset[str]) -> Callable[[Json], bool]:
    """Return a check for one code of a list."""
    return lambda value: is_code(value, codes)


def _is_list_of(codes: frozenset[str]) -> Callable[[Json], bool]:
    """Return a check for a list of codes."""
    return lambda value: is_code_list(value, codes)


def _is_integer_from(least: int) -> Callable[[Json], bool]:
    """Return a check for an integer of at least so much."""
    return lambda value: is_integer(value) and value >= least


def _is_boolean(value: Json) -> bool:
    """Return whether the value is true or false."""
    return isinstance(value, bool)


def _are_routes(value: Json) -> bool:
    """Return whether this is a list of `{sender_kind, recipient_kind, mode}`."""
    return isinstance(value, list) and all(
        isinstance(row, dict)
        and row.keys() == _ROUTE_KEYS
        and is_code(row["sender_kind"], PARTNER_KINDS)
        and is_code(row["recipient_kind"], PARTNER_KINDS)
        and is_code(row["mode"], _CONSENT_MODES)
        for row in value
    )


def _are_sensitive_domains(value: Json) -> bool:
    """Return whether this maps domains to sections."""
    return isinstance(value, dict) and all(
        is_code(domain, DOMAINS) and is_code(section, SECTION_SET) for domain, section in value.items()
    )


def _is_term(value: Json) -> bool:
    """Return whether this is `{unit, count}` with a known unit and a count of at least 1."""
    return (
        isinstance(value, dict)
        and value.keys() == {"unit", "count"}
        and is_code(value["unit"], UNITS)
        and is_integer(value["count"])
        and value["count"] >= 1
    )


def _are_deadlines(value: Json) -> bool:
    """Return whether this maps known rules to terms."""
    return isinstance(value, dict) and all(
        is_code(rule, DEADLINE_RULES) and _is_term(term) for rule, term in value.items()
    )


def _are_dates(value: Json) -> bool:
    """Return whether this is a list of dates."""
    return isinstance(value, list) and all(parse_date(item) is not None for item in value)


_KINDS = _is_list_of(PARTNER_KINDS)
_FORMS: Mapping[str, Callable[[Json], bool]] = {
    "consent_12_15": _is_one_of(_CONSENT_MODES),
    "consent_12_15_routes": _are_routes,
    "two_parent_sections": _is_list_of(SECTION_SET),
    "custody_max_age_days": _is_integer_from(0),
    "k_aggregate": _is_integer_from(2),
    "u0_recipient_kinds": _KINDS,
    "advice_kinds": _KINDS,
    "aggregate_only_kinds": _KINDS,
    "feedback_only_kinds": _KINDS,
    "wgs_sender_kinds": _KINDS,
    "same_team_scope": _is_one_of(_TEAM_SCOPES),
    "area_address_basis": _is_one_of(RESIDENCE_BASES),
    "feature_risk_index": _is_boolean,
    "feature_wams": _is_boolean,
    "require_registered_purpose": _is_boolean,
    "protected_address_hides_area": _is_boolean,
    "sensitive_domains": _are_sensitive_domains,
    "vital_danger_codes": is_text_list,
    "near_duplicate_hours": _is_integer_from(1),
    "technical_window_days": _is_integer_from(1),
    "match_window_days": _is_integer_from(1),
    "match_max_age": _is_integer_from(1),
    "big5_items": is_text_list,
    "consent_max_months": _is_integer_from(1),
    "pilot_light_max_months": _is_integer_from(1),
    "replay_days": _is_integer_from(1),
    "reconfirm_warning_days": _is_integer_from(1),
    "deadlines": _are_deadlines,
    "extra_holidays": _are_dates,
}


_KEYS_OF_SETS = (
    "two_parent_sections",
    "u0_recipient_kinds",
    "advice_kinds",
    "aggregate_only_kinds",
    "feedback_only_kinds",
    "wgs_sender_kinds",
    "vital_danger_codes",
)


def read_policy(policy: Json, defaults: Mapping[str, Json]) -> Policy | None:
    """Return the settings in force, or None when a key is unknown or a value has another form (gate E3).

    `policy` overrides the defaults by key, its `deadlines` by rule.
    """
    if not isinstance(policy, dict):
        return None
    standard = defaults.get("policy")
    terms = defaults.get("deadlines")
    if not isinstance(standard, dict) or not isinstance(terms, dict):
        return None
    settings = {**standard, **policy}
    changed = settings.get("deadlines", {})
    if not isinstance(changed, dict):
        return None
    settings["deadlines"] = {**terms, **changed}
    if settings.keys() != _FORMS.keys() or not settings["deadlines"].keys() >= DEADLINE_RULES:
        return None
    if not all(has_form(settings[key]) for key, has_form in _FORMS.items()):
        return None
    return _typed(settings)


def _typed(settings: dict[str, Any]) -> Policy:
    """Return checked settings as a value: lists become sets, dates become dates."""
    routes = settings["consent_12_15_routes"]
    changes = {
        **{key: frozenset(settings[key]) for key in _KEYS_OF_SETS},
        "consent_12_15_routes": tuple(
            (row["sender_kind"], row["recipient_kind"], row["mode"]) for row in routes
        ),
        "big5_items": tuple(settings["big5_items"]),
        "extra_holidays": frozenset(map(date.fromisoformat, settings["extra_holidays"])),
        "deadlines": {rule: Term(**term) for rule, term in settings["deadlines"].items()},
        "sensitive_domains": dict(settings["sensitive_domains"]),
    }
    return Policy(**{**settings, **changes})
