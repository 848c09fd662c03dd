"""Duties that follow from what was shared: opened, due, fulfilled, overdue, and the warm hand-over."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hub.core.course_duties import WARM_HANDOVER, fulfil_duties, open_duties
from hub.core.judgement import Judgement
from hub.core.model import Duty, Emission, Outcome
from hub.core.threads import ALERT, Thread, duty_id
from tests.unit.core_world import NOW, a_child
from tests.unit.terms_world import UID, a_case, allowed, goes_to, reply, rung, sent, told

SOON, LATER = "2026-11-27T23:59:59+01:00", "2026-12-19T23:59:59+01:00"
ELSEWHERE = {"org": "team_kust", "professional": "professional_3"}


def opened(
    judgement: Judgement, event: dict[str, Any] | None = None, **case: Any
) -> tuple[tuple[Thread, ...], tuple[Emission, ...]]:
    """Return the duties that one delivered event opens, and the messages about them."""
    return open_duties(a_case(event or sent(), **case), judgement)


def informing(due_at: str = SOON, reason: str = "ok_vital_interest", **event: Any) -> Thread:
    """Return the duty to inform the subject."""
    receiver = allowed("crisis_a", reason, duties=(Duty("inform_subject", due_at),))
    (thread,), _ = opened(goes_to(receiver), sent(**event))
    return thread


def fulfilled(*threads: Thread, now: str = NOW, **changes: Any) -> list[str]:
    """Return the ids of the duties that one statement of the sender fulfils."""
    event = reply("inform_duty.fulfilled", "school_a", **changes)
    ended, _ = fulfil_duties(a_case(event, now=now, threads=threads, uid="uid-reply"))
    return [str(thread.document["duty"]) for thread in ended]


def with_face(face: Any, **changes: Any) -> dict[str, Any]:
    """Return facts about a child with this fixed face."""
    return {"subjects": {"child_1": a_child(fixed_face=face, **changes)}}


def test_duty_opens_with_its_due_time_and_tells_the_sender() -> None:
    """A delivery without consent opens the duty to inform, and tells the sender until when."""
    receiver = allowed("crisis_a", "ok_vital_interest", duties=(Duty("inform_subject", SOON),))
    (thread,), (message,) = opened(
        goes_to(receiver), sent(case_ref="case_1", record={"ref": "r", "revision": 1})
    )
    assert thread.thread_id == duty_id(UID, "inform_subject")
    assert json.loads(json.dumps(thread.document)) == thread.document
    assert (thread.kind, thread.uid, thread.subject_ref, thread.is_open) == ("duty", UID, "child_1", True)
    assert thread.next_at == "2026-11-27T09:00:00+01:00"
    assert thread.document == {
        "event_id": "event-1",
        "record_ref": "r",
        "duty": "inform_subject",
        "org": "school_a",
        "case_ref": "case_1",
        "urgency": "u3",
        "opened_at": NOW,
        "rule": "inform_subject_vital",
        "due_at": SOON,
        "state": "open",
        "steps": [
            {"at": "2026-11-27T09:00:00+01:00", "do": "near", "level": 1, "audience": "owner"},
            {"at": "2026-11-28T00:00:00+01:00", "do": "missed", "level": 2, "audience": "team_coordinator"},
        ],
        "done": 0,
        "alerts": [],
    }
    assert message.as_json() == {
        "type": "inform_duty.opened",
        "to": ["school_a"],
        "reason": "ok_recorded",
        "basis": None,
    }
    assert message.subjects == (("school_a", "child_1"),)
    assert message.details == (("duty", "inform_subject"), ("due_at", SOON))


def test_each_duty_opens_once_with_the_earliest_due_time() -> None:
    """Several receivers that raise one duty open it once, due at the earliest; duties come in order of their code."""
    receivers = (
        allowed("report_point", "ok_legal_veilig_thuis", duties=(Duty("inform_subject", LATER),)),
        allowed("crisis_a", "ok_vital_interest", duties=(Duty("inform_subject", SOON),)),
        allowed("team_escamp", duties=(Duty("inform_other_parent", SOON), Duty("dlp_alert"))),
        allowed("debt_a", "ok_legal_debt_signal", duties=(Duty("inform_subject", LATER),)),
    )
    threads, messages = opened(goes_to(*receivers))
    found = [(item.document["duty"], item.document["due_at"], item.document["rule"]) for item in threads]
    assert found == [
        ("inform_other_parent", SOON, "inform_other_parent"),
        ("inform_subject", SOON, "inform_subject_vital"),
    ]
    assert [message.details[0][1] for message in messages] == ["inform_other_parent", "inform_subject"]


def test_earliest_due_time_is_found_by_time() -> None:
    """Due times are compared as instants, not as text."""
    later = "2026-11-27T23:30:00Z"
    receivers = [
        allowed("report_point", "ok_legal_veilig_thuis", duties=(Duty("inform_subject", later),)),
        allowed("crisis_a", "ok_vital_interest", duties=(Duty("inform_subject", SOON),)),
    ]
    for order in (receivers, receivers[::-1]):
        (thread,), _ = opened(goes_to(*order))
        assert thread.document["due_at"] == SOON


@pytest.mark.parametrize(
    ("duty", "reason", "rule"),
    [
        ("inform_subject", "ok_legal_veilig_thuis", "inform_subject_other"),
        ("review_inform_deferral", "ok_vital_interest", "inform_review"),
        ("name_contact_person", "ok_vital_interest", "name_contact_person"),
    ],
)
def test_rule_behind_a_duty(duty: str, reason: str, rule: str) -> None:
    """Each duty names the response time of the settings that sets its due time."""
    (thread,), _ = opened(goes_to(allowed("report_point", reason, duties=(Duty(duty, SOON),))))
    assert thread.document["rule"] == rule


def test_held_receivers_open_no_duty() -> None:
    """A duty follows from what leaves, not from what is held."""
    judgement = goes_to(allowed("crisis_a", duties=(Duty("inform_subject", SOON),)))
    held = replace(judgement.decision.recipients[0], outcome=Outcome.HOLD)
    held_only = replace(judgement, deliver=(), decision=replace(judgement.decision, recipients=(held,)))
    assert opened(held_only) == ((), ())


def test_open_duty_is_not_opened_again() -> None:
    """A receiver that is released later does not start the same duty of the same event anew; a closed one does."""
    first = informing()
    receiver = allowed("report_point", "ok_legal_veilig_thuis", duties=(Duty("inform_subject", LATER),))
    assert opened(goes_to(receiver), threads=(first,)) == ((), ())
    closed = replace(first, is_open=False)
    (again,), _ = opened(goes_to(receiver), threads=(closed,))
    assert again.document["due_at"] == LATER


def test_duty_without_a_person_raises_no_alert() -> None:
    """An alert is about a person: without one the duty passes its due time in silence, and stays open."""
    event = sent(
        "consultation.requested", mode="anonymous", purpose="consultation", subject_ref=..., urgency="u4"
    )
    receiver = allowed("expert_a", duties=(Duty("inform_subject", SOON),))
    (thread,), (message,) = opened(goes_to(receiver), event)
    assert message.subjects == ()
    passed = rung(thread, LATER)
    assert passed.own_events == ()
    assert (passed.thread.document["state"], passed.thread.is_open, passed.thread.next_at) == (
        "overdue",
        True,
        None,
    )


def test_clock_warns_and_tells_who_owes_the_duty() -> None:
    """A duty is announced on the morning of its day and overdue after it; the sender owns both alerts."""
    near = rung(informing(urgency="u2", case_ref="case_1"), "2026-11-27T09:00:00+01:00")
    assert told(near.own_events) == [("alert.deadline_near", "inform_subject_vital", 1)]
    assert near.thread.document["state"] == "open"
    missed = rung(near.thread, "2026-11-28T00:00:00+01:00")
    assert told(missed.own_events) == [("alert.deadline_missed", "inform_subject_vital", 2)]
    (event,) = missed.own_events
    assert event["data"] == {
        "uid": UID,
        "owner": "school_a",
        "level": 2,
        "audience": "team_coordinator",
        "rule": "inform_subject_vital",
        "due_at": SOON,
    }
    assert (event["urgency"], event["recipients"]) == ("u2", [{"to": {"org": "school_a"}}])
    assert (event["case_ref"], event["subject_ref"]) == ("case_1", "child_1")
    assert missed.thread.document["state"] == "overdue"
    assert missed.thread.document["alerts"] == [near.own_events[0]["id"], event["id"]]


def test_duty_of_event_without_urgency_is_regular() -> None:
    """Feedback states no urgency; the alert about its duty is a regular one."""
    event = sent("feedback.given", purpose="feedback", urgency=...)
    receiver = allowed("gp_a", duties=(Duty("inform_other_parent", SOON),))
    (thread,), _ = opened(goes_to(receiver), event)
    assert rung(thread, LATER).own_events[0]["urgency"] == "u3"


def test_due_time_tells_two_duties_of_one_event_apart() -> None:
    """A duty that opens again with another due time raises its own alert, not the one that was raised before."""
    ids = {rung(informing(due), LATER).own_events[0]["id"] for due in (SOON, LATER)}
    assert len(ids) == 2


def test_fulfilled_duty_closes() -> None:
    """A duty that is fulfilled in time is over, says when, and the clock forgets it."""
    thread = informing()
    case = a_case(reply("inform_duty.fulfilled", "school_a"), threads=(thread,), uid="uid-reply")
    (ended,), events = fulfil_duties(case)
    assert (ended.is_open, ended.next_at, events) == (False, None, ())
    assert (ended.document["state"], ended.document["fulfilled_at"]) == ("fulfilled", NOW)


def test_late_fulfilment_closes_the_alerts() -> None:
    """A duty that is fulfilled late closes its alerts, also those that nobody had told yet."""
    near = rung(informing(), "2026-11-27T09:00:00+01:00")
    event = reply("inform_duty.fulfilled", "school_a")
    case = a_case(event, now=LATER, threads=(near.thread,), uid="uid-reply")
    (ended,), events = fulfil_duties(case)
    assert [item["type"] for item in events] == ["alert.deadline_missed", "alert.closed", "alert.closed"]
    assert [item["in_reply_to"] for item in events[1:]] == [near.own_events[0]["id"], events[0]["id"]]
    assert {(item["subject_ref"], item["time"]) for item in events} == {("child_1", LATER)}
    assert (ended.document["alerts"], ended.document["state"]) == ([], "fulfilled")


def test_which_duties_a_statement_fulfils() -> None:
    """Without a name the informing is done; a contact person and a review are fulfilled by name only."""
    names = ("inform_other_parent", "inform_subject", "name_contact_person", "review_inform_deferral")
    receiver = allowed("report_point", duties=tuple(Duty(name, SOON) for name in names))
    threads, _ = opened(goes_to(receiver))
    assert fulfilled(*threads) == ["inform_other_parent", "inform_subject"]
    for name in names:
        assert fulfilled(*threads, data={"duty": name}) == [name]
    assert fulfilled(*threads, data={"duty": ["inform_subject"]}) == []


@pytest.mark.parametrize("changes", [{"in_reply_to": "event-2"}, {"in_reply_to": ...}])
def test_statement_about_another_event_fulfils_nothing(changes: dict[str, Any]) -> None:
    """A duty belongs to its event."""
    assert fulfilled(informing(), **changes) == []


def test_only_who_owes_a_duty_fulfils_it() -> None:
    """The statement of another organisation fulfils nothing; nor does another type, nor a closed duty."""
    thread = informing()
    for event in (reply("inform_duty.fulfilled", "school_b"), reply("acknowledgement.seen", "school_a")):
        assert fulfil_duties(a_case(event, threads=(thread,), uid="uid-reply")) == ((), ())
    assert fulfilled(replace(thread, is_open=False)) == []


def test_warm_handover_begins_when_another_team_is_told() -> None:
    """The fixed face works elsewhere than the team that owns the area: a hand-over is due, without a term."""
    (thread,), messages = opened(goes_to("team_escamp"), **with_face(ELSEWHERE))
    assert messages == ()
    assert (thread.thread_id, thread.subject_ref) == (duty_id(UID, WARM_HANDOVER), "child_1")
    assert (thread.is_open, thread.next_at) == (True, None)
    document = thread.document
    assert (document["org"], document["to"], document["due_at"]) == ("team_kust", "team_escamp", None)
    assert (document["state"], document["steps"], document["done"]) == ("open", [], 0)
    assert opened(goes_to("team_escamp"), threads=(thread,), **with_face(ELSEWHERE)) == ((), ())


@pytest.mark.parametrize(
    ("receivers", "facts"),
    [
        (("team_escamp",), {}),
        (("gp_a",), with_face(ELSEWHERE)),
        (("unknown_team",), with_face(ELSEWHERE)),
        ((), with_face(ELSEWHERE)),
        (("team_escamp",), with_face({"org": "team_escamp", "professional": "professional_3"})),
        (("team_escamp",), with_face(ELSEWHERE, residences=[])),
    ],
)
def test_no_handover(receivers: tuple[str, ...], facts: dict[str, Any]) -> None:
    """No hand-over without a fixed face, without a local team, with the right team, or without a known area."""
    assert opened(goes_to(*receivers), **facts) == ((), ())


def test_handover_of_another_person_does_not_count() -> None:
    """A hand-over that goes on for a brother or sister leaves that of this child due."""
    (thread,), _ = opened(goes_to("team_escamp"), **with_face(ELSEWHERE))
    other = replace(thread, subject_ref="child_2")
    threads, _ = opened(goes_to("team_escamp"), threads=(other, informing()), **with_face(ELSEWHERE))
    assert [item.document["duty"] for item in threads] == [WARM_HANDOVER]


def test_handover_that_ended_does_not_count() -> None:
    """A hand-over that is over, and what else goes on about the child, leave a new one due."""
    (thread,), _ = opened(goes_to("team_escamp"), **with_face(ELSEWHERE))
    ended = replace(thread, is_open=False)
    other = Thread(thread_id="alert:x", kind=ALERT, uid="x", subject_ref="child_1")
    threads, _ = opened(goes_to("team_escamp"), threads=(ended, other), **with_face(ELSEWHERE))
    assert [item.document["duty"] for item in threads] == [WARM_HANDOVER]


@pytest.mark.parametrize(("done", "ends"), [(True, True), (False, False), ("yes", False), (None, False)])
def test_handover_ends_with_a_new_face_when_it_was_warm(*, done: object, ends: bool) -> None:
    """The hand-over ends with the event that names the new fixed face and says that it was warm."""
    (thread,), _ = opened(goes_to("team_escamp"), **with_face(ELSEWHERE))
    event = reply("fixed_face.changed", "team_escamp", data={"warm_handover_done": done})
    case = a_case(event, threads=(thread, informing()), uid="uid-reply", **with_face(ELSEWHERE))
    threads, events = fulfil_duties(case)
    assert [(item.thread_id, item.is_open) for item in threads] == (
        [(thread.thread_id, False)] if ends else []
    )
    assert events == ()
