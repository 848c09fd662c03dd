"""The contract that every connector keeps: expected answers are values, not exceptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel

from hub.core.model import Json, JsonObject

SEND_TIME_LIMIT_SECONDS: Final = 15.0
"""One attempt may take this long in all: within the 60 seconds of `u1_delivery` (EVENTS.md section 8) three
attempts fit. Standard Webhooks advises 15 to 30 seconds."""


@dataclass(frozen=True, slots=True)
class OpenedDelivery:
    """What one receiver gets: built by `agents/deliver` alone, from a claimed delivery whose sections it opened.

    `delivery_id` is stable over retries. `sequence` counts without gaps per subscription. `attributes` are
    the CloudEvents context attributes at egress (`subject` is the receiver's own pseudonym); `data` is the
    egress body: metadata and the permitted sections in plain form.
    """

    delivery_id: str
    subscription_id: str
    receiver: str
    sequence: int
    attempt: int
    attributes: Mapping[str, str]
    data: JsonObject


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took it. `status` is the protocol's own answer, for the record."""

    status: str = "ok"


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Not now. `seconds` is what the receiver asked for; None leaves the pause to the hub's backoff.

    `nothing_sent` is true only where it is certain that not a byte of the message left: then the receiver knows
    nothing, and a withdrawal before the next attempt is not told to it either.
    """

    reason: str
    seconds: float | None = None
    nothing_sent: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Never, as it is. `disables` asks to switch the subscription off (HTTP 410)."""

    reason: str
    disables: bool = False


DeliveryResult: TypeAlias = Delivered | RetryAfter | Refused


@dataclass(frozen=True, slots=True)
class Accepted:
    """An inbound mapping that worked: the partner's message as the gateway's publish form."""

    attributes: Mapping[str, str]
    data: Json
    remarks: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Rejected:
    """An inbound message that cannot be mapped. `reason` is a stable code; `detail` holds no field value."""

    reason: str
    detail: str = ""


InboundResult: TypeAlias = tuple[Accepted | Rejected, ...]


@runtime_checkable
class OutboundConnector(Protocol):
    """Sends an opened delivery to one receiver's address. One instance serves many subscriptions."""

    async def send(self, delivery: OpenedDelivery, target: Mapping[str, Json]) -> DeliveryResult:
        """Send once, within the connector's own time limit. Never raises for what a receiver can cause."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


@runtime_checkable
class InboundConnector(Protocol):
    """Maps one message of a partner's standard to the publish form. Pure."""

    def map(self, headers: Mapping[str, str], body: bytes) -> InboundResult:
        """Return one result per event found in the message. Never raises for what a sender can cause."""
        ...


@unique
class Direction(StrEnum):
    """Which way a connector carries messages, seen from the hub."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class OutboundFactory(Protocol):
    """Makes an outbound connector. Called once per process, inside its event loop."""

    def __call__(self, *, time_limit_seconds: float = SEND_TIME_LIMIT_SECONDS) -> OutboundConnector:
        """Return a connector of which no `send` takes longer than the limit."""
        ...


@dataclass(frozen=True, slots=True)
class Description:
    """What a connector's folder exposes as `CONNECTOR`; `connectors/catalogue.py` finds it.

    `target` is the form of the `target` that `send` gets: the partner configuration is checked against it.
    `example_target` makes a target that reaches a plain HTTP address of this machine; the conformance test uses
    it. `waivers` maps a conformance check to the reason why this connector cannot keep it.
    """

    name: str
    standard: str
    version: str
    directions: frozenset[Direction]
    target: type[BaseModel]
    outbound: OutboundFactory | None = None
    inbound: Callable[[], InboundConnector] | None = None
    example_target: Callable[[str], JsonObject] | None = None
    waivers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
