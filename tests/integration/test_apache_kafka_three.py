"""Three nodes of Apache Kafka die amid publishes of the gateway's producer: what was acknowledged stays."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from hub.gateway.parts import PublishUnavailableError
from hub.gateway.publisher import KafkaPublisher, ProducerSettings
from hub.operate.apache_kafka import ApacheKafka, serving
from hub.operate.prepare import create_topics
from tests.apache_kafka import leaders, running_cluster, whole_log

pytestmark = [pytest.mark.apache_kafka, pytest.mark.broker, pytest.mark.timeout(400)]

TOPIC = "hub.events"
CHILDREN = 8
PAUSE_SECONDS = 0.01
"""Eight children with a hundred events a second each at most: work is under way whenever a node dies."""

LIMIT_SECONDS = 2.0
"""Stands in for the gateway's ten seconds where a test waits for them."""

DOWN_SECONDS = 7.0
"""Longer than a node's session: the others lead its partitions meanwhile."""


@pytest.fixture(scope="module")
def started() -> Iterator[ApacheKafka]:
    with running_cluster(3) as cluster:
        asyncio.run(create_topics(cluster.bootstrap, replication=3))
        yield cluster


@pytest.fixture
def kafka(started: ApacheKafka) -> ApacheKafka:
    """Give a cluster that is whole again, whatever the test before did."""
    started.start()
    return started


@asynccontextmanager
async def publishing(kafka: ApacheKafka) -> AsyncIterator[KafkaPublisher]:
    """Give the gateway's own producer."""
    publisher = KafkaPublisher(ProducerSettings(kafka.bootstrap, TOPIC))
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


@dataclass(slots=True)
class Partners:
    """Partners that publish about some children and, as a 503 asks, send again what was not acknowledged."""

    publisher: KafkaPublisher
    name: str
    tries: Counter[bytes] = field(default_factory=Counter)
    acknowledged: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Publish until `ended`, each child's events one after another."""
        await asyncio.gather(*[self._child(b"%s-%d" % (self.name.encode(), one)) for one in range(CHILDREN)])

    async def _child(self, key: bytes) -> None:
        number = 0
        while not self.ended.is_set():
            value = b"%s %d" % (key, number)
            self.tries[value] += 1
            try:
                await self.publisher.publish(TOPIC, key, value, [])
            except PublishUnavailableError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            self.acknowledged[key].append(value)
            number += 1
            await asyncio.sleep(PAUSE_SECONDS)

    @property
    def count(self) -> int:
        """Return how many events are acknowledged."""
        return sum(map(len, self.acknowledged.values()))


async def check(kafka: ApacheKafka, partners: Partners) -> None:
    """Compare what was acknowledged with what a reader finds in the log."""
    found: dict[bytes, list[bytes]] = defaultdict(list)
    for record in await whole_log(kafka.bootstrap, TOPIC):
        if record.key in partners.acknowledged:
            found[record.key].append(record.value or b"")
    for key, promised in partners.acknowledged.items():
        assert not set(promised) - set(found[key]), "acknowledged records are lost"
        first_seen = list(dict.fromkeys(found[key]))
        assert [value for value in first_seen if value in set(promised)] == promised
        twice = {value for value, times in Counter(found[key]).items() if times > 1}
        assert all(partners.tries[value] > 1 for value in twice), "the producer itself wrote a record twice"


@asynccontextmanager
async def partners_at_work(kafka: ApacheKafka, name: str) -> AsyncIterator[Partners]:
    """Let partners publish meanwhile, then check what became of it."""
    async with publishing(kafka) as publisher:
        partners = Partners(publisher, name)
        working = asyncio.create_task(partners.run())
        try:
            await reached(partners, 50)
            yield partners
        finally:
            partners.ended.set()
            await working
    await check(kafka, partners)


async def reached(partners: Partners, count: int, seconds: float = 60.0) -> None:
    """Wait until so many more events are acknowledged than now."""
    target = partners.count + count
    async with asyncio.timeout(seconds):
        while partners.count < target:  # noqa: ASYNC110 - looks at plain state
            await asyncio.sleep(0.02)


async def test_each_record_is_on_three_nodes(kafka: ApacheKafka) -> None:
    """Every node leads a part of the topic, so that each kill below takes leaders away."""
    assert set((await leaders(kafka.bootstrap, TOPIC)).values()) == {1, 2, 3}


async def test_killed_leaders_lose_nothing_that_was_acknowledged(kafka: ApacheKafka) -> None:
    """Each node in turn is killed -9 amid publishes and comes back: all acknowledged is there, in order, none twice."""
    async with partners_at_work(kafka, "leaders") as partners:
        for node in kafka.nodes:
            await asyncio.to_thread(node.kill)
            await reached(partners, 200)
            await asyncio.sleep(DOWN_SECONDS)
            await reached(partners, 200)
            await asyncio.to_thread(kafka.start)


async def test_with_one_node_left_nothing_is_acknowledged(
    kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One copy is not enough to promise anything: refused within the time limit; with the nodes back it goes on."""
    async with partners_at_work(kafka, "one-left") as partners:
        monkeypatch.setattr("hub.gateway.publisher.PUBLISH_SECONDS", LIMIT_SECONDS)
        for node in kafka.nodes[:2]:
            await asyncio.to_thread(node.kill)
        await asyncio.sleep(2 * LIMIT_SECONDS)  # what two nodes had before may still be acknowledged
        before, started = partners.count, time.monotonic()
        with pytest.raises(PublishUnavailableError):
            await partners.publisher.publish(TOPIC, b"one-left", b"too few", [])
        assert time.monotonic() - started < LIMIT_SECONDS + 1
        assert partners.count == before
        await asyncio.to_thread(kafka.start)
        await reached(partners, 100)


async def test_all_nodes_killed_at_once_keep_what_they_acknowledged(kafka: ApacheKafka) -> None:
    """After kill -9 of all three the cluster is back with every acknowledged record, and the same producer goes on."""
    async with partners_at_work(kafka, "all") as partners:
        for node in kafka.nodes:
            node.kill()
        await asyncio.to_thread(kafka.start)
        await reached(partners, 100)
    assert await asyncio.to_thread(serving, kafka.nodes[0].place) == {1, 2, 3}
