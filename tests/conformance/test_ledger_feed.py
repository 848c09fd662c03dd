"""Feeds: reading is the claim, numbers follow without gaps. For the database and its twin."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hub.core.model import Outcome
from hub.ledger.interface import FeedPage
from tests.conformance.ledger_world import (
    LATER,
    NOW,
    TEAM,
    World,
    allow,
    judged,
    keys_of,
    record,
    refuse,
    sealed_event,
    subscription,
)

FEED = f"sub-{TEAM}"


@pytest.fixture
async def reader(world: World) -> World:
    """Give a world in which the team reads a feed."""
    await world.ledger.put_subscription(subscription(connector="feed"))
    return world


async def publish(world: World, *numbers: int) -> None:
    """Write allowed events for the team."""
    for number in numbers:
        sealed = sealed_event(f"evt-{number}", subject=f"ps_{number}")
        await world.commit(record(number, sealed, judged(sealed, allow())))


async def read(world: World, after: int = 0, limit: int = 100, now: str = NOW) -> FeedPage:
    """Read the team's feed."""
    return await world.ledger.feed(FEED, after, limit, world.answers, keys_of, now)


def numbers(page: FeedPage) -> list[int]:
    """Return the numbers on a page."""
    return [item.sequence for item in page.items]


async def test_feed_is_never_claimed(reader: World) -> None:
    """A worker that delivers gets nothing of a feed."""
    await publish(reader, 0)
    assert await reader.claim() == []
    assert (await reader.ledger.balance()).pending == 1


async def test_pages_follow(reader: World) -> None:
    """Pages follow each other without gap or overlap, and tell the last number given out."""
    await publish(reader, *range(5))
    first = await read(reader, limit=2)
    assert (numbers(first), first.last_sequence) == ([1, 2], 2)
    second = await read(reader, after=2, limit=2)
    assert (numbers(second), second.last_sequence) == ([3, 4], 4)
    third = await read(reader, after=4, limit=2)
    assert (numbers(third), third.last_sequence) == ([5], 5)
    assert numbers(await read(reader, after=5)) == []


async def test_read_again(reader: World) -> None:
    """A reader that comes back with an older number gets the same items under the same numbers and ids."""
    await publish(reader, *range(3))
    first = await read(reader)
    again = await read(reader, after=1)
    assert numbers(again) == [2, 3]
    assert [item.delivery_id for item in again.items] == [item.delivery_id for item in first.items[1:]]


async def test_next_page_confirms_the_one_before(reader: World) -> None:
    """Items count as delivered when the reader asks for what comes after them."""
    await publish(reader, 0, 1)
    await read(reader)
    assert (await reader.ledger.balance()).pending == 2
    await read(reader, after=1)
    balance = await reader.ledger.balance()
    assert (balance.delivered, balance.pending, balance.difference) == (1, 1, 0)


async def test_reader_ahead_confirms_nothing_unread(reader: World) -> None:
    """A reader that asks after a number never given out gets nothing and confirms no more than it can have."""
    await publish(reader, 0)
    page = await read(reader, after=1000)
    assert [item.sequence for item in page.items] == [1]
    assert (await reader.ledger.balance()).pending == 1


async def test_stopped_item_gets_no_number(reader: World) -> None:
    """What may not leave at the reading gets no number: the reader sees no gap."""
    await publish(reader, 0)
    reader.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")
    assert numbers(await read(reader)) == []
    reader.answers.by_receiver.clear()
    await publish(reader, 1)
    assert numbers(await read(reader)) == [1]
    balance = await reader.ledger.balance()
    assert (balance.withheld, balance.pending, balance.difference) == (1, 1, 0)


async def test_consent_that_ended_voids_a_read_item(reader: World) -> None:
    """An item read before, whose consent ended since, keeps its number and shows nothing."""
    await publish(reader, 0)
    await read(reader)
    reader.answers.by_receiver[TEAM] = refuse(reason="deny_withdrawn")
    (item,) = (await read(reader, now=LATER)).items
    assert (item.sequence, item.decision.outcome) == (1, Outcome.DENY)
    assert (item.delivery.sections, dict(item.delivery.sealed)) == ((), {})
    assert await reader.ledger.verify_chain() == []


async def test_item_whose_payload_is_gone_keeps_its_number(reader: World) -> None:
    """After the payload was destroyed the number is still there, empty."""
    await publish(reader, 0, 1)
    await read(reader)
    await read(reader, after=2)
    assert await reader.ledger.destroy_stale_payloads(7, "2026-12-24T09:00:00+00:00") == 2
    page = await read(reader, now=LATER)
    assert [(item.sequence, item.decision.outcome) for item in page.items] == [
        (1, Outcome.DENY),
        (2, Outcome.DENY),
    ]


async def test_readers_side_by_side_see_one_order(reader: World) -> None:
    """Two readers of one feed see the same items under the same numbers."""
    await publish(reader, *range(6))
    pages = await asyncio.gather(*(read(reader) for _ in range(3)))
    seen = [[(item.sequence, item.delivery_id) for item in page.items] for page in pages]
    assert seen[0] == seen[1] == seen[2]
    assert numbers(pages[0]) == [1, 2, 3, 4, 5, 6]


async def test_unknown_and_inactive_feeds(reader: World) -> None:
    """An unknown feed is empty; one that is switched off gives what was read before and nothing new."""
    page = await reader.ledger.feed("nobody", 0, 10, reader.answers, keys_of, NOW)
    assert (list(page.items), page.last_sequence) == ([], 0)
    await publish(reader, 0)
    await read(reader)
    await reader.ledger.put_subscription(replace(subscription(connector="feed"), active=False))
    assert numbers(await read(reader)) == [1]
