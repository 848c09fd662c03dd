"""Replay: what a receiver had may be read again for `replay_days`, then no more (CONSENT.md section 13)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.core.model import Outcome
from hub.core.policy import read_policy
from hub.gateway.retention import standing_of_book, within_retention
from hub.identity.partners import PartnerBook
from hub.ledger.interface import FeedPage
from tests.conformance.ledger_world import (
    NOW,
    World,
    allow,
    judged,
    keys_of,
    record,
    refuse,
    sealed_event,
    subscription,
)
from tests.unit.gateway_world import TEAM, build_world

WEEK_LATER, TOO_LATE = "2026-11-30T09:00:00+00:00", "2026-11-30T09:00:01+00:00"
"""Seven times 24 hours after `NOW`, the default of `replay_days`, and a second more."""


@pytest.fixture
def book(tmp_path: Path) -> PartnerBook:
    return build_world(tmp_path).parts.partners


async def read_at(world: World, book: PartnerBook, after: int, now: str) -> FeedPage:
    """Read the team's feed at an instant, as the gateway does."""
    recheck = within_retention(world.answers, standing_of_book(book), now)
    return await world.ledger.feed("feed-1", after, 10, recheck, keys_of, now)


async def a_read_feed(world: World, book: PartnerBook) -> None:
    """Make a feed with one event that its reader got at `NOW`, and confirmed."""
    await world.ledger.put_subscription(subscription(TEAM, "feed", "feed-1"))
    whole = sealed_event(recipients=[TEAM])
    await world.commit(record(0, whole, judged(whole, allow(TEAM))))
    assert [item.sequence for item in (await read_at(world, book, 0, NOW)).items] == [1]
    assert list((await read_at(world, book, 1, NOW)).items) == []


async def test_a_feed_is_replayed_for_seven_days(world: World, book: PartnerBook) -> None:
    """Until the last instant of the term a reader gets the same item again, decided anew; a second later it is void."""
    await a_read_feed(world, book)
    (again,) = (await read_at(world, book, 0, WEEK_LATER)).items
    assert (again.decision.outcome, again.sequence, set(again.delivery.sections)) == (
        Outcome.REDACT,
        1,
        {"meta", "contact"},
    )
    (void,) = (await read_at(world, book, 0, TOO_LATE)).items
    assert (void.decision.outcome, void.decision.reason, void.sequence) == (Outcome.DENY, "deny_retention", 1)
    assert not void.delivery.sections
    assert void.decision.withheld == ("meta", "contact", "narrative")


async def test_destroyed_content_cannot_be_replayed(world: World, book: PartnerBook) -> None:
    """Once the payload is destroyed the number stays, and says that the message is kept no longer."""
    await a_read_feed(world, book)
    assert await world.ledger.destroy_stale_payloads(7, "2026-12-01T00:00:00+00:00") == 1
    (void,) = (await read_at(world, book, 0, "2026-12-01T00:00:00+00:00")).items
    assert (void.decision.outcome, void.decision.reason) == (Outcome.DENY, "deny_retention")


async def test_an_earlier_refusal_keeps_its_reason(world: World, book: PartnerBook) -> None:
    """An item whose consent ended since is refused for that, however long ago it was read."""
    await a_read_feed(world, book)
    world.answers.by_receiver[TEAM] = refuse(TEAM, reason="deny_withdrawn")
    (void,) = (await read_at(world, book, 0, TOO_LATE)).items
    assert void.decision.reason == "deny_withdrawn"


async def test_what_nobody_confirmed_is_no_replay(world: World, book: PartnerBook) -> None:
    """An item that was handed out and never confirmed is still being delivered: no term runs."""
    await world.ledger.put_subscription(subscription(TEAM, "feed", "feed-1"))
    whole = sealed_event(recipients=[TEAM])
    await world.commit(record(0, whole, judged(whole, allow(TEAM))))
    await read_at(world, book, 0, NOW)
    (again,) = (await read_at(world, book, 0, TOO_LATE)).items
    assert again.decision.outcome is Outcome.REDACT


async def test_invalid_settings_replay_nothing(world: World, book: PartnerBook) -> None:
    """With settings that are not valid nothing is handed out again: the length of the term is not known."""
    await a_read_feed(world, book)
    broken = replace(standing_of_book(book), policy=read_policy({"replay_days": 0}, {}))
    recheck = within_retention(world.answers, broken, NOW)
    (void,) = (await world.ledger.feed("feed-1", 0, 10, recheck, keys_of, NOW)).items
    assert (void.decision.outcome, void.decision.reason) == (Outcome.HOLD, "hold_policy_invalid")
    assert not void.delivery.sections
