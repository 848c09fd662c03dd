"""Marked requests through every HTTP door of the hub, and marked records straight into its log."""

from __future__ import annotations

import asyncio
import copy
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaProducer

from hub.core.model import JsonObject
from hub.identity.door import event_uid
from hub.operate.demo.letters import Person, instant
from hub.operate.demo.stage import SOURCES
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent
from tests.system.canary_search import Place, Skipped
from tests.system.hub_world import SCHOOL, TEAM, HubWorld

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
JSON = "application/json"
SIGNAL = "nl.jeugdigen.signal.raised.v1"
TRUNCATION_STEP = 97
"""Cuts the event in some twenty places; the wire's own tests cut at every byte."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What must not be seen: a child's and a parent's number, a family name, a story, the name of a professional."""

    child: Person
    parent: Person
    name: str = "Kanariënvogelsang"
    story: str = "Zwaluwverhaal-over-thuis"
    colleague: str = "Merelmeester"

    @property
    def all(self) -> tuple[str, ...]:
        """Every mark."""
        return (self.child.number, self.parent.number, self.name, self.story, self.colleague)

    @property
    def ascii(self) -> str:
        """Marks that fit into a header or an address."""
        return f"{self.child.number}-{self.story}-{self.colleague}"


def marked(world: HubWorld, marks: Marks, **changes: object) -> dict[str, Any]:
    """Return a signal with every mark in the place that is made for it; `changes` put marks elsewhere."""
    data: dict[str, Any] = copy.deepcopy(world.signal(marks.child))
    content = data["content"]
    content["identity"] = {**content["identity"], "family_name": marks.name}
    content["narrative"] = {"facts": f"{marks.story}: nummer {marks.child.number} van {marks.name}"}
    content["contact"]["sender"]["name"] = marks.colleague
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": SOURCES[SCHOOL],
        "type": SIGNAL,
        "time": instant(),
        "datacontenttype": JSON,
        "data": data,
    }
    return {**event, **changes}


def with_data(world: HubWorld, marks: Marks, **changes: object) -> dict[str, Any]:
    """Return a signal whose data has these fields."""
    event = marked(world, marks)
    event["data"].update(changes)
    return event


def misplaced(world: HubWorld, marks: Marks) -> Iterator[dict[str, Any]]:
    """Yield events with marks where they do not belong: each must be refused."""
    number = marks.child.number
    spelled = "".join(f"%{ord(digit):02X}" for digit in number)
    for name in (
        "id",
        "subject",
        "source",
        "type",
        "dataref",
        "traceparent",
        "domain",
        "sequence",
        "time",
        "extra",
    ):
        yield marked(world, marks, **{name: number})
        yield marked(world, marks, **{name: f"urn:nld:{number}:{marks.story}"})
        yield marked(world, marks, **{name: f"x{spelled}y"})
    yield marked(world, marks, **{marks.name: marks.story})
    yield marked(world, marks, **{number: marks.story})
    for data in (
        marks.story,
        [marks.story],
        {marks.name: marks.story},
        None,
        3,
        {"subject": {"bsn": marks.story}},
    ):
        yield marked(world, marks, data=data)
    yield with_data(world, marks, **{marks.name: marks.story})
    yield with_data(world, marks, record={"ref": number, "revision": 1})
    yield with_data(world, marks, case_ref=f"case {number}")
    yield with_data(world, marks, urgency=number)
    yield with_data(world, marks, purpose=f"{number}x")
    yield with_data(world, marks, professional=number)
    yield with_data(world, marks, subject={"bsn": f"{number}{marks.name}"})
    yield with_data(world, marks, subject={"pseudonym": marks.story})
    for section in ("identity", "narrative", "contact", "codes"):
        event = marked(world, marks)
        event["data"]["content"][section][marks.name] = marks.story
        yield event
    event = marked(world, marks)
    event["data"]["content"][marks.name] = marks.story
    yield event


@dataclass
class Doors:
    """Goes through doors and remembers everything that comes back."""

    world: HubWorld
    marks: Marks
    heard: list[Place] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        org: str = SCHOOL,
    ) -> httpx.Response:
        """Send one request as an organisation (`org` empty: with the headers alone)."""
        credentials = self.world.headers(org) if org else {}
        address = f"{self.world.address}{path}"
        sent = {**credentials, **(headers or {})}
        client = self.world.stage.client
        with client.stream(method, address, headers=sent, content=content) as answer:
            if "event-stream" not in answer.headers.get("content-type", ""):
                answer.read()
            said = [*answer.headers.raw, (b"reason", answer.extensions["reason_phrase"])]
            body = answer.content if answer.is_stream_consumed else b""
        self.heard.append(
            (f"answer {len(self.heard)}: {method} {self._masked(path)}", body + repr(said).encode())
        )
        self.statuses.append(answer.status_code)
        return answer

    def _masked(self, path: str) -> str:
        for mark in self.marks.all:
            path = path.replace(quote(mark), "*")
        return path

    def publish(self, content: bytes, media_type: str = STRUCTURED, **headers: str) -> httpx.Response:
        """Post to /events."""
        return self.ask("POST", "/events", {"Content-Type": media_type, **headers}, content)

    def lawful(self) -> list[str]:
        """Publish the marks in their own places, in all three modes; return the receipt numbers."""
        structured = self.publish(json.dumps(marked(self.world, self.marks), ensure_ascii=False).encode())
        binary = self._binary(marked(self.world, self.marks))
        batch = self.publish(json.dumps([marked(self.world, self.marks)]).encode(), BATCH)
        assert [answer.status_code for answer in (structured, binary, batch)] == [200, 200, 200]
        locations = [structured.headers["Location"], binary.headers["Location"]]
        return [location.rpartition("/")[2] for location in locations] + [
            batch.json()["results"][0]["event_id"]
        ]

    def _binary(self, event: dict[str, Any], **headers: str) -> httpx.Response:
        attributes = {
            f"ce-{name}": quote(str(value), safe=":/.-+%") for name, value in event.items()
            if name not in {"data", "datacontenttype"}
        }  # fmt: skip
        return self.publish(json.dumps(event["data"]).encode(), JSON, **attributes, **headers)

    def refused(self) -> None:
        """Publish misplaced, broken and truncated marks: nothing of it may be accepted."""
        before = len(self.statuses)
        for event in misplaced(self.world, self.marks):
            text = json.dumps(event).encode()
            self.publish(text)
            if all(name.isascii() for name in event):  # a header cannot have another name
                self._binary(event)
            batch = self.publish(b"[" + text + b"]", BATCH)
            assert batch.status_code == 207 and batch.json()["accepted"] == 0  # noqa: PT018 - one fact
        whole = json.dumps(marked(self.world, self.marks), ensure_ascii=False).encode()
        for end in range(0, len(whole), TRUNCATION_STEP):
            self.publish(whole[:end])
            self.publish(b"[" + whole[:end], BATCH)
        for media_type in (
            "text/plain",
            JSON,
            "application/cloudevents+xml",
            f"application/{self.marks.ascii}",
            "x",
        ):
            self.publish(whole, media_type)
        for broken in (
            whole + whole,
            whole[:-1] + b', "' + self.marks.name.encode() + b'": ',
            b"\xff" + whole,
        ):
            self.publish(broken)
        self.publish(whole, STRUCTURED, **{"Content-Encoding": "gzip"})
        assert set(self.statuses[before:]) <= {207, 400, 403, 413, 415}

    def around(self) -> None:
        """Put marks into paths, queries, headers and forms of all other routes, known and unknown."""
        marks = self.marks
        number, wild = marks.child.number, quote(f"{marks.child.number} {marks.name} {marks.story}")
        own = self.world.subscription_of(SCHOOL)
        for place in (number, wild):
            for path in (
                f"/{place}", f"/receipts/{place}", f"/subscriptions/{place}", f"/subscriptions/{place}/feed",
                f"/subscriptions/{place}/events", f"/domains/{place}", f"/problems/{place}", f"/domains?name={place}",
                f"/subscriptions?{place}={place}", f"/subscriptions/{own}/events?after={place}&limit={place}",
                f"/subscriptions/{own}/feed?after={place}", f"/readyz?{place}", f"/metrics/{place}",
                f"/openapi.json?{place}",
            ):  # fmt: skip
                for method in ("GET", "POST", "DELETE", "PUT", marks.story.upper().replace("-", "")):
                    self.ask(method, path)
        self._headers(own)
        self._forms()
        self._raw()

    def _headers(self, own: str) -> None:
        wild = self.marks.ascii
        for name in (
            "Last-Event-ID",
            "X-Request-ID",
            "traceparent",
            "Accept",
            "User-Agent",
            "X-Forwarded-For",
            "Cookie",
        ):
            self.ask("GET", f"/subscriptions/{own}/events", {name: wild})
            self.ask("GET", f"/subscriptions/{own}/feed", {name: wild})
        for credentials in (
            {"X-API-Key": wild},
            {"Authorization": f"Bearer {wild}"},
            {"Authorization": wild},
        ):
            self.ask("GET", "/subscriptions", credentials, org="")
            self.ask("POST", "/events", {**credentials, "Content-Type": STRUCTURED}, wild.encode(), org="")
        token = ".".join(quote(part) for part in (wild, wild, wild))
        self.ask("GET", "/subscriptions", {"Authorization": f"Bearer {token}"}, org="")
        self.ask("GET", "/domains", {f"x-{self.marks.story}": "1"})

    def _forms(self) -> None:
        number, wild = self.marks.child.number, self.marks.ascii
        forms: list[JsonObject] = [
            {"protocol": "HTTP", "sink": f"https://{number}.example/{self.marks.story}"},
            {"protocol": "HTTP", "sink": wild},
            {"protocol": "FEED", "subscriberReference": number},
            {"protocol": "FEED", "filters": [{"exact": {"source": number}}]},
            {"protocol": "FEED", "filters": [{self.marks.name: {wild: wild}}]},
            {"protocol": "FEED", "types": [wild]},
            {"protocol": "FEED", "domain": wild},
            {"protocol": "FEED", "source": number},
            {"protocol": wild},
            {self.marks.name: wild, "protocol": "FEED"},
            {"protocol": "HTTP", "sinkCredential": {"token": wild}},
            {"protocol": "HTTP", "protocolSettings": {"headers": {number: wild}}},
        ]
        before = len(self.statuses)
        for form in forms:
            for media_type in (JSON, "text/plain"):
                self.ask(
                    "POST", "/subscriptions", {"Content-Type": media_type}, json.dumps(form).encode(), TEAM
                )
        self.ask("POST", "/subscriptions", {"Content-Type": JSON}, b'{"' + wild.encode(), TEAM)
        self.ask("POST", "/domains", {"Content-Type": JSON}, json.dumps({"name": wild}).encode())
        assert set(self.statuses[before:]) <= {400, 403, 415, 501}

    def _raw(self) -> None:
        """Send bytes that are no HTTP."""
        target = urlsplit(self.world.address)
        for words in (
            f"{self.marks.ascii}\r\n\r\n",
            f"GET /{self.marks.ascii} HTTP/9.9\r\n{self.marks.ascii}\r\n\r\n",
        ):
            with socket.create_connection((target.hostname, target.port), timeout=5.0) as connection:
                connection.sendall(words.encode())
                connection.shutdown(socket.SHUT_WR)
                said = everything_said(connection)
            self.heard.append(("answer to bytes that are no HTTP", said))


def everything_said(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes."""
    return b"".join(iter(lambda: connection.recv(4096), b""))


def frame(**changes: object) -> SealedEvent:
    """Return a well-formed event with these fields of its metadata changed."""
    event: JsonObject = {
        "id": str(uuid4()),
        "source": SOURCES[SCHOOL],
        "type": "signal.raised",
        "time": instant(),
        "sender": {"org": SCHOOL, "kind": "school"},
        "recipients": [{"to": {"org": TEAM}}],
        "subject_ref": str(uuid4()),
        "sections": ["meta", "contact"],
        "purpose": "help_request",
        "urgency": "u3",
        "record": {"ref": f"r-{uuid4()}", "revision": 1},
        **changes,
    }
    uid = event_uid(str(event["source"]), str(event["id"]))
    return SealedEvent(uid, event, SCHOOL, instant(), str(event["subject_ref"]))


def hostile_frames(marks: Marks) -> Iterator[SealedEvent]:
    """Yield well-formed events with the child's number in each place of the envelope and of its metadata."""
    number = marks.child.number
    yield replace(frame(), uid=number)
    yield replace(frame(), authenticated_org=number)
    yield replace(frame(), accepted_at=number)
    yield replace(frame(), key=number)
    yield replace(frame(), traceparent=number)
    places: dict[str, object] = {
        "id": number,
        "source": f"urn:nld:{number}",
        "time": number,
        "subject": number,
        "subject_ref": number,
        "sender": {"org": number, "kind": "school"},
        "recipients": [{"to": {"org": number}}],
        "case_ref": number,
        "digest": number,
        "in_reply_to": number,
        "record": {"ref": number, "revision": 1},
        "data": {number: [{"number": int(number)}]},
        "section_about": {"contact": [number]},
    }
    for name, value in places.items():
        yield frame(**{name: value})


async def _into_the_log(world: HubWorld, marks: Marks) -> Skipped:
    words = "|".join(marks.all).encode()
    whole = encode(next(hostile_frames(marks)))
    values = [
        words,
        b"\0\0\0\0\1" + words,
        b"\1" + words,
        whole + words,
        whole[:60],
        *map(encode, hostile_frames(marks)),
    ]
    headers = [("ce_id", words), (marks.story, words)]
    producer = AIOKafkaProducer(bootstrap_servers=world.stack.settings.kafka, acks="all")
    await producer.start()
    try:
        written = [
            await producer.send_and_wait("hub.events", value, key=key, headers=headers)
            for value in values
            for key in (words, b"")
        ]
    finally:
        await producer.stop()
    return frozenset((place.topic, place.partition, place.offset) for place in written)


def into_the_log(world: HubWorld, marks: Marks) -> Skipped:
    """Write garbage and hostile frames straight into hub.events, as nobody should be able to; return the places."""
    return asyncio.run(_into_the_log(world, marks))
