"""The webhook connector against a real receiver on this machine."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from connectors.contract import Delivered, OpenedDelivery, Refused, RetryAfter
from connectors.egress import egress_attributes
from connectors.webhook import sender
from connectors.webhook.sender import BODY_MAX_BYTES, SENDS_AT_ONCE_PER_RECEIVER, WebhookConnector
from hub.core.model import JsonObject
from hub.wire.cloudevents import parse_http

FIRST_KEY = "whsec_" + "Zmlyc3Qta2V5LWZpcnN0LWtleS1maXJzdC1rZXktMSE="
SECOND_KEY = "whsec_" + "c2Vjb25kLWtleS1zZWNvbmQta2V5LXNlY29uZC1rISE="
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

DELIVERY = OpenedDelivery(
    delivery_id="5f0c7f3e-0000-4000-8000-000000000001",
    subscription_id="a2de4777-1160-4562-a996-b79d27b30c99",
    receiver="school_1",
    sequence=42,
    attempt=1,
    attributes={
        "id": "event-1",
        "source": "urn:nld:oin:00000001002220647000:systeem:hub",
        "type": "nl.jeugdigen.signal.raised.v1",
        "time": "2026-11-20T12:00:00+01:00",
        "subject": "ps_1_" + "0" * 64,
    },
    data={"urgency": "u3", "sections": {"codes": {"requested_action": "één gesprek"}}},
)


@dataclass
class Receiver:
    """A receiver that keeps what it gets and answers what a test wants; `pause_seconds` delays each answer."""

    answers: list[bytes] = field(default_factory=list)
    pause_seconds: float = 0.0
    address: str = ""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    at_once: int = 0
    at_once_most: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                await self._one(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side hung up
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        request, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.requests.append((request, headers, body))
        self.at_once += 1
        self.at_once_most = max(self.at_once, self.at_once_most)
        await asyncio.sleep(self.pause_seconds)
        self.at_once -= 1
        writer.write(self.answers.pop(0) if self.answers else OK)
        await writer.drain()

    def target(self, **changes: Any) -> JsonObject:
        target: JsonObject = {
            "url": self.address,
            "secrets": [FIRST_KEY],
            "allow_plain_http": True,
            "allow_private_addresses": True,
        }
        return target | changes


@asynccontextmanager
async def receiving(*answers: bytes, pause_seconds: float = 0.0) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(answers), pause_seconds)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/in?from=hub"
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def sending(**settings: Any) -> AsyncIterator[WebhookConnector]:
    connector = WebhookConnector(**settings)
    try:
        yield connector
    finally:
        await connector.close()


async def test_a_structured_event_arrives_whole_and_signed() -> None:
    """A receiver with the public library verifies the bytes and finds the event with its sequence number."""
    async with receiving() as receiver, sending() as connector:
        assert await connector.send(DELIVERY, receiver.target()) == Delivered("http_200")
    request, headers, body = receiver.requests[0]
    assert request == "POST /in?from=hub HTTP/1.1"
    assert Webhook(FIRST_KEY).verify(body, headers) == json.loads(body)
    assert headers["webhook-id"] == DELIVERY.delivery_id
    event = parse_http(headers, body)
    assert dict(event.attributes) == {
        **DELIVERY.attributes,
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "sequence": "42",
        "sequencetype": "Integer",
        "subscription": DELIVERY.subscription_id,
        "domain": "nl.jeugdigen",
    }
    assert event.data == DELIVERY.data


async def test_a_binary_event_arrives_with_its_attributes_in_headers() -> None:
    """In binary mode the body is the data alone, under the signature; references of the subscriber are there."""
    async with receiving() as receiver, sending() as connector:
        target = receiver.target(mode="binary", domain="nl.voorbeeld", subscriber_reference="eigen kenmerk é")
        assert await connector.send(DELIVERY, target) == Delivered("http_200")
    _, headers, body = receiver.requests[0]
    assert json.loads(body) == DELIVERY.data
    Webhook(FIRST_KEY).verify(body, headers)
    event = parse_http(headers, body)
    assert event.attributes["domain"] == "nl.voorbeeld"
    assert event.attributes["sequence"] == "42"
    assert headers["ce-subscriberreference"] == "eigen%20kenmerk%20%C3%A9"


async def test_during_a_rotation_both_keys_verify() -> None:
    """With two keys one header holds two signatures, and a receiver with either key accepts the message."""
    async with receiving() as receiver, sending() as connector:
        await connector.send(DELIVERY, receiver.target(secrets=[FIRST_KEY, SECOND_KEY]))
    _, headers, body = receiver.requests[0]
    assert len(headers["webhook-signature"].split(" ")) == 2
    for key in (FIRST_KEY, SECOND_KEY):
        Webhook(key).verify(body, headers)


async def test_a_retry_has_the_same_id_and_bytes_and_a_fresh_timestamp() -> None:
    """A receiver drops repeats by webhook-id and still accepts a retry that comes days later."""
    moments = iter([1_800_000_000, 1_800_000_001, 1_800_200_000, 1_800_200_001])
    clock = lambda: datetime.fromtimestamp(next(moments), UTC)  # noqa: E731 - one line of scripted time
    async with (
        receiving(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n") as receiver,
        sending(clock=clock) as connector,
    ):
        assert await connector.send(DELIVERY, receiver.target()) == RetryAfter("http_503")
        again = await connector.send(replace(DELIVERY, attempt=2), receiver.target())
        assert again == Delivered("http_200")
    (_, first, body), (_, second, same_body) = receiver.requests
    assert body == same_body
    assert first["webhook-id"] == second["webhook-id"]
    assert (first["webhook-timestamp"], second["webhook-timestamp"]) == ("1800000000", "1800200000")
    assert first["webhook-signature"] != second["webhook-signature"]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", Refused("gone", disables=True)),
        (b"HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n", Refused("http_422")),
        (b"HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n", RetryAfter("http_401")),
        (b"HTTP/1.1 429 Wait\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n", RetryAfter("http_429", 30)),
        (b"HTTP/1.1 503 Wait\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", RetryAfter("http_503")),
        (
            b"HTTP/1.1 302 There\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
            RetryAfter("redirect_not_followed"),
        ),
    ],
)
async def test_answers_become_results(answer: bytes, result: object) -> None:
    """What the receiver says over the network becomes the result of the published table."""
    async with receiving(answer) as receiver, sending() as connector:
        assert await connector.send(DELIVERY, receiver.target()) == result


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 1000000\r\n\r\n" + b"x" * 10,
        b"Content-Length: 100000\r\n\r\n" + b"x" * 100_000,
        b"Transfer-Encoding: chunked\r\n\r\nnot a chunk\r\n",
        b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nzip",
    ],
)
async def test_a_bad_body_does_not_undo_a_good_status(body: bytes) -> None:
    """The status is the answer: a body that hangs, is huge or broken changes nothing and is not waited for."""
    async with (
        receiving(b"HTTP/1.1 200 OK\r\n" + body) as receiver,
        sending(time_limit_seconds=1.0) as connector,
    ):
        started = time.monotonic()
        assert await connector.send(DELIVERY, receiver.target()) == Delivered("http_200")
        assert time.monotonic() - started < 1.0
        assert await connector.send(DELIVERY, receiver.target()) == Delivered("http_200")


async def test_a_caller_that_gives_up_leaves_no_connection_behind() -> None:
    """When the caller's own limit cuts in while the body hangs, the connection is closed all the same."""
    hangs = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"
    async with receiving(hangs) as receiver, sending() as connector:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await connector.send(DELIVERY, receiver.target())
        assert connector._pools[True].connections == []


async def test_a_small_body_keeps_the_connection() -> None:
    """An ordinary receiver is called over one connection, delivery after delivery."""
    small = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BODY_MAX_BYTES + b"x" * BODY_MAX_BYTES
    async with receiving(small, small) as receiver, sending() as connector:
        for _ in range(3):
            assert await connector.send(DELIVERY, receiver.target()) == Delivered("http_200")
    assert receiver.connections == 1


async def test_cookies_of_a_receiver_are_not_kept() -> None:
    """Nothing that a receiver sets comes back with the next delivery, to it or to another on the same host."""
    cookie = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=1; Path=/\r\nContent-Length: 0\r\n\r\n"
    async with receiving(cookie) as receiver, sending() as connector:
        await connector.send(DELIVERY, receiver.target())
        await connector.send(DELIVERY, receiver.target())
    assert all("cookie" not in headers for _, headers, _ in receiver.requests)


async def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy or netrc of the machine is not used: what is sent goes to the receiver alone."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with receiving() as receiver, sending() as connector:
        assert await connector.send(DELIVERY, receiver.target()) == Delivered("http_200")


async def test_one_receiver_gets_few_deliveries_at_a_time() -> None:
    """A slow receiver holds no more than its share of connections."""
    async with receiving(pause_seconds=0.05) as receiver, sending() as connector:
        results = await asyncio.gather(*(connector.send(DELIVERY, receiver.target()) for _ in range(30)))
    assert set(results) == {Delivered("http_200")}
    assert receiver.at_once_most == SENDS_AT_ONCE_PER_RECEIVER


async def test_a_hanging_receiver_does_not_hold_up_another() -> None:
    """While one host hangs, deliveries to another go out at once."""
    async with (
        receiving(pause_seconds=5) as slow,
        receiving() as quick,
        sending(time_limit_seconds=1.0) as connector,
    ):
        waiting = [asyncio.create_task(connector.send(DELIVERY, slow.target())) for _ in range(20)]
        await asyncio.sleep(0.1)
        started = time.monotonic()
        assert await connector.send(DELIVERY, quick.target()) == Delivered("http_200")
        assert time.monotonic() - started < 0.5
        assert set(await asyncio.gather(*waiting)) == {RetryAfter("timeout")}


async def test_a_message_that_cannot_be_written_is_refused_for_a_person() -> None:
    """A delivery with an attribute that is none is our own fault: it is not tried for days, and nothing is sent."""
    wrong = replace(DELIVERY, attributes={**DELIVERY.attributes, "not a name": "x"})
    async with receiving() as receiver, sending() as connector:
        assert await connector.send(wrong, receiver.target()) == Refused("message_not_sendable")
    assert receiver.requests == []


async def test_an_id_cannot_smuggle_a_header() -> None:
    """A line break in an id never becomes a header of its own."""
    wrong = replace(DELIVERY, delivery_id="a\r\nx-evil: 1")
    async with receiving() as receiver, sending() as connector:
        assert await connector.send(wrong, receiver.target()) == Refused("message_not_sendable")
    assert receiver.requests == []


def resolver(*answers: Sequence[str] | Exception) -> Any:
    """Answer look-ups one after another; the last answer stays."""
    left = list(answers)

    async def resolve(_: str, __: int) -> Sequence[str]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return resolve


def at_name(receiver: Receiver, **changes: Any) -> JsonObject:
    return receiver.target(url=receiver.address.replace("127.0.0.1", "hooks.example"), **changes)


async def test_the_name_goes_into_the_host_header() -> None:
    """The connection goes to the checked address, the request still says whom it is for."""
    async with receiving() as receiver, sending(resolver=resolver(["127.0.0.1"])) as connector:
        assert await connector.send(DELIVERY, at_name(receiver)) == Delivered("http_200")
    assert receiver.requests[0][1]["host"].startswith("hooks.example:")


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["10.0.0.1"]]
)
async def test_a_name_that_leads_inside_is_not_called(addresses: list[str]) -> None:
    """One private address among the answers is enough to send nothing."""
    async with receiving() as receiver, sending(resolver=resolver(addresses)) as connector:
        result = await connector.send(DELIVERY, at_name(receiver, allow_private_addresses=False))
    assert result == RetryAfter("address_not_allowed", nothing_sent=True)
    assert receiver.connections == 0


async def test_metadata_services_are_never_called() -> None:
    """Not even a target with leave for private addresses reaches a metadata service."""
    async with sending(resolver=resolver(["169.254.169.254"])) as connector:
        result = await connector.send(DELIVERY, Receiver(address="http://metadata.example/").target())
    assert result == RetryAfter("address_not_allowed", nothing_sent=True)


async def test_a_connection_with_leave_is_not_lent_to_a_target_without() -> None:
    """An open connection to a private address does not serve a target that may not call one."""
    async with receiving() as receiver, sending(resolver=resolver(["127.0.0.1"])) as connector:
        assert await connector.send(DELIVERY, at_name(receiver)) == Delivered("http_200")
        result = await connector.send(DELIVERY, at_name(receiver, allow_private_addresses=False))
    assert result == RetryAfter("address_not_allowed", nothing_sent=True)
    assert len(receiver.requests) == 1


async def test_the_next_address_is_tried() -> None:
    """A receiver with several addresses is reached when the first does not answer."""
    async with receiving() as receiver, sending(resolver=resolver(["::1", "127.0.0.1"])) as connector:
        assert await connector.send(DELIVERY, at_name(receiver)) == Delivered("http_200")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (OSError("no such host"), "name_not_resolved"),
        ([], "name_not_resolved"),
        (UnicodeError("label too long"), "name_not_resolved"),
    ],
)
async def test_a_name_without_address_waits(answer: Any, reason: str) -> None:
    """A name that cannot be resolved today is tried again."""
    async with receiving() as receiver, sending(resolver=resolver(answer)) as connector:
        assert await connector.send(DELIVERY, at_name(receiver)) == RetryAfter(reason, nothing_sent=True)


async def test_a_slow_name_server_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that hangs counts as a timeout of the connection."""
    monkeypatch.setattr(sender, "CONNECT_LIMIT_SECONDS", 0.1)

    async def hanging(_: str, __: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    async with receiving() as receiver, sending(resolver=hanging) as connector:
        assert await connector.send(DELIVERY, at_name(receiver)) == RetryAfter("timeout", nothing_sent=True)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"])
async def test_this_machine_is_not_called_by_any_name(host: str) -> None:
    """With the system's own resolver, no name or literal of this machine is called without leave."""
    async with receiving() as receiver, sending() as connector:
        target = receiver.target(
            url=receiver.address.replace("127.0.0.1", host),
            allow_private_addresses=False,
        )
        assert await connector.send(DELIVERY, target) == RetryAfter("address_not_allowed", nothing_sent=True)
    assert receiver.connections == 0


def test_what_the_agent_already_set_is_overruled_by_the_subscription() -> None:
    """Attributes of a chained hub are replaced by those of this subscription (VNG Notification API)."""
    chained = replace(DELIVERY, attributes={**DELIVERY.attributes, "subscription": "old", "sequence": "7"})
    attributes = egress_attributes(chained)
    assert (attributes["subscription"], attributes["sequence"]) == (DELIVERY.subscription_id, "42")
