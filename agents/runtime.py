"""Everything that a worker needs, by argument. Composed once per process by `hub/operate`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agents.observe import NoMetrics, WorkerMetrics
from agents.settings import AgentSettings, BrokerSecurity
from connectors.contract import OpenedDelivery, OutboundConnector
from hub.core.model import JsonObject
from hub.core.standing import Standing
from hub.ledger.interface import ClaimedDelivery, Ledger, Subscription

OpenDelivery = Callable[[ClaimedDelivery], Awaitable[OpenedDelivery]]
"""Opens the permitted sections of a claimed delivery; see `opening.DeliveryOpening`."""

ResolveTarget = Callable[[Subscription], Awaitable[JsonObject]]
"""Returns a subscription's target with its secrets in place; they rest outside the ledger, or sealed in it."""


async def target_as_stored(subscription: Subscription) -> JsonObject:
    """Return the target as it is: for connectors whose targets hold no secret."""
    return subscription.target


def utc_now() -> str:
    """Return the present instant, RFC 3339 in UTC with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seconds_between(start: str, end: str) -> float:
    """Return the seconds from one RFC 3339 instant to another, at least 0 (clocks of two machines differ)."""
    return max(0.0, (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The parts of one worker process. `open_delivery`, `connectors` and `resolve_target` are given to deliver alone.

    INVARIANT: decide, watch and relay are composed without `open_delivery`: they cannot read content.
    `clock` returns the RFC 3339 instant in UTC by which the rules are applied. `moving_clock` is for leases and for
    pauses between attempts: in a test it goes on while `clock` is held (None: they are the same). `ledger` must have
    been opened on the loop that runs the worker.
    """

    ledger: Ledger
    standing: Standing
    bootstrap_servers: str
    worker_id: str
    topic: str = "hub.events"
    security: BrokerSecurity = field(default_factory=BrokerSecurity)
    clock: Callable[[], str] = utc_now
    moving_clock: Callable[[], str] | None = None
    metrics: WorkerMetrics = field(default_factory=NoMetrics)
    settings: AgentSettings = field(default_factory=AgentSettings)
    open_delivery: OpenDelivery | None = None
    connectors: Mapping[str, OutboundConnector] = field(default_factory=dict)
    resolve_target: ResolveTarget = target_as_stored

    def moving_now(self) -> str:
        """Return the instant for leases and pauses."""
        return (self.moving_clock or self.clock)()
