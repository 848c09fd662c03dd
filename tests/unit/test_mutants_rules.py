"""Grounds, levels, numbers and contact cards at their edges: CONSENT.md sections 6 to 10."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.core.decision import decide, decide_admitted, decide_contact
from hub.core.defaults import DEFAULT_AREAS, DEFAULTS
from hub.core.event_gates import Admitted, admit
from hub.core.facts import facts_from_document
from hub.core.model import Outcome, RecipientDecision
from hub.core.numbers import metadata_refused
from hub.core.policy import read_policy
from hub.core.standing import Standing, compile_standing
from hub.operate.vector_kinds import standing_for
from tests.second_opinion.comparing import both
from tests.second_opinion.enumerated import levels_of_records
from tests.second_opinion.swept import on_ground
from tests.second_opinion.tables import SECTIONS
from tests.unit.core_world import DEFAULTS as WORLD
from tests.unit.dedup_world import (
    BOTH_WAYS,
    KINDS,
    MONDAY,
    STANDING,
    TEAM,
    Document,
    Play,
    facts,
    partner,
    signal,
    to_team,
)

Case = dict[str, Any]
CRISIS_TEAMS = ("crisis_1", "crisis_2")


def verdict(case: Case) -> RecipientDecision:
    """Return the verdict for the only recipient of a case."""
    known = facts_from_document(
        case["facts"], standing_for(case["facts"], case["policy"], WORLD), case["now"]
    )
    (recipient,) = decide(case["event"], known).recipients
    return recipient


def subject(case: Case) -> Case:
    """Return the child of a case."""
    found: Case = case["facts"]["subjects"]["child_1"]
    return found


def exception(case: Case) -> Case:
    """Return the exception of a case."""
    found: Case = case["event"]["recipients"][0]["exception"]
    return found


def with_crisis_teams(*orgs: str) -> Standing:
    """Return the configuration with crisis teams in this order."""
    rows = [*KINDS.items(), *((org, "crisis_team") for org in orgs)]
    return compile_standing(
        directory=[partner(org, kind) for org, kind in rows],
        areas=DEFAULT_AREAS,
        policy={},
        defaults=DEFAULTS,
    )


@pytest.mark.parametrize(
    ("born", "capacity", "reason"),
    [
        ("2014-11-21", None, "ok_good_helper"),
        ("2014-11-22", None, "deny_route"),
        ("2010-11-22", "capable", "ok_good_helper"),
        ("2010-11-21", "capable", "deny_route"),
        ("2012-05-01", "incapable", "deny_route"),
        ("2012-05-01", "perhaps", "hold_capacity_unclear"),
    ],
)
def test_a_good_helper_is_for_twelve_to_fifteen(born: str, capacity: str | None, reason: str) -> None:
    """From the twelfth birthday to the day before the sixteenth, capable or presumed so."""
    case = on_ground("good_helper")
    subject(case).update(birth_date=born, capacity=capacity)
    assert verdict(case).reason == reason


def test_the_police_gets_no_story_to_save_a_life() -> None:
    """On vital interest a crisis team may get narrative and health, the police may not."""
    for kind, goes in (("crisis_team", True), ("police", False)):
        case = on_ground("vital_interest")
        case["facts"]["directory"][1]["kind"] = kind
        found = verdict(case)
        assert found.reason == "ok_vital_interest"
        assert ("narrative" in found.sections, "health" in found.sections) == (goes, goes)


def test_who_reported_is_told_on_a_report_only() -> None:
    """The identity of a reporter goes to Veilig Thuis on a report, and on no other ground."""
    report = on_ground("wmo_5_2_6")
    assert "reporter_identity" in verdict(report).sections
    police = on_ground("police_data_act")
    police["facts"]["directory"][1]["kind"] = "veilig_thuis"
    police["facts"]["police_decisions"][0].update(recipient_kinds=["veilig_thuis"], sections=list(SECTIONS))
    found = verdict(police)
    assert found.reason == "ok_police_data_act"
    assert "reporter_identity" in found.withheld


def test_the_police_may_pass_on_its_own_data() -> None:
    """Data that the police calls its own leave on a decision on record; the same data from a school do not."""
    case = on_ground("police_data_act")
    case["event"]["data_origin"] = "police"
    assert verdict(case).reason == "ok_police_data_act"
    other = on_ground("wmo_5_2_6")
    other["event"]["data_origin"] = "police"
    assert verdict(other).reason == "deny_onward"


def test_every_question_of_the_assessment_counts() -> None:
    """Questions 1 and 2 are always answered, 3 to 5 when 2 is "no"; one left out makes the report incomplete."""
    whole = {"1": "yes", "2": "no", "3": "yes", "4": "no", "5": "yes"}
    for left_out in (None, *whole):
        case = on_ground("wmo_5_2_6")
        exception(case)["assessment"] = {key: value for key, value in whole.items() if key != left_out}
        complete = left_out is None
        assert (verdict(case).reason == "ok_legal_veilig_thuis") == complete, left_out
    short = on_ground("wmo_5_2_6")
    exception(short)["assessment"] = {"1": "no", "2": "yes"}
    assert verdict(short).reason == "ok_legal_veilig_thuis"


@pytest.mark.parametrize("start", range(7))
def test_levels_of_records_in_both_readings(start: int) -> None:
    """Of a consent and an objection or withdrawal at every level both readings say the same (C7 to C9)."""
    for case in levels_of_records(start, 7):
        first, second = both(case, WORLD)
        assert first == second, json.dumps(case)


def test_whole_numbers_of_nine_digits_only() -> None:
    """A whole number of nine digits that passes the test is refused; the first of ten digits is none."""
    assert metadata_refused({"case": 999900006})
    assert metadata_refused({"case": -999900006})
    assert not metadata_refused({"case": 10**9})
    assert not metadata_refused({"case": 10**8})


def test_settings_need_both_parts_of_the_defaults() -> None:
    """Without the standard settings or without the standard terms nothing is valid."""
    assert read_policy({}, DEFAULTS) is not None
    for name in ("policy", "deadlines"):
        assert read_policy({}, {key: value for key, value in DEFAULTS.items() if key != name}) is None


def contact(sender: str, recipient: str, **changes: Any) -> RecipientDecision:
    """Return whether a contact card may go between two organisations of the small world."""
    known = facts(*BOTH_WAYS, **changes)
    return decide_contact(sender, "child_1", recipient, facts_from_document(known, STANDING, MONDAY))


@pytest.mark.parametrize(
    ("sender", "recipient", "changes", "reason"),
    [
        ("school_1", "gp_1", {}, "ok_consent"),
        ("school_1", "nobody", {}, "deny_recipient_unknown"),
        ("nobody", "gp_1", {}, "deny_purpose_unregistered"),
        ("school_1", "youth_work_2", {}, "deny_recipient_scope"),
        ("school_1", "gp_1", {"subjects": []}, "hold_evaluation_error"),
    ],
)
def test_a_contact_card_is_for_one_recipient(
    sender: str, recipient: str, changes: dict[str, Any], reason: str
) -> None:
    """Whatever the verdict, it names the organisation that was asked for, in the first place."""
    found = contact(sender, recipient, **changes)
    assert (found.reason, found.recipient, found.position) == (reason, recipient, 0)


def test_a_contact_card_that_cannot_be_judged_names_its_recipient() -> None:
    """An error that no rule foresees holds the card for the organisation that was asked for."""

    class Broken(list[Any]):
        def __iter__(self) -> Any:
            raise OSError("damaged")

    found = contact("school_1", "gp_1", consents=Broken([1]))
    assert found == RecipientDecision(
        recipient="gp_1",
        outcome=Outcome.HOLD,
        reason="hold_evaluation_error",
        withheld=("meta", "contact"),
    )


def test_a_contact_card_is_held_while_the_settings_are_not_valid() -> None:
    """The reason for which facts cannot be read is the reason of the card."""
    broken = compile_standing(directory=[], areas=[], policy=None, defaults=DEFAULTS)
    found = decide_contact("school_1", "child_1", "gp_1", facts_from_document(facts(), broken, MONDAY))
    assert (found.reason, found.recipient) == ("hold_policy_invalid", "gp_1")


@pytest.mark.parametrize(
    ("mine", "theirs", "reason"),
    [
        ("p1", "p2", "deny_no_consent"),
        ("p1", "p1", "deny_route"),
        ("p1", None, "deny_route"),
        (None, "p2", "deny_route"),
        (None, None, "deny_route"),
    ],
)
def test_within_one_organisation_a_message_goes_from_one_person_to_another(
    mine: str | None, theirs: str | None, reason: str
) -> None:
    """An organisation may send to itself only when it names two different professionals (ROUTING.md section 4)."""
    entry: Document = {"to": {"org": "school_1"}}
    sender: Document = {"org": "school_1", "kind": "school"}
    if theirs is not None:
        entry["professional"] = theirs
    if mine is not None:
        sender["professional"] = mine
    judgement = Play(facts(to_team("gp"))).send(signal(sender=sender, recipients=[entry]))
    assert judgement.decision.recipients[0].reason == reason


def test_a_crisis_warns_only_when_the_hub_asks() -> None:
    """The running hub adds the crisis teams that the sender did not name; the rules alone do not."""
    crisis = signal(type="crisis.reported", purpose="crisis", record=None)
    known = facts_from_document(
        {**facts(), "authenticated_org": "school_1"}, with_crisis_teams(*CRISIS_TEAMS), MONDAY
    )
    admitted = admit(crisis, known)
    assert isinstance(admitted, Admitted)
    warned = decide(crisis, known, warns=True)
    assert warned == decide_admitted(admitted, warns=True)
    assert [found.recipient for found in warned.recipients] == [TEAM, *CRISIS_TEAMS]
    assert [found.recipient for found in decide(crisis, known).recipients] == [TEAM]
    assert decide(crisis, known) == decide_admitted(admitted)
