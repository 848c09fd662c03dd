"""E3: every configuration key is known and has the form of CONSENT.md section 14."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.second_opinion.deadlines import UNITS
from tests.second_opinion.tables import DOMAINS, KINDS, SECTIONS, Json
from tests.second_opinion.values import is_integer, is_one_of, is_text, read_date


def list_of(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def choice(*names: str) -> Callable[[Any], bool]:
    return lambda value: is_one_of(value, names)


def integer_from(at_least: int) -> Callable[[Any], bool]:
    return lambda value: is_integer(value, at_least)


def is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def is_kind(value: Any) -> bool:
    return is_one_of(value, KINDS)


def is_route(value: Any) -> bool:
    """One entry of consent_12_15_routes."""
    return (
        isinstance(value, dict)
        and set(value) == {"sender_kind", "recipient_kind", "mode"}
        and is_kind(value["sender_kind"])
        and is_kind(value["recipient_kind"])
        and is_one_of(value["mode"], ("both", "child_only"))
    )


def is_domain_map(value: Any) -> bool:
    return isinstance(value, dict) and all(
        is_one_of(key, DOMAINS) and is_one_of(item, SECTIONS) for key, item in value.items()
    )


def is_term(value: Any) -> bool:
    """One deadline: unit and count."""
    return (
        isinstance(value, dict)
        and set(value) == {"unit", "count"}
        and is_one_of(value["unit"], UNITS)
        and is_integer(value["count"], 1)
    )


def deadlines_form(known: Json) -> Callable[[Any], bool]:
    """A map of known rules."""
    return lambda value: (
        isinstance(value, dict) and all(rule in known and is_term(term) for rule, term in value.items())
    )


FORMS: dict[str, Callable[[Any], bool]] = {
    "consent_12_15": choice("both", "child_only"),
    "consent_12_15_routes": list_of(is_route),
    "two_parent_sections": list_of(lambda name: is_one_of(name, SECTIONS)),
    "custody_max_age_days": integer_from(0),
    "k_aggregate": integer_from(2),
    "u0_recipient_kinds": list_of(is_kind),
    "advice_kinds": list_of(is_kind),
    "aggregate_only_kinds": list_of(is_kind),
    "feedback_only_kinds": list_of(is_kind),
    "wgs_sender_kinds": list_of(is_kind),
    "same_team_scope": choice("partnership", "organisation"),
    "area_address_basis": choice("brp", "stay"),
    "feature_risk_index": is_boolean,
    "feature_wams": is_boolean,
    "require_registered_purpose": is_boolean,
    "protected_address_hides_area": is_boolean,
    "sensitive_domains": is_domain_map,
    "vital_danger_codes": list_of(is_text),
    "near_duplicate_hours": integer_from(1),
    "technical_window_days": integer_from(1),
    "match_window_days": integer_from(1),
    "match_max_age": integer_from(1),
    "big5_items": list_of(is_text),
    "consent_max_months": integer_from(1),
    "pilot_light_max_months": integer_from(1),
    "replay_days": integer_from(1),
    "reconfirm_warning_days": integer_from(1),
    "extra_holidays": list_of(lambda day: read_date(day) is not None),
}


def e3_configuration_valid(policy: Any, defaults: Json) -> bool:
    """E3: an unknown key or a value of another form is not valid."""
    if not isinstance(policy, dict):
        return False
    forms = {**FORMS, "deadlines": deadlines_form(defaults["deadlines"])}
    return all(key in forms and forms[key](value) for key, value in policy.items())


def merged(policy: Json, defaults: Json) -> Json:
    """The configuration in force: defaults, overridden by key; deadlines by rule."""
    deadlines = {**defaults["deadlines"], **policy.get("deadlines", {})}
    return {**defaults["policy"], **policy, "deadlines": deadlines}
