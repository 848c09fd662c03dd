"""What the gateway is composed of: everything is handed in, nothing is found or connected here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from starlette.types import ASGIApp

from hub.core.model import Json, JsonObject
from hub.gateway.limits import HEARTBEAT_SECONDS
from hub.gateway.observe import Metrics, NoMetrics
from hub.gateway.token_keys import TokenKeys
from hub.identity.door import Publication
from hub.identity.keys import KeyProvider
from hub.identity.partners import PartnerBook
from hub.ledger.interface import ClaimedDelivery, KeysOf, Ledger, Recheck
from hub.wire.envelope import SealedEvent

Clock: TypeAlias = Callable[[], str]
"""Gives the present instant as RFC 3339 in UTC."""


class PublishUnavailableError(Exception):
    """Kafka did not acknowledge in time. The record may be in the log or not; the sender must send again."""


class Publisher(Protocol):
    """Writes one record and returns only after every in-sync replica has it (`acks=all`)."""

    async def publish(
        self, topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        """Write and wait; PublishUnavailableError when the acknowledgement did not come in time."""
        ...

    async def check(self) -> None:
        """Ask the broker for something small; PublishUnavailableError when it does not answer."""
        ...


class Admits(Protocol):
    """The identity door (`hub.identity.door.Door`)."""

    async def admit(self, publication: Publication) -> SealedEvent:
        """Return the sealed event; `Refusal` with a reason when the sender must change it."""
        ...

    async def person_ref(self, person: Json, org: str, pointer: str) -> str:
        """Return the ref of a person named as in the publish form; `Refusal` when there is no such person."""
        ...


class Opened(Protocol):
    """What a receiver gets of one delivery. The connectors' `OpenedDelivery` has this form."""

    @property
    def delivery_id(self) -> str:
        """Stable over retries."""
        ...

    @property
    def sequence(self) -> int:
        """Counts without gaps per subscription."""
        ...

    @property
    def attributes(self) -> Mapping[str, str]:
        """CloudEvents context attributes at egress."""
        ...

    @property
    def data(self) -> JsonObject:
        """Metadata and the permitted sections in plain form."""
        ...


@runtime_checkable
class OpeningFault(Protocol):
    """The form of an exception with which opening may end: `transient` False means that it can never be read."""

    @property
    def transient(self) -> bool:
        """Whether a later try can help."""
        ...


OpenDelivery: TypeAlias = Callable[[ClaimedDelivery], Awaitable[Opened]]
"""Opens the permitted sections of a claimed delivery.

Raises `KeyErased` when the child was erased, or an exception that has the form of `OpeningFault`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """What an operator sets.

    `public_url` is the address partners use, without a slash at the end; empty makes links relative.
    `token_url` is shown in the API description. `source` is the hub's own CloudEvents source.
    """

    public_url: str = ""
    events_topic: str = "hub.events"
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    token_url: str = ""
    source: str = "urn:nld:oin:00000000000000000000:systeem:samenhub"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayParts:
    """The composition. `token_keys` is needed when partners use OAuth 2 (`partners.oauth`)."""

    ledger: Ledger
    door: Admits
    partners: PartnerBook
    publisher: Publisher
    clock: Clock
    recheck: Recheck
    keys_of: KeysOf
    open_delivery: OpenDelivery
    sink_secrets: KeyProvider
    token_keys: TokenKeys | None = None
    metrics: Metrics = field(default_factory=NoMetrics)
    metrics_app: ASGIApp | None = None
    settings: GatewaySettings = field(default_factory=GatewaySettings)
