"""The children's wrapped data keys, at rest in the ledger. Erasing a row erases the child's content everywhere."""

from __future__ import annotations

from hub.identity.keys import WrappedKey
from hub.ledger import rows
from hub.ledger.tables import Store
from hub.ledger.texts import key_text


class LedgerDataKeyStore:
    """A DataKeyStore on a ledger's store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def fetch(self, subject_ref: str) -> WrappedKey | None:
        """See DataKeyStore."""
        async with self._store.statement() as tables:
            found = await tables.read(rows.DATA_KEY, {"subject_key": [key_text(subject_ref)]})
        return _wrapped(found[0]) if found else None

    async def insert_if_absent(self, subject_ref: str, key: WrappedKey) -> WrappedKey:
        """See DataKeyStore."""
        subject_key = key_text(subject_ref)
        row = rows.DataKeyRow(subject_key, key.key_id, key.master_key_id, key.wrapped)
        async with self._store.transaction() as tables:
            await tables.insert_missing(rows.DATA_KEY, [row])
            found = await tables.read(rows.DATA_KEY, {"subject_key": [subject_key]})
        return _wrapped(found[0])

    async def erase(self, subject_ref: str) -> None:
        """See DataKeyStore."""
        async with self._store.statement() as tables:
            await tables.delete(rows.DATA_KEY, "subject_key", [key_text(subject_ref)])


def _wrapped(row: rows.DataKeyRow) -> WrappedKey:
    return WrappedKey(row.key_id, row.master_key_id, row.wrapped)
