"""What goes on over time, compared whole: the register of alerts, messages, questions, referrals. EVENTS.md 5 to 8."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.own_events import alert_event, own_event
from hub.core.ring import ring
from hub.core.threads import Thread
from tests.unit.course_world import (
    CARE,
    CHILD,
    CRISIS_1,
    GP,
    MONDAY,
    REFERRALS,
    SCHOOL,
    TEAM,
    VEILIG_THUIS,
    Document,
    World,
    answer,
    child,
    consent,
    event,
    offer,
    sent,
    told,
)

TUESDAY = "2026-11-03T10:00:00+01:00"
CASE: Document = {"case_parties": {"case_1": (TEAM, SCHOOL)}}
REPORT = consent("school", "local_team", "safety_report")


def safety_report(**changes: Any) -> Document:
    """Return the safety report of a school to the team of the area."""
    return event(
        "signal.raised",
        SCHOOL,
        "report",
        **{
            "recipients": [{"to": {"org": TEAM}}],
            "purpose": "safety_report",
            "urgency": "u2",
            "case_ref": "case_1",
            "digest": "d-report",
            "sections": ["meta", "contact"],
            **changes,
        },
    )


def with_an_alert() -> tuple[World, Document]:
    """Return a world in which the safety alert of a report was judged, and that alert."""
    world = World(REPORT, **CASE)
    (alert,) = world.send(safety_report()).own_events
    found: Document = {**alert, "source": "urn:nld:test:hub"}
    world.send(found)
    return world, found


def test_a_safety_report_raises_one_whole_alert() -> None:
    """The alert names report, case, owner, urgency and the reason for which the owner got the report."""
    world = World(REPORT, **CASE)
    judgement = world.send(safety_report())
    assert judgement.own_events == (
        alert_event(
            "alert.safety",
            f"uid-report\n{TEAM}",
            subject_ref=CHILD,
            owner=TEAM,
            now=MONDAY,
            urgency="u2",
            uid="uid-report",
            case_ref="case_1",
            reason="ok_consent",
        ),
    )


def test_an_alert_is_on_the_register_with_all_it_states() -> None:
    """The register keeps type, id, urgency, case, moment, owner and cause of an alert, and no steps yet."""
    world, alert = with_an_alert()
    (thread,) = world.threads("alert")
    uid = f"uid-{alert['id']}"
    assert thread == Thread(
        thread_id=thread.thread_id,
        kind="alert",
        uid=uid,
        subject_ref=CHILD,
        document={
            "alert": {"state": "raised", "owner": TEAM, "escalations": 0},
            "type": "alert.safety",
            "event_id": alert["id"],
            "urgency": "u2",
            "case_ref": "case_1",
            "raised_at": MONDAY,
            "steps": [],
            "uid": "uid-report",
            "rule": None,
            "due_at": None,
            "level": 0,
            "audience": "owner",
            "reason": "ok_consent",
        },
    )
    assert uid in thread.thread_id


def test_each_step_of_an_alert_is_written_down() -> None:
    """Who did what when: each step of an alert is kept in order."""
    world, alert = with_an_alert()
    for at, step in ((MONDAY, "alert.seen"), (TUESDAY, "alert.taken_up")):
        taken = event(step, TEAM, in_reply_to=alert["id"])
        assert world.send(taken, at).decision.event.outcome == "allow"
    (thread,) = world.threads("alert")
    assert thread.document["steps"] == [
        {"at": MONDAY, "event": "alert.seen", "org": TEAM},
        {"at": TUESDAY, "event": "alert.taken_up", "org": TEAM},
    ]
    assert thread.is_open


def test_an_anonymous_question_raises_no_alert() -> None:
    """Nothing goes on the register about nobody: an event without a person raises no alert."""
    world = World(REPORT, **CASE)
    nobody = safety_report(subject_ref=None)
    assert world.send(nobody).own_events == ()


def test_a_question_names_what_would_cure_and_until_when() -> None:
    """A held event asks its sender for all that is missing, the lowest rank first, once, and says how long it waits."""
    recipients = [{"to": {"org": CARE}}, {"to": {"org": TEAM}}]
    record = consent("gp", "youth_care", "referral", valid_from="2026-12-01")
    unproven = consent("gp", "local_team", "referral", evidence_ref="")
    world = World(record, unproven)
    held = world.send(offer(recipients=recipients))
    assert [item.reason for item in held.decision.recipients] == [
        "hold_not_yet_valid",
        "hold_consent_evidence",
    ]
    (question,) = held.messages
    assert (question.type, question.to, question.reason) == (
        "completion.requested",
        (GP,),
        "hold_consent_evidence",
    )
    assert question.subjects == ((GP, CHILD),)
    assert question.details == (
        ("hold_until", held.hold_until),
        ("reasons", "hold_consent_evidence hold_not_yet_valid"),
    )
    assert held.hold_until == "2026-11-16T23:59:59+01:00"
    assert world.send(offer(recipients=recipients)).messages == ()


def test_the_referrer_hears_that_its_offer_was_received() -> None:
    """The acknowledgement is about the child of the offer and has no details."""
    (message,) = World(*REFERRALS).send(offer()).messages
    assert (message.type, message.to, message.subjects, message.details, message.basis) == (
        "acknowledgement.received",
        (GP,),
        ((GP, CHILD),),
        (),
        None,
    )


def test_a_referral_keeps_the_names_of_its_offer() -> None:
    """The thread of a referral outlasts the memory of its offer: it keeps id, record, moment and what it reopens."""
    world = World(*REFERRALS)
    world.send(offer(data={"reopens": "referral-0"}))
    (thread,) = world.threads("referral")
    kept = {name: thread.document[name] for name in ("event_id", "record_ref", "offered_at", "reopens")}
    assert kept == {
        "event_id": "offer",
        "record_ref": "dossier-1",
        "offered_at": MONDAY,
        "reopens": "referral-0",
    }


def test_a_refused_crisis_step_tells_to_telephone() -> None:
    """A step that the closing gate holds in a crisis names the telephone; outside a crisis it does not."""
    for urgency, duties in ((..., []), ("u1", ["phone_route"]), ("u3", [])):
        world = World(*REFERRALS)
        for step in (
            offer(),
            answer("referral.received"),
            answer("referral.accepted"),
            answer("help.started"),
        ):
            world.send(step)
        refused = world.send(answer("closing.requested", data={"big5": []}, urgency=urgency))
        assert refused.decision.event.reason == "hold_closing_gate"
        assert [duty.duty for duty in refused.decision.event.duties] == duties


def test_a_closing_that_is_blocked_says_why() -> None:
    """The alert about a blocked closing is for who asked for it, with the reason of the gate."""
    world = World(*REFERRALS)
    for step in (offer(), answer("referral.received"), answer("referral.accepted"), answer("help.started")):
        world.send(step)
    blocked = world.send(answer("closing.requested", data={"big5": []}))
    (alert,) = [own for own in blocked.own_events if own["type"] == "alert.closing_blocked"]
    data: Any = alert["data"]
    assert (data["owner"], data["reason"], data["uid"]) == (
        CARE,
        "hold_closing_gate",
        "uid-closing.requested-youth_care_1-5",
    )
    assert alert["urgency"] == "u3"


@pytest.mark.parametrize("named", ["shared", "uid-shared-gp"])
def test_a_reply_is_to_the_event_of_whom_it_is_addressed_to(named: str) -> None:
    """Of two events with one id a reply answers that of whom it goes to; the hub's own id names exactly one."""
    consents = [consent(kind, "local_team", "help_request") for kind in ("school", "gp")]
    world = World(*consents)
    for number, org in enumerate((SCHOOL, GP, CARE)):
        signal = event(
            "signal.raised",
            org,
            "shared",
            recipients=[{"to": {"org": TEAM}}],
            purpose="help_request",
            urgency="u3",
            digest=f"d-{number}",
            domains=[f"0{number + 1}"],
        )
        batch_id = f"uid-shared-{org.split('_')[0]}"
        judge_as(world, signal, batch_id)
    open_before = {thread.uid for thread in world.threads("response") if thread.is_open}
    assert {"uid-shared-school", "uid-shared-gp"} <= open_before
    judge_as(world, reply_to(named, GP), "uid-reply")
    closed = open_before - {thread.uid for thread in world.threads("response") if thread.is_open}
    assert closed <= {"uid-shared-gp"}
    changed = [thread for thread in world.threads("response") if thread.uid == "uid-shared-gp"]
    assert changed


def reply_to(named: str, org: str) -> Document:
    """Return the acknowledgement of the team that a person saw an event."""
    return event("acknowledgement.seen", TEAM, "reply", in_reply_to=named, recipients=[{"to": {"org": org}}])


def judge_as(world: World, document: Document, uid: str) -> None:
    """Judge an event under an id of the hub."""
    from hub.core.batch import Batch

    batch = Batch(world.snapshot, world.standing, MONDAY)
    batch.judge(uid, document["sender"]["org"], document)
    world.snapshot = batch.snapshot()


def test_a_birthday_is_announced_and_reached_with_its_moment() -> None:
    """Each birthday is announced and reached once, by an event of the hub that carries the moment of the clock."""
    world = World(subject=child(birth_date="2010-12-15"))
    world.send(
        event(
            "custody.changed",
            TEAM,
            data={"persons": [{"person": "p1", "role": "guardian", "checked_on": "2026-11-01"}]},
        )
    )
    ages: dict[Any, Thread] = {thread.document["age"]: thread for thread in world.threads("age")}
    thread = ages[16]
    assert thread.next_at == "2026-10-16T00:00:00+02:00"
    rung = ring(thread, MONDAY, world.standing, {})
    data = {"age": 16, "boundary_at": "2026-12-15T00:00:00+01:00"}
    cause = f"{CHILD}\n16\n2026-12-15T00:00:00+01:00"
    assert rung.own_events == (own_event("consent.reconfirmation_requested", cause, CHILD, MONDAY, data),)
    later = "2026-12-15T00:00:00+01:00"
    after = rung.thread
    assert (after.next_at, after.document["done"]) == (later, 1)
    reached = ring(after, later, world.standing, {})
    assert reached.own_events == (own_event("consent.age_boundary_reached", cause, CHILD, later, data),)
    ended = reached.thread
    assert (ended.is_open, ended.next_at, ended.document["done"]) == (False, None, 2)
    world.send(event("subject.registered", TEAM, data={"birth_date": "2010-12-15"}))
    assert [thread.thread_id for thread in world.threads("age") if thread.document["age"] == 16] == [
        thread.thread_id
    ]


def test_own_events_are_only_sent_for_what_is_known() -> None:
    """An alert goes to its owner alone, and a crisis without parties to whoever got it."""
    world = World(consent("school", "crisis_team", "crisis"))
    crisis = event(
        "crisis.reported",
        SCHOOL,
        "crisis",
        recipients=[{"to": {"org": CRISIS_1}}],
        purpose="crisis",
        urgency="u1",
        digest="d-crisis",
    )
    judgement = world.send(crisis)
    assert sent(judgement) == [("alert.crisis", CRISIS_1)]
    assert told(judgement) == []
    assert VEILIG_THUIS not in {item.recipient for item in judgement.deliver}
