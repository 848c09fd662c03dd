"""The worker that decides: consume, admit, judge in batches, commit. Read this after hub/core/decision.py.

Faust gives partitions and records; the ledger says where to go on; the core judges; one transaction writes the
verdicts together with the next offset. This process holds no key and no opener: it decides blind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from faust.types import TP

from agents.broker import BrokerLens, LogLens
from agents.claiming import Claimer, LogBounds
from agents.committing import PART, Committer
from agents.driver import HubApp, LedgerConsumer, new_app
from agents.ending import code_of
from agents.intake import Admission, Intake, LogRecord
from agents.loops import Rest
from agents.runtime import Runtime
from hub.ledger.interface import (
    FencedError,
    LedgerUnavailableError,
    PartitionClaim,
)

log = structlog.get_logger("hub.agents.decide")

GAP, FENCED = "gap", "fenced"
"""Why a partition is claimed again: records did not arrive, or another worker had it for a moment."""


def build(runtime: Runtime, lens: LogLens | None = None) -> HubApp:
    """Return the Faust app of decide; nothing connects before it starts."""
    settings = runtime.settings
    app = new_app(
        settings.group,
        bootstrap_servers=runtime.bootstrap_servers,
        security=runtime.security,
        settings=settings,
    )
    decider = Decider(runtime, app, lens or _broker_lens(runtime))
    topic = app.topic(
        runtime.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )
    app.positions = decider.positions
    app.agent(topic, name="decide", concurrency=1)(decider.consume)
    app.task(decider.note_idleness)
    app.before_stop.append(decider.stop)
    app.closers.append(runtime.ledger.close)
    return app


def _broker_lens(runtime: Runtime) -> BrokerLens:
    return BrokerLens(runtime.bootstrap_servers, runtime.security, runtime.settings.probe_seconds)


class Decider:
    """The life of one decide process between Faust, the intake and the ledger."""

    def __init__(self, runtime: Runtime, app: HubApp, lens: LogLens) -> None:
        self._runtime = runtime
        self._app = app
        self.intake = Intake()
        self._committer = Committer(runtime, self.intake)
        self._claimer = Claimer(
            ledger=runtime.ledger,
            lens=lens,
            topic=runtime.topic,
            worker_id=runtime.worker_id,
            clock=runtime.clock,
        )
        self._reclaiming: dict[int, asyncio.Task[None]] = {}

    # --- ownership ----------------------------------------------------------------------------------
    async def positions(self, consumer: LedgerConsumer, assigned: frozenset[TP]) -> Mapping[TP, int]:
        """Claim a whole assignment: Faust asks at the end of each rebalance."""
        mine = [partition for partition in assigned if partition.topic == self._runtime.topic]
        try:
            claims = await self._claim(await _bounds(consumer, mine))
        except Exception as error:
            await self._end(error)
            raise
        self.intake.assigned(claims)
        log.info("partitions_claimed", count=len(claims))
        return {TP(self._runtime.topic, claim.partition): claim.next_offset for claim in claims}

    async def _claim(self, bounds: Mapping[int, LogBounds]) -> list[PartitionClaim]:
        for _ in range(self._runtime.settings.conflict_retries):
            try:
                return await self._claimer.claim(bounds)
            except FencedError:
                log.warning("claim_fenced", count=len(bounds))
        return await self._claimer.claim(bounds)

    def _lost(self, partitions: set[int]) -> None:
        """Stop admitting, and claim again what Faust still says is ours."""
        self.intake.dropped(partitions)
        for partition in partitions:
            self._reclaim_soon(partition, FENCED)

    def _reclaim_soon(self, partition: int, reason: str) -> None:
        if partition in self._reclaiming:
            return
        log.warning("partition_reclaim", partition=partition, reason=reason)
        # Paused at once, so that nothing older is in the way when the partition goes on.
        self._app.consumer.pause_partitions({TP(self._runtime.topic, partition)})
        task = asyncio.get_running_loop().create_task(self._reclaim_until_owned(partition, reason))
        self._reclaiming[partition] = task
        task.add_done_callback(lambda _: self._reclaiming.pop(partition, None))

    async def _reclaim_until_owned(self, partition: int, reason: str) -> None:
        try:
            while not await self._reclaimed(TP(self._runtime.topic, partition), reason):
                pass
        except Exception as error:  # noqa: BLE001 - logged there; it ends the process with the code that fits
            await self._end(error)

    async def _reclaimed(self, place: TP, reason: str) -> bool:
        """Claim one partition again. True when it goes on, or is not ours any more."""
        consumer = self._app.consumer
        await asyncio.sleep(self._runtime.settings.reclaim_pause_seconds)
        if not self._owned(place):
            return True
        try:
            bounds = (await _bounds(consumer, [place]))[place.partition]
            claim = await self._claimed_again(place.partition, bounds, reason)
        except FencedError:
            return False
        if self._owned(place):
            await consumer.seek_wait({place: claim.next_offset})
            self.intake.claimed([claim])
            consumer.resume_partitions({place})
        return True

    async def _claimed_again(self, partition: int, bounds: LogBounds, reason: str) -> PartitionClaim:
        if reason == GAP:
            return await self._claimer.claim_after_gap(partition, bounds)
        (claim,) = await self._claimer.claim({partition: bounds})
        return claim

    def _owned(self, place: TP) -> bool:
        """Return whether Faust says that the partition is ours; during a rebalance its end will claim everything."""
        return (
            not self._app.rebalancing
            and not self._app.should_stop
            and place in self._app.consumer.assignment()
        )

    # --- the stream -----------------------------------------------------------------------------------
    async def consume(self, stream: Any) -> None:
        """Take records as they come; write when the batch is full or nothing more is waiting, once per turn."""
        records = stream.noack()
        rest = Rest(self._runtime.settings.decide_every_seconds)
        waiting = []
        async for event in records.events():
            waiting.append(event)
            self._admit(event.message)
            if self._more_to_come(records):
                continue
            await rest.wait()
            if self._more_to_come(records):
                continue
            rest.start()
            await self._flush()
            for handled in waiting:
                await records.ack(handled)
            waiting = []

    def _more_to_come(self, records: Any) -> bool:
        room = len(self.intake) < self._runtime.settings.batch_max
        return room and not records.channel.queue.empty()

    def _admit(self, message: Any) -> None:
        record = LogRecord(message.partition, message.offset, message.value)
        if self.intake.admit(record) is Admission.GAP:
            self._reclaim_soon(record.partition, GAP)

    async def _flush(self) -> None:
        plan, identity = self.intake.plan(), self._claimer.log
        if plan is None or identity is None:
            return
        try:
            lost = await self._committer.commit(plan, identity)
        except Exception as error:  # noqa: BLE001 - logged there; it ends the process with the code that fits
            await self._end(error)
            return
        stale = {claim.partition for claim in plan.claims if self.intake.holds(claim)}
        self._lost(stale & lost)

    # --- health and end ---------------------------------------------------------------------------
    async def note_idleness(self) -> None:
        """Say that there is nothing to do, once broker and ledger agree on it: silence alone proves nothing."""
        while not self._app.should_stop:
            await asyncio.sleep(self._runtime.settings.lag_every_seconds)
            try:
                if await self._nothing_left():
                    self._runtime.metrics.progress(PART)
            except (KafkaError, LedgerUnavailableError, TimeoutError):
                log.warning("lag_unknown", exc_info=True)

    async def _nothing_left(self) -> bool:
        consumer, identity = self._app.consumer, self._claimer.log
        if identity is None:
            return False
        mine = [place for place in consumer.assignment() if place.topic == self._runtime.topic]
        ends = await consumer.highwaters(*mine) if mine else {}
        decided = await self._runtime.ledger.offsets(identity)
        return all(decided.get(place.partition, 0) >= end for place, end in ends.items())

    async def stop(self) -> None:
        """Stop claiming."""
        for task in tuple(self._reclaiming.values()):
            task.cancel()

    async def _end(self, error: Exception) -> None:
        log.error("decide_failed", exc_info=error)
        await self._app.crash(self._app.ending.decide(code_of(error), type(error).__name__))


async def _bounds(consumer: Any, places: list[TP]) -> dict[int, LogBounds]:
    """Ask the log where each partition begins and ends now."""
    if not places:
        return {}
    beginnings = await consumer.earliest_offsets(*places)
    ends = await consumer.highwaters(*places)
    return {place.partition: LogBounds(beginnings[place], ends[place]) for place in places}
