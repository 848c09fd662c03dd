"""What the ledger tells about an event and about itself: plain values."""

from __future__ import annotations

from dataclasses import dataclass

from hub.core.model import JsonObject


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """What became of an event for one recipient.

    `state` is one of `delivered`, `withheld`, `held`, `parked`, `pending`, `recorded`; `recipient` as in the
    decision.
    """

    recipient: str
    outcome: str
    reason: str
    state: str
    withheld: tuple[str, ...]
    duties: tuple[JsonObject, ...]
    at: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The sender's view of one accepted event. `verdicts` has one (instant, verdict, reason) per time it was sent."""

    uid: str
    org: str
    type: str
    accepted_at: str
    status: str
    outcome: str | None
    reason: str | None
    duties: tuple[JsonObject, ...]
    hold_until: str | None
    lines: tuple[ReceiptLine, ...]
    verdicts: tuple[tuple[str, str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """The reconciliation: accepted = delivered + withheld + held + parked + pending + recorded.

    `accepted` counts lines: one per accepted record and recipient, or one per record without recipients.
    `withheld` counts refusals and repeats, `recorded` facts that have no recipient. `difference` is 0 when it
    balances.
    """

    records: int
    accepted: int
    delivered: int
    withheld: int
    held: int
    parked: int
    pending: int
    recorded: int

    @property
    def difference(self) -> int:
        """Return what is missing; anything but 0 is an alarm."""
        known = self.delivered + self.withheld + self.held + self.parked + self.pending + self.recorded
        return self.accepted - known


@dataclass(frozen=True, slots=True)
class Difference:
    """A place where the books do not balance.

    `missing` is what should stand behind the line's `state`: a `delivery`, `hold` or `parked` row; or `lines`, when the
    record has not as many lines as it was counted for (`line` is then -1).
    """

    partition: int
    offset: int
    place: str
    line: int
    state: str
    missing: str


MISSING = {"held": "hold", "parked": "parked", "pending": "delivery", "delivered": "delivery", "": "lines"}
"""What stands behind each state of a line."""


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The end of the audit chain of a partition, `hash` in hexadecimal. Kept outside it shows that an end was cut."""

    partition: int
    position: int
    hash: str


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """A place where the audit chain of a partition does not hold: edited, removed or inserted."""

    partition: int
    position: int
    kind: str


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures for /metrics and /readyz. Ages in seconds."""

    pending: int
    held: int
    parked: int
    oldest_pending_seconds: float
    outbox: int
