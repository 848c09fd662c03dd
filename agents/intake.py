"""Which record of which partition comes next, and what the next transaction holds. Pure: no Faust, no I/O.

The ledger's offset is the truth. Faust may repeat records after a rebalance, and drops re-read records after a
seek without a word; so every record is admitted by its expected offset, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, unique

from hub.ledger.interface import PartitionClaim


@unique
class Admission(Enum):
    """What to do with a record that arrives."""

    TAKE = "take"
    """It is the next one."""
    STALE = "stale"
    """It is decided, or already taken: drop it."""
    GAP = "gap"
    """Records before it did not arrive: drop it, and claim the partition again."""
    UNCLAIMED = "unclaimed"
    """The partition is not ours, or is being claimed again: drop it, it will be read anew."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record of the log as it came: its place and its bytes."""

    partition: int
    offset: int
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Plan:
    """One transaction: records in order, the claims that it leans on, and the offsets that follow."""

    records: tuple[LogRecord, ...]
    claims: tuple[PartitionClaim, ...]

    @property
    def next_offsets(self) -> dict[int, int]:
        """Return the first undecided offset per partition after this plan."""
        return {record.partition: record.offset + 1 for record in self.records}

    def per_partition(self) -> list[Plan]:
        """Split in one plan per partition."""
        return [
            _plan(tuple(r for r in self.records if r.partition == claim.partition), (claim,))
            for claim in self.claims
        ]

    def halves(self) -> tuple[Plan, Plan]:
        """Split in two plans that follow each other; a plan of one record cannot be split."""
        middle = len(self.records) // 2
        first = _plan(self.records[:middle], self.claims)
        return first, _plan(self.records[middle:], advanced(self.claims, first.next_offsets))


def _plan(records: tuple[LogRecord, ...], claims: Iterable[PartitionClaim]) -> Plan:
    partitions = {record.partition for record in records}
    return Plan(records, tuple(claim for claim in claims if claim.partition in partitions))


def advanced(claims: Iterable[PartitionClaim], next_offsets: Mapping[int, int]) -> tuple[PartitionClaim, ...]:
    """Return the claims as they stand once these offsets are committed."""
    return tuple(
        replace(claim, next_offset=next_offsets.get(claim.partition, claim.next_offset)) for claim in claims
    )


class Intake:
    """The admission of records and the batch in the making.

    INVARIANT: the records taken of one partition are contiguous and start at its claim's next offset.
    """

    def __init__(self) -> None:
        self._claims: dict[int, PartitionClaim] = {}
        self._expected: dict[int, int] = {}
        self._taken: list[LogRecord] = []

    def __len__(self) -> int:
        return len(self._taken)

    @property
    def partitions(self) -> frozenset[int]:
        """Return the partitions from which records are admitted."""
        return frozenset(self._expected)

    def assigned(self, claims: Iterable[PartitionClaim]) -> None:
        """Start over with exactly these claims: what was taken before is read anew."""
        self._claims.clear()
        self._expected.clear()
        self._taken.clear()
        self.claimed(claims)

    def claimed(self, claims: Iterable[PartitionClaim]) -> None:
        """Continue these partitions from their new claims; what was taken of them before is read anew."""
        renewed = {claim.partition: claim for claim in claims}
        self._claims.update(renewed)
        self._expected.update({partition: claim.next_offset for partition, claim in renewed.items()})
        self._forget(renewed)

    def dropped(self, partitions: Iterable[int]) -> None:
        """Let go of partitions: nothing of them is admitted or written until they are claimed."""
        gone = set(partitions)
        for partition in gone:
            self._claims.pop(partition, None)
            self._expected.pop(partition, None)
        self._forget(gone)

    def _forget(self, partitions: Iterable[int]) -> None:
        gone = set(partitions)
        self._taken = [record for record in self._taken if record.partition not in gone]

    def admit(self, record: LogRecord) -> Admission:
        """Judge the place of a record, and take it when it is the next one."""
        expected = self._expected.get(record.partition)
        if expected is None:
            return Admission.UNCLAIMED
        if record.offset < expected:
            return Admission.STALE
        if record.offset > expected:
            # What was taken before the gap stays valid; only admission stops until the partition is claimed.
            del self._expected[record.partition]
            return Admission.GAP
        self._expected[record.partition] = expected + 1
        self._taken.append(record)
        return Admission.TAKE

    def plan(self) -> Plan | None:
        """Take the batch out, as one plan; None when there is nothing to write."""
        if not self._taken:
            return None
        records, self._taken = tuple(self._taken), []
        return _plan(records, self._claims.values())

    def committed(self, plan: Plan) -> None:
        """Note that a plan is in the ledger. A partition that was claimed anew meanwhile is left alone."""
        next_offsets = plan.next_offsets
        for claim in plan.claims:
            if self.holds(claim):
                (self._claims[claim.partition],) = advanced((claim,), next_offsets)

    def holds(self, claim: PartitionClaim) -> bool:
        """Return whether this claim's epoch is still the one that counts here."""
        current = self._claims.get(claim.partition)
        return current is not None and current.epoch == claim.epoch
