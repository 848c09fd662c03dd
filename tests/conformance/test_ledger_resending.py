"""Sending once more what a receiver had already, by hand. For the database and its twin."""

from __future__ import annotations

import pytest

from hub.core.model import Outcome, RecipientDecision
from hub.ledger import replaying, rows
from hub.ledger.replaying import ReplayAsked, ReplayCount, ReplayTooLargeError
from tests.conformance.hand_world import CLERK, audit_rows, balanced
from tests.conformance.ledger_world import (
    CHILD,
    LATER,
    NOW,
    TEAM,
    World,
    allow,
    at,
    judged,
    record,
    refuse,
    sealed_event,
    settled,
    subscription,
)

WINDOW = ReplayAsked(TEAM, "2026-11-23T00:00:00+00:00", "2026-11-24T00:00:00+00:00")
SIGNAL = "signal.raised"


def kept(_delivered_at: str) -> bool:
    """Say that everything is still kept."""
    return True


async def publish(world: World, offset: int, **fields: str) -> str:
    """Write one allowed event for the team; return its number."""
    sealed = sealed_event(f"evt-{offset}", **{"subject": f"ps_{offset}", **fields})  # type: ignore[arg-type]
    await world.commit(record(offset, sealed, judged(sealed, allow())))
    return sealed.uid


@pytest.fixture
async def served(world: World) -> World:
    """Give a world in which the team has a webhook."""
    await world.ledger.put_subscription(subscription())
    return world


async def again(world: World, asked: ReplayAsked = WINDOW, now: str = LATER) -> list[ReplayCount]:
    """Replay."""
    return await world.ledger.desk.replay(asked, kept, now, CLERK)


async def test_the_same_delivery_goes_once_more(served: World) -> None:
    """A repeat has the id and the number of the first time, so that its receiver knows it; the attempt is a new one."""
    await publish(served, 0)
    (first,) = await served.deliver()
    assert await again(served) == [ReplayCount(SIGNAL, "ok_replay", 1)]
    (second,) = await served.deliver(LATER)
    assert (second.delivery_id, second.sequence, second.attempt) == (first.delivery_id, first.sequence, 2)
    assert second.first_attempt_at == LATER
    assert second.candidate.delivered_at == NOW
    assert await served.claim(LATER) == []
    (row,) = await audit_rows(served, "replayed")
    assert '"actor":"operator_1"' in row.document
    assert first.delivery_id in row.document


async def test_what_was_delivered_stays_delivered_all_the_while(served: World) -> None:
    """While a replay waits, is sent and is answered, the line and the family's log tell of the first time."""
    uid = await publish(served, 0, subject=CHILD)
    await served.deliver()

    async def told() -> tuple[str, str | None, str]:
        receipt = await served.ledger.receipt(uid)
        assert receipt is not None
        (shared,) = await served.ledger.shared_lines(CHILD)
        assert (await balanced(served)).delivered == 1
        return receipt.lines[0].state, shared.shared_at, shared.state

    before = await told()
    assert before == ("delivered", NOW, "delivered")
    await again(served)
    assert await told() == before
    assert (await served.ledger.statistics(LATER)).oldest_pending_seconds == 0
    (claimed,) = await served.claim(LATER)
    assert await told() == before
    await served.ledger.settle(
        [settled(claimed, "pending", again=at(90), reason="timeout", at_instant=LATER)]
    )
    assert await told() == before
    await served.deliver(at(90))
    assert await told() == before


@pytest.mark.parametrize("end", ["stopped", "parked"])
async def test_a_replay_that_does_not_arrive_changes_nothing(served: World, end: str) -> None:
    """Stopped for a withdrawal, or not taken: what was delivered was delivered, and its number stays taken."""
    await publish(served, 0)
    await served.deliver()
    await again(served)
    if end == "stopped":
        served.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")
        assert await served.claim(LATER) == []
        served.answers.by_receiver.clear()
    else:
        (claimed,) = await served.claim(LATER)
        await served.ledger.settle([settled(claimed, "parked", reason="exhausted", at_instant=LATER)])
    assert (await balanced(served)).delivered == 1
    assert await served.ledger.desk.parked() == []
    assert await served.claim(at(300)) == []
    await publish(served, 1)
    (following,) = await served.claim(LATER)
    assert following.sequence == 2


async def test_the_log_of_the_family_never_shrinks(served: World) -> None:
    """A replay with fewer sections than the first time does not take back what was shared."""
    await publish(served, 0, subject=CHILD)
    await served.deliver()
    await again(served)
    served.answers.by_receiver[TEAM] = RecipientDecision(
        TEAM, Outcome.REDACT, "ok_consent", ("contact", "narrative"), (), ("c1",), ("meta",)
    )
    (claimed,) = await served.deliver(LATER)
    assert claimed.delivery.sections == ("meta",)
    (line,) = await served.ledger.shared_lines(CHILD)
    assert line.sections == ("meta", "contact")


async def test_looking_first_changes_nothing(served: World) -> None:
    """Without an operator the same figures come out, and nothing waits afterwards."""
    await publish(served, 0)
    await served.deliver()
    figures = await served.ledger.desk.replay(WINDOW, kept, LATER, None)
    assert figures == [ReplayCount(SIGNAL, "ok_replay", 1)]
    assert await served.claim(LATER) == []
    assert await audit_rows(served, "replayed") == []


async def test_only_what_is_asked_for(served: World) -> None:
    """Receiver, window and type choose; the end of the window is not in it."""
    await publish(served, 0)
    await publish(served, 1, type_name="crisis.reported")
    await served.deliver()
    chosen = [
        (ReplayAsked(TEAM, NOW, LATER, ("nl.jeugdigen.crisis.reported.v1",)), {"crisis.reported"}),
        (ReplayAsked(TEAM, NOW, LATER, (SIGNAL,)), {SIGNAL}),
        (ReplayAsked(TEAM, NOW, LATER), {SIGNAL, "crisis.reported"}),
        (ReplayAsked(TEAM, at(0, 1), LATER), set()),
        (ReplayAsked(TEAM, "2026-11-01T00:00:00+00:00", NOW), set()),
        (ReplayAsked("gp_1", NOW, LATER), set()),
    ]
    for asked, types in chosen:
        found = await served.ledger.desk.replay(asked, kept, LATER, None)
        assert {count.type for count in found} == types


async def test_what_cannot_be_sent_is_counted(world: World) -> None:
    """Too long ago, destroyed, no address, or a feed that its reader reads again itself: counted, and nothing waits."""
    await world.ledger.put_subscription(subscription())
    await publish(world, 0)
    await world.deliver()

    def gone(delivered_at: str) -> bool:
        assert delivered_at == NOW
        return False

    async def reasons(within: replaying.Within = kept) -> list[str]:
        found = await world.ledger.desk.replay(WINDOW, within, LATER, CLERK)
        assert await world.claim(LATER) == []
        return [count.reason for count in found]

    assert await reasons(gone) == ["deny_retention"]
    await world.ledger.put_subscription(subscription(connector="feed"))
    assert await reasons() == ["feed"]
    await world.ledger.remove_subscription(f"sub-{TEAM}")
    assert await reasons() == ["no_subscription"]
    async with world.ledger._store.transaction() as tables:
        await tables.delete(rows.PAYLOAD, "uid", [sealed_event("evt-0").uid])
    assert await reasons() == ["deny_retention"]


async def test_a_replay_has_a_size(served: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """More deliveries than one replay may hold are refused before anything is sent."""
    for offset in range(3):
        await publish(served, offset)
    await served.deliver()
    monkeypatch.setattr(replaying, "REPLAY_MAXIMUM", 2)
    with pytest.raises(ReplayTooLargeError):
        await again(served)
    assert await served.claim(LATER) == []
    monkeypatch.setattr(replaying, "REPLAY_MAXIMUM", 3)
    monkeypatch.setattr(replaying, "PART", 2)
    assert await again(served) == [ReplayCount(SIGNAL, "ok_replay", 3)]
    assert len(await served.deliver(LATER)) == 3


async def test_content_of_a_replay_is_kept_until_it_is_over(served: World) -> None:
    """What waits to be sent once more is not destroyed, and its time does not begin anew afterwards."""
    await publish(served, 0)
    await served.deliver()
    await again(served)
    after = "2026-12-01T00:00:00+00:00"
    assert await served.ledger.destroy_stale_payloads(7, after) == 0
    await served.deliver(after)
    assert await served.ledger.destroy_stale_payloads(7, after) == 1


async def test_a_replay_without_an_address_waits_for_a_person(served: World) -> None:
    """Its subscription removed meanwhile, it is parked; rejected it is delivered as before."""
    await publish(served, 0)
    await served.deliver()
    await again(served)
    await served.ledger.remove_subscription(f"sub-{TEAM}")
    assert (await balanced(served)).delivered == 1
    (item,) = await served.ledger.desk.parked()
    await served.ledger.desk.reject(item.parked_id, CLERK, LATER)
    assert (await balanced(served)).delivered == 1
    assert (await served.ledger.statistics(LATER)).parked == 0
