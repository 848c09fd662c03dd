"""The database goes away, a worker freezes, notices are lost: what the ledger does then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from hub.core.judgement import Judgement
from hub.core.keys import keys_of
from hub.core.model import Decision, EventDecision, Outcome
from hub.ledger import postgres_store, rows
from hub.ledger.errors import FencedError, LedgerUnavailableError, RetryBatchError
from hub.ledger.interface import JudgedRecord, LogIdentity
from hub.ledger.ledger import StoredLedger
from hub.ledger.open import open_ledger
from hub.wire.envelope import SealedEvent

pytestmark = pytest.mark.database

LOG = LogIdentity("cluster-1", "hub.events")
NOW = "2026-11-23T09:00:00+00:00"


@pytest.fixture
async def ledger(database_dsn: str) -> AsyncIterator[StoredLedger]:
    """Give a ledger on a fresh database."""
    opened = await open_ledger(database_dsn, owner="test")
    yield opened
    await opened.close()


def record(offset: int) -> JudgedRecord:
    """Return a rejected record."""
    decision = Decision(EventDecision(Outcome.DENY, "deny_schema"))
    sealed = SealedEvent(f"uid-{offset}", {"id": str(offset)}, "school_1", NOW, "key")
    judgement = Judgement(verdict="rejected", reason="deny_schema", decision=decision)
    return JudgedRecord(0, offset, sealed, judgement, NOW)


async def end_other_sessions(dsn: str) -> None:
    """Cut every connection to this database but our own."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        """select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()"""
    )
    await connection.close()


async def offsets_after_a_cut(ledger: StoredLedger) -> dict[int, int]:
    """Read the offsets; other connections of the pool may still have to find out that they were cut."""
    for _ in range(5):
        try:
            return await ledger.offsets(LOG)
        except LedgerUnavailableError:
            await asyncio.sleep(0.05)
    raise AssertionError("the ledger did not come back")


async def test_cut_connection_in_a_batch(ledger: StoredLedger, database_dsn: str) -> None:
    """A batch whose connection is cut is LedgerUnavailableError and wrote nothing; the next one goes on."""
    claim = (await ledger.claim_partitions(LOG, {0: 10}, "one"))[0]

    async def cut() -> None:
        async with ledger.batch(LOG, [claim], {0: 1}) as batch:
            await end_other_sessions(database_dsn)
            await batch.record([record(0)])

    with pytest.raises(LedgerUnavailableError):
        await cut()
    assert await offsets_after_a_cut(ledger) == {0: 0}
    async with ledger.batch(LOG, [claim], {0: 1}) as batch:
        await batch.record([record(0)])
    assert await ledger.offsets(LOG) == {0: 1}


async def test_cut_connection_before_the_commit(ledger: StoredLedger, database_dsn: str) -> None:
    """When the connection is cut just before the commit nothing is written and the caller is told."""
    claim = (await ledger.claim_partitions(LOG, {0: 10}, "one"))[0]

    async def cut() -> None:
        async with ledger.batch(LOG, [claim], {0: 1}) as batch:
            await batch.record([record(0)])
            await end_other_sessions(database_dsn)

    with pytest.raises(LedgerUnavailableError):
        await cut()
    assert await offsets_after_a_cut(ledger) == {0: 0}
    assert (await ledger.balance()).records == 0


async def test_frozen_worker_loses_its_locks(database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that freezes inside a transaction is ended by the database; its successor claims and it is fenced."""
    monkeypatch.setattr(postgres_store, "IDLE_IN_TRANSACTION_SECONDS", 0.5)
    zombie, successor = [await open_ledger(database_dsn, owner=name) for name in ("zombie", "successor")]
    claim = (await zombie.claim_partitions(LOG, {0: 10}, "zombie"))[0]

    async def freeze() -> None:
        async with zombie.batch(LOG, [claim], {0: 1}) as batch:
            taken = asyncio.create_task(successor.claim_partitions(LOG, {0: 10}, "successor"))
            await taken
            await batch.record([record(0)])

    with pytest.raises(LedgerUnavailableError):
        await freeze()

    async def late() -> None:
        async with zombie.batch(LOG, [claim], {0: 1}) as batch:
            await batch.record([record(0)])

    with pytest.raises(FencedError):
        await late()
    assert (await successor.balance()).records == 0
    await zombie.close()
    await successor.close()


async def test_claim_waits_for_locks_no_longer_than_its_limit(
    ledger: StoredLedger, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim that meets a lock gives up after its limit instead of hanging."""
    monkeypatch.setattr(postgres_store, "LOCK_TIMEOUT_SECONDS", 0.2)
    await ledger.claim_partitions(LOG, {0: 10}, "one")
    connection = await asyncpg.connect(database_dsn)
    holding = connection.transaction()
    await holding.start()
    await connection.execute("select * from log_offset for update")
    with pytest.raises(LedgerUnavailableError, match="LockNotAvailable"):
        await ledger.claim_partitions(LOG, {0: 10}, "two")
    await holding.rollback()
    await connection.close()


async def test_lost_listener_comes_back(ledger: StoredLedger, database_dsn: str) -> None:
    """After the listening connection was cut a waiting task is woken, listens again and hears the next notice."""
    await ledger.wait_for_work("holds", 0.01)
    waiting = asyncio.create_task(ledger.wait_for_work("holds", 20))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(10):
        await end_other_sessions(database_dsn)
        assert await waiting
        await ledger.wait_for_work("holds", 0.01)

        async def wait_again() -> bool:
            await ledger.wait_for_work("holds", 0.01)
            return await ledger.wait_for_work("holds", 20)

        again = asyncio.create_task(wait_again())
        await asyncio.sleep(0.1)
        await ledger.wake_all_holds()
        assert await again


async def test_waiting_without_a_database_polls() -> None:
    """Without a connection for notices a wait ends soon and says that there may be work."""
    from hub.ledger.postgres_listener import Listener

    listener = Listener("postgresql://nobody@127.0.0.1:1/none")
    async with asyncio.timeout(10):
        assert await listener.wait("holds", 0.05)
    await listener.close()


async def test_deadlock_asks_for_another_try(ledger: StoredLedger) -> None:
    """Two transactions that wait for each other: one goes on, the other is told to try again."""
    store: Any = ledger._store
    async with store.transaction() as tables:
        for name in ("a", "b"):
            await tables.insert(rows.SUBJECT, [rows.SubjectRow(name, None, 0)])
    first_has_a, second_has_b = asyncio.Event(), asyncio.Event()

    async def lock(one: str, two: str, mine: asyncio.Event, other: asyncio.Event) -> None:
        async with store.transaction() as tables:
            await tables.read(rows.SUBJECT, {"subject_key": [one]}, lock=True)
            mine.set()
            await other.wait()
            await tables.read(rows.SUBJECT, {"subject_key": [two]}, lock=True)

    results = await asyncio.gather(
        lock("a", "b", first_has_a, second_has_b),
        lock("b", "a", second_has_b, first_has_a),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "RetryBatchError"]


async def test_skip_locked(ledger: StoredLedger) -> None:
    """A delivery that another transaction holds is skipped, not waited for; so is a hold."""
    store: Any = ledger._store
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    hold = rows.HoldRow("uid-1", "uid-1", "1/0/0", 0, "s", NOW, NOW, at, at)
    async with store.transaction() as tables:
        await tables.insert(rows.HOLD, [hold])
    async with store.transaction() as one, store.transaction() as two:
        assert await one.lock_holds(["uid-1"]) == [hold]
        assert await two.lock_holds(["uid-1"]) == []


async def test_unique_keys_ask_for_another_try(ledger: StoredLedger) -> None:
    """A key taken by another transaction is RetryBatchError, in bulk and one by one."""
    store: Any = ledger._store
    for count in (1, 20):
        new = [rows.SubjectRow(f"{count}-{number}", None, 0) for number in range(count)]
        async with store.transaction() as tables:
            await tables.insert(rows.SUBJECT, new)

        async def again(known: list[rows.SubjectRow] = new) -> None:
            async with store.transaction() as tables:
                await tables.insert(rows.SUBJECT, known)

        with pytest.raises(RetryBatchError):
            await again()


async def test_many_workers_share_the_subjects_of_one_household(ledger: StoredLedger) -> None:
    """Batches that gather one household wait for each other, in sorted order, and none deadlocks."""
    store: Any = ledger._store
    async with store.transaction() as tables:
        await tables.insert(
            rows.SUBJECT_LINK, [rows.SubjectLinkRow(f"household:{n}", f"ps_{n % 3}") for n in range(9)]
        )
    order: list[str] = []

    async def work(name: str) -> None:
        async with store.transaction() as tables:
            await tables.lock_links([f"ps_{n}" for n in range(3)])
            order.append(f"{name} in")
            await asyncio.sleep(0.02)
            order.append(f"{name} out")

    await asyncio.gather(*(work(name) for name in "abc"))
    assert [item[2:] for item in order] == ["in", "out"] * 3


async def test_a_released_connection_keeps_nothing(database_dsn: str) -> None:
    """What a transaction set, locked or left half done is gone when its connection is used again."""
    opened = await open_ledger(database_dsn, owner="test", pool_size=1)
    store: Any = opened._store
    before = await session_state(store)
    async with store.transaction(claiming=True) as tables:
        await tables.insert(rows.SUBJECT_LINK, [rows.SubjectLinkRow("household:1", "ps_1")])
        await tables.lock_links(["ps_1"])
    with pytest.raises(ZeroDivisionError):
        await fail_in(store)
    assert await session_state(store) == before
    await opened.close()


async def fail_in(store: Any) -> None:
    """Fail in the middle of a transaction that holds a lock."""
    async with store.transaction() as tables:
        await tables.lock_links(["ps_1"])
        raise ZeroDivisionError


async def session_state(store: Any) -> list[tuple[Any, ...]]:
    """Return the settings of the one connection's session, its advisory locks, cursors and channels."""
    async with store.statement() as tables:
        return [
            tuple(record)
            for record in await tables._connection.fetch(
                """select name, setting from pg_settings
                union all select 'locks', count(*)::text from pg_locks
                    where pid = pg_backend_pid() and locktype = 'advisory'
                union all select 'cursors', count(*)::text from pg_cursors where name <> ''
                union all select 'channels', count(*)::text from pg_listening_channels()
                order by 1"""
            )
        ]


async def test_a_quiet_claim_is_one_round_trip(ledger: StoredLedger) -> None:
    """After a claim that found nothing the next one only looks, and takes no transaction."""
    now = datetime.now(UTC).isoformat()
    assert await ledger.claim("w", 5, 45, refused, keys_of, now) == []
    store: Any = ledger._store
    ledger._store = OnlyStatements(store)  # type: ignore[assignment]
    assert await ledger.claim("w", 5, 45, refused, keys_of, now) == []
    ledger._store = store


class OnlyStatements:
    """A store that opens no transaction."""

    def __init__(self, store: Any) -> None:
        self.statement = store.statement


def refused(*_: Any) -> Any:
    """Answer no last look: nothing is due here."""
    raise AssertionError("nothing is due")
