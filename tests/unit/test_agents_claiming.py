"""Taking ownership of partitions and recording holes in the log: agents/claiming.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

import pytest

from agents.claiming import GAP_REASON, Claimer, LogBounds
from hub.ledger.interface import (
    BatchItem,
    FencedError,
    Ledger,
    LogIdentity,
    LogReplacedError,
    PartitionClaim,
    UnreadableRecord,
)

NOW = "2026-03-02T10:00:00.000000Z"


class Lens:
    """A log whose identity and first record the test sets."""

    def __init__(self, *cluster_ids: str, first: int | None = None) -> None:
        self.cluster_ids = list(cluster_ids)
        self.first = first
        self.looked: list[tuple[str, int, int]] = []

    async def cluster_id(self) -> str:
        return self.cluster_ids.pop(0) if len(self.cluster_ids) > 1 else self.cluster_ids[0]

    async def first_offsets(self, topic: str, places: Mapping[int, int]) -> dict[int, int]:
        self.looked.extend((topic, partition, offset) for partition, offset in places.items())
        return {} if self.first is None else dict.fromkeys(places, self.first)


class Recorded:
    def __init__(self) -> None:
        self.items: list[BatchItem] = []

    async def record(self, items: Sequence[BatchItem]) -> None:
        self.items.extend(items)


class OffsetLedger:
    """Offsets and epochs, with the compare-and-set of a batch."""

    def __init__(self, next_offsets: Mapping[int, int]) -> None:
        self.next_offsets = dict(next_offsets)
        self.epoch = 0
        self.identities: list[LogIdentity] = []
        self.recorded = Recorded()
        self.is_fenced = False

    async def claim_partitions(
        self, log: LogIdentity, partitions: Mapping[int, int], _owner: str
    ) -> dict[int, PartitionClaim]:
        self.identities.append(log)
        self.epoch += 1
        if any(self.next_offsets.get(partition, 0) > end for partition, end in partitions.items()):
            raise LogReplacedError
        return {
            partition: PartitionClaim(partition, self.next_offsets.get(partition, 0), self.epoch)
            for partition in partitions
        }

    async def offsets(self, _log: LogIdentity) -> dict[int, int]:
        return self.next_offsets

    @asynccontextmanager
    async def batch(
        self, _log: LogIdentity, claims: Sequence[PartitionClaim], next_offsets: Mapping[int, int]
    ) -> AsyncIterator[Recorded]:
        if self.is_fenced:
            raise FencedError
        assert all(claim.epoch == self.epoch for claim in claims)
        yield self.recorded
        self.next_offsets.update(next_offsets)


def a_claimer(ledger: OffsetLedger, lens: Lens) -> Claimer:
    return Claimer(
        ledger=cast("Ledger", ledger), lens=lens, topic="hub.events", worker_id="w", clock=lambda: NOW
    )


async def test_a_claim_goes_on_where_the_ledger_is() -> None:
    """The ledger's offset counts, under the identity that the log has at this moment."""
    ledger, lens = OffsetLedger({0: 5, 1: 0}), Lens("cluster-a", "cluster-b")
    claimer = a_claimer(ledger, lens)
    bounds = {1: LogBounds(0, 3), 0: LogBounds(0, 9)}
    assert await claimer.claim(bounds) == [PartitionClaim(0, 5, 1), PartitionClaim(1, 0, 1)]
    await claimer.claim(bounds)
    assert [identity.cluster_id for identity in ledger.identities] == ["cluster-a", "cluster-b"]
    assert claimer.log == LogIdentity("cluster-b", "hub.events")


async def test_what_retention_removed_is_put_on_record() -> None:
    """Records that the log lost before they were decided are parked as one hole, and work goes on after it."""
    ledger = OffsetLedger({0: 5})
    claims = await a_claimer(ledger, Lens("c")).claim({0: LogBounds(beginning=8, end=20)})
    assert claims == [PartitionClaim(0, 8, 1)]
    assert ledger.next_offsets[0] == 8
    assert ledger.recorded.items == [UnreadableRecord(0, 5, GAP_REASON, 0, "offsets:5-7", NOW)]


async def test_a_replaced_log_is_refused() -> None:
    """A ledger beyond the end of the log means another log: nobody may go on."""
    with pytest.raises(LogReplacedError):
        await a_claimer(OffsetLedger({0: 800}), Lens("c")).claim({0: LogBounds(0, 400)})


async def test_a_reclaim_after_lost_records_reads_them_again() -> None:
    """When the log still has the expected record, it was Faust that lost it: nothing is recorded."""
    ledger, lens = OffsetLedger({0: 5}), Lens("c", first=5)
    assert await a_claimer(ledger, lens).claim_after_gap(0, LogBounds(0, 9)) == PartitionClaim(0, 5, 1)
    assert lens.looked == [("hub.events", 0, 5)]
    assert ledger.recorded.items == []


async def test_a_reclaim_before_a_real_hole_records_it() -> None:
    """When the log itself jumps, the hole is parked and the partition goes on behind it."""
    ledger = OffsetLedger({0: 5})
    assert (await a_claimer(ledger, Lens("c", first=7)).claim_after_gap(0, LogBounds(0, 9))).next_offset == 7
    assert [item.reason for item in ledger.recorded.items if isinstance(item, UnreadableRecord)] == [
        GAP_REASON
    ]


async def test_a_reclaim_without_an_answer_concludes_nothing() -> None:
    """A look into the log that shows nothing in time must not be taken for a hole."""
    ledger = OffsetLedger({0: 5})
    assert (
        await a_claimer(ledger, Lens("c", first=None)).claim_after_gap(0, LogBounds(0, 9))
    ).next_offset == 5
    assert ledger.recorded.items == []


async def test_a_broker_that_understates_the_end_is_checked_against_the_log() -> None:
    """The ledger may be beyond the broker's word when the log still has the last record that it decided."""
    ledger, lens = OffsetLedger({0: 9}), Lens("c", first=8)
    assert await a_claimer(ledger, lens).claim({0: LogBounds(0, 5)}) == [PartitionClaim(0, 9, 1)]
    assert lens.looked == [("hub.events", 0, 8)]


async def test_an_honest_broker_is_not_looked_at() -> None:
    """A ledger at or before the end needs no proof."""
    lens = Lens("c", first=1)
    await a_claimer(OffsetLedger({0: 9}), lens).claim({0: LogBounds(0, 9)})
    assert lens.looked == []


@pytest.mark.parametrize("first", [None, 0, 4])
async def test_a_replaced_log_has_other_records_in_that_place(first: int | None) -> None:
    """When the log has nothing there, or begins anew, the claim is refused."""
    with pytest.raises(LogReplacedError):
        await a_claimer(OffsetLedger({0: 9}), Lens("c", first=first)).claim({0: LogBounds(0, 5)})


async def test_a_hole_is_not_recorded_for_a_partition_that_moved() -> None:
    """Another worker took the partition meanwhile: the caller hears it and claims again."""
    ledger = OffsetLedger({0: 5})
    ledger.is_fenced = True
    with pytest.raises(FencedError):
        await a_claimer(ledger, Lens("c")).claim({0: LogBounds(8, 20)})
    assert ledger.next_offsets[0] == 5
