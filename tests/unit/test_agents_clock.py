"""Two clocks in the deliver worker: the rules' own, which a test may hold, and the moving one for leases and pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from agents.deliver import DeliverLoop, recheck_at
from agents.runtime import Runtime
from agents.settings import AgentSettings
from agents.settling import later
from connectors.contract import DeliveryResult, OpenedDelivery, RetryAfter
from connectors.memory.inbox import MemoryConnector
from hub.core.model import Emission, FixedFace, Outcome, RecipientDecision
from hub.core.snapshot import Snapshot
from hub.ledger.interface import Candidate, ClaimedDelivery, Ledger, Settlement, Subscription
from hub.wire.envelope import SealedEvent
from tests.unit.core_world import NOW, a_child, a_consent, an_event, some_facts

HELD = "2026-11-21T11:00:00.000000Z"
MOVED = "2026-11-21T11:00:40.000000Z"


def waiting() -> ClaimedDelivery:
    sealed = SealedEvent("uid-1", {"type": "signal.raised", "urgency": "u3"}, "gp-een", HELD, "ps_1_a")
    return ClaimedDelivery(
        delivery_id="delivery-1",
        lease="lease-1",
        subscription=Subscription("sub-1", "school-een", "memory", {"inbox": "school-een"}),
        sequence=1,
        attempt=1,
        first_attempt_at=HELD,
        accepted_at=HELD,
        candidate=Candidate("delivery-1", "school-een", sealed, 0, None, None),
        decision=RecipientDecision("school-een", Outcome.ALLOW, "ok_consent"),
        delivery=cast("Any", None),
    )


class OneDelivery:
    """A ledger with one delivery, which keeps at which instant it was claimed and what was settled."""

    def __init__(self) -> None:
        self.left = [waiting()]
        self.claimed_at: list[object] = []
        self.settled: list[Settlement] = []

    async def claim(self, *arguments: object) -> list[ClaimedDelivery]:
        self.claimed_at.append(arguments[-1])
        given, self.left = self.left, []
        return given

    async def settle(self, settlements: Sequence[Settlement]) -> int:
        self.settled.extend(settlements)
        return len(settlements)

    async def wait_for_work(self, _channel: str, _seconds: float) -> bool:
        await asyncio.sleep(0.001)
        return False


async def opened(claim: ClaimedDelivery) -> OpenedDelivery:
    return OpenedDelivery("delivery-1", "sub-1", "school-een", 1, claim.attempt, {"id": "uid-1"}, {})


async def settled_with(
    answer: DeliveryResult | None, settings: AgentSettings
) -> tuple[OneDelivery, Settlement]:
    """Deliver once while the clock is held and real time went on for forty seconds."""
    ledger, connector = OneDelivery(), MemoryConnector()
    if answer is not None:
        connector.answer_next("school-een", answer)
    runtime = Runtime(
        ledger=cast("Ledger", ledger),
        standing=cast("Any", None),
        bootstrap_servers="",
        worker_id="deliver-1",
        clock=lambda: HELD,
        moving_clock=lambda: MOVED,
        settings=settings,
        open_delivery=opened,
        connectors={"memory": connector},
    )
    loop = DeliverLoop(runtime, random=lambda: 0.5)
    task = asyncio.create_task(loop.run())
    async with asyncio.timeout(5):
        while not ledger.settled:  # noqa: ASYNC110 - looks at plain state of the double
            await asyncio.sleep(0.001)
    await loop.stop()
    await task
    return ledger, ledger.settled[0]


async def test_what_was_delivered_bears_the_instant_of_the_rules() -> None:
    """Terms of receivers are counted from the held instant, to the second; leases from the moving one."""
    ledger, settled = await settled_with(None, AgentSettings())
    assert (settled.state, settled.at) == ("delivered", HELD)
    assert set(ledger.claimed_at) == {MOVED}


async def test_a_failed_delivery_comes_back_while_the_clock_is_held() -> None:
    """Its next attempt is due by the moving clock: it waits for real time, not for the test's next telling."""
    _, settled = await settled_with(RetryAfter("receiver_busy", 30.0), AgentSettings())
    assert settled.at == HELD
    assert settled.next_attempt_at is not None
    assert later(MOVED, 29.0) < settled.next_attempt_at < later(MOVED, 120.0)


async def test_what_is_handed_back_comes_back_too() -> None:
    """A delivery that waited too long here is claimed again after a real pause."""
    settings = AgentSettings(wait_before_send_max_seconds=-1.0, hand_back_seconds=1.0)
    _, settled = await settled_with(None, settings)
    assert (settled.state, settled.at, settled.next_attempt_at) == ("pending", HELD, later(MOVED, 1.0))


def test_without_a_moving_clock_there_is_one_clock() -> None:
    """In production leases and rules follow the same instant."""
    runtime = Runtime(
        ledger=cast("Any", None),
        standing=cast("Any", None),
        bootstrap_servers="",
        worker_id="w",
        clock=lambda: HELD,
    )
    assert runtime.moving_now() == HELD


FACE = {"org": "team_rand", "professional": "prof_2"}


def looked(emission: Emission | None = None, consents: Sequence[Any] = (a_consent(),)) -> RecipientDecision:
    """Return the last look at the signal for the local team of a child with a fixed face elsewhere."""
    snapshot = Snapshot(
        subjects={"child_1": a_child(fixed_face=FACE)},
        consents={"child_1": tuple(consents)},
        consent_versions={"child_1": 7},
    )
    sealed = SealedEvent("uid-1", an_event(), "school_a", NOW, "child_1")
    candidate = Candidate("delivery-1", "team_escamp", sealed, 0, emission, None)
    return recheck_at(some_facts().standing, NOW)(candidate, snapshot)


def test_the_last_look_finds_the_fixed_face() -> None:
    """A local team that may have the signal sees who stays with the family, and that a hand-over is due."""
    decision = looked()
    assert decision.outcome is Outcome.ALLOW
    assert decision.fixed_face == FixedFace("team_rand", "prof_2", handover=True)


@pytest.mark.parametrize("stopped", [True, False])
def test_a_message_or_what_does_not_leave_shows_nobody(stopped: bool) -> None:  # noqa: FBT001 - a case
    """Without a delivery there is nothing to show it on; the hub's short messages are about one matter."""
    message = Emission("acknowledgement.received", ("team_escamp",), "ok_acknowledgement")
    assert (looked(consents=()) if stopped else looked(message)).fixed_face is None
