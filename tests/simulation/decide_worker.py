"""The real `Decider` without Faust: a consumer, a stream and an app that behave as Faust's do, on the simulated log.

Kept of Faust: partitions come and go by rebalance, at whose end positions are asked; a rebalance does not empty what
was fetched before; records can come twice, and after a seek some can fail to come; a worker that stood still goes on
with an assignment that is no longer its own, until it hears of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import cast

from faust.types import TP

from agents.decide import Decider
from agents.driver import HubApp, LedgerConsumer
from agents.ending import WorkerEndedError
from agents.runtime import Runtime
from tests.simulation.log_broker import EVENTS, Lens, Log
from tests.simulation.processes import Machine, Process

FETCH_MAX = 3
"""Records of one fetch: batches of several, and several batches, from few records."""


@dataclass(frozen=True, slots=True)
class Message:
    """What Faust calls a message."""

    partition: int
    offset: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """What Faust calls an event."""

    message: Message


class Queue:
    """Records that were fetched and not yet handed on."""

    def __init__(self) -> None:
        self.waiting: deque[Event] = deque()

    def empty(self) -> bool:
        """Return whether nothing waits."""
        return not self.waiting


@dataclass(slots=True)
class Channel:
    """What Faust calls a channel."""

    queue: Queue = field(default_factory=Queue)


class Consumer:
    """A consumer of the group, and the stream over it."""

    def __init__(self, machine: Machine, log: Log, dice: Random) -> None:
        self._machine = machine
        self._log = log
        self._dice = dice
        self._positions: dict[int, int] = {}
        self._paused: set[int] = set()
        self._more = asyncio.Event()
        self.mine: set[int] = set()
        self.channel = Channel()
        self.is_embedded = False
        self.mishaps = 0.0

    # --- what the decider asks of Faust's consumer ----------------------------------------------------
    def assignment(self) -> set[TP]:
        """Return the partitions that this worker believes to be its own."""
        return {TP(EVENTS, partition) for partition in sorted(self.mine)}

    async def earliest_offsets(self, *places: TP) -> dict[TP, int]:
        """Return where each partition begins."""
        return dict.fromkeys(places, 0)

    async def highwaters(self, *places: TP) -> dict[TP, int]:
        """Return the ends; the embedded broker answers with one past the first record of the last write."""
        await self._machine.gate("lens")
        less = 1 if self.is_embedded else 0
        return {place: max(0, self._log.end(place.partition) - less) for place in places}

    async def seek_wait(self, offsets: Mapping[TP, int]) -> None:
        """Go on from these offsets."""
        self._positions.update({place.partition: offset for place, offset in offsets.items()})
        self._more.set()

    def pause_partitions(self, places: Iterable[TP]) -> None:
        """Fetch nothing of these."""
        self._paused |= {place.partition for place in places}

    def resume_partitions(self, places: Iterable[TP]) -> None:
        """Fetch these again."""
        self._paused -= {place.partition for place in places}
        self._more.set()

    def resume_all(self) -> None:
        """Forget pauses: a new assignment starts with none."""
        self._paused.clear()

    # --- what it asks of Faust's stream ---------------------------------------------------------------
    def noack(self) -> Consumer:
        """Return itself."""
        return self

    async def ack(self, _event: Event) -> None:
        """Ignore: the ledger's offset is the truth."""

    async def events(self) -> AsyncIterator[Event]:
        """Hand on what is fetched, for ever."""
        waiting = self.channel.queue.waiting
        while True:
            while not waiting:
                await self._fetch()
            yield waiting.popleft()

    async def _fetch(self) -> None:
        ready = [partition for partition in sorted(self.mine - self._paused) if self._left(partition)]
        if not ready:
            self._more.clear()
            await self._more.wait()
            return
        await self._machine.gate("fetch")
        for _ in range(self._dice.randint(1, FETCH_MAX)):
            self._take(self._dice.choice(ready))

    def _left(self, partition: int) -> bool:
        return self._positions.get(partition, self._log.end(partition)) < self._log.end(partition)

    def _take(self, partition: int) -> None:
        if not self._left(partition):
            return
        offset = self._positions[partition]
        if self._dice.random() < self.mishaps:
            # Fetched again, or lost after a seek.
            offset = max(0, offset - 1) if self._dice.random() < 0.5 else offset + 1
            if offset >= self._log.end(partition):
                return
        self._positions[partition] = offset + 1
        value = self._log.events[partition][offset]
        self.channel.queue.waiting.append(Event(Message(partition, offset, value)))

    def look_again(self) -> None:
        """Hear that there is more."""
        self._more.set()


class App:
    """What the decider asks of Faust's app."""

    def __init__(self, consumer: Consumer, process: Process) -> None:
        self.consumer = consumer
        self.rebalancing = False
        self.should_stop = False
        self.ending = self
        self._process = process

    def decide(self, _code: int, reason: str) -> Exception:
        """Return the error that ends the worker."""
        return WorkerEndedError(reason)

    async def crash(self, error: Exception) -> None:
        """End the worker."""
        self.should_stop = True
        if self._process.ended_by is None:
            self._process.ended_by = error


class DecideWorker:
    """One process of decide."""

    def __init__(
        self, machine: Machine, log: Log, runtime: Runtime, process: Process, dice: Random, mishaps: float
    ) -> None:
        self.process = process
        self._machine = machine
        self._rebalances = 0
        self.consumer = Consumer(machine, log, dice)
        self.consumer.mishaps = mishaps
        self.app = App(self.consumer, process)
        lens = Lens(machine, log)
        self.decider = Decider(runtime, cast("HubApp", self.app), lens)
        machine.start(process, partial(self.decider.consume, self.consumer))

    def assign(self, partitions: set[int]) -> None:
        """Tell the worker at the end of a rebalance what is its own now."""
        self.app.rebalancing = True
        self.consumer.mine = partitions
        self._rebalances += 1
        if self._rebalances == 1:
            self._machine.start(self.process, self._take_over)

    async def _take_over(self) -> None:
        """Take over one assignment after the other, as Faust does under its lock."""
        while self._rebalances:
            self.consumer.resume_all()
            mine = frozenset(self.consumer.assignment())
            if mine:
                consumer = cast("LedgerConsumer", self.consumer)
                await self.consumer.seek_wait(await self.decider.positions(consumer, mine))
            self._rebalances = 0 if mine == self.consumer.assignment() else 1
        self.app.rebalancing = False
