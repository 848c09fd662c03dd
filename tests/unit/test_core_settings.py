"""Settings and directory: every form that CONSENT.md section 14 asks for, and the faults that are remembered."""

from __future__ import annotations

import pytest

from hub.core.defaults import DEFAULT_POLICY, DEFAULTS
from hub.core.model import Json
from hub.core.policy import read_policy
from hub.core.standing import compile_standing, patch_directory

WRONG: list[tuple[str, Json]] = [
    ("unknown_key", True),
    ("consent_12_15", "none"),
    ("consent_12_15", ["both"]),
    ("consent_12_15_routes", {}),
    ("consent_12_15_routes", [{"sender_kind": "gp", "recipient_kind": "school"}]),
    ("consent_12_15_routes", [{"sender_kind": "gp", "recipient_kind": "bakery", "mode": "both"}]),
    ("consent_12_15_routes", ["both"]),
    ("two_parent_sections", ["everything"]),
    ("two_parent_sections", [["health"]]),
    ("custody_max_age_days", -1),
    ("custody_max_age_days", True),
    ("custody_max_age_days", 90.0),
    ("k_aggregate", 1),
    ("advice_kinds", "gp"),
    ("u0_recipient_kinds", ["bakery"]),
    ("same_team_scope", None),
    ("area_address_basis", "post"),
    ("feature_wams", 0),
    ("require_registered_purpose", "yes"),
    ("sensitive_domains", {"99": "health"}),
    ("sensitive_domains", {"08": "everything"}),
    ("sensitive_domains", []),
    ("vital_danger_codes", [1]),
    ("near_duplicate_hours", 0),
    ("big5_items", "housing"),
    ("deadlines", []),
    ("deadlines", {"unknown_rule": {"unit": "days", "count": 1}}),
    ("deadlines", {"u3_decision": {"unit": "days"}}),
    ("deadlines", {"u3_decision": {"unit": "fortnights", "count": 1}}),
    ("deadlines", {"u3_decision": {"unit": "days", "count": 0}}),
    ("deadlines", {"u3_decision": 5}),
    ("extra_holidays", ["2026-02-30"]),
    ("extra_holidays", "2026-01-02"),
]


def test_defaults_are_valid() -> None:
    """The built-in settings have the forms that they are checked for."""
    policy = read_policy({}, DEFAULTS)
    assert policy is not None
    assert policy.deadlines["hold_expiry"].count == 10


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_setting_of_another_form_is_refused(key: str, value: Json) -> None:
    """An unknown key or a value of another form makes the settings invalid, never something else."""
    assert read_policy({key: value}, DEFAULTS) is None


@pytest.mark.parametrize("policy", [None, [], "{}", 3])
def test_settings_must_be_an_object(policy: Json) -> None:
    """Settings that are not an object are invalid; there is no value that means "none"."""
    assert read_policy(policy, DEFAULTS) is None


def test_defaults_must_be_complete() -> None:
    """Defaults without settings or terms, or with a part missing, are a fault, not a guess."""
    assert read_policy({}, {}) is None
    assert read_policy({}, {"policy": DEFAULT_POLICY, "deadlines": {}}) is None
    short = {key: value for key, value in DEFAULT_POLICY.items() if key != "k_aggregate"}
    assert read_policy({}, {**DEFAULTS, "policy": short}) is None


def test_deadlines_are_merged_by_rule() -> None:
    """One changed rule leaves the others as they are."""
    policy = read_policy({"deadlines": {"u3_decision": {"unit": "days", "count": 3}}}, DEFAULTS)
    assert policy is not None
    assert (policy.deadlines["u3_decision"].unit, policy.deadlines["u3_feedback"].count) == ("days", 10)


@pytest.mark.parametrize(
    ("directory", "patch"),
    [(None, []), ([], None), ([{"org": "gp_a", "kind": "gp"}], "gp_a"), ("gp_a", [])],
)
def test_a_directory_or_patch_that_is_no_list_is_a_fault(directory: Json, patch: Json) -> None:
    """A directory or a patch of another form is remembered as the fault of gate E2."""
    patched = patch_directory(directory, patch)
    standing = compile_standing(directory=patched, areas=[], policy={}, defaults=DEFAULTS)
    assert standing.directory_fault


@pytest.mark.parametrize(
    "entry", ["gp_a", {"kind": "gp"}, {"org": "gp_a", "kind": "bakery"}, {"org": 1, "kind": "gp"}]
)
def test_an_entry_without_organisation_or_known_kind_is_a_fault(entry: Json) -> None:
    """One unusable entry spoils the whole directory, also when it comes in by a patch."""
    for directory in ([entry], patch_directory([], [entry])):
        standing = compile_standing(directory=directory, areas=[], policy={}, defaults=DEFAULTS)
        assert standing.directory_fault


def test_an_organisation_that_is_listed_twice_is_not_relied_on() -> None:
    """Two entries of one organisation: neither is active, and none is found by leaving the other out."""
    entry: Json = {"org": "gp_a", "kind": "gp", "reach": "city", "active_from": "2024-01-01"}
    standing = compile_standing(directory=[entry, entry], areas=[], policy={}, defaults=DEFAULTS)
    assert not standing.directory_fault
    assert standing.unreadable_kinds == {"gp"}
    assert standing.partners["gp_a"].active_from is None


def test_rows_of_another_form_count_as_absent() -> None:
    """Area rows and fixed protectors that cannot be read are left out."""
    standing = compile_standing(
        directory=[],
        areas=[
            None,
            {"district": "laak"},
            {"district": "laak", "partnership": "kracht", "from": "2024-01-01"},
        ],
        policy={},
        defaults=DEFAULTS,
        fixed_protectors=[{"district": "laak", "org": "institution_a", "professional": 5}, "row"],
    )
    assert len(standing.areas["laak"]) == 1
    assert standing.protectors == ()
    assert compile_standing(directory=[], areas={}, policy={}, defaults=DEFAULTS).areas == {}
