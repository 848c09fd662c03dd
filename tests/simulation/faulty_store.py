"""The ledger's twin with faults: connections that break at any statement, answers that are lost, crashes anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from hub.ledger.interface import LedgerUnavailableError, RetryBatchError
from hub.ledger.memory_rows import Journal, Shelf
from hub.ledger.memory_store import MemoryStore
from hub.ledger.rows import Table
from hub.ledger.tables import Tables
from tests.simulation.processes import CURRENT, Machine, Process, ProcessDiedError

Change = tuple[str, Any, Any]
"""Name of the table, row before, row after (None: there is none)."""

STATEMENTS = 24
"""A fault strikes at one of so many statements; a transaction with fewer is struck just before it commits."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one transaction: `kind` at statement `at`, or (0) after it committed."""

    kind: str
    at: int


class WatchedShelf(Shelf[Any]):
    """A table that tells what changed in it."""

    def __init__(self, table: Table[Any], changes: list[Change]) -> None:
        super().__init__(table)
        self._name = table.name
        self._changes = changes

    def _put(self, row: Any, journal: Journal) -> None:
        before = self._rows.get(self._key_of(row))
        super()._put(row, journal)
        self._changes.append((self._name, before, row))

    def _take(self, key: tuple[Any, ...], journal: Journal) -> None:
        before = self._rows[key]
        super()._take(key, journal)
        self._changes.append((self._name, before, None))


class StoppedError(Exception):
    """The database ended the transaction of a process that stood still inside it."""


class FaultyTables:
    """Tables of which the n-th statement never comes back."""

    def __init__(self, tables: Tables, fault: Fault, strike: Callable[[str], None]) -> None:
        self._tables = tables
        self._fault = fault
        self._left = fault.at
        self._strike = strike

    def __getattr__(self, name: str) -> Any:
        if name == "notices":
            return getattr(self._tables, name)
        return lambda *arguments, **named: self._statement(name, arguments, named)

    async def _statement(self, name: str, arguments: Any, named: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            self._strike(self._fault.kind)
        return await getattr(self._tables, name)(*arguments, **named)


class FaultyStore:
    """A Store: the twin of the product behind gates. `committed` is told what each transaction changed."""

    def __init__(self, machine: Machine, inner: MemoryStore) -> None:
        self._machine = machine
        self._inner = inner
        self._changes: list[Change] = []
        self.shelves: dict[str, Shelf[Any]] = {
            name: WatchedShelf(shelf._table, self._changes) for name, shelf in inner.shelves.items()
        }
        inner.shelves = self.shelves
        self.offsets = inner.offsets
        self.committed: Callable[[Process | None, list[Change]], None] = lambda _process, _changes: None

    @asynccontextmanager
    async def transaction(self, *, claiming: bool = False) -> AsyncIterator[Any]:
        """See Store."""
        process = CURRENT.get()
        fault: Fault | None = await self._machine.gate("transaction")
        try:
            async with self._inner.transaction(claiming=claiming) as tables:
                self._changes.clear()
                if fault is None or fault.at == 0:
                    yield tables
                else:
                    yield FaultyTables(tables, fault, self._strike)
                    self._strike(fault.kind)  # it had fewer statements: just before it commits
        except StoppedError:
            await self._stand_still()
            raise LedgerUnavailableError("IdleInTransactionSessionTimeout") from None
        self.committed(process, self._changes)
        self._changes.clear()
        if fault is not None:
            self._strike(fault.kind)

    def _strike(self, kind: str) -> None:
        """Let the fault happen."""
        match kind:
            case "crash":
                process = CURRENT.get()
                if process is not None:
                    self._machine.kill(process)
                raise ProcessDiedError
            case "cut":
                raise LedgerUnavailableError("ConnectionDoesNotExistError")
            case "conflict":
                raise RetryBatchError("DeadlockDetectedError")
            case _:
                raise StoppedError

    async def _stand_still(self) -> None:
        """Freeze the process here; the database gave its locks back meanwhile."""
        process = CURRENT.get()
        if process is not None:
            process.is_frozen = True
        await self._machine.gate("thaw")

    def statement(self) -> AbstractAsyncContextManager[Any]:
        """See Store."""
        return self.transaction()

    async def wait(self, channel: str, timeout_seconds: float) -> bool:
        """See Store."""
        return await self._inner.wait(channel, timeout_seconds)

    async def close(self) -> None:
        """See Store."""
