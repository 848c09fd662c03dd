"""The worker that watches: held events, terms and duties whose time came, consents that ended, payloads to destroy.

A held event is judged again when a fact of its subject changed, at each boundary in time, and when its term passed
(CONSENT.md section 12). What goes on over time (`hub/core/threads.py`) is rung at its next instant. A consent that
ended is announced as an event of the hub itself, in the child's own order. Once a month the counts go out.
"""

from __future__ import annotations

import asyncio
from functools import partial, reduce
from operator import or_

import structlog

from agents.committing import count_judgement
from agents.driver import HubApp
from agents.judging import NOT_DECIDED
from agents.loops import Rest, loop_app, patiently, run_in
from agents.own_events import sealed_own_event
from agents.picturing import Picturing
from agents.produce import FaustWriter, LogMessage, LogWriter
from agents.ringing import Ringer
from agents.runtime import Runtime, seconds_between
from hub.core.batch import next_snapshot
from hub.core.keys import keys_of
from hub.core.model import JsonObject
from hub.core.own_events import own_event
from hub.core.recheck import next_boundary, rejudge_held
from hub.core.released import judge_released
from hub.core.snapshot import FactKeys, Snapshot
from hub.ledger.interface import ExpiredConsent, HeldEvent, HoldTransaction, LedgerUnavailableError
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent

log = structlog.get_logger("hub.agents.watch")

PART = "watch"
"""The name of this worker in metrics."""

CHANNEL = "holds"
"""The ledger's channel on which woken holds announce themselves."""


def build(runtime: Runtime, writer: LogWriter | None = None) -> HubApp:
    """Return the Faust app of watch; nothing connects before it starts."""
    app = loop_app("samenhub-watch", runtime)
    writer = writer or FaustWriter(app, runtime.settings.request_timeout_seconds)
    return run_in(app, WatchLoop(runtime, writer), runtime)


def expiry_event(consent: ExpiredConsent, source: str, now: str) -> SealedEvent:
    """Return the hub's event that a consent ended: the same consent gives the same event id and digest."""
    data: JsonObject = {"consent_id": consent.consent_id}
    event = own_event("consent.expired", consent.consent_id, consent.subject_ref, now, data)
    return sealed_own_event(event, source, consent.subject_ref)


class WatchLoop:
    """Wakes holds, rings what is due, announces ended consents, and destroys payloads when their time is over."""

    def __init__(self, runtime: Runtime, writer: LogWriter) -> None:
        self._runtime = runtime
        self._writer = writer
        self._ringer = Ringer(runtime)
        self._picturing = Picturing(runtime, writer)
        self._stopping = asyncio.Event()
        self._tidied_at: str | None = None

    async def run(self) -> None:
        """Work until `stop`. Raises LedgerUnavailableError, LogUnavailableError when either stays away."""
        # The configuration may be another one since the last start: directory, areas and policy can cure a hold.
        await patiently(self._runtime, self._runtime.ledger.wake_all_holds)
        rest = Rest(self._runtime.settings.watch_every_seconds)
        while not self._stopping.is_set():
            worked = await patiently(self._runtime, self.rejudge_once)
            worked += await patiently(self._runtime, self.ring_once)
            worked += await self.announce_once()
            worked += await self.tidy_once()
            # Counting a month takes seconds: what somebody waits for goes first.
            worked += 0 if worked else await self._picturing.once()
            self._runtime.metrics.progress(PART)
            if not worked:
                await self._wait()
                await rest.take()

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
        look = judge_released if held.first_look else rejudge_held
        judgement = look(sealed.event, sealed.authenticated_org, sealed.uid, snapshot, standing, now)
        await transaction.rejudged(held, judgement, next_boundary(sealed.event, snapshot, now), now)
        if judgement.verdict not in NOT_DECIDED:  # a hold that goes on is no new decision
            count_judgement(self._runtime.metrics, sealed, judgement, now)
        return next_snapshot(snapshot, sealed.event, judgement, sealed.uid, now)

    async def ring_once(self) -> int:
        """Let the clock pass over one batch of threads that are due, in one transaction; returns how many there were.

        What the clock raises goes into the outbox with the thread's next instant, so that each is raised once,
        however many machines watch and whenever one of them ends.
        """
        now = self._runtime.clock()
        limit = self._runtime.settings.ring_batch_max
        async with self._runtime.ledger.due_threads(limit, now) as transaction:
            for due in transaction.due:
                rung = self._ringer.ring(due, now)
                await transaction.rung(rung.thread, rung.own_events, now)
            return len(transaction.due)

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
        policy, now = self._runtime.standing.policy, self._runtime.clock()
        if policy is None or not self._may_tidy(now):
            return 0
        self._tidied_at = now
        destroyed = await patiently(
            self._runtime,
            partial(self._runtime.ledger.destroy_stale_payloads, policy.replay_days, now),
        )
        if destroyed:
            log.info("payloads_destroyed", count=destroyed)
        return destroyed

    def _may_tidy(self, now: str) -> bool:
        """Return whether the last time is long enough ago, or lies ahead: a clock that was set back."""
        if self._tidied_at is None:
            return True
        since = seconds_between(self._tidied_at, now)
        return since >= self._runtime.settings.retention_every_seconds or now < self._tidied_at

    def _message(self, consent: ExpiredConsent, now: str) -> LogMessage:
        sealed = expiry_event(consent, self._runtime.settings.source, now)
        return LogMessage(self._runtime.topic, sealed.key, encode(sealed))

    async def _wait(self) -> None:
        pause = self._runtime.settings.idle_wait_seconds
        try:
            await self._runtime.ledger.wait_for_work(CHANNEL, pause)
        except LedgerUnavailableError:
            await asyncio.sleep(pause)
