"""A ledger that decided events, and a watch over it at an instant that the test sets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import NAMESPACE_URL, uuid5

from agents.broker import LogUnavailableError
from agents.deliver import recheck_at
from agents.intake import LogRecord
from agents.judging import ReadBatch
from agents.produce import LogMessage
from agents.runtime import Runtime
from agents.settings import AgentSettings
from agents.watch import WatchLoop
from hub.core.defaults import DEFAULTS
from hub.core.keys import keys_of
from hub.core.model import JsonObject
from hub.core.standing import Standing, compile_standing
from hub.identity.door import event_uid
from hub.ledger.interface import (
    Ledger,
    LogIdentity,
    PartitionClaim,
    Settlement,
    Subscription,
)
from hub.ledger.open import open_ledger
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent

LOG = LogIdentity("cluster-a", "hub.events")
HUB_SOURCE = "urn:nld:oin:00000000000000000000:systeem:samenhub"
SCHOOL_SOURCE = "urn:nld:brin:99AA:systeem:test"
CHILD = str(uuid5(NAMESPACE_URL, "child"))
START = "2026-03-02T10:00:00Z"
MUCH_LATER = "2026-03-20T10:00:00Z"


def directory() -> list[JsonObject]:
    """Return a school, a general practitioner and the hub."""
    common: JsonObject = {"active_from": "2024-01-01", "purposes": ["help_request", "coordination"]}
    return [
        {"org": "hub", "kind": "hub", "active_from": "2024-01-01"},
        {"org": "school_test", "kind": "school", **common},
        {"org": "gp_test", "kind": "gp", **common},
    ]


def an_event(
    event_id: str, fields: JsonObject, org: str = "school_test", kind: str = "school"
) -> SealedEvent:
    event: JsonObject = {
        "id": event_id,
        "source": SCHOOL_SOURCE,
        "time": START,
        "sender": {"org": org, "kind": kind},
        "subject_ref": CHILD,
        "digest": str(uuid5(NAMESPACE_URL, event_id)),
        "sections": ["meta"],
        **fields,
    }
    return SealedEvent(event_uid(SCHOOL_SOURCE, event_id), event, org, START, CHILD)


def registered() -> SealedEvent:
    data: JsonObject = {"birth_date": "2009-01-01", "identity": "established", "protected_address": False}
    return an_event("registered", {"type": "subject.registered", "data": data})


def signal() -> SealedEvent:
    return an_event(
        "signal",
        {
            "type": "signal.raised",
            "recipients": [{"to": {"org": "gp_test"}}],
            "sections": ["meta", "contact", "codes"],
            "purpose": "help_request",
            "urgency": "u3",
            "domains": ["01"],
        },
    )


def consent(valid_to: str = "2026-12-31") -> SealedEvent:
    record: JsonObject = {
        "consent_id": "consent-1",
        "version": 1,
        "decision": "consent",
        "function": "disclosure",
        "subject_ref": CHILD,
        "purpose": "help_request",
        "sender": {"org": "school_test"},
        "recipient": {"org": "gp_test"},
        "sections": ["meta", "contact", "codes"],
        "case_ref": None,
        "valid_from": "2026-01-01",
        "valid_to": valid_to,
        "withdrawn_at": None,
        "given_by": {
            "person": CHILD,
            "role": "youth",
            "method": "in_person_signed",
            "recorded_by": "employee-1",
            "recorded_at": "2026-01-01T10:00:00Z",
        },
        "evidence_ref": "evidence-1",
    }
    return an_event("consent", {"type": "consent.given", "data": {"record": record}})


class Writer:
    """A log in memory, that can be away."""

    def __init__(self) -> None:
        self.messages: list[LogMessage] = []
        self.is_away = False

    async def write(self, messages: Sequence[LogMessage]) -> None:
        if self.is_away:
            raise LogUnavailableError("away")
        self.messages.extend(messages)


class World:
    """A ledger that decided events, and a watch over it at an instant that the test sets."""

    def __init__(self, ledger: Ledger, standing: Standing) -> None:
        self.ledger = ledger
        self.standing = standing
        self.now = START
        self.writer = Writer()
        self.claim = PartitionClaim(0, 0, 0)
        self.runtime = Runtime(
            ledger=ledger,
            standing=standing,
            bootstrap_servers="",
            worker_id="watch-1",
            clock=lambda: self.now,
            settings=AgentSettings(idle_wait_seconds=0.01, flush_pauses_seconds=(0.0,), source=HUB_SOURCE),
        )
        self.loop = WatchLoop(self.runtime, self.writer)

    async def decide(self, *events: SealedEvent) -> None:
        """Decide events as the decide worker does."""
        claims = await self.ledger.claim_partitions(LOG, {0: 1_000}, "decide-1")
        start = claims[0].next_offset
        batch = ReadBatch([LogRecord(0, start + n, encode(event)) for n, event in enumerate(events)])
        async with self.ledger.batch(LOG, [claims[0]], {0: start + len(events)}) as transaction:
            snapshot = await transaction.gather(batch.keys, self.now)
            await transaction.record(batch.judge(snapshot, self.standing, self.now))

    async def deliver(self) -> None:
        """Deliver what is pending, as the deliver worker does."""
        look = recheck_at(self.standing, self.now)
        claimed = await self.ledger.claim("deliver-1", 10, 30.0, look, keys_of, self.now)
        await self.ledger.settle(
            [Settlement(item.delivery_id, item.lease, "delivered", "ok", self.now) for item in claimed]
        )


@asynccontextmanager
async def watched() -> AsyncIterator[World]:
    """Give a world over an empty ledger."""
    standing = compile_standing(directory=directory(), areas=[], policy={}, defaults=DEFAULTS)
    ledger = await open_ledger("memory:", owner="test")
    await ledger.put_subscription(Subscription("sub-gp", "gp_test", "memory", {"inbox": "gp"}))
    yield World(ledger, standing)
    await ledger.close()
