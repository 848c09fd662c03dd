"""One test of the contract, for every connector that the catalogue finds: nobody has to register a new one here."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from typing import Final

import pytest
from pydantic import BaseModel

from connectors.catalogue import find_connectors
from connectors.contract import (
    SEND_TIME_LIMIT_SECONDS,
    Accepted,
    Delivered,
    Description,
    Direction,
    InboundConnector,
    OpenedDelivery,
    OutboundConnector,
    Refused,
    Rejected,
    RetryAfter,
)
from hub.core.model import Json, JsonObject

CONNECTORS = find_connectors()
OUTBOUND = [name for name, found in CONNECTORS.items() if found.outbound is not None]
CHECKS: Final = frozenset({"hostile_receiver"})
"""The checks that a connector may waive, with a reason."""

LIMIT_SECONDS: Final = 0.6
SLACK_SECONDS: Final = 0.5
"""What a busy machine may add to the limit."""

CANARY: Final = "canary-4711"

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def delivery(number: int = 1) -> OpenedDelivery:
    return OpenedDelivery(
        delivery_id=f"7b1f4d3e-0000-4000-8000-{number:012}",
        subscription_id="a2de4777-1160-4562-a996-b79d27b30c99",
        receiver="school_1",
        sequence=number,
        attempt=1,
        attributes={
            "id": f"event-{number}",
            "source": "urn:nld:oin:00000001002220647000:systeem:hub",
            "type": "nl.jeugdigen.signal.raised.v1",
            "time": "2026-11-20T12:00:00+01:00",
            "subject": "ps_1_" + "0" * 64,
        },
        data={"sections": {"narrative": {"facts": CANARY}}},
    )


@asynccontextmanager
async def receiver(answer: Answer) -> AsyncIterator[str]:
    """Serve one behaviour on a free port of this machine and give its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the connector hung up, as it may
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/in"
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def opened(description: Description) -> AsyncIterator[OutboundConnector]:
    assert description.outbound is not None
    connector = description.outbound(time_limit_seconds=LIMIT_SECONDS)
    try:
        yield connector
    finally:
        await connector.close()


def example(description: Description, address: str) -> JsonObject:
    assert description.example_target is not None
    return description.example_target(address)


async def hangs_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def hangs(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def hangs_in_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-")
    await reader.read()


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.is_closing():
        writer.write(b"X-A: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


def says(answer: bytes) -> Answer:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    return say


HOSTILE: Mapping[str, Answer] = {
    "hangs up at once": hangs_up,
    "never answers": hangs,
    "stops within the headers": hangs_in_headers,
    "drips headers for ever": drips,
    "answers nothing": says(b""),
    "answers no HTTP": says(b"\x00\xff garbage\r\n\r\n"),
    "answers half a status line": says(b"HTTP/1.1 20"),
    "answers a status that is none": says(b"HTTP/1.1 abc OK\r\n\r\n"),
    "answers a status out of range": says(b"HTTP/1.1 999 Whatever\r\nContent-Length: 0\r\n\r\n"),
    "answers endless headers": says(b"HTTP/1.1 200 OK\r\n" + b"X-Y: " + b"z" * 300_000),
    "answers two lengths": says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "greets as another protocol": says(b"220 mail.example ESMTP\r\n"),
    "fails": says(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"),
    "switches protocols": says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
}


@pytest.mark.parametrize("name", CONNECTORS)
def test_every_connector_describes_itself(name: str) -> None:
    """A description is complete, agrees with its directions, and each waiver is known and has a reason."""
    description = CONNECTORS[name]
    assert description.standard
    assert description.version
    assert description.directions
    assert issubclass(description.target, BaseModel)
    assert description.target.model_config.get("extra") == "forbid"
    assert (Direction.OUTBOUND in description.directions) is (description.outbound is not None)
    assert (Direction.INBOUND in description.directions) is (description.inbound is not None)
    assert set(description.waivers) <= CHECKS
    assert all(len(reason.split()) >= 4 for reason in description.waivers.values())


@pytest.mark.parametrize("name", OUTBOUND)
async def test_it_delivers_and_tells_so(name: str) -> None:
    """A receiver that takes the message gives Delivered, many at a time, and the target has its form."""
    description = CONNECTORS[name]
    async with receiver(accepts) as address, opened(description) as connector:
        target = example(description, address)
        description.target.model_validate(target)
        assert isinstance(connector, OutboundConnector)
        results = await asyncio.gather(*(connector.send(delivery(number), target) for number in range(1, 20)))
        assert all(isinstance(result, Delivered) for result in results)


@pytest.mark.parametrize("behaviour", HOSTILE)
@pytest.mark.parametrize("name", [n for n in OUTBOUND if "hostile_receiver" not in CONNECTORS[n].waivers])
async def test_a_hostile_receiver_only_postpones(name: str, behaviour: str) -> None:
    """A receiver that hangs or answers garbage gives RetryAfter within the limit, never an exception."""
    description = CONNECTORS[name]
    async with receiver(HOSTILE[behaviour]) as address, opened(description) as connector:
        started = time.monotonic()
        result = await connector.send(delivery(), example(description, address))
        assert time.monotonic() - started < LIMIT_SECONDS + SLACK_SECONDS
        assert isinstance(result, RetryAfter)
        assert result.seconds is None
        assert result.reason.isidentifier()


@pytest.mark.parametrize("name", [n for n in OUTBOUND if "hostile_receiver" not in CONNECTORS[n].waivers])
async def test_nobody_there_only_postpones(name: str) -> None:
    """A closed port gives RetryAfter."""
    description = CONNECTORS[name]
    async with receiver(accepts) as address:
        pass
    async with opened(description) as connector:
        assert isinstance(await connector.send(delivery(), example(description, address)), RetryAfter)


@pytest.mark.parametrize("name", [n for n in OUTBOUND if "hostile_receiver" not in CONNECTORS[n].waivers])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(name: str, status: int) -> None:
    """A redirect is not followed: signed content never goes where the configuration does not say."""
    reached: list[bytes] = []

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.readuntil(b"\r\n"))
        await accepts(reader, writer)

    description = CONNECTORS[name]
    async with receiver(other) as elsewhere:
        moved = says(f"HTTP/1.1 {status} M\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n".encode())
        async with receiver(moved) as address, opened(description) as connector:
            result = await connector.send(delivery(), example(description, address))
    assert isinstance(result, RetryAfter | Refused)
    assert reached == []


@pytest.mark.parametrize("name", OUTBOUND)
async def test_a_strange_target_is_an_answer_too(name: str) -> None:
    """A target of another form gives a value of the contract, never an exception, and never Delivered."""
    description = CONNECTORS[name]
    strange: list[dict[str, Json]] = [{}, {"url": 3}, {"inbox": None}, {"url": "http://[", "inbox": []}]
    async with opened(description) as connector:
        for target in strange:
            assert isinstance(await connector.send(delivery(), target), RetryAfter | Refused)


@pytest.mark.parametrize("name", OUTBOUND)
async def test_closing_twice_is_harmless(name: str) -> None:
    """Close is idempotent, and what comes after it waits instead of failing or being lost."""
    description = CONNECTORS[name]
    async with receiver(accepts) as address, opened(description) as connector:
        target = example(description, address)
        await connector.send(delivery(), target)
        await connector.close()
        await connector.close()
        assert isinstance(await connector.send(delivery(2), target), RetryAfter)


@pytest.mark.parametrize("name", OUTBOUND)
async def test_closing_amid_a_delivery_is_harmless(name: str) -> None:
    """A delivery under way when the hub stops ends with a value of the contract."""
    description = CONNECTORS[name]
    async with receiver(hangs) as address, opened(description) as connector:
        sending = asyncio.create_task(connector.send(delivery(), example(description, address)))
        await asyncio.sleep(0.1)
        await connector.close()
        assert isinstance(await sending, Delivered | RetryAfter)


@pytest.mark.parametrize("name", OUTBOUND)
async def test_nothing_secret_shows(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """No secret of the target and no content of the message is in a log line, a result or a printed connector."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    description = CONNECTORS[name]
    shown: list[str] = []
    for answer in (accepts, *HOSTILE.values()):
        async with receiver(answer) as address, opened(description) as connector:
            target = example(description, address)
            result = await connector.send(delivery(), target)
            shown += [
                repr(connector),
                repr(result),
                repr(description),
                str(description.target.model_validate(target)),
            ]
    secrets = target.get("secrets")
    for secret in [*(secrets if isinstance(secrets, list) else []), CANARY]:
        assert str(secret) not in caplog.text + "".join(shown)


def test_inbound_connectors_reject_garbage() -> None:
    """Every inbound connector answers garbage with Rejected values, never an exception."""
    garbage = [b"", b"\xff\xfe", b"{", b"<a", b"[]", b"null", b'{"a":1,"a":2}', b"\x00" * 1000]
    for description in CONNECTORS.values():
        if description.inbound is None:
            continue
        connector = description.inbound()
        assert isinstance(connector, InboundConnector)
        for body in garbage:
            results = connector.map({}, body)
            assert all(isinstance(result, Accepted | Rejected) for result in results)
            assert not any(isinstance(result, Accepted) for result in results)


def test_the_default_limit_leaves_room_for_a_crisis() -> None:
    """Without another limit, an attempt takes a quarter of the 60 seconds of u1_delivery (EVENTS.md section 8)."""
    assert SEND_TIME_LIMIT_SECONDS * 4 <= 60


async def accepts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take every request of a connection, as an ordinary receiver does."""
    with closing(writer):
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
