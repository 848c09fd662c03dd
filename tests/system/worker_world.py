"""Real workers as processes, over an embedded broker and database, fed with events straight into the log."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from aiokafka import AIOKafkaProducer

from hub.core.model import JsonObject
from hub.identity.door import event_uid
from hub.ledger.interface import Ledger
from hub.ledger.open import open_ledger
from hub.operate.compose import read_partners, register_partners
from hub.operate.embedded import Broker, start_broker
from hub.operate.prepare import create_topics
from hub.operate.settings import Settings
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent

PARTNERS = """
[city]
name = "Teststad"
coordinator = "lt_test"

[[partner]]
org = "school_test"
kind = "school"
name = "Testschool Een"
sources = ["urn:nld:brin:99AA:systeem:test"]
reach = "relation"
purposes = ["help_request", "coordination", "feedback"]
active_from = 2026-01-01
scopes = ["events.publish", "events.consume"]
may_publish = ["*"]
  [partner.delivery]
  connector = "memory"
  inbox = "school_test"

[[partner]]
org = "lt_test"
kind = "local_team"
name = "Testteam"
partnership = "kracht"
sources = ["urn:nld:oin:00000004000000000001:systeem:test"]
reach = "districts"
districts = ["escamp"]
purposes = ["help_request", "coordination", "feedback"]
active_from = 2026-01-01
scopes = ["events.publish", "events.consume"]
may_publish = ["*"]
  [partner.delivery]
  connector = "memory"
  inbox = "lt_test"
"""

SOURCE = "urn:nld:brin:99AA:systeem:test"
NOW = "2026-11-02T10:00:00Z"
RUN_HUB = "from hub.operate.command import main; main()"


def child(number: int) -> str:
    """Return the subject ref of a test child; a UUID, so that gate E1 never mistakes it for a citizen number."""
    return str(uuid5(NAMESPACE_URL, f"child {number}"))


def sealed(event_id: str, subject: str, fields: JsonObject) -> SealedEvent:
    """Return an event of the test school as the door would have written it, without sealed content."""
    event: JsonObject = {
        "id": event_id,
        "source": SOURCE,
        "time": NOW,
        "sender": {"org": "school_test", "kind": "school"},
        "subject_ref": subject,
        "digest": str(uuid5(NAMESPACE_URL, f"digest {event_id}")),
        **fields,
    }
    return SealedEvent(event_uid(SOURCE, event_id), event, "school_test", NOW, subject)


def registered(number: int) -> SealedEvent:
    """Return the event that makes a child known: 16 years old, so that it decides alone."""
    facts: JsonObject = {
        "birth_date": "2010-01-01",
        "identity": "established",
        "protected_address": False,
        "residences": [{"district": "escamp", "from": "2020-01-01", "to": None, "basis": "brp"}],
        "related_orgs": ["school_test"],
    }
    fields: JsonObject = {"type": "subject.registered", "sections": ["meta"], "data": facts}
    return sealed(f"registered-{number}", child(number), fields)


def consented(number: int) -> SealedEvent:
    """Return the event with which a child consents to signals from school to local team."""
    record: JsonObject = {
        "consent_id": f"consent-{number}",
        "version": 1,
        "decision": "consent",
        "function": "disclosure",
        "subject_ref": child(number),
        "purpose": "help_request",
        "sender": {"org": "school_test"},
        "recipient": {"org": "lt_test"},
        "sections": ["meta", "contact", "codes", "narrative"],
        "case_ref": None,
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "withdrawn_at": None,
        "given_by": {
            "person": child(number),
            "role": "youth",
            "method": "in_person_signed",
            "recorded_by": "employee-1",
            "recorded_at": "2026-01-01T10:00:00Z",
        },
        "evidence_ref": f"evidence-{number}",
    }
    fields: JsonObject = {"type": "consent.given", "sections": ["meta"], "data": {"record": record}}
    return sealed(f"consent-{number}", child(number), fields)


def signal_raised(number: int, about: int) -> SealedEvent:
    """Return a signal about a child to the local team."""
    fields: JsonObject = {
        "type": "signal.raised",
        "recipients": [{"to": {"org": "lt_test"}}],
        "sections": ["meta", "contact", "codes"],
        "purpose": "help_request",
        "urgency": "u3",
        "domains": [f"{number % 7 + 1:02}"],
        "record": {"ref": f"record-{number}", "revision": 1},
        "section_about": {},
    }
    return sealed(f"signal-{number}", child(about), fields)


@dataclass
class HubWorld:
    """Servers and settings of one test, and the worker processes that it started."""

    folder: Path
    broker: Broker
    dsn: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    async def prepare(self) -> None:
        """Create topics, configuration and subscriptions."""
        await create_topics(self.broker.bootstrap)
        (self.folder / "partners.toml").write_text(PARTNERS)
        ledger = await self.ledger()
        await register_partners(ledger, read_partners(self.settings()))
        await ledger.close()

    def environment(self) -> dict[str, str]:
        """Return the settings as environment variables."""
        return {
            "HUB_STATE": str(self.folder),
            "HUB_KAFKA": self.broker.bootstrap,
            "HUB_KAFKA_IDEMPOTENT": "false",
            "HUB_DATABASE": self.dsn,
            "HUB_PARTNERS": str(self.folder / "partners.toml"),
        }

    def settings(self) -> Settings:
        """Return the settings of this world."""
        values = {name.removeprefix("HUB_").lower(): value for name, value in self.environment().items()}
        return Settings.model_validate(values)

    async def ledger(self) -> Ledger:
        """Open the ledger."""
        return await open_ledger(self.dsn, owner="test")

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a worker process; what it says goes to a file of the test's folder."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-c", RUN_HUB, "worker", name],
                env={**os.environ, **self.environment()},
                stdout=log,
                stderr=log,
            )
        self.workers.append(process)
        return process

    def log_of(self, name: str) -> str:
        """Return what the workers of this name said."""
        path = self.folder / f"{name}.log"
        return path.read_text() if path.exists() else ""

    async def publish(self, events: Iterable[SealedEvent]) -> None:
        """Write events into the log."""
        await self.write((event.key.encode(), encode(event)) for event in events)

    async def write(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Write raw records into hub.events."""
        producer = AIOKafkaProducer(bootstrap_servers=self.broker.bootstrap, acks="all", linger_ms=2)
        await producer.start()
        try:
            sent = [await producer.send("hub.events", value, key=key) for key, value in records]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    def stop(self) -> None:
        """End every worker and the broker."""
        for process in self.workers:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
        self.broker.stop()


@contextmanager
def hub_world(folder: Path, dsn: str) -> Iterator[HubWorld]:
    """Give a world with its own broker; everything it started is stopped."""
    world = HubWorld(folder, start_broker(folder / "broker"), dsn)
    try:
        yield world
    finally:
        world.stop()


def ends(process: subprocess.Popen[bytes], seconds: float = 30.0) -> int:
    """Ask a worker to stop and return its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(seconds)


async def decided(
    ledger: Ledger, count: int, worker: subprocess.Popen[bytes] | None = None, seconds: float = 60.0
) -> None:
    """Wait until the ledger holds this many records; a worker that ends meanwhile is a failure."""
    deadline = time.monotonic() + seconds
    while (found := (await ledger.balance()).records) < count:
        assert worker is None or worker.poll() is None, f"the worker ended with {worker.returncode}"
        assert time.monotonic() < deadline, f"{found} of {count} records decided in {seconds} s"
        await asyncio.sleep(0.1)
