"""A gateway with real door, real partner book and real wire, over a log and a ledger in memory: for the tests."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import httpx
from fastapi import FastAPI

from hub.core.model import JsonObject, Outcome, RecipientDecision
from hub.gateway.app import create_app
from hub.gateway.observe import Mode
from hub.gateway.parts import GatewayParts, GatewaySettings, PublishUnavailableError
from hub.identity.bsn import Environment
from hub.identity.door import Door
from hub.identity.key_material import VersionedKeys
from hub.identity.keys import KeyErased, KeyRing, LocalKeyProvider, MemoryDataKeyStore
from hub.identity.partners import PartnerBook, load_partners, new_api_key
from hub.identity.pseudonyms import Pseudonyms
from hub.identity.sealing import Sealer
from hub.ledger.interface import (
    Candidate,
    ClaimedDelivery,
    FeedPage,
    Ledger,
    LedgerUnavailableError,
    Receipt,
    Subscription,
)
from hub.wire.envelope import SealedEvent

NOW = "2026-03-02T08:30:00Z"
SCHOOL, TEAM, GP, STOPPED = "school_1", "lt_kracht_escamp", "gp_1", "school_2"
SCHOOL_SOURCE = "urn:nld:brin:99AA:systeem:test"
TEAM_SOURCE = "urn:nld:oin:00000004000000000001:systeem:test"
BSN = "999990019"
SINK = "https://receiver.example/hub"

PARTNERS = """
[city]
name = "Teststad"
coordinator = "lt_kracht_escamp"

[oauth]
issuer = "https://login.example/"
audience = "https://hub.example/"
jwks_file = "jwks.json"
algorithms = ["ES256", "RS256", "PS256"]

[[partner]]
org = "school_1"
kind = "school"
name = "Testschool Een"
sources = ["urn:nld:brin:99AA:systeem:test"]
reach = "relation"
purposes = ["help_request", "coordination", "feedback"]
active_from = 2026-01-01
scopes = ["events.publish", "events.consume"]
may_publish = ["signal.raised", "subject.registered", "consent.given", "consent.withdrawn", "acknowledgement.seen"]
  [[partner.api_key]]
  id = "{school_id}"
  hash = "{school_hash}"
  not_before = 2026-01-01T00:00:00Z
  expires_at = 2027-01-01T00:00:00Z
  [[partner.api_key]]
  id = "{old_id}"
  hash = "{old_hash}"
  not_before = 2025-01-01T00:00:00Z
  expires_at = 2026-03-02T08:30:00Z
  [[partner.oauth_client]]
  client_id = "school-client"
  [partner.delivery]
  connector = "webhook"
  url = "https://receiver.example/configured"
  secrets = ["whsec_dGVzdC1zZWNyZXQtdGVzdC1zZWNyZXQtdGVzdC1zZWM="]

[[partner]]
org = "lt_kracht_escamp"
kind = "local_team"
name = "Testteam"
partnership = "kracht"
sources = ["urn:nld:oin:00000004000000000001:systeem:test"]
reach = "districts"
districts = ["escamp"]
purposes = ["help_request"]
active_from = 2026-01-01
scopes = ["events.consume"]
  [[partner.api_key]]
  id = "{team_id}"
  hash = "{team_hash}"
  not_before = 2026-01-01T00:00:00Z
  expires_at = 2027-01-01T00:00:00Z
  [partner.delivery]
  connector = "feed"

[[partner]]
org = "school_2"
kind = "school"
name = "Testschool Twee"
sources = ["urn:nld:brin:99BB:systeem:test"]
reach = "relation"
active_from = 2026-01-01
suspended = true
scopes = ["events.publish", "events.consume"]
may_publish = ["*"]
  [[partner.api_key]]
  id = "{stopped_id}"
  hash = "{stopped_hash}"
  not_before = 2026-01-01T00:00:00Z
  expires_at = 2027-01-01T00:00:00Z
  [[partner.oauth_client]]
  client_id = "stopped-client"
"""


class MemoryLog:
    """A publisher that keeps what it wrote, and can be away."""

    def __init__(self) -> None:
        self.records: list[tuple[str, bytes, bytes, list[tuple[str, bytes]]]] = []
        self.away = False
        self.fails_after: int | None = None
        self.broken = False

    async def publish(
        self, topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise RuntimeError(f"a fault that quotes {value!r}")
        if self.away or (self.fails_after is not None and len(self.records) >= self.fails_after):
            raise PublishUnavailableError
        self.records.append((topic, key, value, list(headers)))

    async def check(self) -> None:
        if self.away:
            raise PublishUnavailableError


class SmallLedger:
    """What the gateway asks of a ledger, in memory: subscriptions, receipts and one feed."""

    def __init__(self) -> None:
        self.known: dict[str, Subscription] = {}
        self.receipts: dict[str, Receipt] = {}
        self.items: list[ClaimedDelivery] = []
        self.last_sequence = 0
        self.away = False
        self.news = asyncio.Event()

    def _answer(self) -> None:
        if self.away:
            raise LedgerUnavailableError("the database at a secret address does not answer")

    async def put_subscription(self, subscription: Subscription) -> None:
        self._answer()
        self.known[subscription.subscription_id] = subscription

    async def subscriptions(self, org: str | None = None) -> list[Subscription]:
        self._answer()
        return [item for item in self.known.values() if org in {None, item.org}]

    async def remove_subscription(self, subscription_id: str) -> bool:
        self._answer()
        return self.known.pop(subscription_id, None) is not None

    async def receipt(self, uid: str) -> Receipt | None:
        self._answer()
        return self.receipts.get(uid)

    async def feed(self, subscription_id: str, after: int, limit: int, *_: object) -> FeedPage:
        self._answer()
        own = [item for item in self.items if item.subscription.subscription_id == subscription_id]
        found = [item for item in own if item.sequence > after][:limit]
        return FeedPage(found, self.last_sequence)

    async def wait_for_work(self, channel: str, timeout_seconds: float) -> bool:
        assert channel == "deliveries"
        try:
            await asyncio.wait_for(self.news.wait(), timeout_seconds)
        except TimeoutError:
            return False
        self.news.clear()
        return True

    def deliver(self, subscription: Subscription, outcome: Outcome = Outcome.ALLOW, note: str = "") -> int:
        """Put one more item in the feed; returns its number."""
        self.last_sequence += 1
        self.items.append(claimed(subscription, self.last_sequence, outcome, note))
        self.news.set()
        return self.last_sequence


def claimed(subscription: Subscription, sequence: int, outcome: Outcome, note: str) -> ClaimedDelivery:
    """Return a claimed delivery of a signal."""
    sealed = SealedEvent(f"uid-{sequence}", {"type": "signal.raised", "note": note}, SCHOOL, NOW, "ps_test")
    decision = RecipientDecision(
        TEAM, outcome, "ok_consent" if outcome is Outcome.ALLOW else "deny_withdrawn"
    )
    candidate = Candidate(f"delivery-{sequence}", TEAM, sealed, 0, None, None)
    return ClaimedDelivery(
        candidate.delivery_id,
        "lease",
        subscription,
        sequence,
        1,
        NOW,
        NOW,
        candidate,
        decision,
        cast("Any", None),
    )


@dataclass(frozen=True)
class OpenedItem:
    """An opened delivery, in the form of the connectors' contract."""

    delivery_id: str
    sequence: int
    attributes: Mapping[str, str]
    data: JsonObject


class OpeningTroubleError(Exception):
    """An opening that failed, in the form of the delivering worker's own error."""

    def __init__(self, *, transient: bool) -> None:
        super().__init__("opening")
        self.transient = transient


async def open_item(item: ClaimedDelivery) -> OpenedItem:
    """Open a delivery of `claimed`; the note `erased` stands for an erased child."""
    note = item.candidate.sealed.event["note"]
    if note == "erased":
        raise KeyErased("the data key of this content was erased")
    if note in {"broken", "later"}:
        raise OpeningTroubleError(transient=note == "later")
    if note == "fault":
        raise ZeroDivisionError
    attributes = {
        "id": item.delivery_id,
        "source": SCHOOL_SOURCE,
        "type": "nl.jeugdigen.signal.raised.v1",
        "time": NOW,
        "subject": "ps_receiver",
    }
    return OpenedItem(item.delivery_id, item.sequence, attributes, {"note": note})


@dataclass
class Counts:
    """Remembers what was counted."""

    accepted_types: list[tuple[Mode, str]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    open_streams: int = 0

    def accepted(self, mode: Mode, type_name: str) -> None:
        self.accepted_types.append((mode, type_name))

    def refused(self, reason: str) -> None:
        self.reasons.append(reason)

    def publish_seconds(self, seconds: float) -> None:
        self.seconds.append(seconds)

    def streams(self, change: int) -> None:
        self.open_streams += change


async def _no_pseudonym(_org: str, _pseudonym: str) -> str | None:
    return None


@dataclass
class World:
    """One gateway and everything around it."""

    folder: Path
    app: FastAPI
    parts: GatewayParts
    log: MemoryLog
    ledger: SmallLedger
    counts: Counts
    keys: dict[str, str]
    ring: KeyRing

    def client(self, org: str | None = SCHOOL, **headers: str) -> httpx.AsyncClient:
        """Return a client with the API key of a partner."""
        if org is not None:
            headers["X-API-Key"] = self.keys[org]
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers)


def build_world(folder: Path, settings: GatewaySettings | None = None, **changes: Any) -> World:
    """Return a gateway whose state lives in this folder and in memory."""
    names = {"school": SCHOOL, "team": TEAM, "old": "old", "stopped": STOPPED}
    made = {name: new_api_key() for name in names}
    values = {f"{name}_id": key.partition(".")[0] for name, (key, _) in made.items()}
    values |= {f"{name}_hash": digest for name, (_, digest) in made.items()}
    (folder / "partners.toml").write_text(PARTNERS.format(**values), encoding="utf-8")
    jwks = folder / "jwks.json"
    if not jwks.exists():
        jwks.write_text('{"keys": []}', encoding="ascii")
    book = load_partners(folder / "partners.toml", clock=lambda: datetime.fromisoformat(NOW))
    log, ledger, counts = MemoryLog(), SmallLedger(), Counts()
    ring = KeyRing(LocalKeyProvider(VersionedKeys.generate("m1")), MemoryDataKeyStore())
    parts = replace(_parts(book, log, ledger, counts, ring, settings or GatewaySettings()), **changes)
    keys = {names[name]: key for name, (key, _) in made.items()}
    return World(folder, create_app(parts), parts, log, ledger, counts, keys, ring)


def _parts(
    book: PartnerBook,
    log: MemoryLog,
    ledger: SmallLedger,
    counts: Counts,
    ring: KeyRing,
    settings: GatewaySettings,
) -> GatewayParts:
    door = Door(
        pseudonyms=Pseudonyms(VersionedKeys.generate("k1")),
        sealer=Sealer(ring),
        digest_key=bytes(32),
        environment=Environment.TEST,
        resolve_pseudonym=_no_pseudonym,
    )
    return GatewayParts(
        ledger=cast("Ledger", ledger),
        door=door,
        partners=book,
        publisher=log,
        clock=lambda: NOW,
        recheck=cast("Any", None),
        keys_of=cast("Any", None),
        open_delivery=open_item,
        sink_secrets=LocalKeyProvider(VersionedKeys.generate("m1")),
        metrics=counts,
        settings=settings,
    )


SIGNAL: JsonObject = {
    "specversion": "1.0",
    "id": "2026-000123",
    "source": SCHOOL_SOURCE,
    "type": "nl.jeugdigen.signal.raised.v1",
    "time": "2026-03-02T09:29:00+01:00",
    "datacontenttype": "application/json",
    "data": {
        "subject": {"bsn": BSN},
        "recipients": [{"to": {"kind": "local_team"}}],
        "purpose": "help_request",
        "urgency": "u3",
        "record": {"ref": "000123", "revision": 1},
        "content": {
            "contact": {
                "sender": {
                    "organisation": "Testschool Een",
                    "role": "intern begeleider",
                    "name": "Test Medewerker",
                    "telephone": "+31700000000",
                    "reachable": "werkdagen",
                }
            },
            "codes": {"domains": ["J4"], "protective_factors": ["adult_support"]},
            "narrative": {"facts": "Een testverhaal."},
        },
    },
}


def signal(**changes: object) -> JsonObject:
    """Return a signal of the test school, with changed attributes; None removes one."""
    event = copy.deepcopy(SIGNAL) | changes
    return {name: value for name, value in event.items() if value is not None}


STRUCTURED = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def binary(event: Mapping[str, object]) -> tuple[dict[str, str], bytes]:
    """Return an event in binary mode."""
    headers = {
        f"ce-{name}": str(value) for name, value in event.items() if name not in {"data", "datacontenttype"}
    }
    return {**headers, "Content-Type": "application/json"}, json.dumps(event["data"]).encode()


async def publish(world: World, event: object, **headers: str) -> httpx.Response:
    """Publish in structured mode as the test school."""
    async with world.client() as client:
        return await client.post("/events", content=json.dumps(event), headers={**STRUCTURED, **headers})


@dataclass
class Said:
    """One server-sent event."""

    event: str
    data: Any
    id: str | None


class LiveStream:
    """A running request for a live feed, driven below HTTP so that it can be read while it runs."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.started = asyncio.Event()
        self.body = b""
        self.over = asyncio.Event()
        self._said: asyncio.Queue[Said] = asyncio.Queue()
        self._buffer = ""

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            self.started.set()
            return
        self.body += message.get("body", b"")
        self._buffer += message.get("body", b"").decode()
        while "\n\n" in self._buffer:
            block, self._buffer = self._buffer.split("\n\n", 1)
            self._said.put_nowait(parse_said(block))

    async def next(self) -> Said:
        """Return the next event, or fail after five seconds."""
        return await asyncio.wait_for(self._said.get(), 5)

    async def item(self) -> Said:
        """Return the next event that is no heartbeat."""
        while True:
            said = await self.next()
            if said.event != "heartbeat":
                return said


def parse_said(block: str) -> Said:
    """Parse one block of an event stream as the HTML standard says."""
    fields: dict[str, list[str]] = {}
    for line in block.splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name, []).append(value.removeprefix(" "))
    data = "\n".join(fields.get("data", []))
    return Said(fields.get("event", ["message"])[0], json.loads(data), fields.get("id", [None])[0])


@asynccontextmanager
async def live(world: World, path: str, org: str = TEAM, **headers: str) -> AsyncIterator[LiveStream]:
    """Open a live feed; the connection closes with the context."""
    raw = {"accept": "text/event-stream", "x-api-key": world.keys[org], **headers}
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in raw.items()],
        "client": ("127.0.0.1", 1),
        "server": ("hub.test", 80),
    }
    gone = asyncio.Event()
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    stream = LiveStream()
    running = asyncio.create_task(cast("Any", world.app)(scope, receive, stream.send))
    running.add_done_callback(lambda _: stream.over.set())
    try:
        await asyncio.wait_for(stream.started.wait(), 5)
        yield stream
    finally:
        gone.set()
        await asyncio.wait_for(running, 5)
