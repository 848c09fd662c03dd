"""A running hub for vectors: the test sets its clock, its partners are those of the vectors, its ledger is seeded."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from aiokafka import AIOKafkaProducer

from hub.core.model import FactChange, Json, JsonObject
from hub.identity.door import event_uid
from hub.identity.pseudonyms import Pseudonyms
from hub.ledger import rows
from hub.ledger.ledger import StoredLedger
from hub.ledger.open import open_ledger
from hub.ledger.seed import seed_of
from hub.ledger.texts import instant, pair_key
from hub.operate.clock import tell
from hub.operate.compose import versioned_keys
from hub.operate.demo.receivers import WebhookServer
from hub.operate.embedded import free_port
from hub.operate.stack import Stack, start_stack
from hub.operate.supervisor import Child
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent, WireError
from tests.system.vector_configuration import Access, Configuration, write_partners
from tests.system.vector_door import Publication

PATIENCE_SECONDS = 45.0
"""A round of publications takes well under a second; a machine that does other work too gets this long."""

POLL_SECONDS = 0.04

FAR_OFF = "2039-01-01T00:00:00+01:00"
"""When the watch would look at a hold that a vector only states: never while the vectors run."""

DECIDING, DELIVERING = ("gateway", "decide"), ("deliver",)
"""Processes that read the partner configuration and take part until an event is decided, and until it is delivered."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A publication that did not pass a door."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Sent:
    """An event that lies in the log. `place` is partition and offset where the test wrote it itself."""

    uid: str
    count: int
    """How many records of the log carry this uid, this one included."""
    place: tuple[int, int] | None = None


@dataclass(slots=True)
class Letters:
    """What the partners received: organisation, type and the hub's id of the event."""

    received: list[tuple[str, str, str]] = field(default_factory=list)

    def take(self, org: str, body: JsonObject) -> None:
        """Keep what tells one message from another."""
        self.received.append((org, str(body.get("type")), str(body.get("id"))))


def receiving_app(letters: Letters) -> Callable[..., Any]:
    """Return the receivers of all partners as an ASGI application: `POST /<org>`."""

    async def app(
        scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        letters.take(str(scope["path"]).strip("/"), json.loads(body))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


@dataclass(slots=True)
class VectorHub:
    """One running hub, and everybody around it."""

    stack: Stack
    access: Access
    webhooks: str
    clock: Path
    pseudonyms: Pseudonyms
    client: httpx.AsyncClient
    database: asyncpg.Connection
    ledger: StoredLedger
    producer: AIOKafkaProducer
    letters: Letters
    published: dict[str, int] = field(default_factory=dict)
    """How often each uid was published: its records in the log."""

    # --- clock and configuration --------------------------------------------------------------------
    def set_clock(self, moment: str) -> None:
        """Let it be this instant for the whole hub."""
        tell(self.clock, moment)

    async def configure(self, configuration: Configuration, processes: Sequence[str]) -> None:
        """Let the hub go on with another configuration: these processes start anew."""
        write_partners(self.stack.settings.partners, configuration, self.access, self.webhooks)
        children = [self.process(name) for name in processes]
        for child in children:
            child.ask_to_end()
        await asyncio.gather(*(asyncio.to_thread(_restart, child) for child in children))
        for name in processes:
            await self._ready(self.stack.health[name])

    async def _ready(self, address: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if (await self.client.get(f"{address}/readyz")).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass  # it does not listen yet
            assert time.monotonic() < deadline, f"{address} did not become ready"
            await asyncio.sleep(POLL_SECONDS)

    def process(self, name: str) -> Child:
        """Return the gateway or a worker."""
        return next(child for child in self.stack.supervisor.children if child.name == name)

    # --- facts --------------------------------------------------------------------------------------
    async def seed(self, facts: Iterable[tuple[str, Mapping[str, Json]]]) -> dict[str, tuple[str, ...]]:
        """Store the facts of vectors (ending, facts with own names); return what the ledger cannot hold of each."""
        changes: list[FactChange] = []
        versions: dict[str, int] = {}
        unholdable: dict[str, tuple[str, ...]] = {}
        for ending, document in facts:
            seed = seed_of(document)
            changes += [_own_key(change, ending) for change in seed.changes]
            versions |= seed.versions
            if seed.unholdable:
                unholdable[ending] = tuple(seed.unholdable)
        await self.ledger.apply_facts(changes, versions)
        return unholdable

    async def hold(self, ending: str, event: Mapping[str, Json], held_since: Json) -> None:
        """Say that this event was held before."""
        row = rows.HoldRow(
            uid=f"held.{ending}", payload_uid=f"held.{ending}", place="0/0/0", partition=0,
            source_key=pair_key(str(event["source"]), str(event["id"])), held_since=str(held_since),
            hold_until=FAR_OFF, hold_until_at=instant(FAR_OFF), wake_at=instant(FAR_OFF),
        )  # fmt: skip
        async with self.ledger._store.transaction() as tables:
            await tables.upsert(rows.HOLD, [row])

    # --- publishing ---------------------------------------------------------------------------------
    async def publish(self, publication: Publication) -> Sent | Refused:
        """Publish over HTTP; return the receipt number, or what the door answered."""
        headers = {"Content-Type": "application/cloudevents+json"}
        if publication.org is not None and publication.org in self.access.api_keys:
            headers["Authorization"] = f"Bearer {self.access.api_keys[publication.org]}"
        answer = await self.client.post(
            f"{self.stack.settings.public_url}/events",
            content=json.dumps(publication.body).encode(),
            headers=headers,
        )
        if answer.status_code != httpx.codes.OK:
            return Refused(answer.status_code, str(answer.json().get("reason")))
        return self._sent(str(answer.headers["Location"].rpartition("/")[2]))

    def _sent(self, uid: str, place: tuple[int, int] | None = None) -> Sent:
        self.published[uid] = self.published.get(uid, 0) + 1
        return Sent(uid, self.published[uid], place)

    async def write(self, event: JsonObject, org: str, now: str) -> Sent | Refused:
        """Write an event straight into the log, as another edge than the gateway's would; no sealed content."""
        uid = event_uid(str(event.get("source")), str(event.get("id")))
        subject = event.get("subject_ref")
        sealed = SealedEvent(uid, event, org, now, subject if isinstance(subject, str) and subject else uid)
        try:
            frame = encode(sealed)
        except WireError as error:
            return Refused(0, error.reason)
        written = await self.producer.send_and_wait("hub.events", value=frame, key=sealed.key.encode())
        return self._sent(uid, (written.partition, written.offset))

    # --- what became of it --------------------------------------------------------------------------
    async def decided(self, sent: Sequence[Sent]) -> None:
        """Wait until every one of these records is decided."""
        waiting = list(sent)

        async def undecided() -> list[str]:
            nonlocal waiting
            by_uid = "select uid, count(*) as records from intake where uid = any($1::text[]) group by uid"
            found = await self.database.fetch(by_uid, [item.uid for item in waiting])
            counts = {row["uid"]: row["records"] for row in found}
            # A record that cannot be read is parked without its uid: only its place says that it is done with.
            places = {tuple(row) for row in await self.database.fetch(_UNREADABLE)}
            waiting = [
                item for item in waiting if counts.get(item.uid, 0) < item.count and item.place not in places
            ]
            return [item.uid for item in waiting]

        await _none_left(undecided, "not decided")

    async def delivered(self) -> None:
        """Wait until nothing is on its way to a partner."""
        query = "select uid, receiver from delivery where state in ('pending', 'claimed')"

        async def on_its_way() -> list[str]:
            return [f"{row['uid']} to {row['receiver']}" for row in await self.database.fetch(query)]

        await _none_left(on_its_way, "not delivered")

    async def judged(self, sent: Sent) -> list[JsonObject]:
        """Return the audit rows with which a record was decided first, one per recipient."""
        if sent.place is None:
            by_uid = "select place from intake where uid = $1 order by record_offset offset $2 limit 1"
            place = await self.database.fetchval(by_uid, sent.uid, sent.count - 1)
        else:
            by_place = "select place from intake where partition = $1 and record_offset = $2"
            place = await self.database.fetchval(by_place, *sent.place)
        rows_of = "select document from decision where place = $1 order by position"
        found = await self.database.fetch(rows_of, place)
        return first_judging([json.loads(row["document"]) for row in found])


_UNREADABLE = "select partition, record_offset from intake where verdict = 'unreadable'"


async def _none_left(left: Callable[[], Awaitable[list[str]]], what: str) -> None:
    """Wait until nothing is left; says what is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while rest := await left():
        assert time.monotonic() < deadline, f"{what} within {PATIENCE_SECONDS} s: {len(rest)}, {rest[:5]}"
        await asyncio.sleep(POLL_SECONDS)


def first_judging(documents: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the rows of the first judging of a record; a later one begins again at the first recipient."""
    first: list[JsonObject] = []
    for document in documents:
        recipient: Any = document.get("recipient")
        if first and (recipient is None or recipient["position"] <= _position(first[-1])):
            break
        first.append(document)
    return first


def _position(document: JsonObject) -> int:
    recipient: Any = document.get("recipient")
    return -1 if recipient is None else int(recipient["position"])


def _own_key(change: FactChange, ending: str) -> FactChange:
    """Return a change under a key that no other vector has."""
    return replace(change, key=f"{ending}:{change.key}") if change.key.startswith("seed:") else change


def _restart(child: Child) -> None:
    child.stop()
    child.start()


@asynccontextmanager
async def vector_hub(folder: Path, configuration: Configuration, first: str) -> AsyncIterator[VectorHub]:
    """Start a hub at this instant; everything is ended for sure. The folder must not be below pytest's own."""
    access, letters, port = Access(), Letters(), free_port()
    webhooks = f"http://127.0.0.1:{port}"
    os.environ["VECTOR_WEBHOOK_SECRET"] = access.secret
    partners, clock = folder / "partners.toml", folder / "clock"
    write_partners(partners, configuration, access, webhooks)
    tell(clock, first)
    server = WebhookServer(port, receiving_app(letters))
    stack = await asyncio.to_thread(start_stack, folder, partners, clock=clock)
    try:
        server.start()
        await asyncio.to_thread(stack.wait_until_ready, lambda _name: None)
        async with _connected(stack, access, webhooks, clock, letters) as hub:
            yield hub
    finally:
        await asyncio.to_thread(stack.stop)
        server.stop()
        os.environ.pop("VECTOR_WEBHOOK_SECRET")


@asynccontextmanager
async def _connected(
    stack: Stack, access: Access, webhooks: str, clock: Path, letters: Letters
) -> AsyncIterator[VectorHub]:
    database = await asyncpg.connect(stack.settings.database)
    ledger = await open_ledger(stack.settings.database, owner="vectors")
    producer = AIOKafkaProducer(bootstrap_servers=stack.settings.kafka)
    await producer.start()
    pseudonyms = Pseudonyms(versioned_keys(stack.settings.pseudonym_keys))
    try:
        async with httpx.AsyncClient(timeout=10.0) as client:
            yield VectorHub(
                stack, access, webhooks, clock, pseudonyms, client, database, ledger, producer, letters
            )
    finally:
        await producer.stop()
        await ledger.close()
        await database.close()
