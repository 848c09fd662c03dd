"""Response times of receivers: which begin, which a reply stops, and what happens to their alerts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from hub.core.course_terms import answer_responses, drop_responses, start_responses
from hub.core.course_terms_rules import ASKING, RULES
from hub.core.course_terms_steps import deadline_document, deadline_of, instant_of, rule_deadline
from hub.core.defaults import DEADLINE_RULES
from hub.core.threads import DUTY, Thread, response_id
from tests.second_opinion import deadlines as calendar
from tests.unit.core_world import DEFAULTS, NOW
from tests.unit.terms_world import (
    UID,
    a_case,
    allowed,
    begun,
    deadlines,
    goes_to,
    reply,
    rung,
    sent,
    told,
)

SUNDAY_NIGHT = "2026-12-27T23:30:00+01:00"
"""Between Christmas and New Year: weekends and holidays lie ahead."""

LATER = "2026-12-31T12:00:00+01:00"
POLICY = {"deadlines": DEFAULTS["deadlines"], "extra_holidays": []}
REPORT = {"ground": "wmo_5_2_6"}
DEFERRED = {**REPORT, "inform_deferral": {"reason": "danger_to_child", "reviewer": "professional_9"}}


def report(exception: dict[str, Any] | None = None, **changes: Any) -> Thread:
    """Return the response thread of a report to Veilig Thuis."""
    to: dict[str, Any] = {"to": {"org": "report_point"}, "exception": exception or REPORT}
    event = sent(urgency="u2", purpose="safety_report", recipients=[to], **changes)
    (thread,) = begun(event, allowed("report_point", "ok_legal_veilig_thuis"))
    return thread


def crisis(*receivers: str, **case: Any) -> tuple[Thread, ...]:
    """Return the response threads of a crisis."""
    event = sent("crisis.reported", urgency="u1", purpose="crisis", case_ref="case_1")
    return begun(event, *receivers, **case)


def after(thread: Thread, event: dict[str, Any], now: str = NOW) -> Thread:
    """Return the thread after one reply that changes it."""
    (changed,), _ = answer_responses(a_case(event, now=now, threads=(thread,), uid="uid-reply"))
    return changed


def stopped(thread: Thread, event: dict[str, Any]) -> set[str]:
    """Return the rules of a thread that one event stops."""
    changed, _ = answer_responses(a_case(event, threads=(thread,), uid="uid-reply"))
    return {
        rule
        for item in changed
        for rule, deadline in deadlines(item).items()
        if deadline.answered_at is not None
    }


def test_rules_of_table_are_rules_of_settings() -> None:
    """Each rule of the table has a term in the settings, and asks about types that ask."""
    assert RULES.keys() <= DEADLINE_RULES
    assert all(rule.types <= ASKING for rule in RULES.values())
    others = DEADLINE_RULES - RULES.keys()
    assert others == {
        "waiting_list_check_in",
        "waiting_list_alarm",
        "hold_expiry",
        "inform_other_parent",
        "inform_subject_vital",
        "inform_subject_other",
        "inform_review",
        "name_contact_person",
    }


@pytest.mark.parametrize(
    ("event", "org", "rules"),
    [
        (sent(urgency="u1"), "team_escamp", {"u1_delivery", "u1_human_ack"}),
        (sent(urgency="u2"), "team_escamp", {"u2_technical_ack", "u2_human_ack"}),
        (sent(urgency="u3"), "team_escamp", {"u3_technical_ack", "u3_human_ack", "u3_feedback"}),
        (sent(urgency="u4"), "team_escamp", {"u4_human_ack", "u4_feedback"}),
        (
            sent("referral.offered", "gp_a", purpose="referral"),
            "team_escamp",
            {"u3_technical_ack", "u3_human_ack", "u3_decision", "u3_feedback"},
        ),
        (
            sent("referral.offered", "gp_a", purpose="referral", urgency="u4"),
            "team_escamp",
            {"u4_human_ack", "u4_feedback"},
        ),
        (
            sent("crisis.reported", purpose="crisis", urgency="u1"),
            "crisis_a",
            {"u1_delivery", "u1_human_ack", "u1_on_site", "u1_follow_up"},
        ),
        (
            sent("crisis.reported", purpose="crisis", urgency="u1"),
            "report_point",
            {"u1_delivery", "u1_human_ack", "u1_follow_up"},
        ),
        (
            sent(
                "early_signal.raised",
                "energy_a",
                purpose="debt_early_signal",
                early_kind="payment_arrears",
            ),
            "debt_a",
            {"u3_technical_ack", "u3_human_ack", "u3_feedback", "debt_first_talk"},
        ),
        (
            sent(
                "early_signal.raised",
                "energy_a",
                purpose="debt_early_signal",
                early_kind="payment_arrears",
                urgency="u2",
            ),
            "debt_a",
            {"u2_technical_ack", "u2_human_ack", "debt_threatened"},
        ),
        (
            sent("early_signal.raised", "energy_a", purpose="debt_early_signal", early_kind="neglect"),
            "debt_a",
            {"u3_technical_ack", "u3_human_ack", "u3_feedback"},
        ),
        (
            sent(
                "early_signal.raised",
                "energy_a",
                purpose="debt_early_signal",
                early_kind="payment_arrears",
            ),
            "team_escamp",
            {"u3_technical_ack", "u3_human_ack", "u3_feedback"},
        ),
    ],
)
def test_rules_that_begin(event: dict[str, Any], org: str, rules: set[str]) -> None:
    """An event begins the rules of its urgency, type and receiver, and no others."""
    (thread,) = begun(event, org)
    assert deadlines(thread).keys() == rules


@pytest.mark.parametrize("rule", sorted(RULES.keys() - {"vt_inform_extension"}))
@pytest.mark.parametrize("received_at", [NOW, SUNDAY_NIGHT, "2026-03-28T12:00:00+01:00"])
def test_due_instants_are_those_of_calendar(rule: str, received_at: str) -> None:
    """Each due instant is the one that an independent calendar finds, and the alarm comes one second later."""
    row = RULES[rule]
    type_name = min(row.types) if "signal.raised" not in row.types else "signal.raised"
    changes: dict[str, Any] = {"urgency": row.urgency}
    org, receiver = "school_a", allowed("crisis_a", "ok_legal_veilig_thuis")
    if type_name != "signal.raised":
        changes["purpose"] = "crisis"
    if type_name == "early_signal.raised":
        org, receiver = "energy_a", allowed("debt_a")
        changes |= {"purpose": "debt_early_signal", "early_kind": "payment_arrears"}
    if type_name == "referral.offered":
        org, changes["purpose"] = "gp_a", "referral"
    (thread,) = begun(sent(type_name, org, **changes), receiver, now=received_at)
    deadline = deadlines(thread)[rule]
    due = calendar.due(rule, datetime.fromisoformat(received_at), POLICY)
    assert deadline.due_at == calendar.written(due)
    missed = next(step for step in deadline.steps if step.do == "missed")
    assert (instant_of(missed.at) - instant_of(deadline.due_at)).total_seconds() == 1


def test_document_of_response_is_plain_json() -> None:
    """A thread survives being written down: codes and instants only, and its clock begins with the earliest step."""
    (thread,) = begun(sent(case_ref="case_1", record={"ref": "record_1", "revision": 1}))
    assert json.loads(json.dumps(thread.document)) == thread.document
    assert thread.thread_id == response_id(UID, "team_escamp")
    assert (thread.kind, thread.uid, thread.subject_ref, thread.is_open) == ("response", UID, "child_1", True)
    assert {name: value for name, value in thread.document.items() if name not in {"terms", "alerts"}} == {
        "event_id": "event-1",
        "record_ref": "record_1",
        "type": "signal.raised",
        "org": "team_escamp",
        "sender": "school_a",
        "urgency": "u3",
        "case_ref": "case_1",
        "received_at": NOW,
    }
    assert thread.next_at == "2026-11-21T12:05:01+01:00"


def test_steps_of_human_acknowledgement_are_the_ladder() -> None:
    """At u3: near on the due date 09:00, missed when due, and two working days later the network coordinator."""
    (thread,) = begun(sent())
    steps = [
        (step.at, step.do, step.level, step.audience) for step in deadlines(thread)["u3_human_ack"].steps
    ]
    assert steps == [
        ("2026-11-24T09:00:00+01:00", "near", 1, "owner"),
        ("2026-11-25T00:00:00+01:00", "missed", 2, "team_coordinator"),
        ("2026-11-27T00:00:00+01:00", "escalate", 3, "network_coordinator"),
    ]


def test_steps_of_crisis_are_minutes() -> None:
    """At u1: near after ten minutes, missed after fifteen, network coordinator after thirty."""
    (thread,) = crisis("crisis_a")
    steps = [step.at[11:19] for step in deadlines(thread)["u1_human_ack"].steps]
    assert steps == ["12:10:00", "12:15:01", "12:30:01"]


def test_elapsed_terms_are_near_after_two_thirds() -> None:
    """Two hours on site are announced after 80 minutes; delivery itself is never announced."""
    (thread,) = crisis("crisis_a")
    found = deadlines(thread)
    assert [(step.at[11:19], step.do) for step in found["u1_on_site"].steps] == [
        ("13:20:00", "near"),
        ("14:00:01", "missed"),
    ]
    assert [step.do for step in found["u1_delivery"].steps] == ["missed"]


def test_announcement_is_left_out_when_it_would_come_too_late() -> None:
    """A term that is due before the morning of its day, or that begins after it, is not announced."""
    policy = {"deadlines": {"vt_inform_subjects": {"unit": "days", "count": 1}}}
    early = a_case(sent(urgency="u2"), now="2026-11-21T12:00:00+01:00", policy=policy).situation
    late = instant_of("2026-11-22T09:00:00+01:00")
    assert len(rule_deadline("vt_inform_subjects", early.now, early.policy).steps) == 2
    begun_late = rule_deadline("vt_inform_subjects", late, early.policy, counted_from=early.now)
    assert [step.do for step in begun_late.steps] == ["missed"]
    hours = {"deadlines": {"u3_human_ack": {"unit": "hours", "count": 1}}}
    (thread,) = begun(sent(), policy=hours)
    assert [step.do for step in deadlines(thread)["u3_human_ack"].steps] == ["missed", "escalate"]


def test_announcement_is_left_out_when_it_would_come_at_the_due_instant() -> None:
    """A term that is due at 09:00 is missed after it, not announced at it."""
    hours = {"deadlines": {"u3_human_ack": {"unit": "hours", "count": 21}}}
    (thread,) = begun(sent(), policy=hours)
    deadline = deadlines(thread)["u3_human_ack"]
    assert deadline.due_at == "2026-11-22T09:00:00+01:00"
    assert [step.do for step in deadline.steps] == ["missed", "escalate"]


def test_elapsed_terms_count_real_time() -> None:
    """Two thirds of a term are two thirds of real time, also in the night in which the clock is set back."""
    (thread,) = crisis("crisis_a", now="2026-10-25T02:00:00+02:00")
    steps = [step.at for step in deadlines(thread)["u1_on_site"].steps]
    assert steps == ["2026-10-25T02:20:00+01:00", "2026-10-25T03:00:01+01:00"]


def test_term_beyond_calendar_is_never_late() -> None:
    """A term that ends with the calendar's last second has no step after it."""
    policy = {"deadlines": {"u3_feedback": {"unit": "weeks", "count": 10_000_000}}}
    (thread,) = begun(sent(), policy=policy)
    deadline = deadlines(thread)["u3_feedback"]
    assert (deadline.due_at, [step.do for step in deadline.steps]) == ("9999-12-31T23:59:59+01:00", ["near"])


@pytest.mark.parametrize(
    "event",
    [
        sent("feedback.given", purpose="feedback", urgency=...),
        sent("waiting_list.placed", "youth_care_a", purpose="waiting_list_support"),
        sent("consultation.requested", mode="anonymous", purpose="consultation", subject_ref=...),
        sent("consultation.requested", mode="anonymous", purpose="consultation"),
        sent(urgency="u0"),
    ],
)
def test_nothing_begins(event: dict[str, Any]) -> None:
    """Types that ask nothing, anonymous questions and u0 leave no response behind."""
    assert begun(event) == ()


def test_hub_is_owed_no_answer() -> None:
    """An event of the hub itself starts no response time at its receivers."""
    case = a_case(sent())
    of_hub = replace(case.admitted, event=case.event._replace(sender_kind="hub"))
    case = replace(case, admitted=of_hub)
    assert start_responses(case, goes_to("team_escamp")) == ()


def test_identified_consultation_asks() -> None:
    """A question about a named person is owed an answer, and the answer stops every term."""
    (thread,) = begun(sent("consultation.requested", mode="identified", purpose="consultation"), "expert_a")
    event = reply("consultation.answered", "expert_a")
    assert stopped(thread, event) == {"u3_technical_ack", "u3_human_ack", "u3_feedback"}


def test_follow_up_is_owed_once_and_first_by_crisis_team() -> None:
    """One receiver owes the follow-up: a crisis team when there is one, else the first."""
    threads = crisis("report_point", "crisis_a", "police_a")
    assert [thread.document["org"] for thread in threads if "u1_follow_up" in deadlines(thread)] == [
        "crisis_a"
    ]
    threads = crisis("report_point", "police_a")
    assert [thread.document["org"] for thread in threads if "u1_follow_up" in deadlines(thread)] == [
        "report_point"
    ]


def test_follow_up_is_not_owed_again_by_who_gets_it_later() -> None:
    """A receiver whose hold is released later does not owe a second follow-up of the same crisis."""
    earlier = crisis("report_point")
    (later,) = crisis("crisis_a", threads=earlier)
    assert "u1_follow_up" not in deadlines(later)
    first, _ = crisis("report_point", "crisis_a")
    (later,) = crisis("police_a", threads=[first])
    assert "u1_follow_up" not in deadlines(later), "the crisis team owed it, whatever became of that"
    (other,) = crisis("crisis_a", threads=[*earlier], uid="another-crisis")
    assert "u1_follow_up" in deadlines(other)


def test_nobody_owes_a_follow_up_when_nobody_gets_it() -> None:
    """A crisis that goes to nobody leaves no response thread."""
    event = sent("crisis.reported", urgency="u1", purpose="crisis")
    assert start_responses(a_case(event), goes_to()) == ()


def test_terms_of_veilig_thuis() -> None:
    """A report without consent begins the terms of Veilig Thuis; five working days, ten and four weeks."""
    found = {rule: deadline.due_at[:10] for rule, deadline in deadlines(report()).items() if rule[:2] == "vt"}
    assert found == {
        "vt_safety_assessment": "2026-11-27",
        "vt_investigation": "2027-01-30",
        "vt_inform_subjects": "2026-12-19",
    }


def test_deferred_informing_has_two_weeks_more() -> None:
    """A deferral with a reason moves the term of informing by its extension: one term, six weeks."""
    found = deadlines(report(DEFERRED))
    assert "vt_inform_subjects" not in found
    assert found["vt_inform_extension"].due_at == "2027-01-02T23:59:59+01:00"
    assert found["vt_inform_extension"].steps[0].at == "2027-01-02T09:00:00+01:00"


def test_receiver_beside_the_named_ones_has_no_deferral() -> None:
    """A receiver that the sender did not name has no exception of its own."""
    receiver = allowed("report_point", "ok_legal_veilig_thuis", position=7)
    (thread,) = begun(sent(urgency="u2", purpose="safety_report"), receiver)
    assert "vt_inform_subjects" in deadlines(thread)


HUMAN = {"u3_technical_ack", "u3_human_ack"}


@pytest.mark.parametrize(
    ("type_name", "rules"),
    [
        ("acknowledgement.received", {"u3_technical_ack"}),
        ("acknowledgement.seen", HUMAN),
        ("acknowledgement.picked_up", HUMAN),
        ("acknowledgement.not_picked_up", HUMAN),
        ("referral.received", HUMAN),
        ("referral.accepted", HUMAN | {"u3_decision"}),
        ("referral.declined", HUMAN | {"u3_decision", "u3_feedback"}),
        ("referral.redirected", HUMAN | {"u3_decision", "u3_feedback"}),
        ("feedback.given", HUMAN | {"u3_feedback"}),
        ("help.started", HUMAN | {"u3_feedback"}),
        ("experience.returned", {"u3_feedback"}),
        ("feedback.read", set()),
        ("help.paused", set()),
    ],
)
def test_replies_to_referral(type_name: str, rules: set[str]) -> None:
    """Each reply of the receiver stops the response times that it answers, and no others."""
    (thread,) = begun(sent("referral.offered", "gp_a", purpose="referral"))
    assert stopped(thread, reply(type_name)) == rules


@pytest.mark.parametrize(
    ("type_name", "rules"),
    [
        ("crisis.confirmed", {"u1_delivery", "u1_human_ack", "u1_on_site"}),
        ("acknowledgement.seen", {"u1_delivery", "u1_human_ack"}),
        (
            "crisis.follow_up_agreed",
            {"u1_delivery", "u1_human_ack", "u1_on_site", "u1_follow_up"},
        ),
    ],
)
def test_replies_to_crisis(type_name: str, rules: set[str]) -> None:
    """A confirmation says that somebody went; only an agreed follow-up ends the crisis."""
    (thread,) = crisis("crisis_a")
    assert stopped(thread, reply(type_name, "crisis_a")) == rules


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"in_reply_to": "event-1"}, {"u1_follow_up"}),
        ({"in_reply_to": ..., "case_ref": "case_1"}, {"u1_follow_up"}),
        ({"in_reply_to": ..., "case_ref": "case_2"}, set()),
        ({"in_reply_to": ...}, set()),
        ({"in_reply_to": ..., "case_ref": "case_1", "subject_ref": "child_2"}, set()),
    ],
)
def test_follow_up_may_be_agreed_by_somebody_else(changes: dict[str, Any], rules: set[str]) -> None:
    """Whoever agrees the follow-up ends its term: in reply, or for the same person and case."""
    (thread,) = crisis("crisis_a")
    assert stopped(thread, reply("crisis.follow_up_agreed", "team_escamp", **changes)) == rules


@pytest.mark.parametrize(
    "event",
    [
        reply("acknowledgement.seen", "team_kust"),
        reply("acknowledgement.seen", in_reply_to="event-2"),
        reply("crisis.confirmed", "police_a"),
    ],
)
def test_replies_that_stop_nothing(event: dict[str, Any]) -> None:
    """A reply of somebody else, or to another event, leaves the thread as it is."""
    threads, events = answer_responses(a_case(event, threads=begun(sent()), uid="uid-reply"))
    assert (threads, events) == ((), ())


def test_closed_threads_and_other_kinds_are_left_alone() -> None:
    """Only open response threads are answered or dropped."""
    (thread,) = begun(sent())
    closed = replace(thread, is_open=False)
    duty = Thread(
        thread_id="duty:x", kind=DUTY, uid=UID, subject_ref="child_1", document={"event_id": "event-1"}
    )
    case = a_case(reply("acknowledgement.seen"), threads=(closed, duty), uid="uid-reply")
    assert answer_responses(case) == ((), ())
    assert drop_responses((closed, duty), NOW) == ((), ())


def test_stage_of_veilig_thuis_is_named() -> None:
    """Feedback with a stage stops that term of Veilig Thuis; an unknown stage stops neither."""
    both = {"vt_safety_assessment", "vt_investigation"}
    for stage, rules in (
        ("investigation", {"vt_investigation"}),
        ("safety_assessment", {"vt_safety_assessment"}),
        ("something_else", set()),
    ):
        event = reply("feedback.given", "report_point", data={"stage": stage})
        assert stopped(report(), event) & both == rules


def test_feedback_without_stage_ends_the_earliest_term() -> None:
    """The first feedback of Veilig Thuis ends the safety assessment, the next the investigation."""
    first = after(report(), reply("feedback.given", "report_point"))
    assert deadlines(first)["vt_safety_assessment"].state == "met"
    assert deadlines(first)["vt_investigation"].state == "open"
    second = after(first, reply("feedback.given", "report_point"), LATER)
    assert deadlines(second)["vt_investigation"].state == "met"


def test_informing_ends_by_who_owes_it() -> None:
    """The term of informing ends when Veilig Thuis says that it informed."""
    assert stopped(report(), reply("inform_duty.fulfilled", "report_point")) == {"vt_inform_subjects"}
    assert stopped(report(DEFERRED), reply("inform_duty.fulfilled", "report_point")) == {
        "vt_inform_extension"
    }


def test_debt_terms_end_when_taken_up() -> None:
    """Debt help that takes up an early signal ends the term of the first talk."""
    event = sent("early_signal.raised", "energy_a", purpose="debt_early_signal", early_kind="payment_arrears")
    (thread,) = begun(event, "debt_a")
    assert "debt_first_talk" in stopped(thread, reply("acknowledgement.picked_up", "debt_a"))
    assert "debt_first_talk" not in stopped(thread, reply("acknowledgement.seen", "debt_a"))


def test_thread_closes_when_everything_is_answered() -> None:
    """After feedback in time nothing is owed any more: the thread closes and the clock forgets it."""
    (thread,) = begun(sent())
    changed = after(thread, reply("feedback.given"))
    assert (changed.is_open, changed.next_at) == (False, None)
    assert {deadline.state for deadline in deadlines(changed).values()} == {"met"}


def test_clock_goes_on_for_what_is_not_answered() -> None:
    """After a human acknowledgement the clock waits for the feedback."""
    (thread,) = begun(sent())
    changed = after(thread, reply("acknowledgement.seen"))
    assert changed.is_open
    assert changed.next_at == "2026-12-04T09:00:00+01:00"


def test_same_reply_twice_changes_nothing() -> None:
    """What was answered is not answered again."""
    (thread,) = begun(sent())
    changed = after(thread, reply("acknowledgement.seen"))
    assert stopped(changed, reply("acknowledgement.seen")) == set()


def test_one_event_can_answer_several_threads() -> None:
    """A follow-up that ends two crises of one case closes the alerts of both."""
    now = "2026-11-23T12:00:00+01:00"
    threads = [rung(crisis("crisis_a", uid=uid)[0], now).thread for uid in ("crisis-1", "crisis-2")]
    event = reply("crisis.follow_up_agreed", "team_escamp", in_reply_to=..., case_ref="case_1")
    changed, events = answer_responses(a_case(event, now=now, threads=threads, uid="uid-reply"))
    assert [thread.uid for thread in changed] == ["crisis-1", "crisis-2"]
    assert [event["type"] for event in events] == ["alert.closed"] * 4


def test_what_delivery_met_needs_no_answer() -> None:
    """A technical acknowledgement that the delivery met is not answered once more by a person."""
    (thread,) = begun(sent())
    delivered = rung(thread, "2026-11-21T12:05:01+01:00", {"team_escamp": NOW}).thread
    assert stopped(delivered, reply("acknowledgement.seen")) == {"u3_human_ack"}


def test_late_answer_closes_alerts_of_its_terms() -> None:
    """An answer after the due instant closes what its term raised, says when it came, and leaves it missed."""
    (thread,) = begun(sent(case_ref="case_1"))
    missed = rung(thread, "2026-11-25T12:00:00+01:00", {"team_escamp": NOW})
    near_id, missed_id = (event["id"] for event in missed.own_events)
    assert missed.thread.document["alerts"] == [near_id, missed_id]
    late = "2026-11-26T10:00:00+01:00"
    case = a_case(reply("acknowledgement.seen"), now=late, threads=(missed.thread,), uid="uid-reply")
    (changed,), events = answer_responses(case)
    deadline = deadlines(changed)["u3_human_ack"]
    assert {event["time"] for event in events} == {late}
    assert (deadline.state, deadline.answered_at) == ("missed", late)
    assert [(event["type"], event["in_reply_to"], event["subject_ref"]) for event in events] == [
        ("alert.closed", near_id, "child_1"),
        ("alert.closed", missed_id, "child_1"),
    ]
    assert changed.document["alerts"] == []
    assert changed.is_open, "the feedback is still owed"


def test_answer_leaves_alerts_of_other_terms() -> None:
    """A human acknowledgement does not close the alert that feedback is late."""
    (thread,) = begun(sent(urgency="u4"))
    now = "2027-01-15T12:00:00+01:00"
    raised = rung(thread, now)
    assert len(raised.own_events) == 5
    case = a_case(reply("acknowledgement.seen"), now=now, threads=(raised.thread,), uid="uid-reply")
    (changed,), events = answer_responses(case)
    assert len(events) == 2
    assert changed.document["alerts"] == [event["id"] for event in raised.own_events[3:]]


def test_answer_is_told_late_even_when_nobody_looked_at_the_clock() -> None:
    """A late answer that overtakes the clock raises the alerts that were due, and closes them."""
    (thread,) = begun(sent())
    now = "2026-11-25T09:00:00+01:00"
    case = a_case(reply("acknowledgement.seen"), now=now, threads=(thread,), uid="uid-reply")
    (changed,), events = answer_responses(case)
    assert told(events) == [
        ("alert.deadline_near", "u3_human_ack", 1),
        ("alert.deadline_missed", "u3_human_ack", 2),
        ("alert.closed", None, None),
        ("alert.closed", None, None),
    ]
    assert deadlines(changed)["u3_human_ack"].state == "missed"
    again = rung(thread, now, {"team_escamp": NOW})
    assert [event["id"] for event in again.own_events] == [event["id"] for event in events[:2]]


def test_answer_in_the_second_of_the_due_instant_is_in_time() -> None:
    """Something is late when now is after the due instant, not at it."""
    (thread,) = begun(sent())
    due = "2026-11-24T23:59:59+01:00"
    assert deadlines(after(thread, reply("acknowledgement.seen"), due))["u3_human_ack"].state == "met"
    late = deadlines(after(thread, reply("acknowledgement.seen"), "2026-11-24T23:59:59.5+01:00"))
    assert late["u3_human_ack"].state == "open", "late, and the clock has yet to say so"


def test_dropped_threads_close_their_alerts() -> None:
    """What a retracted event still asked is dropped: no clock, no alert left open."""
    (thread,) = begun(sent())
    raised = rung(thread, "2026-11-25T12:00:00+01:00", {"team_escamp": NOW})
    (dropped,), events = drop_responses((raised.thread,), LATER)
    assert (dropped.is_open, dropped.next_at, dropped.document["alerts"]) == (False, None, [])
    assert dropped.document["dropped_at"] == LATER
    assert [event["in_reply_to"] for event in events] == raised.thread.document["alerts"]
    assert {(event["subject_ref"], event["time"]) for event in events} == {("child_1", LATER)}
    assert drop_responses((dropped,), LATER) == ((), ())


def test_deadline_survives_being_written_down() -> None:
    """A deadline read back is the same deadline, with and without an answer."""
    (thread,) = begun(sent())
    for item in (thread, after(thread, reply("acknowledgement.seen"))):
        for deadline in deadlines(item).values():
            assert deadline_of(json.loads(json.dumps(deadline_document(deadline)))) == deadline


def test_unreadable_instants_are_a_fault() -> None:
    """A thread whose instants cannot be read is damaged and says so."""
    with pytest.raises(ValueError, match="readable time"):
        instant_of("tomorrow")
