"""The one place that makes a ledger."""

from __future__ import annotations

from typing import Final

from hub.ledger.interface import Ledger
from hub.ledger.ledger import StoredLedger
from hub.ledger.memory_store import MemoryStore
from hub.ledger.migrate import check_version
from hub.ledger.postgres_store import open_store

MEMORY_DSN: Final = "memory:"

DEFAULT_RULE_SET: Final = "samenhub/1"
"""Version of the rules, stated on every decision row; a composition root adds the digest of its configuration."""


async def open_ledger(
    dsn: str, *, owner: str, pool_size: int = 4, rule_set: str = DEFAULT_RULE_SET
) -> StoredLedger:
    """Return a ledger. `dsn` "memory:" gives the twin, anything else is a PostgreSQL connection string.

    Raises:
        LedgerUnavailableError: the database does not answer.
        VersionMismatchError: its tables are not those of this program.
    """
    if dsn == MEMORY_DSN:
        return StoredLedger(MemoryStore(), owner=owner, rule_set=rule_set)
    await check_version(dsn)
    store = await open_store(dsn, owner=owner, pool_size=pool_size)
    return StoredLedger(store, owner=owner, rule_set=rule_set)


def _keeps_the_interface(ledger: StoredLedger) -> Ledger:
    """Let the type checker compare the class with the interface."""
    return ledger
