"""Reading back what was decided: the trail of one event and the events of the last days, on both ledgers."""

from __future__ import annotations

from dataclasses import replace

from hub.core.model import Emission, EventDecision, Outcome, RecipientDecision
from hub.core.snapshot import Snapshot
from hub.core.threads import Thread, response_id
from hub.ledger.interface import Candidate
from hub.ledger.recent_events import PART_ROWS
from hub.ledger.trail import RecentEvent
from tests.conformance.ledger_world import (
    CHILD,
    LATER,
    NOW,
    TEAM,
    World,
    allow,
    at,
    judged,
    keys_of,
    record,
    refuse,
    repeated,
    sealed_event,
    settled,
    subscription,
    wait,
)

EARLIER = "2026-11-16T09:00:00+00:00"


async def _recent(world: World, since: str = NOW) -> dict[str, RecentEvent]:
    return {event.uid: event async for event in world.ledger.recent_events(since)}


async def test_trail_tells_every_decision_with_its_link(world: World) -> None:
    """The trail of an event has its audit rows in order with rule set and hash, its threads and its decision view."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event(recipients=(TEAM, "gp_1"))
    note = Emission("acknowledgement.received", ("school_1",), "ok_acknowledgement")
    judgement = judged(sealed, allow(), refuse("gp_1", 1), emissions=[note])
    thread = Thread(
        thread_id=response_id(sealed.uid, TEAM), kind="response", uid=sealed.uid, subject_ref=CHILD
    )
    await world.commit(record(0, sealed, replace(judgement, threads=(thread,))))
    found = await world.ledger.trail(sealed.uid)
    assert found is not None
    assert [(line.position, line.recipient and line.recipient.reason) for line in found.lines] == [
        (1, "ok_consent"),
        (2, "deny_no_consent"),
    ]
    assert {line.rule_set for line in found.lines} == {"samenhub/1"}
    assert all(len(line.hash) == 64 for line in found.lines)
    assert found.lines[0].emissions == (note.as_json(),)
    assert found.event == sealed.event
    assert [kept.thread_id for kept in found.threads] == [thread.thread_id]
    assert await world.ledger.trail("unknown") is None


async def test_trail_of_a_repeat_shows_both_times(world: World) -> None:
    """An event that was sent twice has the decision and the refusal of the repeat on its trail."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, allow())))
    await world.commit(record(1, sealed, repeated()))
    found = await world.ledger.trail(sealed.uid)
    assert found is not None
    assert [line.verdict for line in found.lines] == ["unique", "duplicate"]
    assert (await _recent(world))[sealed.uid].recipients == (allow(),)


async def test_recent_events_begin_at_the_instant(world: World) -> None:
    """Only what was decided since the instant is given, in the order of the chain, with its decision view."""
    await world.ledger.put_subscription(subscription())
    for minute in range(9):
        sealed = sealed_event(f"evt-{minute}", accepted_at=at(minute))
        await world.commit(record(minute, sealed, judged(sealed, allow(), when=at(minute)), when=at(minute)))
    for minute in range(10):
        found = list((await _recent(world, at(minute))).values())
        assert [event.decided_at for event in found] == [at(later) for later in range(minute, 9)]
        assert all(event.event is not None and event.authenticated_org == "school_1" for event in found)


async def test_what_is_held_is_given_however_old(world: World) -> None:
    """An event that still waits is among the recent ones when it was decided long before."""
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, wait(), when=EARLIER), when=EARLIER))
    other = sealed_event("evt-2")
    await world.commit(record(1, other, judged(other, refuse(), when=EARLIER), when=EARLIER))
    found = await _recent(world)
    assert list(found) == [sealed.uid]
    assert found[sealed.uid].recipients == (wait(),)


async def test_the_verdict_that_counts_now_is_given(world: World) -> None:
    """A hold that was released, and a delivery that was stopped at its claim, are given with their last verdict."""
    await world.ledger.put_subscription(subscription())
    sealed, stopped = sealed_event(), sealed_event("evt-2")
    await world.commit(
        record(0, sealed, judged(sealed, wait())), record(1, stopped, judged(stopped, allow()))
    )
    await world.ledger.wake_all_holds()
    async with world.ledger.due_holds(10, LATER) as transaction:
        judgement = replace(judged(sealed, refuse()), verdict="reevaluated")
        await transaction.rejudged(transaction.held[0], judgement, None, LATER)
    world.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")
    await world.claim(LATER)
    found = await _recent(world)
    assert [verdict.reason for verdict in found[sealed.uid].recipients] == ["deny_no_consent"]
    assert [verdict.reason for verdict in found[stopped.uid].recipients] == ["deny_withdrawn"]


async def test_a_last_look_alone_is_no_recent_event(world: World) -> None:
    """An event that was decided before the instant is left out, also when its delivery was looked at since."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, allow())))
    world.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")
    await world.claim(LATER)
    assert await _recent(world, LATER) == {}
    assert [event.recipients[0].reason for event in (await _recent(world)).values()] == ["deny_withdrawn"]


async def test_a_stopped_message_of_the_hub_is_no_verdict_on_the_event(world: World) -> None:
    """When one of the hub's own messages is stopped at its claim, the verdict on the event stays what it was."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event()
    told = Emission("match.reported", (TEAM,), "ok_match", "subject")
    await world.commit(record(0, sealed, judged(sealed, allow(), emissions=[told])))

    def recheck(candidate: Candidate, _snapshot: Snapshot) -> RecipientDecision:
        return allow() if candidate.emission is None else refuse(reason="deny_match_onesided")

    for moment in (NOW, LATER):
        claimed = await world.ledger.claim("deliver-1", 100, 30.0, recheck, keys_of, moment)
        await world.ledger.settle([settled(item, at_instant=moment) for item in claimed])
    found = await world.ledger.trail(sealed.uid)
    assert found is not None
    assert [line.verdict for line in found.lines] == ["unique", "claimed"]
    assert (await _recent(world))[sealed.uid].recipients == (allow(),)


async def test_content_that_is_gone_is_told(world: World) -> None:
    """An event that was refused was never kept: it is given without its decision view."""
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, refuse())))
    event = (await _recent(world))[sealed.uid]
    assert (event.event, event.authenticated_org, event.outcome, event.reason) == (
        None,
        None,
        "allow",
        "ok_accepted",
    )


async def test_recorded_facts_are_left_out(world: World) -> None:
    """A fact goes to nobody: it is not among the recent events."""
    sealed = sealed_event(recipients=())
    judgement = judged(sealed)
    recorded = replace(judgement.decision, event=EventDecision(Outcome.ALLOW, "ok_recorded"))
    await world.commit(record(0, sealed, replace(judgement, decision=recorded)))
    assert await _recent(world) == {}


async def test_more_than_one_part_is_given_whole(world: World) -> None:
    """Events beyond the first part of a chain are given too, once each."""
    await world.ledger.put_subscription(subscription())
    sealed = [sealed_event(f"evt-{number}", subject=f"ps_1_{number}") for number in range(PART_ROWS + 3)]
    await world.commit(*(record(place, one, judged(one, allow())) for place, one in enumerate(sealed)))
    assert list(await _recent(world)) == [one.uid for one in sealed]
