"""The gateway reads feeds with the term of keeping: what its reader had too long ago is not handed out again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from hub.core.model import Outcome, RecipientDecision
from hub.core.snapshot import Snapshot
from hub.ledger.interface import Candidate, FeedPage, Ledger, Recheck, Subscription
from hub.wire.envelope import SealedEvent
from tests.unit.gateway_world import NOW, SCHOOL, TEAM, SmallLedger, build_world

ALLOWED = RecipientDecision(
    TEAM, Outcome.REDACT, "ok_consent", ("health",), (), ("c1",), ("meta", "contact"), 2
)
CANDIDATE = Candidate("delivery-1", TEAM, SealedEvent("uid-1", {}, SCHOOL, NOW, "ps_test"), 2, None, None)


class AskedLedger(SmallLedger):
    """Keeps the last look that a feed was read with."""

    recheck: Recheck

    async def feed(self, subscription_id: str, after: int, limit: int, *asked: object) -> FeedPage:
        self.recheck = cast("Recheck", asked[0])
        return await super().feed(subscription_id, after, limit)


@pytest.mark.parametrize(
    ("delivered_at", "expected"),
    [
        (None, ALLOWED),
        ("2026-02-23T08:30:00Z", ALLOWED),
        (
            "2026-02-23T08:29:59Z",
            RecipientDecision(
                TEAM, Outcome.DENY, "deny_retention", ("meta", "contact", "health"), (), (), (), 2
            ),
        ),
    ],
)
async def test_a_feed_is_read_with_the_term_of_keeping(
    tmp_path: Path, delivered_at: str | None, expected: RecipientDecision
) -> None:
    """Seven days after its reader had an item it is void; up to then, and before it was had, consent alone decides."""

    def allowed(_candidate: Candidate, _snapshot: Snapshot) -> RecipientDecision:
        return ALLOWED

    ledger = AskedLedger()
    world = build_world(tmp_path, ledger=cast("Ledger", ledger), recheck=allowed)
    ledger.known["feed-1"] = Subscription("feed-1", TEAM, "feed", {})
    async with world.client(TEAM) as client:
        assert (await client.get("/subscriptions/feed-1/events")).status_code == 200
    assert ledger.recheck(replace(CANDIDATE, delivered_at=delivered_at), Snapshot()) == expected
