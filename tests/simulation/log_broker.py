"""The broker of the simulation: topics in partitions, one consumer group, acknowledgements that can be lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from zlib import crc32

from agents.broker import LogUnavailableError
from agents.produce import LogMessage
from tests.simulation.processes import Machine

PARTITIONS = 3
EVENTS = "hub.events"
CLUSTER = "cluster-1"


class Log:
    """What is written, per topic and partition."""

    def __init__(self) -> None:
        self.events: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
        self.other: dict[str, list[LogMessage]] = {}
        self.row_ids: set[int] = set()

    def append(self, key: str, value: bytes) -> tuple[int, int]:
        """Write one record; returns its partition and offset."""
        partition = crc32(key.encode()) % PARTITIONS
        self.events[partition].append(value)
        return partition, len(self.events[partition]) - 1

    def end(self, partition: int) -> int:
        """Return the offset that the next record will get."""
        return len(self.events[partition])


class Writer:
    """A LogWriter: relay and watch write through it. A write can be lost, or done without an answer, or done twice."""

    def __init__(self, machine: Machine, log: Log) -> None:
        self._machine = machine
        self._log = log
        self.appended: Callable[[], None] = lambda: None

    async def write(self, messages: Sequence[LogMessage]) -> None:
        """See LogWriter."""
        for message in messages:
            fate = await self._machine.gate("write")
            if fate == "lost":
                raise LogUnavailableError("lost")
            for _ in range(2 if fate == "twice" else 1):
                self._put(message)
            if fate == "unanswered":
                raise LogUnavailableError("unanswered")
        await self._machine.gate("written")

    def _put(self, message: LogMessage) -> None:
        self._log.row_ids.update(int(value) for name, value in message.headers if name == "row_id")
        if message.topic != EVENTS:
            self._log.other.setdefault(message.topic, []).append(message)
            return
        self._log.append(message.key, message.value)
        self.appended()


class Lens:
    """A LogLens on the simulated log."""

    def __init__(self, machine: Machine, log: Log) -> None:
        self._machine = machine
        self._log = log

    async def cluster_id(self) -> str:
        """See LogLens."""
        if await self._machine.gate("lens") == "lost":
            raise LogUnavailableError("lost")
        return CLUSTER

    async def first_offsets(self, topic: str, places: Mapping[int, int]) -> dict[int, int]:  # noqa: ARG002
        """See LogLens."""
        await self._machine.gate("lens")
        return {
            partition: offset for partition, offset in places.items() if offset < self._log.end(partition)
        }


def shares(dice: Random, members: Sequence[str]) -> dict[str, set[int]]:
    """Divide the partitions over the members of the group."""
    found: dict[str, set[int]] = {member: set() for member in members}
    for partition in range(PARTITIONS):
        if members:
            found[dice.choice(members)].add(partition)
    return found
