"""Writing to the log: all replicas have it, or it is an error. Relay and watch use it through `LogWriter`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError

from agents.broker import LogUnavailableError
from agents.driver import HubApp


@dataclass(frozen=True, slots=True)
class LogMessage:
    """One message for a topic. `key` decides the partition: the subject's pseudonym, never a number."""

    topic: str
    key: str
    value: bytes
    headers: tuple[tuple[str, str], ...] = ()


class LogWriter(Protocol):
    """Writes to the log."""

    async def write(self, messages: Sequence[LogMessage]) -> None:
        """Return once every message is acknowledged by all in-sync replicas; else LogUnavailableError.

        After an error some messages may be in the log: writing them again must be harmless.
        """
        ...


class FaustWriter:
    """The writer over Faust's own producer (acks=all). Messages of one key keep their order."""

    def __init__(self, app: HubApp, timeout_seconds: float) -> None:
        self._app = app
        self._timeout_seconds = timeout_seconds

    async def write(self, messages: Sequence[LogMessage]) -> None:
        """See LogWriter."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await asyncio.gather(*[await self._sent(message) for message in messages])
        except (KafkaError, ProducerSendError, TimeoutError) as error:
            raise LogUnavailableError(type(error).__name__) from error

    async def _sent(self, message: LogMessage) -> asyncio.Future[object]:
        producer = await self._app.maybe_start_producer()
        headers = [(name, value.encode()) for name, value in message.headers]
        sent: asyncio.Future[object] = await producer.send(
            message.topic, message.key.encode(), message.value, None, None, headers
        )
        return sent
