"""A crash at any statement leaves nothing half done. For the database and its twin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hub.core.model import Emission
from hub.ledger.interface import BatchItem, UnreadableRecord
from hub.ledger.postgres_store import PostgresStore
from tests.conformance.ledger_world import (
    LATER,
    LOG,
    NOW,
    TEAM,
    World,
    allow,
    consent_change,
    judged,
    record,
    refuse,
    sealed_event,
    settled,
    subject_change,
    subscription,
    wait,
)

STATEMENTS_MAXIMUM = 200
"""More statements than any transaction here has: the loop below must end by success."""


class CrashError(Exception):
    """The crash of these tests."""


class CrashingTables:
    """Tables of which the n-th statement never comes back."""

    def __init__(self, tables: Any, crash_at: int) -> None:
        self._tables = tables
        self._left = crash_at

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def statement(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                raise CrashError
            return await getattr(self._tables, name)(*arguments, **named)

        return statement


class CrashingConnection:
    """A connection to the database of which the n-th round trip never comes back."""

    def __init__(self, connection: Any, crash_at: int) -> None:
        self._connection = connection
        self._left = crash_at

    async def fetch(self, *arguments: Any) -> Any:
        self._count()
        return await self._connection.fetch(*arguments)

    async def copy_records_to_table(self, *arguments: Any, **named: Any) -> Any:
        self._count()
        return await self._connection.copy_records_to_table(*arguments, **named)

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise CrashError


class UndoneError(Exception):
    """What ends a transaction of which every round trip came back."""


class CrashingWire:
    """A store whose next transaction crashes at its n-th round trip: writes wait and travel together there.

    When it has fewer round trips, it ends undone, just before it would commit.
    """

    def __init__(self, store: Any, crash_at: int) -> None:
        self._store = store
        self._crash_at = crash_at

    @asynccontextmanager
    async def transaction(self, *, claiming: bool = False) -> AsyncIterator[Any]:
        async with self._store.transaction(claiming=claiming) as tables:
            tables._connection = CrashingConnection(tables._connection, self._crash_at)
            yield tables
            await tables.finish()
            raise UndoneError

    def statement(self) -> Any:
        return self._store.statement()


class CrashingStore:
    """A store whose next transactions crash at their n-th statement, or (0) just before they would commit."""

    def __init__(self, store: Any, crash_at: int) -> None:
        self._store = store
        self._crash_at = crash_at

    @asynccontextmanager
    async def transaction(self, *, claiming: bool = False) -> AsyncIterator[Any]:
        async with self._store.transaction(claiming=claiming) as tables:
            yield CrashingTables(tables, self._crash_at)
            if self._crash_at == 0:
                raise CrashError

    def statement(self) -> Any:
        return self._store.statement()


async def crash_everywhere(
    world: World, action: Callable[[], Awaitable[object]], check: Callable[[], Awaitable[None]]
) -> None:
    """Let `action` crash at each of its calls in turn, check after each, and let it succeed in the end.

    Before that, where there is a database, the same at each of its round trips, and undone in the end.
    """
    ledger: Any = world.ledger
    await ledger._log_number(LOG)
    whole = ledger._store
    if isinstance(whole, PostgresStore):
        await crash_at_round_trips(ledger, action, check)
    for crash_at in range(STATEMENTS_MAXIMUM):
        ledger._store = CrashingStore(whole, crash_at)
        try:
            await action()
        except CrashError:
            ledger._store = whole
            await check()
        else:
            ledger._store = whole
            assert crash_at > 3, "the action must have had calls to crash at"
            return
    raise AssertionError("the action never succeeded")


async def crash_at_round_trips(
    ledger: Any, action: Callable[[], Awaitable[object]], check: Callable[[], Awaitable[None]]
) -> None:
    """Let `action` crash at each round trip to the database, check after each; nothing of it is committed."""
    whole = ledger._store
    for crash_at in range(1, STATEMENTS_MAXIMUM):
        ledger._store = CrashingWire(whole, crash_at)
        with pytest.raises((CrashError, UndoneError)) as caught:
            await action()
        ledger._store = whole
        await check()
        if caught.type is UndoneError:
            assert crash_at > 3, "the action must have had round trips to crash at"
            return
    raise AssertionError("the action never came to its end")


def everything() -> list[BatchItem]:
    """Return a batch that writes to every table."""
    delivered = sealed_event("evt-0", record=("s1", 1))
    held = sealed_event("evt-1")
    facts = sealed_event("evt-2", type_name="subject.registered", recipients=())
    notice = Emission("signal.source_added", (TEAM,), "ok_source_added", None, ((TEAM, "ps_1_child_one"),))
    return [
        record(0, delivered, judged(delivered, allow(), emissions=[notice])),
        record(1, held, judged(held, wait())),
        record(2, facts, judged(facts, facts=[subject_change(), consent_change()])),
        UnreadableRecord(0, 3, "unknown_schema", 12, "ab" * 32, NOW),
    ]


async def test_batch_is_all_or_nothing(world: World) -> None:
    """A batch that crashes at any statement wrote nothing; tried again, each record is decided exactly once."""
    await world.ledger.put_subscription(subscription())

    async def nothing_written() -> None:
        balance = await world.ledger.balance()
        assert (balance.records, balance.accepted, balance.difference) == (0, 0, 0)
        assert await world.ledger.offsets(LOG) == {0: 0}
        assert await world.ledger.verify_chain() == []
        figures = await world.ledger.statistics(NOW)
        assert (figures.pending, figures.held, figures.parked, figures.outbox) == (0, 0, 0, 0)

    await crash_everywhere(world, lambda: world.commit(*everything()), nothing_written)
    balance = await world.ledger.balance()
    assert (balance.records, balance.accepted, balance.difference) == (4, 4, 0)
    assert (balance.pending, balance.held, balance.recorded, balance.parked) == (1, 1, 1, 1)
    async with world.ledger._store.transaction() as tables:
        rows = await tables.chain_part(0, 0, 100)
    assert sorted({row.place.rpartition("/")[2] for row in rows}) == ["0", "1", "2", "3"]
    assert len(rows) == 4
    assert await world.ledger.verify_chain() == []


async def test_claim_is_all_or_nothing(world: World) -> None:
    """A claim that crashes at any statement claimed nothing and used no number."""
    await world.ledger.put_subscription(subscription())
    await world.commit(*everything())

    async def still_waiting() -> None:
        assert (await world.ledger.balance()).pending == 1
        assert await world.ledger.verify_chain() == []

    await crash_everywhere(world, world.claim, still_waiting)
    assert (await world.ledger.balance()).pending == 1
    again = await world.claim(LATER)
    assert [(item.sequence, item.attempt) for item in again] == [(1, 2)]


async def test_stopped_claim_is_all_or_nothing(world: World) -> None:
    """A claim that stops a delivery and crashes stopped nothing; tried again it stops it once."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, allow())))
    world.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")

    async def still_waiting() -> None:
        assert (await world.ledger.balance()).pending == 1

    await crash_everywhere(world, world.claim, still_waiting)
    balance = await world.ledger.balance()
    assert (balance.withheld, balance.difference) == (1, 0)
    async with world.ledger._store.transaction() as tables:
        reasons = [row.reason for row in await tables.chain_part(0, 0, 100)]
    assert reasons == ["ok_consent", "deny_withdrawn"]


async def test_settlement_is_all_or_nothing(world: World) -> None:
    """A settlement that crashes leaves the delivery leased; tried again it counts once."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, allow())))
    (claimed,) = await world.claim()

    async def still_leased() -> None:
        assert (await world.ledger.balance()).pending == 1

    await crash_everywhere(
        world, lambda: world.ledger.settle([settled(claimed, "parked", reason="refused")]), still_leased
    )
    balance = await world.ledger.balance()
    assert (balance.parked, balance.difference) == (1, 0)


async def test_release_is_all_or_nothing(world: World) -> None:
    """A hold whose release crashes at any statement stays held; tried again it is released once."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, wait())))

    async def release() -> None:
        async with world.ledger.due_holds(10, NOW) as holds:
            await holds.rejudged(holds.held[0], judged(sealed, allow(), verdict="reevaluated"), None, NOW)

    async def still_held() -> None:
        balance = await world.ledger.balance()
        assert (balance.held, balance.pending, balance.difference) == (1, 0, 0)

    await crash_everywhere(world, release, still_held)
    assert len(await world.deliver()) == 1
    assert (await world.ledger.balance()).delivered == 1
