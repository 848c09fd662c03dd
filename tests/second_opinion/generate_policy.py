"""Configuration to compare two readings on: mostly the defaults, with some keys set otherwise."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.second_opinion.tables import DOMAINS, KINDS, SECTIONS, Json


def options(random: Random) -> dict[str, list[Any]]:
    """Other values of each key, valid ones."""
    kinds = random.sample(KINDS, 6)
    route = {"sender_kind": random.choice(KINDS), "recipient_kind": "local_team", "mode": "child_only"}
    return {
        "consent_12_15": ["child_only"],
        "consent_12_15_routes": [[route], [{**route, "sender_kind": "gp"}]],
        "two_parent_sections": [[], ["health"], list(SECTIONS)],
        "custody_max_age_days": [0, 90, 91, 3650],
        "k_aggregate": [2, 11],
        "u0_recipient_kinds": [kinds],
        "advice_kinds": [kinds],
        "aggregate_only_kinds": [kinds[:1]],
        "feedback_only_kinds": [kinds[:2]],
        "wgs_sender_kinds": [kinds],
        "same_team_scope": ["organisation"],
        "area_address_basis": ["stay"],
        "feature_risk_index": [True],
        "feature_wams": [True],
        "require_registered_purpose": [False],
        "protected_address_hides_area": [False],
        "sensitive_domains": [{}, {random.choice(DOMAINS): random.choice(SECTIONS)}],
        "vital_danger_codes": [[], ["overdose", "own_code"]],
        "consent_max_months": [1, 36],
        "extra_holidays": [["2026-11-27"]],
        "deadlines": [
            {
                random.choice(["inform_other_parent", "inform_subject_other", "hold_expiry"]): {
                    "unit": random.choice(["seconds", "minutes", "hours", "days", "weeks", "months"]),
                    "count": random.choice([1, 7, 40]),
                }
            },
            {"inform_subject_vital": {"unit": "weeks", "count": 10**12}},
        ],
    }


def a_policy(random: Random) -> Json:
    """None, one or two keys set otherwise."""
    offered = options(random)
    names = random.sample(list(offered), random.choice([0, 0, 1, 2]))
    return {name: random.choice(offered[name]) for name in names}
