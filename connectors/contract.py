"""The contract that every connector keeps: expected answers are values, not exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from hub.core.model import Json, JsonObject


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
    """Not now. `seconds` is what the receiver asked for; None leaves the pause to the hub's backoff."""

    reason: str
    seconds: float | None = None


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
