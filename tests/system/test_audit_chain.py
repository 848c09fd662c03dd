"""Whoever edits, removes or inserts a decision in the database is found out by `hub audit verify`."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from hub.operate.demo.stage import in_state
from tests.system.hub_world import SCHOOL, TEAM, HubWorld

pytestmark = pytest.mark.system

TAMPERING = {
    "edited": "update decision set reason = 'ok_consent' where reason = 'deny_withdrawn' and uid = $1",
    "removed": "delete from decision where reason = 'deny_withdrawn' and uid = $1",
    "edited document": "update decision set document = replace(document, 'deny', 'allow') where uid = $1",
}


def denied(world: HubWorld) -> str:
    """Return the uid of a signal that was refused because consent was withdrawn."""
    child = world.family("school")
    world.withdrawal(child, "school")
    sent = world.stage.publish(SCHOOL, "signal.raised", world.signal(child))
    world.stage.settled(sent, in_state("withheld"))
    after = world.stage.publish(SCHOOL, "signal.raised", world.signal(world.family("school")))
    world.arrived(TEAM, after)
    return sent.uid


async def tamper(world: HubWorld, statement: str, uid: str) -> list[asyncpg.Record]:
    """Change decision rows behind the hub's back; return the rows as they were."""
    connection = await asyncpg.connect(world.stack.settings.database)
    try:
        kept = await connection.fetch("select * from decision where uid = $1", uid)
        with pytest.raises(asyncpg.RaiseError, match="never changed"):
            await connection.execute(statement, uid)
        await connection.execute("alter table decision disable trigger decision_is_final")
        done = await connection.execute(statement, uid)
        await connection.execute("alter table decision enable trigger decision_is_final")
    finally:
        await connection.close()
    assert int(done.rpartition(" ")[2]) >= 1
    return list(kept)


async def mend(world: HubWorld, kept: list[asyncpg.Record]) -> None:
    """Put the rows back as they were."""
    connection = await asyncpg.connect(world.stack.settings.database)
    columns = list(kept[0].keys())
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    try:
        await connection.execute("alter table decision disable trigger decision_is_final")
        await connection.execute("delete from decision where uid = $1", kept[0]["uid"])
        # Column names are those of the table itself.
        statement = f"insert into decision ({', '.join(columns)}) values ({places})"  # noqa: S608
        await connection.executemany(statement, [tuple(row.values()) for row in kept])
        await connection.execute("alter table decision enable trigger decision_is_final")
    finally:
        await connection.close()


@pytest.mark.parametrize("kind", TAMPERING)
def test_tampering_is_found_and_named(world: HubWorld, kind: str) -> None:
    """Even with the trigger switched off an edited or removed decision breaks the chain, at a place that is named."""
    uid = denied(world)
    assert world.command("audit", "verify").returncode == 0
    kept = asyncio.run(tamper(world, TAMPERING[kind], uid))
    try:
        found = world.command("audit", "verify")
    finally:
        asyncio.run(mend(world, kept))
    row = kept[0]
    assert found.returncode == 1, found.stdout
    assert f"at partition {row['partition']}, position {row['position']}" in found.stdout
    healed = world.command("audit", "verify")
    assert (healed.returncode, healed.stdout.splitlines()[-1]) == (0, "the audit chain holds")
