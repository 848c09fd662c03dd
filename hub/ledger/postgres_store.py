"""The connection pool: one transaction per call, errors in the ledger's own words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

import asyncpg

from hub.ledger.interface import LedgerUnavailableError, RetryBatchError
from hub.ledger.postgres_listener import Listener
from hub.ledger.postgres_tables import PostgresTables
from hub.ledger.tables import IDLE_IN_TRANSACTION_SECONDS, LOCK_TIMEOUT_SECONDS, Tables

COMMAND_TIMEOUT_SECONDS: Final = 30.0
"""A statement that takes longer is a fault of the database; the caller must be able to give up and restart."""

CONNECT_TIMEOUT_SECONDS: Final = 10.0
"""A database that does not accept a connection in this time counts as unavailable."""

STATEMENTS_KEPT: Final = 256
"""Prepared statements per connection: which writes travel together differs from batch to batch."""

_RETRY: Final = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
_UNAVAILABLE: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
    # The driver's own state machine, when a connection breaks in the middle of an answer.
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into the ledger's. Texts of the database never pass: they can name values."""
    try:
        yield
    except _RETRY as error:
        raise RetryBatchError(type(error).__name__) from None
    except _UNAVAILABLE as error:
        raise LedgerUnavailableError(type(error).__name__) from None


class PostgresStore:
    """A Store on PostgreSQL. Make it with `open_store`; `close` it in the end."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], listener: Listener) -> None:
        self._pool = pool
        self._listener = listener

    @asynccontextmanager
    async def transaction(self, *, claiming: bool = False) -> AsyncIterator[Tables]:
        """See Store."""
        with translated():
            connection = await self._pool.acquire(timeout=CONNECT_TIMEOUT_SECONDS)
        try:
            transaction = connection.transaction()
            with translated():
                await transaction.start()
                if claiming:
                    await connection.execute(
                        f"set local lock_timeout = '{int(LOCK_TIMEOUT_SECONDS * 1000)}ms'"
                    )
            try:
                with translated():
                    tables = PostgresTables(connection)
                    yield tables
                    await tables.finish()
            except BaseException:
                await _roll_back(connection, transaction)
                raise
            with translated():
                await transaction.commit()
        finally:
            await self._pool.release(connection)

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Tables]:
        """See Store. Without the round trips that begin and commit."""
        with translated():
            connection = await self._pool.acquire(timeout=CONNECT_TIMEOUT_SECONDS)
        try:
            with translated():
                tables = PostgresTables(connection)
                yield tables
                await tables.finish()
        finally:
            await self._pool.release(connection)

    async def wait(self, channel: str, timeout_seconds: float) -> bool:
        """See Store."""
        return await self._listener.wait(channel, timeout_seconds)

    async def close(self) -> None:
        """See Store."""
        await self._listener.close()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()


async def _roll_back(
    connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record], transaction: asyncpg.transaction.Transaction
) -> None:
    """Roll back; a connection that cannot is cut, and the database rolls back by itself."""
    try:
        await transaction.rollback()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        # The driver itself may have given it back already.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()


async def _keep(_connection: object) -> None:
    """Do nothing when a connection goes back to the pool, where the driver would ask the database to reset it.

    Transactions leave nothing behind: settings are `set local`, advisory locks are those of transactions, and
    nothing listens or opens cursors here. What a transaction that was left open, the driver itself rolls back.
    """


async def open_store(dsn: str, *, owner: str, pool_size: int) -> PostgresStore:
    """Connect. Raises LedgerUnavailableError."""
    settings = {
        "application_name": f"samenhub {owner}"[:60],
        "idle_in_transaction_session_timeout": f"{int(IDLE_IN_TRANSACTION_SECONDS * 1000)}ms",
        # Short statements by key: compiling them costs more than running them.
        "jit": "off",
        # A plan is kept, so it must not be one that suits tables that are still nearly empty.
        "enable_seqscan": "off",
        # Planning costs more than running too; the look-ups are by key, whatever the values.
        "plan_cache_mode": "force_generic_plan",
        "timezone": "UTC",
    }
    with translated():
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=pool_size,
            timeout=CONNECT_TIMEOUT_SECONDS,
            command_timeout=COMMAND_TIMEOUT_SECONDS,
            server_settings=settings,
            statement_cache_size=STATEMENTS_KEPT,
            max_cacheable_statement_size=0,
            reset=_keep,
        )
    return PostgresStore(pool, Listener(dsn))
