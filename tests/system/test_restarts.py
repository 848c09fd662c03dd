"""Gateway, deliver, watch and relay die without warning in the middle of their work: nothing is lost."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import pytest

from hub.operate.demo.letters import Person, instant
from hub.operate.demo.stage import SOURCES, in_state, lines_of
from hub.wire.codec import decode_record
from tests.system.canary_search import LogReader
from tests.system.hub_world import GP, SCHOOL, TEAM, HubWorld, Letter, in_order, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

EVENTS = 300
FAMILIES = 10
KILLED = ("deliver", "gateway", "watch", "relay")
"""In this order, as what a killed deliverer had claimed waits for the end of its lease."""
RETRY_SECONDS = 0.2
"""A partner's system comes again soon when the door is shut."""

RESTART_SECONDS = 90.0
"""A worker imports, joins and catches up in some seconds; a loaded machine gets more."""


@dataclass
class Publishers:
    """Two partners that publish without pause and send again what got no answer."""

    world: HubWorld
    bodies: list[tuple[str, dict[str, object]]]
    uids: list[str] = field(default_factory=list)
    retried: int = 0

    def run(self) -> None:
        """Publish everything, one after another."""
        with httpx.Client(timeout=20.0) as client:
            for org, body in self.bodies:
                while not self._sent(client, org, body):
                    self.retried += 1
                    time.sleep(RETRY_SECONDS)

    def reached(self, count: int) -> Callable[[], bool]:
        """Return a condition: so many events were accepted."""
        return lambda: len(self.uids) >= count

    def _sent(self, client: httpx.Client, org: str, body: dict[str, object]) -> bool:
        headers = {**self.world.headers(org), "Content-Type": "application/cloudevents+json"}
        try:
            answer = client.post(f"{self.world.address}/events", json=body, headers=headers)
        except httpx.TransportError:
            return False
        if answer.status_code == 503:
            return False
        assert answer.status_code == 200, answer.text
        self.uids.append(answer.headers["Location"].rpartition("/")[2])
        return True


def signals(world: HubWorld, families: list[Person]) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield signals of school and GP about these children in turn."""
    for number in range(EVENTS):
        org = (SCHOOL, GP)[number // FAMILIES % 2]
        yield (
            org,
            {
                "specversion": "1.0",
                "id": str(uuid4()),
                "source": SOURCES[org],
                "type": "nl.jeugdigen.signal.raised.v1",
                "time": instant(),
                "datacontenttype": "application/json",
                "data": world.signal(families[number % FAMILIES]),
            },
        )


def kill(world: HubWorld, name: str) -> None:
    """Kill a process so that it cannot clean up."""
    process = world.process(name).process
    assert process is not None
    process.kill()
    process.wait()


def test_kills_in_the_middle_of_300_events_lose_nothing(world: HubWorld) -> None:
    """Four processes killed amid 300 events: all arrive, in order, with stable delivery ids."""
    families = [world.family("school", "gp") for _ in range(FAMILIES)]
    publishers = Publishers(world, list(signals(world, families)))
    before = {name: world.process(name).restarts for name in KILLED}
    working = threading.Thread(target=publishers.run, name="publishers")
    with world.supervised():
        working.start()
        for place, name in enumerate(KILLED, 1):
            target = place * EVENTS // (len(KILLED) + 1)
            until(publishers.reached(target), f"{target} events", RESTART_SECONDS)
            kill(world, name)
        working.join(RESTART_SECONDS)
        assert not working.is_alive()
        arrived = all_of(publishers.uids, world)
        until(arrived, "all events at their receiver", RESTART_SECONDS)
        world.stack.wait_until_ready(lambda _name: None)
    assert {name: world.process(name).restarts - before[name] for name in KILLED} == dict.fromkeys(KILLED, 1)
    assert publishers.retried > 0, "nobody noticed that the gateway was away"
    check_deliveries(world, publishers.uids)
    until(lambda: set(publishers.uids) <= told(world), "each decision on hub.decisions", RESTART_SECONDS)
    balanced(world)


def all_of(uids: list[str], world: HubWorld) -> Callable[[], bool]:
    """Return a condition: all these events arrived."""
    return lambda: set(uids) <= world.mailbox.uids(TEAM)


def check_deliveries(world: HubWorld, uids: list[str]) -> None:
    """Each event has one delivery id and one number, however often it was sent; each child's keep their order."""
    assert len(set(uids)) == EVENTS
    got: dict[str, list[Letter]] = defaultdict(list)
    for letter in world.mailbox.of(TEAM):
        got[letter.uid].append(letter)
    assert all(len({letter.message_id for letter in got[uid]}) == 1 for uid in uids)
    assert all(len({letter.sequence for letter in got[uid]}) == 1 for uid in uids)
    came = [letter.uid for letter in world.mailbox.of(TEAM)]
    for child in range(FAMILIES):
        assert in_order(came, uids[child::FAMILIES])
    numbers = {letter.sequence for letter in world.mailbox.of(TEAM)}
    assert numbers >= set(range(min(numbers), max(numbers) + 1))


def told(world: HubWorld) -> set[str]:
    """Return the uids of which hub.decisions tells."""
    records = LogReader(world.stack.settings.kafka).records(frozenset())
    values = [said.rpartition(b"\n\0")[2] for where, said in records if where.startswith("hub.decisions/")]
    return {str(decode_record(b"\0" + value)[1]["uid"]) for value in values}


def balanced(world: HubWorld) -> None:
    """The books balance and the chain holds after all this."""
    assert world.command("reconcile").returncode == 0
    assert world.command("audit", "verify").returncode == 0


def test_a_hold_is_cured_although_watch_was_killed(world: HubWorld) -> None:
    """A held event whose consent comes while nobody watches is released as soon as watch is back."""
    child, parent = world.child(), world.child()
    world.register(child, parent, age=14)
    world.consent(child, parent, "school")
    sent = world.stage.publish(SCHOOL, "signal.raised", world.signal(child))
    held = world.stage.settled(sent, in_state("held"))
    assert [line["reason"] for line in lines_of(held)] == ["hold_child_consent_missing"]
    kill(world, "watch")
    world.stage.settled(world.consent(child, child, "school"))
    world.stage.settled(sent, in_state("held"))
    with world.supervised():
        until(lambda: sent.uid in world.mailbox.uids(TEAM), "the cured signal", RESTART_SECONDS)
    receipt = world.stage.settled(sent, in_state("delivered"))
    assert [line["reason"] for line in lines_of(receipt)] == ["ok_consent"]
