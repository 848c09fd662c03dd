"""A ledger that the commands of an operator open, inside the process of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hub.ledger.ledger import StoredLedger
from hub.ledger.open import MEMORY_DSN, open_ledger
from hub.operate import bookkeeping, parked, replay
from tests.conformance.ledger_world import LATER, World
from tests.unit.gateway_world import build_world


@asynccontextmanager
async def operated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """Give a worker with a ledger in memory, which every command opens; it is `LATER` for them."""
    ledger = await open_ledger(MEMORY_DSN, owner="test")

    async def opened(_dsn: str, *, owner: str, rule_set: str = "") -> StoredLedger:
        assert owner in {"parked", "replay", "reconcile", "audit"}
        assert rule_set.startswith("samenhub/") is (owner == "replay")
        return ledger

    async def stay_open() -> None:
        """Let the test look afterwards."""

    build_world(folder)
    (folder / "clock").write_text(LATER, "ascii")
    monkeypatch.setenv("HUB_PARTNERS", str(folder / "partners.toml"))
    monkeypatch.setenv("HUB_CLOCK", str(folder / "clock"))
    monkeypatch.setattr(ledger, "close", stay_open)
    for module in (bookkeeping, parked, replay):
        monkeypatch.setattr(module, "open_ledger", opened)
    yield await World(ledger).own()
