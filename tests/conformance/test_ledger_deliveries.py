"""Deliveries: claims, leases, order, numbers, consent at the claim. For the database and its twin."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hub.core.model import Emission, JsonObject
from hub.core.snapshot import FactKeys
from hub.ledger.interface import ClaimedDelivery, Settlement
from hub.ledger.ledger import StoredLedger
from tests.conformance.ledger_world import (
    LATER,
    NOW,
    SCHOOL,
    TEAM,
    World,
    allow,
    at,
    judged,
    keys_of,
    record,
    refuse,
    sealed_event,
    settled,
    subscription,
    wait,
)


async def publish(world: World, number: int, *, subject: str | None = None, urgency: str = "u3") -> str:
    """Write one allowed event for the team and return its uid."""
    sealed = sealed_event(f"evt-{number}", subject=subject or f"ps_{number}", urgency=urgency)
    await world.commit(record(number, sealed, judged(sealed, allow())))
    return sealed.uid


@pytest.fixture
async def served(world: World) -> World:
    """Give a world in which the team has a webhook."""
    await world.ledger.put_subscription(subscription())
    return world


async def test_permitted_sections_only(served: World) -> None:
    """A claimed delivery holds the permitted sections, still sealed, and never the withheld ones."""
    uid = await publish(served, 0)
    (claimed,) = await served.claim()
    assert claimed.candidate.sealed.uid == uid
    assert claimed.delivery.sections == ("meta", "contact")
    assert {name: item.ciphertext for name, item in claimed.delivery.sealed.items()} == {
        "contact": b"sealed contact"
    }
    assert (claimed.attempt, claimed.sequence, claimed.first_attempt_at) == (1, 1, NOW)


async def test_delivered_once(served: World) -> None:
    """What was delivered is never claimed again and its line is delivered."""
    await publish(served, 0)
    await served.deliver()
    assert await served.claim(LATER) == []
    balance = await served.ledger.balance()
    assert (balance.accepted, balance.delivered, balance.difference) == (1, 1, 0)


async def test_two_claimers_never_get_the_same(served: World) -> None:
    """Claims that run side by side share the work and never the same delivery."""
    for number in range(20):
        await publish(served, number)
    claims = await asyncio.gather(*(served.claim(limit=5) for _ in range(6)))
    ids = [item.delivery_id for claimed in claims for item in claimed]
    assert len(ids) == len(set(ids))
    rest = await served.claim()
    assert len(ids) + len(rest) == 20
    numbers = sorted(item.sequence for claimed in [*claims, rest] for item in claimed)
    assert numbers == list(range(1, 21))


async def test_order_per_child(served: World) -> None:
    """A later delivery about the same child waits until the earlier is settled; another child's does not."""
    first = await publish(served, 0, subject="ps_a")
    second = await publish(served, 1, subject="ps_a")
    other = await publish(served, 2, subject="ps_b")
    claimed = await served.claim()
    assert [item.candidate.sealed.uid for item in claimed] == [first, other]
    assert await served.claim() == []
    await served.ledger.settle([settled(claimed[0])])
    assert [item.candidate.sealed.uid for item in await served.claim()] == [second]


async def test_order_holds_through_a_retry(served: World) -> None:
    """A delivery that waits for its next attempt still keeps the child's later ones back."""
    first = await publish(served, 0, subject="ps_a")
    await publish(served, 1, subject="ps_a")
    (claimed,) = await served.claim()
    await served.ledger.settle([settled(claimed, "pending", again=LATER, reason="timeout")])
    assert await served.claim(at(30)) == []
    (again,) = await served.claim(LATER)
    assert (again.candidate.sealed.uid, again.attempt, again.sequence) == (first, 2, 1)
    assert again.first_attempt_at == NOW


async def test_followers_are_due_when_the_first_is_out_of_the_way(served: World) -> None:
    """What waited behind a retry goes as soon as the first is settled, whatever the next attempt was set to."""
    for number in range(3):
        await publish(served, number, subject="ps_a")
    (first,) = await served.claim()
    await served.ledger.settle([settled(first, "pending", again=at(10), reason="timeout")])
    (again,) = await served.claim(at(10))
    await served.ledger.settle([settled(again, "pending", again=at(59), reason="timeout", at_instant=at(10))])
    assert await served.claim(at(30)) == []
    served.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")
    assert await served.claim(at(59)) == []
    served.answers.by_receiver.clear()
    assert [item.candidate.sealed.event["id"] for item in await served.claim(at(59))] == ["evt-1"]


async def test_crisis_first(served: World) -> None:
    """A crisis alert is claimed before everything that waited longer."""
    await publish(served, 0)
    urgent = await publish(served, 1, urgency="u1")
    (claimed,) = await served.claim(limit=1)
    assert claimed.candidate.sealed.uid == urgent


async def test_lapsed_lease_is_claimed_anew(served: World) -> None:
    """When a worker dies its deliveries are claimed anew after the lease, with the same id and number."""
    await publish(served, 0)
    (lost,) = await served.claim(NOW, lease_seconds=30)
    assert await served.claim(at(0, 29), lease_seconds=30) == []
    (found,) = await served.claim(at(0, 31), lease_seconds=30)
    assert (found.delivery_id, found.sequence, found.attempt) == (lost.delivery_id, lost.sequence, 2)
    assert found.lease != lost.lease


async def test_late_settlement_does_not_count(served: World) -> None:
    """An answer after the lease was given to another changes nothing."""
    await publish(served, 0)
    (lost,) = await served.claim(NOW, lease_seconds=30)
    (found,) = await served.claim(at(1), lease_seconds=30)
    assert await served.ledger.settle([settled(lost)]) == 0
    assert (await served.ledger.balance()).pending == 1
    assert await served.ledger.settle([settled(found)]) == 1
    assert await served.ledger.settle([settled(found)]) == 0


async def test_settlement_of_an_unknown_state_is_refused(served: World) -> None:
    """A settlement says delivered, pending or parked; anything else is a programming error."""
    await publish(served, 0)
    (claimed,) = await served.claim()
    with pytest.raises(ValueError, match="delivered, pending or parked"):
        await served.ledger.settle([settled(claimed, "lost")])


async def test_withdrawn_before_the_claim(served: World) -> None:
    """Consent withdrawn between decision and claim stops the delivery; the receiver learns nothing."""
    uid = await publish(served, 0)
    served.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")
    assert await served.claim() == []
    balance = await served.ledger.balance()
    assert (balance.withheld, balance.pending, balance.difference) == (1, 0, 0)
    receipt = await served.ledger.receipt(uid)
    assert receipt is not None
    assert [(line.state, line.reason) for line in receipt.lines] == [("withheld", "deny_withdrawn")]
    assert await served.ledger.verify_chain() == []


async def test_stopped_receiver_is_forgotten_as_receiver(served: World) -> None:
    """Who was stopped at the claim does not pass for one that has the event: sent again, it can get it."""
    await publish(served, 0, subject="ps_a")
    served.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")
    await served.claim()
    snapshot = await served.ledger.look_up(FactKeys(subjects=frozenset({"ps_a"})))
    (entry,) = snapshot.entries
    assert entry.delivered_to == ()
    assert [item.reason for item in entry.decision.recipients] == ["deny_withdrawn"]


async def test_held_again_at_the_claim(served: World) -> None:
    """A delivery that must wait at the claim becomes a held line, and its event is judged again at once."""
    await publish(served, 0)
    served.answers.by_receiver[TEAM] = wait()
    assert await served.claim() == []
    balance = await served.ledger.balance()
    assert (balance.held, balance.difference) == (1, 0)
    async with served.ledger.due_holds(10, NOW) as holds:
        assert len(holds.held) == 1


async def test_gap_free_numbers_after_a_stop(served: World) -> None:
    """A delivery that is stopped after a failed attempt gives its number to the next one: no receiver sees a gap."""
    await publish(served, 0, subject="ps_a")
    (failed,) = await served.claim()
    await served.ledger.settle([settled(failed, "pending", again=NOW, reason="timeout")])
    served.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")
    assert await served.claim(LATER) == []
    served.answers.by_receiver.clear()
    await publish(served, 1, subject="ps_b")
    (next_one,) = await served.claim(LATER)
    assert next_one.sequence == failed.sequence == 1


async def test_lowest_freed_number_first(served: World) -> None:
    """Freed numbers are given again, the lowest first, before a new one."""
    for number in range(5):
        await publish(served, number)
    claimed = {item.sequence: item for item in await served.claim()}
    parked = [settled(claimed[number], "parked", reason="refused") for number in (2, 4)]
    await served.ledger.settle([settled(claimed[1]), *parked, settled(claimed[3]), settled(claimed[5])])
    for number in range(5, 8):
        await publish(served, number)
    assert sorted(item.sequence for item in await served.claim()) == [2, 4, 6]


async def test_parked_after_refusal(served: World) -> None:
    """A delivery that its receiver refused for good is parked for a person, not lost."""
    uid = await publish(served, 0)
    (claimed,) = await served.claim()
    await served.ledger.settle([settled(claimed, "parked", reason="refused")])
    balance = await served.ledger.balance()
    assert (balance.parked, balance.difference) == (1, 0)
    receipt = await served.ledger.receipt(uid)
    assert receipt is not None
    assert [(line.state, line.reason) for line in receipt.lines] == [("parked", "refused")]


async def test_gone_receiver_disables_its_subscription(served: World) -> None:
    """A receiver that says it is gone gets nothing more until its subscription is put again."""
    await publish(served, 0, subject="ps_a")
    await publish(served, 1, subject="ps_b")
    first, second = await served.claim()
    gone = Settlement(first.delivery_id, first.lease, "parked", "gone", NOW, disable_subscription=True)
    await served.ledger.settle([gone, settled(second, "pending", again=NOW)])
    assert await served.claim(LATER) == []
    (stored,) = await served.ledger.subscriptions(TEAM)
    assert not stored.active
    await served.ledger.put_subscription(subscription())
    assert len(await served.claim(LATER)) == 1


async def test_no_subscription_parks_and_a_new_one_takes_over(world: World) -> None:
    """What nobody subscribed to is parked, never lost, and goes to the subscription that comes later."""
    await publish(world, 0)
    balance = await world.ledger.balance()
    assert (balance.parked, balance.difference) == (1, 0)
    await world.ledger.put_subscription(subscription())
    assert len(await world.deliver()) == 1
    balance = await world.ledger.balance()
    assert (balance.parked, balance.delivered, balance.difference) == (0, 1, 0)


async def test_one_line_for_many_subscriptions(served: World) -> None:
    """One recipient with two matching subscriptions is one line, pending until both are settled."""
    await served.ledger.put_subscription(subscription(name="second", origin="partner"))
    await publish(served, 0)
    claimed = await served.claim()
    assert {item.subscription.subscription_id for item in claimed} == {"second", f"sub-{TEAM}"}
    await served.ledger.settle([settled(claimed[0])])
    assert (await served.ledger.balance()).pending == 1
    await served.ledger.settle([settled(claimed[1], "parked", reason="refused")])
    balance = await served.ledger.balance()
    assert (balance.accepted, balance.delivered, balance.difference) == (1, 1, 0)


async def claimed_subscriptions(world: World) -> list[str]:
    """Return where the next deliveries go."""
    return [item.subscription.subscription_id for item in await world.claim()]


async def test_default_subscription_takes_what_nobody_asked_for(world: World) -> None:
    """A subscription to other types gets nothing; the default one takes the rest whatever its own types."""
    await world.ledger.put_subscription(replace(subscription(), types=("feedback.given",)))
    other = replace(subscription(name="referrals", origin="partner"), types=("referral.offered",))
    await world.ledger.put_subscription(other)
    await publish(world, 0)
    assert await claimed_subscriptions(world) == [f"sub-{TEAM}"]


@pytest.mark.parametrize("name", ["signal.raised", "nl.jeugdigen.signal.raised.v1"])
async def test_types_by_either_name(world: World, name: str) -> None:
    """A type matches by its code name and by the full type of the envelope."""
    await world.ledger.put_subscription(replace(subscription(), types=("feedback.given",)))
    await world.ledger.put_subscription(
        replace(subscription(name="signals", origin="partner"), types=(name,))
    )
    await publish(world, 0)
    assert await claimed_subscriptions(world) == ["signals"]


@pytest.mark.parametrize(
    ("condition", "receives"),
    [
        ({"exact": {"type": "nl.jeugdigen.referral.offered.v1"}}, f"sub-{TEAM}"),
        ({"prefix": {"type": "nl.jeugdigen.signal."}}, "narrow"),
        ({"no such dialect": {}}, f"sub-{TEAM}"),
    ],
)
async def test_filter_decides(world: World, condition: JsonObject, receives: str) -> None:
    """A subscription's filter is asked; what it refuses, or what no one can read, goes to the default one."""
    await world.ledger.put_subscription(replace(subscription(), types=("feedback.given",)))
    narrow = subscription(name="narrow", origin="partner")
    await world.ledger.put_subscription(replace(narrow, filter_document=[condition]))
    await publish(world, 0)
    assert await claimed_subscriptions(world) == [receives]


async def test_removed_subscription_hands_over(served: World) -> None:
    """What waited for a removed subscription moves to the default one, with a number of that one."""
    await served.ledger.put_subscription(subscription(name="extra", origin="partner"))
    await publish(served, 0)
    assert await served.ledger.remove_subscription("extra")
    claimed = await served.claim()
    assert [item.subscription.subscription_id for item in claimed] == [f"sub-{TEAM}"]
    assert not await served.ledger.remove_subscription("extra")


async def test_removing_the_last_subscription_parks(served: World) -> None:
    """Without any subscription left, what waited is parked; a claimed one's answer no longer counts."""
    await publish(served, 0)
    (claimed,) = await served.claim()
    assert await served.ledger.remove_subscription(f"sub-{TEAM}")
    assert await served.ledger.settle([settled(claimed)]) == 0
    balance = await served.ledger.balance()
    assert (balance.parked, balance.difference) == (1, 0)


async def test_emissions_are_delivered_and_no_lines(served: World) -> None:
    """The hub's own messages go to each receiver, carry no section of the event and count in no balance."""
    await served.ledger.put_subscription(subscription(SCHOOL))
    sealed = sealed_event()
    match = Emission(
        "match.reported", (SCHOOL, TEAM), "ok_match", "same_subject", ((SCHOOL, "ps_a"), (TEAM, "ps_a"))
    )
    await served.commit(record(0, sealed, judged(sealed, refuse(), emissions=[match])))
    claimed = await served.deliver()
    assert sorted(item.candidate.receiver for item in claimed) == [SCHOOL, TEAM]
    assert all(item.candidate.emission == match for item in claimed)
    assert all(not item.delivery.sealed for item in claimed)
    balance = await served.ledger.balance()
    assert (balance.accepted, balance.withheld, balance.difference) == (1, 1, 0)


async def test_disclosures_tell_whom_a_withdrawal_concerns(served: World) -> None:
    """Whoever may have received something on a consent is found by that consent, and by the sender's record."""
    sealed = sealed_event(record=("s1", 1))
    await served.commit(record(0, sealed, judged(sealed, allow(consents=("c1", "c2")))))
    served.answers.by_receiver[TEAM] = allow(consents=("c1", "c2"))
    keys = FactKeys(consent_ids=frozenset({"c2"}))
    assert (await served.ledger.look_up(keys)).deliveries == ()
    await served.claim()
    expected = {"recipient": TEAM, "consent_ids": ["c1", "c2"], "record_ref": "s1", "org": SCHOOL}
    assert (await served.ledger.look_up(keys)).deliveries == (expected,)
    by_record = FactKeys(records=frozenset({(SCHOOL, "s1")}))
    assert (await served.ledger.look_up(by_record)).deliveries == (expected,)


@pytest.mark.parametrize(
    ("unsent", "kept"), [((True,), 0), ((False,), 1), ((False, True), 1), ((True, True), 0)]
)
async def test_a_receiver_that_was_never_reached_is_not_told(
    served: World, unsent: tuple[bool, ...], kept: int
) -> None:
    """Only who may have seen something of a message counts as its receiver, whatever the last attempt says."""
    sealed = sealed_event(record=("s1", 1))
    await served.commit(record(0, sealed, judged(sealed, allow(consents=("c1",)))))
    served.answers.by_receiver[TEAM] = allow(consents=("c1",))
    for nothing_sent in unsent:
        (claimed,) = await served.claim()
        back = settled(claimed, "pending", again=NOW)
        await served.ledger.settle([replace(back, nothing_sent=nothing_sent)])
    found = await served.ledger.look_up(FactKeys(consent_ids=frozenset({"c1"})))
    assert len(found.deliveries) == kept


async def test_payload_is_destroyed_after_its_time(served: World) -> None:
    """Seven days after delivery the sealed event is destroyed; what still waits is kept."""
    await publish(served, 0)
    await served.deliver()
    await publish(served, 1)
    week_later = "2026-12-01T09:00:01+00:00"
    assert await served.ledger.destroy_stale_payloads(7, "2026-11-29T09:00:00+00:00") == 0
    assert await served.ledger.destroy_stale_payloads(7, week_later) == 1
    assert len(await served.claim(week_later)) == 1


async def test_waiting_ends_when_something_comes(served: World, ledger: StoredLedger) -> None:
    """Who waits for deliveries is woken by the batch that brings one; who waits in vain is told so."""

    async def waiting() -> list[ClaimedDelivery]:
        while not (found := await served.claim()):
            await ledger.wait_for_work("deliveries", 10)
        return found

    task = asyncio.create_task(waiting())
    await asyncio.sleep(0.2)
    async with asyncio.timeout(5):
        await publish(served, 0)
        assert len(await task) == 1


async def test_waiting_in_vain_ends(ledger: StoredLedger) -> None:
    """After the first look, a wait without notice ends when its time is over."""
    await ledger.wait_for_work("holds", 0.01)
    await ledger.wait_for_work("holds", 0.01)
    assert not await ledger.wait_for_work("holds", 0.05)


async def test_keys_of_the_recheck(served: World) -> None:
    """The recheck sees the facts of the moment of the claim."""
    await publish(served, 0, subject="ps_a")
    await served.claim()
    (candidate,) = served.answers.asked
    assert keys_of(candidate.sealed.event).subjects == {"ps_a"}
    assert [entry.subject_ref for entry in served.answers.snapshots[0].entries] == ["ps_a"]
