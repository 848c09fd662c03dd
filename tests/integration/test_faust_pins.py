"""What the workers rely on inside Faust, mode and aiokafka. A failure here means: read agents/driver.py again.

Faust releases often and none of this is its public promise, so an upgrade must fail here and not in production.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.consumer.consumer import AIOKafkaConsumer
from faust.app.base import App
from faust.tables.recovery import Recovery
from faust.transport import consumer as faust_consumer
from faust.transport.drivers import aiokafka as driver_module
from faust.types import TP

from agents.driver import HubApp, LedgerConsumer, LedgerTransport, PromptConsumerThread, QuietMonitor, new_app
from agents.settings import AgentSettings, BrokerSecurity

pytestmark = pytest.mark.broker

TOPIC = "pins.events"
WAIT_SECONDS = 20.0


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from hub.operate.embedded import start_broker

    broker = start_broker(tmp_path_factory.mktemp("broker"))
    yield broker.bootstrap
    broker.stop()


async def make_topic(bootstrap: str, name: str, partitions: int = 2) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name=name, num_partitions=partitions, replication_factor=1)])
    await admin.close()


async def write(bootstrap: str, topic: str, *values: bytes, partition: int = 0) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    for value in values:
        await producer.send_and_wait(topic, value, partition=partition)
    await producer.stop()


def an_app(bootstrap: str, group: str) -> HubApp:
    return new_app(group, bootstrap_servers=bootstrap, security=BrokerSecurity(), settings=AgentSettings())


@asynccontextmanager
async def running(app: HubApp) -> AsyncIterator[None]:
    await app.start()
    try:
        yield
    finally:
        await app.stop()
        app.ending.done()


async def until(condition: Any, seconds: float = WAIT_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - looks at the state of another library
            await asyncio.sleep(0.005)


def test_the_pinned_versions_are_installed() -> None:
    """The behaviours below were read and tried in exactly these versions."""
    assert version("faust-streaming") == "0.15.3"
    assert version("mode-streaming") == "0.7.1"
    assert version("aiokafka") == "0.14.0"


def test_each_overridden_method_still_exists_with_its_form() -> None:
    """An override of a method that was renamed would silently do nothing."""
    forms = {
        (driver_module.AIOKafkaConsumerThread, "_create_worker_consumer"): ["self", "transport"],
        (driver_module.Consumer, "_new_consumer_thread"): ["self"],
        (faust_consumer.ThreadDelegateConsumer, "seek_to_committed"): ["self"],
        (faust_consumer.Consumer, "_drain_messages"): ["self", "fetcher"],
        (App, "_new_transport"): ["self"],
        (App, "_create_directories"): ["self"],
    }
    for (owner, name), parameters in forms.items():
        assert list(inspect.signature(vars(owner)[name]).parameters) == parameters, name


def test_faust_still_calls_what_is_overridden() -> None:
    """The places that lead into our overrides: drain, seek after a rebalance, and the transport's consumer."""
    assert "consumer._drain_messages(self)" in inspect.getsource(faust_consumer.Fetcher)
    assert "self.seek_to_committed()" in inspect.getsource(faust_consumer.Consumer.perform_seek)
    assert "consumer.perform_seek()" in inspect.getsource(Recovery._resume_streams)
    assert "self._create_worker_consumer(transport)" in inspect.getsource(
        driver_module.AIOKafkaConsumerThread
    )
    assert LedgerTransport.Consumer is LedgerConsumer


def test_the_fetch_wait_is_still_read_when_the_consumer_starts() -> None:
    """The consumer passes `_fetch_max_wait_ms` to its fetcher in `start`, after we set it."""
    assert "fetch_max_wait_ms=1500" in inspect.getsource(driver_module.AIOKafkaConsumerThread)
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in inspect.getsource(AIOKafkaConsumer.start)


async def test_settings_keep_faust_from_files_tables_and_web(bootstrap: str, tmp_path: Path) -> None:
    """An app of ours has no web server, no leader topic, declares no topic and makes no data folder."""
    app = an_app(bootstrap, "pins-settings")
    assert not app.conf.web_enabled
    assert app.conf.topic_disable_leader
    assert not app.conf.topic_allow_declare
    assert not app.conf.stream_wait_empty
    assert not app.in_transaction
    assert app.conf.producer_acks == -1
    app.conf.datadir = tmp_path / "data"
    app._create_directories()
    assert not (tmp_path / "data").exists()


class Reader:
    """Consumes a topic through our driver, starting where the test says."""

    def __init__(self, bootstrap: str, group: str, topic: str, starts: Mapping[int, int]) -> None:
        self.app = an_app(bootstrap, group)
        self.topic = topic
        self.starts = dict(starts)
        self.asked: list[frozenset[int]] = []
        self.seen: list[tuple[int, int]] = []
        self.app.positions = self._positions
        source = self.app.topic(topic, value_type=bytes, value_serializer="raw")
        self.app.agent(source, name="reader")(self._consume)
        self.messages: list[Any] = []
        self.stream: Any = None
        self.queued_max = 0

    async def _positions(self, _consumer: LedgerConsumer, assigned: frozenset[TP]) -> Mapping[TP, int]:
        self.asked.append(frozenset(place.partition for place in assigned))
        return {place: self.starts.get(place.partition, 0) for place in assigned}

    async def _consume(self, stream: Any) -> None:
        self.stream = stream.noack()
        async for event in self.stream.events():
            self.messages.append(event)
            self.queued_max = max(self.queued_max, self.stream.channel.queue.qsize())
            self.seen.append((event.message.partition, event.message.offset))


async def test_consumption_starts_where_the_ledger_says(bootstrap: str) -> None:
    """Kafka's committed offset and its absence are both ignored: the claim's offset counts, once per rebalance."""
    await make_topic(bootstrap, "pins.seek")
    await write(bootstrap, "pins.seek", *[b"%d" % number for number in range(6)])
    reader = Reader(bootstrap, "pins-seek", "pins.seek", {0: 4})
    async with running(reader.app):
        await until(lambda: len(reader.seen) == 2)
    assert reader.seen == [(0, 4), (0, 5)]
    assert reader.asked == [frozenset({0, 1})]


async def test_noack_leaves_messages_unacked_until_we_ack(bootstrap: str) -> None:
    """A record counts as handled only when `ack` is called, which we do after the ledger's commit."""
    await make_topic(bootstrap, "pins.ack")
    await write(bootstrap, "pins.ack", b"a", b"b")
    reader = Reader(bootstrap, "pins-ack", "pins.ack", {})
    async with running(reader.app):
        await until(lambda: len(reader.messages) == 2)
        await asyncio.sleep(0.05)
        assert not any(event.message.acked for event in reader.messages)
        await reader.stream.ack(reader.messages[0])
        assert reader.messages[0].message.acked


async def test_an_idle_log_is_read_at_once(bootstrap: str) -> None:
    """The short fetch wait reaches the consumer: a record after a pause arrives in far less than Faust's 1.5 s."""
    await make_topic(bootstrap, "pins.latency")
    reader = Reader(bootstrap, "pins-latency", "pins.latency", {})
    async with running(reader.app):
        await until(lambda: bool(reader.asked))
        await asyncio.sleep(0.5)
        await write(bootstrap, "pins.latency", b"a")
        await until(lambda: len(reader.seen) == 1, seconds=0.7)


async def test_records_read_again_after_a_seek_are_handed_on(bootstrap: str) -> None:
    """Pause, seek back and resume brings every record again: Faust's own loop would drop them in silence."""
    await make_topic(bootstrap, "pins.again")
    await write(bootstrap, "pins.again", *[b"%d" % number for number in range(5)])
    reader = Reader(bootstrap, "pins-again", "pins.again", {})
    place = TP("pins.again", 0)
    async with running(reader.app):
        await until(lambda: len(reader.seen) == 5)
        consumer = reader.app.consumer
        consumer.pause_partitions({place})
        await consumer.seek_wait({place: 2})
        consumer.resume_partitions({place})
        await until(lambda: len(reader.seen) == 8)
    assert reader.seen[5:] == [(0, 2), (0, 3), (0, 4)]


async def test_a_burst_larger_than_the_queue_arrives_whole_and_never_fills_it(bootstrap: str) -> None:
    """A queue near its limit makes Faust's fetch wait a second for nothing; ours stays well below, in order."""
    await make_topic(bootstrap, "pins.burst")
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    sent = [await producer.send("pins.burst", b"x", partition=0) for _ in range(12_000)]
    await asyncio.gather(*sent)
    await producer.stop()
    reader = Reader(bootstrap, "pins-burst", "pins.burst", {})
    async with running(reader.app):
        await until(lambda: len(reader.seen) == 12_000)
    assert [offset for _, offset in reader.seen] == list(range(12_000))
    assert reader.queued_max < 0.9 * reader.app.conf.stream_buffer_maxsize


async def test_log_bounds_are_answered_by_the_consumer(bootstrap: str) -> None:
    """`earliest_offsets` and `highwaters` ask the broker, and their keys match Faust's own pairs."""
    await make_topic(bootstrap, "pins.bounds")
    await write(bootstrap, "pins.bounds", b"a", b"b", b"c")
    reader = Reader(bootstrap, "pins-bounds", "pins.bounds", {})
    place = TP("pins.bounds", 0)
    async with running(reader.app):
        await until(lambda: len(reader.seen) == 3)
        assert (await reader.app.consumer.highwaters(place))[place] == 3
        assert (await reader.app.consumer.earliest_offsets(place))[place] == 0
        assert place in reader.app.consumer.assignment()
        assert not reader.app.rebalancing


async def test_an_app_without_topics_runs_its_tasks_with_a_producer_alone(bootstrap: str) -> None:
    """Deliver, watch and relay read the ledger: their app starts tasks and a producer, and no consumer."""
    app = an_app(bootstrap, "pins-producer")
    app.producer_only = True
    started = asyncio.Event()

    async def work() -> None:
        started.set()

    app.task(work)
    async with running(app):
        await asyncio.wait_for(started.wait(), WAIT_SECONDS)
        consumer: Any = app.consumer
        assert not consumer.started
    assert consumer._thread.thread_loop.is_closed()


async def test_a_crash_stops_the_app_and_keeps_its_reason(bootstrap: str) -> None:
    """`crash` is how a worker ends from inside: the app knows the error afterwards."""
    app = an_app(bootstrap, "pins-crash")
    app.producer_only = True
    async with running(app):
        await app.crash(RuntimeError("end"))
        assert app.crashed
        assert isinstance(app.crash_reason, RuntimeError)


def test_the_quiet_monitor_keeps_what_the_liveness_check_reads() -> None:
    """Faust's check for a hanging stream reads `stream_inbound_time`, which our monitor still fills."""
    monitor = QuietMonitor()
    monitor.on_stream_event_in(TP("t", 0), 1, None, None)
    assert monitor.stream_inbound_time[TP("t", 0)] > 0
    assert "monitor.stream_inbound_time.get(tp)" in inspect.getsource(PromptConsumerThread.verify_event_path)
