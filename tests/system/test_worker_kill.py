"""The decide worker dies without warning, again and again: the ledger must not notice."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import asyncpg
import pytest

from hub.ledger.interface import Ledger
from hub.wire.envelope import SealedEvent
from tests.system.worker_world import HubWorld, consented, decided, ends, hub_world, registered, signal_raised

pytestmark = [pytest.mark.system, pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(240)]

CHILDREN = 100
EVENTS = 5_000
KILLS = 5


def story() -> list[SealedEvent]:
    """Return 5,000 events about a hundred children: who they are, their consent, and signals."""
    numbers = range(CHILDREN)
    signals = [signal_raised(number, number % CHILDREN) for number in range(EVENTS - 2 * CHILDREN)]
    return [*map(registered, numbers), *map(consented, numbers), *signals]


async def kill_midway(world: HubWorld, ledger: Ledger, target: int) -> None:
    """Start a worker and kill it once it has decided past the target."""
    worker = world.start("decide")
    await decided(ledger, target, worker)
    worker.send_signal(signal.SIGKILL)
    worker.wait()


async def test_five_kills_leave_every_event_decided_once(tmp_path: Path, database_dsn: str) -> None:
    """Killing (-9) five times during 5,000 events: 5,000 decisions, none twice, no gap, and the balance holds."""
    with hub_world(tmp_path, database_dsn) as world:
        await world.prepare()
        ledger = await world.ledger()
        publishing = asyncio.create_task(publish_slowly(world, story()))
        for kill in range(KILLS):
            await kill_midway(world, ledger, (kill + 1) * EVENTS // (KILLS + 2))
        await publishing
        last = world.start("decide")
        await decided(ledger, EVENTS, last)
        assert ends(last) == 0
        await check(ledger, database_dsn)
        await ledger.close()


async def publish_slowly(world: HubWorld, events: list[SealedEvent]) -> None:
    """Publish in small portions, so that kills find work under way."""
    for start in range(0, len(events), 250):
        await world.publish(events[start : start + 250])
        await asyncio.sleep(0.05)


async def check(ledger: Ledger, dsn: str) -> None:
    """Look for what is missing, double or out of order."""
    balance = await ledger.balance()
    assert balance.records == EVENTS
    assert balance.difference == 0
    assert await ledger.verify_chain() == []
    connection = await asyncpg.connect(dsn)
    try:
        places = await connection.fetch(
            "select partition, count(*) as records, count(distinct record_offset) as offsets, "
            "min(record_offset) as first, max(record_offset) as last from intake group by partition"
        )
        uids = await connection.fetchval("select count(distinct uid) from intake")
        firsts = await connection.fetchval(
            "select count(*) from intake where verdict in ('duplicate', 'conflict')"
        )
        offsets = await connection.fetch("select partition, next_offset from log_offset")
    finally:
        await connection.close()
    assert uids == EVENTS
    next_offsets = {row["partition"]: row["next_offset"] for row in offsets}
    assert firsts == 0
    for place in places:
        assert place["records"] == place["offsets"] == place["last"] + 1
        assert place["first"] == 0
        assert next_offsets[place["partition"]] == place["last"] + 1


async def test_a_worker_is_started_anew_after_the_database_was_away(
    tmp_path: Path, database_dsn: str
) -> None:
    """Broken connections under load cost a retry at most: the same process goes on, and nothing is lost."""
    with hub_world(tmp_path, database_dsn) as world:
        await world.prepare()
        ledger = await world.ledger()
        worker = world.start("decide")
        numbers = range(CHILDREN)
        await world.publish(map(registered, numbers))
        await decided(ledger, CHILDREN, worker)
        connection = await asyncpg.connect(database_dsn)
        deadline = time.monotonic() + 1.0
        publishing = asyncio.create_task(world.publish(signal_raised(n, n % CHILDREN) for n in range(1_000)))
        while time.monotonic() < deadline:
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.1)
        await connection.close()
        await publishing
        await ledger.close()
        ledger = await world.ledger()
        await decided(ledger, CHILDREN + 1_000, worker)
        assert ends(worker) == 0
        balance = await ledger.balance()
        assert (balance.records, balance.difference) == (CHILDREN + 1_000, 0)
        await ledger.close()
