"""What a reply answers, and what goes on because of an event: EVENTS.md sections 5 to 8, hub/core/course*.py."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.course_move import answered, replied
from hub.core.dedup_case import Case
from hub.core.event_gates import Admitted, admit
from hub.core.facts import facts_from_document
from hub.core.history import Entry, History
from hub.core.judge import open_case
from hub.core.model import Decision, EventDecision, Outcome
from hub.core.threads import REFERRAL, Thread, referral_id
from tests.unit.course_world import (
    CARE,
    CHILD,
    CRISIS_1,
    GP,
    MONDAY,
    SCHOOL,
    TEAM,
    Document,
    World,
    child,
    consent,
    event,
    standing,
)

OTHER_CHILD = "child_2"
ACCEPTED = Decision(EventDecision(Outcome.ALLOW, "ok_accepted"))


def remembered(entry_id: str, event_id: str, org: str, kind: str, subject_ref: str = CHILD) -> Entry:
    """Return what is remembered of one event."""
    return Entry(
        entry_id=entry_id,
        source=f"urn:nld:test:{org}",
        event_id=event_id,
        org=org,
        kind=kind,
        type="signal.raised",
        at=MONDAY,
        subject_ref=subject_ref,
        decision=ACCEPTED,
    )


def replying(named: str, entries: list[Entry], *threads: Thread, **changes: Any) -> Case:
    """Return the case of a reply of the team that names an event."""
    reply = event("acknowledgement.seen", TEAM, **{"recipients": [{"to": {"org": GP}}], **changes})
    reply["in_reply_to"] = named
    facts = facts_from_document({"authenticated_org": TEAM, "subjects": {CHILD: child()}}, standing(), MONDAY)
    admitted = admit(reply, facts)
    assert isinstance(admitted, Admitted)
    return open_case(admitted, facts, History(tuple(entries), (), threads), "uid-reply")


def test_the_hub_s_own_id_names_exactly_one_event() -> None:
    """An event whose sender happened to call it by the hub's id of another does not get the other's reply."""
    entries = [remembered("uid-a", "uid-b", SCHOOL, "school"), remembered("uid-b", "e1", GP, "gp")]
    assert replied(replying("uid-b", entries)) == {"uid-b"}
    assert replied(replying("uid-b", entries, recipients=[{"to": {"org": SCHOOL}}])) == {"uid-b"}


def test_of_two_events_with_one_id_that_about_the_person_counts() -> None:
    """A reply that names a person answers the event about that person."""
    entries = [
        remembered("uid-a", "e1", SCHOOL, "school", OTHER_CHILD),
        remembered("uid-b", "e1", CARE, "youth_care"),
    ]
    assert replied(replying("e1", entries)) == {"uid-b"}
    assert replied(replying("e1", entries, subject_ref=...)) == {"uid-a", "uid-b"}


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ({"org": GP}, {"uid-b"}),
        ({"kind": "gp"}, {"uid-b"}),
        ({"org": SCHOOL}, {"uid-a"}),
        ({"kind": "school"}, {"uid-a"}),
        ({"org": CRISIS_1}, {"uid-a", "uid-b"}),
    ],
)
def test_of_two_events_with_one_id_that_of_the_receiver_of_the_reply_counts(
    to: Document, expected: set[str]
) -> None:
    """A reply goes to whoever sent what it answers, by name or by kind; to anybody else it tells nothing."""
    entries = [remembered("uid-a", "e1", SCHOOL, "school"), remembered("uid-b", "e1", GP, "gp")]
    assert replied(replying("e1", entries, recipients=[{"to": to}])) == expected


def test_a_reply_is_about_what_goes_on_with_its_event_only() -> None:
    """Of several referrals a reply is about the one that its event began, or that knows the event as a revision."""
    documents: list[tuple[str, Document]] = [
        ("uid-a", {}),
        ("uid-c", {}),
        ("uid-d", {"events": ["uid-a"]}),
    ]
    first, second, revised = (
        Thread(thread_id=referral_id(uid), kind=REFERRAL, uid=uid, subject_ref=CHILD, document=document)
        for uid, document in documents
    )
    case = replying("e1", [remembered("uid-a", "e1", GP, "gp")], first, second, revised)
    assert answered(case, REFERRAL) == [first, revised]
    assert answered(case, "duty") == []


def test_the_cause_of_lowest_rank_asks() -> None:
    """Of several causes of a hold the one of lowest rank speaks, whatever its letters; all are named by rank."""
    held = World().send(
        event(
            "signal.raised",
            SCHOOL,
            recipients=[{"to": {"org": "lt_rondomjou_centrum"}}, {"to": {"kind": "youth_work"}}],
            purpose="help_request",
            urgency="u3",
        )
    )
    assert [item.reason for item in held.decision.recipients] == ["hold_area_mismatch", "hold_no_owner"]
    (question,) = held.messages
    assert question.reason == "hold_no_owner"
    assert dict(question.details)["reasons"] == "hold_no_owner hold_area_mismatch"


def answered_signal(reply: Document | None) -> World:
    """Return a world in which the team got a signal of the school, and replied."""
    world = World(consent("school", "local_team", "help_request"))
    world.send(
        event(
            "signal.raised",
            SCHOOL,
            "signal",
            recipients=[{"to": {"org": TEAM}}],
            purpose="help_request",
            urgency="u3",
            digest="d-signal",
        )
    )
    if reply is not None:
        world.send(reply)
    return world


def test_only_an_accepted_reply_answers_what_is_owed() -> None:
    """What the team owes a signal changes by its acknowledgement, and not by one that is refused."""
    seen = event(
        "acknowledgement.seen",
        TEAM,
        in_reply_to="signal",
        recipients=[{"to": {"org": SCHOOL}}],
        digest="d-seen",
    )
    waiting = answered_signal(None).threads("response")
    assert [(thread.uid, thread.is_open) for thread in waiting] == [("uid-signal", True)]
    assert answered_signal(seen).threads("response") != waiting
    refused = {**seen, "sections": ["meta", "narrative"]}
    assert answered_signal(refused).threads("response") == waiting


def test_a_duty_that_opens_goes_on() -> None:
    """What was delivered without consent leaves the duty to inform, which is kept until it is fulfilled."""
    vital = {
        "ground": "vital_interest",
        "danger": "suicide_risk",
        "why_no_consent": "not_reachable",
        "consulted": "colleague_1",
        "inform_by": "2026-11-10",
        "contact_person": "prof_1",
    }
    world = World()
    judgement = world.send(
        event(
            "crisis.reported",
            SCHOOL,
            "crisis",
            recipients=[{"to": {"org": CRISIS_1}, "exception": vital}],
            purpose="crisis",
            urgency="u2",
            digest="d-crisis",
        )
    )
    assert "inform_subject" in {duty.duty for item in judgement.deliver for duty in item.duties}
    assert [(thread.uid, thread.is_open) for thread in world.threads("duty")] == [("uid-crisis", True)]


def test_a_birthday_that_is_known_is_not_told_again() -> None:
    """A change of facts that leaves the birth date as it is leaves the birthdays as they are."""
    world = World(subject=child(birth_date="2010-12-15"))
    first = world.send(event("address.changed", TEAM, data={"district": "laak", "from": "2026-11-01"}))
    assert {thread.kind for thread in first.threads} == {"age"}
    again = world.send(event("address.changed", TEAM, data={"district": "escamp", "from": "2026-11-02"}))
    assert again.facts
    assert again.threads == ()
