"""LISTEN on a connection of its own. When it is lost, waiting falls back to short sleeps and it is opened anew."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import asyncpg

from hub.ledger.tables import CHANNELS
from hub.ledger.waking import Waker

FALLBACK_POLL_SECONDS: Final = 1.0
"""Without notices (connection lost, a pooler that drops LISTEN) work is found this late at most."""

LISTEN_TIMEOUT_SECONDS: Final = 5.0
"""A wait must not hang on a database that does not answer."""


class Listener:
    """Wakes tasks of this process on notices of the database."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._waker = Waker()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()

    async def wait(self, channel: str, timeout_seconds: float) -> bool:
        """Sleep until a notice or the time is over; without a connection at most the poll interval."""
        listening = await self._listen()
        limit = timeout_seconds if listening else min(timeout_seconds, FALLBACK_POLL_SECONDS)
        woken = await self._waker.wait(channel, limit)
        return woken or not listening

    async def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()

    async def _listen(self) -> bool:
        async with self._opening:
            if self._connection is not None and not self._connection.is_closed():
                return True
            try:
                self._connection = await self._open()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                self._connection = None
                return False
            # Notices sent while nobody listened are lost: whoever waits must look for itself once.
            self._waker.wake(CHANNELS)
            return True

    async def _open(self) -> asyncpg.Connection[asyncpg.Record]:
        connection = await asyncpg.connect(
            self._dsn, timeout=LISTEN_TIMEOUT_SECONDS, command_timeout=LISTEN_TIMEOUT_SECONDS
        )
        for channel in CHANNELS:
            await connection.add_listener(channel, self._heard)
        connection.add_termination_listener(self._ended)
        return connection

    def _heard(self, *notice: Any) -> None:
        self._waker.wake((str(notice[2]),))

    def _ended(self, *_connection: Any) -> None:
        self._waker.wake(CHANNELS)
