"""Consumption: offsets, fencing, the log's identity, one decision per record. For the database and its twin."""

from __future__ import annotations

import pytest

from hub.core.snapshot import FactKeys
from hub.ledger.interface import (
    FencedError,
    LogIdentity,
    LogReplacedError,
    RetryBatchError,
    UnreadableRecord,
)
from hub.ledger.ledger import StoredLedger
from tests.conformance.ledger_world import (
    END,
    LOG,
    NOW,
    TEAM,
    World,
    allow,
    consent_change,
    judged,
    record,
    refuse,
    repeated,
    sealed_event,
    subject_change,
    subscription,
    wait,
)


class StopHereError(Exception):
    """The crash of these tests."""


async def test_claim_goes_on_where_the_last_batch_ended(world: World) -> None:
    """A new owner starts at the first record that is not decided yet, with a higher epoch."""
    first = sealed_event("evt-1")
    await world.commit(record(0, first, judged(first, refuse())))
    claim = (await world.ledger.claim_partitions(LOG, {0: END}, "worker-2"))[0]
    assert (claim.next_offset, claim.epoch) == (1, 2)
    assert await world.ledger.offsets(LOG) == {0: 1}


async def test_zombie_is_fenced(world: World) -> None:
    """A worker whose partition was claimed by another writes nothing."""
    other = await World(world.ledger).own("worker-2")
    sealed = sealed_event()
    with pytest.raises(FencedError):
        await world.commit(record(0, sealed, judged(sealed, refuse())))
    assert (await world.ledger.balance()).records == 0
    await other.commit(record(0, sealed, judged(sealed, refuse())))
    assert (await world.ledger.balance()).records == 1


async def test_one_fenced_partition_stops_the_whole_batch(ledger: StoredLedger) -> None:
    """A batch over two partitions writes nothing when one of them belongs to another worker."""
    world = await World(ledger, (0, 1)).own()
    await World(ledger, (1,)).own("worker-2")
    one, two = sealed_event("evt-1"), sealed_event("evt-2", subject="ps_1_child_two")
    with pytest.raises(FencedError):
        await world.commit(
            record(0, one, judged(one, refuse())), record(0, two, judged(two, refuse()), partition=1)
        )
    assert await ledger.offsets(LOG) == {0: 0, 1: 0}


async def test_same_offset_is_never_written_twice(world: World) -> None:
    """A batch that starts at an offset that was decided already is refused."""
    sealed = sealed_event()
    before = world.claims[0]
    await world.commit(record(0, sealed, judged(sealed, refuse())))
    world.claims[0] = before
    with pytest.raises(FencedError):
        await world.commit(record(0, sealed, judged(sealed, refuse())))
    assert (await world.ledger.balance()).records == 1


async def test_one_place_twice_in_a_batch_is_refused(world: World) -> None:
    """Even with the offset in order, one place in the log is recorded once."""
    sealed = sealed_event()
    item = record(0, sealed, judged(sealed, refuse()))
    with pytest.raises(ValueError, match="twice"):
        await world.commit(item, item)
    assert (await world.ledger.balance()).records == 0


async def test_replaced_log_is_refused(world: World) -> None:
    """A claim beyond the end of the log is refused and changes no epoch."""
    sealed = sealed_event()
    await world.commit(record(41, sealed, judged(sealed, refuse())))
    with pytest.raises(LogReplacedError):
        await world.ledger.claim_partitions(LOG, {0: 7}, "worker-2")
    claim = (await world.ledger.claim_partitions(LOG, {0: 42}, "worker-2"))[0]
    assert claim.epoch == world.claims[0].epoch + 1


async def test_log_of_another_cluster_has_offsets_of_its_own(world: World) -> None:
    """A fresh broker has another cluster id: its offsets start anew and the old ones stay."""
    sealed = sealed_event()
    await world.commit(record(9, sealed, judged(sealed, refuse())))
    fresh = LogIdentity("cluster-2", LOG.topic)
    claim = (await world.ledger.claim_partitions(fresh, {0: 0}, "worker-1"))[0]
    assert claim.next_offset == 0
    assert await world.ledger.offsets(LOG) == {0: 10}


async def test_gap_in_the_log_is_skipped(world: World) -> None:
    """Offsets that hold no record (compaction, markers) leave no trace and stop nothing."""
    one, two = sealed_event("evt-1"), sealed_event("evt-2")
    await world.commit(record(3, one, judged(one, refuse())), record(8, two, judged(two, refuse())))
    assert await world.ledger.offsets(LOG) == {0: 9}


async def test_failed_batch_leaves_nothing(world: World) -> None:
    """When the worker fails after recording, before the end, neither rows nor offset are kept."""
    sealed = sealed_event()

    async def crashing() -> None:
        async with world.ledger.batch(LOG, [world.claims[0]], {0: 1}) as batch:
            await batch.record([record(0, sealed, judged(sealed, refuse(), facts=[subject_change()]))])
            raise StopHereError

    with pytest.raises(StopHereError):
        await crashing()
    assert (await world.ledger.balance()).records == 0
    assert await world.ledger.offsets(LOG) == {0: 0}
    assert await world.ledger.verify_chain() == []
    snapshot = await world.ledger.look_up(FactKeys(subjects=frozenset({"ps_1_child_one"})))
    assert (snapshot.subjects, snapshot.consent_versions) == ({}, {})


async def test_each_recipient_has_one_line(world: World) -> None:
    """One record with three recipients is three lines, each with what became of it."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event(recipients=(TEAM, "gp_1", "police_1"))
    whole = judged(sealed, allow(), refuse("gp_1", 1), wait("police_1", 2))
    await world.commit(record(0, sealed, whole))
    balance = await world.ledger.balance()
    assert (balance.records, balance.accepted) == (1, 3)
    assert (balance.pending, balance.withheld, balance.held) == (1, 1, 1)
    assert balance.difference == 0


async def test_repeat_is_a_line_of_its_own(world: World) -> None:
    """The same event sent again is withheld as a repeat, and its receipt tells of the first."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, allow())))
    await world.commit(record(1, sealed, repeated()))
    await world.deliver()
    balance = await world.ledger.balance()
    assert (balance.records, balance.accepted, balance.delivered, balance.withheld) == (2, 2, 1, 1)
    receipt = await world.ledger.receipt(sealed.uid)
    assert receipt is not None
    assert [verdict for _, verdict, _ in receipt.verdicts] == ["unique", "duplicate"]
    assert (receipt.status, [line.state for line in receipt.lines]) == ("delivered", ["delivered"])


async def test_repeat_under_a_new_id_points_to_the_first(world: World) -> None:
    """The same record and revision under a new id is answered with what became of the first."""
    await world.ledger.put_subscription(subscription())
    first = sealed_event("evt-1", record=("s1", 1))
    again = sealed_event("evt-2", record=("s1", 1))
    await world.commit(record(0, first, judged(first, allow())))
    await world.deliver()
    await world.commit(record(1, again, repeated()))
    receipt = await world.ledger.receipt(again.uid)
    assert receipt is not None
    assert [(line.recipient, line.state) for line in receipt.lines] == [(TEAM, "delivered")]


async def test_repeat_inside_one_batch_points_to_the_first(world: World) -> None:
    """A repeat finds its first sending even when both are in the same batch."""
    first = sealed_event("evt-1", record=("s1", 1))
    again = sealed_event("evt-2", record=("s1", 1))
    await world.commit(record(0, first, judged(first, refuse())), record(1, again, repeated()))
    receipt = await world.ledger.receipt(again.uid)
    assert receipt is not None
    assert [line.reason for line in receipt.lines] == ["deny_no_consent"]


async def test_unreadable_record_is_parked_with_its_place(world: World) -> None:
    """A record that is no event is one parked line; its bytes are nowhere."""
    item = UnreadableRecord(0, 0, "unknown_schema", 12, "ab" * 32, NOW)
    await world.commit(item)
    balance = await world.ledger.balance()
    assert (balance.accepted, balance.parked, balance.difference) == (1, 1, 0)
    assert (await world.ledger.statistics(NOW)).parked == 1
    assert await world.ledger.verify_chain() == []


async def test_record_number_taken_by_another_batch_makes_the_batch_retry(ledger: StoredLedger) -> None:
    """Two partitions that both bring a new record with one number: the second must judge again."""
    one, two = await World(ledger, (0,)).own(), await World(ledger, (1,)).own()
    first = sealed_event("evt-1", record=("s1", 1))
    second = sealed_event("evt-2", record=("s1", 1), subject="ps_1_child_two")
    await one.commit(record(0, first, judged(first, refuse())))
    with pytest.raises(RetryBatchError):
        await two.commit_unseen(record(0, second, judged(second, refuse()), partition=1))
    assert await ledger.offsets(LOG) == {0: 1, 1: 0}


async def test_record_number_passes_on_when_the_earlier_entry_was_seen(world: World) -> None:
    """When the judging saw the earlier entry and still took the record as new, it takes over the number."""
    first, later = sealed_event("evt-1", record=("s1", 1)), sealed_event("evt-2", record=("s1", 1))
    await world.commit(record(0, first, judged(first, refuse())))
    await world.commit(record(1, later, judged(later, refuse())))
    again = sealed_event("evt-3", record=("s1", 1))
    await world.commit(record(2, again, repeated()))
    receipt = await world.ledger.receipt(again.uid)
    assert receipt is not None
    assert (await world.ledger.balance()).difference == 0


async def test_facts_come_back_as_they_were_stored(world: World) -> None:
    """Facts of a batch are what the next batch gathers, with one more version per change of the child's facts."""
    sealed = sealed_event()
    changes = [subject_change(related_orgs=["school_1"]), consent_change("c1"), consent_change("c2")]
    await world.commit(record(0, sealed, judged(sealed, refuse(), facts=changes)))
    keys = FactKeys(subjects=frozenset({"ps_1_child_one"}))
    snapshot = await world.ledger.look_up(keys)
    assert snapshot.subjects == {"ps_1_child_one": {"birth_date": "2016-03-01", "related_orgs": ["school_1"]}}
    assert [item["consent_id"] for item in snapshot.consents["ps_1_child_one"]] == ["c1", "c2"]
    assert snapshot.consent_versions == {"ps_1_child_one": 3}
    assert [entry.entry_id for entry in snapshot.entries] == [sealed.uid]


async def test_kin_share_a_household_or_a_parent(world: World) -> None:
    """Gathering one child brings its kin by household and by parent, not by an institution or a guardian."""
    parent = [{"person": "parent_1", "role": "parent_with_custody", "checked_on": "2026-10-01"}]
    guardian = [{"person": "guardian_1", "role": "institution_guardian", "checked_on": "2026-10-01"}]
    changes = [
        subject_change("ps_a", households=["h1"], institution_address=False, custody=parent + guardian),
        subject_change("ps_b", households=["h1"], institution_address=False),
        subject_change("ps_c", custody=parent),
        subject_change("ps_d", custody=guardian),
        subject_change("ps_e", households=["h1"], institution_address=True),
    ]
    await world.ledger.apply_facts(changes)
    snapshot = await world.ledger.look_up(FactKeys(subjects=frozenset({"ps_a"})))
    assert set(snapshot.subjects) == {"ps_a", "ps_b", "ps_c"}


@pytest.mark.parametrize("hostile", ["nul \x00 here", "half \ud800 pair", "x" * 5000, "#sha256:abc", "a\nb"])
async def test_hostile_texts_are_stored_and_found(world: World, hostile: str) -> None:
    """A partner's malformed or endless string stops nothing and still equals itself."""
    sealed = sealed_event(hostile, subject=hostile, record=(hostile, 1), org=hostile)
    await world.commit(record(0, sealed, judged(sealed, refuse(hostile, reason=hostile))))
    source_id = (str(sealed.event["source"]), hostile)
    snapshot = await world.ledger.look_up(FactKeys(source_ids=frozenset({source_id})))
    assert [(entry.subject_ref, entry.record_ref) for entry in snapshot.entries] == [(hostile, hostile)]
    assert (await world.ledger.balance()).difference == 0
    assert await world.ledger.verify_chain() == []
