"""The one transaction of a batch."""

from __future__ import annotations

from collections.abc import Sequence

from hub.core.snapshot import FactKeys, Snapshot
from hub.ledger.gathering import gather
from hub.ledger.interface import BatchItem
from hub.ledger.recording import Memory, Recorder
from hub.ledger.tables import Tables


class Batch:
    """A BatchTransaction over open tables; its offsets are moved already."""

    def __init__(self, tables: Tables, log_id: int, rule_set: str) -> None:
        self._tables = tables
        self._log_id = log_id
        self._rule_set = rule_set
        self._memory = Memory()

    async def gather(self, keys: FactKeys, now: str) -> Snapshot:  # noqa: ARG002  (the interface's form)
        """See Transaction."""
        snapshot, found = await gather(self._tables, keys)
        self._memory.learn(found.entries)
        self._memory.threads.update((row.thread_id, row) for row in found.threads)
        return snapshot

    async def record(self, items: Sequence[BatchItem]) -> None:
        """See BatchTransaction."""
        await Recorder(self._tables, self._memory, self._rule_set).batch(self._log_id, items)
