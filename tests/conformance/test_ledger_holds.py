"""Held events: woken by facts or time, released, refused, expired. For the database and its twin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.core.history import HistoryChanges
from hub.core.judgement import Judgement
from hub.core.model import Decision, EventDecision, FactChange, Outcome
from hub.core.snapshot import FactKeys
from hub.wire.envelope import SealedEvent
from tests.conformance.ledger_world import (
    CHILD,
    HOLD_UNTIL,
    LATER,
    NOW,
    SCHOOL,
    TEAM,
    World,
    allow,
    consent_change,
    decision,
    entry,
    judged,
    record,
    refuse,
    repeated,
    sealed_event,
    subject_change,
    subscription,
    wait,
)

AFTER_TERM = "2026-12-08T09:00:00+00:00"
BOUNDARY = "2026-11-24T00:00:00+01:00"


async def hold(world: World, offset: int = 0, **fields: str) -> SealedEvent:
    """Write one held event and let the first look, which a new hold always gets, pass."""
    sealed = sealed_event(f"evt-{offset}", **fields)  # type: ignore[arg-type]
    await world.commit(record(offset, sealed, judged(sealed, wait())))
    async with world.ledger.due_holds(10, NOW) as holds:
        for held in holds.held:
            await holds.rejudged(held, unchanged(held.sealed), BOUNDARY, NOW)
    return sealed


def unchanged(sealed: SealedEvent) -> Judgement:
    """Return the judgement that nothing changed."""
    return replace(repeated(), decision=entry(sealed, decision(wait())).decision, hold_until=HOLD_UNTIL)


def released(sealed: SealedEvent) -> Judgement:
    """Return the judgement that the event may go now."""
    return judged(sealed, allow(), verdict="reevaluated")


def expired(sealed: SealedEvent) -> Judgement:
    """Return the judgement that the term has passed."""
    whole = Decision(EventDecision(Outcome.DENY, "deny_hold_expired"))
    history = HistoryChanges(entries=(entry(sealed, whole),))
    return Judgement(verdict="reevaluated", reason="deny_hold_expired", decision=whole, history=history)


async def due(world: World, now: str) -> list[str]:
    """Return the uids of holds that are due."""
    async with world.ledger.due_holds(10, now) as holds:
        return [held.sealed.uid for held in holds.held]


async def test_new_hold_is_looked_at_once(world: World) -> None:
    """A new hold is judged once by the watch, which finds its next boundary; then it waits for that."""
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, wait())))
    assert await due(world, NOW) == [sealed.uid]
    async with world.ledger.due_holds(10, NOW) as holds:
        (held,) = holds.held
        assert (held.held_since, held.hold_until) == (NOW, HOLD_UNTIL)
        assert held.sealed == sealed
        await holds.rejudged(held, unchanged(held.sealed), BOUNDARY, NOW)
    assert await due(world, LATER) == []
    assert await due(world, BOUNDARY) == [sealed.uid]


async def test_stated_boundary_needs_no_first_look(world: World) -> None:
    """A hold that is recorded with its boundary waits for it."""
    sealed = sealed_event()
    item = replace(record(0, sealed, judged(sealed, wait())), wake_at=BOUNDARY)
    await world.commit(item)
    assert await due(world, LATER) == []


async def test_changed_fact_wakes_the_childs_holds(world: World) -> None:
    """A fact about the child wakes its holds and no other child's."""
    mine, _ = await hold(world, 0), await hold(world, 1, subject="ps_other")
    consent = sealed_event("consent-1", type_name="consent.given", recipients=())
    await world.commit(record(2, consent, judged(consent, facts=[consent_change()])))
    assert await due(world, LATER) == [mine.uid]


async def test_fact_of_the_city_wakes_all(world: World) -> None:
    """A changed area or partner can cure any hold."""
    one, two = await hold(world, 0), await hold(world, 1, subject="ps_other")
    change = FactChange("partner", TEAM, {"org": TEAM, "kind": "local_team"})
    sealed = sealed_event("partner-1", subject=None, type_name="partner.changed", recipients=())
    await world.commit(record(2, sealed, judged(sealed, facts=[change])))
    assert sorted(await due(world, LATER)) == sorted([one.uid, two.uid])
    assert await world.ledger.city_facts("partner") == [{"org": TEAM, "kind": "local_team"}]


async def test_hold_in_the_batch_of_its_cure(world: World) -> None:
    """An event held and a consent given in one batch: the hold is woken."""
    sealed = sealed_event()
    consent = sealed_event("consent-1", type_name="consent.given", recipients=())
    held = replace(record(0, sealed, judged(sealed, wait())), wake_at=BOUNDARY)
    await world.commit(held, record(1, consent, judged(consent, facts=[consent_change()])))
    assert await due(world, LATER) == [sealed.uid]


async def test_released_hold_is_delivered(world: World) -> None:
    """A cured hold is delivered from its kept payload, and the line says so."""
    await world.ledger.put_subscription(subscription())
    sealed = await hold(world)
    await world.ledger.wake_all_holds()
    async with world.ledger.due_holds(10, LATER) as holds:
        await holds.rejudged(holds.held[0], released(sealed), None, LATER)
    (claimed,) = await world.deliver(LATER)
    assert claimed.candidate.sealed == sealed
    balance = await world.ledger.balance()
    assert (balance.accepted, balance.delivered, balance.difference) == (1, 1, 0)
    assert await due(world, AFTER_TERM) == []
    receipt = await world.ledger.receipt(sealed.uid)
    assert receipt is not None
    assert (receipt.status, receipt.hold_until) == ("delivered", None)
    assert await world.ledger.verify_chain() == []


async def test_expired_hold_destroys_the_payload(world: World) -> None:
    """When the term passes everything held of the event is refused and its payload is destroyed."""
    sealed = sealed_event(recipients=(TEAM, SCHOOL))
    await world.commit(record(0, sealed, judged(sealed, wait(), wait(SCHOOL, 1))))
    async with world.ledger.due_holds(10, AFTER_TERM) as holds:
        await holds.rejudged(holds.held[0], expired(sealed), None, AFTER_TERM)
    balance = await world.ledger.balance()
    assert (balance.accepted, balance.withheld, balance.difference) == (2, 2, 0)
    receipt = await world.ledger.receipt(sealed.uid)
    assert receipt is not None
    assert {line.reason for line in receipt.lines} == {"deny_hold_expired"}
    assert (receipt.outcome, receipt.reason) == ("deny", "deny_hold_expired")
    assert await world.ledger.destroy_stale_payloads(7, "2027-01-01T00:00:00+00:00") == 0


async def test_failed_rejudging_changes_nothing(world: World) -> None:
    """A watch that dies in the middle leaves the hold as it was, and due."""
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, wait())))

    async def dying() -> None:
        async with world.ledger.due_holds(10, NOW) as holds:
            await holds.rejudged(holds.held[0], released(sealed), None, NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await dying()
    assert await due(world, NOW) == [sealed.uid]
    assert (await world.ledger.balance()).held == 1


async def test_wake_during_rejudging_is_not_lost(world: World) -> None:
    """A fact that comes while a hold is looked at wakes it again."""
    sealed = await hold(world)
    await world.ledger.wake_all_holds()
    await world.ledger.wake_all_holds()
    async with world.ledger.due_holds(10, LATER) as holds:
        await holds.rejudged(holds.held[0], unchanged(sealed), BOUNDARY, LATER)
    assert await due(world, LATER) == []
    await world.ledger.apply_facts([subject_change(CHILD)])
    assert await due(world, LATER) == [sealed.uid]


async def test_sent_again_and_cured(world: World) -> None:
    """A held event that is sent again and may go now is delivered once, and its hold ends."""
    await world.ledger.put_subscription(subscription())
    sealed = await hold(world)
    await world.commit(record(1, sealed, released(sealed)))
    assert len(await world.deliver(LATER)) == 1
    assert await due(world, AFTER_TERM) == []
    balance = await world.ledger.balance()
    assert (balance.records, balance.delivered, balance.withheld, balance.held) == (2, 1, 1, 0)
    assert balance.difference == 0


async def test_sent_again_under_a_new_id_and_cured(world: World) -> None:
    """The same record under a new id cures the line of the first sending, from the payload of the second."""
    await world.ledger.put_subscription(subscription())
    first = sealed_event("evt-0", record=("s1", 1))
    again = sealed_event("evt-1", record=("s1", 1))
    await world.commit(record(0, first, judged(first, wait())))
    history = HistoryChanges(entries=(entry(first, decision(allow())),))
    await world.commit(record(1, again, replace(released(again), history=history)))
    (claimed,) = await world.deliver(LATER)
    assert claimed.candidate.sealed == again
    for uid in (first.uid, again.uid):
        receipt = await world.ledger.receipt(uid)
        assert receipt is not None
        assert [line.state for line in receipt.lines] == ["delivered"]
    assert (await world.ledger.balance()).difference == 0
    assert await due(world, AFTER_TERM) == []


async def test_superseded_hold_ends(world: World) -> None:
    """A held revision that a newer one replaces is never released later."""
    first = sealed_event("evt-0", record=("s1", 1))
    newer = sealed_event("evt-1", record=("s1", 2))
    await world.commit(record(0, first, judged(first, wait())))
    old = replace(entry(first, decision(wait())), superseded=True)
    judgement = judged(newer, refuse(), verdict="update")
    history = HistoryChanges(entries=(old, *judgement.history.entries))
    await world.commit(record(1, newer, replace(judgement, history=history, supersedes=first.uid)))
    assert await due(world, AFTER_TERM) == []
    balance = await world.ledger.balance()
    assert (balance.held, balance.withheld, balance.difference) == (0, 2, 0)


async def test_broken_judgement_is_parked(world: World) -> None:
    """A held event that can no longer be judged is parked for a person, with its line."""
    sealed = await hold(world)
    await world.ledger.wake_all_holds()
    whole = Decision(EventDecision(Outcome.HOLD, "hold_evaluation_error"))
    broken = Judgement(verdict="rejected", reason=None, decision=whole, parked="hold_evaluation_error")
    async with world.ledger.due_holds(10, LATER) as holds:
        await holds.rejudged(holds.held[0], broken, None, LATER)
    balance = await world.ledger.balance()
    assert (balance.parked, balance.difference) == (1, 0)
    assert await due(world, AFTER_TERM) == []
    assert (await world.ledger.receipt(sealed.uid)) is not None


async def test_rejected_and_parked_event(world: World) -> None:
    """An event that the core could not judge is a parked line."""
    whole = Decision(EventDecision(Outcome.HOLD, "hold_evaluation_error"))
    broken = Judgement(verdict="rejected", reason=None, decision=whole, parked="hold_evaluation_error")
    sealed = sealed_event()
    await world.commit(record(0, sealed, broken))
    balance = await world.ledger.balance()
    assert (balance.accepted, balance.parked, balance.difference) == (1, 1, 0)


async def test_held_since_is_the_first_hold(world: World) -> None:
    """The term of a hold runs from the first one, also when the event is sent again and still held."""
    sealed = await hold(world)
    again = replace(judged(sealed, wait(reason="hold_custody_stale")), verdict="reevaluated")
    await world.commit(record(1, sealed, again, when=LATER))
    source_id = (str(sealed.event["source"]), str(sealed.event["id"]))
    snapshot = await world.ledger.look_up(FactKeys(source_ids=frozenset({source_id})))
    assert snapshot.held_since == {source_id: NOW}
    receipt = await world.ledger.receipt(sealed.uid)
    assert receipt is not None
    assert [(line.state, line.reason) for line in receipt.lines] == [("held", "hold_custody_stale")]
    assert (await world.ledger.balance()).difference == 0
