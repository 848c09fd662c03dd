"""Who must consent, at the edges of ages, dates and payloads: CONSENT.md section 6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.core.decision import decide
from hub.core.facts import facts_from_document
from hub.operate.vector_kinds import standing_for
from tests.second_opinion.enumerated import FULL_PAYLOAD, a_family
from tests.second_opinion.swept import consented
from tests.unit.core_world import DEFAULTS as WORLD

Case = dict[str, Any]
LOW = ["meta", "contact"]


def answer(case: Case) -> tuple[str, list[str]]:
    """Return reason and duties of the only recipient."""
    facts = facts_from_document(
        case["facts"], standing_for(case["facts"], case["policy"], WORLD), case["now"]
    )
    (recipient,) = decide(case["event"], facts).recipients
    return recipient.reason, [duty.duty for duty in recipient.duties]


def of_a_child(*sections: str, born: str = "2018-05-01", **event: Any) -> Case:
    """Return a case of a school to a gp with two consenting parents."""
    case = consented("gp", list(sections or FULL_PAYLOAD), "8", "school", **event)
    case["facts"]["subjects"]["child_1"]["birth_date"] = born
    return case


def entries(case: Case) -> list[Case]:
    """Return the custody of the child."""
    custody: list[Case] = case["facts"]["subjects"]["child_1"]["custody"]
    return custody


def test_a_child_is_of_age_zero_on_the_day_of_birth() -> None:
    """A child born today has an age: its parents can consent; one born tomorrow has none."""
    assert answer(of_a_child(born="2026-11-21"))[0] == "ok_consent"
    assert answer(of_a_child(born="2026-11-22"))[0] == "hold_age_unknown"


def test_custody_looked_up_today_is_fresh() -> None:
    """A check of today counts, one of ninety days ago too, one of tomorrow or of ninety-one days ago does not."""
    expected = {
        "2026-11-21": "ok_consent",
        "2026-08-23": "ok_consent",
        "2026-11-22": "hold_custody_stale",
        "2026-08-22": "hold_custody_stale",
    }
    for checked_on, reason in expected.items():
        case = of_a_child()
        entries(case)[0]["checked_on"] = checked_on
        assert answer(case)[0] == reason


def test_only_the_entry_that_makes_a_representative_must_be_fresh() -> None:
    """A parent who is also listed in a role without custody need not be looked up in that role."""
    case = of_a_child()
    entries(case).append({"person": "parent_1", "role": "foster_parent", "checked_on": "2020-01-01"})
    entries(case).append({"person": "somebody", "role": "grandparent"})
    assert answer(case)[0] == "ok_consent"


def test_the_custody_check_is_for_minors() -> None:
    """Somebody of exactly eighteen who cannot decide has a mentor, whose entry need not be fresh."""
    case = consented("gp", FULL_PAYLOAD, "20", "school")
    case["facts"]["subjects"]["child_1"] = a_family("20", "incapable", birth_date="2008-11-21")
    for entry in entries(case):
        entry["checked_on"] = "2020-01-01"
    entries(case).append({"person": "parent_1", "role": "parent_with_custody", "checked_on": "2020-01-01"})
    assert answer(case)[0] == "ok_consent_representative"


def test_domains_make_a_payload_full_only_with_codes() -> None:
    """A health domain asks for both parents when the codes go along, and for one when they do not."""
    for sections, reason in ((LOW, "ok_consent_one_parent"), ([*LOW, "codes"], "hold_second_parent")):
        case = of_a_child(*sections, domains=["08"])
        del case["facts"]["consents"][2]
        assert [row["consent_id"] for row in case["facts"]["consents"]] == ["of_child_1", "of_parent_1"]
        assert answer(case)[0] == reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda case: entries(case)[0].update(person=""), "hold_custody_unknown"),
        (lambda case: entries(case)[0].update(role="neighbour"), "hold_custody_unknown"),
        (lambda case: entries(case).append({"person": "p3", "role": "stepparent"}), "ok_consent"),
    ],
)
def test_custody_is_read_strictly(change: Callable[[Case], None], reason: str) -> None:
    """An entry without person or an unknown role makes custody unknown; a stepparent beside them does not."""
    case = of_a_child()
    change(case)
    assert answer(case)[0] == reason
