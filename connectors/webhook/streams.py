"""One connection, lean: what a delivery writes leaves in one piece, and nothing is asked of the system twice.

httpcore's own backend goes over anyio: a request's head and body are two system calls with a turn of the loop before
each, and every look at an idle connection polls its socket. With a new delivery every few milliseconds that was a
third of the deliver worker's time. Here head and body wait for each other until the answer is asked for, and the
loop itself tells when the other side hangs up.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any, Final

import httpcore

RECEIVED_MAX_BYTES: Final = 65_536
"""What may wait unread of one connection; above it the system's own buffers push back on the other side."""


class Stream(httpcore.AsyncNetworkStream):
    """A connected stream of httpcore over asyncio's transports."""

    def __init__(self, transport: asyncio.Transport, wire: Wire) -> None:
        self._transport = transport
        self._wire = wire
        self._unsent: list[bytes] = []

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        """Send what was written, and return what comes; empty when the other side ended.

        Raises:
            httpcore.ReadError: the connection broke.
            httpcore.ReadTimeout: nothing came in time.
        """
        if self._unsent:
            self._transport.write(b"".join(self._unsent))
            self._unsent.clear()
        try:
            if timeout is None:
                return await self._wire.take(max_bytes)
            async with asyncio.timeout(timeout):
                return await self._wire.take(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout("nothing came in time") from error
        except OSError as error:
            raise httpcore.ReadError("the connection broke") from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        """Keep these bytes until the answer is asked for. That a connection is gone shows when it is read."""
        if buffer:
            self._unsent.append(buffer)

    async def aclose(self) -> None:
        """Close. What was not sent by now never is."""
        self._unsent.clear()
        if self._wire.ended:
            self._transport.abort()
        else:
            self._transport.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
    ) -> httpcore.AsyncNetworkStream:
        """Return the encrypted stream.

        Raises:
            httpcore.ConnectError: the handshake failed; its argument is the reason (an `ssl.SSLError`).
            httpcore.ConnectTimeout: it took too long.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                upgraded = await loop.start_tls(
                    self._transport, self._wire, ssl_context, server_hostname=server_hostname
                )
        except BaseException as error:
            self._transport.abort()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout("no handshake in time") from error
            if isinstance(error, OSError):
                raise httpcore.ConnectError(error) from error
            raise
        if upgraded is None:
            raise httpcore.ConnectError("the other side hung up")
        return Stream(upgraded, self._wire)

    def get_extra_info(self, info: str) -> Any:
        """Return whether an idle connection has something to say, for which it is of no use any more."""
        if info == "is_readable":
            return self._wire.readable
        return self._transport.get_extra_info(info)


class Wire(asyncio.Protocol):
    """What came over one connection and was not read yet."""

    def __init__(self) -> None:
        self.ended = False
        self._received = bytearray()
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None

    @property
    def readable(self) -> bool:
        """Return whether a read would not wait: bytes, or the end of the connection."""
        return self.ended or bool(self._received)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, to slow the other side down."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep what came."""
        self._received += data
        if len(self._received) > RECEIVED_MAX_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Note that nothing more comes. A half-open connection is of no use: it is closed."""
        self.ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and what broke it."""
        self.ended = True
        self._error = exc
        self._wake()

    async def take(self, max_bytes: int) -> bytes:
        """Return what came, waiting for the first byte; empty at the end. Raises OSError when it broke."""
        while not self.readable:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if not self._received and self._error is not None:
            raise OSError("the connection broke") from self._error
        return self._taken(max_bytes)

    def _taken(self, max_bytes: int) -> bytes:
        was_full = len(self._received) > RECEIVED_MAX_BYTES
        taken = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if was_full and not self.ended and self._transport is not None:
            self._transport.resume_reading()
        return taken

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class AsyncioBackend(httpcore.AsyncNetworkBackend):
    """Connects with asyncio itself."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - the pool gives none
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to an address. TCP_NODELAY is set by asyncio.

        Raises:
            httpcore.ConnectError, httpcore.ConnectTimeout: it does not answer.
        """
        local = None if local_address is None else (local_address, 0)
        try:
            async with asyncio.timeout(timeout):
                transport, wire = await asyncio.get_running_loop().create_connection(
                    Wire, host, port, local_addr=local
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("no connection in time") from error
        except OSError as error:
            raise httpcore.ConnectError(error) from error
        return Stream(transport, wire)
