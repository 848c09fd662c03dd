"""A hub without doors and workers for the tests of explaining: real judging over a real ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hub.core.batch import Batch
from hub.core.keys import keys_of
from hub.core.model import RecipientDecision
from hub.core.recheck import recheck
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing
from hub.identity.door import event_uid
from hub.ledger.interface import (
    Candidate,
    JudgedRecord,
    LogIdentity,
    PartitionClaim,
    Settlement,
    Subscription,
)
from hub.ledger.ledger import StoredLedger
from hub.ledger.seed import seed_facts
from hub.wire.envelope import SealedEvent, SealedSection
from tests.unit.dedup_world import STANDING, TEAM, fact, facts

LOG = LogIdentity("cluster-1", "hub.events")
NOON = "2026-11-23T11:00:00+00:00"
END = 1_000_000


@dataclass
class Hub:
    """One worker for everything, at the instant that the test names."""

    ledger: StoredLedger
    standing: Standing = STANDING
    claim: PartitionClaim = field(default_factory=lambda: PartitionClaim(0, 0, 0))
    now: str = NOON

    async def open(self, *consents: dict[str, Any]) -> Hub:
        """Own the log, know one child, take in these consents, and have subscriptions."""
        self.claim = (await self.ledger.claim_partitions(LOG, {0: END}, "worker-1"))[0]
        await seed_facts(self.ledger, facts(consents=[]))
        for org in (TEAM, "gp_1", "school_1"):
            await self.ledger.put_subscription(Subscription(f"sub-{org}", org, "webhook", {}))
        for record in consents:
            await self.publish(fact("consent.given", {"record": record}, id=f"given-{record['consent_id']}"))
        return self

    async def publish(self, event: dict[str, Any]) -> str:
        """Let an event come in, decide it, and return its number."""
        uid = event_uid(str(event["source"]), str(event["id"]))
        org = event["sender"]["org"]
        sealed = {name: SealedSection("key-1", b"n" * 12, b"sealed") for name in event["sections"]}
        envelope = SealedEvent(uid, event, org, self.now, str(event.get("subject_ref") or uid), sealed)
        following = self.claim.next_offset + 1
        async with self.ledger.batch(LOG, [self.claim], {0: following}) as transaction:
            snapshot = await transaction.gather(keys_of(event), self.now)
            judgement = Batch(snapshot, self.standing, self.now).judge(uid, org, event)
            await transaction.record([JudgedRecord(0, following - 1, envelope, judgement, self.now)])
        self.claim = PartitionClaim(0, following, self.claim.epoch)
        return uid

    async def deliver(self) -> int:
        """Claim and deliver what is due; returns how many left."""
        claimed = await self.ledger.claim("deliver-1", 100, 30.0, self._look_again, keys_of, self.now)
        done = [Settlement(item.delivery_id, item.lease, "delivered", "ok", self.now) for item in claimed]
        await self.ledger.settle(done)
        return len(claimed)

    def _look_again(self, candidate: Candidate, snapshot: Snapshot) -> RecipientDecision:
        return recheck(
            candidate.sealed.event,
            candidate.sealed.authenticated_org,
            candidate.position,
            candidate.receiver,
            candidate.emission,
            snapshot,
            self.standing,
            self.now,
            candidate.held_since,
        )
