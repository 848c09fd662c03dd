"""The partners' own systems in the demonstration: a webhook receiver each, and a reader of the live feed.

A receiver here knows nothing of the hub but its address and its secret: it checks each message with the public
Standard Webhooks library, as any partner can.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from hub.core.model import JsonObject

START_SECONDS = 5.0
"""A local HTTP server listens within milliseconds."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as a partner got it. `door` is `webhook` or `feed`."""

    receiver: str
    door: str
    attributes: JsonObject
    data: JsonObject

    @property
    def sections(self) -> tuple[str, ...]:
        """Return the names of the sections that came along."""
        sections = self.data.get("sections")
        return tuple(sections) if isinstance(sections, dict) else ()

    @property
    def contents(self) -> str:
        """Return in a few words what came along."""
        contacts = self.data.get("contacts")
        if isinstance(contacts, list):
            return "contact cards only: " + ", ".join(str(card.get("organisation")) for card in contacts)
        question = self.data.get("question")
        if isinstance(question, dict):
            return str(question.get("en"))
        return ", ".join(self.sections) or "no content"

    @property
    def type(self) -> str:
        """Return the code name of the type."""
        return str(self.attributes.get("type", "")).removeprefix("nl.jeugdigen.").removesuffix(".v1")


@dataclass(slots=True)
class Inbox:
    """What arrived, in order, from any thread."""

    arrivals: list[Arrival] = field(default_factory=list)
    refused: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, arrival: Arrival) -> None:
        """Keep an arrival and wake who waits."""
        with self.changed:
            self.arrivals.append(arrival)
            self.changed.notify_all()

    def find(self, receiver: str, type_name: str, start: int = 0) -> Arrival | None:
        """Return the first arrival of this type at this receiver, from a position on."""
        for arrival in self.arrivals[start:]:
            if arrival.receiver == receiver and arrival.type == type_name:
                return arrival
        return None

    def wait(self, receiver: str, type_name: str, seconds: float, start: int = 0) -> Arrival | None:
        """Wait for such an arrival; None when it did not come in time."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                found = self.find(receiver, type_name, start)
                left = deadline - time.monotonic()
                if found is not None or left <= 0:
                    return found
                self.changed.wait(left)


def webhook_app(inbox: Inbox, secrets: dict[str, str]) -> Callable[..., Awaitable[None]]:
    """Return an ASGI application: POST /<org> takes a message when its signature is good."""

    async def app(
        scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        org = str(scope["path"]).strip("/")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status = _take(inbox, org, secrets.get(org), headers, body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app


def _take(inbox: Inbox, org: str, secret: str | None, headers: dict[str, str], body: bytes) -> int:
    if secret is None:
        return 404
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        inbox.refused += 1
        return 401
    attributes = json.loads(body)
    inbox.put(Arrival(org, "webhook", attributes, attributes.pop("data")))
    return 204


@dataclass(slots=True)
class WebhookServer:
    """A small HTTP server in a thread. The port is chosen before it listens: a receiver can be down at first."""

    port: int
    app: Callable[..., Awaitable[None]]
    server: uvicorn.Server | None = None
    thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen."""
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=self.port, log_config=None, access_log=False, lifespan="off"
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, name="receiver", daemon=True)
        self.thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self.server.started and time.monotonic() < deadline:
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop listening."""
        if self.server and self.thread:
            self.server.should_exit = True
            self.thread.join(START_SECONDS)


@dataclass(slots=True)
class FeedReader:
    """Reads one organisation's live feed (server-sent events) in a thread, as `curl -N` would."""

    org: str
    address: str
    token: str
    inbox: Inbox
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin to read; the thread ends with the process."""
        threading.Thread(target=self._read, name=f"feed-{self.org}", daemon=True).start()

    def _read(self) -> None:
        last = "0"
        while not self.stopping.is_set():
            try:
                last = self._read_once(last)
            except httpx.HTTPError:
                time.sleep(0.2)  # like a browser: come again, with the last number

    def _read_once(self, last: str) -> str:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Last-Event-ID": last,
            "Accept": "text/event-stream",
        }
        with httpx.stream(
            "GET", self.address, headers=headers, timeout=httpx.Timeout(5.0, read=60.0)
        ) as answer:
            answer.raise_for_status()
            frame: dict[str, str] = {}
            for line in answer.iter_lines():
                if self.stopping.is_set():
                    break
                name, _, value = line.partition(":")
                if line:
                    frame[name] = value.removeprefix(" ")
                    continue
                last = frame.get("id", last)
                self._keep(frame)
                frame = {}
        return last

    def _keep(self, frame: dict[str, str]) -> None:
        if frame.get("event") == "heartbeat" or "data" not in frame:
            return
        item = json.loads(frame["data"])
        self.inbox.put(Arrival(self.org, "feed", item, item.pop("data", {})))
