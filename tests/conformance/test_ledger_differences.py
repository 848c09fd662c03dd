"""Books that do not balance name the place; heads kept outside show that a chain was cut. For both ledgers."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import asyncpg
import pytest

from hub.ledger import rows
from hub.ledger.figures import ChainHead, Difference
from hub.ledger.memory_store import MemoryStore
from hub.ledger.open import MEMORY_DSN
from hub.ledger.rows import Table
from tests.conformance.hand_world import park_bytes
from tests.conformance.ledger_world import (
    SCHOOL,
    TEAM,
    World,
    allow,
    judged,
    record,
    refuse,
    sealed_event,
    subscription,
    wait,
)

DAY = date(2026, 11, 23)


async def fill(world: World) -> None:
    """Write one line of each kind that has something behind it."""
    await world.ledger.put_subscription(subscription())
    first = sealed_event("evt-0", subject="ps_0")
    await world.commit(record(0, first, judged(first, allow())))
    await world.deliver()
    second, third = (sealed_event(f"evt-{number}", subject=f"ps_{number}") for number in (1, 2))
    await world.commit(
        record(1, second, judged(second, refuse("gp_1"), allow(TEAM, 1))),
        record(2, third, judged(third, wait())),
    )
    await park_bytes(world, 3)


async def lose(world: World, table: Table[Any], column: str, values: list[str]) -> None:
    async with world.ledger._store.transaction() as tables:
        await tables.delete(table, column, values)


@pytest.mark.parametrize(
    ("table", "column", "value", "found"),
    [
        (rows.DELIVERY, "uid", "evt-0", (0, 0, "delivered", "delivery")),
        (rows.DELIVERY, "uid", "evt-1", (1, 1, "pending", "delivery")),
        (rows.HOLD, "uid", "evt-2", (2, 0, "held", "hold")),
        (rows.PARKED, "place", "evt-3", (3, 0, "parked", "parked")),
        (rows.LINE, "place", "evt-1", (1, -1, "", "lines")),
    ],
)
async def test_a_difference_names_its_place(
    world: World, table: Table[Any], column: str, value: str, found: tuple[int, int, str, str]
) -> None:
    """A delivery, hold, parked row or line that vanished is found at its place in the log, with what is missing."""
    await fill(world)
    assert await world.ledger.desk.differences() == []
    offset, line, state, missing = found
    place = f"1/0/{offset}"
    key = sealed_event(value, subject="ps").uid if column == "uid" else place
    await lose(world, table, column, [key])
    expected = Difference(0, offset, place, line, state, missing)
    assert await world.ledger.desk.differences() == [expected]
    assert (await world.ledger.balance()).difference != 0


async def test_differences_by_day_sender_and_number(world: World) -> None:
    """Day and sender choose as for the balance; no more are listed than asked for, in the order of the log."""
    await fill(world)
    await lose(world, rows.LINE, "place", [f"1/0/{offset}" for offset in range(4)])
    everything = await world.ledger.desk.differences()
    assert [item.offset for item in everything] == [0, 1, 2, 3]
    assert await world.ledger.desk.differences(limit=2) == everything[:2]
    assert await world.ledger.desk.differences(sender=SCHOOL) == everything[:3]
    assert await world.ledger.desk.differences(sender="gp_1") == []
    assert await world.ledger.desk.differences(DAY) == everything
    assert await world.ledger.desk.differences(date(2026, 11, 24)) == []


async def cut_off(world: World, dsn: str, keep: int) -> None:
    """Take away the end of the chain, and set its head back so that the rest holds by itself."""
    async with world.ledger._store.transaction() as tables:
        part = await tables.chain_part(0, 0, 1000)
    last = part[keep - 1]
    if dsn == MEMORY_DSN:
        store: Any = world.ledger._store
        assert isinstance(store, MemoryStore)
        async with store.transaction() as tables:
            await tables.delete(rows.DECISION, "partition", [0])
            await tables.insert(rows.DECISION, part[:keep])
            await tables.upsert(rows.CHAIN, [rows.ChainRow(0, last.position, last.hash)])
        return
    connection = await asyncpg.connect(dsn)
    await connection.execute("alter table decision disable trigger decision_is_final")
    await connection.execute("delete from decision where position > $1", keep)
    await connection.execute("update chain set position = $1, hash = $2", last.position, last.hash)
    await connection.close()


async def test_a_head_kept_outside_shows_that_the_end_was_cut_off(world: World, ledger_dsn: str) -> None:
    """Who cuts off the end and sets the head back leaves a chain that holds; the head noted before is not in it."""
    await fill(world)
    (noted,) = await world.ledger.desk.heads()
    assert (noted.partition, noted.position) == (0, 5)
    assert re.fullmatch("[0-9a-f]{64}", noted.hash)
    assert await world.ledger.desk.still_has(noted)
    await cut_off(world, ledger_dsn, keep=3)
    assert await world.ledger.verify_chain() == []
    assert not await world.ledger.desk.still_has(noted)
    (shorter,) = await world.ledger.desk.heads()
    assert await world.ledger.desk.still_has(shorter)


async def test_a_chain_that_grew_still_has_its_earlier_head(world: World) -> None:
    """What is added later changes nothing about a head that was noted; another hash at its place does."""
    await fill(world)
    (noted,) = await world.ledger.desk.heads()
    await park_bytes(world, 4)
    assert await world.ledger.desk.still_has(noted)
    assert not await world.ledger.desk.still_has(ChainHead(0, noted.position, "00" * 32))
    assert not await world.ledger.desk.still_has(ChainHead(7, 1, noted.hash))
    await World(world.ledger, (5,)).own()
    assert [head.partition for head in await world.ledger.desk.heads()] == [0]
