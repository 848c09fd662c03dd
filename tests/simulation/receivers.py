"""Receivers of the simulation: they answer, fail, hang, refuse, or take a message and answer too late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from connectors.contract import Delivered, DeliveryResult, OpenedDelivery, Refused, RetryAfter
from hub.core.model import Json
from hub.ledger.interface import ClaimedDelivery
from tests.simulation.processes import Machine

LATE_SECONDS = 20.0
"""A late answer comes after the connector gave up waiting (15 s), before the lease ends (45 s)."""


@dataclass(frozen=True, slots=True)
class Got:
    """What a receiver has in its hands, whatever the hub was told about it."""

    delivery_id: str
    receiver: str
    subscription_id: str
    sequence: int
    sections: tuple[str, ...]


class Receivers:
    """An OutboundConnector to everybody."""

    def __init__(self, machine: Machine, dice: Random) -> None:
        self._machine = machine
        self._dice = dice
        self.moods: dict[str, str] = {}
        self.arrived: Callable[[Got], None] = lambda _got: None

    async def send(self, delivery: OpenedDelivery, target: Mapping[str, Json]) -> DeliveryResult:  # noqa: ARG002
        """See OutboundConnector."""
        await self._machine.gate("send")
        mood = self.moods.get(delivery.receiver, "well")
        if mood == "away":
            return RetryAfter("connection_refused", nothing_sent=self._dice.random() < 0.5)
        sections = delivery.data["sections"]
        assert isinstance(sections, list)
        got = Got(
            delivery.delivery_id,
            delivery.receiver,
            delivery.subscription_id,
            delivery.sequence,
            tuple(str(name) for name in sections),
        )
        self.arrived(got)
        return await self._answer(mood)

    async def _answer(self, mood: str) -> DeliveryResult:
        match mood:
            case "failing":
                return RetryAfter("http_503", seconds=float(self._dice.choice((1, 30))))
            case "late":
                await asyncio.sleep(LATE_SECONDS)
                return self._dice.choice((Delivered("late"), RetryAfter("timeout")))
            case "refusing":
                return Refused("http_400")
        await self._machine.gate("answer")
        return Delivered("200")

    async def close(self) -> None:
        """See OutboundConnector."""


async def open_delivery(claimed: ClaimedDelivery) -> OpenedDelivery:
    """Open nothing: what a receiver gets here is the list of the sections that would be opened."""
    sections: list[Json] = list(claimed.delivery.sections)
    return OpenedDelivery(
        delivery_id=claimed.delivery_id,
        subscription_id=claimed.subscription.subscription_id,
        receiver=claimed.candidate.receiver,
        sequence=claimed.sequence,
        attempt=claimed.attempt,
        attributes={},
        data={"sections": sections},
    )
