"""The stage of the demonstration: publishing as a partner, reading receipts, waiting for what must arrive."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from hub.core.model import JsonObject
from hub.operate.demo.cast import PLAYERS
from hub.operate.demo.letters import instant
from hub.operate.demo.receivers import Arrival, Inbox

WAIT_SECONDS = 20.0
"""Each step takes well under a second; a loaded machine gets twenty."""

POLL_SECONDS = 0.05
"""How often a receipt is asked for while a step is waiting."""

SOURCES = {player.org: player.source for player in PLAYERS}


class StoryBrokenError(Exception):
    """Something did not happen as the story tells; the message says what."""


@dataclass(frozen=True, slots=True)
class Published:
    """An event that the hub accepted. `uid` is its receipt number."""

    org: str
    type: str
    event_id: str
    uid: str
    body: JsonObject


@dataclass(slots=True)
class Stage:
    """The partners' side: their keys, their inboxes, and the address of the gateway."""

    address: str
    api_keys: dict[str, str] = field(repr=False)
    inbox: Inbox
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=10.0))

    def publish(self, org: str, type_name: str, data: JsonObject) -> Published:
        """Publish a new event as this organisation."""
        event_id = str(uuid.uuid4())
        body: JsonObject = {
            "specversion": "1.0",
            "id": event_id,
            "source": SOURCES[org],
            "type": f"nl.jeugdigen.{type_name}.v1",
            "time": instant(),
            "datacontenttype": "application/json",
            "data": data,
        }
        return self.send(org, type_name, body)

    def send(self, org: str, type_name: str, body: JsonObject) -> Published:
        """Send these very bytes: also used to send the same event again."""
        answer = self.client.post(
            f"{self.address}/events",
            json=body,
            headers={**self._headers(org), "Content-Type": "application/cloudevents+json"},
        )
        if answer.status_code != httpx.codes.OK:
            raise StoryBrokenError(f"{type_name} from {org} was refused: {answer.status_code} {answer.text}")
        uid = answer.headers["Location"].rpartition("/")[2]
        return Published(org, type_name, str(body["id"]), uid, body)

    def receipt(self, published: Published) -> JsonObject | None:
        """Return the receipt as its sender sees it; None before the decision."""
        answer = self.client.get(
            f"{self.address}/receipts/{published.uid}", headers=self._headers(published.org)
        )
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        answer.raise_for_status()
        receipt: JsonObject = answer.json()
        return receipt

    def settled(self, published: Published, ready: Callable[[JsonObject], bool] | None = None) -> JsonObject:
        """Wait until the receipt satisfies the condition; by default until nothing is pending."""
        condition = ready or nothing_pending
        deadline = time.monotonic() + WAIT_SECONDS
        receipt = None
        while time.monotonic() < deadline:
            receipt = self.receipt(published)
            if receipt is not None and is_decided(receipt) and condition(receipt):
                return receipt
            time.sleep(POLL_SECONDS)
        raise StoryBrokenError(f"{published.type} of {published.org} did not come to its end: {receipt}")

    def arrived(self, receiver: str, type_name: str, start: int = 0) -> Arrival:
        """Wait until this arrived at this receiver."""
        arrival = self.inbox.wait(receiver, type_name, WAIT_SECONDS, start)
        if arrival is None:
            raise StoryBrokenError(f"{type_name} did not arrive at {receiver}")
        return arrival

    def inspection(self, org: str, subject: JsonObject, requester: JsonObject) -> JsonObject:
        """Ask, as this organisation for a member of the family, who shared what (CONSENT.md section 13)."""
        answer = self.client.post(
            f"{self.address}/inspections",
            json={"subject": subject, "requester": requester, "child_interest_opposes": False},
            headers=self._headers(org),
        )
        if answer.status_code != httpx.codes.OK:
            raise StoryBrokenError(f"the inspection was refused: {answer.status_code} {answer.text}")
        document: JsonObject = answer.json()
        return document

    def feed_of(self, org: str) -> str:
        """Return the address of the organisation's own feed."""
        answer = self.client.get(f"{self.address}/subscriptions", headers=self._headers(org))
        answer.raise_for_status()
        subscriptions = answer.json()
        listed = subscriptions["results"] if isinstance(subscriptions, dict) else subscriptions
        return f"{self.address}/subscriptions/{listed[0]['id']}/feed"

    def _headers(self, org: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_keys[org]}"}


def lines_of(receipt: JsonObject) -> list[JsonObject]:
    """Return the receipt's lines, one per recipient."""
    lines = receipt.get("recipients", [])
    return [line for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []


def is_decided(receipt: JsonObject) -> bool:
    """Return whether the hub judged the event: before that a receipt only says that it was accepted."""
    return bool(receipt.get("verdicts"))


def nothing_pending(receipt: JsonObject) -> bool:
    """Return whether every recipient's line came to an end."""
    return all(line.get("state") != "pending" for line in lines_of(receipt))


def in_state(state: str) -> Callable[[JsonObject], bool]:
    """Return a condition: every recipient's line is in this state."""
    return lambda receipt: (
        bool(lines_of(receipt)) and all(line.get("state") == state for line in lines_of(receipt))
    )
