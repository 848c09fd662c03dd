"""The Kafka producer of the gateway: one record at a time, acknowledged by every in-sync replica."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaError,
    OutOfOrderSequenceNumber,
    ProducerFenced,
    UnknownProducerId,
)

from hub.gateway.limits import PUBLISH_SECONDS
from hub.gateway.parts import PublishUnavailableError

LINGER_MILLISECONDS: Final = 1
"""Requests that arrive together share a record batch; a millisecond is not felt beside the broker's round trip."""

REQUEST_MAX_BYTES: Final = 1024 * 1024
"""Kafka's default; the wire's own limit of 256 KiB per record stays below it."""

SPENT: Final = (OutOfOrderSequenceNumber, UnknownProducerId, InvalidProducerEpoch, ProducerFenced)
"""After these the broker takes nothing more from this producer in that partition. The library gives up a batch of a
partition that had no leader for ten seconds, but not its number: all that follows would be out of order for ever."""


@dataclass(frozen=True, slots=True)
class ProducerSettings:
    """How to reach Kafka.

    `idempotent` prevents repeats inside one producer session; off for the embedded broker, which does not know
    it (a repeat is harmless: the decision finds it by its uid). `security` holds aiokafka's own security
    arguments (`security_protocol`, `ssl_context`, `sasl_…`).
    """

    bootstrap_servers: str
    topic: str
    idempotent: bool = True
    client_id: str = "samenhub-gateway"
    security: tuple[tuple[str, Any], ...] = ()


class KafkaPublisher:
    """Publishes with `acks=all`. Start it before the first request and stop it after the last."""

    def __init__(self, settings: ProducerSettings) -> None:
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._replacing = asyncio.Lock()
        self._endings: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect; PublishUnavailableError when no broker answers."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap_servers,
            client_id=self._settings.client_id,
            acks="all",
            enable_idempotence=self._settings.idempotent,
            linger_ms=LINGER_MILLISECONDS,
            max_request_size=REQUEST_MAX_BYTES,
            request_timeout_ms=int(PUBLISH_SECONDS * 1000),
            **dict(self._settings.security),
        )
        try:
            await producer.start()
        except (KafkaError, OSError) as error:
            await producer.stop()
            raise PublishUnavailableError from error
        self._producer = producer

    async def stop(self) -> None:
        """Send what is waiting, for at most `PUBLISH_SECONDS`, and disconnect. Safe to repeat."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _end(producer)
        await asyncio.gather(*self._endings)

    async def _replace(self, spent: AIOKafkaProducer) -> None:
        """Begin a new producer session, once for all who met the end of the old one.

        What the old one still holds goes its way meanwhile. Raises PublishUnavailableError when no broker answers;
        whoever meets the old one next tries again.
        """
        async with self._replacing:
            if self._producer is not spent:
                return
            await self.start()
            ending = asyncio.create_task(_end(spent), name="end of a spent producer")
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    async def publish(
        self, topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        """Write and wait for the acknowledgement, at most `PUBLISH_SECONDS`."""
        producer = self._started()
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                acknowledged = await producer.send(topic, value=value, key=key, headers=list(headers))
                acknowledged.add_done_callback(_heard)
                # The record goes its way when our patience or our client ends; shield keeps the batch whole.
                await asyncio.shield(acknowledged)
        except SPENT as error:
            await self._replace(producer)
            raise PublishUnavailableError from error  # the partner comes again, and finds the new session
        except (KafkaError, OSError, TimeoutError) as error:
            raise PublishUnavailableError from error

    async def check(self) -> None:
        """Ask a broker for the topic's metadata."""
        producer = self._started()
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                if not await producer.client.force_metadata_update():
                    raise PublishUnavailableError
                await producer.partitions_for(self._settings.topic)
        except (KafkaError, OSError, TimeoutError) as error:
            raise PublishUnavailableError from error

    def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise PublishUnavailableError
        return self._producer


def _heard(acknowledged: asyncio.Future[Any]) -> None:
    """Take note of an answer that comes when nobody waits for it any more: the partner was told to come again."""
    if not acknowledged.cancelled():
        acknowledged.exception()


async def _end(producer: AIOKafkaProducer) -> None:
    """Stop a producer; one that is idempotent would go on trying for ever while the broker is away."""
    try:
        async with asyncio.timeout(PUBLISH_SECONDS):
            await producer.stop()
    except TimeoutError:
        await producer._sender.close()  # noqa: SLF001 - what its own stop does after the wait that has no end
        await producer.client.close()
