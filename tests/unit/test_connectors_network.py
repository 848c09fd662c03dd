"""Names, addresses and certificates: the address that was judged is the one connected to, under the right name."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.contract import Delivered, OpenedDelivery, RetryAfter
from connectors.webhook.network import (
    ADDRESSES_TRIED_MAX,
    AddressRefused,
    CheckedBackend,
    NameUnknown,
    system_resolver,
)
from connectors.webhook.sender import WebhookConnector
from hub.core.model import JsonObject

NAME = "hooks.example"
DELIVERY = OpenedDelivery(
    delivery_id="5f0c7f3e-0000-4000-8000-000000000001",
    subscription_id="a2de4777-1160-4562-a996-b79d27b30c99",
    receiver="school_1",
    sequence=1,
    attempt=1,
    attributes={"id": "event-1", "source": "urn:nld:test:hub", "type": "nl.jeugdigen.signal.raised.v1"},
    data={},
)


class Recorder(httpcore.AsyncMockBackend):
    """A network that remembers where connections went; addresses in `closed` do not answer."""

    def __init__(self, *closed: str) -> None:
        super().__init__([])
        self.closed = closed
        self.connected: list[tuple[str, float | None]] = []

    async def connect_tcp(self, host: str, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        self.connected.append((host, args[1]))
        if host in self.closed:
            raise httpcore.ConnectError("refused")
        return await super().connect_tcp(host, *args, **kwargs)


def backend(
    recorder: Recorder, answers: list[Sequence[str]], *, allow_private: bool = False
) -> CheckedBackend:
    async def resolve(_: str, __: int) -> Sequence[str]:
        return answers.pop(0)

    checked = CheckedBackend(resolve, allow_private=allow_private)
    checked._backend = recorder  # type: ignore[assignment]
    return checked


async def test_a_name_that_changes_its_answer_gains_nothing() -> None:
    """DNS rebinding: the judged answer is the one connected to, and a second answer is never asked for."""
    recorder = Recorder()
    answers: list[Sequence[str]] = [["8.8.8.8"], ["127.0.0.1"]]
    await backend(recorder, answers).connect_tcp(NAME, 443, 1.0)
    assert recorder.connected == [("8.8.8.8", 1.0)]
    assert answers == [["127.0.0.1"]]


async def test_nothing_is_connected_when_one_address_is_bad() -> None:
    """A good address among bad ones does not help: no connection is made at all."""
    recorder = Recorder()
    with pytest.raises(AddressRefused):
        await backend(recorder, [["8.8.8.8", "10.0.0.1"]]).connect_tcp(NAME, 443, 1.0)
    with pytest.raises(AddressRefused):
        await backend(recorder, [["8.8.8.8"] * 9 + ["10.0.0.1"]]).connect_tcp(NAME, 443, 1.0)
    assert recorder.connected == []


async def test_addresses_are_tried_in_turn_within_the_limit() -> None:
    """Each address gets its share of the time, in the order of the name server, and the last error is told."""
    recorder = Recorder("8.8.8.8")
    await backend(recorder, [["8.8.8.8", "9.9.9.9"]]).connect_tcp(NAME, 443, 1.0)
    assert recorder.connected == [("8.8.8.8", 0.5), ("9.9.9.9", 0.5)]
    many = [f"8.8.8.{number}" for number in range(1, 9)]
    closed = Recorder(*many)
    with pytest.raises(httpcore.ConnectError):
        await backend(closed, [many]).connect_tcp(NAME, 443)
    assert closed.connected == [(address, None) for address in many[:ADDRESSES_TRIED_MAX]]


async def test_a_name_without_addresses_is_told_apart() -> None:
    """An empty answer is a name without address, not a forbidden one."""
    with pytest.raises(NameUnknown):
        await backend(Recorder(), [[]]).connect_tcp(NAME, 443, 1.0)


async def test_the_system_resolves_literals_and_strange_numbers() -> None:
    """Whatever spelling the C library accepts for this machine, the answer is judged as this machine."""
    assert await system_resolver("127.0.0.1", 80) == ["127.0.0.1"]
    for spelling in ("2130706433", "0177.0.0.1", "0x7f.1", "127.1"):
        assert await system_resolver(spelling, 80) == ["127.0.0.1"]


def authority(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return (server, client) contexts of a certificate for the names that the client trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


@asynccontextmanager
async def tls_receiver(context: ssl.SSLContext, seen: list[str]) -> AsyncIterator[JsonObject]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(next(line for line in head.decode().lower().split("\r\n") if line.startswith("host: ")))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    def named(_: object, name: str, __: object) -> None:
        seen.append(name)

    context.sni_callback = named
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    key = "whsec_" + "Zmlyc3Qta2V5LWZpcnN0LWtleS1maXJzdC1rZXktMSE="
    try:
        yield {"url": f"https://{NAME}:{port}/", "secrets": [key], "allow_private_addresses": True}
    finally:
        server.close()
        await server.wait_closed()


async def here(_: str, __: int) -> Sequence[str]:
    return ["127.0.0.1"]


async def test_the_certificate_is_checked_against_the_name(tmp_path: Path) -> None:
    """Although the connection goes to an address, handshake and Host header name the receiver, and it is checked."""
    seen: list[str] = []
    server, trusting = authority(tmp_path, NAME)
    async with tls_receiver(server, seen) as target:
        connector = WebhookConnector(resolver=here, ssl_context=trusting)
        assert await connector.send(DELIVERY, target) == Delivered("http_204")
        await connector.close()
    assert seen[0] == NAME
    assert seen[1].startswith(f"host: {NAME}:")


async def test_a_certificate_of_another_name_gets_nothing(tmp_path: Path) -> None:
    """A receiver that cannot prove the name is sent nothing, and the delivery waits for a person."""
    seen: list[str] = []
    server, trusting = authority(tmp_path, "other.example")
    async with tls_receiver(server, seen) as target:
        connector = WebhookConnector(resolver=here, ssl_context=trusting)
        assert await connector.send(DELIVERY, target) == RetryAfter("tls_failed", nothing_sent=True)
        await connector.close()
    assert seen == [NAME]


async def test_an_unknown_authority_gets_nothing(tmp_path: Path) -> None:
    """By default only public authorities are trusted."""
    seen: list[str] = []
    server, _ = authority(tmp_path, NAME)
    async with tls_receiver(server, seen) as target:
        connector = WebhookConnector(resolver=here)
        assert await connector.send(DELIVERY, target) == RetryAfter("tls_failed", nothing_sent=True)
        await connector.close()
    assert seen == [NAME]


async def test_an_operator_can_name_a_private_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With SSL_CERT_FILE of the process, receivers of a private authority are reached."""
    seen: list[str] = []
    server, _ = authority(tmp_path, NAME)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    async with tls_receiver(server, seen) as target:
        connector = WebhookConnector(resolver=here)
        assert await connector.send(DELIVERY, target) == Delivered("http_204")
        await connector.close()
