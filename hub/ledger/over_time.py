"""What the ledger gives out about what goes on over time and about what was shared: values, and one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.core.model import JsonObject
from hub.core.threads import Thread


@dataclass(frozen=True, slots=True)
class DueThread:
    """Something that goes on whose next instant came. `delivered` says who got its event, and when (RFC 3339)."""

    thread: Thread
    delivered: Mapping[str, str]


class ThreadTransaction(Protocol):
    """Opened over threads that are due; their partitions are locked, rows are taken with SKIP LOCKED.

    What rang is written when the context ends without an error: all of it, with the hub's own events, or nothing.
    """

    due: Sequence[DueThread]

    async def rung(self, thread: Thread, own_events: Sequence[JsonObject], at: str) -> None:
        """Write the thread as it is from now on, and put the hub's own events into the outbox for `hub.events`."""
        ...


@dataclass(frozen=True, slots=True)
class SharedLine:
    """One line of the processing log: who shared what about a person with whom, never the content.

    `line` means nothing outside one answer. `shared_at` is the instant at which the receiver had it, or None while
    it waits; `third_person` whether a section speaks of somebody else; `reporter_anonymous` whether the reporter
    asked for anonymity; `released` whether a closed party let the family see it. The ledger knows no partners: it
    leaves `recipient_kind` empty, and `sender_kind` too for a match with an organisation of which it has no event.
    """

    line: str
    type: str
    sender: str
    sender_kind: str
    recipient: str
    recipient_kind: str
    purpose: str | None
    reason: str
    sections: tuple[str, ...]
    shared_at: str | None
    state: str
    third_person: bool
    reporter_anonymous: bool
    released: bool


@dataclass(frozen=True, slots=True)
class Inspected:
    """One request to see the log about a person: when, through which organisation, with which reason answered."""

    at: str
    asked_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SignalCount:
    """Signals of one district and life domain in a period: how many, about how many different persons."""

    district: str
    domain: str
    signals: int
    persons: int
