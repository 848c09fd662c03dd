"""When the watch works and when a running hub has nothing left to do, so that a test sees one step at a time."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.system.vector_world import PATIENCE_SECONDS, POLL_SECONDS, VectorHub

EVENTS = "hub.events"


@dataclass(slots=True)
class Pace:
    """Holds the watch, and waits for quiet. `consumer` only asks where the log ends."""

    hub: VectorHub
    consumer: AIOKafkaConsumer

    async def hold_the_watch(self) -> None:
        """Freeze the watch, never amid a transaction: its locks would hold up everybody."""
        process = self.hub.process("watch").process
        assert process is not None
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            process.send_signal(signal.SIGSTOP)
            if not await self._anybody_amid_a_transaction():
                return
            process.send_signal(signal.SIGCONT)
            assert time.monotonic() < deadline, "the watch never rested"
            await asyncio.sleep(POLL_SECONDS)

    def release_the_watch(self) -> None:
        """Let the watch go on."""
        process = self.hub.process("watch").process
        assert process is not None
        process.send_signal(signal.SIGCONT)

    async def let_the_watch_work(self, now: str) -> None:
        """Let the watch do all that is due at this instant, and what follows from it."""
        self.release_the_watch()
        moment = datetime.fromisoformat(now)

        async def nothing_due() -> bool:
            query = "select count(*) from thread where is_open and next_at <= $1"
            return bool(await self.hub.database.fetchval(query, moment) == 0)

        await _holds(nothing_due, "a thread is due and nobody takes it")
        await self.hold_the_watch()

    async def quiet(self) -> None:
        """Wait until all that the hub had to send lies in the log, and all of the log is decided."""

        async def is_quiet() -> bool:
            if await self.hub.database.fetchval("select count(*) from outbox"):
                return False
            ends = await self._ends()
            found = await self.hub.database.fetch("select partition, next_offset from log_offset")
            decided = {row["partition"]: row["next_offset"] for row in found}
            behind = any(decided.get(partition, 0) < end for partition, end in ends.items())
            # Deciding can fill the outbox again: quiet is only what is quiet after the log was looked at.
            return not behind and not await self.hub.database.fetchval("select count(*) from outbox")

        await _holds(is_quiet, "the hub has not finished")

    async def _ends(self) -> dict[int, int]:
        partitions = self.consumer.partitions_for_topic(EVENTS) or set()
        ends = await self.consumer.end_offsets([TopicPartition(EVENTS, number) for number in partitions])
        return {place.partition: end for place, end in ends.items()}

    async def _anybody_amid_a_transaction(self) -> bool:
        query = """
            select count(*) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null"""
        return bool(await self.hub.database.fetchval(query))


async def _holds(condition: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await condition():
        assert time.monotonic() < deadline, otherwise
        await asyncio.sleep(POLL_SECONDS)
