"""Connections that go to a checked address only.

An HTTP client would hand the name to the operating system and connect to whatever it says at that moment; a name that
answers differently the second time (DNS rebinding) would pass any check made before. Here one resolution is both
judged and used. The name itself still goes into the Host header and the TLS handshake, so certificates are checked
as always. httpcore is the engine of httpx; its network backend is the documented place to do this. What httpx adds
(cookies, redirects, proxies, decoding) is all unwanted here, and cost half of a delivery.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, TypeAlias

import httpcore

from connectors.webhook.addresses import permitted
from connectors.webhook.streams import AsyncioBackend

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""From host and port to all addresses. Raises OSError when the name has none."""

ADDRESSES_TRIED_MAX: Final = 3
"""More addresses of one name are not tried within one attempt: the next attempt starts anew."""

CONNECTIONS_MAX: Final = 200
"""All receivers together, per process: well under the usual limit of 1,024 open files."""

IDLE_CONNECTIONS_MAX: Final = 50
IDLE_SECONDS: Final = 30.0
"""Shorter than the idle time after which common servers and balancers close (60 s), so we rarely lose that race."""


class AddressRefused(httpcore.ConnectError):
    """A name led to an address that the hub does not call. Nothing was sent."""


class NameUnknown(httpcore.ConnectError):
    """A name has no address."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """Return all addresses of a host, in the operating system's order of preference."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, judges every address, and connects to a judged one."""

    def __init__(self, resolver: Resolver, *, allow_private: bool) -> None:
        self._resolver = resolver
        self._allow_private = allow_private
        self._backend = AsyncioBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of httpcore
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a permitted address of the host.

        Raises:
            AddressRefused: at least one address of the name is not permitted. One bad address is enough: an
                attacker would mix it among good ones and wait for its turn.
            NameUnknown: there is no address.
            httpcore.ConnectError, httpcore.ConnectTimeout: no address answered.
        """
        addresses = (await self._addresses(host, port, timeout))[:ADDRESSES_TRIED_MAX]
        share = None if timeout is None else timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._backend.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._backend.connect_tcp(addresses[-1], port, share, local_address, socket_options)

    async def _addresses(self, host: str, port: int, limit_seconds: float | None) -> list[str]:
        try:
            async with asyncio.timeout(limit_seconds):
                addresses = list(await self._resolver(host, port))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise NameUnknown("the name has no address") from error
        if not addresses:
            raise NameUnknown("the name has no address")
        if not all(permitted(address, allow_private=self._allow_private) for address in addresses):
            raise AddressRefused("the name leads to an address that is not called")
        return addresses


def checked_pool(
    resolver: Resolver, ssl_context: ssl.SSLContext, *, allow_private: bool
) -> httpcore.AsyncConnectionPool:
    """Return a pool of checked connections. HTTP/1.1, no proxy, no redirects, no retries of its own."""
    return httpcore.AsyncConnectionPool(
        ssl_context=ssl_context,
        max_connections=CONNECTIONS_MAX,
        max_keepalive_connections=IDLE_CONNECTIONS_MAX,
        keepalive_expiry=IDLE_SECONDS,
        network_backend=CheckedBackend(resolver, allow_private=allow_private),
    )
