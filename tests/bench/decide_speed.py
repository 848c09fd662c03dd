"""Events per second through one decide worker, beside a plain aiokafka loop with the same ledger writes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from agents.broker import BrokerLens
from agents.claiming import Claimer, LogBounds
from agents.committing import Committer
from agents.intake import Admission, Intake, LogRecord
from agents.runtime import Runtime, utc_now
from agents.settings import AgentSettings, BrokerSecurity
from hub.ledger.interface import Ledger, LogIdentity
from hub.ledger.open import open_ledger
from hub.operate.compose import read_partners, register_partners, standing_of
from hub.operate.demo.cast import PLAYERS, write_configuration
from hub.operate.embedded import start_broker, start_database
from hub.operate.prepare import prepare
from hub.operate.probe import broker_view
from hub.operate.settings import Settings
from hub.operate.supervisor import Child, hub_command
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent
from tests.bench.figures import Report
from tests.bench.material import sealed_stream

FAMILIES, SIGNALS_EACH = 400, 23
TOPIC = "hub.events"
PATIENCE_SECONDS = 180.0

Consume = Callable[[Settings, Ledger, LogIdentity, int], Awaitable[float]]
"""Decides so many events of the log, and returns events per second."""


def run(report: Report, folder: Path) -> None:
    """Measure both, each on a fresh broker and database, one after the other, twice in turn."""
    events = sealed_stream(FAMILIES, SIGNALS_EACH)
    plain, faust = [], []
    for turn in range(2):
        plain.append(_measure(folder / f"plain-{turn}", events, _plain))
        faust.append(_measure(folder / f"faust-{turn}", events, _faust))
    best_plain, best_faust = max(plain), max(faust)
    report.add(
        "plain aiokafka loop, same ledger writes", f"{best_plain:,.0f} events/s", f"{len(events):,} events"
    )
    report.add(
        "one decide worker (Faust)",
        f"{best_faust:,.0f} events/s",
        f"ratio {best_faust / best_plain:.2f} of the plain loop; aim 0.5",
    )


def _measure(folder: Path, events: list[SealedEvent], consume: Consume) -> float:
    folder.mkdir(parents=True)
    addresses = {player.org: "http://127.0.0.1:9/x" for player in PLAYERS if player.pushed}
    write_configuration(folder / "partners.toml", addresses)
    broker, database = start_broker(folder), start_database(folder / "postgres")
    try:
        settings = Settings(
            state=folder, kafka=broker.bootstrap, database=database.dsn, partners=folder / "partners.toml"
        )
        return asyncio.run(_measured(settings, events, consume))
    finally:
        database.stop()
        broker.stop()


async def _measured(settings: Settings, events: list[SealedEvent], consume: Consume) -> float:
    await prepare(settings)
    ledger = await open_ledger(settings.database, owner="bench")
    try:
        await register_partners(ledger, read_partners(settings))
        await _produce(settings, events)
        log = LogIdentity((await broker_view(settings.kafka, TOPIC)()).cluster_id, TOPIC)
        return await consume(settings, ledger, log, len(events))
    finally:
        await ledger.close()


async def _produce(settings: Settings, events: list[SealedEvent]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", linger_ms=5)
    await producer.start()
    try:
        sent = [await producer.send(TOPIC, encode(event), event.key.encode()) for event in events]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


async def _decided(ledger: Ledger, log: LogIdentity) -> int:
    return sum((await ledger.offsets(log)).values())


async def _until(ledger: Ledger, log: LogIdentity, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while await _decided(ledger, log) < count:
        if time.monotonic() > deadline:
            raise TimeoutError("the worker did not decide everything in time")
        await asyncio.sleep(0.02)


async def _faust(settings: Settings, ledger: Ledger, log: LogIdentity, count: int) -> float:
    """Time the worker from its first committed batch to its last, so that starting Python is not measured."""
    child = Child(
        "decide", hub_command("worker", "decide"), settings.as_environment(), settings.state / "decide.log"
    )
    child.start()
    try:
        await _until(ledger, log, 1)
        already, started = await _decided(ledger, log), time.perf_counter()
        await _until(ledger, log, count)
        return (count - already) / (time.perf_counter() - started)
    finally:
        child.stop()


async def _plain(settings: Settings, ledger: Ledger, log: LogIdentity, count: int) -> float:
    """Run the same judging and the same transaction without Faust, in this process."""
    runtime = Runtime(
        ledger=ledger,
        standing=standing_of(read_partners(settings)),
        bootstrap_servers=settings.kafka,
        worker_id=f"plain-{os.getpid()}",
        clock=utc_now,
    )
    intake = Intake()
    committer = Committer(runtime, intake)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, group_id=None, enable_auto_commit=False, fetch_max_wait_ms=20
    )
    await consumer.start()
    try:
        places = [TopicPartition(TOPIC, number) for number in consumer.partitions_for_topic(TOPIC) or ()]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        lens = BrokerLens(settings.kafka, BrokerSecurity(), AgentSettings().probe_seconds)
        claimer = Claimer(ledger=ledger, lens=lens, topic=TOPIC, worker_id=runtime.worker_id, clock=utc_now)
        claims = await claimer.claim({place.partition: LogBounds(0, ends[place]) for place in places})
        intake.assigned(claims)
        for place in places:
            consumer.seek(place, 0)
        done, started = 0, time.perf_counter()
        while done < count:
            done += await _one_batch(consumer, intake, committer, log)
        return count / (time.perf_counter() - started)
    finally:
        await consumer.stop()


async def _one_batch(
    consumer: AIOKafkaConsumer, intake: Intake, committer: Committer, log: LogIdentity
) -> int:
    fetched = await consumer.getmany(timeout_ms=100, max_records=AgentSettings().batch_max)
    for place, records in fetched.items():
        for record in records:
            admitted = intake.admit(LogRecord(place.partition, record.offset, record.value))
            assert admitted is Admission.TAKE
    plan = intake.plan()
    if plan is None:
        return 0
    assert not await committer.commit(plan, log)
    return len(plan.records)
