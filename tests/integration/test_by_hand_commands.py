"""An operator's commands as typed, against PostgreSQL: park, list, release, explain, replay, reconcile, verify."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.ledger.ledger import StoredLedger
from hub.ledger.open import open_ledger
from hub.operate.command import app
from tests.conformance.hand_world import park_bytes, park_delivery
from tests.conformance.ledger_world import LATER, TEAM, World
from tests.unit.gateway_world import build_world

pytestmark = pytest.mark.database

WHO = ["--actor", "operator_1", "--reason", "receiver is back, ticket 42"]


@pytest.fixture
def dsn(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    build_world(tmp_path)
    (tmp_path / "clock").write_text(LATER, "ascii")
    monkeypatch.setenv("HUB_PARTNERS", str(tmp_path / "partners.toml"))
    monkeypatch.setenv("HUB_CLOCK", str(tmp_path / "clock"))
    monkeypatch.setenv("HUB_DATABASE", database_dsn)
    return database_dsn


async def in_ledger(dsn: str, *, park: bool) -> str:
    """Park a record and a delivery, or deliver what is due; return the number of an event that was delivered."""
    ledger = await open_ledger(dsn, owner="test")
    try:
        return await (_park(ledger) if park else _deliver(ledger))
    finally:
        await ledger.close()


async def _park(ledger: StoredLedger) -> str:
    world = await World(ledger).own()
    await park_bytes(world, 0)
    await park_delivery(world, 1)
    return ""


async def _deliver(ledger: StoredLedger) -> str:
    (delivered,) = await World(ledger).deliver(LATER)
    return delivered.candidate.sealed.uid


def typed(*arguments: str, code: int = 0) -> str:
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == code, answer.output
    return answer.output


def test_from_parked_to_delivered_and_once_more(dsn: str) -> None:
    """The whole way of an operator: what waits is released or rejected, and what was delivered is sent once more."""
    asyncio.run(in_ledger(dsn, park=True))
    junk, delivery = (json.loads(line) for line in typed("parked", "export").splitlines())
    assert "2 waiting" in typed("parked", "list")
    assert "exhausted" in typed("parked", "show", str(delivery["parked_id"]))
    typed("parked", "release", str(junk["parked_id"]), *WHO, code=1)
    typed("parked", "release", "--all", "--receiver", TEAM, *WHO)
    typed("parked", "reject", str(junk["parked_id"]), *WHO)
    assert "0 waiting" in typed("parked", "list")
    uid = asyncio.run(in_ledger(dsn, park=False))
    assert "parked_released" in typed("explain", uid)
    window = ["--receiver", TEAM, "--from", "2026-11-23T00:00:00Z", "--to", "2026-11-24T00:00:00Z"]
    assert "1  would be sent" in typed("replay", *window, "--dry-run")
    assert "1  wait to be sent" in typed("replay", *window, *WHO)
    assert "0  would be sent" in typed("replay", *window, "--dry-run")
    assert asyncio.run(in_ledger(dsn, park=False)) == uid
    assert typed("reconcile").splitlines()[-1].split() == ["difference", "0"]
    head = typed("audit", "verify").splitlines()[0].removeprefix("head ")
    assert "holds" in typed("audit", "verify", "--expect-head", head)
    typed("audit", "verify", "--expect-head", head.replace(":", ":9", 1), code=1)
