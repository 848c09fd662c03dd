"""The lean connections of the webhook connector: few writes, no stale connection, bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpcore
import pytest

from connectors.contract import Delivered, OpenedDelivery, RetryAfter
from connectors.webhook.place import PLACES_MAX, Places
from connectors.webhook.sender import WebhookConnector
from connectors.webhook.streams import RECEIVED_MAX_BYTES, AsyncioBackend, Stream, Wire
from hub.core.model import JsonObject

KEY = "whsec_" + "Zmlyc3Qta2V5LWZpcnN0LWtleS1maXJzdC1rZXktMSE="
DELIVERY = OpenedDelivery(
    delivery_id="5f0c7f3e-0000-4000-8000-000000000002",
    subscription_id="a2de4777-1160-4562-a996-b79d27b30c98",
    receiver="school_1",
    sequence=1,
    attempt=1,
    attributes={"id": "event-1", "source": "urn:nld:test:hub", "type": "nl.jeugdigen.signal.raised.v1"},
    data={"text": "x" * 3_000},
)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[int]:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(closing, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def connected(serve: Serve) -> AsyncIterator[httpcore.AsyncNetworkStream]:
    async with serving(serve) as port:
        stream = await AsyncioBackend().connect_tcp("127.0.0.1", port, 1.0)
        try:
            yield stream
        finally:
            await stream.aclose()


def target(port: int, **changes: object) -> JsonObject:
    return {
        "url": f"http://127.0.0.1:{port}/in",
        "secrets": [KEY],
        "allow_plain_http": True,
        "allow_private_addresses": True,
        **changes,
    }


async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001
    await reader.read()


async def test_a_message_leaves_in_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Head and body go to the system together: each write costs as much as building the message."""
    writes: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()

    made = Stream.__init__

    def recording(self: Stream, transport: asyncio.Transport, wire: Wire) -> None:
        class Recorder:
            def write(self, data: bytes) -> None:
                writes.append(data)
                transport.write(data)

            def __getattr__(self, name: str) -> object:
                return getattr(transport, name)

        made(self, Recorder(), wire)  # type: ignore[arg-type]

    monkeypatch.setattr(Stream, "__init__", recording)
    async with serving(answer) as port:
        connector = WebhookConnector()
        assert await connector.send(DELIVERY, target(port)) == Delivered("http_204")
        await connector.close()
    assert len(writes) == 1
    assert writes[0].startswith(b"POST /in HTTP/1.1\r\n")
    assert writes[0].endswith(b"}")


async def test_a_connection_that_the_receiver_closed_is_not_used_again() -> None:
    """A receiver that closes an idle connection without a word gets the next delivery over a new one."""
    connections = 0

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"}")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()

    async with serving(answer_once) as port:
        connector = WebhookConnector()
        for _ in range(3):
            assert await connector.send(DELIVERY, target(port)) == Delivered("http_204")
            await asyncio.sleep(0.05)
        await connector.close()
    assert connections == 3


async def test_a_connection_that_breaks_is_no_answer() -> None:
    """A receiver that hangs up in the middle of its answer has not taken the message."""

    async def half_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 2")
        await writer.drain()

    async with serving(half_an_answer) as port:
        connector = WebhookConnector()
        assert await connector.send(DELIVERY, target(port)) == RetryAfter("answer_unreadable")
        await connector.close()


async def test_a_read_ends_in_time() -> None:
    """A read that is given a limit keeps it."""
    async with connected(nothing) as stream:
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(10, timeout=0.02)


async def test_a_reset_connection_is_a_read_error() -> None:
    """What breaks a connection reaches the pool as its own kind of error, which closes it."""
    wire = Wire()
    wire.connection_lost(ConnectionResetError("reset"))
    with pytest.raises(OSError, match="broke"):
        await wire.take(10)
    async with connected(nothing) as stream:
        assert isinstance(stream, Stream)
        stream._wire.connection_lost(ConnectionResetError("reset"))
        with pytest.raises(httpcore.ReadError):
            await stream.read(10)


async def test_a_flood_is_slowed_down_and_loses_nothing() -> None:
    """A receiver that answers faster than it is read fills no memory, and every byte still comes in its order."""
    sent = bytes(range(256)) * 4_096

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(sent)
        await writer.drain()

    async with connected(flood) as stream:
        assert isinstance(stream, Stream)
        await stream.write(b"x")
        received = await stream.read(1)
        await asyncio.sleep(0.05)
        assert len(stream._wire._received) < len(sent) - RECEIVED_MAX_BYTES
        while part := await stream.read(10_000):
            received += part
    assert received == sent


async def test_a_closed_door_is_a_connect_error() -> None:
    """A port on which nobody listens is told as such, within the limit."""
    async with serving(nothing) as port:
        pass
    with pytest.raises(httpcore.ConnectError):
        await AsyncioBackend().connect_tcp("127.0.0.1", port, 1.0)


def test_a_changed_target_is_judged_anew() -> None:
    """What is remembered of a target serves only the very same target: new keys and new leave count at once."""
    places = Places()
    first = places.of(target(8_080))
    assert places.of(target(8_080)) is first
    changed = places.of(target(8_080, allow_private_addresses=False))
    assert changed.form.allow_private_addresses is False
    with pytest.raises(ValueError, match="allow_plain_http"):
        places.of(target(8_080, allow_plain_http=False))


def test_remembered_targets_are_bounded() -> None:
    """However many targets come by, memory stays bounded."""
    places = Places()
    for number in range(PLACES_MAX + 5):
        places.of(target(8_080, subscriber_reference=str(number)))
    assert len(places._known) <= PLACES_MAX


def test_a_target_without_a_host_that_can_be_asked_is_refused() -> None:
    """An address that no URL library takes is a fault of the target, told as a value error."""
    with pytest.raises(ValueError, match="address"):
        Places().of({**target(80), "url": "http://☃.example/"})
