"""Threads that two partitions change at the same moment: only a database lets somebody come between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from hub.core.snapshot import FactKeys
from hub.core.threads import REFERRAL, Thread, referral_id
from hub.ledger.interface import BatchTransaction, JudgedRecord, RetryBatchError
from hub.ledger.ledger import StoredLedger
from hub.ledger.open import open_ledger
from tests.conformance.ledger_world import CHILD, LOG, NOW, World, at, judged, record, refuse, sealed_event

pytestmark = pytest.mark.database

REPLY = replace(sealed_event("evt-2", subject=None), key="reply")


@pytest.fixture
async def ledger(database_dsn: str) -> AsyncIterator[StoredLedger]:
    """Give an empty ledger."""
    opened = await open_ledger(database_dsn, owner="test")
    yield opened
    await opened.close()


async def begun(world: World) -> Thread:
    """Write an event in partition 0 that begins a referral; return the thread."""
    sealed = sealed_event("evt-0")
    thread = Thread(
        thread_id=referral_id(sealed.uid), kind=REFERRAL, uid=sealed.uid, subject_ref=CHILD, next_at=at(30)
    )
    await world.commit(record(0, sealed, replace(judged(sealed, refuse()), threads=(thread,))))
    return thread


async def changed(world: World, thread: Thread, offset: int) -> None:
    """Write an event about the child in partition 0 that changes the thread."""
    sealed = sealed_event(f"evt-{offset}")
    await world.commit(record(offset, sealed, replace(judged(sealed), threads=(thread,))))


def answering(thread: Thread) -> JudgedRecord:
    """Return a reply that names no child, in partition 1, and changes the thread."""
    return record(0, REPLY, replace(judged(REPLY), threads=(thread,)), partition=1)


async def answer(world: World, thread: Thread, before: Thread | None) -> None:
    """Judge the reply; between its look and its writing a batch of the child's partition writes `before`."""
    async with world.ledger.batch(LOG, [world.claims[1]], {1: 1}) as batch:
        await _look(batch, thread)
        if before is not None:
            await changed(world, before, 1)
        await batch.record([answering(replace(thread, next_at=at(9)))])


async def _look(batch: BatchTransaction, thread: Thread) -> None:
    snapshot = await batch.gather(FactKeys(event_ids=frozenset({thread.uid})), NOW)
    assert snapshot.threads == (thread,)


async def test_reply_from_another_partition_undoes_nothing(ledger: StoredLedger) -> None:
    """What a reply in another order was judged on is overtaken: its batch is judged again, the step before it stays."""
    world = await World(ledger, (0, 1)).own()
    thread = await begun(world)
    closed = replace(thread, is_open=False, next_at=None)
    with pytest.raises(RetryBatchError):
        await answer(world, thread, closed)
    assert await ledger.threads(CHILD) == [closed]


async def test_reply_that_nobody_overtook_is_written(ledger: StoredLedger) -> None:
    """A reply in another order changes the thread when it is still as its judging saw it."""
    world = await World(ledger, (0, 1)).own()
    thread = await begun(world)
    await answer(world, thread, None)
    assert await ledger.threads(CHILD) == [replace(thread, next_at=at(9))]


async def test_thread_that_two_records_of_a_batch_change(ledger: StoredLedger) -> None:
    """A batch does not overtake itself: the last of its records counts."""
    world = await World(ledger, (0,)).own()
    thread = await begun(world)
    items = []
    for offset in (1, 2):
        sealed = sealed_event(f"evt-{offset}")
        moved = replace(thread, next_at=at(offset))
        items.append(record(offset, sealed, replace(judged(sealed), threads=(moved,))))
    await world.commit(*items)
    assert await ledger.threads(CHILD) == [replace(thread, next_at=at(2))]
