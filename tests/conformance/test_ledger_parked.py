"""What is parked: listed, released or rejected by a person, with an audit row. For the database and its twin."""

from __future__ import annotations

import pytest

from hub.core.model import Emission
from hub.ledger import rows
from hub.ledger.interface import Settlement
from hub.ledger.parked_items import ParkedKind
from hub.ledger.parking import ParkedOutcome
from tests.conformance.hand_world import (
    CLERK,
    audit_rows,
    balanced,
    failed,
    only,
    park_bytes,
    park_delivery,
    park_event,
)
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
    repeated,
    sealed_event,
    settled,
    subscription,
)


async def test_everything_that_waits_is_listed_once(world: World) -> None:
    """A record that is no event, an event without a verdict and a delivery are one item each, with codes only."""
    await park_bytes(world, 0)
    await park_event(world, 1)
    delivery_id = await park_delivery(world, 2)
    junk, event, delivery = await world.ledger.desk.parked()
    assert [item.kind for item in (junk, event, delivery)] == [
        ParkedKind.UNREADABLE,
        ParkedKind.EVENT,
        ParkedKind.DELIVERY,
    ]
    assert (junk.reason, junk.offset, junk.size_bytes, junk.digest) == ("unknown_schema", 0, 12, "ab" * 32)
    assert (event.reason, event.sender, event.type, event.state) == (
        "hold_evaluation_error",
        SCHOOL,
        "signal.raised",
        "parked",
    )
    assert (delivery.delivery_id, delivery.receiver, delivery.attempts) == (delivery_id, TEAM, 1)
    assert [item.can_be_released for item in (junk, event, delivery)] == [False, True, True]
    assert await world.ledger.desk.parked_item(event.parked_id) == event
    assert await world.ledger.desk.parked_item(999) is None


async def test_the_list_goes_on_after_a_number(world: World) -> None:
    """A list that is longer than a page goes on after the last number of it."""
    for offset in range(3):
        await park_bytes(world, offset)
    first, *_ = await world.ledger.desk.parked(limit=1)
    assert [item.offset for item in await world.ledger.desk.parked(first.parked_id)] == [1, 2]


async def test_a_released_delivery_is_claimed_again(world: World) -> None:
    """It is the same delivery with one more attempt and a whole new time to try, and its line tells its decision."""
    delivery_id = await park_delivery(world)
    item = await only(world)
    outcome = await world.ledger.desk.release(item.parked_id, CLERK, LATER)
    assert outcome is ParkedOutcome.RELEASED
    assert (await balanced(world)).pending == 1
    (again,) = await world.deliver(LATER)
    assert (again.delivery_id, again.attempt, again.first_attempt_at) == (delivery_id, 2, LATER)
    assert (await balanced(world)).delivered == 1
    receipt = await world.ledger.receipt(item.uid)
    assert receipt is not None
    assert [(line.state, line.reason) for line in receipt.lines] == [("delivered", "ok_consent")]
    assert await world.ledger.desk.parked() == []


async def test_consent_counts_when_a_released_delivery_is_claimed(world: World) -> None:
    """A release lets nothing out by itself: what was withdrawn meanwhile is stopped at the claim."""
    await park_delivery(world)
    await world.ledger.desk.release((await only(world)).parked_id, CLERK, LATER)
    world.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")
    assert await world.claim(LATER) == []
    assert (await balanced(world)).withheld == 1


async def test_a_delivery_without_an_address_stays_parked(world: World) -> None:
    """While its receiver has no active subscription there is nowhere to go."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, allow())))
    (claimed,) = await world.claim()
    gone = Settlement(claimed.delivery_id, claimed.lease, "parked", "gone", NOW, disable_subscription=True)
    await world.ledger.settle([gone])
    item = await only(world)
    assert await world.ledger.desk.release(item.parked_id, CLERK, NOW) is ParkedOutcome.NO_SUBSCRIPTION
    assert await only(world) == item
    assert await audit_rows(world, "parked_released") == []


async def test_a_delivery_goes_to_the_subscription_that_is_there(world: World) -> None:
    """Whose own subscription was removed goes to the default one of its receiver."""
    await park_delivery(world)
    await world.ledger.remove_subscription(f"sub-{TEAM}")
    await world.ledger.put_subscription(subscription(name="sub-new"))
    await world.ledger.desk.release((await only(world)).parked_id, CLERK, LATER)
    (claimed,) = await world.claim(LATER)
    assert claimed.subscription.subscription_id == "sub-new"


async def test_a_delivery_whose_content_is_gone_cannot_go_on(world: World) -> None:
    """Without its sealed content a delivery can only be rejected."""
    await park_delivery(world)
    item = await only(world)
    async with world.ledger._store.transaction() as tables:
        await tables.delete(rows.PAYLOAD, "uid", [item.uid])
    assert not (await only(world)).can_be_released
    assert await world.ledger.desk.release(item.parked_id, CLERK, NOW) is ParkedOutcome.CONTENT_GONE


async def test_a_rejected_delivery_is_withheld_for_what_it_was_parked_for(world: World) -> None:
    """Nothing of it leaves any more; the line is withheld and keeps its reason."""
    await park_delivery(world)
    item = await only(world)
    assert await world.ledger.desk.reject(item.parked_id, CLERK, LATER) is ParkedOutcome.REJECTED
    assert (await balanced(world)).withheld == 1
    assert await world.claim(LATER) == []
    receipt = await world.ledger.receipt(item.uid)
    assert receipt is not None
    assert [(line.state, line.reason, line.at) for line in receipt.lines] == [
        ("withheld", "exhausted", LATER)
    ]


async def test_a_line_with_another_delivery_follows_that_one(world: World) -> None:
    """Of two subscriptions of one receiver one is rejected: the line stays what the other one is."""
    await world.ledger.put_subscription(subscription())
    await world.ledger.put_subscription(subscription(name="second", origin="partner"))
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, allow())))
    one, two = await world.claim()
    await world.ledger.settle(
        [settled(one, "parked", reason="refused"), settled(two, "pending", again=LATER)]
    )
    await world.ledger.desk.reject((await only(world)).parked_id, CLERK, NOW)
    assert (await balanced(world)).pending == 1


async def test_a_message_of_the_hub_itself_can_go_on_or_end(world: World) -> None:
    """It has no line: releasing and rejecting change the delivery alone."""
    await world.ledger.put_subscription(subscription(SCHOOL))
    for offset in range(2):
        sealed = sealed_event(f"evt-{offset}", subject=f"ps_{offset}")
        told = (Emission("conflict.reported", (SCHOOL,), "ok_acknowledgement", None, ()),)
        await world.commit(record(offset, sealed, judged(sealed, refuse(), emissions=told)))
    await world.ledger.settle([settled(item, "parked", reason="refused") for item in await world.claim()])
    first, second = await world.ledger.desk.parked()
    assert {first.type, second.type} == {"conflict.reported"}
    assert await world.ledger.desk.release(first.parked_id, CLERK, LATER) is ParkedOutcome.RELEASED
    assert await world.ledger.desk.reject(second.parked_id, CLERK, LATER) is ParkedOutcome.REJECTED
    assert len(await world.deliver(LATER)) == 1
    assert (await balanced(world)).withheld == 2


async def test_a_record_that_is_no_event_can_only_be_rejected(world: World) -> None:
    """Its bytes were never kept, so there is nothing to let go on."""
    await park_bytes(world)
    parked_id = (await only(world)).parked_id
    assert await world.ledger.desk.release(parked_id, CLERK, NOW) is ParkedOutcome.ONLY_REJECT
    assert (await balanced(world)).parked == 1
    assert await world.ledger.desk.reject(parked_id, CLERK, NOW) is ParkedOutcome.REJECTED
    assert (await balanced(world)).withheld == 1
    assert (await world.ledger.statistics(NOW)).parked == 0


async def test_a_released_event_is_held_and_due_at_once(world: World) -> None:
    """The watch finds it with its content, to be judged for the first time; then it goes its way."""
    sealed = await park_event(world)
    assert (await world.ledger.statistics(NOW)).parked > 0
    assert (
        await world.ledger.desk.release((await only(world)).parked_id, CLERK, LATER) is ParkedOutcome.RELEASED
    )
    assert (await balanced(world)).held == 1
    await world.ledger.put_subscription(subscription())
    async with world.ledger.due_holds(10, LATER) as transaction:
        (held,) = transaction.held
        assert held.first_look
        assert held.sealed == sealed
        await transaction.gather(keys_of(sealed.event), LATER)
        await transaction.rejudged(held, judged(sealed, allow(), refuse("gp_1", 1)), None, LATER)
    assert (await balanced(world)).pending == 1
    assert len(await world.deliver(LATER)) == 1
    balance = await balanced(world)
    assert (balance.records, balance.delivered, balance.withheld) == (1, 1, 1)


async def test_an_event_that_fails_again_is_parked_again(world: World) -> None:
    """It can be released as often as it takes."""
    await park_event(world)
    for _ in range(2):
        await world.ledger.desk.release((await only(world)).parked_id, CLERK, LATER)
        async with world.ledger.due_holds(10, LATER) as transaction:
            (held,) = transaction.held
            await transaction.rejudged(held, failed(), None, LATER)
        assert (await balanced(world)).parked == 1


async def test_a_rejected_event_is_withheld(world: World) -> None:
    """It is never judged; the line keeps its reason."""
    sealed = await park_event(world)
    await world.ledger.desk.reject((await only(world)).parked_id, CLERK, LATER)
    assert (await balanced(world)).withheld == 1
    receipt = await world.ledger.receipt(sealed.uid)
    assert receipt is not None
    assert [(line.state, line.reason) for line in receipt.lines] == [("withheld", "hold_evaluation_error")]
    async with world.ledger.due_holds(10, LATER) as transaction:
        assert transaction.held == ()


async def test_a_released_repeat_has_its_first_sending_judged_again(world: World) -> None:
    """A repeat that could not be judged is withheld as a repeat; the event it repeats is looked at anew."""
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, refuse())))
    await world.commit(record(1, sealed, failed()))
    await world.ledger.desk.release((await only(world)).parked_id, CLERK, LATER)
    assert (await balanced(world)).withheld == 2
    async with world.ledger.due_holds(10, LATER) as transaction:
        (held,) = transaction.held
        assert not held.first_look
        await transaction.rejudged(held, repeated(), None, LATER)
    async with world.ledger.due_holds(10, LATER) as transaction:
        assert transaction.held == ()
    assert (await balanced(world)).withheld == 2


async def test_content_of_what_waits_is_kept(world: World) -> None:
    """However long a person takes, the sealed content stays; once rejected it is destroyed at once."""
    await park_event(world)
    assert await world.ledger.destroy_stale_payloads(7, "2027-03-01T09:00:00+00:00") == 0
    item = await only(world)
    assert item.content_kept
    await world.ledger.desk.reject(item.parked_id, CLERK, LATER)
    async with world.ledger._store.transaction() as tables:
        assert await tables.kept_payloads([f"parked:{item.place}"]) == []


async def test_each_unjudged_sending_keeps_its_own_content(world: World) -> None:
    """Two messages under one number wait beside each other, and each is judged by what it says."""
    await park_event(world)
    other = sealed_event("evt-0", subject="ps_0", urgency="u1")
    await world.commit(record(1, other, failed()))
    first, second = await world.ledger.desk.parked()
    assert (await balanced(world)).parked == 2
    await world.ledger.desk.reject(first.parked_id, CLERK, LATER)
    await world.ledger.desk.release(second.parked_id, CLERK, LATER)
    async with world.ledger.due_holds(10, LATER) as transaction:
        (held,) = transaction.held
        assert held.sealed == other


async def test_an_event_that_waits_may_come_again(world: World) -> None:
    """Sent again while it is parked it is decided as usual; released then, it is one that no longer counts."""
    sealed = await park_event(world)
    await world.ledger.put_subscription(subscription())
    await world.commit(record(1, sealed, judged(sealed, allow())))
    assert len(await world.deliver()) == 1
    await world.ledger.desk.release((await only(world)).parked_id, CLERK, LATER)
    balance = await balanced(world)
    assert (balance.delivered, balance.withheld, balance.parked) == (1, 1, 0)


async def test_a_message_that_fits_no_schema_waits_once(world: World) -> None:
    """A fault of the hub in its own outbox is listed with topic, size and digest; released it stays in the outbox."""
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, refuse())))
    (message,) = await world.ledger.outbox(10)
    for _ in range(2):
        await world.ledger.park_unfit(message.row_id, NOW)
    await world.ledger.park_unfit(message.row_id + 1, NOW)
    item = await only(world)
    assert (item.kind, item.type, item.reason) == (ParkedKind.MESSAGE, "hub.decisions", "unfit_for_topic")
    assert item.size_bytes > 0
    assert item.can_be_released
    assert await world.ledger.desk.release(item.parked_id, CLERK, LATER) is ParkedOutcome.RELEASED
    assert await world.ledger.outbox(10) == [message]
    await world.ledger.park_unfit(message.row_id, LATER)
    again = await only(world)
    assert await world.ledger.desk.reject(again.parked_id, CLERK, LATER) is ParkedOutcome.REJECTED
    assert await world.ledger.desk.reject(again.parked_id, CLERK, LATER) is ParkedOutcome.NOT_PARKED
    assert await world.ledger.outbox(10) == []
    assert (await balanced(world)).withheld == 1
    assert await world.ledger.verify_chain() == []
    assert [head.partition for head in await world.ledger.desk.heads()] == [-1, 0]


@pytest.mark.parametrize("act", ["release", "reject"])
async def test_each_act_is_in_the_audit_chain_once(world: World, act: str) -> None:
    """The audit row names who, why and what; doing it twice does nothing the second time."""
    await park_delivery(world)
    item = await only(world)
    desk = world.ledger.desk
    first = await (desk.release if act == "release" else desk.reject)(item.parked_id, CLERK, at(61))
    assert first in {ParkedOutcome.RELEASED, ParkedOutcome.REJECTED}
    for again in (desk.release, desk.reject):
        assert await again(item.parked_id, CLERK, at(62)) is ParkedOutcome.NOT_PARKED
    (row,) = await audit_rows(world, f"parked_{act}d" if act == "release" else "parked_rejected")
    assert (row.uid, row.place, row.reason) == (item.uid, item.place, "exhausted")
    for stated in ('"actor":"operator_1"', '"stated_reason":"receiver is back, ticket 42"', at(61)):
        assert stated in row.document
    trail = await world.ledger.trail(item.uid)
    assert trail is not None
    assert trail.lines[-1].verdict == row.document.split('"verdict":"')[1].split('"')[0]
