"""Terms, duties and birthdays on the clock: agents/ringing.py and the watch's turn of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from agents.observe import NoMetrics
from agents.watch import WatchLoop
from hub.core.course_ages import age_threads
from hub.core.ring import Rung, ring
from hub.core.threads import Thread
from tests.unit.watch_world import (
    CHILD,
    START,
    World,
    watched,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with watched() as found:
        yield found


async def test_a_birthday_is_announced_and_reached_once(world: World) -> None:
    """Sixty days before and at 00:00 of the day the hub sends its event, through the outbox, and never again."""
    await world.ledger.put_threads(birthday(world))
    assert await world.loop.ring_once() == 0
    world.now = "2026-10-02T22:00:00Z"
    assert await world.loop.ring_once() == 1
    assert await world.loop.ring_once() == 0
    world.now = "2026-11-30T23:00:00Z"
    assert await world.loop.ring_once() == 1
    world.now = "2027-11-30T23:00:00Z"
    assert await world.loop.ring_once() == 0
    rows = await world.ledger.outbox(10)
    assert [(row.topic, row.key, row.document["type"]) for row in rows] == [
        ("hub.events", CHILD, "consent.reconfirmation_requested"),
        ("hub.events", CHILD, "consent.age_boundary_reached"),
    ]


async def test_time_that_jumped_over_both_instants_raises_both(world: World) -> None:
    """A watch that was away, or a clock that was set on, misses nothing: what is due again is rung again."""
    await world.ledger.put_threads(birthday(world))
    world.now = "2027-06-01T00:00:00Z"
    while await world.loop.ring_once():
        pass
    assert len(await world.ledger.outbox(10)) == 2


async def test_a_thread_that_cannot_be_rung_keeps_no_other_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours in one thread is logged, counted and tried again later; the next one rings in the same turn."""
    figures = Figures()
    world.loop = WatchLoop(replace(world.runtime, metrics=figures), world.writer)
    broken = replace(birthday(world)[0], thread_id="broken", document={})
    idle = replace(birthday(world)[0], thread_id="idle")
    await world.ledger.put_threads([broken, idle, *birthday(world)])
    world.now = "2026-10-03T00:00:00Z"
    with monkeypatch.context() as patched:
        patched.setattr("agents.ringing.ring", _ring_or_stand)
        assert await world.loop.ring_once() == 3
        assert await world.loop.ring_once() == 0
        assert figures.parked_as == ["evaluation_error", "evaluation_error"]
        assert len(await world.ledger.outbox(10)) == 1
    world.now = "2026-10-03T00:59:59Z"
    assert await world.loop.ring_once() == 0
    world.now = "2026-10-03T01:00:00Z"
    assert await world.loop.ring_once() == 2


async def test_two_machines_ring_each_thread_once(world: World) -> None:
    """Both look at the same instant; what the clock raises is raised by one of them."""
    await world.ledger.put_threads(birthday(world))
    other = WatchLoop(replace(world.runtime, worker_id="watch-2"), world.writer)
    world.now = "2026-10-03T00:00:00Z"
    assert sum(await asyncio.gather(world.loop.ring_once(), other.ring_once())) == 1
    assert len(await world.ledger.outbox(10)) == 1


def birthday(world: World) -> tuple[Thread, ...]:
    """Return the thread of a child that turns 16 on 1 December 2026."""
    return tuple(
        thread
        for thread in age_threads(CHILD, {"birth_date": "2010-12-01"}, START, world.standing)
        if thread.thread_id.endswith(":16")
    )


def _ring_or_stand(thread: Thread, *more: Any) -> Rung:
    return Rung(thread, ()) if thread.thread_id == "idle" else ring(thread, *more)


class Figures(NoMetrics):
    """Keeps why something was parked."""

    def __init__(self) -> None:
        self.parked_as: list[str] = []

    def parked(self, reason: str) -> None:
        self.parked_as.append(reason)
