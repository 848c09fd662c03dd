"""Apache Kafka for tests: which tests need it, what happens where it is missing, and a look into its log."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from hub.operate.apache_kafka import ApacheKafka, start_apache_kafka
from hub.operate.brokers import BrokerKind
from hub.operate.kafka_jars import KafkaMissingError, jars, java

DEMAND = "REQUIRE_APACHE_KAFKA"
"""Set to 1 by CI: there a missing Java or Maven is a failure, never a skip."""

CHOICE = "HUB_TEST_KAFKA"
"""`apache` lets the system tests run on Apache Kafka; else they run on the embedded broker."""

HEADER_BYTES = 61
"""Kafka's record batch, version 2, up to its first record."""


def chosen() -> BrokerKind:
    """Return the broker on which the system tests run, and demand it."""
    kind = BrokerKind(os.environ.get(CHOICE, BrokerKind.EMBEDDED))
    if kind is BrokerKind.APACHE:
        demand()
    return kind


def demand() -> None:
    """Skip loudly where Apache Kafka cannot be had; fail instead where CI demands it."""
    try:
        java()
        jars()
    except KafkaMissingError as error:
        if os.environ.get(DEMAND) == "1":
            pytest.fail(f"{DEMAND}=1, but: {error}")
        pytest.skip(f"APACHE KAFKA NOT TESTED: {error}")


@contextmanager
def running_cluster(nodes: int) -> Iterator[ApacheKafka]:
    """Start a cluster in a folder of its own; every node is ended for sure."""
    demand()
    folder = Path(tempfile.mkdtemp(prefix="hub-kafka-"))
    try:
        cluster = start_apache_kafka(folder, nodes)
        try:
            yield cluster
        finally:
            for node in cluster.nodes:
                node.kill()  # nobody reads this log again: no need to end in order
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Record:
    """One record as a reader of the log sees it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


async def whole_log(bootstrap: str, topic: str) -> list[Record]:
    """Return everything that stands in a topic now, partition after partition, read in no group."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(sorted(consumer.assignment()))
        found: list[Record] = []
        for place, end in ends.items():
            while await consumer.position(place) < end:
                record = await consumer.getone(place)
                found.append(Record(record.partition, record.offset, record.key, record.value))
        return found
    finally:
        await consumer.stop()


async def leaders(bootstrap: str, topic: str) -> dict[int, int]:
    """Return which node leads each partition now; -1 for none."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        [described] = await admin.describe_topics([topic])
    finally:
        await admin.close()
    return {part["partition"]: part["leader"] for part in described["partitions"]}


def producer_ids(node_folder: Path, topic: str, partition: int) -> list[int]:
    """Return the producer id of each batch, from the files of a node; -1 stands for one that is not idempotent."""
    ids: list[int] = []
    for segment in sorted((node_folder / "data").glob(f"{topic}-{partition}/*.log")):
        content, start = segment.read_bytes(), 0
        while len(content) >= start + HEADER_BYTES:
            length = int.from_bytes(content[start + 8 : start + 12], "big")
            ids.append(int.from_bytes(content[start + 43 : start + 51], "big", signed=True))
            start += 12 + length
    return ids
