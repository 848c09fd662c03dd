"""The audit chain and the messages about decisions. For the database and its twin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from hub.core.model import Duty
from hub.ledger import rows
from hub.ledger.interface import ChainBreak
from hub.ledger.memory_store import MemoryStore
from hub.ledger.open import MEMORY_DSN
from hub.ledger.rows import DecisionRow
from tests.conformance.ledger_world import (
    CHILD,
    LATER,
    SCHOOL,
    TEAM,
    World,
    allow,
    judged,
    record,
    refuse,
    repeated,
    sealed_event,
    subscription,
    wait,
)

Forge = Callable[[str, int], Awaitable[None]]


async def fill(world: World, count: int = 4) -> None:
    """Write some decisions."""
    for number in range(count):
        sealed = sealed_event(f"evt-{number}")
        await world.commit(record(number, sealed, judged(sealed, refuse())))


@pytest.fixture
def forge(world: World, ledger_dsn: str) -> Forge:
    """Give a hand that changes decision rows behind the ledger's back."""
    if ledger_dsn == MEMORY_DSN:
        store: Any = world.ledger._store
        assert isinstance(store, MemoryStore)

        async def change_memory(what: str, position: int) -> None:
            shelf = store.shelves["decision"]
            (row,) = [row for row in shelf if row.position == position]
            await _forge_memory(store, row, what)

        return change_memory

    async def change_database(what: str, position: int) -> None:
        connection = await asyncpg.connect(ledger_dsn)
        await connection.execute("alter table decision disable trigger decision_is_final")
        await connection.execute(_FORGERIES[what], position)
        await connection.close()

    return change_database


_FORGERIES = {
    "edit": "update decision set document = replace(document, 'deny', 'okay') where position = $1",
    "edit column": "update decision set outcome = 'allow' where position = $1",
    "remove": "delete from decision where position = $1",
    "insert": """insert into decision select partition, position + 1, hash, sha256('x'), place, uid, outcome,
        reason, rule_set, document from decision where position = $1""",
    "swap": "update decision set previous_hash = sha256('x') where position = $1",
}


async def _forge_memory(store: MemoryStore, row: DecisionRow, what: str) -> None:
    changed = {
        "edit": row._replace(document=row.document.replace("deny", "okay")),
        "edit column": row._replace(outcome="allow"),
        "insert": row._replace(position=row.position + 1, previous_hash=row.hash, hash=b"x" * 32),
        "swap": row._replace(previous_hash=b"x" * 32),
    }
    async with store.transaction() as tables:
        if what in changed:
            await tables.upsert(rows.DECISION, [changed[what]])
        else:
            shelf = store.shelves["decision"]
            rest = [other for other in shelf if other.position != row.position]
            await tables.delete(rows.DECISION, "partition", [row.partition])
            await tables.insert(rows.DECISION, rest)


@pytest.mark.parametrize(
    ("what", "position", "found"),
    [
        ("edit", 2, ChainBreak(0, 2, "edited")),
        ("edit column", 3, ChainBreak(0, 3, "edited")),
        ("remove", 2, ChainBreak(0, 2, "removed")),
        ("remove", 1, ChainBreak(0, 1, "removed")),
        ("remove", 4, ChainBreak(0, 4, "removed")),
        ("insert", 4, ChainBreak(0, 5, "edited")),
        ("swap", 3, ChainBreak(0, 3, "inserted")),
    ],
)
async def test_every_forgery_is_found(
    world: World, forge: Forge, what: str, position: int, found: ChainBreak
) -> None:
    """An edited, removed or inserted decision row is found, with its place."""
    await fill(world)
    assert await world.ledger.verify_chain() == []
    await forge(what, position)
    assert found in await world.ledger.verify_chain()


async def test_decision_rows_refuse_change(world: World, ledger_dsn: str) -> None:
    """The database itself refuses to change or remove a decision row."""
    if ledger_dsn == MEMORY_DSN:
        assert not hasattr(world.ledger, "change_decision")
        return
    await fill(world, 1)
    connection = await asyncpg.connect(ledger_dsn)
    for statement in ("update decision set outcome = 'allow'", "delete from decision", "truncate decision"):
        with pytest.raises(asyncpg.RaiseError):
            await connection.execute(statement)
    await connection.close()


async def decisions(world: World) -> list[DecisionRow]:
    """Return all decision rows of partition 0."""
    async with world.ledger._store.transaction() as tables:
        return await tables.chain_part(0, 0, 1000)


async def test_decision_row_names_what_it_must(world: World) -> None:
    """Each row names outcome, reason, rule set and determining consents, and holds no sealed content."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event(recipients=(TEAM, "gp_1"))
    await world.commit(record(0, sealed, judged(sealed, allow(consents=("c7",)), refuse("gp_1", 1))))
    one, two = await decisions(world)
    assert (one.outcome, one.reason, one.rule_set) == ("redact", "ok_consent", "samenhub/1")
    assert '"consents":["c7"]' in one.document
    assert (two.outcome, two.reason) == ("deny", "deny_no_consent")
    assert all("sealed" not in row.document for row in (one, two))


async def test_each_record_is_decided_once(world: World) -> None:
    """Every record has its own row: repeats, rejected and unreadable ones too."""
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, refuse())), record(1, sealed, repeated()))
    await world.commit(record(2, sealed, repeated("conflict", "deny_conflict")))
    places = [(row.place.rpartition("/")[2], row.reason) for row in await decisions(world)]
    assert places == [("0", "deny_no_consent"), ("1", "deny_duplicate"), ("2", "deny_conflict")]


async def test_other_decision_at_the_claim_has_a_row(world: World) -> None:
    """A decision at the claim that differs from the one on record is a row of its own; the same one is not."""
    await world.ledger.put_subscription(subscription())
    for number in range(2):
        sealed = sealed_event(f"evt-{number}", subject=f"ps_{number}")
        await world.commit(record(number, sealed, judged(sealed, allow())))
    await world.claim(limit=1)
    assert len(await decisions(world)) == 2
    world.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")
    await world.claim()
    assert [row.reason for row in await decisions(world)] == ["ok_consent", "ok_consent", "deny_withdrawn"]
    assert await world.ledger.verify_chain() == []


async def test_partitions_have_chains_of_their_own(world: World) -> None:
    """Two partitions grow two chains; a forged row in one is no break in the other."""
    both = await World(world.ledger, (0, 1)).own()
    for partition in (0, 1):
        sealed = sealed_event(f"evt-{partition}", subject=f"ps_{partition}")
        await both.commit(record(0, sealed, judged(sealed, refuse()), partition=partition))
    assert await world.ledger.verify_chain() == []


async def test_outbox_tells_each_decision_and_is_emptied(world: World) -> None:
    """Each judged record is told on hub.decisions under its key, once; what was relayed is gone."""
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, refuse())))
    (message,) = await world.ledger.outbox(10)
    assert (message.topic, message.key) == ("hub.decisions", CHILD)
    (row,) = await decisions(world)
    assert message.document["chain_hash"] == row.hash.hex()
    assert message.document["recipients"] == [
        {name: value for name, value in _refusal().items() if name != "position"}
    ]
    await world.ledger.relayed([message.row_id])
    assert await world.ledger.outbox(10) == []


def _refusal() -> dict[str, object]:
    return {
        "recipient": TEAM,
        "outcome": "deny",
        "reason": "deny_no_consent",
        "withheld": ["meta", "contact", "narrative"],
        "duties": [],
        "consents": [],
        "sections": [],
        "position": 0,
    }


async def test_receipt_tells_duties_and_status(world: World) -> None:
    """The receipt of an event shows each recipient's verdict with its duties; an unknown uid has none."""
    sealed = sealed_event()
    held = wait()
    duties = (Duty("phone_route"),)
    decided = type(held)(held.recipient, held.outcome, held.reason, held.withheld, duties)
    await world.commit(record(0, sealed, judged(sealed, decided)))
    receipt = await world.ledger.receipt(sealed.uid)
    assert receipt is not None
    assert (receipt.org, receipt.type, receipt.status) == (SCHOOL, "signal.raised", "held")
    assert receipt.lines[0].duties == ({"duty": "phone_route", "due_at": None},)
    assert receipt.hold_until is not None
    assert await world.ledger.receipt("unknown") is None


async def test_balance_by_day_and_sender(world: World) -> None:
    """The reconciliation counts by Amsterdam day of acceptance and by sender."""
    late = sealed_event("evt-0", accepted_at="2026-11-23T23:30:00+00:00")
    other = sealed_event("evt-1", org="gp_1")
    await world.commit(record(0, late, judged(late, refuse())), record(1, other, judged(other, refuse())))
    from datetime import date

    assert (await world.ledger.balance(date(2026, 11, 24))).records == 1
    assert (await world.ledger.balance(date(2026, 11, 23))).records == 1
    assert (await world.ledger.balance(sender="gp_1")).records == 1
    assert (await world.ledger.balance(date(2026, 11, 24), "gp_1")).records == 0


async def test_lost_delivery_shows_as_a_difference(world: World) -> None:
    """A line whose delivery vanished does not count: the balance shows it."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, allow())))
    async with world.ledger._store.transaction() as tables:
        await tables.delete(rows.DELIVERY, "uid", [sealed.uid])
    assert (await world.ledger.balance()).difference == 1


async def test_statistics(world: World) -> None:
    """The figures count what waits, and how long the oldest has waited."""
    await world.ledger.put_subscription(subscription())
    sealed, held = sealed_event("evt-0"), sealed_event("evt-1")
    await world.commit(record(0, sealed, judged(sealed, allow())), record(1, held, judged(held, wait())))
    figures = await world.ledger.statistics(LATER)
    assert (figures.pending, figures.held, figures.parked, figures.outbox) == (1, 1, 0, 2)
    assert figures.oldest_pending_seconds == 3600.0
