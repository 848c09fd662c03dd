"""The worker that delivers: claim (consent is checked inside), open, send, settle.

Claims, sends and settlements overlap: while receivers answer, the next deliveries are claimed and earlier answers are
written. A delivery lives in this process for one attempt at most; the ledger knows everything else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import random as draw

import structlog

from agents.driver import HubApp
from agents.loops import Rest, loop_app, patiently, run_in
from agents.opening import OpeningError
from agents.receivers import ReceiverRooms
from agents.runtime import Runtime, seconds_between
from agents.settling import NO_ROOM, WAITED_TOO_LONG, hand_back, may_still_send, settlement
from connectors.contract import (
    Delivered,
    DeliveryResult,
    OpenedDelivery,
    OutboundConnector,
    Refused,
    RetryAfter,
)
from hub.core.keys import keys_of
from hub.core.model import LEAVES, JsonObject, RecipientDecision
from hub.core.recheck import LastLook
from hub.core.shown_face import shown_face
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing
from hub.gateway.retention import within_retention
from hub.ledger.interface import Candidate, ClaimedDelivery, LedgerUnavailableError, Settlement

log = structlog.get_logger("hub.agents.deliver")

PART = "deliver"
"""The name of this worker in metrics."""

CHANNEL = "deliveries"
"""The ledger's channel on which work announces itself."""


def build(runtime: Runtime) -> HubApp:
    """Return the Faust app of deliver; nothing connects before it starts."""
    app = loop_app("samenhub-deliver", runtime)
    closers = (connector.close for connector in runtime.connectors.values())
    return run_in(app, DeliverLoop(runtime), runtime, *closers)


def recheck_at(standing: Standing, now: str) -> Callable[[Candidate, Snapshot], RecipientDecision]:
    """Return the last run of the decision, for the moment of a claim, with the fixed face that must be shown."""
    look = LastLook(standing, now)

    def again(candidate: Candidate, snapshot: Snapshot) -> RecipientDecision:
        event = candidate.sealed.event
        decision = look.recheck(
            event,
            candidate.sealed.authenticated_org,
            candidate.position,
            candidate.receiver,
            candidate.emission,
            snapshot,
            candidate.held_since,
        )
        if decision.outcome not in LEAVES or candidate.emission is not None:
            return decision
        return replace(decision, fixed_face=shown_face(event, candidate.receiver, snapshot, standing, now))

    return again


class DeliverLoop:
    """The three overlapping jobs of one deliver process."""

    def __init__(self, runtime: Runtime, random: Callable[[], float] = draw) -> None:
        if runtime.open_delivery is None:
            raise ValueError("deliver needs open_delivery")
        self._runtime = runtime
        self._settings = runtime.settings
        self._open = runtime.open_delivery
        self._random = random
        self._rooms = ReceiverRooms(runtime.settings)
        self._sending: set[asyncio.Task[None]] = set()
        self._answers: asyncio.Queue[Settlement] = asyncio.Queue()
        self._work = asyncio.Event()
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self) -> None:
        """Work until `stop`. Raises LedgerUnavailableError when the database stays away."""
        self._idle.clear()
        try:
            await self._run()
        finally:
            self._idle.set()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as jobs:
            waker = jobs.create_task(self._wake())
            settler = jobs.create_task(self._settle())
            await self._claim_until_stopped()
            if self._sending:
                await asyncio.wait(tuple(self._sending))
            await self._answers.join()
            waker.cancel()
            settler.cancel()

    async def stop(self) -> None:
        """Claim nothing more, and wait until what is being sent is finished and settled."""
        self._stopping.set()
        self._work.set()
        await self._idle.wait()

    # --- claim ------------------------------------------------------------------------------------------
    async def _claim_until_stopped(self) -> None:
        rest = Rest(self._settings.claim_every_seconds)
        while not self._stopping.is_set():
            self._work.clear()
            room = self._settings.in_flight_max - len(self._sending)
            claimed = await self._claim(min(room, self._settings.claim_max)) if room > 0 else []
            self._runtime.metrics.progress(PART)
            for delivery in claimed:
                self._start(delivery)
            if len(claimed) < self._settings.claim_max:
                await self._work.wait()
                await rest.take()

    async def _claim(self, limit: int) -> list[ClaimedDelivery]:
        runtime = self._runtime
        now = runtime.clock()
        return await patiently(
            runtime,
            partial(
                runtime.ledger.claim,
                runtime.worker_id,
                limit,
                self._settings.lease_seconds,
                within_retention(recheck_at(runtime.standing, now), runtime.standing, now),
                keys_of,
                runtime.moving_now(),
            ),
        )

    async def _wake(self) -> None:
        """Turn the ledger's notifications, and the fallback poll, into work."""
        while True:
            try:
                await self._runtime.ledger.wait_for_work(CHANNEL, self._settings.idle_wait_seconds)
            except LedgerUnavailableError:
                await asyncio.sleep(self._settings.idle_wait_seconds)
            self._work.set()

    # --- send ------------------------------------------------------------------------------------------
    def _start(self, claimed: ClaimedDelivery) -> None:
        if not self._rooms.enter(claimed.candidate.receiver):
            self._hand_back(claimed, NO_ROOM)
            return
        task = asyncio.get_running_loop().create_task(self._handle(claimed, time.monotonic()))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _hand_back(self, claimed: ClaimedDelivery, reason: str) -> None:
        now, pause = self._runtime.moving_now(), self._settings.hand_back_seconds
        self._answers.put_nowait(replace(hand_back(claimed, reason, now, pause), at=self._runtime.clock()))

    async def _handle(self, claimed: ClaimedDelivery, claimed_at: float) -> None:
        receiver = claimed.candidate.receiver
        try:
            async with self._rooms.turn(receiver):
                if not may_still_send(time.monotonic() - claimed_at, self._settings):
                    self._hand_back(claimed, WAITED_TOO_LONG)
                    return
                result = await self._attempt(claimed)
            self._note(claimed, result)
        except Exception:
            # A fault of ours in one delivery must not stop the others; it is tried again and then parked.
            log.exception("delivery_failed", delivery_id=claimed.delivery_id, attempt=claimed.attempt)
            self._note(claimed, RetryAfter("fault_of_the_hub"))
        finally:
            self._rooms.leave(receiver)

    async def _attempt(self, claimed: ClaimedDelivery) -> DeliveryResult:
        connector = self._runtime.connectors.get(claimed.subscription.connector)
        if connector is None:
            return RetryAfter("connector_unknown", nothing_sent=True)
        try:
            opened = await self._open(claimed)
        except OpeningError as error:
            return RetryAfter(error.reason, nothing_sent=True) if error.transient else Refused(error.reason)
        target = await self._runtime.resolve_target(claimed.subscription)
        return await self._send(connector, opened, target)

    async def _send(
        self, connector: OutboundConnector, opened: OpenedDelivery, target: JsonObject
    ) -> DeliveryResult:
        try:
            async with asyncio.timeout(self._settings.send_limit_seconds):
                return await connector.send(opened, target)
        except TimeoutError:
            return RetryAfter("no_answer_in_time")

    def _note(self, claimed: ClaimedDelivery, result: DeliveryResult) -> None:
        now = self._runtime.clock()
        settled = replace(settlement(claimed, result, self._runtime.moving_now(), self._random()), at=now)
        self._answers.put_nowait(settled)
        if isinstance(result, RetryAfter):
            self._rooms.failed(claimed.candidate.receiver)
        else:
            self._rooms.answered(claimed.candidate.receiver)
        self._count(claimed, settled, result, now)

    def _count(self, claimed: ClaimedDelivery, settled: Settlement, result: DeliveryResult, now: str) -> None:
        metrics = self._runtime.metrics
        if isinstance(result, Delivered):
            metrics.delivered(seconds_between(claimed.accepted_at, now))
            return
        log.warning(
            "delivery_not_taken",
            delivery_id=claimed.delivery_id,
            attempt=claimed.attempt,
            state=settled.state,
            reason=settled.reason,
        )
        if settled.state == "pending":
            metrics.retried()
        else:
            metrics.parked("exhausted" if isinstance(result, RetryAfter) else "refused")

    # --- settle ---------------------------------------------------------------------------------------
    async def _settle(self) -> None:
        """Write answers as they come: one by one when it is quiet, many at a time under load."""
        rest = Rest(self._settings.settle_every_seconds)
        while True:
            batch = [await self._answers.get()]
            await rest.take()
            while not self._answers.empty():
                batch.append(self._answers.get_nowait())
            kept = await patiently(self._runtime, partial(self._runtime.ledger.settle, batch))
            if kept < len(batch):
                log.warning("leases_lapsed", count=len(batch) - kept)
            for _ in batch:
                self._answers.task_done()
            self._work.set()  # the next delivery of the same child may go now
