"""Required content per type: one complete form per type, and each required piece missing in turn."""

from __future__ import annotations

import copy
import re
from datetime import date
from pathlib import Path

import pytest

from hub.core.catalogue import CATALOGUE
from hub.core.codes import HUB_KIND
from hub.core.model import JsonObject
from hub.identity.required_content import REQUIRED, at, missing_content

TODAY = date(2026, 11, 21)
EVENTS = Path(__file__).resolve().parents[2].parent / "shared" / "domain" / "EVENTS.md"
COMPLETE: JsonObject = {
    "content": {
        "meta": {"status": "seen", "expected_wait_weeks": 0, "next_check_in": "2026-12-19"},
        "contact": {"sender": {"telephone": "+31700000000"}, "fixed_face": {"name": "x"}},
        "codes": {
            "domains": ["04"],
            "protective_factors": ["recognition"],
            "safety_level": "concern",
            "offer_type": "individual",
            "outcome": "taken_up",
            "may_tell_sender": False,
        },
        "narrative": {"facts": "x", "goal_in_family_words": "x", "question": "x", "answer": "x"},
        "perspectives": [{"role": "youth"}],
        "finance": {"amount_cents": 0, "arrears_since": "2026-09-01"},
        "legal_status": {"measure": "guardianship"},
    },
    "kindcheck": {"done": True},
    "early_kind": "payment_arrears",
    "data": {"until": "2027-01-01", "old": "a", "new": "b", "warm_handover_done": False},
}


def without(form: JsonObject, *pointers: str) -> JsonObject:
    """Return a copy of a form in which what stands at the pointers is gone."""
    changed = copy.deepcopy(form)
    for pointer in pointers:
        parent, _, name = pointer.rpartition("/")
        holder = at(changed, parent) if parent else changed
        assert isinstance(holder, dict)
        del holder[name]
    return changed


@pytest.mark.parametrize("type_name", sorted(REQUIRED))
def test_a_complete_form_lacks_nothing(type_name: str) -> None:
    """False, zero and a check-in exactly four weeks ahead are answers: nothing is missing."""
    assert missing_content(type_name, COMPLETE, TODAY) == ()


@pytest.mark.parametrize(
    ("type_name", "pointers"),
    [
        (name, pointers)
        for name, required in sorted(REQUIRED.items())
        for pointers in required
        if len(pointers) == 1
    ]
    + [
        ("early_signal.raised", ("/content/finance/amount_cents",)),
        ("early_signal.raised", ("/content/finance/arrears_since",)),
        ("help.team_changed", ("/content/narrative/facts",)),
        ("placement.considered", ("/content/legal_status/measure",)),
        ("protection.announced", ("/content/legal_status/measure",)),
    ],
)
def test_each_missing_piece_is_named(type_name: str, pointers: tuple[str, ...]) -> None:
    """Without one required field the answer names exactly that field."""
    assert missing_content(type_name, without(COMPLETE, *pointers), TODAY) == pointers


@pytest.mark.parametrize(
    ("type_name", "one", "other"),
    [
        ("signal.raised", "/content/narrative/facts", None),
        ("waiting_list.buddy_linked", "/content/contact/fixed_face", "/content/contact/sender"),
    ],
)
def test_one_of_two_suffices(type_name: str, one: str, other: str | None) -> None:
    """Where the document says "any of", one is enough and none is not."""
    form = copy.deepcopy(COMPLETE)
    if other is None:
        codes = at(form, "/content/codes")
        assert isinstance(codes, dict)
        codes["requested_action"] = "call"
        other = "/content/codes/requested_action"
    assert missing_content(type_name, without(form, one), TODAY) == ()
    assert missing_content(type_name, without(form, other), TODAY) == ()
    assert missing_content(type_name, without(form, one, other), TODAY) == (one,)


@pytest.mark.parametrize(
    ("kind", "needs"), [("neglect", "/content/narrative/facts"), ("domestic_violence", None)]
)
def test_early_signals_of_worry_need_facts_instead_of_amounts(kind: str, needs: str | None) -> None:
    """Neglect and violence are told in facts; finance is asked only for arrears. The kind may stand in codes."""
    form = without(COMPLETE, "/content/finance", "/early_kind")
    codes = at(form, "/content/codes")
    assert isinstance(codes, dict)
    codes["early_kind"] = kind
    assert missing_content("early_signal.raised", form, TODAY) == ()
    if needs is not None:
        assert missing_content("early_signal.raised", without(form, needs), TODAY) == (needs,)


def test_sections_that_need_a_field_when_present_may_be_absent() -> None:
    """A team change without narrative and a placement without legal status are complete."""
    form = without(COMPLETE, "/content/narrative", "/content/legal_status")
    assert missing_content("help.team_changed", form, TODAY) == ()
    assert missing_content("placement.considered", form, TODAY) == ()


def test_a_check_in_beyond_four_weeks_is_named() -> None:
    """On the waiting list the next check-in lies at most four weeks ahead."""
    form = copy.deepcopy(COMPLETE)
    meta = at(form, "/content/meta")
    assert isinstance(meta, dict)
    meta["next_check_in"] = "2026-12-20"
    assert missing_content("waiting_list.placed", form, TODAY) == ("/content/meta/next_check_in",)
    assert missing_content("waiting_list.contact_made", form, TODAY) == ()


def test_a_national_status_needs_its_code() -> None:
    """Feedback with outcome vt_status carries the national status code."""
    form = copy.deepcopy(COMPLETE)
    codes = at(form, "/content/codes")
    assert isinstance(codes, dict)
    codes["outcome"] = "vt_status"
    assert missing_content("feedback.given", form, TODAY) == ("/content/codes/vt_status",)
    codes["vt_status"] = "VT-02"
    assert missing_content("feedback.given", form, TODAY) == ()


@pytest.mark.parametrize("empty", ["", []])
def test_empty_is_missing(empty: object) -> None:
    """An empty list of domains, or an empty text, is no answer."""
    form = copy.deepcopy(COMPLETE)
    codes = at(form, "/content/codes")
    assert isinstance(codes, dict)
    codes["domains"] = empty
    assert missing_content("signal.raised", form, TODAY) == ("/content/codes/domains",)


def test_types_not_listed_need_nothing() -> None:
    """A type without a row in section 11 needs only its meta section."""
    assert missing_content("consent.given", {}, TODAY) == ()


def test_the_table_covers_the_document() -> None:
    """Every type that section 11 names and a partner may send has its row here, and no other type has."""
    if not EVENTS.exists():
        pytest.skip("the shared documents are not beside this checkout")
    section = EVENTS.read_text().split("## 11.")[1]
    named = set(
        re.findall(r"[a-z_]+\.[a-z_]+", " ".join(re.findall(r"^\| ([^|]+)\|", section, re.MULTILINE)))
    )
    families = {"acknowledgement.", "referral."}
    by_partners = {name for name, row in CATALOGUE.items() if row.senders != {HUB_KIND}}
    expected = {name for name in named if name in by_partners}
    statuses = {n for n in by_partners if n.startswith(tuple(families)) and CATALOGUE[n].treatment == "ack"}
    assert set(REQUIRED) == expected | statuses
