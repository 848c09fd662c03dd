"""The promises of the ledger, kept by the whole running hub (ARCHITECTURE.md section 5)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import httpx
import pytest

from hub.operate.demo.letters import Person
from hub.operate.demo.stage import Published, in_state, lines_of
from tests.system.hub_world import (
    CARE,
    CRISIS,
    GP,
    HEALTH,
    SCHOOL,
    TEAM,
    HubWorld,
    in_order,
    states,
    until,
)

pytestmark = pytest.mark.system

CHILDREN = 20
SIGNALS_EACH = 5
CRISES = 40
"""Twenty registrations, forty consents, a hundred signals of two senders and forty crises: 200 events."""


@contextmanager
def paused(world: HubWorld, name: str) -> Iterator[None]:
    """Freeze a process, as a machine that is overloaded would."""
    process = world.process(name).process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def reasons(world: HubWorld, sent: Published) -> list[object]:
    """Return the reason per recipient on the receipt."""
    return [line["reason"] for line in lines_of(world.stage.receipt(sent) or {})]


def test_a_withdrawal_between_decision_and_claim_stops_the_webhook(world: HubWorld) -> None:
    """A signal that was allowed, but not yet claimed for delivery, does not leave once consent is withdrawn."""
    child = world.family("school")
    with paused(world, "deliver"):
        sent = world.stage.publish(SCHOOL, "signal.raised", world.signal(child))
        world.stage.settled(sent, in_state("pending"))
        assert reasons(world, sent) == ["ok_consent"]
        world.withdrawal(child, "school")
    receipt = world.stage.settled(sent, in_state("withheld"))
    assert [line["reason"] for line in lines_of(receipt)] == ["deny_withdrawn"]
    later = world.stage.publish(SCHOOL, "signal.raised", world.signal(world.family("school")))
    world.arrived(TEAM, later)
    assert sent.uid not in world.mailbox.uids(TEAM)


def test_a_withdrawal_before_reading_keeps_it_from_the_feed(world: HubWorld) -> None:
    """For a feed, reading is the claim: an event whose consent ended before it was read is not in the feed."""
    feed = httpx.post(
        f"{world.address}/subscriptions", json={"protocol": "FEED"}, headers=world.headers(TEAM)
    ).json()["id"]
    child, other = world.family("school"), world.family("school")
    first = world.stage.publish(SCHOOL, "signal.raised", world.signal(child))
    second = world.stage.publish(SCHOOL, "signal.raised", world.signal(other))
    world.arrived(TEAM, first, second)
    world.withdrawal(child, "school")
    page = httpx.get(f"{world.address}/subscriptions/{feed}/events", headers=world.headers(TEAM)).json()
    uids = [item["id"] for item in page["items"]]
    assert second.uid in uids
    assert first.uid not in uids
    numbered = sorted([int(item["sequence"]) for item in page["items"]] + page["withdrawn"])
    assert numbered == list(range(1, page["last_sequence"] + 1))
    after = httpx.get(
        f"{world.address}/subscriptions/{feed}/events",
        params={"after": page["next_after"]},
        headers=world.headers(TEAM),
    ).json()
    assert after["items"] == []
    gone = httpx.delete(f"{world.address}/subscriptions/{feed}", headers=world.headers(TEAM))
    assert gone.status_code == 204


def family_of_two_senders(world: HubWorld) -> tuple[Person, list[Published]]:
    """Return a child about whom school and GP signal in turn, in the order in which they were accepted."""
    child = world.family("school", "gp")
    sent = []
    for place in range(SIGNALS_EACH):
        org = (SCHOOL, GP)[place % 2]
        sent.append(world.stage.publish(org, "signal.raised", world.signal(child)))
    return child, sent


def test_200_mixed_events_arrive_once_in_order_and_without_gaps(world: HubWorld) -> None:
    """200 events of four senders: webhook and feed get each theirs once, in each child's order, numbered gap-free."""
    crisis_feed = world.subscription_of(CRISIS)
    before = world.last_number(crisis_feed, CRISIS)
    with ThreadPoolExecutor(max_workers=4) as pool:
        families = list(pool.map(lambda _: family_of_two_senders(world), range(CHILDREN)))
        crises = list(
            pool.map(
                lambda place: world.stage.publish(
                    CARE, "crisis.reported", world.crisis(families[place % CHILDREN][0])
                ),
                range(CRISES),
            )
        )
    signals = [sent for _, of_child in families for sent in of_child]
    world.arrived(TEAM, *signals)
    address = f"{world.address}/subscriptions/{crisis_feed}/feed"
    read = world.read_feed(address, CRISIS, str(before), CRISES)
    assert sorted(str(frame.data["id"]) for frame in read) == sorted(sent.uid for sent in crises)
    assert [int(frame.number) for frame in read] == list(range(before + 1, before + CRISES + 1))
    came = [letter.uid for letter in world.mailbox.of(TEAM)]
    for _, of_child in families:
        assert in_order(came, [sent.uid for sent in of_child])
    wanted = {sent.uid for sent in signals}
    assert sorted(uid for uid in came if uid in wanted) == sorted(wanted)
    assert_no_gaps(world, TEAM)


def assert_no_gaps(world: HubWorld, receiver: str) -> None:
    """Since the hub started, the numbers of this webhook run from 1 without a gap."""
    subscription = world.subscription_of(receiver)
    found = {
        letter.sequence
        for letter in world.mailbox.of(receiver)
        if letter.event["subscription"] == subscription
    }
    assert found == set(range(1, max(found) + 1))


def test_the_books_balance(world: HubWorld) -> None:
    """`hub reconcile`: every accepted line is somewhere, and nothing is counted twice."""
    sent = world.stage.publish(SCHOOL, "signal.raised", world.signal(world.family("school")))
    world.arrived(TEAM, sent)
    world.stage.settled(sent, in_state("delivered"))
    done = world.command("reconcile")
    assert done.returncode == 0, done.stderr
    figures = {line.split()[0]: int(line.split()[1]) for line in done.stdout.splitlines()}
    assert figures["difference"] == 0
    assert figures["delivered"] >= 1
    assert figures["records"] >= 3


def test_receipts_are_for_the_sender_alone(world: HubWorld) -> None:
    """To every other partner, receivers too, a receipt looks exactly like one that does not exist."""
    sent = world.stage.publish(SCHOOL, "signal.raised", world.signal(world.family("school")))
    world.arrived(TEAM, sent)
    assert world.stage.receipt(sent) is not None
    varying = ("instance",)
    for org in (GP, HEALTH, TEAM, CARE, CRISIS):
        answers = [
            httpx.get(f"{world.address}/receipts/{uid}", headers=world.headers(org))
            for uid in (sent.uid, str(uuid4()))
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        told, unknown = [
            {name: value for name, value in answer.json().items() if name not in varying}
            for answer in answers
        ]
        assert told == unknown
    nobody = httpx.get(f"{world.address}/receipts/{sent.uid}")
    assert nobody.status_code == 401


def test_a_feed_resumed_with_last_event_id_loses_and_repeats_nothing(world: HubWorld) -> None:
    """A reader that hangs up again and again, and comes back with its last number, gets each event exactly once."""
    feed = world.subscription_of(CRISIS)
    address = f"{world.address}/subscriptions/{feed}/feed"
    last = start = world.last_number(feed, CRISIS)
    child = world.family("school")
    sent: list[Published] = []
    read: list[str] = []
    for portion in (1, 3, 2, 5, 1):
        sent += [
            world.stage.publish(CARE, "crisis.reported", world.crisis(child)) for _ in range(portion + 1)
        ]
        for frame in world.read_feed(address, CRISIS, str(last), portion):
            read.append(str(frame.data["id"]))
            last = int(frame.number)
    rest = world.read_feed(address, CRISIS, str(last), len(sent) - len(read))
    read += [str(frame.data["id"]) for frame in rest]
    assert read == [published.uid for published in sent]
    assert int(rest[-1].number) == start + len(sent)


def test_a_feed_ahead_of_the_hub_is_told_so(world: HubWorld) -> None:
    """A number that the feed never gave out is refused, instead of waiting in silence for it."""
    feed = world.subscription_of(CRISIS)
    answer = httpx.get(
        f"{world.address}/subscriptions/{feed}/feed",
        headers={**world.headers(CRISIS), "Last-Event-ID": str(world.last_number(feed, CRISIS) + 1_000)},
    )
    assert answer.status_code == 409
    assert answer.json()["reason"] == "cursor_ahead"


def test_a_receiver_that_is_down_gets_everything_later(world: HubWorld) -> None:
    """What a receiver refused for a while comes with the same delivery ids and numbers, in order, none missing."""
    child = world.family("school")
    world.mailbox.shut.add(TEAM)
    try:
        sent = [world.stage.publish(SCHOOL, "signal.raised", world.signal(child)) for _ in range(3)]
        for published in sent:
            world.stage.settled(published, lambda receipt: states(receipt) == ["pending"])
    finally:
        world.mailbox.shut.discard(TEAM)
    world.arrived(TEAM, *sent)
    came = [letter.uid for letter in world.mailbox.of(TEAM)]
    assert in_order(came, [published.uid for published in sent])
    assert_no_gaps(world, TEAM)


def test_another_message_with_the_same_record_number_is_told_apart(world: HubWorld) -> None:
    """A conflicting message is not sent, and its receipt says so instead of showing what became of the first."""
    child = world.family("school")
    first, other = world.signal(child, "Eerste verhaal."), world.signal(child, "Ander verhaal.")
    other["record"] = first["record"]
    sent = world.stage.publish(SCHOOL, "signal.raised", first)
    world.arrived(TEAM, sent)
    world.stage.settled(sent, in_state("delivered"))
    conflicting = world.stage.publish(SCHOOL, "signal.raised", other)
    receipt = world.stage.settled(conflicting)
    assert receipt["status"] == "withheld"
    assert [line["reason"] for line in lines_of(receipt)] == ["deny_conflict"]
    assert conflicting.uid not in world.mailbox.uids(TEAM)
    assert states(world.stage.settled(sent)) == ["delivered"]


def test_no_process_listens_beyond_this_machine(world: HubWorld) -> None:
    """Gateway and health pages are bound to loopback only."""
    addresses = [world.address, *world.stack.health.values()]
    assert all(address.startswith("http://127.0.0.1:") for address in addresses)
    assert os.path.commonpath([world.folder, world.stack.settings.state]) == str(world.folder)
    until(lambda: all(page_is_there(address) for address in addresses), "every process shows its figures")


def page_is_there(address: str) -> bool:
    """Return whether a process shows its metrics."""
    return httpx.get(f"{address}/metrics", follow_redirects=True).status_code == 200
