"""Canaries: marked numbers, names and stories go through every door, and are seen nowhere but at lawful receivers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from hub.operate.demo.letters import Person
from tests.system.canary_doors import Doors, Marks, into_the_log, marked
from tests.system.canary_search import (
    LogReader,
    Place,
    Skipped,
    commands,
    database_files,
    files,
    metrics,
    rows,
    sightings,
    spellings,
)
from tests.system.hub_world import GP, SCHOOL, TEAM, HubWorld, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

PLANTED = "Nachtegaalplant"
"""The mark of the self-test: another than the canaries', so that the two tests can run in any order."""


def everything(world: HubWorld, skipped: Skipped) -> Iterator[Place]:
    """Yield all that the hub keeps, says and shows."""
    yield from commands(world)
    yield from metrics(world)
    yield from files(world)
    yield from LogReader(world.stack.settings.kafka).records(skipped)
    yield from rows(world.stack.settings.database)


def decided(world: HubWorld, records: int) -> bool:
    """Return whether the hub took in so many records."""
    return asyncio.run(_count(world)) >= records


async def _count(world: HubWorld) -> int:
    connection = await asyncpg.connect(world.stack.settings.database)
    try:
        return int(await connection.fetchval("select count(*) from intake"))
    finally:
        await connection.close()


def test_marks_are_seen_by_lawful_receivers_only(world: HubWorld) -> None:
    """Marks through every door: in no log line, metric, topic, answer, ledger row or command; at the receiver, yes."""
    child = world.family("school")
    marks = Marks(Person("Test Kanarie", child.number), world.child())
    doors = Doors(world, marks)
    uids = doors.lawful()
    until(lambda: set(uids) <= world.mailbox.uids(TEAM), "the lawful signals")
    retried = refused_by_its_receiver(world, doors)
    doors.refused()
    doors.around()
    before = asyncio.run(_count(world))
    written = into_the_log(world, marks)
    until(lambda: decided(world, before + len(written)), "the hostile records are decided")
    until(lambda: retried in world.mailbox.uids(TEAM), "the signal that was refused at first")
    received = json.dumps([letter.event for letter in world.mailbox.of(TEAM)], ensure_ascii=False)
    assert all(mark in received for mark in (marks.name, marks.story, marks.colleague))
    assert marks.child.number not in received
    assert sightings(marks.all, feeds_of_others(world)) == []
    assert sightings(marks.all, doors.heard) == []
    assert sightings(marks.all, everything(world, written)) == []


def refused_by_its_receiver(world: HubWorld, doors: Doors) -> str:
    """Publish to a receiver that answers with the marks instead of taking them; return the receipt number."""
    world.mailbox.last_words = "|".join(doors.marks.all).encode()
    world.mailbox.shut.add(TEAM)
    try:
        answer = doors.publish(json.dumps(marked(world, doors.marks)).encode())
        uid = answer.headers["Location"].rpartition("/")[2]
        until(lambda: world.mailbox.turned_away > 0, "an attempt at the receiver that is down")
    finally:
        world.mailbox.shut.discard(TEAM)
    return uid


def feeds_of_others(world: HubWorld) -> Iterator[Place]:
    """Yield what partners without a right to these events can read."""
    doors = Doors(world, Marks(world.child(), world.child()))
    for org in (SCHOOL, GP):
        own = world.subscription_of(org)
        yield f"feed of {org}", doors.ask("GET", f"/subscriptions/{own}/events?limit=200", org=org).content


def test_no_file_of_the_database_holds_a_mark(world: HubWorld) -> None:
    """Not only the rows: pages, indexes and the write-ahead log on disk hold no number, name or story either."""
    child = world.family("school")
    marks = Marks(Person("Test Kanarie", child.number), world.child())
    doors = Doors(world, marks)
    uids = doors.lawful()
    doors.publish(json.dumps(marked(world, marks, id=child.number)).encode())
    until(lambda: set(uids) <= world.mailbox.uids(TEAM), "the lawful signals")
    asyncio.run(checkpoint(world))
    assert sightings(marks.all, database_files(world.folder / "postgres")) == []


async def checkpoint(world: HubWorld) -> None:
    """Let the database write its pages to disk."""
    connection = await asyncpg.connect(world.stack.settings.database)
    try:
        await connection.execute("checkpoint")
    finally:
        await connection.close()


@pytest.mark.parametrize("mark", ["999990019", "Kanariënvogelsang", "Zwaluw-verhaal"])
def test_every_spelling_is_found(mark: str) -> None:
    """The search sees a mark in each spelling, amid other bytes, and does not see it where it is not."""
    for name, form in spellings(mark).items():
        assert sightings([mark], [("here", b"\0before " + form + b" after\n")]), name
    assert sightings([mark], [("here", b"999990018 Kanarie Zwaluw verhaal" * 100)]) == []


@pytest.mark.parametrize("planted", [PLANTED.lower(), PLANTED.encode().hex()])
def test_what_is_planted_is_found(world: HubWorld, planted: str) -> None:
    """The search finds a mark that is really there: in a log file, in a topic and in a row of the ledger."""
    log = world.folder / "logs" / "planted.log"
    log.write_text(f'{{"event": "{planted}"}}\n')
    asyncio.run(plant(world, planted))
    try:
        seen = sightings([PLANTED], everything(world, frozenset()))
    finally:
        log.unlink()
        asyncio.run(weed(world))
    places = {sighting.rpartition(" in ")[2].split("/")[0] for sighting in seen}
    assert places == {"file logs", "planted", "table public.planted"}


async def plant(world: HubWorld, planted: str) -> None:
    """Put a mark into a topic and a table of their own."""
    admin = AIOKafkaAdminClient(bootstrap_servers=world.stack.settings.kafka)
    await admin.start()
    await admin.create_topics([NewTopic("planted", 1, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=world.stack.settings.kafka, acks="all")
    await producer.start()
    await producer.send_and_wait("planted", b"", headers=[("x", planted.encode())])
    await producer.stop()
    connection = await asyncpg.connect(world.stack.settings.database)
    await connection.execute("create table planted (a text, b bytea)")
    await connection.execute("insert into planted values ('', $1)", b"\0" + planted.encode() + b"\0")
    await connection.close()


async def weed(world: HubWorld) -> None:
    """Take the table away again; the topic stays in memory until the broker ends."""
    connection = await asyncpg.connect(world.stack.settings.database)
    await connection.execute("drop table if exists planted")
    await connection.close()
