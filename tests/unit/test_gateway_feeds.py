"""Feeds: numbers without gaps, consent at the moment of reading, live streams that can be taken up again."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hub.core.model import Outcome
from hub.gateway.authentication import Caller
from hub.gateway.feed import FeedReader
from hub.gateway.limits import FEED_PAGE_MAX, STREAMS_PER_PARTNER_MAX
from hub.gateway.parts import GatewaySettings
from hub.gateway.stream import LiveFeeds
from hub.gateway.subscriptions import Subscriptions
from hub.ledger.interface import Subscription
from tests.unit.gateway_world import NOW, SCHOOL, SCHOOL_SOURCE, TEAM, World, build_world, live

FEED = Subscription("feed-1", TEAM, "feed", {}, reference="team-1")
EVENTS = "/subscriptions/feed-1/events"
STREAM = "/subscriptions/feed-1/feed"


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return await with_feed(build_world(tmp_path))


async def with_feed(world: World) -> World:
    """Give the test team a feed."""
    await world.parts.ledger.put_subscription(FEED)
    return world


async def test_page_holds_events_in_order(world: World) -> None:
    """A page holds CloudEvents with their numbers, the next cursor and the last number."""
    for note in "abc":
        world.ledger.deliver(FEED, note=note)
    async with world.client(TEAM) as client:
        first = (await client.get(EVENTS, params={"limit": 2})).json()
        rest = (await client.get(EVENTS, params={"after": first["next_after"]})).json()
        none = (await client.get(EVENTS, params={"after": 3})).json()
    assert [item["sequence"] for item in first["items"]] == ["1", "2"]
    assert (first["next_after"], first["last_sequence"]) == (2, 3)
    assert [item["data"] for item in rest["items"]] == [{"note": "c"}]
    assert none == {"items": [], "withdrawn": [], "next_after": 3, "last_sequence": 3}
    assert first["items"][0] == {
        "specversion": "1.0",
        "id": "delivery-1",
        "source": SCHOOL_SOURCE,
        "type": "nl.jeugdigen.signal.raised.v1",
        "time": NOW,
        "subject": "ps_receiver",
        "domain": "nl.jeugdigen",
        "datacontenttype": "application/json",
        "sequence": "1",
        "sequencetype": "Integer",
        "subscription": "feed-1",
        "subscriberReference": "team-1",
        "data": {"note": "a"},
    }


async def test_what_may_no_longer_be_read_is_a_bare_number(world: World) -> None:
    """A withdrawn consent or an erased child leaves the number and nothing else, so there is no gap."""
    world.ledger.deliver(FEED, note="a")
    world.ledger.deliver(FEED, Outcome.DENY, note="b")
    world.ledger.deliver(FEED, note="erased")
    async with world.client(TEAM) as client:
        page = (await client.get(EVENTS)).json()
    assert [item["sequence"] for item in page["items"]] == ["1"]
    assert page["withdrawn"] == [2, 3]
    assert page["next_after"] == 3


@pytest.mark.parametrize(
    ("note", "status", "reason"),
    [("broken", 200, None), ("later", 503, "content_unavailable"), ("fault", 500, "internal_error")],
)
async def test_trouble_with_opening(world: World, note: str, status: int, reason: str | None) -> None:
    """Content broken for ever leaves its number; what may open later is asked for again; a fault is a fault."""
    world.ledger.deliver(FEED, note=note)
    async with world.client(TEAM) as client:
        response = await client.get(EVENTS)
    assert (response.status_code, response.json().get("reason")) == (status, reason)
    if status == 200:
        assert response.json()["withdrawn"] == [1]


async def test_subscription_without_reference_has_none(world: World) -> None:
    """Without a subscriber's reference the attribute is absent."""
    await world.parts.ledger.put_subscription(replace(FEED, reference=None))
    world.ledger.deliver(FEED)
    async with world.client(TEAM) as client:
        assert "subscriberReference" not in (await client.get(EVENTS)).json()["items"][0]


@pytest.mark.parametrize(
    ("query", "status", "reason", "pointers"),
    [
        ({"after": "-1"}, 400, "form_invalid", ["/after"]),
        ({"after": "x999990019"}, 400, "form_invalid", ["/after"]),
        ({"limit": str(FEED_PAGE_MAX + 1)}, 400, "form_invalid", ["/limit"]),
        ({"limit": "0"}, 400, "form_invalid", ["/limit"]),
        ({"after": "7"}, 409, "cursor_ahead", None),
    ],
)
async def test_bad_cursors_are_refused(
    world: World, query: dict[str, str], status: int, reason: str, pointers: list[str] | None
) -> None:
    """A cursor of the wrong form, or beyond every number given out, is refused without being quoted."""
    async with world.client(TEAM) as client:
        response = await client.get(EVENTS, params=query)
    problem = response.json()
    assert (response.status_code, problem["reason"], problem.get("pointers")) == (status, reason, pointers)
    assert "999990019" not in response.text


async def test_pushed_subscription_cannot_be_fetched(world: World) -> None:
    """A subscription that is delivered to a sink has no feed."""
    await world.parts.ledger.put_subscription(Subscription("hook", SCHOOL, "webhook", {}))
    async with world.client() as client:
        fetched = await client.get("/subscriptions/hook/events")
        followed = await client.get("/subscriptions/hook/feed")
    assert (fetched.status_code, fetched.json()["reason"]) == (409, "not_a_feed")
    assert (followed.status_code, followed.json()["reason"]) == (409, "not_a_feed")


async def test_live_feed_tells_what_is_there_and_what_comes(world: World) -> None:
    """A live feed begins with the last number, gives what waits, and then what comes, each with its number."""
    world.ledger.deliver(FEED, note="before")
    async with live(world, STREAM) as stream:
        begin = await stream.next()
        assert (begin.event, begin.data, begin.id) == ("heartbeat", {"last_sequence": 1}, None)
        waiting = await stream.next()
        assert (waiting.event, waiting.id, waiting.data["data"]) == ("message", "1", {"note": "before"})
        world.ledger.deliver(FEED, note="after")
        coming = await stream.next()
        assert (coming.id, coming.data["sequence"], coming.data["data"]) == ("2", "2", {"note": "after"})
        world.ledger.deliver(FEED, Outcome.DENY)
        withdrawn = await stream.next()
        assert (withdrawn.event, withdrawn.id, withdrawn.data) == ("withdrawn", "3", {"sequence": 3})
        assert world.counts.open_streams == 1
    assert world.counts.open_streams == 0
    assert stream.status == 200
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["cache-control"] == "no-store"
    assert b"retry: 3000" in stream.body


async def test_live_feed_goes_on_after_the_last_event_id(world: World) -> None:
    """`Last-Event-ID` wins over `after`, so a client that reconnects misses and repeats nothing."""
    for note in "abc":
        world.ledger.deliver(FEED, note=note)
    async with live(world, f"{STREAM}?after=0", **{"last-event-id": "2"}) as stream:
        assert (await stream.item()).id == "3"
    async with live(world, f"{STREAM}?after=1") as stream:
        assert (await stream.item()).id == "2"


async def test_quiet_feed_has_a_heartbeat_with_the_last_number(tmp_path: Path) -> None:
    """A feed without news says again and again that it lives, with the last number and without an id."""
    world = await with_feed(build_world(tmp_path, GatewaySettings(heartbeat_seconds=0.05)))
    world.ledger.deliver(FEED)
    async with live(world, f"{STREAM}?after=1") as stream:
        beats = [await stream.next() for _ in range(3)]
    assert [(beat.event, beat.data, beat.id) for beat in beats] == [
        ("heartbeat", {"last_sequence": 1}, None)
    ] * 3


async def test_busy_feed_has_heartbeats_too(tmp_path: Path) -> None:
    """Heartbeats come on time while events flow."""
    world = await with_feed(build_world(tmp_path, GatewaySettings(heartbeat_seconds=0.01)))
    async with live(world, STREAM) as stream:
        for _ in range(5):
            await asyncio.sleep(0.02)
            world.ledger.deliver(FEED)
        while (await stream.item()).id != "5":
            pass
    assert stream.body.count(b"event: heartbeat") >= 3


async def test_live_feed_says_why_it_ends(tmp_path: Path) -> None:
    """When the ledger goes away or the subscription ends, the last event tells the reason."""
    world = await with_feed(build_world(tmp_path, GatewaySettings(heartbeat_seconds=0.05)))
    async with live(world, STREAM) as stream:
        await world.parts.ledger.remove_subscription("feed-1")
        last = await stream.item()
    assert (last.event, last.data) == ("problem", {"reason": "subscription_unknown"})
    await with_feed(world)
    async with live(world, STREAM) as stream:
        world.ledger.away = True
        world.ledger.news.set()
        last = await stream.item()
    assert (last.event, last.data) == ("problem", {"reason": "ledger_unavailable"})


async def test_fault_in_a_live_feed_ends_it_in_silence(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of ours after the first byte ends the stream; its text goes nowhere."""
    async with live(world, STREAM) as stream:
        await stream.next()
        world.ledger.deliver(FEED, note="fault")
        await asyncio.wait_for(stream.over.wait(), 5)
    assert stream.body.count(b"data:") == 1
    assert world.counts.reasons == ["internal_error"]
    assert "ZeroDivision" not in caplog.text


async def test_wrong_start_of_a_live_feed_is_a_problem(world: World) -> None:
    """What is wrong from the start is answered before the stream begins, with a status."""
    async with world.client(TEAM) as client:
        for headers, status in (
            ({"Last-Event-ID": "9"}, 409),
            ({"Last-Event-ID": "x"}, 400),
            ({"Accept": "application/json"}, 406),
        ):
            response = await client.get(STREAM, headers=headers)
            assert (response.status_code, response.headers["content-type"]) == (
                status,
                "application/problem+json",
            )


async def test_live_feeds_per_partner_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the bound a partner gets 429; a closed stream frees its place."""
    monkeypatch.setattr("hub.gateway.stream.STREAMS_PER_PARTNER_MAX", 1)
    assert STREAMS_PER_PARTNER_MAX > 1
    async with live(world, STREAM) as stream:
        await stream.next()
        async with world.client(TEAM) as client:
            assert (await client.get(STREAM)).status_code == 429
    async with live(world, STREAM) as stream:
        assert stream.status == 200


async def test_live_feed_ends_with_the_credential(world: World) -> None:
    """A stream does not outlive the token with which it was opened."""
    partner = world.parts.partners.by_org(TEAM)
    assert partner is not None
    caller = Caller(partner, partner.scopes, time.time() + 0.2)
    subscriptions = Subscriptions(world.parts)
    feeds = LiveFeeds(world.parts, FeedReader(world.parts, subscriptions))
    response = await feeds.answer("feed-1", 0, caller)
    async with asyncio.timeout(2):
        said = [event async for event in response.body_iterator]
    assert len(said) >= 1


async def test_event_stream_library_never_logs_content(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Even at debug level no chunk of a live feed is logged."""
    caplog.set_level(logging.DEBUG)
    world.ledger.deliver(FEED, note="geheim-verhaal")
    async with live(world, STREAM) as stream:
        assert (await stream.item()).data["data"] == {"note": "geheim-verhaal"}
    assert "geheim-verhaal" not in caplog.text
