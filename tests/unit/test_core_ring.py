"""What the clock does to what goes on: each step once, in order, however often somebody looks at the clock."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hub.core.course_referral_form import (
    check_in_of,
    next_of_referral,
    referral_document,
    referral_of,
)
from hub.core.course_referral_ring import waiting_alerts
from hub.core.course_terms import answer_responses
from hub.core.course_terms_steps import instant_of
from hub.core.lifecycle_referral import Referral
from hub.core.model import JsonObject
from hub.core.policy import Policy
from hub.core.ring import ring
from hub.core.schema import read_event
from hub.core.standing import Standing
from hub.core.threads import ALERT, REFERRAL, Thread
from tests.unit.core_world import NOW
from tests.unit.terms_world import UID, a_case, allowed, begun, deadlines, reply, rung, sent, settings, told

IN_TIME, TOO_LATE = "2026-11-21T12:00:30+01:00", "2026-11-21T12:20:00+01:00"
YEAR_LATER = "2027-12-01T12:00:00+01:00"
UNTIL = date(2027, 3, 27)


def response(urgency: str = "u3", **changes: Any) -> Thread:
    """Return the response thread of a signal to the local team."""
    (thread,) = begun(sent(urgency=urgency, **changes))
    return thread


def crisis() -> Thread:
    """Return the response thread of a crisis at the crisis team."""
    (thread,) = begun(sent("crisis.reported", urgency="u1", purpose="crisis", case_ref="case_1"), "crisis_a")
    return thread


def policy(**changes: Any) -> Policy:
    """Return the settings in force."""
    found = settings(**changes).policy
    assert found is not None
    return found


def referral(state: Referral, **changes: Any) -> Thread:
    """Return a referral thread in this state, as an accepted step leaves it."""
    check_in = check_in_of(state, policy())
    document: JsonObject = {
        "referral": referral_document(state),
        "referrer": "gp_a",
        "case_ref": "case_1",
        "record_ref": "record_1",
        "event_id": "offer-1",
        "urgency": "u3",
        "ticked": {},
        "check_in": check_in,
        **changes,
    }
    return Thread(
        thread_id=f"referral:{UID}",
        kind=REFERRAL,
        uid=UID,
        subject_ref="child_1",
        next_at=next_of_referral(state, check_in, policy()),
        document=document,
    )


WAITING = Referral(state="waiting_list", owner="youth_care_a", waiting_since=instant_of(NOW))
LIT = Referral(state="pilot_light", owner="youth_care_a", pilot_light_until=UNTIL)


# --- delivery ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivered", "state", "alerts"),
    [
        ({"team_escamp": IN_TIME}, "met", []),
        ({"team_escamp": "2026-11-21T12:05:00+01:00"}, "met", []),
        ({"team_escamp": "2026-11-21T11:05:00Z"}, "met", []),
        ({"team_escamp": TOO_LATE}, "missed", [("alert.deadline_missed", "u3_technical_ack", 2)]),
        ({"team_kust": IN_TIME}, "missed", [("alert.deadline_missed", "u3_technical_ack", 2)]),
        ({}, "missed", [("alert.deadline_missed", "u3_technical_ack", 2)]),
    ],
)
def test_technical_acknowledgement_is_judged_by_delivery(
    delivered: dict[str, str], state: str, alerts: list[Any]
) -> None:
    """What the receiver had within five minutes is acknowledged; otherwise the owner is told once."""
    found = rung(response(), "2026-11-21T12:05:01+01:00", delivered)
    assert deadlines(found.thread)["u3_technical_ack"].state == state
    assert told(found.own_events) == alerts
    assert found.thread.next_at == "2026-11-24T09:00:00+01:00"


def test_delivery_is_judged_when_it_is_due_and_not_before() -> None:
    """Until the due instant nothing is said about a delivery, whatever is known of it."""
    thread = response("u1")
    assert rung(thread, "2026-11-21T12:01:00+01:00", {"team_escamp": IN_TIME}).thread == thread
    assert deadlines(rung(thread, "2026-11-21T12:01:01+01:00").thread)["u1_delivery"].state == "missed"


def test_late_delivery_ends_with_the_first_human_reply() -> None:
    """The alert about a late delivery is closed when somebody answers: then it certainly arrived."""
    late = rung(response("u1"), "2026-11-21T12:01:01+01:00").thread
    case = a_case(
        reply("acknowledgement.seen"), now="2026-11-21T12:09:00+01:00", threads=(late,), uid="uid-reply"
    )
    (changed,), events = answer_responses(case)
    assert [event["type"] for event in events] == ["alert.closed"]
    assert (changed.is_open, changed.next_at) == (False, None)


@pytest.mark.parametrize(
    ("delivered", "types"),
    [
        ({"team_escamp": IN_TIME}, []),
        ({"team_escamp": TOO_LATE}, ["alert.deadline_missed", "alert.closed"]),
    ],
)
def test_reply_before_anybody_looked_at_the_clock_leaves_delivery_to_the_clock(
    delivered: dict[str, str], types: list[str]
) -> None:
    """A reply after the due instant does not make a delivery late: the clock judges it by when it arrived."""
    case = a_case(
        reply("feedback.given"), now="2026-11-21T12:30:00+01:00", threads=(response(),), uid="uid-reply"
    )
    (changed,), events = answer_responses(case)
    assert events == ()
    assert (changed.is_open, changed.next_at) == (True, "2026-11-21T12:05:01+01:00")
    found = rung(changed, "2026-11-21T12:30:01+01:00", delivered)
    assert [event["type"] for event in found.own_events] == types
    assert (found.thread.is_open, found.thread.next_at, found.thread.document["alerts"]) == (False, None, [])


# --- response terms ---------------------------------------------------------------------------------------------


def test_alert_says_what_threatens_to_whom() -> None:
    """An alert names rule, due time, owner and audience, goes to the owner in the case, and carries no narrative."""
    thread = response(case_ref="case_1")
    (event,) = rung(thread, "2026-11-24T09:00:00+01:00", {"team_escamp": IN_TIME}).own_events
    assert event["type"] == "alert.deadline_near"
    assert event["data"] == {
        "uid": UID,
        "owner": "team_escamp",
        "level": 1,
        "audience": "owner",
        "rule": "u3_human_ack",
        "due_at": "2026-11-24T23:59:59+01:00",
    }
    assert event["recipients"] == [{"to": {"org": "team_escamp"}}]
    assert (event["case_ref"], event["subject_ref"], event["urgency"]) == ("case_1", "child_1", "u3")
    assert event["sections"] == ["meta", "contact", "codes"]
    assert event["time"] == "2026-11-24T09:00:00+01:00"


def test_receiver_without_the_event_learns_nothing_of_it() -> None:
    """As long as the receiver does not have the event, its sender must act on the alerts, under the same ids."""
    thread, now = crisis(), "2026-11-21T12:30:01+01:00"
    unsent, had_it = rung(thread, now), rung(thread, now, {"crisis_a": TOO_LATE})
    assert [event["id"] for event in unsent.own_events] == [event["id"] for event in had_it.own_events]
    assert len(unsent.own_events) == 4
    for owner, found in (("school_a", unsent), ("crisis_a", had_it)):
        assert {data["owner"] for event in found.own_events if isinstance(data := event["data"], dict)} == {
            owner
        }
        addressed = [event["recipients"] for event in found.own_events if event["recipients"]]
        assert addressed == [[{"to": {"org": owner}}]] * 3


def test_ladder_goes_up_once_a_step() -> None:
    """The human acknowledgement of a crisis: near, missed, network coordinator; from due on by telephone."""
    thread, delivered = crisis(), {"crisis_a": IN_TIME}
    thread = rung(thread, "2026-11-21T12:01:01+01:00", delivered).thread
    near = rung(thread, "2026-11-21T12:10:00+01:00", delivered)
    missed = rung(near.thread, "2026-11-21T12:15:01+01:00", delivered)
    last = rung(missed.thread, "2026-11-21T12:30:01+01:00", delivered)
    assert told(near.own_events) == [("alert.deadline_near", "u1_human_ack", 1)]
    assert told(missed.own_events) == [("alert.deadline_missed", "u1_human_ack", 2)]
    assert told(last.own_events) == [("alert.escalated", "u1_human_ack", 3)]
    (alert,), (escalated,) = missed.own_events, last.own_events
    assert escalated["in_reply_to"] == alert["id"]
    assert escalated["data"] == {
        "uid": UID,
        "owner": "crisis_a",
        "level": 3,
        "audience": "network_coordinator",
        "rule": "u1_human_ack",
        "due_at": "2026-11-21T12:15:00+01:00",
        "telephone": True,
    }
    assert (escalated["recipients"], escalated["sections"]) == ([], ["meta"])
    data: Any = alert["data"]
    assert data["telephone"] is True
    assert last.thread.document["alerts"] == [near.own_events[0]["id"], alert["id"]]


def test_only_a_crisis_goes_by_telephone() -> None:
    """Regular terms and delivery are told in writing."""
    found = rung(response("u2"), YEAR_LATER)
    assert [event["type"] for event in found.own_events].count("alert.escalated") == 1
    assert not any(
        "telephone" in data for event in found.own_events if isinstance(data := event["data"], dict)
    )
    delivery = rung(response("u1"), "2026-11-21T12:01:01+01:00").own_events[0]["data"]
    assert isinstance(delivery, dict)
    assert "telephone" not in delivery


def test_crisis_without_follow_up_has_an_alert_of_its_own() -> None:
    """A day after a crisis without a follow-up the connection is at risk; before that the term is near."""
    found = rung(crisis(), "2026-11-22T12:00:01+01:00", {"crisis_a": IN_TIME})
    follow_up = [row for row in told(found.own_events) if row[1] == "u1_follow_up"]
    assert follow_up == [
        ("alert.deadline_near", "u1_follow_up", 1),
        ("alert.connection_at_risk", "u1_follow_up", 2),
    ]


def test_thread_stays_open_for_a_late_answer() -> None:
    """When every step was taken the clock forgets the thread; it stays open until it is answered or dropped."""
    found = rung(response(), YEAR_LATER, {"team_escamp": IN_TIME})
    assert (found.thread.is_open, found.thread.next_at) == (True, None)
    case = a_case(reply("feedback.given"), now=YEAR_LATER, threads=(found.thread,), uid="uid-reply")
    (changed,), _ = answer_responses(case)
    assert not changed.is_open


def moments(thread: Thread, seed: int) -> list[str]:
    """Return instants at which somebody looks at the clock: some of the steps, and some others."""
    chance = random.Random(seed)
    start = instant_of(NOW)
    others = [start + timedelta(minutes=chance.randrange(60 * 24 * 400)) for _ in range(10)]
    steps = [instant_of(step.at) for item in deadlines(thread).values() for step in item.steps]
    looked = sorted([*others, *chance.sample(steps, chance.randrange(len(steps)))])
    return [moment.astimezone(UTC).isoformat() for moment in looked] + ["2029-01-01T00:00:00+01:00"]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("urgency", ["u1", "u2", "u3", "u4"])
def test_every_alert_exactly_once(urgency: str, seed: int) -> None:
    """However often the clock is looked at, the same alerts are raised, each once, as after one look at the end."""
    thread = crisis() if urgency == "u1" else response(urgency)
    at_once = rung(thread, "2029-01-01T00:00:00+01:00")
    seen: Counter[object] = Counter()
    for now in moments(thread, seed):
        found = rung(thread, now)
        seen.update(event["id"] for event in found.own_events)
        thread = found.thread
    assert seen == Counter(event["id"] for event in at_once.own_events)
    assert set(seen.values()) == {1}
    assert thread.document == at_once.thread.document
    assert ring(thread, "2030-01-01T00:00:00+01:00", settings(), {}).own_events == ()


def test_next_instant_is_always_ahead() -> None:
    """After the clock was looked at, nothing that was due is due again: the next instant lies ahead."""
    thread: Thread = crisis()
    looked = 0
    while thread.next_at is not None:
        now = thread.next_at
        thread = rung(thread, now).thread
        looked += 1
        assert thread.next_at is None or instant_of(thread.next_at) > instant_of(now)
    assert looked == 8


def test_order_of_instants_is_that_of_time() -> None:
    """The next instant is found by time, also where the offset of Amsterdam changes in between."""
    (thread,) = begun(sent(urgency="u1"), now="2026-10-25T00:50:00Z")
    assert thread.next_at == "2026-10-25T02:51:01+02:00"
    found = rung(thread, "2026-10-25T02:51:01+02:00", {"team_escamp": "2026-10-25T00:50:01Z"})
    assert found.thread.next_at == "2026-10-25T02:00:00+01:00"


def test_alerts_have_the_form_of_events() -> None:
    """Every event that the clock sends has the form of EVENTS.md section 2, so that it can be judged."""
    situation = a_case(sent()).situation
    threads = [response("u2"), crisis(), referral(WAITING), referral(LIT)]
    events = [event for thread in threads for event in rung(thread, YEAR_LATER).own_events]
    (duty_of_crisis,) = [event for event in events if event["type"] == "alert.connection_at_risk"]
    assert duty_of_crisis["case_ref"] == "case_1"
    assert len({str(event["type"]) for event in events}) == 6
    for event in events:
        assert read_event({**event, "source": "urn:nld:test:hub"}, situation) is not None, event["type"]


def test_own_alerts_of_threads_know_their_sender() -> None:
    """All events of the clock are the hub's own, about the person of the thread."""
    for event in rung(crisis(), YEAR_LATER).own_events:
        assert (event["sender"], event["subject_ref"]) == ({"org": "hub", "kind": "hub"}, "child_1")


def test_response_without_a_person_is_silent() -> None:
    """An alert is about a person: a thread without one passes its steps in silence."""
    found = rung(replace(response(), subject_ref=None), YEAR_LATER)
    assert found.own_events == ()
    assert found.thread.document["alerts"] == []
    assert {deadline.state for deadline in deadlines(found.thread).values()} == {"missed"}


# --- referrals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [Referral(), Referral(state="offered", owner="youth_care_a"), WAITING, LIT])
def test_referral_survives_being_written_down(state: Referral) -> None:
    """A referral read back is the same referral."""
    document = json.loads(json.dumps({"referral": referral_document(state)}))
    assert referral_of(document) == state


@pytest.mark.parametrize(
    "change", [{"waiting_since": "yesterday"}, {"pilot_light_until": "2027-02-30"}, {"pilot_light_until": 5}]
)
def test_damaged_referral_is_a_fault(change: dict[str, Any]) -> None:
    """An instant or a date that cannot be read is never taken for none."""
    with pytest.raises(ValueError, match="readable"):
        referral_of({"referral": {**referral_document(WAITING), **change}})


def test_check_in_runs_while_waiting() -> None:
    """Who waits is to hear something within four weeks; in other states nobody waits."""
    check_in = check_in_of(WAITING, policy())
    assert check_in is not None
    assert check_in["due_at"] == "2026-12-19T23:59:59+01:00"
    assert check_in_of(LIT, policy()) is None
    assert check_in_of(replace(WAITING, waiting_since=None), policy()) is None


def test_silence_on_the_waiting_list() -> None:
    """Four weeks: a check-in is near and missed; five weeks: silence. Each is told once, to the owner."""
    thread = referral(WAITING)
    assert thread.next_at == "2026-12-19T09:00:00+01:00"
    near = rung(thread, "2026-12-19T09:00:00+01:00")
    assert told(near.own_events) == [("alert.deadline_near", "waiting_list_check_in", 1)]
    assert near.thread.next_at == "2026-12-20T00:00:00+01:00"
    missed = rung(near.thread, "2026-12-20T00:00:00+01:00")
    assert told(missed.own_events) == [("alert.deadline_missed", "waiting_list_check_in", 2)]
    assert missed.thread.next_at == "2026-12-27T00:00:00+01:00"
    silent = rung(missed.thread, "2026-12-27T00:00:00+01:00")
    (event,) = silent.own_events
    assert event["type"] == "alert.waiting_list_silence"
    assert event["data"] == {
        "uid": UID,
        "owner": "youth_care_a",
        "level": 0,
        "audience": "owner",
        "rule": "waiting_list_alarm",
        "due_at": "2026-12-26T23:59:59+01:00",
    }
    assert event["case_ref"] == "case_1"
    assert (silent.thread.is_open, silent.thread.next_at) == (True, None)
    assert rung(silent.thread, YEAR_LATER).own_events == ()


def test_clock_that_jumps_tells_each_alert_of_waiting_once() -> None:
    """A clock that was off for weeks tells silence, near and missed under the same ids as a clock that went on."""
    thread = referral(WAITING)
    at_once = {event["id"] for event in rung(thread, YEAR_LATER).own_events}
    one_by_one = set()
    for now in ("2026-12-19T12:00:00+01:00", "2026-12-24T12:00:00+01:00", "2026-12-28T12:00:00+01:00"):
        found = rung(thread, now)
        one_by_one |= {event["id"] for event in found.own_events}
        thread = found.thread
    assert at_once == one_by_one
    assert len(at_once) == 3


def test_contact_begins_anew() -> None:
    """The alerts of a wait can be named, so that a contact closes them; the next silence is another one."""
    thread = referral(WAITING)
    assert waiting_alerts(thread, policy()) == []
    near = rung(thread, "2026-12-19T12:00:00+01:00")
    assert waiting_alerts(near.thread, policy()) == [event["id"] for event in near.own_events]
    silent = rung(near.thread, "2026-12-28T12:00:00+01:00")
    raised = {event["id"] for event in (*near.own_events, *silent.own_events)}
    assert len(raised) == 3
    assert set(waiting_alerts(silent.thread, policy())) == raised
    later = replace(WAITING, waiting_since=instant_of("2026-12-29T12:00:00+01:00"))
    again = rung(referral(later), YEAR_LATER)
    assert len(again.own_events) == 3
    assert not {event["id"] for event in again.own_events} & raised


def test_wait_without_a_check_in_has_only_its_silence() -> None:
    """A wait that began nobody knows when has no check-in; its silence can still be named."""
    found = rung(referral(replace(WAITING, waiting_since=None)), NOW)
    assert waiting_alerts(found.thread, policy()) == [event["id"] for event in found.own_events]


def test_waiting_without_a_known_owner_is_told_to_the_referrer() -> None:
    """When nobody is known to hold the referral, the one that offered it must act."""
    thread = referral(replace(WAITING, owner=None))
    owners = [event["data"] for event in rung(thread, YEAR_LATER).own_events]
    assert all(isinstance(data, dict) and data["owner"] == "gp_a" for data in owners)


def test_waiting_since_nobody_knows_counts_as_silence() -> None:
    """A referral that waits since nobody knows when is silent at once."""
    thread = referral(replace(WAITING, waiting_since=None))
    assert thread.next_at == "1970-01-01T00:00:00+00:00"
    found = rung(thread, NOW)
    assert [event["type"] for event in found.own_events] == ["alert.waiting_list_silence"]
    assert found.thread.next_at is None


def test_pilot_light_is_out_on_the_day_after_its_last() -> None:
    """At 00:00 of the day after `until` the hub sends its end to the referrer, once."""
    thread = referral(LIT)
    assert thread.next_at == "2027-03-28T00:00:00+01:00"
    out = rung(thread, "2027-03-28T00:00:00+01:00")
    (event,) = out.own_events
    assert event["type"] == "pilot_light.ended"
    assert (event["purpose"], event["urgency"], event["in_reply_to"]) == ("aftercare_pilot_light", "u3", UID)
    assert (event["recipients"], event["sections"]) == ([{"to": {"org": "gp_a"}}], ["meta"])
    assert (event["data"], event["case_ref"]) == ({"until": "2027-03-27"}, "case_1")
    assert referral_of(out.thread.document) == replace(LIT, told=True)
    assert out.thread.next_at is None
    assert rung(out.thread, YEAR_LATER).own_events == ()


def test_two_pilot_lights_end_twice() -> None:
    """A light that is set again, or another referral's, ends with an event of its own."""
    again = replace(LIT, pilot_light_until=date(2027, 6, 1))
    threads = [referral(LIT), referral(again), replace(referral(LIT), uid="another-offer")]
    ids = {event["id"] for thread in threads for event in rung(thread, YEAR_LATER).own_events}
    assert len(ids) == 3


def test_referral_without_a_person_is_a_fault() -> None:
    """A referral is about somebody; a silence about nobody is a damaged thread, not a quiet one."""
    with pytest.raises(ValueError, match="without a person"):
        rung(replace(referral(WAITING), subject_ref=None), YEAR_LATER)


def test_next_instant_of_a_wait_is_found_by_time() -> None:
    """Silence and check-in are compared as instants, not as text."""
    step = {"at": "2026-12-26T23:30:00+00:00", "do": "missed", "level": 2, "audience": "team_coordinator"}
    check_in = {
        "rule": "waiting_list_check_in",
        "due_at": step["at"],
        "steps": [step],
        "done": 0,
        "state": "open",
    }
    assert next_of_referral(WAITING, check_in, policy()) == "2026-12-27T00:00:00+01:00"


def test_pilot_light_without_an_end_is_out() -> None:
    """A pilot light without a known last day, and without a case, ends at once."""
    thread = referral(replace(LIT, pilot_light_until=None), case_ref=None)
    assert thread.next_at == "1970-01-01T00:00:00+00:00"
    (event,) = rung(thread, NOW).own_events
    assert event["data"] == {}
    assert "case_ref" not in event


def test_ends_of_the_calendar_are_never_reached() -> None:
    """A last day or a term at the end of the calendar has no instant after it."""
    assert next_of_referral(replace(LIT, pilot_light_until=date.max), None, policy()) is None
    endless = policy(deadlines={"waiting_list_alarm": {"unit": "weeks", "count": 10_000_000}})
    assert next_of_referral(WAITING, None, endless) is None


def test_states_without_a_clock() -> None:
    """In the other states the clock does nothing to a referral."""
    assert next_of_referral(Referral(state="accepted", owner="youth_care_a"), None, policy()) is None
    thread = referral(Referral(state="accepted", owner="youth_care_a"))
    assert rung(thread, YEAR_LATER).thread == thread


def test_referral_needs_valid_settings() -> None:
    """Without valid settings the terms are unknown: the caller keeps the thread as it is."""
    with pytest.raises(ValueError, match="settings"):
        ring(referral(WAITING), YEAR_LATER, Standing(), {})


# --- what has no clock ------------------------------------------------------------------------------------------


def test_alert_has_no_clock() -> None:
    """An alert waits for people: the clock only forgets it."""
    alert = Thread(thread_id="alert:x", kind=ALERT, uid="x", subject_ref="child_1", next_at=NOW)
    found = rung(alert, NOW)
    assert (found.thread, found.own_events) == (replace(alert, next_at=None), ())


@pytest.mark.parametrize("document", [{}, {"terms": [{}], "alerts": []}, {"terms": 5, "alerts": []}])
def test_damaged_thread_is_a_fault(document: dict[str, Any]) -> None:
    """A thread that cannot be read is never passed over in silence."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        rung(replace(response(), document=document), YEAR_LATER)


def test_report_to_veilig_thuis_is_watched_to_its_end() -> None:
    """Every term of a report is announced and missed on its own day; only the human acknowledgement escalates."""
    receiver = allowed("report_point", "ok_legal_veilig_thuis")
    (thread,) = begun(sent(urgency="u2", purpose="safety_report"), receiver)
    days: dict[object, list[str]] = {}
    while thread.next_at is not None:
        found = rung(thread, thread.next_at, {"report_point": IN_TIME})
        for _, rule, _ in told(found.own_events):
            days.setdefault(rule, []).append(thread.next_at)
        thread = found.thread
    assert {
        rule: [datetime.fromisoformat(at).isoformat() for at in found] for rule, found in days.items()
    } == {
        "u2_human_ack": [
            "2026-11-23T09:00:00+01:00",
            "2026-11-24T00:00:00+01:00",
            "2026-11-25T00:00:00+01:00",
        ],
        "vt_safety_assessment": ["2026-11-27T09:00:00+01:00", "2026-11-28T00:00:00+01:00"],
        "vt_inform_subjects": ["2026-12-19T09:00:00+01:00", "2026-12-20T00:00:00+01:00"],
        "vt_investigation": ["2027-01-30T09:00:00+01:00", "2027-01-31T00:00:00+01:00"],
    }
