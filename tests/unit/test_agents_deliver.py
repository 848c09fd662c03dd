"""The loop that delivers: agents/deliver.py and agents/settling.py, with a scripted ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

import pytest

from agents.deliver import DeliverLoop
from agents.opening import OpeningError
from agents.runtime import Runtime
from agents.settings import AgentSettings
from agents.settling import EXHAUSTED, NO_ROOM, later, settlement
from connectors.contract import (
    Delivered,
    DeliveryResult,
    OpenedDelivery,
    Refused,
    RetryAfter,
)
from connectors.memory.inbox import MemoryConnector
from hub.core.model import Outcome, RecipientDecision
from hub.ledger.interface import (
    Candidate,
    ClaimedDelivery,
    Ledger,
    LedgerUnavailableError,
    Settlement,
    Subscription,
)
from hub.wire.envelope import SealedEvent

NOW = "2026-03-02T10:00:00.000000Z"
SECONDS = 5.0


def claimed(
    number: int = 1,
    receiver: str = "school-een",
    *,
    connector: str = "memory",
    urgency: str | None = "u3",
    attempt: int = 1,
    first_attempt_at: str = NOW,
) -> ClaimedDelivery:
    event: dict[str, object] = {"type": "signal.raised", "time": NOW, "id": str(number), "urgency": urgency}
    sealed = SealedEvent(f"uid-{number}", event, "gp-een", NOW, "ps_1_a")
    return ClaimedDelivery(
        delivery_id=f"delivery-{number}",
        lease=f"lease-{number}",
        subscription=Subscription(f"sub-{receiver}", receiver, connector, {"inbox": receiver}),
        sequence=number,
        attempt=attempt,
        first_attempt_at=first_attempt_at,
        accepted_at="2026-03-02T09:59:59.000000Z",
        candidate=Candidate(f"delivery-{number}", receiver, sealed, 0, None, None),
        decision=RecipientDecision(receiver, Outcome.ALLOW, "ok_consent"),
        delivery=cast("Any", None),
    )


class ScriptedLedger:
    """Hands out what the test queued and keeps what is settled."""

    def __init__(self, *waiting: ClaimedDelivery) -> None:
        self.waiting = list(waiting)
        self.settled: list[Settlement] = []
        self.calls: list[int] = []
        self.failures: list[Exception] = []
        self.new_work = asyncio.Event()
        self.lapsed = 0

    async def claim(self, _worker: str, limit: int, *_rest: object) -> list[ClaimedDelivery]:
        if self.failures:
            raise self.failures.pop(0)
        self.calls.append(limit)
        given, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return given

    async def settle(self, settlements: Sequence[Settlement]) -> int:
        self.settled.extend(settlements)
        return len(settlements) - self.lapsed

    async def wait_for_work(self, _channel: str, timeout_seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self.new_work.wait()
        self.new_work.clear()
        return True

    def states(self) -> dict[str, str]:
        return {settled.delivery_id: settled.state for settled in self.settled}


class CountingMetrics:
    """Counts what the loop tells."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *values: self.told.append((name, *values))

    def count(self, *wanted: Any) -> int:
        return sum(1 for told in self.told if told[: len(wanted)] == wanted)


async def opened(claim: ClaimedDelivery) -> OpenedDelivery:
    return OpenedDelivery(
        delivery_id=claim.delivery_id,
        subscription_id=claim.subscription.subscription_id,
        receiver=claim.candidate.receiver,
        sequence=claim.sequence,
        attempt=claim.attempt,
        attributes={"id": claim.candidate.sealed.uid},
        data={},
    )


class Slow:
    """A connector that takes what it gets once the test says so, and notes how many it holds at a time."""

    def __init__(self, answer: DeliveryResult | None = None) -> None:
        self.go = asyncio.Event()
        self.present = 0
        self.present_max = 0
        self.answer = answer or Delivered()

    async def send(self, _delivery: OpenedDelivery, _target: object) -> DeliveryResult:
        self.present += 1
        self.present_max = max(self.present_max, self.present)
        await self.go.wait()
        self.present -= 1
        return self.answer

    async def close(self) -> None: ...


def a_runtime(ledger: ScriptedLedger, connectors: dict[str, Any], **changes: Any) -> Runtime:
    settings = changes.pop("settings", AgentSettings(idle_wait_seconds=0.01, flush_pauses_seconds=(0.0, 0.0)))
    return Runtime(
        ledger=cast("Ledger", ledger),
        standing=cast("Any", None),
        bootstrap_servers="",
        worker_id="deliver-1",
        clock=lambda: NOW,
        metrics=changes.pop("metrics", CountingMetrics()),
        settings=settings,
        open_delivery=changes.pop("open_delivery", opened),
        connectors=connectors,
        **changes,
    )


async def worked(runtime: Runtime, condition: Any) -> None:
    """Run the loop until the condition holds, then stop it in order."""
    loop = DeliverLoop(runtime, random=lambda: 0.5)
    task = asyncio.create_task(loop.run())
    try:
        async with asyncio.timeout(SECONDS):
            while not condition():  # noqa: ASYNC110 - looks at plain state of the doubles
                await asyncio.sleep(0.001)
        await asyncio.wait_for(loop.stop(), SECONDS)
        await task
    finally:
        task.cancel()


async def test_a_taken_delivery_is_settled_as_delivered() -> None:
    """The receiver gets it once, the ledger hears it, and the latency since acceptance is counted."""
    ledger, connector, metrics = ScriptedLedger(claimed()), MemoryConnector(), CountingMetrics()
    await worked(a_runtime(ledger, {"memory": connector}, metrics=metrics), lambda: ledger.settled)
    assert [item.delivery_id for item in connector.inboxes["school-een"]] == ["delivery-1"]
    assert ledger.settled == [Settlement("delivery-1", "lease-1", "delivered", "ok", NOW)]
    assert metrics.count("delivered", 1.0) == 1
    assert metrics.count("progress", "deliver") > 0


async def test_a_busy_receiver_is_tried_again_after_a_pause() -> None:
    """RetryAfter goes back to the ledger with a later instant, and counts as a retry."""
    ledger, connector, metrics = ScriptedLedger(claimed()), MemoryConnector(), CountingMetrics()
    connector.answer_next("school-een", RetryAfter("receiver_busy", 30.0))
    await worked(a_runtime(ledger, {"memory": connector}, metrics=metrics), lambda: ledger.settled)
    (settled,) = ledger.settled
    assert (settled.state, settled.reason) == ("pending", "receiver_busy")
    assert settled.next_attempt_at is not None
    assert settled.next_attempt_at > later(NOW, 29.0)
    assert metrics.count("retried") == 1


async def test_a_refusal_is_parked_and_can_switch_the_subscription_off() -> None:
    """Refused is left to a person; HTTP 410 also disables."""
    ledger, connector, metrics = ScriptedLedger(claimed()), MemoryConnector(), CountingMetrics()
    connector.answer_next("school-een", Refused("gone", disables=True))
    await worked(a_runtime(ledger, {"memory": connector}, metrics=metrics), lambda: ledger.settled)
    (settled,) = ledger.settled
    assert (settled.state, settled.reason, settled.disable_subscription) == ("parked", "gone", True)
    assert metrics.count("parked", "refused") == 1


@pytest.mark.parametrize(("urgency", "hours"), [("u1", 25), ("u3", 24 * 8), (None, 24 * 8)])
def test_a_delivery_tried_for_too_long_is_parked(urgency: str | None, hours: int) -> None:
    """The time limit follows the urgency; afterwards a person must reach the receiver."""
    old = claimed(urgency=urgency, attempt=40, first_attempt_at=later(NOW, -3600.0 * hours))
    settled = settlement(old, RetryAfter("timeout"), NOW, 0.5)
    assert (settled.state, settled.reason) == ("parked", EXHAUSTED)


def test_a_crisis_is_tried_again_within_seconds() -> None:
    """However often it failed, and whatever pause the receiver asks for."""
    settled = settlement(claimed(urgency="u1", attempt=20), RetryAfter("timeout", 3600.0), NOW, 0.99)
    assert settled.next_attempt_at is not None
    assert settled.next_attempt_at <= later(NOW, 11.0)


async def test_one_receiver_that_hangs_does_not_delay_another() -> None:
    """While one receiver holds all that fits, everything for the other arrives; the rest is handed back."""
    slow, fast = Slow(), MemoryConnector()
    hanging = [claimed(number, "hangs", connector="slow") for number in range(100)]
    healthy = [claimed(number, "school-een") for number in range(100, 150)]
    ledger = ScriptedLedger(*hanging, *healthy)
    settings = AgentSettings(receiver_queue_max=64, idle_wait_seconds=0.01)
    runtime = a_runtime(ledger, {"memory": fast, "slow": slow}, settings=settings)

    def done() -> bool:
        if len(fast.inboxes["school-een"]) < 50:
            return False
        slow.go.set()
        return len(ledger.settled) == 150

    await worked(runtime, done)
    assert slow.present_max == runtime.settings.receiver_parallel_max
    handed_back = [settled for settled in ledger.settled if settled.reason == NO_ROOM]
    assert len(handed_back) == 100 - runtime.settings.receiver_queue_max


async def test_no_more_is_claimed_than_fits() -> None:
    """Claims stop at the limit of deliveries in flight and go on when answers come."""
    slow = Slow()
    ledger = ScriptedLedger(
        *[claimed(number, f"receiver-{number}", connector="slow") for number in range(30)]
    )
    settings = AgentSettings(
        in_flight_max=10, claim_max=8, idle_wait_seconds=0.01, flush_pauses_seconds=(0.0,)
    )
    runtime = a_runtime(ledger, {"slow": slow}, settings=settings)

    def done() -> bool:
        if slow.present == 10:
            slow.go.set()
        return len(ledger.settled) == 30

    await worked(runtime, done)
    assert slow.present_max == 10


async def test_a_stop_finishes_what_is_being_sent() -> None:
    """An orderly stop settles every delivery that left, so that no receiver gets it twice."""
    slow = Slow()
    ledger = ScriptedLedger(claimed(connector="slow"))
    loop = DeliverLoop(a_runtime(ledger, {"slow": slow}))
    task = asyncio.create_task(loop.run())
    while slow.present == 0:  # noqa: ASYNC110 - the double has no event for this
        await asyncio.sleep(0.001)
    stopping = asyncio.create_task(loop.stop())
    await asyncio.sleep(0.02)
    assert not stopping.done()
    slow.go.set()
    await asyncio.wait_for(stopping, SECONDS)
    await task
    assert ledger.states() == {"delivery-1": "delivered"}


async def test_a_connector_that_breaks_its_time_limit_is_cut_off() -> None:
    """A send that never ends counts as a retry."""
    ledger = ScriptedLedger(claimed(connector="slow"))
    settings = AgentSettings(send_limit_seconds=0.01, idle_wait_seconds=0.01)
    await worked(a_runtime(ledger, {"slow": Slow()}, settings=settings), lambda: ledger.settled)
    assert ledger.settled[0].reason == "no_answer_in_time"


async def test_what_waited_too_long_goes_back_unsent() -> None:
    """Consent is checked at the claim, so a delivery may not linger here before it is sent."""
    connector, ledger = MemoryConnector(), ScriptedLedger(claimed())
    settings = AgentSettings(wait_before_send_max_seconds=-1.0, idle_wait_seconds=0.01)
    await worked(a_runtime(ledger, {"memory": connector}, settings=settings), lambda: ledger.settled)
    assert ledger.settled[0].reason == "waited_too_long"
    assert connector.attempts["school-een"] == 0


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (OpeningError("key_erased", transient=False), "parked"),
        (OpeningError("key_unusable", transient=True), "pending"),
        (KeyError("a fault of ours"), "pending"),
    ],
)
async def test_what_cannot_be_opened_is_not_sent(error: Exception, state: str) -> None:
    """An erased child is parked, a missing key is tried again, and a fault in one delivery stops no other."""

    async def fails(_claim: ClaimedDelivery) -> OpenedDelivery:
        raise error

    connector, ledger = MemoryConnector(), ScriptedLedger(claimed())
    await worked(a_runtime(ledger, {"memory": connector}, open_delivery=fails), lambda: ledger.settled)
    assert ledger.states() == {"delivery-1": state}
    assert connector.attempts["school-een"] == 0


async def test_an_unknown_connector_waits_for_a_person_or_a_better_configuration() -> None:
    """A subscription that names a connector this process lacks is tried again, not lost."""
    ledger = ScriptedLedger(claimed(connector="carrier-pigeon"))
    await worked(a_runtime(ledger, {}), lambda: ledger.settled)
    assert ledger.settled[0].reason == "connector_unknown"


async def test_a_short_absence_of_the_database_is_waited_out() -> None:
    """The loop tries again and goes on."""
    ledger, connector = ScriptedLedger(claimed()), MemoryConnector()
    ledger.failures = [LedgerUnavailableError(), LedgerUnavailableError()]
    await worked(a_runtime(ledger, {"memory": connector}), lambda: ledger.settled)
    assert ledger.states() == {"delivery-1": "delivered"}


async def test_a_long_absence_of_the_database_ends_the_loop() -> None:
    """The error leaves the loop, so that the process ends and its supervisor starts it again."""
    ledger = ScriptedLedger()
    ledger.failures = [LedgerUnavailableError() for _ in range(3)]
    loop = DeliverLoop(a_runtime(ledger, {}))
    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(loop.run(), SECONDS)
    assert raised.group_contains(LedgerUnavailableError)
    await asyncio.wait_for(loop.stop(), SECONDS)


async def test_the_target_is_resolved_at_the_moment_of_sending() -> None:
    """Secrets come from outside the ledger, so a rotated secret counts from the next attempt."""

    async def resolve(_subscription: Subscription) -> dict[str, object]:
        return {"inbox": "elsewhere"}

    connector, ledger = MemoryConnector(), ScriptedLedger(claimed())
    await worked(a_runtime(ledger, {"memory": connector}, resolve_target=resolve), lambda: ledger.settled)
    assert len(connector.inboxes["elsewhere"]) == 1


async def test_lapsed_leases_are_noticed_and_harmless() -> None:
    """A late answer counts not; the loop goes on."""
    connector, ledger = MemoryConnector(), ScriptedLedger(claimed(1), claimed(2))
    ledger.lapsed = 1
    await worked(a_runtime(ledger, {"memory": connector}), lambda: len(ledger.settled) == 2)
    assert len(connector.inboxes["school-een"]) == 2


def test_deliver_refuses_to_run_without_the_means_to_open() -> None:
    """A process that was composed without an opener is not a deliver process."""
    with pytest.raises(ValueError, match="open_delivery"):
        DeliverLoop(a_runtime(cast("Any", None), {}, open_delivery=None))
