"""The last look before delivery, permits and matches at their edges: CONSENT.md 1 and 12, DEDUP.md 5."""

from __future__ import annotations

from dataclasses import replace

from hub.core.decision import decide
from hub.core.defaults import DEFAULT_AREAS, DEFAULTS
from hub.core.facts import Facts, facts_from_document
from hub.core.history import History, HistoryChanges, Pair
from hub.core.judgement import Judgement
from hub.core.model import Decision, Emission, EventDecision, Outcome, RecipientDecision
from hub.core.permit import permit_of, redact
from hub.core.standing import compile_standing
from tests.unit.dedup_world import (
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
from tests.unit.test_mutants_rules import CRISIS_TEAMS, with_crisis_teams


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
