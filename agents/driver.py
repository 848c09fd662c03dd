"""Faust, bent to the ledger. The only module that leans on Faust's private API.

Each behaviour relied on here is pinned by tests/integration/test_faust_pins.py: an upgrade that changes one
fails there, not in production.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any

import faust
from aiokafka.errors import ConsumerStoppedError
from faust.sensors.monitor import Monitor
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Producer, Transport
from faust.types import TP

from agents.ending import Ending
from agents.settings import AgentSettings, BrokerSecurity

Positions = Callable[["LedgerConsumer", frozenset[TP]], Awaitable[Mapping[TP, int]]]
"""Claims an assignment in the ledger and says at which offset each partition goes on."""

QUEUE_MAX = 1_000
"""Records that may wait for the agent before more are fetched. Above 90 % of its own limit (4,096) Faust takes
partitions out of a fetch that is under way, which then finds nothing and waits for a whole second."""

QUEUE_PAUSE_SECONDS = 0.002
"""How often a full queue is looked at: a tenth of the time that a full batch takes."""

YIELD_EVERY = 100
"""Records that may be handed on before the loop gets a turn; Faust's own figure."""


class PromptConsumerThread(AIOKafkaConsumerThread):
    """The consumer thread with a short fetch wait: Faust hard-codes 1.5 s, which an idle log turns into latency."""

    app: Any  # a HubApp, always

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = (  # noqa: SLF001 - set before the consumer makes its fetcher
            self.app.settings.fetch_wait_milliseconds
        )
        return consumer


class LedgerConsumer(Consumer):
    """A consumer that goes on where the ledger says, whatever Kafka's committed offset is."""

    app: Any  # a HubApp, always

    def _new_consumer_thread(self) -> PromptConsumerThread:
        return PromptConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Claim the assignment in the ledger and seek there.

        Faust calls this at the end of each rebalance; a seek in `on_partitions_assigned` would be overwritten.
        """
        positions = self.app.positions
        mine = frozenset(self.assignment())
        if positions is None or not mine:
            return {}
        offsets: Mapping[TP, int] = await positions(self, mine)
        await self.seek_wait(offsets)
        return offsets

    async def _drain_messages(self, fetcher: Any) -> None:
        """Hand fetched records on, without Faust's four tasks per record while nothing can block.

        Faust's own loop also drops a record below the last offset it read, which loses re-read records after a
        seek without a word. The intake's admission replaces that check.
        """
        try:
            while not (self.should_stop or fetcher.should_stop):
                await asyncio.sleep(QUEUE_PAUSE_SECONDS if self._backlog() > QUEUE_MAX else 0)
                if self._backlog() <= QUEUE_MAX:
                    await self._drain_once()
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.app.should_stop:
                raise

    async def _drain_once(self) -> None:
        passed = 0
        async for partition, message in self.getmany(timeout=1.0):
            if self.flow_active and not self._congested(partition):
                await self.callback(message)
            else:
                await self.wait_first(self.callback(message), self.suspend_flow.wait())
            self._read_offset[partition] = message.offset
            passed += 1
            if passed % YIELD_EVERY == 0:
                await asyncio.sleep(0)

    def _backlog(self) -> int:
        return max((channel.queue.qsize() for channel in self.app.topics), default=0)

    def _congested(self, partition: TP) -> bool:
        channels = self.app.topics._tp_index.get(partition, ())  # noqa: SLF001 - Faust offers no other way
        return any(channel.queue.full() for channel in channels)


class SettingsProducer(Producer):
    """A producer that is idempotent where the settings say so: Faust makes it so inside transactions alone."""

    app: Any  # a HubApp, always

    def _settings_extra(self) -> Mapping[str, Any]:
        return {**super()._settings_extra(), "enable_idempotence": self.app.settings.idempotent_producer}


class LedgerTransport(Transport):
    """The aiokafka transport with our consumer and producer."""

    Consumer = LedgerConsumer
    Producer = SettingsProducer


class QuietMonitor(Monitor):
    """Faust's sensor without its per-record book-keeping, of which only the liveness check is used."""

    def on_message_in(self, tp: TP, offset: int, message: Any) -> None:
        """Ignore."""

    def on_message_out(self, tp: TP, offset: int, message: Any) -> None:
        """Ignore."""

    def on_stream_event_in(self, tp: TP, *_details: Any) -> None:
        """Keep the time, from which Faust tells a stream that hangs."""
        self.stream_inbound_time[tp] = monotonic()

    def on_stream_event_out(self, tp: TP, offset: int, stream: Any, event: Any, state: Any = None) -> None:
        """Ignore."""


class HubApp(faust.App):
    """A Faust app without files, tables, leader topic or web server.

    `positions` is set by decide alone. `closers` run when everything else has stopped (`before_stop` when the
    stop begins).
    """

    def __init__(self, name: str, *, settings: AgentSettings, ending: Ending, **options: Any) -> None:
        self.settings = settings
        self.ending = ending
        self.positions: Positions | None = None
        self.before_stop: list[Callable[[], Awaitable[object]]] = []
        self.closers: list[Callable[[], Awaitable[object]]] = []
        super().__init__(name, Monitor=QuietMonitor, **options)

    def _new_transport(self) -> LedgerTransport:
        return LedgerTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> LedgerTransport:
        return LedgerTransport(self.conf.broker_producer, self)

    def _create_directories(self) -> None:
        """Keep no files: Faust would make a data folder for tables that we do not have."""

    async def on_stop(self) -> None:
        """Let loops end their work, then stop the consumer and flush the producer."""
        self.ending.start_watchdog()
        for action in self.before_stop:
            await action()
        await super().on_stop()

    async def on_shutdown(self) -> None:
        """Release what was opened for this worker."""
        await super().on_shutdown()
        consumer: Any = self._consumer
        if consumer is not None and not consumer.started:
            # Faust makes a consumer even for an app without topics; its thread's loop was never run.
            consumer._thread.thread_loop.close()  # noqa: SLF001 - a LedgerConsumer
        for action in self.closers:
            await action()


def new_app(
    name: str, *, bootstrap_servers: str, security: BrokerSecurity, settings: AgentSettings
) -> HubApp:
    """Return a Faust app with the settings that FAUST's pitfalls demand; nothing connects yet."""
    return HubApp(
        name,
        settings=settings,
        ending=Ending(settings.stop_grace_seconds),
        broker=[f"aiokafka://{server.strip()}" for server in bootstrap_servers.split(",")],
        broker_credentials=_credentials(security),
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.heartbeat_seconds,
        broker_request_timeout=settings.request_timeout_seconds,
        broker_max_poll_records=settings.batch_max,
        consumer_auto_offset_reset="earliest",
        processing_guarantee="at_least_once",
        producer_acks=-1,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
        store="memory://",
    )


def _credentials(security: BrokerSecurity) -> Any:
    if security.username is not None:
        return faust.SASLCredentials(
            username=security.username,
            password=security.password,
            mechanism=security.mechanism,
            ssl_context=security.ssl_context,
        )
    if security.ssl_context is not None:
        return faust.SSLCredentials(security.ssl_context)
    return None
