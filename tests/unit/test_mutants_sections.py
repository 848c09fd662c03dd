"""Sections, stances, areas and teams at their edges: CONSENT.md sections 7 to 11, ROUTING.md sections 3 to 5."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.decision import decide
from hub.core.facts import facts_from_document
from hub.core.history import History, HistoryChanges, Pair
from hub.core.model import Emission, RecipientDecision
from hub.core.routing import crisis_fan_out
from hub.core.sequence import as_result, extend
from hub.operate.vector_kinds import standing_for
from tests.second_opinion.enumerated import FULL_PAYLOAD, NOW, a_consent, a_family, a_question, saying
from tests.second_opinion.swept import a_team, consented
from tests.unit.core_world import DEFAULTS as WORLD
from tests.unit.dedup_world import MONDAY, STANDING, TEAM, Play, child, facts, signal

Case = dict[str, Any]
CHILD_2 = "child_2"


def verdict(case: Case) -> RecipientDecision:
    """Return the verdict for the only recipient of a case."""
    known = facts_from_document(
        case["facts"], standing_for(case["facts"], case["policy"], WORLD), case["now"]
    )
    (recipient,) = decide(case["event"], known).recipients
    return recipient


def about_another(*givers: str) -> Case:
    """Return a case with a narrative about a second child of fourteen, and who consents for that child."""
    case = consented("gp", FULL_PAYLOAD, "17", "school", section_about={"narrative": [CHILD_2]})
    case["facts"]["subjects"][CHILD_2] = a_family("14", None)
    others = saying(dict.fromkeys(givers, "consent"), ("school", "gp"))
    for record in others:
        record["subject_ref"] = CHILD_2
        record["consent_id"] += "_for_2"
        if record["given_by"]["person"] == "child_1":
            record["given_by"]["person"] = CHILD_2
    case["facts"]["consents"] += others
    return case


@pytest.mark.parametrize(
    ("givers", "goes"),
    [
        (("child_1", "parent_1", "parent_2"), True),
        (("child_1",), False),
        (("parent_1", "parent_2"), False),
        ((), False),
    ],
)
def test_another_young_person_consents_together_with_the_parents(givers: tuple[str, ...], goes: bool) -> None:  # noqa: FBT001
    """What is told about another person of 12 to 15 needs that person and the parents; no good helper replaces them."""
    found = verdict(about_another(*givers))
    assert found.reason == "ok_consent"
    assert ("narrative" in found.sections) == goes


def test_colleagues_of_one_team_need_others_to_agree_too() -> None:
    """Within one help a section about another person stays when that person did not consent; the rest goes."""
    case = a_team(stating_needs=True)
    assert verdict(case).sections == ("meta", "contact", "codes")
    case["event"]["section_about"] = {"contact": [CHILD_2]}
    found = verdict(case)
    assert (found.reason, found.sections, found.withheld) == ("ok_same_team", ("meta", "codes"), ("contact",))


def test_colleagues_of_one_team_are_told_of_a_secret_address() -> None:
    """A secret address gives its duty within one help as well."""
    case = a_team(stating_needs=True)
    case["facts"]["subjects"]["child_1"]["protected_address"] = True
    found = verdict(case)
    assert (found.reason, [duty.duty for duty in found.duties]) == ("ok_same_team", ["omit_household_ref"])


@pytest.mark.parametrize("left_out", ["case", "professional of the sender", "professional of the entry"])
def test_a_team_is_found_by_case_and_both_professionals(left_out: str) -> None:
    """Without case or professional nobody is in a team, also when the facts hold a team without it."""
    case = a_team(stating_needs=True)
    case["facts"]["consents"] = []
    team = case["facts"]["help_teams"][0]
    if left_out == "case":
        del case["event"]["case_ref"]
        team["case_ref"] = None
    elif left_out == "professional of the sender":
        del case["event"]["sender"]["professional"]
        team["professionals"][0]["professional"] = None
    else:
        del case["event"]["recipients"][0]["professional"]
        team["professionals"][1]["professional"] = None
    assert verdict(case).reason == "deny_no_consent"


def from_the_child(**changes: Any) -> Case:
    """Return a case of a young person of seventeen with one consent, changed."""
    case = consented("gp", FULL_PAYLOAD, "17", "school")
    case["facts"]["consents"] = [
        row for row in case["facts"]["consents"] if row["consent_id"] == "of_child_1"
    ]
    case["facts"]["consents"][0].update(changes)
    return case


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"evidence_ref": "", "valid_to": "2026-11-20"}, "deny_expired"),
        ({"evidence_ref": "", "valid_to": "2026-11-21"}, "hold_consent_evidence"),
        ({"evidence_ref": "", "valid_to": "2026-11-21T11:59:59+01:00"}, "deny_expired"),
        ({"evidence_ref": "", "valid_to": NOW}, "hold_consent_evidence"),
        ({"evidence_ref": "", "valid_to": "soon"}, "hold_consent_evidence"),
        ({"valid_to": "2026-11-20"}, "deny_expired"),
        ({"evidence_ref": "", "valid_from": "2026-11-22"}, "hold_not_yet_valid"),
    ],
)
def test_evidence_is_asked_only_for_what_has_not_passed(changes: dict[str, Any], reason: str) -> None:
    """An incomplete consent asks for evidence until it ends; after that it has expired (C8)."""
    assert verdict(from_the_child(**changes)).reason == reason


def test_a_whole_objection_that_is_overruled_keeps_nothing_back() -> None:
    """An objection to the contact card is one to everything; a nearer consent overrules it with all its sections."""
    case = from_the_child(recipient={"org": "asked_org"}, sections=["meta", "contact"])
    against = a_consent(
        "child_1",
        consent_id="against",
        decision="objection",
        purpose="crisis",
        recipient={"kind": "gp"},
        sections=["contact", "narrative"],
    )
    case["facts"]["consents"].append(against)
    found = verdict(case)
    assert found.reason == "ok_consent"
    assert "narrative" in found.sections
    against["sections"] = ["narrative"]
    assert "narrative" in verdict(case).withheld


@pytest.mark.parametrize(
    ("measure", "warned"),
    [
        ({"org": "institution", "from": "2026-01-01", "to": None}, True),
        ({"org": "institution", "from": "2026-01-01", "to": "2026-11-22"}, True),
        ({"org": "institution", "from": "2026-01-01", "to": "2026-11-21"}, False),
        ({"org": "institution", "from": "2026-11-22", "to": None}, False),
        ({"org": "", "from": "2026-01-01", "to": None}, False),
        ("institution", False),
    ],
)
def test_who_carries_out_a_measure_today_is_warned_of_a_crisis(measure: Any, warned: bool) -> None:  # noqa: FBT001
    """An institution with a measure in force, and a party to the case, is warned; one whose measure ended is not."""
    case = a_question("school", "certified_institution", ["meta"])
    case["facts"]["directory"][1]["org"] = "institution"
    family = a_family("14", None, measures=[measure])
    case["facts"].update(subjects={"child_1": family}, case_parties={"case_1": ["institution"]})
    known = facts_from_document(case["facts"], standing_for(case["facts"], {}, WORLD), NOW)
    found = crisis_fan_out(subject_ref="child_1", case_ref="case_1", facts=known)
    assert found.alerts == (("institution",) if warned else ())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "ok_consent"),
        ({"reach": "galaxy"}, "hold_ambiguous_owner"),
        ({"reach": None}, "hold_ambiguous_owner"),
        ({"reach": "districts", "districts": "escamp"}, "hold_ambiguous_owner"),
        ({"reach": "districts", "districts": ["escamp"]}, "ok_consent"),
        ({"reach": "city", "districts": "escamp"}, "ok_consent"),
        ({"active_from": "once"}, "hold_ambiguous_owner"),
        ({"active_to": "once"}, "hold_ambiguous_owner"),
        ({"suspended": "no"}, "hold_ambiguous_owner"),
    ],
)
def test_a_partner_that_cannot_be_read_makes_its_kind_ambiguous(changes: dict[str, Any], reason: str) -> None:
    """When a row of the directory of this kind is unreadable nobody is chosen by kind (ROUTING.md sections 3 and 4)."""
    case = from_the_child()
    case["event"]["recipients"] = [{"to": {"kind": "gp"}}]
    case["facts"]["directory"][1].update(changes)
    assert verdict(case).reason == reason


def test_the_smallest_event_is_an_event() -> None:
    """An event with the required fields and no other is judged, when its type asks for no more."""
    smallest = {
        "id": "e1",
        "source": "urn:nld:test:team",
        "type": "closing.requested",
        "time": MONDAY,
        "sender": {"org": TEAM, "kind": "local_team"},
        "sections": ["meta"],
    }
    known = facts_from_document({"authenticated_org": TEAM}, STANDING, MONDAY)
    assert decide(smallest, known).event.reason == "ok_recorded"
    for left_out in smallest:
        less = {name: value for name, value in smallest.items() if name != left_out}
        assert decide(less, known).event.reason == "deny_schema"


def test_messages_are_listed_by_type_and_then_by_receiver() -> None:
    """The form of the vectors lists what is emitted by type first, by receivers second (DEDUP.md section 8)."""
    judgement = Play(facts(subjects={"child_1": child()})).send(signal())
    emissions = tuple(
        Emission(name, to, "ok_match")
        for name, to in (
            ("match.reported", ("school_1", "youth_work_2")),
            ("signal.linked_internally", ("school_1",)),
            ("match.reported", ("gp_1", "school_1")),
        )
    )
    mixed = type(judgement)(
        verdict="match",
        reason=None,
        decision=judgement.decision,
        emissions=emissions,
        suppressed=emissions[1:],
    )
    result = as_result(signal(), mixed)
    assert isinstance(result["emits"], list)
    assert isinstance(result["suppressed"], list)
    assert [(row["type"], row["to"]) for row in result["emits"]] == [
        ("match.reported", ["gp_1", "school_1"]),
        ("match.reported", ["school_1", "youth_work_2"]),
        ("signal.linked_internally", ["school_1"]),
    ]
    assert [row["type"] for row in result["suppressed"]] == ["match.reported", "signal.linked_internally"]


def test_a_pair_that_is_not_remembered_can_lapse() -> None:
    """Forgetting a match that is not there changes nothing."""
    pair = Pair("gp_1", "child_1", "school_1", "child_1", "same_subject")
    assert extend(History(), HistoryChanges(lapsed=(pair,))) == History()
    assert extend(History(pairs=(pair,)), HistoryChanges(lapsed=(pair,))) == History()
