"""Both ledgers, under one test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.ledger.ledger import StoredLedger
from hub.ledger.open import MEMORY_DSN, open_ledger
from tests.conformance.ledger_world import World


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.database)])
def ledger_dsn(request: pytest.FixtureRequest) -> str:
    """Give the connection string of the twin, then that of a fresh database."""
    if request.param == "memory":
        return MEMORY_DSN
    dsn: str = request.getfixturevalue("database_dsn")
    return dsn


@pytest.fixture
async def ledger(ledger_dsn: str) -> AsyncIterator[StoredLedger]:
    """Give an empty ledger."""
    opened = await open_ledger(ledger_dsn, owner="test")
    yield opened
    await opened.close()


@pytest.fixture
async def world(ledger: StoredLedger) -> World:
    """Give a worker that owns partition 0."""
    return await World(ledger).own()
