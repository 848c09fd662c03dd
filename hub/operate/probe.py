"""Looks at the whole hub every few seconds and shows what it sees in the metrics: backlog, and lag from the broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from hub.ledger.interface import Ledger, LedgerUnavailableError, LogIdentity
from hub.operate.logs import logger
from hub.operate.metrics import Metrics

PROBE_SECONDS = 5.0
"""A third of Prometheus's usual interval: each scrape sees a fresh figure, for a few small questions."""

BROKER_ANSWER_MILLISECONDS = 5000
"""A broker that takes longer counts as away for this look."""

PART = "gateway"


@dataclass(frozen=True, slots=True)
class LogView:
    """Which log it is, and where each partition ends now."""

    cluster_id: str
    ends: dict[int, int]


ViewLog = Callable[[], Awaitable[LogView]]


def broker_view(bootstrap_servers: str, topic: str) -> ViewLog:
    """Return a look at a topic with fresh connections each time: a kept one could show a log that is gone."""

    async def view() -> LogView:
        return LogView(await _cluster_id(bootstrap_servers), await _ends(bootstrap_servers, topic))

    return view


async def _cluster_id(bootstrap_servers: str) -> str:
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap_servers, request_timeout_ms=BROKER_ANSWER_MILLISECONDS
    )
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
    finally:
        await admin.close()
    return str(cluster["cluster_id"])


async def _ends(bootstrap_servers: str, topic: str) -> dict[int, int]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        group_id=None,
        enable_auto_commit=False,
        request_timeout_ms=BROKER_ANSWER_MILLISECONDS,
    )
    try:
        await consumer.start()
        partitions = consumer.partitions_for_topic(topic) or set()
        places = [TopicPartition(topic, partition) for partition in partitions]
        ends = await consumer.end_offsets(places) if places else {}
    finally:
        await consumer.stop()
    return {place.partition: offset for place, offset in ends.items()}


@dataclass(frozen=True, slots=True)
class Probe:
    """The look itself. `clock` gives the present instant as RFC 3339."""

    ledger: Ledger
    view: ViewLog
    topic: str
    metrics: Metrics
    clock: Callable[[], str]

    async def run(self) -> None:
        """Look until cancelled. What does not answer leaves its figures as they were, and progress stops."""
        while True:
            try:
                await self.look()
            except (KafkaError, LedgerUnavailableError, OSError, TimeoutError):
                logger("hub.probe").warning("probe_failed", exc_info=True)
            await asyncio.sleep(PROBE_SECONDS)

    async def look(self) -> None:
        """Look once."""
        log = await self.view()
        decided = await self.ledger.offsets(LogIdentity(log.cluster_id, self.topic))
        self.metrics.lag(log.ends, decided)
        self.metrics.backlog(await self.ledger.statistics(self.clock()))
        self.metrics.progress(PART)
