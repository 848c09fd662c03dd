"""Held events and ended consents: agents/watch.py, over the ledger's twin and the real core."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from agents.broker import LogUnavailableError
from agents.settings import AgentSettings
from agents.watch import expiry_event
from hub.core.numbers import metadata_refused
from hub.ledger.interface import (
    ExpiredConsent,
)
from hub.wire.codec import decode
from tests.unit.watch_world import (
    CHILD,
    HUB_SOURCE,
    MUCH_LATER,
    START,
    World,
    consent,
    registered,
    signal,
    watched,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with watched() as found:
        yield found


async def test_a_held_event_leaves_once_its_fact_is_there(world: World) -> None:
    """A signal held because the child is unknown is judged again when the child is registered."""
    await world.decide(consent(), signal())
    assert (await world.ledger.balance()).held == 1
    await world.decide(registered())
    assert await world.loop.rejudge_once() == 1
    balance = await world.ledger.balance()
    assert (balance.held, balance.pending, balance.difference) == (0, 1, 0)
    assert await world.loop.rejudge_once() == 0


async def test_a_hold_without_news_is_left_alone(world: World) -> None:
    """A new hold is looked at once, to learn its next boundary in time; then nothing is due."""
    await world.decide(signal())
    assert await world.loop.rejudge_once() == 1
    assert await world.loop.rejudge_once() == 0
    assert (await world.ledger.balance()).held == 1


async def test_a_hold_that_is_still_right_goes_on_and_comes_back_at_the_next_boundary(world: World) -> None:
    """Looked at after midnight, the same hold stays, without being looked at again at once."""
    await world.decide(signal())
    await world.loop.rejudge_once()
    world.now = "2026-03-03T00:00:01Z"
    assert await world.loop.rejudge_once() == 1
    assert await world.loop.rejudge_once() == 0
    assert (await world.ledger.balance()).held == 1


async def test_a_hold_expires_after_its_term(world: World) -> None:
    """Ten working days after the first hold the event is refused and its payload destroyed."""
    await world.decide(signal())
    world.now = MUCH_LATER
    assert await world.loop.rejudge_once() == 1
    balance = await world.ledger.balance()
    assert (balance.held, balance.withheld, balance.difference) == (0, 1, 0)
    receipt = await world.ledger.receipt(signal().uid)
    assert receipt is not None
    assert "deny_hold_expired" in {receipt.reason, *(line.reason for line in receipt.lines)}


async def test_an_ended_consent_is_announced_once_in_the_childs_own_order(world: World) -> None:
    """The notice is an event of the hub under the child's key; once it is in the log it is not sent again."""
    await world.decide(registered(), consent(valid_to="2026-03-10"), signal())
    await world.deliver()
    assert await world.loop.announce_once() == 0
    world.now = MUCH_LATER
    assert await world.loop.announce_once() == 1
    (message,) = world.writer.messages
    sealed = decode(message.value)
    assert (message.topic, message.key, sealed.key) == ("hub.events", CHILD, CHILD)
    assert sealed.event["type"] == "consent.expired"
    assert sealed.event["data"] == {"consent_id": "consent-1"}
    assert await world.loop.announce_once() == 0


async def test_an_ended_consent_is_announced_again_when_the_log_was_away(world: World) -> None:
    """A notice counts as sent only when the log has it."""
    await world.decide(registered(), consent(valid_to="2026-03-10"), signal())
    await world.deliver()
    world.now, world.writer.is_away = MUCH_LATER, True
    with pytest.raises(LogUnavailableError):
        await world.loop.announce_once()
    world.writer.is_away = False
    assert await world.loop.announce_once() == 1


async def test_the_hubs_notice_passes_the_gates_and_its_repeat_wakes_nobody(world: World) -> None:
    """After a crash the notice may be written twice: the second is a duplicate, not a conflict."""
    await world.decide(registered(), consent(valid_to="2026-03-10"), signal())
    await world.deliver()
    world.now = MUCH_LATER
    ended = ExpiredConsent("consent-1", CHILD, "2026-03-10T23:59:59+01:00")
    first = expiry_event(ended, HUB_SOURCE, MUCH_LATER)
    again = expiry_event(ended, HUB_SOURCE, "2026-03-20T11:00:00Z")
    assert first.uid == again.uid
    await world.decide(first, again)
    receipt = await world.ledger.receipt(first.uid)
    assert receipt is not None
    assert [verdict for _, verdict, _ in receipt.verdicts] == ["unique", "duplicate"]
    assert receipt.reason == "ok_recorded"
    assert [line.recipient for line in receipt.lines] == ["gp_test"]


def test_a_notice_is_never_mistaken_for_a_citizen_number() -> None:
    """Whatever the consent is called, ids and digest pass gate E1."""
    for number in range(300):
        sealed = expiry_event(ExpiredConsent(f"consent-{number}", CHILD, START), HUB_SOURCE, START)
        assert not metadata_refused(sealed.event["id"])
        assert not metadata_refused(sealed.event["digest"])


async def test_the_loop_works_until_it_is_stopped(world: World) -> None:
    """Holds and consents are looked after by one loop, which ends when asked."""
    await world.decide(consent(), signal())
    await world.decide(registered())
    task = asyncio.create_task(world.loop.run())
    async with asyncio.timeout(10):
        while (await world.ledger.balance()).held:  # noqa: ASYNC110 - asks the ledger
            await asyncio.sleep(0.005)
    await world.loop.stop()
    await asyncio.wait_for(task, 10)


async def test_payloads_are_destroyed_when_their_time_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivered message rests for seven days and is gone after that; the same moment does not ask twice."""
    await world.decide(registered(), consent(), signal())
    await world.deliver()
    assert await world.loop.tidy_once() == 0
    asked: list[str] = []

    async def ask(_days: int, now: str) -> int:
        asked.append(now)
        return 0

    monkeypatch.setattr(world.ledger, "destroy_stale_payloads", ask)
    world.now = "2026-03-02T10:00:59Z"
    assert await world.loop.tidy_once() == 0  # it was asked a moment ago
    world.now = "2026-03-02T09:00:00Z"  # only a test sets its clock back
    assert await world.loop.tidy_once() == 0
    assert asked == ["2026-03-02T09:00:00Z"]
    monkeypatch.undo()
    world.now = MUCH_LATER
    assert await world.loop.tidy_once() >= 1
    assert await world.ledger.destroy_stale_payloads(7, MUCH_LATER) == 0


async def test_a_start_looks_at_every_hold_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new configuration can cure a hold, so a started watch judges all of them anew."""
    await world.decide(signal())
    await world.loop.rejudge_once()
    assert await world.loop.rejudge_once() == 0
    judged: list[int] = []
    rejudge_once = world.loop.rejudge_once

    async def counted() -> int:
        judged.append(await rejudge_once())
        await world.loop.stop()
        return judged[-1]

    monkeypatch.setattr(world.loop, "rejudge_once", counted)
    await asyncio.wait_for(world.loop.run(), 10)
    assert judged == [1]


async def test_an_idle_watch_that_is_woken_all_the_time_looks_ten_times_a_second(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nearly every event begins a term and wakes the watch; its looks must not cost more than the work."""
    looks: list[float] = []

    async def woken(_channel: str, _timeout_seconds: float) -> bool:
        looks.append(time.monotonic())
        await asyncio.sleep(0)
        return True

    monkeypatch.setattr(world.ledger, "wait_for_work", woken)
    task = asyncio.create_task(world.loop.run())
    async with asyncio.timeout(10):
        while len(looks) < 4:  # noqa: ASYNC110 - looks at plain state of the double
            await asyncio.sleep(0.005)
    await world.loop.stop()
    await asyncio.wait_for(task, 10)
    assert looks[3] - looks[0] >= 2 * AgentSettings().watch_every_seconds
