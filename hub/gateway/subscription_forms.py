"""The forms of `/subscriptions`: VNG Notification API 0.1.5, with the protocol `FEED` for partners that fetch."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from hub.core.model import Json, JsonObject
from hub.core.numbers import metadata_refused
from hub.gateway.limits import SINK_MAX_CHARACTERS, TYPES_MAX
from hub.gateway.problems import ProblemError
from hub.gateway.publishing import code_name, is_domain
from hub.gateway.reasons import GatewayReason
from hub.wire.filters import compile_filters
from hub.wire.reasons import WireReason


@unique
class Protocol(StrEnum):
    """How a subscription is delivered: pushed to a sink (`HTTP`, VNG) or fetched by the partner (`FEED`, ours)."""

    HTTP = "HTTP"
    FEED = "FEED"


CONNECTORS: Final = {Protocol.HTTP: "webhook", Protocol.FEED: "feed"}
"""The connector that serves each protocol."""


def _checked_sink(sink: str) -> str:
    """Check the form of an address; whether it is this partner's own is checked against the configuration."""
    if any(character <= " " or character in {"\x7f", "\\"} for character in sink):
        raise ValueError("holds a blank, control character or backslash")
    parts = urlsplit(sink)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.fragment
        or parts.username is not None
    ):
        raise ValueError("is not a plain web address")
    return sink


def _registered(wire_type: str) -> str:
    try:
        code_name(wire_type)
    except ProblemError:
        raise ValueError("is not in the catalogue of events") from None
    return wire_type


Reference = Annotated[str, Field(min_length=1, max_length=200)]
Sink = Annotated[str, Field(max_length=SINK_MAX_CHARACTERS), AfterValidator(_checked_sink)]


class _Form(BaseModel):
    """A misspelled `filter` must not become a subscription to everything: unknown members are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class HttpSettings(_Form):
    """`protocolSettings` of the VNG API. Own headers are not offered: they would carry secrets in clear."""

    method: Literal["POST"] | None = None


class SubscriptionConfig(_Form):
    """`config` of the VNG API. `mode` is the CloudEvents HTTP content mode of the deliveries."""

    mode: Literal["structured", "binary"] | None = None


class SubscriptionRequest(_Form):
    """What a partner asks for. `filters` and `types` narrow what it is allowed to get; they never widen it."""

    protocol: Annotated[Protocol, Field(strict=False, description="HTTP pushes to `sink`, FEED is fetched.")]
    sink: Annotated[
        Sink | None, Field(description="Required for HTTP: an address registered for this partner.")
    ] = None
    protocolSettings: HttpSettings | None = None  # noqa: N815 - the VNG API's own spelling
    source: Annotated[Reference | None, Field(description="Only events with exactly this source.")] = None
    domain: Annotated[Reference | None, Field(description="`nl.jeugdigen`, or the beginning of a type.")] = (
        None
    )
    types: Annotated[
        list[Annotated[str, AfterValidator(_registered)]] | None,
        Field(max_length=TYPES_MAX, description="CloudEvents types; absent or empty is all types."),
    ] = None
    filters: Annotated[
        list[dict[str, object]] | None,
        Field(
            description="CloudEvents filters `all`, `any`, `not`, `exact`, `prefix`, `suffix`; all must hold."
        ),
    ] = None
    config: SubscriptionConfig | None = None
    subscriberReference: Reference | None = None  # noqa: N815 - same

    def filter_document(self) -> list[Json]:
        """Return all conditions as one CloudEvents filter list: `filters`, `source` and `domain`."""
        conditions: list[Json] = list(self.filters or [])
        if self.source is not None:
            conditions.append({"exact": {"source": self.source}})
        if self.domain is not None:
            conditions.append({"prefix": {"type": f"{self.domain}."}})
        return conditions

    def document(self) -> JsonObject:
        """Return what was asked, as the API gives it back."""
        return self.model_dump(mode="json", exclude_none=True)


class SinkSecret(BaseModel):
    """A signing secret, shown this once. Verify deliveries with it (Standard Webhooks)."""

    secret: Annotated[str, Field(examples=["whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGUuLi4="])]


class SubscriptionView(BaseModel):
    """A subscription as the API gives it back."""

    id: str
    url: str
    protocol: str
    sink: str
    active: Annotated[bool, Field(description="False after the sink answered 410 Gone.")]
    origin: Annotated[str, Field(description="`api` or `configuration`; the latter cannot be changed here.")]
    protocolSettings: JsonObject | None = None  # noqa: N815 - the VNG API's own spelling
    source: str | None = None
    domain: str | None = None
    types: list[str] | None = None
    filters: list[JsonObject] | None = None
    config: JsonObject | None = None
    subscriberReference: str | None = None  # noqa: N815 - same
    secret: Annotated[str | None, Field(description="The signing secret; only in the answer to POST.")] = None


class SubscriptionList(BaseModel):
    """All subscriptions of the caller."""

    count: int
    results: list[SubscriptionView]


READ_ONLY: Final = frozenset({"id", "url", "active", "origin", "secret"})
"""Members of a subscription that a client may send back unchanged (VNG: PUT takes a whole Subscription)."""

NOT_OFFERED: Final = ("sinkCredential",)
"""Deliveries are signed (Standard Webhooks); the hub keeps no tokens of its partners' own systems."""


def read_request(body: Json) -> SubscriptionRequest:
    """Return the checked request; ProblemError with pointers of known members, never a value."""
    if not isinstance(body, dict):
        raise ProblemError(GatewayReason.FORM_INVALID)
    for name in NOT_OFFERED:
        if body.get(name) is not None:
            raise ProblemError(GatewayReason.NOT_OFFERED, pointers=(f"/{name}",))
    settings = body.get("protocolSettings")
    if isinstance(settings, dict) and settings.get("headers"):
        raise ProblemError(GatewayReason.NOT_OFFERED, pointers=("/protocolSettings/headers",))
    # The sink of a feed is the hub's own address: a client that sends it back asks for nothing.
    ignored = READ_ONLY | {"sink"} if body.get("protocol") == Protocol.FEED else READ_ONLY
    wanted = {name: value for name, value in body.items() if name not in ignored and value is not None}
    if metadata_refused(wanted):
        raise ProblemError(WireReason.DENY_BSN_IN_METADATA)
    request = _validated(wanted)
    if request.protocol is Protocol.HTTP and request.sink is None:
        raise ProblemError(GatewayReason.FORM_INVALID, pointers=("/sink",))
    if request.domain is not None and not is_domain(request.domain):
        raise ProblemError(GatewayReason.DOMAIN_UNKNOWN, pointers=("/domain",))
    compile_filters(request.filter_document())
    return request


def _validated(wanted: JsonObject) -> SubscriptionRequest:
    settings = wanted.get("protocolSettings")
    if isinstance(settings, dict):
        wanted = {**wanted, "protocolSettings": {k: v for k, v in settings.items() if k != "headers"}}
    try:
        return SubscriptionRequest.model_validate(wanted)
    except ValidationError as error:
        places = {problem["loc"][0] for problem in error.errors(include_input=False) if problem["loc"]}
    known = sorted(str(place) for place in places if place in SubscriptionRequest.model_fields)
    raise ProblemError(GatewayReason.FORM_INVALID, pointers=tuple(f"/{name}" for name in known))
