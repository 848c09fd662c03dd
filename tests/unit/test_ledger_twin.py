"""What is particular to the twin in memory: its one lock, and its journal."""

from __future__ import annotations

import pytest

from hub.ledger import memory_store, rows
from hub.ledger.errors import LedgerUnavailableError, RetryBatchError
from hub.ledger.memory_rows import Journal, Shelf
from hub.ledger.memory_store import MemoryStore


async def test_second_transaction_gives_up_like_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that waits too long for another gives up as it would on a lock of the database."""
    monkeypatch.setattr(memory_store, "LOCK_TIMEOUT_SECONDS", 0.05)
    store = MemoryStore()

    async def second() -> None:
        async with store.transaction():
            raise AssertionError("two transactions at once")

    async with store.transaction():
        with pytest.raises(LedgerUnavailableError, match="LockNotAvailable"):
            await second()


async def test_closed_twin_is_unavailable() -> None:
    """A closed ledger answers nothing."""
    store = MemoryStore()
    await store.close()

    async def late() -> None:
        async with store.transaction():
            raise AssertionError("a closed store opened a transaction")

    with pytest.raises(LedgerUnavailableError):
        await late()


def test_journal_undoes_every_kind_of_change() -> None:
    """Inserted, replaced and deleted rows are as before after the journal was undone, look-ups included."""
    shelf = Shelf(rows.SUBJECT_LINK)
    first = rows.SubjectLinkRow("household:1", "ps_a")
    shelf.insert([first], [])
    journal: Journal = []
    shelf.insert([rows.SubjectLinkRow("household:2", "ps_a")], journal)
    shelf.upsert([first], journal)
    shelf.delete("link", ["household:1"], journal)
    for undo in reversed(journal):
        undo()
    assert list(shelf) == shelf.read({"subject_key": ["ps_a"]}) == [first]
    assert shelf.read({"link": ["household:2"]}) == []
    assert len(shelf) == 1


def test_taken_key_is_refused() -> None:
    """A key that is taken, or a unique column that another row has, is the same error as in the database."""
    shelf = Shelf(rows.SUBJECT)
    shelf.insert([rows.SubjectRow("ps_a", None, 0)], [])
    with pytest.raises(RetryBatchError):
        shelf.insert([rows.SubjectRow("ps_a", None, 1)], [])
    shelf.insert_missing([rows.SubjectRow("ps_a", None, 1)], [])
    assert [row.version for row in shelf] == [0]
