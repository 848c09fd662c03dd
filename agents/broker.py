"""Looks at the log outside Faust's consumer: whose log it is, and what is really in it."""

from __future__ import annotations

import asyncio
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

    async def first_offset_from(self, topic: str, partition: int, offset: int) -> int | None:
        """Return the offset of the first record at or after `offset`, None when none shows up in time."""
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

    async def first_offset_from(self, topic: str, partition: int, offset: int) -> int | None:
        """Read one record with a consumer of its own, in no group, so nobody's position changes."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=int(self._timeout_seconds * 1000),
            **self._options,
        )
        place = TopicPartition(topic, partition)
        try:
            await consumer.start()
            consumer.assign([place])
            consumer.seek(place, offset)
            record = await asyncio.wait_for(consumer.getone(place), self._timeout_seconds)
        except TimeoutError:
            return None
        except (KafkaError, OSError) as error:
            raise LogUnavailableError(type(error).__name__) from error
        finally:
            await consumer.stop()
        return int(record.offset)
