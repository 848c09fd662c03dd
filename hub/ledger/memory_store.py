"""The twin in memory: the same tables as dictionaries, one transaction at a time, with a journal to roll back.

Honest about what matters: fencing, unique keys, leases, numbers, the audit chain and rollback of failed
transactions. One lock stands for every lock of the database: who would skip or wait for a locked row there, waits
here for the whole transaction and then sees its result.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from hub.ledger.interface import LedgerUnavailableError
from hub.ledger.memory_rows import Shelf
from hub.ledger.memory_tables import MemoryTables, OffsetRow
from hub.ledger.rows import ALL_TABLES
from hub.ledger.tables import LOCK_TIMEOUT_SECONDS, Tables
from hub.ledger.waking import Waker


class MemoryStore:
    """A Store that lives as long as the process."""

    def __init__(self) -> None:
        self.shelves = {table.name: Shelf(table) for table in ALL_TABLES}
        self.logs: dict[tuple[str, str], int] = {}
        self.offsets: dict[tuple[int, int], OffsetRow] = {}
        self._lock = asyncio.Lock()
        self._waker = Waker()
        self._closed = False

    @asynccontextmanager
    async def transaction(self, *, claiming: bool = False) -> AsyncIterator[Tables]:  # noqa: ARG002
        """See Store. Waits for the transaction before it as long as the database would."""
        if self._closed:
            raise LedgerUnavailableError("closed")
        try:
            async with asyncio.timeout(LOCK_TIMEOUT_SECONDS):
                await self._lock.acquire()
        except TimeoutError:
            raise LedgerUnavailableError("LockNotAvailable") from None
        tables = MemoryTables(self.shelves, self.logs, self.offsets)
        try:
            yield tables
        except BaseException:
            tables.roll_back()
            raise
        else:
            self._waker.wake(tables.notices)
        finally:
            self._lock.release()

    def statement(self) -> AbstractAsyncContextManager[Tables]:
        """See Store."""
        return self.transaction()

    async def wait(self, channel: str, timeout_seconds: float) -> bool:
        """See Store."""
        return await self._waker.wait(channel, timeout_seconds)

    async def close(self) -> None:
        """See Store."""
        self._closed = True
