"""The values that the core returns. Shapes follow CONSENT.md section 2 and DEDUP.md section 8."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import TypeAlias

Json: TypeAlias = object
"""A value as `json.loads` gives it. The core judges any value, well formed or hostile."""

JsonObject: TypeAlias = dict[str, Json]


@unique
class Outcome(StrEnum):
    """What happens to a message: CODES.md section 2."""

    ALLOW = "allow"
    REDACT = "redact"
    HOLD = "hold"
    DENY = "deny"


LEAVES = frozenset({Outcome.ALLOW, Outcome.REDACT})
"""Outcomes with which something leaves the hub."""


@dataclass(frozen=True, slots=True, order=True)
class Duty:
    """Something that must follow a decision. `due_at` is an RFC 3339 instant in Amsterdam, or None."""

    duty: str
    due_at: str | None = None

    def as_json(self) -> JsonObject:
        """Return the form of the vectors."""
        return {"duty": self.duty, "due_at": self.due_at}


@dataclass(frozen=True, slots=True)
class FixedFace:
    """The professional who stays with a family (ROUTING.md section 6).

    `handover`: the team that owns the area is of another organisation, so that a warm hand-over is due.
    """

    org: str
    professional: str
    handover: bool = False


@dataclass(frozen=True, slots=True)
class EventDecision:
    """The verdict on the event as a whole."""

    outcome: Outcome
    reason: str
    duties: tuple[Duty, ...] = ()

    def as_json(self) -> JsonObject:
        """Return the form of the vectors."""
        return {
            "outcome": self.outcome.value,
            "reason": self.reason,
            "duties": [duty.as_json() for duty in self.duties],
        }


@dataclass(frozen=True, slots=True)
class RecipientDecision:
    """The verdict for one recipient.

    `position` is the index in the event's `recipients` (or in the list of a notice). `sections` are the
    sections that go, in the order F1 to F15, empty for hold and deny; `withheld` are those that stay.
    `fixed_face` is who must be shown to this recipient; it is found at the last look, and is no part of the verdict.
    """

    recipient: str
    outcome: Outcome
    reason: str
    withheld: tuple[str, ...] = ()
    duties: tuple[Duty, ...] = ()
    consents: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    position: int = 0
    fixed_face: FixedFace | None = field(default=None, compare=False)

    def as_json(self) -> JsonObject:
        """Return the form of the vectors."""
        return {
            "recipient": self.recipient,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "withheld": list(self.withheld),
            "duties": [duty.as_json() for duty in self.duties],
            "consents": list(self.consents),
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """What `decide` returns: the event's verdict and one verdict per recipient, in the event's order."""

    event: EventDecision
    recipients: tuple[RecipientDecision, ...] = ()

    def as_json(self) -> JsonObject:
        """Return the form of the vectors."""
        return {
            "event": self.event.as_json(),
            "recipients": [recipient.as_json() for recipient in self.recipients],
        }


@dataclass(frozen=True, slots=True)
class Emission:
    """A message that the hub itself sends because of an event: a match, a notice, a conflict.

    `subjects` pairs each receiver in `to` with the subject it is told about; it stays inside the hub. `details` are
    codes and instants that go along in the message: a duty, a due time, a rule.
    """

    type: str
    to: tuple[str, ...]
    reason: str
    basis: str | None = None
    subjects: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    details: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    def as_json(self) -> JsonObject:
        """Return the form of the vectors."""
        return {"type": self.type, "to": list(self.to), "reason": self.reason, "basis": self.basis}


@dataclass(frozen=True, slots=True)
class FactChange:
    """One changed fact, as the ledger stores it: the whole new document under (`table`, `key`).

    `table` is one of `subject` (key: subject ref), `consent` (key: consent id), `help_team` (key: case ref
    and subject ref, joined by a line feed), `case_party` (key: case ref), `area` (key: district),
    `partner` (key: org). `subject_ref` is the child whose held events must be judged again, or None for
    facts of the whole city. `document` is the new value.
    """

    table: str
    key: str
    document: Json
    subject_ref: str | None = None
