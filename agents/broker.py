"""Looks at the log outside Faust's consumer: whose log it is, and what is really in it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from agents.settings import BrokerSecurity


class LogUnavailableError(Exception):
    """The broker does not answer."""


class LogLens(Protocol):
    """What claiming needs to know of the log beside what the consumer knows."""

    async def cluster_id(self) -> str:
        """Return the identity of the cluster as it is now; LogUnavailableError."""
        ...

    async def first_offsets(self, topic: str, places: Mapping[int, int]) -> dict[int, int]:
        """Return per partition the offset of the first record at or after the given one.

        A partition that shows none in time is left out. Raises LogUnavailableError.
        """
        ...


class BrokerLens:
    """The lens of aiokafka. Opens a fresh connection each time: a kept one could show a cluster that is gone."""

    def __init__(self, bootstrap_servers: str, security: BrokerSecurity, timeout_seconds: float) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._options = security.client_options()
        self._timeout_seconds = timeout_seconds

    async def cluster_id(self) -> str:
        """Ask the admin client; a broker without an identity counts as away (fail closed)."""
        client = AIOKafkaAdminClient(
            bootstrap_servers=self._bootstrap_servers,
            request_timeout_ms=int(self._timeout_seconds * 1000),
            **self._options,
        )
        try:
            await client.start()
            cluster = await client.describe_cluster()
        except (KafkaError, OSError, TimeoutError) as error:
            raise LogUnavailableError(type(error).__name__) from error
        finally:
            await client.close()
        if not cluster.get("cluster_id"):
            raise LogUnavailableError("no cluster id")
        return str(cluster["cluster_id"])

    async def first_offsets(self, topic: str, places: Mapping[int, int]) -> dict[int, int]:
        """Read with a consumer of its own, in no group, so nobody's position changes."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=int(self._timeout_seconds * 1000),
            **self._options,
        )
        try:
            await consumer.start()
            return await self._first_of_each(consumer, topic, places)
        except (KafkaError, OSError) as error:
            raise LogUnavailableError(type(error).__name__) from error
        finally:
            await consumer.stop()

    async def _first_of_each(
        self, consumer: AIOKafkaConsumer, topic: str, places: Mapping[int, int]
    ) -> dict[int, int]:
        consumer.assign([TopicPartition(topic, partition) for partition in places])
        for partition, offset in places.items():
            consumer.seek(TopicPartition(topic, partition), offset)
        found: dict[int, int] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_seconds):
                while len(found) < len(places):
                    wanted = [
                        TopicPartition(topic, partition) for partition in places if partition not in found
                    ]
                    record = await consumer.getone(*wanted)
                    found[record.partition] = record.offset
        return found
