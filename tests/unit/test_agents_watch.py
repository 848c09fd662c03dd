"""Held events and ended consents: agents/watch.py, over the ledger's twin and the real core."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from agents.broker import LogUnavailableError
from agents.deliver import recheck_at
from agents.intake import LogRecord
from agents.judging import ReadBatch
from agents.observe import NoMetrics
from agents.produce import LogMessage
from agents.runtime import Runtime
from agents.settings import AgentSettings
from agents.watch import WatchLoop, expiry_event
from hub.core.course_ages import age_threads
from hub.core.defaults import DEFAULTS
from hub.core.keys import keys_of
from hub.core.model import JsonObject
from hub.core.numbers import metadata_refused
from hub.core.ring import Rung, ring
from hub.core.standing import Standing, compile_standing
from hub.core.threads import Thread
from hub.identity.door import event_uid
from hub.ledger.interface import (
    ExpiredConsent,
    Ledger,
    LogIdentity,
    PartitionClaim,
    Settlement,
    Subscription,
)
from hub.ledger.open import open_ledger
from hub.wire.codec import decode, encode
from hub.wire.envelope import SealedEvent

LOG = LogIdentity("cluster-a", "hub.events")
HUB_SOURCE = "urn:nld:oin:00000000000000000000:systeem:samenhub"
SCHOOL_SOURCE = "urn:nld:brin:99AA:systeem:test"
CHILD = str(uuid5(NAMESPACE_URL, "child"))
START = "2026-03-02T10:00:00Z"
MUCH_LATER = "2026-03-20T10:00:00Z"


def directory() -> list[JsonObject]:
    """Return a school, a general practitioner and the hub."""
    common: JsonObject = {"active_from": "2024-01-01", "purposes": ["help_request", "coordination"]}
    return [
        {"org": "hub", "kind": "hub", "active_from": "2024-01-01"},
        {"org": "school_test", "kind": "school", **common},
        {"org": "gp_test", "kind": "gp", **common},
    ]


def an_event(
    event_id: str, fields: JsonObject, org: str = "school_test", kind: str = "school"
) -> SealedEvent:
    event: JsonObject = {
        "id": event_id,
        "source": SCHOOL_SOURCE,
        "time": START,
        "sender": {"org": org, "kind": kind},
        "subject_ref": CHILD,
        "digest": str(uuid5(NAMESPACE_URL, event_id)),
        "sections": ["meta"],
        **fields,
    }
    return SealedEvent(event_uid(SCHOOL_SOURCE, event_id), event, org, START, CHILD)


def registered() -> SealedEvent:
    data: JsonObject = {"birth_date": "2009-01-01", "identity": "established", "protected_address": False}
    return an_event("registered", {"type": "subject.registered", "data": data})


def signal() -> SealedEvent:
    return an_event(
        "signal",
        {
            "type": "signal.raised",
            "recipients": [{"to": {"org": "gp_test"}}],
            "sections": ["meta", "contact", "codes"],
            "purpose": "help_request",
            "urgency": "u3",
            "domains": ["01"],
        },
    )


def consent(valid_to: str = "2026-12-31") -> SealedEvent:
    record: JsonObject = {
        "consent_id": "consent-1",
        "version": 1,
        "decision": "consent",
        "function": "disclosure",
        "subject_ref": CHILD,
        "purpose": "help_request",
        "sender": {"org": "school_test"},
        "recipient": {"org": "gp_test"},
        "sections": ["meta", "contact", "codes"],
        "case_ref": None,
        "valid_from": "2026-01-01",
        "valid_to": valid_to,
        "withdrawn_at": None,
        "given_by": {
            "person": CHILD,
            "role": "youth",
            "method": "in_person_signed",
            "recorded_by": "employee-1",
            "recorded_at": "2026-01-01T10:00:00Z",
        },
        "evidence_ref": "evidence-1",
    }
    return an_event("consent", {"type": "consent.given", "data": {"record": record}})


class Writer:
    """A log in memory, that can be away."""

    def __init__(self) -> None:
        self.messages: list[LogMessage] = []
        self.is_away = False

    async def write(self, messages: Sequence[LogMessage]) -> None:
        if self.is_away:
            raise LogUnavailableError("away")
        self.messages.extend(messages)


class World:
    """A ledger that decided events, and a watch over it at an instant that the test sets."""

    def __init__(self, ledger: Ledger, standing: Standing) -> None:
        self.ledger = ledger
        self.standing = standing
        self.now = START
        self.writer = Writer()
        self.claim = PartitionClaim(0, 0, 0)
        self.runtime = Runtime(
            ledger=ledger,
            standing=standing,
            bootstrap_servers="",
            worker_id="watch-1",
            clock=lambda: self.now,
            settings=AgentSettings(idle_wait_seconds=0.01, flush_pauses_seconds=(0.0,), source=HUB_SOURCE),
        )
        self.loop = WatchLoop(self.runtime, self.writer)

    async def decide(self, *events: SealedEvent) -> None:
        """Decide events as the decide worker does."""
        claims = await self.ledger.claim_partitions(LOG, {0: 1_000}, "decide-1")
        start = claims[0].next_offset
        batch = ReadBatch([LogRecord(0, start + n, encode(event)) for n, event in enumerate(events)])
        async with self.ledger.batch(LOG, [claims[0]], {0: start + len(events)}) as transaction:
            snapshot = await transaction.gather(batch.keys, self.now)
            await transaction.record(batch.judge(snapshot, self.standing, self.now))

    async def deliver(self) -> None:
        """Deliver what is pending, as the deliver worker does."""
        look = recheck_at(self.standing, self.now)
        claimed = await self.ledger.claim("deliver-1", 10, 30.0, look, keys_of, self.now)
        await self.ledger.settle(
            [Settlement(item.delivery_id, item.lease, "delivered", "ok", self.now) for item in claimed]
        )


@pytest.fixture
async def world() -> AsyncIterator[World]:
    standing = compile_standing(directory=directory(), areas=[], policy={}, defaults=DEFAULTS)
    ledger = await open_ledger("memory:", owner="test")
    await ledger.put_subscription(Subscription("sub-gp", "gp_test", "memory", {"inbox": "gp"}))
    yield World(ledger, standing)
    await ledger.close()


async def test_a_held_event_leaves_once_its_fact_is_there(world: World) -> None:
    """A signal held because the child is unknown is judged again when the child is registered."""
    await world.decide(consent(), signal())
    assert (await world.ledger.balance()).held == 1
    await world.decide(registered())
    assert await world.loop.rejudge_once() == 1
    balance = await world.ledger.balance()
    assert (balance.held, balance.pending, balance.difference) == (0, 1, 0)
    assert await world.loop.rejudge_once() == 0


async def test_a_hold_without_news_is_left_alone(world: World) -> None:
    """A new hold is looked at once, to learn its next boundary in time; then nothing is due."""
    await world.decide(signal())
    assert await world.loop.rejudge_once() == 1
    assert await world.loop.rejudge_once() == 0
    assert (await world.ledger.balance()).held == 1


async def test_a_hold_that_is_still_right_goes_on_and_comes_back_at_the_next_boundary(world: World) -> None:
    """Looked at after midnight, the same hold stays, without being looked at again at once."""
    await world.decide(signal())
    await world.loop.rejudge_once()
    world.now = "2026-03-03T00:00:01Z"
    assert await world.loop.rejudge_once() == 1
    assert await world.loop.rejudge_once() == 0
    assert (await world.ledger.balance()).held == 1


async def test_a_hold_expires_after_its_term(world: World) -> None:
    """Ten working days after the first hold the event is refused and its payload destroyed."""
    await world.decide(signal())
    world.now = MUCH_LATER
    assert await world.loop.rejudge_once() == 1
    balance = await world.ledger.balance()
    assert (balance.held, balance.withheld, balance.difference) == (0, 1, 0)
    receipt = await world.ledger.receipt(signal().uid)
    assert receipt is not None
    assert "deny_hold_expired" in {receipt.reason, *(line.reason for line in receipt.lines)}


async def test_an_ended_consent_is_announced_once_in_the_childs_own_order(world: World) -> None:
    """The notice is an event of the hub under the child's key; once it is in the log it is not sent again."""
    await world.decide(registered(), consent(valid_to="2026-03-10"), signal())
    await world.deliver()
    assert await world.loop.announce_once() == 0
    world.now = MUCH_LATER
    assert await world.loop.announce_once() == 1
    (message,) = world.writer.messages
    sealed = decode(message.value)
    assert (message.topic, message.key, sealed.key) == ("hub.events", CHILD, CHILD)
    assert sealed.event["type"] == "consent.expired"
    assert sealed.event["data"] == {"consent_id": "consent-1"}
    assert await world.loop.announce_once() == 0


async def test_an_ended_consent_is_announced_again_when_the_log_was_away(world: World) -> None:
    """A notice counts as sent only when the log has it."""
    await world.decide(registered(), consent(valid_to="2026-03-10"), signal())
    await world.deliver()
    world.now, world.writer.is_away = MUCH_LATER, True
    with pytest.raises(LogUnavailableError):
        await world.loop.announce_once()
    world.writer.is_away = False
    assert await world.loop.announce_once() == 1


async def test_the_hubs_notice_passes_the_gates_and_its_repeat_wakes_nobody(world: World) -> None:
    """After a crash the notice may be written twice: the second is a duplicate, not a conflict."""
    await world.decide(registered(), consent(valid_to="2026-03-10"), signal())
    await world.deliver()
    world.now = MUCH_LATER
    ended = ExpiredConsent("consent-1", CHILD, "2026-03-10T23:59:59+01:00")
    first = expiry_event(ended, HUB_SOURCE, MUCH_LATER)
    again = expiry_event(ended, HUB_SOURCE, "2026-03-20T11:00:00Z")
    assert first.uid == again.uid
    await world.decide(first, again)
    receipt = await world.ledger.receipt(first.uid)
    assert receipt is not None
    assert [verdict for _, verdict, _ in receipt.verdicts] == ["unique", "duplicate"]
    assert receipt.reason == "ok_recorded"
    assert [line.recipient for line in receipt.lines] == ["gp_test"]


def test_a_notice_is_never_mistaken_for_a_citizen_number() -> None:
    """Whatever the consent is called, ids and digest pass gate E1."""
    for number in range(300):
        sealed = expiry_event(ExpiredConsent(f"consent-{number}", CHILD, START), HUB_SOURCE, START)
        assert not metadata_refused(sealed.event["id"])
        assert not metadata_refused(sealed.event["digest"])


async def test_the_loop_works_until_it_is_stopped(world: World) -> None:
    """Holds and consents are looked after by one loop, which ends when asked."""
    await world.decide(consent(), signal())
    await world.decide(registered())
    task = asyncio.create_task(world.loop.run())
    async with asyncio.timeout(10):
        while (await world.ledger.balance()).held:  # noqa: ASYNC110 - asks the ledger
            await asyncio.sleep(0.005)
    await world.loop.stop()
    await asyncio.wait_for(task, 10)


async def test_payloads_are_destroyed_when_their_time_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivered message rests for seven days and is gone after that; the same moment does not ask twice."""
    await world.decide(registered(), consent(), signal())
    await world.deliver()
    assert await world.loop.tidy_once() == 0
    asked: list[str] = []

    async def ask(_days: int, now: str) -> int:
        asked.append(now)
        return 0

    monkeypatch.setattr(world.ledger, "destroy_stale_payloads", ask)
    world.now = "2026-03-02T10:00:59Z"
    assert await world.loop.tidy_once() == 0  # it was asked a moment ago
    world.now = "2026-03-02T09:00:00Z"  # only a test sets its clock back
    assert await world.loop.tidy_once() == 0
    assert asked == ["2026-03-02T09:00:00Z"]
    monkeypatch.undo()
    world.now = MUCH_LATER
    assert await world.loop.tidy_once() >= 1
    assert await world.ledger.destroy_stale_payloads(7, MUCH_LATER) == 0


async def test_a_start_looks_at_every_hold_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new configuration can cure a hold, so a started watch judges all of them anew."""
    await world.decide(signal())
    await world.loop.rejudge_once()
    assert await world.loop.rejudge_once() == 0
    judged: list[int] = []
    rejudge_once = world.loop.rejudge_once

    async def counted() -> int:
        judged.append(await rejudge_once())
        await world.loop.stop()
        return judged[-1]

    monkeypatch.setattr(world.loop, "rejudge_once", counted)
    await asyncio.wait_for(world.loop.run(), 10)
    assert judged == [1]


async def test_a_birthday_is_announced_and_reached_once(world: World) -> None:
    """Sixty days before and at 00:00 of the day the hub sends its event, through the outbox, and never again."""
    await world.ledger.put_threads(birthday(world))
    assert await world.loop.ring_once() == 0
    world.now = "2026-10-02T22:00:00Z"
    assert await world.loop.ring_once() == 1
    assert await world.loop.ring_once() == 0
    world.now = "2026-11-30T23:00:00Z"
    assert await world.loop.ring_once() == 1
    world.now = "2027-11-30T23:00:00Z"
    assert await world.loop.ring_once() == 0
    rows = await world.ledger.outbox(10)
    assert [(row.topic, row.key, row.document["type"]) for row in rows] == [
        ("hub.events", CHILD, "consent.reconfirmation_requested"),
        ("hub.events", CHILD, "consent.age_boundary_reached"),
    ]


async def test_time_that_jumped_over_both_instants_raises_both(world: World) -> None:
    """A watch that was away, or a clock that was set on, misses nothing: what is due again is rung again."""
    await world.ledger.put_threads(birthday(world))
    world.now = "2027-06-01T00:00:00Z"
    while await world.loop.ring_once():
        pass
    assert len(await world.ledger.outbox(10)) == 2


async def test_a_thread_that_cannot_be_rung_keeps_no_other_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours in one thread is logged, counted and tried again later; the next one rings in the same turn."""
    figures = Figures()
    world.loop = WatchLoop(replace(world.runtime, metrics=figures), world.writer)
    broken = replace(birthday(world)[0], thread_id="broken", document={})
    idle = replace(birthday(world)[0], thread_id="idle")
    await world.ledger.put_threads([broken, idle, *birthday(world)])
    world.now = "2026-10-03T00:00:00Z"
    with monkeypatch.context() as patched:
        patched.setattr("agents.ringing.ring", _ring_or_stand)
        assert await world.loop.ring_once() == 3
        assert await world.loop.ring_once() == 0
        assert figures.parked_as == ["evaluation_error", "evaluation_error"]
        assert len(await world.ledger.outbox(10)) == 1
    world.now = "2026-10-03T00:59:59Z"
    assert await world.loop.ring_once() == 0
    world.now = "2026-10-03T01:00:00Z"
    assert await world.loop.ring_once() == 2


async def test_two_machines_ring_each_thread_once(world: World) -> None:
    """Both look at the same instant; what the clock raises is raised by one of them."""
    await world.ledger.put_threads(birthday(world))
    other = WatchLoop(replace(world.runtime, worker_id="watch-2"), world.writer)
    world.now = "2026-10-03T00:00:00Z"
    assert sum(await asyncio.gather(world.loop.ring_once(), other.ring_once())) == 1
    assert len(await world.ledger.outbox(10)) == 1


def birthday(world: World) -> tuple[Thread, ...]:
    """Return the thread of a child that turns 16 on 1 December 2026."""
    return tuple(
        thread
        for thread in age_threads(CHILD, {"birth_date": "2010-12-01"}, START, world.standing)
        if thread.thread_id.endswith(":16")
    )


def _ring_or_stand(thread: Thread, *more: Any) -> Rung:
    return Rung(thread, ()) if thread.thread_id == "idle" else ring(thread, *more)


class Figures(NoMetrics):
    """Keeps why something was parked."""

    def __init__(self) -> None:
        self.parked_as: list[str] = []

    def parked(self, reason: str) -> None:
        self.parked_as.append(reason)
