"""One node of Apache Kafka itself: the topics, the gateway's producer, and a log that outlives its broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, UnknownTopicOrPartitionError
from aiokafka.protocol.produce import ProduceRequest

from hub.gateway.parts import PublishUnavailableError
from hub.gateway.publisher import KafkaPublisher, ProducerSettings
from hub.operate.apache_kafka import ApacheKafka, start_apache_kafka
from hub.operate.prepare import create_topics
from hub.wire.topics import load_topics
from tests.apache_kafka import Record, producer_ids, running_cluster, whole_log

pytestmark = [
    pytest.mark.apache_kafka,
    pytest.mark.broker,
    pytest.mark.timeout(240),  # three starts of Java on a machine that does other work too
]

TOPIC = "hub.events"
WAIT_SECONDS = 20.0


@pytest.fixture(scope="module")
def kafka() -> Iterator[ApacheKafka]:
    with running_cluster(1) as cluster:
        yield cluster


@asynccontextmanager
async def publishing(kafka: ApacheKafka, *, idempotent: bool = True) -> AsyncIterator[KafkaPublisher]:
    """Give the gateway's own producer."""
    publisher = KafkaPublisher(ProducerSettings(kafka.bootstrap, TOPIC, idempotent))
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


async def under(kafka: ApacheKafka, key: bytes) -> list[Record]:
    """Return the records with this key."""
    return [record for record in await whole_log(kafka.bootstrap, TOPIC) if record.key == key]


async def configuration(kafka: ApacheKafka, topic: str, *names: str) -> dict[str, str]:
    """Return how the broker itself describes these settings of a topic, as soon as it knows the topic."""
    asked = ConfigResource(ConfigResourceType.TOPIC, topic, dict.fromkeys(names))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                [answer] = await admin.describe_configs([asked])
                [(error, _, _, _, entries)] = answer.resources
                if not error:
                    return {entry[0]: entry[1] for entry in entries}
                # A controller acknowledges a new topic a moment before its brokers have heard of it.
                assert error == UnknownTopicOrPartitionError.errno
                await asyncio.sleep(0.05)
    finally:
        await admin.close()


async def test_the_topics_are_as_the_table_says(kafka: ApacheKafka) -> None:
    """`hub prepare` makes each topic with its partitions and configuration, once; the broker says so itself."""
    await create_topics(kafka.bootstrap)
    assert await create_topics(kafka.bootstrap) == []
    for topic in load_topics().values():
        wanted = topic.broker_configuration()
        assert await configuration(kafka, topic.name, *wanted) == wanted


async def test_the_gateways_records_stand_in_order_under_one_producer(kafka: ApacheKafka) -> None:
    """Acknowledged records of one child stand in one partition in order, each batch with the number of its producer."""
    await create_topics(kafka.bootstrap)
    async with publishing(kafka) as publisher:
        await publisher.check()
        for number in range(50):
            await publisher.publish(TOPIC, b"ps_ordered", b"%d" % number, [("ce_id", b"uid")])
    records = await under(kafka, b"ps_ordered")
    assert [record.value for record in records] == [b"%d" % number for number in range(50)]
    assert len({record.partition for record in records}) == 1
    ids = producer_ids(kafka.nodes[0].folder, TOPIC, records[0].partition)
    assert len(ids) >= 50
    assert min(ids) >= 0


def lose_first_answer(publisher: KafkaPublisher, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the broker write the first batch, and the connection break before its answer comes."""
    assert publisher._producer is not None
    client, lost = publisher._producer.client, list[int]()
    real = client.send

    async def send(node_id: int, request: Any, **options: Any) -> Any:
        answer = await real(node_id, request, **options)
        if isinstance(request, ProduceRequest) and not lost:
            lost.append(node_id)
            raise KafkaConnectionError("the answer was lost on its way")
        return answer

    monkeypatch.setattr(client, "send", send)
    return lost


@pytest.mark.parametrize(("idempotent", "copies"), [(True, 1), (False, 2)])
async def test_a_lost_answer_makes_no_second_record(
    kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch, *, idempotent: bool, copies: int
) -> None:
    """The idempotent producer sends again and the broker knows the batch; without idempotence it stands there twice."""
    await create_topics(kafka.bootstrap)
    key = b"ps_lost_%d" % copies
    async with publishing(kafka, idempotent=idempotent) as publisher:
        lost = lose_first_answer(publisher, monkeypatch)
        await publisher.publish(TOPIC, key, b"once", [])
        await publisher.publish(TOPIC, key, b"then", [])
    assert len(lost) == 1
    assert [record.value for record in await under(kafka, key)] == [b"once"] * copies + [b"then"]


async def test_the_same_folder_is_the_same_log(kafka: ApacheKafka) -> None:
    """After a kill -9 and a new start the cluster has its id and every record; so the ledger's offsets hold."""
    await create_topics(kafka.bootstrap)
    async with publishing(kafka) as publisher:
        await publisher.publish(TOPIC, b"ps_kept", b"before", [])
    kafka.nodes[0].kill()
    again = start_apache_kafka(kafka.nodes[0].folder.parent, 1)
    kafka.nodes[:] = again.nodes  # the module's cluster goes on at another port
    assert again.cluster_id == kafka.cluster_id
    async with publishing(kafka) as publisher:
        await publisher.publish(TOPIC, b"ps_kept", b"after", [])
    assert [record.value for record in await under(kafka, b"ps_kept")] == [b"before", b"after"]


async def test_a_producer_that_lost_its_place_gets_a_new_session(kafka: ApacheKafka) -> None:
    """A broker that misses a number refuses all that follows: one partner is told to come again, then it goes on."""
    await create_topics(kafka.bootstrap)
    async with publishing(kafka) as publisher:
        await publisher.publish(TOPIC, b"ps_place", b"before", [])
        [first] = await under(kafka, b"ps_place")
        spent = publisher._producer
        assert spent is not None
        spent._txn_manager.increment_sequence_number(TopicPartition(TOPIC, first.partition), 7)
        with pytest.raises(PublishUnavailableError):
            await publisher.publish(TOPIC, b"ps_place", b"refused", [])
        await publisher.publish(TOPIC, b"ps_place", b"after", [])
        assert publisher._producer is not spent
    assert [record.value for record in await under(kafka, b"ps_place")] == [b"before", b"after"]


async def test_a_producer_stops_although_its_broker_is_away(
    kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can no longer be sent was refused long ago: the end of the gateway does not wait for it."""
    await create_topics(kafka.bootstrap)
    monkeypatch.setattr("hub.gateway.publisher.PUBLISH_SECONDS", 1.0)
    try:
        async with publishing(kafka) as publisher:
            await publisher.publish(TOPIC, b"ps_away", b"before", [])
            await asyncio.to_thread(kafka.nodes[0].kill)
            with pytest.raises(PublishUnavailableError):
                await publisher.publish(TOPIC, b"ps_away", b"nobody", [])
            async with asyncio.timeout(WAIT_SECONDS):
                await publisher.stop()
    finally:
        await asyncio.to_thread(kafka.start)
