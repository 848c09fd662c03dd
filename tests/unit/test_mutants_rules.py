"""Grounds, contact cards, permits and the last look at their edges: CONSENT.md sections 9 to 12, DEDUP.md section 5."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hub.core.decision import decide, decide_admitted, decide_contact
from hub.core.defaults import DEFAULT_AREAS, DEFAULTS
from hub.core.event_gates import Admitted, admit
from hub.core.facts import Facts, facts_from_document
from hub.core.history import History, HistoryChanges, Pair
from hub.core.judgement import Judgement
from hub.core.model import Decision, Emission, EventDecision, Outcome, RecipientDecision
from hub.core.numbers import metadata_refused
from hub.core.permit import permit_of, redact
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
    SIGNALS,
    STANDING,
    TEAM,
    Document,
    Play,
    child,
    clock,
    consent,
    coordination,
    fact,
    facts,
    messages,
    partner,
    signal,
    to_team,
)
from tests.unit.test_dedup_recheck import World

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


def test_a_crisis_team_that_nobody_named_is_found_by_its_name() -> None:
    """Before a warning leaves, the verdict is that of its team, in whatever order the directory lies."""
    crisis = signal(type="crisis.reported", purpose="crisis", record=None)
    world = World(
        {**consent("to_crisis", "school", "gp", purpose="crisis"), "recipient": {"org": "crisis_2"}}
    )
    world.standing = with_crisis_teams(*CRISIS_TEAMS)
    world.send(crisis)
    for order in (CRISIS_TEAMS, CRISIS_TEAMS[::-1]):
        world.standing = with_crisis_teams(*order)
        assert world.recheck(crisis, "crisis_2", position=1).reason == "ok_consent"
        assert world.recheck(crisis, "crisis_1", position=1).reason == "deny_recipient_scope"
    world.standing = STANDING
    assert world.recheck(crisis, "crisis_2", position=1).reason == "deny_route"


def test_the_last_look_names_whom_it_was_asked_about() -> None:
    """Notices, own messages and whatever cannot be judged keep their receiver and their place."""
    ended = {"consent_id": "school-team-child_1", "by": "parent_1", "effective_at": MONDAY}
    withdrawal = fact("consent.withdrawn", ended)
    world = World(*SIGNALS)
    world.send(signal())
    told = world.recheck(withdrawal, TEAM, position=3)
    assert (told.recipient, told.position, told.reason) == (TEAM, 3, "ok_withdrawal_notice")
    conflict = Emission("conflict.reported", ("school_1",), "deny_conflict")
    own = world.recheck(signal(), "school_1", emission=conflict)
    assert (own.recipient, own.outcome, own.sections) == ("school_1", Outcome.ALLOW, ("meta",))
    onesided = Emission(
        "match.reported",
        ("gp_1", "school_1"),
        "ok_match",
        "same_subject",
        (("gp_1", "child_1"), ("school_1", "child_1")),
    )
    assert world.recheck(signal(), "gp_1", emission=onesided) == RecipientDecision(
        recipient="gp_1",
        outcome=Outcome.DENY,
        reason="deny_match_onesided",
        withheld=("meta", "contact"),
    )
    damaged = Emission("match.reported", ("gp_1", "school_1"), "ok_match")
    assert world.recheck(signal(), "gp_1", emission=damaged, position=2) == RecipientDecision(
        recipient="gp_1", outcome=Outcome.HOLD, reason="hold_evaluation_error", position=2
    )


def test_the_last_look_gives_the_outcome_of_the_event() -> None:
    """When the settings are not valid at the last look the delivery is held, not refused."""
    world = World(*SIGNALS)
    world.send(signal())
    world.standing = compile_standing(directory=[], areas=[], policy=None, defaults=DEFAULTS)
    found = world.recheck(signal(), TEAM)
    assert (found.outcome, found.reason) == (Outcome.HOLD, "hold_policy_invalid")
    assert found.withheld == ("meta", "contact", "codes")


def test_a_hold_goes_on_while_the_settings_are_at_fault() -> None:
    """A held event whose settings are not valid now keeps its decision until the next turn of time."""
    record = to_team("school", valid_from="2026-11-23T15:00:00+01:00")
    world = World(record)
    held = world.send(signal())
    world.standing = compile_standing(directory=[], areas=[], policy=None, defaults=DEFAULTS)
    assert world.rejudge(signal()) == Judgement(
        verdict="duplicate",
        reason="deny_duplicate",
        decision=held.decision,
        hold_until="2026-11-23T15:00:00+01:00",
    )


def test_a_held_event_of_a_former_partner_is_refused() -> None:
    """When the sender is suspended meanwhile the event is refused, and the memory keeps that."""
    world = World()
    held = world.send(signal())
    (entry,) = held.history.entries
    world.standing = compile_standing(
        directory=[{**partner(org, kind), "suspended": org == "school_1"} for org, kind in KINDS.items()],
        areas=DEFAULT_AREAS,
        policy={},
        defaults=DEFAULTS,
    )
    refused = Decision(EventDecision(Outcome.DENY, "deny_sender"))
    assert world.rejudge(signal()) == Judgement(
        verdict="reevaluated",
        reason=None,
        decision=refused,
        history=HistoryChanges(entries=(replace(entry, decision=refused),)),
    )


def test_a_permit_and_its_delivery_say_the_same() -> None:
    """Recipient, sections, reason and place go from the decision to the permit and from there to the delivery."""
    decision = RecipientDecision(
        recipient="gp_1", outcome=Outcome.ALLOW, reason="ok_consent", sections=("meta", "contact"), position=2
    )
    permit = permit_of({"sections": ["meta", "contact"]}, decision)
    assert permit is not None
    delivery = redact(permit, {"contact": b"card"})
    for made in (permit, delivery):
        assert (made.recipient, made.sections, made.reason, made.position) == (
            "gp_1",
            ("meta", "contact"),
            "ok_consent",
            2,
        )


def brought_together(*orgs: str) -> list[Document]:
    """Return the consents for coordination between the school and these organisations, both ways."""
    kinds = [KINDS[org] for org in orgs]
    return [row for kind in kinds for row in (coordination("school", kind), coordination(kind, "school"))]


def test_every_other_organisation_is_matched_once() -> None:
    """Who signalled twice is matched once, those after it are matched too, and those told before are passed over."""
    play = Play(facts(*SIGNALS, *brought_together("gp_1", "youth_work_2")))
    play.send(signal("gp_1", "g1", "g1"))
    play.send(signal("gp_1", "g2", "g2", domains=["11"]))
    play.send(signal("youth_work_2", "y1", "y1"))
    before = play.history
    both_told = play.send(signal())
    assert messages(both_told) == [
        ("match.reported", ("gp_1", "school_1"), "same_subject"),
        ("match.reported", ("school_1", "youth_work_2"), "same_subject"),
    ]
    again = Play(play.known)
    again.history = replace(before, pairs=(Pair("gp_1", "child_1", "school_1", "child_1", "same_subject"),))
    assert messages(again.send(signal())) == [
        ("match.reported", ("school_1", "youth_work_2"), "same_subject")
    ]


def test_a_near_duplicate_never_speaks_for_its_head() -> None:
    """When the head lies outside the match window its near duplicate, still inside, makes no match."""
    lasting = [
        {**row, "valid_from": "2026-11-30", "valid_to": "2027-11-30"}
        for row in (*SIGNALS, *brought_together("gp_1"))
    ]
    play = Play(facts(*lasting, subjects={"child_1": child()}))
    play.known["consents"] = [
        {**row, "valid_from": "2026-11-01", "valid_to": "2027-10-31"} for row in lasting
    ]
    about = {"sender": {"org": "gp_1", "kind": "gp", "professional": "p1"}}
    play.send(signal("gp_1", "g1", "g1", **about))
    near = play.send(signal("gp_1", "g2", "g2", **about), clock(days=2))
    assert near.verdict == "near_duplicate"
    play.known["consents"] = lasting
    play.known["subjects"]["child_1"]["custody"][0]["checked_on"] = "2027-11-01"
    assert play.send(signal(), clock(days=366)).verdict == "unique"


def test_an_empty_memory_is_a_memory() -> None:
    """Facts that are no object hold the event, whatever the configuration."""
    broken: Facts = facts_from_document(None, STANDING, MONDAY)
    assert decide(signal(), broken).event.reason == "hold_evaluation_error"
    assert Play(history=History()).send(signal()).verdict == "unique"
