"""Outbound connector: CloudEvents over HTTP with Standard Webhooks signatures."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from weakref import WeakValueDictionary

import httpcore
import httpx

from connectors.contract import (
    SEND_TIME_LIMIT_SECONDS,
    DeliveryResult,
    OpenedDelivery,
    Refused,
    RetryAfter,
)
from connectors.egress import egress_attributes
from connectors.webhook.network import (
    AddressRefused,
    NameUnknown,
    Resolver,
    checked_pool,
    system_resolver,
)
from connectors.webhook.place import Place, Places
from connectors.webhook.results import result_of
from connectors.webhook.signing import signature_headers
from hub.core.model import Json
from hub.wire.cloudevents import CloudEvent, render_binary, render_structured

CONNECT_LIMIT_SECONDS: Final = 5.0
"""Name, connection and TLS handshake: what takes longer is down or far overloaded."""

BODY_LIMIT_SECONDS: Final = 1.0
"""The status is the answer; the body is only read so that the connection can serve the next delivery."""

BODY_MAX_BYTES: Final = 16_384
"""A longer body is left unread and its connection closed."""

SENDS_AT_ONCE_PER_RECEIVER: Final = 8
"""Deliveries to one host at one time: a receiver that hangs must not hold all of the hub's connections."""

USER_AGENT: Final = "samenhub"

NOT_SENDABLE: Final = Refused("message_not_sendable")
"""Ours to mend, and the same message can never go: it is parked for a person at once, not tried for days."""

_TRANSPORT_ERRORS: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
    UnicodeError,
)
"""All that a receiver, its name or the network can cause."""

_BEFORE_SENDING = (
    AddressRefused,
    NameUnknown,
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
)
"""Errors of the time before a connection stands: the receiver has seen nothing of the message."""

_FIXED_HEADERS: Final = (
    (b"user-agent", USER_AGENT.encode()),
    (b"accept", b"*/*"),
    (b"accept-encoding", b"identity"),
)


class WebhookConnector:
    """Posts deliveries. One instance serves all receivers of a process; `target` has the form `WebhookTarget`."""

    def __init__(
        self,
        *,
        time_limit_seconds: float = SEND_TIME_LIMIT_SECONDS,
        resolver: Resolver = system_resolver,
        ssl_context: ssl.SSLContext | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        context = ssl_context or httpx.create_ssl_context()  # SSL_CERT_FILE counts: private authorities exist
        self._answer_limit_seconds = max(time_limit_seconds - BODY_LIMIT_SECONDS, time_limit_seconds / 2)
        self._body_limit_seconds = min(BODY_LIMIT_SECONDS, time_limit_seconds / 2)
        self._clock = clock
        # INVARIANT: two pools. A connection that was opened with leave to call private addresses is never
        # reused for a target without that leave.
        self._pools = {
            allow_private: checked_pool(resolver, context, allow_private=allow_private)
            for allow_private in (False, True)
        }
        self._places = Places()
        self._slots: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._is_closed = False

    async def send(self, delivery: OpenedDelivery, target: Mapping[str, Json]) -> DeliveryResult:
        """Post once; the meaning of each answer is in `results.py`. Takes no longer than the time limit."""
        try:
            place = self._places.of(target)
        except ValueError:  # pydantic's error among them
            return RetryAfter("target_invalid", nothing_sent=True)
        if self._is_closed:
            return RetryAfter("connector_closed", nothing_sent=True)
        try:
            request = self._request(delivery, place)
        except ValueError:
            return NOT_SENDABLE  # WireError and UnicodeError among them; their texts are not passed on
        try:
            async with asyncio.timeout(self._answer_limit_seconds), self._slot(place):
                response = await self._pools[place.form.allow_private_addresses].handle_async_request(request)
        except TimeoutError:
            return RetryAfter("timeout")
        except httpcore.LocalProtocolError:
            return NOT_SENDABLE
        except _TRANSPORT_ERRORS as error:
            return RetryAfter(_reason_of(error), nothing_sent=isinstance(error, _BEFORE_SENDING))
        result = result_of(response.status, _retry_after(response), self._clock())
        await self._finish(response)
        return result

    async def close(self) -> None:
        """Close all connections. Closing twice is harmless; later deliveries are told to wait."""
        self._is_closed = True
        for pool in self._pools.values():
            await pool.aclose()

    def _slot(self, place: Place) -> asyncio.Semaphore:
        found = self._slots.get(place.origin)
        if found is None:
            found = self._slots[place.origin] = asyncio.Semaphore(SENDS_AT_ONCE_PER_RECEIVER)
        return found

    def _request(self, delivery: OpenedDelivery, place: Place) -> httpcore.Request:
        target = place.form
        attributes = egress_attributes(
            delivery,
            domain=target.domain,
            subscriber_reference=target.subscriber_reference,
        )
        event = CloudEvent(attributes=attributes, data=delivery.data, has_data=True)
        headers, body = (render_structured if target.mode == "structured" else render_binary)(event)
        signature = signature_headers(
            delivery_id=delivery.delivery_id,
            sent_at_seconds=int(self._clock().timestamp()),
            body=body,
            secrets=target.secrets,
        )
        fields = [
            (name.encode("ascii"), value.encode("ascii")) for name, value in (headers | signature).items()
        ]
        length = (b"content-length", str(len(body)).encode())
        connect_seconds = min(CONNECT_LIMIT_SECONDS, self._answer_limit_seconds)
        return httpcore.Request(
            "POST",
            place.url,
            headers=[(b"host", place.host), *_FIXED_HEADERS, length, *fields],
            content=body,
            # What comes after the connection stands is limited as a whole, in `send`.
            extensions={"timeout": {"connect": connect_seconds, "pool": self._answer_limit_seconds}},
        )

    async def _finish(self, response: httpcore.Response) -> None:
        """Read what is left, within limits. Whatever happens here, the answer was given and stands."""
        try:
            async with asyncio.timeout(self._body_limit_seconds):
                received = 0
                async for part in response.aiter_stream():
                    received += len(part)
                    if received > BODY_MAX_BYTES:
                        break
        except (TimeoutError, *_TRANSPORT_ERRORS):
            pass
        finally:  # also when the caller's own limit cuts in: a connection must never be left behind
            with contextlib.suppress(*_TRANSPORT_ERRORS):
                await response.aclose()


def _retry_after(response: httpcore.Response) -> str | None:
    values = [value for name, value in response.headers if name.lower() == b"retry-after"]
    return values[0].decode("latin-1") if values else None


def _reason_of(error: Exception) -> str:
    """Return a stable code. The error's own text may hold an address and is not passed on."""
    match error:
        case AddressRefused():
            return "address_not_allowed"
        case NameUnknown():
            return "name_not_resolved"
        case httpcore.TimeoutException():
            return "timeout"
        case httpcore.ProtocolError():
            return "answer_unreadable"
        case _ if any(isinstance(argument, ssl.SSLError) for argument in (error, *error.args)):
            # httpcore wraps the handshake's error as its argument and cuts the chain of causes.
            return "tls_failed"
        case _:
            return "connection_failed"
