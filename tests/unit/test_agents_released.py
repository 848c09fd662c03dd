"""An event that could not be judged, released by a person: its first judging, by the watch and the real core."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.core.event_gates import admit as sound
from hub.core.facts import Facts
from hub.core.model import Json, JsonObject
from hub.core.released import judge_released
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing
from hub.ledger.ledger import StoredLedger
from hub.ledger.operators import Operator
from hub.ledger.parking import ParkedOutcome
from tests.unit.watch_world import START, World, consent, registered, signal, watched

CLERK = Operator("operator_1", "program repaired")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with watched() as found:
        yield found


async def failing(world: World, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Decide the child's facts and a signal; judging fails for the types that are named."""

    def admit(event: Json, facts: Facts) -> object:
        if isinstance(event, dict) and event.get("type") in names:
            raise RuntimeError("a fault of the program")
        return sound(event, facts)

    with monkeypatch.context() as patch:
        patch.setattr("hub.core.judge.admit", admit)
        await world.decide(registered(), consent(), signal())


async def release_all(world: World) -> None:
    assert isinstance(world.ledger, StoredLedger)
    for item in await world.ledger.desk.parked():
        outcome = await world.ledger.desk.release(item.parked_id, CLERK, START)
        assert outcome is ParkedOutcome.RELEASED


async def test_a_released_event_goes_its_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that could not be judged is judged for the first time, delivered, and remembered."""
    await failing(world, monkeypatch, "signal.raised")
    assert (await world.ledger.balance()).parked == 1
    assert (await world.ledger.statistics(START)).parked == 1
    await release_all(world)
    assert await world.loop.rejudge_once() == 1
    balance = await world.ledger.balance()
    assert (balance.parked, balance.held, balance.pending, balance.difference) == (0, 0, 1, 0)
    await world.deliver()
    await world.decide(signal())
    balance = await world.ledger.balance()
    assert (balance.delivered, balance.withheld, balance.difference) == (1, 1, 0)


async def test_a_released_fact_is_taken_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A consent that could not be judged counts once it is released, and cures the signal that waited for it."""
    await failing(world, monkeypatch, "consent.given")
    assert (await world.ledger.balance()).pending == 0
    await release_all(world)
    await world.loop.rejudge_once()
    assert (await world.ledger.balance()).recorded == 2
    await world.decide(signal())
    balance = await world.ledger.balance()
    assert (balance.parked, balance.pending, balance.difference) == (0, 1, 0)


async def test_what_came_again_meanwhile_is_decided_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Released before its sender sent it again, but looked at after: the event goes out once."""
    await failing(world, monkeypatch, "signal.raised")
    await release_all(world)
    await world.decide(signal())
    assert await world.loop.rejudge_once() == 1
    balance = await world.ledger.balance()
    assert (balance.pending, balance.withheld, balance.held, balance.difference) == (1, 1, 0, 0)


async def test_what_came_again_meanwhile_and_waits_is_held_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent again and held before the released sending was looked at: the later one waits, and goes once."""
    await failing(world, monkeypatch, "signal.raised", "subject.registered")
    await release_all(world)
    await world.decide(signal())
    balance = await world.ledger.balance()
    assert (balance.held, balance.withheld, balance.difference) == (2, 1, 0)
    for _ in range(2):
        await world.loop.rejudge_once()
    balance = await world.ledger.balance()
    assert (balance.held, balance.pending, balance.withheld, balance.difference) == (0, 1, 1, 0)


async def test_what_fails_again_is_parked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that is still there parks the event once more; nothing is lost and nothing leaves."""
    await failing(world, monkeypatch, "signal.raised")
    await release_all(world)

    def broken(_event: Json, _facts: Facts) -> object:
        raise RuntimeError("still there")

    with monkeypatch.context() as patch:
        patch.setattr("hub.core.judge.admit", broken)
        await world.loop.rejudge_once()
    balance = await world.ledger.balance()
    assert (balance.parked, balance.held, balance.difference) == (1, 0, 0)
    await release_all(world)
    await world.loop.rejudge_once()
    assert (await world.ledger.balance()).pending == 1


@pytest.mark.parametrize("event", [{}, {"type": "signal.raised"}, {"id": [], "recipients": 1}])
def test_judging_of_what_was_released_is_total(event: JsonObject) -> None:
    """Whatever the event is, a judgement comes back, and nothing leaves."""
    judgement = judge_released(event, "", "", Snapshot(), Standing(), "no instant")
    assert (judgement.verdict, judgement.deliver) == ("rejected", ())
