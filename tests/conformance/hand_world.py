"""What the tests of an operator's acts share: who acts, and what is parked."""

from __future__ import annotations

from hub.core.judgement import Judgement
from hub.core.model import Decision, EventDecision, Outcome
from hub.ledger.figures import Balance
from hub.ledger.interface import UnreadableRecord
from hub.ledger.operators import Operator
from hub.ledger.parked_items import ParkedItem
from hub.ledger.rows import DecisionRow
from hub.wire.envelope import SealedEvent
from tests.conformance.ledger_world import (
    NOW,
    World,
    allow,
    judged,
    record,
    sealed_event,
    settled,
    subscription,
)

CLERK = Operator("operator_1", "receiver is back, ticket 42")


def failed() -> Judgement:
    """Return the judgement on an event that could not be judged."""
    stop = EventDecision(Outcome.HOLD, "hold_evaluation_error")
    return Judgement(
        verdict="rejected", reason=stop.reason, decision=Decision(stop), parked="hold_evaluation_error"
    )


async def park_delivery(world: World, offset: int = 0, reason: str = "exhausted") -> str:
    """Let the team's webhook refuse an event for good; return the delivery's id."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event(f"evt-{offset}", subject=f"ps_{offset}")
    await world.commit(record(offset, sealed, judged(sealed, allow())))
    (claimed,) = await world.claim()
    await world.ledger.settle([settled(claimed, "parked", reason=reason)])
    return claimed.delivery_id


async def park_event(world: World, offset: int = 0) -> SealedEvent:
    """Let an event come in that cannot be judged."""
    sealed = sealed_event(f"evt-{offset}", subject=f"ps_{offset}")
    await world.commit(record(offset, sealed, failed()))
    return sealed


async def park_bytes(world: World, offset: int = 0) -> None:
    """Let a record come in that is no event."""
    await world.commit(UnreadableRecord(0, offset, "unknown_schema", 12, "ab" * 32, NOW))


async def only(world: World) -> ParkedItem:
    """Return the one thing that waits."""
    (item,) = await world.ledger.desk.parked()
    return item


async def balanced(world: World) -> Balance:
    """Return the books, which must be closed."""
    balance = await world.ledger.balance()
    assert balance.difference == 0
    assert await world.ledger.desk.differences() == []
    return balance


async def audit_rows(world: World, verdict: str) -> list[DecisionRow]:
    """Return the audit rows of acts by hand; the chain must hold."""
    assert await world.ledger.verify_chain() == []
    async with world.ledger._store.transaction() as tables:
        found = await tables.chain_part(0, 0, 1000)
    return [row for row in found if f'"verdict":"{verdict}"' in row.document]
