"""The prevention picture on its way to the log: agents/picturing.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from agents.broker import LogUnavailableError
from agents.picturing import Picturing
from agents.produce import LogMessage
from agents.runtime import Runtime
from agents.settings import AgentSettings
from hub.ledger.interface import Ledger, LedgerUnavailableError, SignalCount
from hub.wire.codec import decode
from tests.unit.core_world import some_facts

IN_NOVEMBER = "2026-11-15T10:00:00.000000Z"
CROWD = SignalCount("escamp", "04", 12, 10)


class Counted:
    """The part of a ledger that counts and remembers."""

    def __init__(self, *counts: SignalCount) -> None:
        self.counts = list(counts)
        self.asked: list[tuple[str, str]] = []
        self.remembered: list[str] = []
        self.failures = 0

    async def signal_counts(self, start: str, end: str) -> list[SignalCount]:
        if self.failures:
            self.failures -= 1
            raise LedgerUnavailableError
        self.asked.append((start, end))
        return self.counts

    async def is_announced(self, key: str) -> bool:
        return key in self.remembered

    async def consent_announced(self, key: str, _at: str) -> None:
        self.remembered.append(key)


class Writer:
    """A log in memory, that can be away."""

    def __init__(self) -> None:
        self.messages: list[LogMessage] = []
        self.is_away = False

    async def write(self, messages: Sequence[LogMessage]) -> None:
        if self.is_away:
            raise LogUnavailableError("away")
        self.messages.extend(messages)


class World:
    """A watch at an instant that the test sets."""

    def __init__(self, *counts: SignalCount) -> None:
        self.now = IN_NOVEMBER
        self.ledger = Counted(*counts)
        self.writer = Writer()

    def machine(self) -> Picturing:
        """Return one process of watch."""
        runtime = Runtime(
            ledger=cast("Ledger", self.ledger),
            standing=some_facts().standing,
            bootstrap_servers="",
            worker_id="watch-1",
            clock=lambda: self.now,
            settings=AgentSettings(flush_pauses_seconds=(0.0,)),
        )
        return Picturing(runtime, self.writer)

    def events(self) -> list[Any]:
        """Return what is in the log."""
        return [decode(message.value) for message in self.writer.messages]


async def test_a_month_is_published_once() -> None:
    """The previous month goes into the log as an event of the hub about nobody, and not again, also after a restart."""
    world = World(CROWD)
    machine = world.machine()
    assert [await machine.once(), await machine.once(), await world.machine().once()] == [1, 0, 0]
    (sealed,) = world.events()
    assert sealed.event["data"] == {"period_from": "2026-10-01", "period_to": "2026-10-31"}
    assert sealed.event["cells"] == [{"area": "escamp", "domain": "04", "n": 12}]
    assert (world.writer.messages[0].topic, sealed.key) == ("hub.events", sealed.uid)
    assert sealed.authenticated_org == "hub"
    assert world.ledger.asked == [("2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00")]


async def test_each_month_has_its_own() -> None:
    """When the next month is over, at 02:00, that one follows."""
    world = World(CROWD)
    machine = world.machine()
    await machine.once()
    world.now = "2026-12-01T00:59:59.000000Z"
    assert await machine.once() == 0
    world.now = "2026-12-01T01:00:00.000000Z"
    assert await machine.once() == 1
    assert [sealed.event["data"]["period_from"] for sealed in world.events()] == ["2026-10-01", "2026-11-01"]


async def test_a_month_without_large_cells_is_remembered_and_not_counted_again() -> None:
    """Nothing is published, and the machine does not count the month at every turn."""
    world = World(SignalCount("escamp", "04", 9, 9))
    assert [await world.machine().once(), await world.machine().once()] == [0, 0]
    assert world.writer.messages == []
    assert len(world.ledger.asked) == 1


async def test_it_is_published_again_when_the_log_was_away() -> None:
    """A month counts as published only when the log has it."""
    world = World(CROWD)
    machine = world.machine()
    world.writer.is_away = True
    with pytest.raises(LogUnavailableError):
        await machine.once()
    world.writer.is_away = False
    assert await machine.once() == 1


async def test_two_machines_at_once_write_the_same_event() -> None:
    """Who both saw that nobody had published write one id and digest: decide takes the second for a duplicate."""
    one, other = World(CROWD), World(SignalCount("laak", "05", 30, 30))
    await one.machine().once()
    await other.machine().once()
    (first,), (second,) = one.events(), other.events()
    assert (first.uid, first.event["digest"]) == (second.uid, second.event["digest"])


async def test_a_short_absence_of_the_ledger_is_waited_out() -> None:
    """One failure costs a pause, not the month."""
    world = World(CROWD)
    world.ledger.failures = 1
    assert await world.machine().once() == 1
