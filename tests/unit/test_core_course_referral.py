"""A referral over real events: EVENTS.md section 5, from the offer to the pilot light, with the actors resolved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from hub.core.model import Decision, EventDecision, Outcome
from hub.core.ring import ring
from tests.unit.course_world import (
    CARE,
    GP,
    MONDAY,
    REFERRALS,
    SCHOOL,
    TEAM,
    Document,
    World,
    answer,
    child,
    consent,
    event,
    offer,
    sent,
    state_of,
    told,
)

BIG5 = [
    {"item": item, "status": "ok"}
    for item in ("support_person", "housing", "school_or_work", "income", "wellbeing")
]
WAITING: Document = {"expected_wait_weeks": 12}


def offered() -> World:
    """Return a world in which the GP's offer reached youth care."""
    world = World(*REFERRALS)
    world.send(offer())
    return world


def played(*steps: Document) -> World:
    """Return a world in which these steps followed the offer, each accepted."""
    world = offered()
    for step in steps:
        assert world.send(step).decision.event.outcome == "allow"
    return world


ACCEPTED = (answer("referral.received"), answer("referral.accepted"))
STARTED = (*ACCEPTED, answer("help.started"))


def test_delivered_offer_begins_a_referral() -> None:
    """A delivered offer begins a referral that its receiver owns; the referrer hears that it was received."""
    world = World(*REFERRALS)
    judgement = world.send(offer())
    assert state_of(world) == "offered"
    assert told(judgement) == [("acknowledgement.received", (GP,), "ok_acknowledgement")]
    (thread,) = world.threads("referral")
    document: Any = thread.document
    assert (document["referrer"], document["referral"]["owner"], thread.uid) == (GP, CARE, "uid-offer")


def test_held_offer_begins_when_it_is_released() -> None:
    """An offer that nobody got is no referral yet; the consent that releases it begins it."""
    world = World()
    judgement = world.send(offer())
    assert (judgement.deliver, world.threads("referral")) == ((), [])
    held = World(*REFERRALS, subject=child(identity="probable"))
    assert held.send(offer()).hold_until is not None
    held.snapshot = World(
        *REFERRALS, entries=held.snapshot.entries, held_since=held.snapshot.held_since
    ).snapshot
    released = held.rejudge(offer())
    assert released.verdict == "reevaluated"
    assert state_of(held) == "offered"


def test_repeat_of_an_offer_takes_no_step() -> None:
    """The same offer again changes nothing, and the referral keeps its state."""
    world = played(*ACCEPTED)
    assert world.send(offer()).verdict == "duplicate"
    assert state_of(world) == "accepted"


def test_whole_path_to_the_pilot_light() -> None:
    """Offer, acceptance, waiting list, start, pause, resume, closing, pilot light, flare: each step in its state."""
    world = played(
        *ACCEPTED,
        answer("waiting_list.placed", data=WAITING),
        answer("waiting_list.support_assigned"),
        answer("waiting_list.contact_made"),
        answer("waiting_list.rights_explained"),
        answer("waiting_list.buddy_linked"),
        answer("help.started"),
        answer("help.paused"),
        answer("help.resumed"),
        answer("closing.requested", data={"long_term": True, "big5": BIG5}),
    )
    assert state_of(world) == "closed"
    world.send(answer("pilot_light.set", data={"until": "2027-05-01", "contact": "prof_1"}))
    assert state_of(world) == "pilot_light"
    flare = answer("pilot_light.flared", GP, to=CARE)
    assert world.send(flare).decision.event.outcome == "allow"
    assert state_of(world) == "accepted"
    (thread,) = world.threads("referral")
    ticked: Any = thread.document["ticked"]
    assert set(ticked) == {"support_assigned", "contact_made", "rights_explained", "buddy_linked"}


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (answer("referral.accepted", GP), "deny_lifecycle_actor"),
        (answer("referral.accepted", SCHOOL), "deny_lifecycle_actor"),
        (answer("referral.accepted"), "deny_lifecycle_order"),
        (answer("help.started", TEAM), "deny_lifecycle_actor"),
        (answer("referral.declined", data={"reason": "full"}), "deny_lifecycle_order"),
        (answer("pilot_light.flared", GP, to=CARE), "deny_lifecycle_order"),
    ],
)
def test_wrong_actor_and_wrong_order_change_nothing(step: Document, reason: str) -> None:
    """A step by the wrong party or in the wrong state is refused as a whole, and the state stays."""
    world = offered()
    judgement = world.send(step)
    assert judgement.decision.event.reason == reason
    assert judgement.decision.recipients == ()
    assert state_of(world) == "offered"
    assert judgement.deliver == ()


def test_refused_step_that_comes_again_is_judged_anew() -> None:
    """A step refused for its order is accepted when it is sent again in the right state."""
    world = offered()
    early = answer("referral.accepted", digest="d1", id=...) | {"id": "early"}
    assert world.send(early).decision.event.reason == "deny_lifecycle_order"
    world.send(answer("referral.received"))
    again = world.send(early)
    assert (again.verdict, again.decision.event.reason) == ("reevaluated", "ok_accepted")
    assert state_of(world) == "accepted"
    assert world.send(early).verdict == "duplicate"


def test_missing_data_is_a_schema_error() -> None:
    """A refusal without its reason is refused itself, after actor and state were found right."""
    world = played(answer("referral.received"))
    assert world.send(answer("referral.declined")).decision.event.reason == "deny_schema"
    full = {"reason": "full", "suggested_partner_kind": "local_team"}
    assert world.send(answer("referral.declined", data=full)).decision.event.outcome == "allow"
    (thread,) = world.threads("referral")
    assert not thread.is_open


def test_redirect_changes_the_owner() -> None:
    """After a redirection the new owner receives it, and the old owner may not act any more."""
    world = played(
        answer("referral.received"), answer("referral.redirected", data={"new_owner": "youth_care_2"})
    )
    assert world.send(answer("referral.received")).decision.event.reason == "deny_lifecycle_actor"
    assert world.send(answer("referral.received", "youth_care_2")).decision.event.outcome == "allow"
    assert state_of(world) == "received"


def test_family_withdraws_through_any_partner() -> None:
    """The family may end a referral through a partner that has no part in it, when it states so."""
    world = offered()
    data = {"record_ref": "dossier-1", "on_behalf_of": "family"}
    judgement = world.send(event("referral.withdrawn", "youth_care_2", data=data, in_reply_to="dossier-1"))
    assert judgement.decision.event.outcome == "allow"
    assert state_of(world) == "withdrawn"


def test_contact_ends_the_alerts_of_the_silence() -> None:
    """After five weeks of silence a contact closes the alerts that the clock raised, and counts anew."""
    world = played(*ACCEPTED, answer("waiting_list.placed", data=WAITING))
    (thread,) = world.threads("referral")
    silent = ring(thread, "2026-12-09T09:00:00+01:00", world.standing, {})
    kinds = [str(own["type"]) for own in silent.own_events]
    assert kinds == ["alert.waiting_list_silence", "alert.deadline_near", "alert.deadline_missed"]
    threads = tuple(silent.thread if item.kind == "referral" else item for item in world.snapshot.threads)
    world.snapshot = replace(world.snapshot, threads=threads)
    heard = world.send(answer("waiting_list.contact_made"), "2026-12-10T09:00:00+01:00")
    closed = {str(own["in_reply_to"]) for own in heard.own_events}
    assert closed == {str(own["id"]) for own in silent.own_events}
    (again,) = world.threads("referral")
    assert again.next_at == "2027-01-07T09:00:00+01:00"


def test_contact_that_overtakes_the_clock_does_not_hide_the_silence() -> None:
    """A contact after five weeks, judged before anybody looked at the clock, raises the alerts and ends them."""
    world = played(*ACCEPTED, answer("waiting_list.placed", data=WAITING))
    heard = world.send(answer("waiting_list.contact_made"), "2026-12-10T09:00:00+01:00")
    kinds = [str(own["type"]) for own in heard.own_events]
    assert kinds == [
        "alert.waiting_list_silence",
        "alert.deadline_near",
        "alert.deadline_missed",
        *["alert.closed"] * 3,
    ]


def test_referrer_withdraws_its_record() -> None:
    """The referrer withdraws by its record; whoever got the offer is told."""
    world = offered()
    judgement = world.send(event("referral.withdrawn", GP, data={"record_ref": "dossier-1"}))
    assert [item.recipient for item in judgement.deliver] == [CARE]
    assert state_of(world) == "withdrawn"


def test_new_revision_goes_to_whom_holds_it() -> None:
    """A new revision of the offer is delivered without a step; after the end help is a new referral."""
    world = played(*ACCEPTED)
    second = offer(record={"ref": "dossier-1", "revision": 2}, digest="digest-2") | {"id": "offer-2"}
    judgement = world.send(second)
    assert (judgement.verdict, state_of(world)) == ("update", "accepted")
    assert world.send(answer("help.started", in_reply_to="offer-2")).decision.event.outcome == "allow"
    assert len(world.threads("referral")) == 1
    ended = played(event("referral.withdrawn", GP, data={"record_ref": "dossier-1"}))
    assert ended.send(second).decision.event.reason == "deny_lifecycle_order"


def test_who_got_the_flare_answers_the_flare() -> None:
    """A step may answer any event of the referral: who got the flare starts help in answer to it."""
    world = played(*STARTED, answer("closing.requested", data={"long_term": False}))
    world.send(answer("pilot_light.set", data={"until": "2027-05-01", "contact": "prof_1"}))
    flare = answer(
        "pilot_light.flared", GP, to=CARE, digest="d-flare", record={"ref": "flare-1", "revision": 1}
    )
    world.send(flare)
    assert world.send(answer("help.started", in_reply_to="flare-1")).decision.event.outcome == "allow"
    assert state_of(world) == "started"


def test_blocked_closing_knows_person_and_case_from_the_referral() -> None:
    """A request to close that names neither person nor case still warns its sender about both."""
    world = World(*REFERRALS)
    world.send(offer(case_ref="case_1"))
    for step in STARTED:
        world.send(step)
    shut = world.send(answer("closing.requested", subject_ref=..., data={"long_term": True}))
    (alert,) = shut.own_events
    assert (alert["subject_ref"], alert["case_ref"]) == ("child_1", "case_1")


def test_closing_gate_blocks_and_opens() -> None:
    """Long-term help without the Big 5 is held with an alert; in order, it closes."""
    world = played(*STARTED)
    shut = world.send(answer("closing.requested", data={"long_term": True, "big5": BIG5[:4]}))
    assert (shut.decision.event.outcome, shut.decision.event.reason) == ("hold", "hold_closing_gate")
    assert sent(shut) == [("alert.closing_blocked", CARE)]
    assert ("closing.blocked", (CARE,), "hold_closing_gate") in told(shut)
    assert ("completion.requested", (CARE,), "hold_closing_gate") in told(shut)
    assert state_of(world) == "started"
    opened = world.send(answer("closing.requested", data={"long_term": True, "big5": BIG5}))
    assert told(opened) == [("closing.approved", (CARE,), "ok_recorded")]
    assert state_of(world) == "closed"


def test_case_names_the_only_referral() -> None:
    """An event of the case that answers nothing moves the only referral of that case and person."""
    world = World(*REFERRALS)
    world.send(offer(case_ref="case_1"))
    for step in ACCEPTED:
        world.send(step)
    judgement = world.send(answer("help.started", in_reply_to=..., case_ref="case_1"))
    assert judgement.decision.event.outcome == "allow"
    assert state_of(world) == "started"


def test_help_that_the_hub_does_not_know_is_judged_by_consent_alone() -> None:
    """Help that began outside the hub has no state here; a reply to a signal, though, offers nothing to start."""
    world = World(*REFERRALS)
    loose = world.send(answer("help.started", in_reply_to=...))
    assert loose.decision.event.reason == "ok_accepted"
    signal = event(
        "signal.raised",
        GP,
        "signal",
        recipients=[{"to": {"org": CARE}}],
        purpose="help_request",
        urgency="u3",
        record={"ref": "signal-1", "revision": 1},
    )
    world.send(signal)
    strange = world.send(answer("help.started", in_reply_to="signal-1"))
    assert strange.decision.event.reason == "deny_lifecycle_order"


def test_hub_ends_the_pilot_light() -> None:
    """The hub's own event takes the step on the day after the last of the pilot light."""
    world = played(*STARTED, answer("closing.requested", data={"long_term": False}))
    world.send(answer("pilot_light.set", data={"until": "2026-11-03", "contact": "prof_1"}))
    ended = answer("pilot_light.ended", "hub", data={})
    assert world.send(ended, "2026-11-04T00:00:00+01:00").decision.event.outcome == "allow"
    assert state_of(world) == "closed"


def test_fixed_face_changes_during_help() -> None:
    """A change of the fixed face is a step of the help and a fact about the person."""
    world = played(*STARTED)
    data = {"old": None, "new": {"org": CARE, "professional": "prof_2"}, "warm_handover_done": True}
    changed = answer("fixed_face.changed", data=data, purpose="coordination", urgency="u3")
    assert world.send(changed, MONDAY).decision.event.outcome == "allow"
    assert world.snapshot.subjects["child_1"]["fixed_face"] == data["new"]


def test_event_that_a_gate_stopped_takes_no_step() -> None:
    """A hold that has expired ends the event before its life cycle is asked."""
    world = offered()
    late = answer("referral.received", digest="d1") | {"id": "late"}
    world.snapshot = replace(
        world.snapshot, held_since={(late["source"], late["id"]): "2026-01-02T10:00:00+01:00"}
    )
    assert world.send(late).decision.event.reason == "deny_hold_expired"
    assert state_of(world) == "offered"


def test_record_that_was_never_offered_is_withdrawn_without_a_step() -> None:
    """A withdrawal of a record that the hub does not know is recorded and moves nothing."""
    world = offered()
    judgement = world.send(event("referral.withdrawn", GP, data={"record_ref": "dossier-9"}))
    assert judgement.decision.event.reason == "ok_recorded"
    assert state_of(world) == "offered"


def test_offer_without_a_record_begins_a_referral_each() -> None:
    """Two offers without a record of the sender are two referrals; each is answered by its own id."""
    world = World(*REFERRALS)
    world.send(offer(record=..., digest="d1") | {"id": "one"})
    world.send(offer(record=..., digest="d2") | {"id": "two"})
    assert len(world.threads("referral")) == 2
    world.send(answer("referral.received", in_reply_to="two"))
    states = [cast("Any", thread.document["referral"])["state"] for thread in world.threads("referral")]
    assert states == ["offered", "received"]


def test_referral_outlives_the_memory_of_its_offer() -> None:
    """After a year the offer is forgotten; the referral itself still knows its names."""
    world = played(*ACCEPTED)
    world.snapshot = replace(world.snapshot, entries=())
    world.send(answer("help.started", in_reply_to="dossier-1"), "2027-12-01T10:00:00+01:00")
    assert state_of(world) == "started"
    unknown = answer("help.paused", in_reply_to="dossier-9")
    assert world.send(unknown, "2027-12-01T10:00:00+01:00").decision.event.reason == "ok_accepted"
    assert state_of(world) == "started"


def test_new_offer_releases_to_a_second_receiver_without_a_second_referral() -> None:
    """An offer of which one receiver was held is released later; the referral that began stays the one."""
    world = World(*REFERRALS)
    both = offer(recipients=[{"to": {"org": CARE}}, {"to": {"org": TEAM}}])
    assert world.send(both).deliver[0].recipient == CARE
    known = (*REFERRALS, consent("gp", "local_team", "referral"))
    world.snapshot = replace(world.snapshot, consents={"child_1": known})
    assert [item.recipient for item in world.rejudge(both).deliver] == [TEAM]
    (thread,) = world.threads("referral")
    assert cast("Any", thread.document["referral"])["owner"] == CARE


def test_corrected_birth_date_begins_other_birthdays() -> None:
    """A registered person's coming birthdays go on as threads; a corrected date replaces them."""
    world = World()
    for born in ("2011-05-01", "2011-06-01"):
        world.send(event("subject.registered", GP, data={"birth_date": born}))
    open_ages = [thread for thread in world.threads("age") if thread.is_open]
    assert [thread.thread_id for thread in open_ages] == ["age:child_1:16", "age:child_1:18"]
    assert open_ages[0].next_at == "2027-04-02T00:00:00+02:00"


def test_retraction_drops_what_was_owed() -> None:
    """A signal that is retracted asks nobody for an answer any more."""
    world = World(consent("gp", "local_team", "help_request"))
    signal = event(
        "signal.raised",
        GP,
        recipients=[{"to": {"kind": "local_team"}}],
        purpose="help_request",
        urgency="u3",
        record={"ref": "signal-1", "revision": 1},
    )
    world.send(signal)
    assert [thread.is_open for thread in world.threads("response")] == [True]
    data = {"record_ref": "signal-1", "reason": "error"}
    world.send(event("signal.retracted", GP, data=data))
    assert [thread.is_open for thread in world.threads("response")] == [False]


def test_decision_that_fails_is_parked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision that no rule foresees stops the event before its life cycle is asked: parked, nothing remembered."""
    world = offered()
    failed = Decision(EventDecision(Outcome.HOLD, "hold_evaluation_error"))
    monkeypatch.setattr("hub.core.dedup_case.decide_admitted", lambda *_, **__: failed)
    judgement = world.send(answer("referral.received"))
    assert (judgement.verdict, judgement.parked) == ("rejected", "hold_evaluation_error")
    assert state_of(world) == "offered"
