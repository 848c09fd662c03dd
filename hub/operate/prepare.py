"""Make a broker and a database ready for the hub: topics and tables. Safe to repeat."""

from __future__ import annotations

import asyncio
import time

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError, for_code

from hub.ledger.migrate import migrate
from hub.operate.logs import logger
from hub.operate.settings import Settings
from hub.wire.topics import Topic, load_topics

WAIT_SECONDS = 60.0
"""Containers start in any order: a broker that is still starting gets a minute."""

PAUSE_SECONDS = 0.5


async def prepare(settings: Settings) -> None:
    """Create what is missing: the ledger's tables and the topics of `schemas/topics.toml`."""
    versions = await migrate(settings.database)
    logger().info("ledger_migrated", versions=versions)
    created = await create_topics(settings.kafka, settings.kafka_replication)
    logger().info("topics_created", count=len(created))


async def create_topics(bootstrap: str, replication: int = 1) -> list[str]:
    """Create the topics that are not there yet, each partition on so many brokers; return their names.

    Existing topics are left as they are: a change of partitions would change which child is where.
    """
    admin = await _connected(bootstrap)
    try:
        return [topic.name for topic in load_topics().values() if await _create(admin, topic, replication)]
    finally:
        await admin.close()


async def _connected(bootstrap: str) -> AIOKafkaAdminClient:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        try:
            await admin.start()
        except KafkaConnectionError:
            await admin.close()
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return admin


def _in_sync(replication: int) -> dict[str, str]:
    """Return how many copies `acks=all` waits for at least: with less, a lost machine could take the record with it."""
    return {"min.insync.replicas": str(replication - 1)} if replication > 2 else {}


async def _create(admin: AIOKafkaAdminClient, topic: Topic, replication: int) -> bool:
    request = NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replication,
        topic_configs={**topic.broker_configuration(), **_in_sync(replication)},
    )
    try:
        answer = await admin.create_topics([request])
    except TopicAlreadyExistsError:
        return False
    for _, code, *_ in answer.topic_errors:
        error = for_code(code)
        if error is TopicAlreadyExistsError:
            return False
        if code:
            raise error(topic.name)
    return True
