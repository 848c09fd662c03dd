"""The admission of records: agents/intake.py."""

from __future__ import annotations

from random import Random

from agents.intake import Admission, Intake, LogRecord
from hub.ledger.interface import PartitionClaim


def record(offset: int, partition: int = 0) -> LogRecord:
    return LogRecord(partition, offset, b"x")


def intake_at(*claims: PartitionClaim) -> Intake:
    intake = Intake()
    intake.assigned(claims)
    return intake


def test_next_record_is_taken_and_planned() -> None:
    """The record at the claim's offset and its followers form one plan with the offset after the last."""
    intake = intake_at(PartitionClaim(0, 7, 1))
    assert [intake.admit(record(offset)) for offset in (7, 8)] == [Admission.TAKE, Admission.TAKE]
    plan = intake.plan()
    assert plan is not None
    assert [item.offset for item in plan.records] == [7, 8]
    assert plan.claims == (PartitionClaim(0, 7, 1),)
    assert plan.next_offsets == {0: 9}


def test_nothing_taken_gives_no_plan() -> None:
    """Without records there is no transaction."""
    assert intake_at(PartitionClaim(0, 0, 1)).plan() is None


def test_stale_records_are_dropped() -> None:
    """A record below the expected offset was decided or taken before."""
    intake = intake_at(PartitionClaim(0, 7, 1))
    assert intake.admit(record(6)) is Admission.STALE
    intake.admit(record(7))
    assert intake.admit(record(7)) is Admission.STALE
    assert len(intake) == 1


def test_unclaimed_partition_is_dropped() -> None:
    """A record of a partition that is not ours is neither taken nor a gap."""
    assert intake_at().admit(record(0)) is Admission.UNCLAIMED


def test_gap_stops_admission_but_keeps_what_came_before() -> None:
    """After a gap nothing of the partition is taken until a new claim; what was taken can be written."""
    intake = intake_at(PartitionClaim(0, 0, 1))
    intake.admit(record(0))
    assert intake.admit(record(2)) is Admission.GAP
    assert intake.admit(record(1)) is Admission.UNCLAIMED
    plan = intake.plan()
    assert plan is not None
    assert plan.next_offsets == {0: 1}
    assert intake.partitions == frozenset()


def test_gap_in_one_partition_leaves_others_alone() -> None:
    """Each partition is admitted by itself."""
    intake = intake_at(PartitionClaim(0, 0, 1), PartitionClaim(1, 5, 1))
    assert intake.admit(record(3)) is Admission.GAP
    assert intake.admit(record(5, partition=1)) is Admission.TAKE


def test_committed_plan_moves_the_claim() -> None:
    """The next plan leans on the offset that the last one wrote."""
    intake = intake_at(PartitionClaim(0, 0, 1))
    intake.admit(record(0))
    first = intake.plan()
    assert first is not None
    intake.committed(first)
    intake.admit(record(1))
    second = intake.plan()
    assert second is not None
    assert second.claims == (PartitionClaim(0, 1, 1),)


def test_commit_of_an_old_claim_changes_nothing() -> None:
    """A plan that was under way when the partition was claimed anew must not move the new claim."""
    intake = intake_at(PartitionClaim(0, 0, 1))
    intake.admit(record(0))
    old = intake.plan()
    assert old is not None
    intake.claimed([PartitionClaim(0, 0, 2)])
    intake.committed(old)
    intake.admit(record(0))
    plan = intake.plan()
    assert plan is not None
    assert plan.claims == (PartitionClaim(0, 0, 2),)


def test_new_claim_forgets_what_was_taken_of_that_partition() -> None:
    """What was taken under an old claim is read anew; other partitions keep theirs."""
    intake = intake_at(PartitionClaim(0, 0, 1), PartitionClaim(1, 0, 1))
    intake.admit(record(0))
    intake.admit(record(0, partition=1))
    intake.claimed([PartitionClaim(0, 0, 2)])
    plan = intake.plan()
    assert plan is not None
    assert [item.partition for item in plan.records] == [1]


def test_assignment_starts_over() -> None:
    """After a rebalance only the new claims count."""
    intake = intake_at(PartitionClaim(0, 0, 1))
    intake.admit(record(0))
    intake.assigned([PartitionClaim(1, 4, 1)])
    assert intake.plan() is None
    assert intake.partitions == frozenset({1})


def test_dropped_partition_is_neither_admitted_nor_written() -> None:
    """A lost partition leaves the batch and the admission."""
    intake = intake_at(PartitionClaim(0, 0, 1))
    intake.admit(record(0))
    intake.dropped({0})
    assert intake.plan() is None
    assert intake.admit(record(1)) is Admission.UNCLAIMED
    assert not intake.holds(PartitionClaim(0, 0, 1))


def test_halves_follow_each_other() -> None:
    """The second half of a plan leans on the offsets that the first half writes."""
    intake = intake_at(PartitionClaim(0, 10, 1), PartitionClaim(1, 0, 3))
    for item in (record(10), record(0, 1), record(11), record(1, 1)):
        intake.admit(item)
    plan = intake.plan()
    assert plan is not None
    first, second = plan.halves()
    assert first.next_offsets == {0: 11, 1: 1}
    assert second.claims == (PartitionClaim(0, 11, 1), PartitionClaim(1, 1, 3))
    assert second.next_offsets == plan.next_offsets


def test_plan_per_partition_keeps_every_record() -> None:
    """Splitting by partition loses nothing and mixes nothing."""
    intake = intake_at(PartitionClaim(0, 0, 1), PartitionClaim(1, 0, 1))
    for item in (record(0), record(0, 1), record(1)):
        intake.admit(item)
    plan = intake.plan()
    assert plan is not None
    singles = plan.per_partition()
    assert [single.next_offsets for single in singles] == [{0: 2}, {1: 1}]
    assert all(len(single.claims) == 1 for single in singles)


def test_any_order_of_arrival_writes_each_offset_once_and_in_order() -> None:
    """Whatever repeats, skips and reclaims happen, what is planned per partition counts up without a gap."""
    for seed in range(200):
        random = Random(seed)
        intake, ledger, epoch = intake_at(PartitionClaim(0, 0, 1)), 0, 1
        for _ in range(100):
            action = random.random()
            if action < 0.8:
                intake.admit(record(max(0, ledger + random.randint(-2, 4))))
            elif action < 0.9:
                epoch += 1
                intake.claimed([PartitionClaim(0, ledger, epoch)])
            plan = intake.plan() if random.random() < 0.5 else None
            if plan is not None:
                assert [item.offset for item in plan.records] == list(range(ledger, plan.next_offsets[0])), (
                    seed
                )
                ledger = plan.next_offsets[0]
                intake.committed(plan)
