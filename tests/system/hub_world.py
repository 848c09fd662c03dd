"""A whole running hub, and the partners' side of it: families, publishers, webhook receivers, readers of feeds."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError
from stdnum.nl import bsn

from hub.core.model import JsonObject
from hub.operate.brokers import BrokerKind
from hub.operate.demo import letters
from hub.operate.demo.cast import PLAYERS, Credentials, write_configuration
from hub.operate.demo.letters import Person
from hub.operate.demo.receivers import Inbox, WebhookServer
from hub.operate.demo.stage import Published, Stage
from hub.operate.embedded import free_port
from hub.operate.stack import Stack, start_stack
from hub.operate.supervisor import Child, hub_command

SCHOOL, GP, HEALTH, TEAM = "school_1", "gp_1", "youth_health_1", "lt_kracht_escamp"
CARE, CRISIS = "youth_care_1", "crisis_1"

FIRST_NUMBER, LAST_NUMBER = 999_940_000, 999_979_999
"""Within the official test range of citizen numbers, and away from its ends, which documents take examples from."""

DEMO_NUMBERS = frozenset(person.number for person in (letters.YOUNGEST, letters.TEENAGER, letters.PARENT))

PLAIN_DOMAINS = ("01", "02", "03", "04", "05", "06", "07", "11", "J1", "J2", "J3", "J4", "J5")
"""Life domains that carry no special section (CONSENT.md: 08, 09, 10 mean health, 12 means criminal)."""

PATIENCE_SECONDS = 45.0
"""Each step takes well under a second; a machine that does other work too gets this long."""

POLL_SECONDS = 0.03

TO_TEAM: JsonObject = {"to": {"kind": "local_team"}}


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something holds; says what did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(POLL_SECONDS)


def domain_sets() -> Iterator[tuple[str, ...]]:
    """Yield hundreds of different sets of domains, again and again: other sets are never near duplicates."""
    return itertools.cycle(
        itertools.chain.from_iterable(itertools.combinations(PLAIN_DOMAINS, size) for size in (1, 2, 3))
    )


def numbers() -> Iterator[str]:
    """Yield citizen numbers of the test range that pass the 11-test and that the demonstration does not use."""
    for number in range(FIRST_NUMBER, LAST_NUMBER + 1):
        if bsn.is_valid(str(number)) and str(number) not in DEMO_NUMBERS:
            yield str(number)


@dataclass(frozen=True, slots=True)
class Letter:
    """One verified webhook message. `message_id` is the delivery's id, the same at every try."""

    receiver: str
    message_id: str
    event: JsonObject

    @property
    def uid(self) -> str:
        """The event's receipt number."""
        return str(self.event["id"])

    @property
    def sequence(self) -> int:
        """The number within the subscription."""
        return int(str(self.event["sequence"]))


@dataclass(slots=True)
class Mailbox:
    """Plain webhook receivers: `POST /<org>` takes what the public Standard Webhooks library verifies."""

    secrets: dict[str, str] = field(repr=False)
    letters: list[Letter] = field(default_factory=list)
    unverified: int = 0
    turned_away: int = 0
    shut: set[str] = field(default_factory=set)
    """Organisations whose system answers 503 for now."""
    last_words: bytes = b""
    """What they say then, in body and header."""

    def take(self, org: str, headers: dict[str, str], body: bytes) -> int:
        if org in self.shut:
            self.turned_away += 1
            return 503
        try:
            Webhook(self.secrets[org]).verify(body, headers)
        except WebhookVerificationError:
            self.unverified += 1
            return 401
        self.letters.append(Letter(org, headers["webhook-id"], json.loads(body)))
        return 204

    def of(self, receiver: str) -> list[Letter]:
        """Return what this receiver got so far."""
        return [letter for letter in list(self.letters) if letter.receiver == receiver]

    def uids(self, receiver: str) -> set[str]:
        """Return the receipt numbers of what this receiver got so far."""
        return {letter.uid for letter in self.of(receiver)}


def webhook_app(mailbox: Mailbox) -> Callable[..., Awaitable[None]]:
    """Return the receivers as an ASGI application."""

    async def app(
        scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status = mailbox.take(str(scope["path"]).strip("/"), headers, body)
        words = mailbox.last_words if status == 503 else b""
        await send({"type": "http.response.start", "status": status, "headers": [(b"x-words", words)]})
        await send({"type": "http.response.body", "body": words})

    return app


@dataclass(frozen=True, slots=True)
class Frame:
    """One server-sent event."""

    event: str
    number: str
    data: JsonObject


@dataclass(slots=True)
class HubWorld:
    """One running hub with its partners."""

    folder: Path
    stack: Stack
    credentials: Credentials
    mailbox: Mailbox
    stage: Stage
    _numbers: Iterator[str] = field(default_factory=numbers)
    _domains: Iterator[tuple[str, ...]] = field(default_factory=domain_sets)
    _records: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def address(self) -> str:
        """The gateway's address."""
        return self.stage.address

    def headers(self, org: str) -> dict[str, str]:
        """Return the credentials of an organisation as a header."""
        return {"Authorization": f"Bearer {self.credentials.api_keys[org]}"}

    # --- families -----------------------------------------------------------------------------------
    def child(self) -> Person:
        """Return a child that no other test knows."""
        return Person("Test Kind", next(self._numbers))

    def record(self) -> str:
        """Return a record number that no other test uses."""
        return f"test-record-{next(self._records)}"

    def family(self, *senders: str) -> Person:
        """Register a child of ten whose own parent lets these kinds of sender signal to the local team."""
        child, parent = self.child(), self.child()
        self.register(child, parent, age=10)
        last = [self.consent(child, parent, sender) for sender in senders or ("school",)][-1]
        self.stage.settled(last)
        return child

    def register(self, child: Person, parent: Person, age: int) -> None:
        """Let the hub know a child, its home and its parent."""
        data: dict[str, Any] = letters.registration(child, letters.born(age))
        data["data"]["custody"][0]["person"] = parent.reference
        self.stage.publish(HEALTH, "subject.registered", data)

    def consent(self, child: Person, giver: Person, sender_kind: str) -> Published:
        """Record consent of the parent, or of the child itself, to signals from this kind of sender to the team."""
        data = letters.consent(
            consent_id(child, giver, sender_kind), child, giver, {"kind": sender_kind},
            {"kind": "local_team"}, "help_request", ["narrative"],
        )  # fmt: skip
        return self.stage.publish(HEALTH, "consent.given", data)

    def withdrawal(self, child: Person, sender_kind: str) -> Published:
        """Withdraw that consent and wait until the hub decided on it."""
        data = letters.withdrawal(f"c_{sender_kind}_{child.number[-6:]}", child)
        gone = self.stage.publish(HEALTH, "consent.withdrawn", data)
        self.stage.settled(gone, ready=lambda _receipt: True)
        return gone

    def signal(self, child: Person, facts: str = "Testverhaal.") -> JsonObject:
        """Return the data of a signal to the local team of the child's district; never a near duplicate."""
        return letters.signal(child, self.record(), [TO_TEAM], facts, domains=next(self._domains))

    def crisis(self, child: Person) -> JsonObject:
        """Return the data of a crisis report to the crisis team on the ground of vital interest."""
        recipient: JsonObject = {"to": {"kind": "crisis_team"}, "exception": letters.LIFE_IN_DANGER}
        return letters.signal(
            child, self.record(), [recipient], "Testcrisis.", purpose="crisis", domains=("J2",), urgency="u1",
            safety_level="acute",
        )  # fmt: skip

    # --- receivers ----------------------------------------------------------------------------------
    def arrived(self, receiver: str, *sent: Published) -> None:
        """Wait until all these events arrived at a webhook receiver."""
        wanted = {published.uid for published in sent}
        until(lambda: wanted <= self.mailbox.uids(receiver), f"{len(wanted)} events at {receiver}")

    def read_feed(self, address: str, org: str, last: str, count: int) -> list[Frame]:
        """Follow a live feed from a number on until `count` events came, then hang up."""
        headers = {**self.headers(org), "Last-Event-ID": last, "Accept": "text/event-stream"}
        limits = httpx.Timeout(PATIENCE_SECONDS)
        deadline = time.monotonic() + PATIENCE_SECONDS
        frames: list[Frame] = []
        with httpx.stream("GET", address, headers=headers, timeout=limits) as answer:
            answer.raise_for_status()
            for frame in frames_of(answer.iter_lines()):
                if frame.event != "heartbeat":
                    frames.append(frame)
                assert time.monotonic() < deadline, f"{len(frames)} of {count} events on the feed"
                if len(frames) >= count:
                    break
        return frames

    def last_number(self, subscription: str, org: str) -> int:
        """Return the last sequence number that a feed gave out."""
        answer = httpx.get(
            f"{self.address}/subscriptions/{subscription}/events",
            params={"limit": 1},
            headers=self.headers(org),
        )
        answer.raise_for_status()
        return int(answer.json()["last_sequence"])

    def subscription_of(self, org: str) -> str:
        """Return the id of the subscription that the configuration gives an organisation."""
        answer = httpx.get(f"{self.address}/subscriptions", headers=self.headers(org))
        answer.raise_for_status()
        found = [item for item in answer.json()["results"] if item["origin"] == "configuration"]
        return str(found[0]["id"])

    # --- processes ----------------------------------------------------------------------------------
    def process(self, name: str) -> Child:
        """Return the gateway or a worker."""
        return next(child for child in self.stack.supervisor.children if child.name == name)

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

    @contextmanager
    def supervised(self) -> Iterator[None]:
        """Let processes that die be started again, as `hub up` does."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.1):
                self.stack.supervisor.watch_once()

        thread = threading.Thread(target=watch, name="supervisor")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def consent_id(child: Person, giver: Person, sender_kind: str) -> str:
    """Return the id of a consent record; it holds no citizen number."""
    own = "_own" if giver is child else ""
    return f"c_{sender_kind}_{child.number[-6:]}{own}"


def frames_of(lines: Iterator[str]) -> Iterator[Frame]:
    """Read server-sent events out of lines."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield Frame(fields.get("event", "message"), fields.get("id", ""), json.loads(fields["data"]))
            fields = {}
        else:
            fields = {}


@contextmanager
def running_hub(folder: Path, kafka: BrokerKind = BrokerKind.EMBEDDED) -> Iterator[HubWorld]:
    """Start a hub with all its processes and the partners' receivers; everything is ended for sure."""
    ports = {player.org: free_port() for player in PLAYERS if player.pushed}
    addresses = {org: f"http://127.0.0.1:{port}/{org}" for org, port in ports.items()}
    credentials = write_configuration(folder / "partners.toml", addresses)
    mailbox = Mailbox(credentials.webhook_secrets)
    app = webhook_app(mailbox)
    servers = [WebhookServer(port, app) for port in ports.values()]
    stack = start_stack(folder, folder / "partners.toml", kafka=kafka)
    try:
        for server in servers:
            server.start()
        stack.wait_until_ready(lambda _name: None)
        stage = Stage(stack.settings.public_url, credentials.api_keys, Inbox())
        with stage.client:
            yield HubWorld(folder, stack, credentials, mailbox, stage)
    finally:
        stack.stop()
        for server in servers:
            server.stop()


def states(receipt: JsonObject) -> list[str]:
    """Return the state of each line of a receipt."""
    lines = receipt["recipients"]
    assert isinstance(lines, list)
    return [str(line["state"]) for line in lines]


def in_order(found: Sequence[str], wanted: Sequence[str]) -> bool:
    """Return whether the first appearance of each wanted uid comes in the wanted order."""
    places = [found.index(uid) for uid in wanted]
    return places == sorted(places)
