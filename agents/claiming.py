"""Taking ownership of partitions: the ledger says where to go on, and a hole in the log is put on record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from agents.broker import LogLens
from hub.ledger.interface import Ledger, LogIdentity, PartitionClaim, UnreadableRecord

log = structlog.get_logger("hub.agents.claiming")

GAP_REASON = "log_gap"
"""Parked in place of records that the log no longer has (retention, or removed by hand)."""


@dataclass(frozen=True, slots=True)
class LogBounds:
    """The first offset that the log still has, and the end (the offset that the next record will get)."""

    beginning: int
    end: int


class Claimer:
    """Claims partitions for one worker."""

    def __init__(
        self, *, ledger: Ledger, lens: LogLens, topic: str, worker_id: str, clock: Callable[[], str]
    ) -> None:
        self._ledger = ledger
        self._lens = lens
        self._topic = topic
        self._worker_id = worker_id
        self._clock = clock
        self.log: LogIdentity | None = None

    async def claim(self, bounds: Mapping[int, LogBounds]) -> list[PartitionClaim]:
        """Claim these partitions; returns each claim at the first offset that is undecided and still in the log.

        Raises LogReplacedError, LedgerUnavailableError, LogUnavailableError, FencedError (another took the
        partition while a hole was being recorded).
        """
        self.log = LogIdentity(await self._lens.cluster_id(), self._topic)
        ends = await self._ends(self.log, bounds)
        claims = await self._ledger.claim_partitions(self.log, ends, self._worker_id)
        return [
            await self._past_gap(self.log, claim, max(claim.next_offset, bounds[partition].beginning))
            for partition, claim in sorted(claims.items())
        ]

    async def _ends(self, identity: LogIdentity, bounds: Mapping[int, LogBounds]) -> dict[int, int]:
        """Return the ends to judge the ledger's offsets by, where the broker's word is not enough.

        The embedded broker answers with one past the *first* record of the last write, which lies before offsets
        that were read and decided. So a ledger that is further is believed when the log still has, in that very
        place, the record before its next offset. A log that was replaced does not.
        """
        ends = {partition: bound.end for partition, bound in bounds.items()}
        decided = await self._ledger.offsets(identity)
        doubtful = {
            partition: decided[partition] - 1
            for partition, end in ends.items()
            if decided.get(partition, 0) > end
        }
        if doubtful:
            found = await self._lens.first_offsets(self._topic, doubtful)
            proven = {
                partition: last + 1 for partition, last in doubtful.items() if found.get(partition) == last
            }
            ends.update(proven)
        return ends

    async def claim_after_gap(self, partition: int, bounds: LogBounds) -> PartitionClaim:
        """Claim one partition again after records did not arrive, and look whether the log has them at all."""
        (claim,) = await self.claim({partition: bounds})
        found = await self._lens.first_offsets(self._topic, {partition: claim.next_offset})
        if self.log is None or partition not in found:
            return claim
        return await self._past_gap(self.log, claim, found[partition])

    async def _past_gap(self, identity: LogIdentity, claim: PartitionClaim, first: int) -> PartitionClaim:
        """Record that the log has nothing before `first`, so that the balance shows it and a person looks."""
        if first <= claim.next_offset:
            return claim
        log.error("log_gap", partition=claim.partition, offset=claim.next_offset, next_offset=first)
        gap = UnreadableRecord(
            partition=claim.partition,
            offset=claim.next_offset,
            reason=GAP_REASON,
            size_bytes=0,
            digest=f"offsets:{claim.next_offset}-{first - 1}",
            decided_at=self._clock(),
        )
        async with self._ledger.batch(identity, [claim], {claim.partition: first}) as transaction:
            await transaction.record([gap])
        return replace(claim, next_offset=first)
