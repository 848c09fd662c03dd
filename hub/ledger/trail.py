"""What the ledger shows of decisions afterwards: plain values for explaining one event and for asking "what if"."""

from __future__ import annotations

from dataclasses import dataclass

from hub.core.model import JsonObject, RecipientDecision
from hub.core.threads import Thread


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One link of the audit chain about an event. `recipient` is None where it is about the event as a whole.

    `verdict` is that of DEDUP.md, or `claimed` for the last look at the delivery. `emissions` are the hub's own
    messages that followed, `suppressed` those that were not sent. `hash` is hexadecimal.
    """

    partition: int
    position: int
    at: str
    verdict: str
    verdict_reason: str | None
    event_outcome: str | None
    event_reason: str | None
    recipient: RecipientDecision | None
    emissions: tuple[JsonObject, ...]
    suppressed: tuple[JsonObject, ...]
    rule_set: str
    hash: str


@dataclass(frozen=True, slots=True)
class Trail:
    """Everything that stands on record about one accepted event.

    `event` is its decision view while the content is still kept, else None.
    """

    uid: str
    lines: tuple[AuditLine, ...]
    threads: tuple[Thread, ...]
    event: JsonObject | None


@dataclass(frozen=True, slots=True)
class RecentEvent:
    """One event that was decided lately or still waits, with the verdict that counts now.

    `event` is its decision view and `authenticated_org` who sent it, while the content is still kept; else None.
    """

    uid: str
    decided_at: str
    outcome: str
    reason: str
    recipients: tuple[RecipientDecision, ...]
    event: JsonObject | None
    authenticated_org: str | None
