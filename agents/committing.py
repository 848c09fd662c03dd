"""One plan, one transaction: gather, judge, record. Errors are sorted by who must act on them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from agents.intake import Intake, Plan
from agents.judging import UNDECIDABLE, ReadBatch, outcome_lines, unreadable
from agents.observe import WorkerMetrics
from agents.runtime import Runtime, seconds_between
from hub.core.judgement import Judgement
from hub.ledger.interface import (
    BatchItem,
    FencedError,
    JudgedRecord,
    LedgerUnavailableError,
    LogIdentity,
    RetryBatchError,
)
from hub.wire.envelope import SealedEvent

log = structlog.get_logger("hub.agents.committing")

PART = "decide"
"""The name of this worker in metrics."""


class Committer:
    """Writes plans into the ledger.

    INVARIANT: a message never raises out of here. A record that breaks the program or the database is found by
    halving the plan and is parked in its place; only the database's absence ends the worker.
    """

    def __init__(self, runtime: Runtime, intake: Intake) -> None:
        self._runtime = runtime
        self._intake = intake

    async def commit(self, plan: Plan, identity: LogIdentity) -> frozenset[int]:
        """Write one plan; returns the partitions of which nothing was written, because they must be claimed again.

        Raises LedgerUnavailableError when the database stays away.
        """
        try:
            await self._patiently(plan, identity)
        except FencedError:
            self._runtime.metrics.fenced()
            return await self._without_fenced(plan, identity)
        return frozenset()

    async def _without_fenced(self, plan: Plan, identity: LogIdentity) -> frozenset[int]:
        """Write what is still ours: one partition that moved must not stop the others."""
        if len(plan.claims) == 1:
            return frozenset(claim.partition for claim in plan.claims)
        lost = [await self.commit(single, identity) for single in plan.per_partition()]
        return frozenset().union(*lost)

    async def _patiently(self, plan: Plan, identity: LogIdentity) -> None:
        # A commit whose answer was lost, or a half that was written before the database went, shows itself at
        # the next try: the compare-and-set fails, and the new claim says how far the ledger really is.
        for pause in (*self._runtime.settings.flush_pauses_seconds, None):
            try:
                await self._halving(plan, identity)
            except LedgerUnavailableError:
                if pause is None:
                    raise
                log.warning("ledger_unavailable", seconds=pause, count=len(plan.records))
                await asyncio.sleep(pause)
            else:
                return

    async def _halving(self, plan: Plan, identity: LogIdentity) -> None:
        """Try the whole plan; when something in it breaks, find that record and park it."""
        try:
            await self._once(plan, identity)
        except (FencedError, LedgerUnavailableError):
            raise
        except Exception:
            log.exception("batch_failed", count=len(plan.records))
            if len(plan.records) == 1:
                await self._park(plan, identity)
                return
            for half in plan.halves():
                await self._halving(half, identity)

    async def _once(self, plan: Plan, identity: LogIdentity) -> None:
        batch = ReadBatch(plan.records)
        for _ in range(self._runtime.settings.conflict_retries):
            try:
                items = await self._transact(plan, identity, batch)
            except RetryBatchError:
                continue
            self._written(plan, items)
            return
        raise LedgerUnavailableError("batches kept meeting each other")

    async def _transact(self, plan: Plan, identity: LogIdentity, batch: ReadBatch) -> list[BatchItem]:
        runtime = self._runtime
        async with runtime.ledger.batch(identity, plan.claims, plan.next_offsets) as transaction:
            now = runtime.clock()
            snapshot = await transaction.gather(batch.keys, now)
            items = batch.judge(snapshot, runtime.standing, now)
            await transaction.record(items)
        return items

    async def _park(self, plan: Plan, identity: LogIdentity) -> None:
        items: list[BatchItem] = [unreadable(plan.records[0], UNDECIDABLE, self._runtime.clock())]
        async with self._runtime.ledger.batch(identity, plan.claims, plan.next_offsets) as transaction:
            await transaction.record(items)
        self._written(plan, items)

    def _written(self, plan: Plan, items: Sequence[BatchItem]) -> None:
        self._intake.committed(plan)
        self._runtime.metrics.progress(PART)
        for item in items:
            self._count(item)

    def _count(self, item: BatchItem) -> None:
        metrics = self._runtime.metrics
        if isinstance(item, JudgedRecord):
            count_judgement(metrics, item.sealed, item.judgement, item.decided_at)
        else:
            metrics.parked("evaluation_error" if item.reason == UNDECIDABLE else "unreadable")


def count_judgement(
    metrics: WorkerMetrics, sealed: SealedEvent, judgement: Judgement, decided_at: str
) -> None:
    """Count one judgement that is in the ledger."""
    metrics.judged(judgement.verdict)
    seconds = seconds_between(sealed.accepted_at, decided_at)
    for outcome, reason in outcome_lines(judgement):
        metrics.decided(outcome, reason, seconds)
    if judgement.parked is not None:
        metrics.parked("evaluation_error")
