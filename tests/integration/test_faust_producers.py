"""The workers without topics over a real broker: relay publishes, watch announces, deliver sends; all stop in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer

from agents import deliver, relay, watch
from agents.broker import LogUnavailableError
from agents.driver import HubApp
from agents.ending import ExitCode
from agents.produce import FaustWriter, LogMessage
from agents.run import run
from agents.runtime import Runtime
from agents.settings import AgentSettings
from hub.core.own_events import alert_event
from hub.core.standing import Standing
from hub.ledger.interface import ExpiredConsent, Ledger, LedgerUnavailableError, OutboxRow
from hub.operate.embedded import Broker, start_broker
from hub.operate.prepare import create_topics
from hub.wire.codec import decode, decode_record

pytestmark = pytest.mark.broker

NOW = "2026-03-02T10:00:00Z"
WAIT_SECONDS = 30.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    started = start_broker(tmp_path_factory.mktemp("broker"))
    asyncio.run(create_topics(started.bootstrap))
    yield started
    started.stop()


class QuietLedger:
    """A ledger with one outbox row and one ended consent; the database can be away."""

    def __init__(self) -> None:
        document: dict[str, object] = {
            "alert_id": "alert-1",
            "type": "alert.referral_without_owner",
            "raised_at": NOW,
            "to": ["desk_test"],
            "level": 0,
        }
        self.rows = [OutboxRow(7, "hub.alerts", "alert-1", document)]
        self.ended = [ExpiredConsent("consent-1", "ps_1_a", NOW)]
        self.is_away = False
        self.is_closed = False
        self.claims = 0

    async def outbox(self, limit: int) -> list[OutboxRow]:
        return self.rows[:limit]

    async def relayed(self, row_ids: Sequence[int]) -> None:
        self.rows = [row for row in self.rows if row.row_id not in row_ids]

    async def expired_consents(self, limit: int, _now: str) -> list[ExpiredConsent]:
        return self.ended[:limit]

    async def consent_announced(self, consent_id: str, _at: str) -> None:
        self.ended = [one for one in self.ended if one.consent_id != consent_id]

    @asynccontextmanager
    async def due_holds(self, _limit: int, _now: str) -> AsyncIterator[Any]:
        yield type("Nothing", (), {"held": ()})()

    @asynccontextmanager
    async def due_threads(self, _limit: int, _now: str) -> AsyncIterator[Any]:
        yield type("Nothing", (), {"due": ()})()

    async def is_announced(self, _key: str) -> bool:
        return True

    async def wake_all_holds(self) -> None:
        """There are none."""

    async def destroy_stale_payloads(self, _replay_days: int, _now: str) -> int:
        return 0

    async def claim(self, *_: object) -> list[object]:
        if self.is_away:
            raise LedgerUnavailableError
        self.claims += 1
        return []

    async def wait_for_work(self, _channel: str, _timeout_seconds: float) -> bool:
        await asyncio.sleep(0.01)
        return False

    async def close(self) -> None:
        self.is_closed = True


def a_runtime(broker: Broker, ledger: QuietLedger) -> Runtime:
    return Runtime(
        ledger=cast("Ledger", ledger),
        standing=Standing(),
        bootstrap_servers=broker.bootstrap,
        worker_id="worker-1",
        settings=AgentSettings(flush_pauses_seconds=(0.0,), idle_wait_seconds=0.01, stop_grace_seconds=600.0),
        open_delivery=cast("Any", object()),
    )


@asynccontextmanager
async def running(app: HubApp) -> AsyncIterator[None]:
    await app.start()
    try:
        yield
    finally:
        await app.stop()
        app.ending.done()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():  # noqa: ASYNC110 - looks at plain state of the doubles
            await asyncio.sleep(0.01)


async def record_under(broker: Broker, topic: str, key: bytes) -> Any:
    """Return the first record of a topic with this key."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while (record := await consumer.getone()).key != key:
                pass
        return record
    finally:
        await consumer.stop()


async def test_relay_publishes_the_outbox(broker: Broker) -> None:
    """The row is in the topic with its key and row id, marked in the ledger, and the ledger is closed at the end."""
    ledger = QuietLedger()
    async with running(relay.build(a_runtime(broker, ledger))):
        await until(lambda: not ledger.rows)
        record = await record_under(broker, "hub.alerts", b"alert-1")
    assert dict(record.headers) == {"row_id": b"7"}
    assert decode_record(record.value)[1]["alert_id"] == "alert-1"
    assert ledger.is_closed


async def test_relay_puts_the_hubs_own_events_into_the_log(broker: Broker) -> None:
    """An alert from the outbox is in hub.events under its subject's key, in the form that decide reads."""
    alert = alert_event(
        "alert.crisis",
        "uid-1",
        subject_ref="ps_1_b",
        owner="desk_test",
        now=NOW,
        urgency="u1",
        uid="uid-1",
    )
    ledger = QuietLedger()
    ledger.rows = [OutboxRow(8, "hub.events", "ps_1_b", alert)]
    async with running(relay.build(a_runtime(broker, ledger))):
        await until(lambda: not ledger.rows)
        record = await record_under(broker, "hub.events", b"ps_1_b")
    assert decode(record.value).event["type"] == "alert.crisis"
    assert dict(record.headers) == {"row_id": b"8"}


async def test_watch_announces_an_ended_consent(broker: Broker) -> None:
    """The hub's event is in hub.events under the child's key."""
    ledger = QuietLedger()
    async with running(watch.build(a_runtime(broker, ledger))):
        await until(lambda: not ledger.ended)
        record = await record_under(broker, "hub.events", b"ps_1_a")
    assert decode(record.value).event["type"] == "consent.expired"


async def test_deliver_claims_and_stops_in_order(broker: Broker) -> None:
    """A deliver app works the ledger and ends its loop when it is stopped."""
    ledger = QuietLedger()
    async with running(deliver.build(a_runtime(broker, ledger))):
        await until(lambda: ledger.claims > 2)
    assert ledger.is_closed


async def test_a_database_that_stays_away_ends_the_worker_with_its_code(broker: Broker) -> None:
    """The supervisor hears that a restart may help."""
    ledger = QuietLedger()
    ledger.is_away = True
    app = deliver.build(a_runtime(broker, ledger))
    async with running(app):
        await until(lambda: app.crashed)
    assert app.ending.code is ExitCode.LEDGER_AWAY


async def test_a_topic_that_is_not_there_is_an_error_and_not_a_loss(broker: Broker) -> None:
    """What the log does not acknowledge in time was not written."""
    runtime = a_runtime(broker, QuietLedger())
    app = relay.build(replace(runtime, ledger=cast("Ledger", QuietLedger())))
    async with running(app):
        broker_away = FaustWriter(app, timeout_seconds=0.0)
        with pytest.raises(LogUnavailableError):
            await broker_away.write([LogMessage("hub.alerts", "a", b"x")])


def test_a_worker_that_cannot_open_its_ledger_says_so() -> None:
    """The exit code tells the supervisor to try again."""

    async def compose() -> HubApp:
        raise LedgerUnavailableError

    assert run(compose) == ExitCode.LEDGER_AWAY
