"""The decide worker over a real broker and a real database: fences, gaps, poison, rebalances, replaced logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faust.types import TP

from agents import decide
from agents.broker import BrokerLens, LogUnavailableError
from agents.driver import HubApp
from agents.ending import ExitCode
from agents.judging import UNDECIDABLE
from agents.runtime import Runtime
from agents.settings import AgentSettings, BrokerSecurity
from hub.core.defaults import DEFAULTS
from hub.core.model import JsonObject
from hub.core.standing import compile_standing
from hub.identity.door import event_uid
from hub.ledger.interface import Ledger, LogIdentity
from hub.ledger.open import open_ledger
from hub.operate.embedded import Broker, start_broker
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent

pytestmark = [pytest.mark.broker, pytest.mark.database]

SOURCE = "urn:nld:brin:99AA:systeem:test"
NOW = "2026-11-02T10:00:00Z"
PARTITIONS = 4
WAIT_SECONDS = 30.0
SCHOOL: JsonObject = {
    "org": "school_test",
    "kind": "school",
    "name": "Testschool Een",
    "active_from": "2026-01-01",
    "purposes": ["help_request"],
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    running = start_broker(tmp_path_factory.mktemp("broker"))
    yield running
    running.stop()


@pytest.fixture
async def ledger(database_dsn: str) -> AsyncIterator[Ledger]:
    opened = await open_ledger(database_dsn, owner="test")
    yield opened
    await opened.close()


def a_fact(number: int, birth_date: str = "2010-01-01", note: str | None = None) -> tuple[bytes, bytes]:
    """Return a record that makes a child known."""
    event_id, subject = f"registered-{number}", str(uuid5(NAMESPACE_URL, f"child {number}"))
    event: JsonObject = {
        "id": event_id,
        "source": SOURCE,
        "type": "subject.registered",
        "time": NOW,
        "sender": {"org": "school_test", "kind": "school"},
        "sections": ["meta"],
        "subject_ref": subject,
        "digest": str(uuid5(NAMESPACE_URL, event_id)),
        "data": {"birth_date": birth_date, **({"note": note} if note is not None else {})},
    }
    sealed = SealedEvent(event_uid(SOURCE, event_id), event, "school_test", NOW, subject)
    return subject.encode(), encode(sealed)


class Bench:
    """One topic, one database, and the apps of one test."""

    def __init__(self, broker: Broker, dsn: str, topic: str) -> None:
        self.broker = broker
        self.dsn = dsn
        self.topic = topic
        self.log = LogIdentity(broker.cluster_id, topic)

    async def prepare(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(self.topic, num_partitions=PARTITIONS, replication_factor=1)])
        await admin.close()

    async def write(self, *records: tuple[bytes, bytes | None]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.broker.bootstrap, acks="all")
        await producer.start()
        sent = [await producer.send(self.topic, value, key=key) for key, value in records]
        await asyncio.gather(*sent)
        await producer.stop()

    async def app(self, worker_id: str = "worker-1") -> HubApp:
        ledger = await open_ledger(self.dsn, owner=worker_id)
        standing = compile_standing(directory=[SCHOOL], areas=[], policy={}, defaults=DEFAULTS)
        settings = AgentSettings(
            group=f"group-{self.topic}",
            reclaim_pause_seconds=0.05,
            lag_every_seconds=0.2,
            stop_grace_seconds=600.0,
        )
        runtime = Runtime(
            ledger=ledger,
            standing=standing,
            bootstrap_servers=self.broker.bootstrap,
            worker_id=worker_id,
            topic=self.topic,
            settings=settings,
        )
        return decide.build(runtime)

    async def places(self) -> list[tuple[int, int, str, str | None]]:
        """Return (partition, offset, verdict, reason) of everything decided, in the log's order."""
        connection = await asyncpg.connect(self.dsn)
        rows = await connection.fetch(
            "select partition, record_offset, verdict, reason from intake order by partition, record_offset"
        )
        await connection.close()
        return [tuple(row) for row in rows]


@pytest.fixture
async def bench(broker: Broker, database_dsn: str, request: pytest.FixtureRequest) -> Bench:
    made = Bench(broker, database_dsn, f"t{uuid5(NAMESPACE_URL, request.node.nodeid).hex[:12]}")
    await made.prepare()
    return made


@asynccontextmanager
async def running(*apps: HubApp) -> AsyncIterator[None]:
    for app in apps:
        await app.start()
    try:
        yield
    finally:
        for app in apps:
            await app.stop()
            app.ending.done()


async def until(condition: Callable[[], Any], seconds: float = WAIT_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - asks the database
            await asyncio.sleep(0.05)


def records_are(ledger: Ledger, count: int) -> Callable[[], Any]:
    async def reached() -> bool:
        return (await ledger.balance()).records >= count

    return reached


def whole(places: list[tuple[int, int, str, str | None]]) -> bool:
    """Return whether every partition counts up from 0 without gap or repeat."""
    offsets: dict[int, list[int]] = {}
    for partition, offset, _, _ in places:
        offsets.setdefault(partition, []).append(offset)
    return all(found == list(range(len(found))) for found in offsets.values())


async def test_a_fenced_worker_claims_again_and_loses_nothing(bench: Bench, ledger: Ledger) -> None:
    """Ten times another worker takes every partition for a moment: all decided, none twice, no gap."""
    async with running(await bench.app()):
        for turn in range(10):
            await bench.write(*[a_fact(turn * 50 + number) for number in range(50)])
            await ledger.claim_partitions(bench.log, dict.fromkeys(range(PARTITIONS), 1_000_000), "zombie")
            await asyncio.sleep(0.1)
        await until(records_are(ledger, 500))
    places = await bench.places()
    assert len(places) == 500
    assert whole(places)
    assert {verdict for _, _, verdict, _ in places} == {"unique"}


async def test_records_that_faust_loses_are_read_again(bench: Bench, ledger: Ledger) -> None:
    """A position that jumps ahead shows as a gap; the partition is claimed again and nothing is missing."""
    app = await bench.app()
    async with running(app):
        await bench.write(*[a_fact(number) for number in range(40)])
        await until(records_are(ledger, 40))
        nexts = await ledger.offsets(bench.log)
        await app.consumer.seek_wait({TP(bench.topic, part): nexts[part] + 2 for part in nexts})
        await bench.write(*[a_fact(number) for number in range(40, 140)])
        await until(records_are(ledger, 140))
    assert whole(await bench.places())


async def test_poison_is_parked_and_stops_nothing(bench: Bench, ledger: Ledger) -> None:
    """Junk, an empty record, and an event that the database cannot hold are parked; the rest is decided."""
    junk: list[tuple[bytes, bytes | None]] = [(b"a", b"junk"), (b"a", None), (b"a", b"\x00" * 70_000)]
    good: list[tuple[bytes, bytes | None]] = [a_fact(number) for number in range(20)]
    async with running(await bench.app()):
        await bench.write(*good[:10], *junk, a_fact(99, note="nul \x00 inside"), *good[10:])
        await until(records_are(ledger, 24))
    places = await bench.places()
    assert whole(places)
    balance = await ledger.balance()
    assert balance.difference == 0
    assert balance.parked >= 3
    assert balance.recorded >= 20


async def test_two_workers_share_the_log_and_take_over_from_each_other(bench: Bench, ledger: Ledger) -> None:
    """A worker joins and leaves while records come: each is decided once, by whoever owns its partition."""
    first, second = await bench.app("worker-1"), await bench.app("worker-2")

    async def publish() -> None:
        for turn in range(40):
            await bench.write(*[a_fact(turn * 25 + number) for number in range(25)])
            await asyncio.sleep(0.25)

    async with running(first):
        publishing = asyncio.create_task(publish())
        await until(records_are(ledger, 50))
        async with running(second):
            await until(both_own(first, second))
            await until(records_are(ledger, 500))
        await publishing
        await until(records_are(ledger, 1_000))
    places = await bench.places()
    assert len(places) == 1_000
    assert whole(places)
    assert {verdict for _, _, verdict, _ in places} == {"unique"}


def both_own(first: HubApp, second: HubApp) -> Callable[[], Any]:
    async def shared() -> bool:
        return bool(first.consumer.assignment() and second.consumer.assignment())

    return shared


async def test_a_worker_refuses_a_log_that_was_replaced(bench: Bench, ledger: Ledger) -> None:
    """A ledger that is further than the log ends the worker with a code that calls a person."""
    claims = await ledger.claim_partitions(bench.log, dict.fromkeys(range(PARTITIONS), 1_000), "before")
    async with ledger.batch(bench.log, list(claims.values()), dict.fromkeys(claims, 800)):
        pass
    await bench.write(a_fact(1))
    app = await bench.app()
    starting = asyncio.create_task(app.start())
    await until(has_crashed(app))
    await asyncio.wait_for(app.stop(), WAIT_SECONDS)
    await asyncio.wait_for(starting, WAIT_SECONDS)
    app.ending.done()
    assert app.ending.code is ExitCode.LOG_REPLACED
    assert (await ledger.balance()).records == 0


def has_crashed(app: HubApp) -> Callable[[], Any]:
    async def crashed() -> bool:
        return bool(app.crashed)

    return crashed


async def test_the_lens_sees_the_log_as_it_is(bench: Bench) -> None:
    """The cluster's identity, the record in a place, and nothing where there is nothing."""
    await bench.write(*[(b"a", b"x") for _ in range(5)])
    lens = BrokerLens(bench.broker.bootstrap, BrokerSecurity(), timeout_seconds=2.0)
    assert await lens.cluster_id() == bench.broker.cluster_id
    found = await lens.first_offsets(bench.topic, dict.fromkeys(range(PARTITIONS), 3))
    assert list(found.values()) == [3]
    away = replace(bench.broker, bootstrap="127.0.0.1:1")
    with pytest.raises(LogUnavailableError):
        await BrokerLens(away.bootstrap, BrokerSecurity(), timeout_seconds=1.0).cluster_id()
    with pytest.raises(LogUnavailableError):
        await BrokerLens(away.bootstrap, BrokerSecurity(), 1.0).first_offsets(bench.topic, {0: 0})


def test_the_marker_of_poison_is_a_reason_code() -> None:
    """What breaks the program carries the code that CODES.md has for it."""
    assert UNDECIDABLE == "hold_evaluation_error"
