"""What goes on over time: threads, the clock that rings them, messages and the hub's own events. For both ledgers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hub.core.judgement import Judgement
from hub.core.model import Emission, JsonObject
from hub.core.own_events import alert_event, own_event
from hub.core.snapshot import FactKeys, Snapshot
from hub.core.threads import (
    AGE,
    REFERRAL,
    RESPONSE,
    Thread,
    age_id,
    referral_id,
    response_id,
)
from hub.ledger import rows
from hub.ledger.documents import emission_from, emission_text
from hub.ledger.interface import DueThread
from hub.ledger.ledger import StoredLedger
from tests.conformance.ledger_world import (
    CHILD,
    HOLD_UNTIL,
    LATER,
    LOG,
    NOW,
    SCHOOL,
    TEAM,
    World,
    allow,
    at,
    decision,
    entry,
    judged,
    record,
    refuse,
    repeated,
    sealed_event,
    settled,
    subject_change,
    subscription,
    wait,
)

SIBLING = "ps_1_child_two"
SOON = at(30)


def referral(uid: str, subject: str | None = CHILD, **fields: object) -> Thread:
    """Return a referral that goes on."""
    thread = Thread(
        thread_id=referral_id(uid),
        kind=REFERRAL,
        uid=uid,
        subject_ref=subject,
        next_at=SOON,
        document={"state": "offered", "owner": TEAM, "since": [NOW]},
    )
    return replace(thread, **fields)  # type: ignore[arg-type]


def an_alert(cause: str = "cause", subject: str = CHILD) -> JsonObject:
    """Return an alert of the hub."""
    return alert_event(
        "alert.deadline_near",
        cause,
        subject_ref=subject,
        owner=TEAM,
        now=NOW,
        urgency="u2",
        uid="uid-of-the-referral",
        case_ref="case-1",
        level=1,
        rule="first_response",
        due_at=LATER,
        reason="hold_no_owner",
    )


async def start(world: World, offset: int = 0, judgement: Judgement | None = None, **fields: str) -> Thread:
    """Write an event that begins a referral; return the thread."""
    sealed = sealed_event(f"evt-{offset}", **fields)  # type: ignore[arg-type]
    thread = referral(sealed.uid, sealed.event["subject_ref"])  # type: ignore[arg-type]
    found = judgement or judged(sealed, refuse())
    await world.commit(record(offset, sealed, replace(found, threads=(thread,))))
    return thread


async def gathered(ledger: StoredLedger, **keys: frozenset[str]) -> Snapshot:
    """Return what judging would see."""
    return await ledger.look_up(FactKeys(**keys))  # type: ignore[arg-type]


async def due(world: World, now: str, limit: int = 10) -> list[DueThread]:
    """Return what is due, without ringing it."""
    async with world.ledger.due_threads(limit, now) as ringing:
        return list(ringing.due)


async def topic(world: World, name: str) -> list[JsonObject]:
    """Return what waits for one topic of the hub."""
    return [row.document for row in await world.ledger.outbox(100) if row.topic == name]


async def test_thread_is_kept_whole(world: World) -> None:
    """A thread comes back as it was written, with its document."""
    thread = await start(world)
    assert await world.ledger.threads(CHILD) == [thread]
    assert (await gathered(world.ledger, subjects=frozenset({CHILD}))).threads == (thread,)


async def test_later_event_changes_a_thread(world: World) -> None:
    """A thread is replaced by the judgement of a later event and keeps its place among the others."""
    first = await start(world, 0)
    second = await start(world, 1)
    accepted = replace(first, next_at=None, document={"state": "accepted"})
    sealed = sealed_event("evt-2", type_name="referral.accepted")
    await world.commit(record(2, sealed, replace(judged(sealed), threads=(accepted,))))
    assert await world.ledger.threads(CHILD) == [accepted, second]


async def test_open_threads_of_the_subject_are_gathered(world: World) -> None:
    """What is closed is not seen by later events about the child, what is open is; showing tells both."""
    closed = replace(await start(world, 0), is_open=False, next_at=None)
    open_one = await start(world, 1)
    sealed = sealed_event("evt-2")
    await world.commit(record(2, sealed, replace(judged(sealed), threads=(closed,))))
    assert (await gathered(world.ledger, subjects=frozenset({CHILD}))).threads == (open_one,)
    assert await world.ledger.threads(CHILD) == [closed, open_one]


async def test_threads_of_kin_are_not_gathered(world: World) -> None:
    """A sibling is gathered for matches; what goes on about it is none of this event's business."""
    households: JsonObject = {"households": ["household-1"], "institution_address": False}
    await world.ledger.apply_facts(
        [subject_change(CHILD, **households), subject_change(SIBLING, **households)]
    )
    mine, _ = await start(world, 0), await start(world, 1, subject=SIBLING)
    snapshot = await gathered(world.ledger, subjects=frozenset({CHILD}))
    assert sorted(snapshot.subjects) == [CHILD, SIBLING]
    assert snapshot.threads == (mine,)


async def test_reply_finds_the_threads_of_its_event(world: World) -> None:
    """All threads of an event, closed ones too, are found by its sender's id, the hub's id and the record ref."""
    sealed = sealed_event("evt-0", record=("s1", 1))
    closed = referral(sealed.uid, is_open=False, next_at=None)
    owed = Thread(thread_id=response_id(sealed.uid, TEAM), kind=RESPONSE, uid=sealed.uid, subject_ref=CHILD)
    await world.commit(record(0, sealed, replace(judged(sealed), threads=(closed, owed))))
    await start(world, 1, subject=SIBLING)
    for known_id in ("evt-0", sealed.uid, "s1"):
        snapshot = await gathered(world.ledger, event_ids=frozenset({known_id}))
        assert snapshot.threads == (closed, owed)
        assert [item.entry_id for item in snapshot.entries] == [sealed.uid]
        assert {"id": known_id, "org": SCHOOL, "kind": "school"} in snapshot.known_events
    assert (await gathered(world.ledger, event_ids=frozenset({"other"}))).threads == ()


async def test_repeat_finds_the_threads_of_its_event(world: World) -> None:
    """The same event again sees what goes on about it, by its source and id and by its sender's record."""
    sealed = sealed_event("evt-0", record=("s1", 1))
    thread = referral(sealed.uid, is_open=False)
    await world.commit(record(0, sealed, replace(judged(sealed), threads=(thread,))))
    source_ids = frozenset({(str(sealed.event["source"]), "evt-0")})
    assert (await world.ledger.look_up(FactKeys(source_ids=source_ids))).threads == (thread,)
    records = frozenset({(SCHOOL, "s1")})
    assert (await world.ledger.look_up(FactKeys(records=records))).threads == (thread,)


async def test_deliveries_look_at_no_threads(world: World) -> None:
    """The last look before a delivery decides without threads, and reads none."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event()
    await world.commit(record(0, sealed, replace(judged(sealed, allow()), threads=(referral(sealed.uid),))))
    await world.claim()
    assert [snapshot.threads for snapshot in world.answers.snapshots] == [()]


async def test_held_event_that_is_judged_again_changes_threads(world: World) -> None:
    """A release writes threads, messages and the hub's own events like a first judgement."""
    await world.ledger.put_subscription(subscription(SCHOOL))
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, wait())))
    told = Emission("acknowledgement.received", (SCHOOL,), "ok_accepted")
    judgement = replace(
        judged(sealed, refuse(), verdict="reevaluated"),
        threads=(referral(sealed.uid),),
        own_events=(an_alert(),),
        messages=(told,),
    )
    async with world.ledger.due_holds(10, NOW) as holds:
        await holds.rejudged(holds.held[0], judgement, None, NOW)
    assert await world.ledger.threads(CHILD) == [referral(sealed.uid)]
    assert await topic(world, "hub.events") == [an_alert()]
    assert [item.candidate.emission for item in await world.claim()] == [told]


async def test_look_that_changes_nothing_can_still_tell(world: World) -> None:
    """A held event whose verdict stays keeps its hold; what the look says about threads and messages is written."""
    await world.ledger.put_subscription(subscription(SCHOOL))
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, wait())))
    told = Emission("completion.requested", (SCHOOL,), "hold_second_parent")
    judgement = replace(
        repeated(),
        decision=entry(sealed, decision(wait())).decision,
        hold_until=HOLD_UNTIL,
        messages=(told,),
        threads=(referral(sealed.uid),),
    )
    async with world.ledger.due_holds(10, NOW) as holds:
        await holds.rejudged(holds.held[0], judgement, HOLD_UNTIL, NOW)
    assert [item.candidate.emission for item in await world.claim()] == [told]
    assert await world.ledger.threads(CHILD) == [referral(sealed.uid)]
    balance = await world.ledger.balance()
    assert (balance.held, balance.difference) == (1, 0)


async def test_message_is_delivered_with_its_details(world: World) -> None:
    """A message of the hub goes to its receiver with codes and instants, counts as no line, and is audited."""
    await world.ledger.put_subscription(subscription(SCHOOL))
    sealed = sealed_event()
    details = (("duty", "inform_subject"), ("due_at", LATER))
    told = Emission("inform_duty.opened", (SCHOOL,), "ok_accepted", None, ((SCHOOL, CHILD),), details)
    await world.commit(record(0, sealed, replace(judged(sealed, refuse()), messages=(told,))))
    (claimed,) = await world.deliver()
    assert claimed.candidate.emission is not None
    assert claimed.candidate.emission.details == details
    balance = await world.ledger.balance()
    assert (balance.accepted, balance.withheld, balance.delivered) == (1, 1, 0)
    (decided,) = await topic(world, "hub.decisions")
    assert decided["emissions"] == [told.as_json()]


def test_message_of_before_has_no_details() -> None:
    """What was stored before messages had details is still read."""
    stored = emission_text(Emission("match.lapsed", (TEAM,), "ok_match_lapsed")).replace(',"details":[]', "")
    assert "details" not in stored
    assert emission_from(stored).details == ()


async def test_own_events_wait_for_the_log(world: World) -> None:
    """An event of the hub waits in the outbox under its child's key; one about nobody under that of its cause."""
    sealed = sealed_event()
    unnamed = own_event("prevention.picture_published", "2026-11", None, NOW, {})
    events = (an_alert(subject=SIBLING), unnamed)
    await world.commit(record(0, sealed, replace(judged(sealed, refuse()), own_events=events)))
    found = [row for row in await world.ledger.outbox(10) if row.topic == "hub.events"]
    assert [(row.key, row.document) for row in found] == [(SIBLING, events[0]), (sealed.key, unnamed)]


async def test_due_threads_are_the_open_ones_whose_time_came(world: World) -> None:
    """What is closed, has no next instant or is later stays; the oldest comes first, up to the limit."""
    one, two = await start(world, 0), await start(world, 1)
    first = replace(two, next_at=at(10))
    others = (
        first,
        referral("closed", is_open=False),
        referral("quiet", next_at=None),
        referral("later", next_at="2026-11-25T09:00:00+01:00"),
    )
    sealed = sealed_event("evt-2")
    await world.commit(record(2, sealed, replace(judged(sealed), threads=others)))
    assert [item.thread for item in await due(world, at(29))] == [first]
    assert [item.thread for item in await due(world, SOON)] == [first, one]
    assert [item.thread for item in await due(world, SOON, limit=1)] == [first]


async def test_rung_thread_moves_on(world: World) -> None:
    """What rang has its next instant from then on; its events wait for the log in the same transaction."""
    thread = await start(world)
    moved = replace(thread, next_at=at(60), document={"level": 1})
    async with world.ledger.due_threads(10, SOON) as ringing:
        (found,) = ringing.due
        await ringing.rung(moved, [an_alert()], SOON)
        assert found == DueThread(thread, {})
    assert await due(world, SOON) == []
    assert [item.thread for item in await due(world, at(60))] == [moved]
    assert await topic(world, "hub.events") == [an_alert()]


async def test_failed_ringing_leaves_no_trace(world: World) -> None:
    """When the transaction fails the thread is due as before and no event waits for the log."""
    thread = await start(world)

    async def ring() -> None:
        async with world.ledger.due_threads(10, SOON) as ringing:
            await ringing.rung(replace(thread, next_at=None), [an_alert()], SOON)
            await ringing.rung(referral("of somebody else"), [], SOON)

    with pytest.raises(KeyError):
        await ring()
    assert [item.thread for item in await due(world, SOON)] == [thread]
    assert await topic(world, "hub.events") == []


async def test_two_machines_ring_each_thread_once(world: World) -> None:
    """Several watches that look at the same time ring every thread once between them."""
    for offset in range(6):
        await start(world, offset)
    rung: list[str] = []

    async def watch() -> None:
        while True:
            async with world.ledger.due_threads(2, SOON) as ringing:
                for item in ringing.due:
                    await asyncio.sleep(0)
                    await ringing.rung(replace(item.thread, next_at=None), [an_alert(item.thread.uid)], SOON)
                    rung.append(item.thread.thread_id)
            if not await due(world, SOON):
                return

    await asyncio.gather(watch(), watch(), watch())
    assert len(rung) == len(set(rung)) == 6
    assert len(await topic(world, "hub.events")) == 6


async def test_ringing_stands_in_the_order_of_the_log(world: World) -> None:
    """While a batch of the child's partition is open, the clock waits for what the batch says."""
    thread = await start(world)
    sealed = sealed_event("evt-1")
    claims = [world.claims[0]]
    async with world.ledger.batch(LOG, claims, {0: claims[0].next_offset + 1}) as batch:
        looking = asyncio.create_task(due(world, SOON))
        await asyncio.sleep(0.2)
        assert not looking.done()
        done = replace(thread, is_open=False, next_at=None)
        await batch.record([record(1, sealed, replace(judged(sealed), threads=(done,)))])
    assert await looking == []


async def test_due_thread_tells_who_got_its_event(world: World) -> None:
    """A due thread comes with the receivers that have its event, each with the first instant; not who only waits."""
    for name in ("one", "two"):
        await world.ledger.put_subscription(subscription(name=name, origin="api"))
    sealed = sealed_event(recipients=(TEAM, "gp_1"))
    judgement = judged(sealed, allow(), allow("gp_1", 1))
    await world.commit(record(0, sealed, replace(judgement, threads=(referral(sealed.uid),))))
    claimed = await world.claim()
    await world.ledger.settle([settled(item, at_instant=at(index)) for index, item in enumerate(claimed)])
    (found,) = await due(world, SOON)
    assert found.delivered == {TEAM: NOW}


async def test_threads_from_facts_are_inserted_once(world: World) -> None:
    """A thread that follows from facts is due like any other; said again it stays as it is by now."""
    thread = referral("seeded", next_at=at(5))
    await world.ledger.put_threads([thread])
    async with world.ledger.due_threads(10, at(5)) as ringing:
        await ringing.rung(replace(thread, next_at=None), [], at(5))
    await world.ledger.put_threads([thread])
    assert await due(world, SOON) == []
    assert await world.ledger.threads(CHILD) == [replace(thread, next_at=None)]


async def test_age_from_facts_replaces(world: World) -> None:
    """A birthday can have been corrected: the age that is put replaces the one that is there."""
    age = Thread(thread_id=age_id(CHILD, 16), kind=AGE, uid="", subject_ref=CHILD, next_at=at(5))
    await world.ledger.put_threads([age])
    corrected = replace(age, next_at=at(10), document={"age": 16})
    await world.ledger.put_threads([corrected])
    assert await world.ledger.threads(CHILD) == [corrected]
    assert await due(world, at(5)) == []
    assert [item.thread for item in await due(world, at(10))] == [corrected]


async def test_age_that_came_over_the_log_keeps_its_partition(world: World) -> None:
    """An age that a batch wrote and facts from elsewhere replace still waits for the batches of its child."""
    age = Thread(thread_id=age_id(CHILD, 12), kind=AGE, uid="", subject_ref=CHILD, next_at=at(5))
    sealed = sealed_event("evt-0", type_name="subject.registered", recipients=())
    await world.commit(record(0, sealed, replace(judged(sealed), threads=(age,))))
    await world.ledger.put_threads([replace(age, next_at=at(6))])
    async with world.ledger._store.transaction() as tables:
        (row,) = await tables.read(rows.THREAD, {"subject_key": [CHILD]})
    assert row.partition == 0


async def test_new_thread_wakes_the_watch(world: World) -> None:
    """Whoever waits for holds is woken by a thread with a next instant."""
    await world.ledger.wait_for_work("holds", 0.0)
    waiting = asyncio.create_task(_next_notice(world.ledger))
    await asyncio.sleep(0.05)
    await start(world)
    assert await waiting


async def _next_notice(ledger: StoredLedger) -> bool:
    await ledger.wait_for_work("holds", 0.0)
    return await ledger.wait_for_work("holds", 5.0)
