"""One plan, one transaction, and who acts on which error: agents/committing.py and agents/judging.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

import agents.judging
from agents.committing import Committer
from agents.intake import Intake, LogRecord, Plan
from agents.judging import EMPTY_RECORD, UNDECIDABLE
from agents.runtime import Runtime
from agents.settings import AgentSettings
from hub.core.judgement import Judgement
from hub.core.model import Decision, EventDecision, Outcome, RecipientDecision
from hub.core.snapshot import FactKeys, Snapshot
from hub.ledger.interface import (
    BatchItem,
    FencedError,
    JudgedRecord,
    Ledger,
    LedgerUnavailableError,
    LogIdentity,
    PartitionClaim,
    RetryBatchError,
    UnreadableRecord,
)
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent

NOW = "2026-03-02T10:00:00.000000Z"
IDENTITY = LogIdentity("cluster-a", "hub.events")
ACCEPTED = Judgement(
    verdict="unique",
    reason=None,
    decision=Decision(
        EventDecision(Outcome.ALLOW, "ok_accepted"),
        (RecipientDecision("gp-een", Outcome.DENY, "deny_no_consent"),),
    ),
)


def frame(number: int) -> bytes:
    event = {
        "id": f"e{number}",
        "source": "urn:nld:oin:00000001234567890000:systeem:test",
        "type": "consent.withdrawn",
        "time": NOW,
        "sender": {"org": "school-een", "kind": "school"},
        "sections": ["meta"],
        "subject_ref": "ps_1_a",
        "data": {"consent_id": "c1", "by": "p", "effective_at": NOW},
    }
    return encode(SealedEvent(f"uid-{number}", cast("Any", event), "school-een", NOW, "ps_1_a"))


class Transaction:
    def __init__(self, ledger: PlanLedger) -> None:
        self.items: list[BatchItem] = []
        self._ledger = ledger

    async def gather(self, keys: FactKeys, _now: str) -> Snapshot:
        self._ledger.gathered.append(keys)
        return Snapshot()

    async def record(self, items: Sequence[BatchItem]) -> None:
        for item in items:
            if isinstance(item, JudgedRecord) and self._ledger.breaks(item.offset):
                raise ValueError("the database cannot hold this")
        self.items.extend(items)


class PlanLedger:
    """Offsets with compare-and-set; fails as the test scripts it. Nothing of a failed transaction stays."""

    def __init__(self, **next_offsets: int) -> None:
        self.next_offsets = {int(name[1:]): offset for name, offset in next_offsets.items()}
        self.epochs = dict.fromkeys(self.next_offsets, 1)
        self.items: list[BatchItem] = []
        self.gathered: list[FactKeys] = []
        self.failures: list[Exception] = []
        self.breaks: Callable[[int], bool] = lambda _: False

    @asynccontextmanager
    async def batch(
        self, _log: LogIdentity, claims: Sequence[PartitionClaim], next_offsets: Mapping[int, int]
    ) -> AsyncIterator[Transaction]:
        for claim in claims:
            if (self.next_offsets[claim.partition], self.epochs[claim.partition]) != (
                claim.next_offset,
                claim.epoch,
            ):
                raise FencedError
        transaction = Transaction(self)
        yield transaction
        if self.failures:
            raise self.failures.pop(0)
        self.next_offsets.update(next_offsets)
        self.items.extend(transaction.items)

    def intake(self) -> Intake:
        intake = Intake()
        intake.assigned(
            [PartitionClaim(part, offset, self.epochs[part]) for part, offset in self.next_offsets.items()]
        )
        return intake


class Metrics:
    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *values: self.told.append((name, *values))


@pytest.fixture(autouse=True)
def _judged_simply(monkeypatch: pytest.MonkeyPatch) -> None:
    """The core has its own tests: here every event gets the same judgement."""
    monkeypatch.setattr(agents.judging, "judge_batch", lambda inputs, *_: [ACCEPTED for _ in inputs])


def setup(
    ledger: PlanLedger, *values: bytes | None, partition: int = 0
) -> tuple[Committer, Intake, Plan, Metrics]:
    intake, metrics = ledger.intake(), Metrics()
    start = ledger.next_offsets[partition]
    for number, value in enumerate(values):
        intake.admit(LogRecord(partition, start + number, value))
    runtime = Runtime(
        ledger=cast("Ledger", ledger),
        standing=cast("Any", None),
        bootstrap_servers="",
        worker_id="w",
        clock=lambda: NOW,
        metrics=cast("Any", metrics),
        settings=AgentSettings(flush_pauses_seconds=(0.0, 0.0), conflict_retries=3),
    )
    plan = intake.plan()
    assert plan is not None
    return Committer(runtime, intake), intake, plan, metrics


def places(items: Sequence[BatchItem]) -> list[tuple[int, str]]:
    return [(item.offset, item.reason if isinstance(item, UnreadableRecord) else "judged") for item in items]


async def test_a_plan_is_written_whole_and_moves_the_offset() -> None:
    """Every record becomes one item in the log's order; facts are gathered once for the whole batch."""
    ledger = PlanLedger(p0=5)
    committer, intake, plan, metrics = setup(ledger, frame(1), frame(2))
    assert await committer.commit(plan, IDENTITY) == frozenset()
    assert places(ledger.items) == [(5, "judged"), (6, "judged")]
    assert ledger.next_offsets == {0: 7}
    assert len(ledger.gathered) == 1
    assert "ps_1_a" in ledger.gathered[0].subjects
    assert intake.holds(PartitionClaim(0, 7, 1))
    assert metrics.told.count(("judged", "unique")) == 2
    assert metrics.told.count(("decided", "deny", "deny_no_consent", 0.0)) == 2
    assert ("progress", "decide") in metrics.told


async def test_what_cannot_be_read_is_parked_in_its_place() -> None:
    """Bytes that are no event of ours become a parked record with size and digest, between the others."""
    ledger = PlanLedger(p0=0)
    committer, _, plan, metrics = setup(ledger, frame(1), b"junk", None, frame(2))
    await committer.commit(plan, IDENTITY)
    kinds = [kind for _, kind in places(ledger.items)]
    assert kinds[0] == kinds[3] == "judged"
    assert kinds[2] == EMPTY_RECORD
    junk = ledger.items[1]
    assert isinstance(junk, UnreadableRecord)
    assert (junk.size_bytes, len(junk.digest)) == (4, 64)
    assert metrics.told.count(("parked", "unreadable")) == 2


async def test_a_record_that_the_database_refuses_is_found_and_parked() -> None:
    """One poisonous record is parked; every other record of the plan is decided, in order."""
    ledger = PlanLedger(p0=0)
    ledger.breaks = lambda offset: offset == 5
    committer, _, plan, metrics = setup(ledger, *[frame(number) for number in range(9)])
    await committer.commit(plan, IDENTITY)
    expected = ["judged"] * 9
    expected[5] = UNDECIDABLE
    assert places(ledger.items) == list(enumerate(expected))
    assert ledger.next_offsets == {0: 9}
    assert metrics.told.count(("parked", "evaluation_error")) == 1


async def test_a_record_that_breaks_the_program_is_found_and_parked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even an error in the core, which promises none, costs one record and not the worker."""

    def judge(inputs: Sequence[tuple[str, str, Any]], *_: object) -> list[Judgement]:
        if any(uid == "uid-2" for uid, _, _ in inputs):
            raise RecursionError
        return [ACCEPTED for _ in inputs]

    monkeypatch.setattr(agents.judging, "judge_batch", judge)
    ledger = PlanLedger(p0=0)
    committer, _, plan, _ = setup(ledger, *[frame(number) for number in range(4)])
    await committer.commit(plan, IDENTITY)
    assert [kind for _, kind in places(ledger.items)] == ["judged", "judged", UNDECIDABLE, "judged"]


async def test_a_short_absence_of_the_database_is_waited_out() -> None:
    """The same plan is tried again; nothing is written twice."""
    ledger = PlanLedger(p0=0)
    ledger.failures = [LedgerUnavailableError(), LedgerUnavailableError()]
    committer, _, plan, _ = setup(ledger, frame(1))
    assert await committer.commit(plan, IDENTITY) == frozenset()
    assert len(ledger.items) == 1


async def test_a_long_absence_of_the_database_leaves_the_committer() -> None:
    """The worker must end so that its supervisor starts it afresh."""
    ledger = PlanLedger(p0=0)
    ledger.failures = [LedgerUnavailableError() for _ in range(3)]
    committer, _, plan, _ = setup(ledger, frame(1))
    with pytest.raises(LedgerUnavailableError):
        await committer.commit(plan, IDENTITY)
    assert ledger.items == []


async def test_a_meeting_with_another_batch_is_tried_again_at_once() -> None:
    """The (source, id) that another partition's batch wrote first is judged anew with that memory."""
    ledger = PlanLedger(p0=0)
    ledger.failures = [RetryBatchError(), RetryBatchError()]
    committer, _, plan, _ = setup(ledger, frame(1))
    assert await committer.commit(plan, IDENTITY) == frozenset()
    assert len(ledger.gathered) == 3
    assert len(ledger.items) == 1


async def test_a_lost_answer_to_a_commit_ends_in_a_new_claim() -> None:
    """When the commit happened but its answer was lost, the next try is fenced, and nothing is written twice."""
    ledger = PlanLedger(p0=0)
    committer, _, plan, metrics = setup(ledger, frame(1))
    ledger.next_offsets[0] = 1
    assert await committer.commit(plan, IDENTITY) == frozenset({0})
    assert ledger.items == []
    assert ("fenced",) in metrics.told


async def test_a_partition_that_moved_does_not_stop_the_others() -> None:
    """Of a batch over two partitions the one that is still ours is written."""
    ledger = PlanLedger(p0=0, p1=0)
    committer, intake, first, _ = setup(ledger, frame(1))
    intake.assigned([PartitionClaim(0, 0, 1), PartitionClaim(1, 0, 1)])
    for partition in (0, 1):
        intake.admit(LogRecord(partition, 0, first.records[0].value))
    plan = intake.plan()
    assert plan is not None
    ledger.epochs[1] = 2
    assert await committer.commit(plan, IDENTITY) == frozenset({1})
    assert [(item.partition, item.offset) for item in ledger.items] == [(0, 0)]
