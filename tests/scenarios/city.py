"""A whole running hub with a test clock, and every partner of a test city around it."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from stdnum.nl import bsn

from hub.core.model import JsonObject
from hub.operate.clock import tell
from hub.operate.demo.receivers import WebhookServer
from hub.operate.embedded import free_port
from hub.operate.stack import Stack, start_stack
from hub.operate.supervisor import hub_command
from tests.scenarios.city_partners import SOURCES, Credentials, write_partners
from tests.scenarios.city_watch import ToDo, Watcher
from tests.system.hub_world import Mailbox, webhook_app

AMSTERDAM = ZoneInfo("Europe/Amsterdam")

FIRST_NUMBER, LAST_NUMBER = 999_901_000, 999_989_000
"""Within the official test range of citizen numbers, away from its ends: enough for two months of 5,000 events."""

START = datetime(2026, 1, 5, 9, 0, tzinfo=AMSTERDAM)
"""What the clock says before the first story sets it."""

PATIENCE_SECONDS = 60.0
"""Each step takes well under a second; a machine that does other work too gets this long."""

CLIENT_SECONDS = 20.0
"""A publication is answered within some milliseconds."""

POLL_SECONDS = 0.02

REST_SECONDS = 0.3
"""A process that has not yet looked at the clock is woken again after this."""


def numbers() -> Iterator[str]:
    """Yield citizen numbers of the test range that pass the 11-test."""
    return (str(number) for number in range(FIRST_NUMBER, LAST_NUMBER + 1) if bsn.is_valid(str(number)))


@dataclass(frozen=True, slots=True)
class Sent:
    """One event that a partner sent and the hub accepted. `uid` is its receipt number."""

    org: str
    type: str
    event_id: str
    uid: str


@dataclass(slots=True)
class City:
    """One running hub and its partners. The clock stands still until `set_clock`."""

    folder: Path
    stack: Stack
    credentials: Credentials
    mailbox: Mailbox
    watcher: Watcher
    clock: Path
    client: httpx.Client
    now: datetime = START
    numbers: Iterator[str] = field(default_factory=numbers)
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def address(self) -> str:
        """The gateway's address."""
        return self.stack.settings.public_url

    def set_clock(self, now: datetime) -> None:
        """Let it be this instant everywhere in the hub."""
        self.now = now
        tell(self.clock, now.isoformat())
        self.watcher.wake()

    def instant(self) -> str:
        """Return the present instant as partners write it."""
        return self.now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    def headers(self, org: str) -> dict[str, str]:
        """Return the credentials of an organisation."""
        return {"Authorization": f"Bearer {self.credentials.api_keys[org]}"}

    def publish(self, org: str, type_name: str, data: JsonObject) -> Sent:
        """Publish an event as this organisation; fails the test when the door refuses it."""
        event_id = str(uuid.uuid4())
        body: JsonObject = {
            "specversion": "1.0",
            "id": event_id,
            "source": SOURCES[org],
            "type": f"nl.jeugdigen.{type_name}.v1",
            "time": self.instant(),
            "datacontenttype": "application/json",
            "data": data,
        }
        headers = {**self.headers(org), "Content-Type": "application/cloudevents+json"}
        answer = self.client.post(f"{self.address}/events", json=body, headers=headers)
        assert answer.status_code == httpx.codes.OK, f"{type_name} of {org}: {answer.text}"
        return Sent(org, type_name, event_id, answer.headers["Location"].rpartition("/")[2])

    def receipt(self, sent: Sent) -> JsonObject:
        """Return the receipt of an event as its sender sees it."""
        answer = self.client.get(f"{self.address}/receipts/{sent.uid}", headers=self.headers(sent.org))
        answer.raise_for_status()
        receipt: JsonObject = answer.json()
        return receipt

    def rest(self) -> None:
        """Wait until the hub has done everything that is to be done at this instant."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        wake_at = time.monotonic() + REST_SECONDS
        while not (left := self.watcher.to_do(self.now, self.mailbox.shut)).is_nothing:
            assert time.monotonic() < deadline, f"the hub does not come to rest: {left}"
            self._keep_alive()
            if time.monotonic() > wake_at:
                self.watcher.wake()
                wake_at = time.monotonic() + REST_SECONDS
            time.sleep(POLL_SECONDS)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the hub as its operator would."""
        return subprocess.run(  # noqa: S603 - our own command
            hub_command(*arguments),
            env={**os.environ, **self.stack.settings.as_environment()},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def left(self) -> ToDo:
        """Return what is left to do at this instant."""
        return self.watcher.to_do(self.now, self.mailbox.shut)

    def _keep_alive(self) -> None:
        """Start again what died, as `hub up` does."""
        self.stack.supervisor.watch_once()


@contextmanager
def running_city(folder: Path, start: datetime = START) -> Iterator[City]:
    """Start a hub with a test clock, all its processes and all partners; everything is ended for sure."""
    port, clock = free_port(), folder / "clock"
    credentials = write_partners(folder / "partners.toml", f"http://127.0.0.1:{port}")
    mailbox = Mailbox(credentials.webhook_secrets)
    server = WebhookServer(port, webhook_app(mailbox))
    tell(clock, start.isoformat())
    with ExitStack() as ending:
        server.start()
        ending.callback(server.stop)
        stack = start_stack(folder, folder / "partners.toml", clock=clock)
        ending.callback(stack.stop)
        stack.wait_until_ready(lambda _name: None)
        watcher = Watcher(stack.settings.database, stack.settings.kafka)
        watcher.start()
        ending.callback(watcher.stop)
        client = ending.enter_context(httpx.Client(timeout=CLIENT_SECONDS))
        yield City(folder, stack, credentials, mailbox, watcher, clock, client, start)
