"""Alerts over real events: who is warned, who may act, and the register of EVENTS.md section 6."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.defaults import DEFAULTS
from hub.core.standing import compile_standing
from hub.core.threads import Thread
from tests.unit.course_world import (
    CARE,
    CRISIS_1,
    CRISIS_2,
    GP,
    MONDAY,
    SCHOOL,
    TEAM,
    VEILIG_THUIS,
    Document,
    World,
    child,
    directory,
    event,
    offer,
    sent,
    standing,
)

PARTIES: Document = {"case_parties": {"case_1": (TEAM, CARE, "ci_1")}}
FACE = {"org": CARE, "professional": "prof_1"}
MEASURE = {
    "kind": "supervision_order",
    "org": "ci_1",
    "order_ref": "o1",
    "from": "2026-01-01",
    "to": None,
}
VITAL = {
    "ground": "vital_interest",
    "danger": "suicide_risk",
    "why_no_consent": "not_reachable",
    "consulted": "colleague_1",
    "inform_by": "2026-11-10",
    "contact_person": "prof_1",
}


def crisis(*recipients: Document, **changes: Any) -> Document:
    """Return a crisis that a school reports on vital interest to one crisis team."""
    return event(
        "crisis.reported",
        SCHOOL,
        "crisis",
        recipients=list(recipients) or [{"to": {"org": CRISIS_1}, "exception": VITAL}],
        purpose="crisis",
        urgency="u1",
        case_ref="case_1",
        digest="d-crisis",
        **changes,
    )


def family(**changes: Any) -> World:
    """Return a world in which a young person has a fixed face and a measure."""
    return World(subject=child(fixed_face=FACE, measures=[MEASURE]), **{**PARTIES, **changes})


def test_crisis_reaches_every_crisis_team() -> None:
    """The team that the sender did not name gets the content on the same vital interest (ROUTING.md section 5)."""
    judgement = family().send(crisis())
    assert [(item.recipient, item.reason) for item in judgement.deliver] == [
        (CRISIS_1, "ok_vital_interest"),
        (CRISIS_2, "ok_vital_interest"),
    ]


def test_crisis_without_a_ground_is_judged_on_consent() -> None:
    """Without a stated danger the crisis teams are asked for consent like anybody, and the telephone is named."""
    judgement = family().send(crisis({"to": {"org": CRISIS_1}}))
    assert [(item.recipient, item.outcome, item.reason) for item in judgement.decision.recipients] == [
        (CRISIS_1, "deny", "deny_no_consent"),
        (CRISIS_2, "deny", "deny_no_consent"),
    ]


def test_crisis_warns_the_parties_without_content() -> None:
    """Owning team, fixed face and institution get an alert each, in the order of the table."""
    judgement = family().send(crisis())
    assert sent(judgement) == [("alert.crisis", TEAM), ("alert.crisis", CARE), ("alert.crisis", "ci_1")]


def test_alert_reaches_a_party() -> None:
    """The hub's alert is judged like any event: a party to the case gets meta, contact and codes (gate R6)."""
    world = family()
    raised = world.own(world.send(crisis()))
    assert [(item.deliver[0].recipient, item.deliver[0].reason) for item in raised] == [
        (TEAM, "ok_alert"),
        (CARE, "ok_alert"),
        ("ci_1", "ok_alert"),
    ]
    assert [alert(thread)["state"] for thread in world.threads("alert")] == ["raised"] * 3


def test_alert_without_parties_is_on_the_register_only() -> None:
    """Where nobody is a party, the crisis is on the register of the team that got it, and goes to nobody."""
    world = family(case_parties={})
    judgement = world.send(crisis())
    assert sent(judgement) == [("alert.crisis", CRISIS_1)]
    (raised,) = world.own(judgement)
    assert raised.deliver == ()
    assert len(world.threads("alert")) == 1


def test_no_active_crisis_team_leaves_the_telephone() -> None:
    """Without a crisis team the duty says telephone, and the parties are warned all the same."""
    world = family()
    world.standing = standing(suspended=(CRISIS_1, CRISIS_2))
    judgement = world.send(crisis({"to": {"org": VEILIG_THUIS}, "exception": VITAL}))
    assert "phone_route" in [duty.duty for duty in judgement.decision.event.duties]
    assert ("alert.crisis", TEAM) in sent(judgement)


def test_same_crisis_again_raises_nothing() -> None:
    """A repeat wakes nobody; the alert of a cause has one id."""
    world = family()
    first = world.send(crisis())
    again = world.send(crisis())
    assert (again.verdict, again.own_events) == ("duplicate", ())
    assert len({str(own["id"]) for own in first.own_events}) == 3


def test_safety_report_is_on_the_register() -> None:
    """A safety report that somebody got raises alert.safety there."""
    report = event(
        "signal.raised",
        SCHOOL,
        recipients=[
            {
                "to": {"org": VEILIG_THUIS},
                "exception": {
                    "ground": "wmo_5_2_6",
                    "steps": {str(step): "2026-10-30" for step in range(1, 6)},
                    "assessment": {"1": "yes", "2": "yes"},
                    "conversation": {"held_on": "2026-10-30"},
                    "why_no_consent": "refused",
                    "decided_by": "prof_1",
                    "contact_person": "prof_1",
                },
            }
        ],
        purpose="safety_report",
        urgency="u2",
    )
    judgement = World().send(report)
    assert judgement.deliver[0].reason == "ok_legal_veilig_thuis"
    assert ("alert.safety", VEILIG_THUIS) in sent(judgement)


def test_referral_without_owner_raises_its_alert() -> None:
    """A referral to a kind that more than one organisation is goes to nobody, and the city hears of it."""
    world = World()
    judgement = world.send(offer(recipients=[{"to": {"kind": "youth_care"}}]))
    assert judgement.decision.recipients[0].reason == "hold_ambiguous_owner"
    assert sent(judgement) == [("alert.referral_without_owner", GP)]
    data: Any = judgement.own_events[0]["data"]
    assert (data["audience"], data["reason"]) == ("city_coordinator", "hold_ambiguous_owner")
    assert data["candidates"] == [CARE, "youth_care_2"]


def test_two_owners_of_an_area_are_named() -> None:
    """Two rows for one district leave the local team open; those that work there are named."""
    world = World()
    world.standing = compile_standing(
        directory=directory(),
        areas=[
            {"district": "escamp", "partnership": name, "from": "2024-01-01", "to": None}
            for name in ("kracht", "rondomjou")
        ],
        policy={},
        defaults=DEFAULTS,
    )
    judgement = world.send(offer(recipients=[{"to": {"kind": "local_team"}}]))
    data: Any = judgement.own_events[0]["data"]
    assert data["candidates"] == [TEAM]


def test_named_team_in_an_area_without_owner() -> None:
    """A team named by the sender in a district that nobody holds is no choice of the hub: nobody else is named."""
    world = World()
    world.standing = compile_standing(directory=directory(), areas=[], policy={}, defaults=DEFAULTS)
    judgement = world.send(offer(recipients=[{"to": {"org": TEAM}}]))
    data: Any = judgement.own_events[0]["data"]
    assert (data["reason"], data["candidates"]) == ("hold_no_owner", [])


def alert(thread: Thread) -> Document:
    """Return the state of an alert."""
    found: Any = thread.document["alert"]
    return dict(found)


def raised_world() -> tuple[World, str]:
    """Return a world with one alert of the local team, and the hub's id of it."""
    world = family(case_parties={"case_1": (TEAM,)})
    world.own(world.send(crisis()))
    (thread,) = world.threads("alert")
    return world, thread.uid


def test_owner_sees_takes_up_answers_and_closes() -> None:
    """The steps of the table, taken by the organisation that must act; its steps are written down."""
    world, uid = raised_world()
    for name, data in (("seen", {}), ("taken_up", {}), ("answered", {"outcome": "taken_up"}), ("closed", {})):
        step = event(f"alert.{name}", TEAM, in_reply_to=uid, data=data)
        assert world.send(step, MONDAY).decision.event.reason == "ok_recorded", name
    (thread,) = world.threads("alert")
    steps: Any = thread.document["steps"]
    assert (alert(thread)["state"], thread.is_open) == ("closed", False)
    assert [item["event"] for item in steps] == [
        "alert.seen",
        "alert.taken_up",
        "alert.answered",
        "alert.closed",
    ]


@pytest.mark.parametrize(
    ("name", "org", "reason"),
    [
        ("alert.taken_up", GP, "deny_lifecycle_actor"),
        ("alert.answered", TEAM, "deny_lifecycle_order"),
        ("alert.handed_over", TEAM, "deny_schema"),
    ],
)
def test_refused_steps_of_an_alert(name: str, org: str, reason: str) -> None:
    """Another organisation, another order or missing data is refused, and the alert stays as it was."""
    world, uid = raised_world()
    judgement = world.send(event(name, org, in_reply_to=uid))
    assert judgement.decision.event.reason == reason
    assert alert(world.threads("alert")[0])["state"] == "raised"


def test_handed_over_alert_has_a_new_owner() -> None:
    """After the hand-over only the new owner may act."""
    world, uid = raised_world()
    world.send(event("alert.handed_over", TEAM, in_reply_to=uid, data={"new_owner": CARE}))
    seen = event("alert.seen", TEAM, in_reply_to=uid)
    assert world.send(seen).decision.event.reason == "deny_lifecycle_actor"
    assert world.send(event("alert.seen", CARE, in_reply_to=uid)).decision.event.reason == "ok_recorded"


def test_hub_escalates_and_closes() -> None:
    """The hub escalates at most three times, and closes what is cured."""
    world, uid = raised_world()
    escalated = event("alert.escalated", "hub", in_reply_to=uid)
    reasons = [world.send(escalated).decision.event.reason for _ in range(4)]
    assert reasons == ["ok_recorded"] * 3 + ["deny_lifecycle_order"]
    assert world.send(event("alert.closed", "hub", in_reply_to=uid)).decision.event.reason == "ok_recorded"
    assert not world.threads("alert")[0].is_open


def test_step_of_no_alert() -> None:
    """What answers nothing is recorded; what answers an event that is no alert does not fit any state."""
    world = family()
    world.send(crisis())
    assert world.send(event("alert.seen", TEAM)).decision.event.reason == "ok_recorded"
    strange = world.send(event("alert.seen", TEAM, in_reply_to="crisis"))
    assert strange.decision.event.reason == "deny_lifecycle_order"


def test_alert_with_an_unreadable_owner_belongs_to_nobody() -> None:
    """An alert that names no owner in text is raised, and nobody but the hub may move it."""
    world = family()
    (own, *_) = world.send(crisis()).own_events
    data: Any = own["data"]
    strange = {
        **own,
        "id": "strange",
        "digest": "x",
        "source": "urn:nld:test:hub",
        "data": {**data, "owner": 3},
    }
    world.send(strange)
    assert alert(world.threads("alert")[-1])["owner"] is None


def test_alert_that_does_not_fit_is_refused() -> None:
    """An alert with settings that cannot be read, or a subject that is none, raises nothing; nor does a stranger."""
    world = family()
    (own, *_) = world.send(crisis()).own_events
    forged = {
        **own,
        "id": "forged",
        "digest": "x",
        "source": "urn:nld:test:gp",
        "sender": {"org": GP, "kind": "gp"},
    }
    assert world.send(forged).decision.event.reason == "deny_type_not_allowed"
    assert world.threads("alert") == []


def test_event_about_nobody_raises_no_alert() -> None:
    """A question that names nobody warns nobody, however urgent."""
    question = event(
        "consultation.requested",
        SCHOOL,
        recipients=[{"to": {"org": VEILIG_THUIS}}],
        purpose="consultation",
        mode="anonymous",
        urgency="u1",
        subject_ref=...,
        anonymity_check="clean",
    )
    judgement = World().send(question)
    assert judgement.deliver
    assert (judgement.own_events, judgement.threads) == ((), ())
