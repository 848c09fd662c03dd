"""Long random histories on the twin, and shorter ones on the database: the promises hold after every step."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from hub.core.model import Emission
from hub.ledger import rows
from hub.ledger.interface import BatchItem, ClaimedDelivery, UnreadableRecord
from hub.ledger.open import MEMORY_DSN
from tests.conformance.ledger_world import (
    TEAM,
    World,
    allow,
    at,
    judged,
    record,
    refuse,
    repeated,
    sealed_event,
    settled,
    subscription,
    wait,
)

STEPS_TWIN = 150
STEPS_DATABASE = 40
SCHOOL_TEAM = "team_2"


class History:
    """A worker, a deliverer, a watch and receivers that do as the dice say."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.dice = random.Random(seed)
        self.offset = 0
        self.minute = 0
        self.leased: list[ClaimedDelivery] = []
        self.received: dict[tuple[str, int], str] = {}

    def now(self) -> str:
        """Return the instant of this step."""
        return at(self.minute)

    async def step(self) -> None:
        """Do one thing."""
        self.minute += self.dice.randrange(2)
        steps: list[Callable[[], Awaitable[None]]] = [
            self.publish, self.publish, self.publish, self.claim, self.claim, self.settle, self.settle,
            self.rejudge, self.change_mind, self.resubscribe,
        ]  # fmt: skip
        await self.dice.choice(steps)()

    async def publish(self) -> None:
        """Write a batch of all kinds of records."""
        items: list[BatchItem] = []
        for _ in range(self.dice.randrange(1, 5)):
            items.append(self._record())
            self.offset += self.dice.choice((1, 1, 1, 3))
        await self.world.commit(*items)

    def _record(self) -> BatchItem:
        if self.dice.random() < 0.1:
            return UnreadableRecord(0, self.offset, "unknown_schema", 3, "ab", self.now())
        sealed = sealed_event(
            f"evt-{self.dice.randrange(self.offset + 5)}x{self.offset}",
            subject=self.dice.choice(("ps_a", "ps_b", "ps_c")),
            recipients=(TEAM, SCHOOL_TEAM),
            urgency=self.dice.choice(("u1", "u3")),
        )
        if self.dice.random() < 0.15:
            return record(self.offset, sealed, repeated(), when=self.now())
        verdicts = [
            self.dice.choice((allow, refuse, wait))(org, position)
            for position, org in enumerate((TEAM, SCHOOL_TEAM)[: self.dice.randrange(3)])
        ]
        match = Emission("signal.source_added", (TEAM,), "ok_source_added", None, ((TEAM, "ps_a"),))
        emissions = [match] if self.dice.random() < 0.2 else []
        judgement = judged(sealed, *verdicts, emissions=emissions, when=self.now())
        return record(self.offset, sealed, judgement, when=self.now())

    async def claim(self) -> None:
        """Take some deliveries."""
        limit = self.dice.randrange(1, 6)
        self.leased += await self.world.claim(self.now(), limit=limit, lease_seconds=120)

    async def settle(self) -> None:
        """Answer for one of the leases, perhaps too late."""
        if not self.leased:
            return
        claimed = self.leased.pop(self.dice.randrange(len(self.leased)))
        state = self.dice.choice(("delivered", "delivered", "pending", "parked"))
        counted = await self.world.ledger.settle(
            [settled(claimed, state, at_instant=self.now(), again=self.now(), reason="x")]
        )
        if counted and state == "delivered":
            place = claimed.subscription.subscription_id, claimed.sequence
            assert self.received.setdefault(place, claimed.delivery_id) == claimed.delivery_id

    async def rejudge(self) -> None:
        """Look at what is held."""
        async with self.world.ledger.due_holds(3, self.now()) as holds:
            for held in holds.held:
                verdict = self.dice.choice((allow, refuse, wait))
                again = judged(held.sealed, verdict(), verdict(SCHOOL_TEAM, 1), verdict="reevaluated")
                if self.dice.random() < 0.3:
                    again = repeated()
                await holds.rejudged(held, again, at(self.minute + 3), self.now())

    async def change_mind(self) -> None:
        """Give or take consent for the moment of the claim."""
        choice = self.dice.choice((allow, allow, refuse, wait))
        self.world.answers.by_receiver[TEAM] = choice(TEAM)

    async def resubscribe(self) -> None:
        """Add, switch off or remove a subscription."""
        name = self.dice.choice(("one", "two"))
        if self.dice.random() < 0.3:
            await self.world.ledger.remove_subscription(name)
            self.received = {place: item for place, item in self.received.items() if place[0] != name}
            return
        origin = "configuration" if name == "one" else "partner"
        stated = subscription(name=name, origin=origin)
        await self.world.ledger.put_subscription(replace(stated, active=self.dice.random() < 0.8))

    async def check(self) -> None:
        """Check the promises."""
        balance = await self.world.ledger.balance()
        assert balance.difference == 0, balance
        async with self.world.ledger._store.transaction() as tables:
            sequences = await tables.read(rows.SEQUENCE, {"subscription_id": ["one", "two"]})
            deliveries = await tables.read(rows.DELIVERY, {"subscription_id": ["one", "two"]})
        for sequence in sequences:
            name = sequence.subscription_id
            used = [row.sequence for row in deliveries if row.subscription_id == name and row.sequence]
            spare = json.loads(sequence.free)
            assert sorted(used + spare) == list(range(1, sequence.last_number + 1))


@pytest.mark.parametrize("seed", range(6))
async def test_random_history_balances(world: World, ledger_dsn: str, seed: int) -> None:
    """After any history the balance balances, numbers have no gap, and the audit chain holds."""
    print(f"seed {seed}")  # noqa: T201  (shown when it fails)
    history = History(world, seed)
    for _ in range(STEPS_TWIN if ledger_dsn == MEMORY_DSN else STEPS_DATABASE):
        await history.step()
        await history.check()
    assert await world.ledger.verify_chain() == []
