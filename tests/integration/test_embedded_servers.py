"""The embedded servers: real ones, on loopback, gone when they are stopped."""

from __future__ import annotations

import socket
from pathlib import Path

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from hub.operate.embedded import broker_binary, start_broker, start_database
from hub.operate.prepare import create_topics
from hub.wire.topics import load_topics


@pytest.mark.broker
async def test_broker_answers_with_the_topics_and_stops(tmp_path: Path) -> None:
    """A started broker takes our topics with their partitions, once; a stopped one no longer listens."""
    broker = start_broker(tmp_path)
    try:
        created = await create_topics(broker.bootstrap)
        assert sorted(created) == sorted(topic.name for topic in load_topics().values())
        assert await create_topics(broker.bootstrap) == []
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await admin.start()
        try:
            described = await admin.describe_topics(["hub.events"])
        finally:
            await admin.close()
        assert len(described[0]["partitions"]) == load_topics()["hub.events"].partitions
    finally:
        broker.stop()
    host, _, port = broker.bootstrap.partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=1).close()


@pytest.mark.broker
def test_each_start_is_another_log(tmp_path: Path) -> None:
    """A memory broker forgets, so it must not pretend to be the same cluster."""
    first, second = start_broker(tmp_path), start_broker(tmp_path)
    first.stop()
    second.stop()
    assert first.cluster_id != second.cluster_id
    assert broker_binary().is_relative_to(Path(__file__).anchor)


@pytest.mark.database
async def test_database_keeps_its_data_over_a_restart(tmp_path: Path) -> None:
    """What was committed is there after a stop and a new start of the same folder."""
    folder = tmp_path / "postgres"
    database = start_database(folder)
    try:
        connection = await asyncpg.connect(database.dsn)
        await connection.execute("create table kept (n int); insert into kept values (7)")
        await connection.close()
    finally:
        database.stop()
    again = start_database(folder)
    try:
        connection = await asyncpg.connect(again.dsn)
        assert await connection.fetchval("select n from kept") == 7
        await connection.close()
    finally:
        again.stop()
        again.stop()  # stopping twice is allowed
