"""The worker that watches: held events whose facts or time changed, consents that ended, payloads to destroy.

A held event is judged again when a fact of its subject changed, at each boundary in time, and when its term passed
(CONSENT.md section 12). A consent that ended is announced as an event of the hub itself, in the child's own order.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial, reduce
from operator import or_
from uuid import UUID, uuid5

import structlog

from agents.committing import count_judgement
from agents.driver import HubApp, new_app
from agents.judging import NOT_DECIDED
from agents.loops import guarded, patiently
from agents.produce import FaustWriter, LogMessage, LogWriter
from agents.runtime import Runtime
from hub.core.batch import next_snapshot
from hub.core.codes import HUB_KIND
from hub.core.keys import keys_of
from hub.core.model import JsonObject
from hub.core.recheck import next_boundary, rejudge_held
from hub.core.snapshot import FactKeys, Snapshot
from hub.identity.door import event_uid
from hub.ledger.interface import ExpiredConsent, HeldEvent, HoldTransaction, LedgerUnavailableError
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent

log = structlog.get_logger("hub.agents.watch")

PART = "watch"
"""The name of this worker in metrics."""

CHANNEL = "holds"
"""The ledger's channel on which woken holds announce themselves."""

HUB_EVENTS = UUID("0b7f6a2e-6a55-5d0c-8e0f-2d0d3f0f4a11")
"""Namespace of the ids of the hub's own events. INVARIANT: never changes, or a notice would be sent twice."""


def build(runtime: Runtime, writer: LogWriter | None = None) -> HubApp:
    """Return the Faust app of watch; nothing connects before it starts."""
    app = new_app(
        "samenhub-watch",
        bootstrap_servers=runtime.bootstrap_servers,
        security=runtime.security,
        settings=runtime.settings,
    )
    app.producer_only = True
    loop = WatchLoop(runtime, writer or FaustWriter(app, runtime.settings.request_timeout_seconds))
    app.task(guarded(app, loop.run))
    app.before_stop.append(loop.stop)
    app.closers.append(runtime.ledger.close)
    return app


def expiry_event(consent: ExpiredConsent, source: str, now: str) -> SealedEvent:
    """Return the hub's event that a consent ended: the same consent gives the same event id and digest.

    A UUID cannot be mistaken for a citizen number (gate E1 exempts it), which a consent id or a hash could.
    """
    event_id = str(uuid5(HUB_EVENTS, f"consent.expired\n{consent.consent_id}"))
    event: JsonObject = {
        "id": event_id,
        "source": source,
        "type": "consent.expired",
        "time": now,
        "sender": {"org": HUB_KIND, "kind": HUB_KIND},
        "recipients": [],
        "sections": ["meta"],
        "subject_ref": consent.subject_ref,
        "digest": str(uuid5(HUB_EVENTS, f"digest\n{event_id}")),
        "data": {"consent_id": consent.consent_id},
    }
    return SealedEvent(
        uid=event_uid(source, event_id),
        event=event,
        authenticated_org=HUB_KIND,
        accepted_at=now,
        key=consent.subject_ref,
    )


class WatchLoop:
    """Wakes holds, announces ended consents, and destroys payloads when their time is over."""

    def __init__(self, runtime: Runtime, writer: LogWriter) -> None:
        self._runtime = runtime
        self._writer = writer
        self._stopping = asyncio.Event()
        self._tidy_at = float("-inf")

    async def run(self) -> None:
        """Work until `stop`. Raises LedgerUnavailableError, LogUnavailableError when either stays away."""
        # The configuration may be another one since the last start: directory, areas and policy can cure a hold.
        await patiently(self._runtime, self._runtime.ledger.wake_all_holds)
        while not self._stopping.is_set():
            worked = await patiently(self._runtime, self.rejudge_once)
            worked += await self.announce_once()
            worked += await self.tidy_once()
            self._runtime.metrics.progress(PART)
            if not worked:
                await self._wait()

    async def stop(self) -> None:
        """Start nothing more; the transaction that runs is finished."""
        self._stopping.set()

    async def rejudge_once(self) -> int:
        """Judge one batch of held events that are due, in one transaction; returns how many there were."""
        now = self._runtime.clock()
        limit = self._runtime.settings.hold_batch_max
        async with self._runtime.ledger.due_holds(limit, now) as transaction:
            if not transaction.held:
                return 0
            await self._rejudge(transaction, now)
            return len(transaction.held)

    async def _rejudge(self, transaction: HoldTransaction, now: str) -> None:
        keys = reduce(or_, (keys_of(held.sealed.event) for held in transaction.held), FactKeys())
        snapshot = await transaction.gather(keys, now)
        for held in transaction.held:
            snapshot = await self._rejudge_one(transaction, held, snapshot, now)

    async def _rejudge_one(
        self, transaction: HoldTransaction, held: HeldEvent, snapshot: Snapshot, now: str
    ) -> Snapshot:
        sealed, standing = held.sealed, self._runtime.standing
        judgement = rejudge_held(sealed.event, sealed.authenticated_org, sealed.uid, snapshot, standing, now)
        await transaction.rejudged(held, judgement, next_boundary(sealed.event, snapshot, now), now)
        if judgement.verdict not in NOT_DECIDED:  # a hold that goes on is no new decision
            count_judgement(self._runtime.metrics, sealed, judgement, now)
        return next_snapshot(snapshot, sealed.event, judgement, sealed.uid, now)

    async def announce_once(self) -> int:
        """Publish the end of consents that ended, then remember that it is safely in the log."""
        ledger, now = self._runtime.ledger, self._runtime.clock()
        limit = self._runtime.settings.hold_batch_max
        expired = await patiently(self._runtime, partial(ledger.expired_consents, limit, now))
        if not expired:
            return 0
        await self._writer.write([self._message(consent, now) for consent in expired])
        for consent in expired:
            await patiently(self._runtime, partial(ledger.consent_announced, consent.consent_id, now))
        log.info("consents_announced", count=len(expired))
        return len(expired)

    async def tidy_once(self) -> int:
        """Destroy payloads whose time is over (CONSENT.md section 12), now and then; returns how many."""
        policy, moment = self._runtime.standing.policy, time.monotonic()
        if policy is None or moment < self._tidy_at:
            return 0
        self._tidy_at = moment + self._runtime.settings.retention_every_seconds
        now, days = self._runtime.clock(), policy.replay_days
        destroyed = await patiently(
            self._runtime, partial(self._runtime.ledger.destroy_stale_payloads, days, now)
        )
        if destroyed:
            log.info("payloads_destroyed", count=destroyed)
        return destroyed

    def _message(self, consent: ExpiredConsent, now: str) -> LogMessage:
        sealed = expiry_event(consent, self._runtime.settings.source, now)
        return LogMessage(self._runtime.topic, sealed.key, encode(sealed))

    async def _wait(self) -> None:
        pause = self._runtime.settings.idle_wait_seconds
        try:
            await self._runtime.ledger.wait_for_work(CHANNEL, pause)
        except LedgerUnavailableError:
            await asyncio.sleep(pause)
