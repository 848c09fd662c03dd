"""A deadline that goes on: its due instant, the steps of the clock towards and after it, and what became of it.

The steps are written down when the deadline begins and taken one after the other, each exactly once. So neither a
restart nor a clock that jumps can raise an alert twice or leave one out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from hub.core.deadlines import Escalation, rule_due
from hub.core.model import Json, JsonObject
from hub.core.policy import Policy, Term
from hub.core.times import AMSTERDAM, amsterdam_date, amsterdam_text, elapsed, parse_instant

OPEN, MET, MISSED = "open", "met", "missed"
"""The states of a deadline. An answer after the due instant leaves it missed and writes down when it came."""

NEAR, ESCALATE = "near", "escalate"
"""What a step does, beside `MISSED`."""

AUDIENCES = {NEAR: (1, "owner"), MISSED: (2, "team_coordinator"), ESCALATE: (3, "network_coordinator")}
"""Level and audience of the escalation ladder (EVENTS.md section 8)."""

_ELAPSED_UNITS = frozenset({"seconds", "minutes", "hours"})
_MORNING = time(9, 0)
"""A day that ends a term is announced at the start of the working day, as on the escalation ladder."""

_NEAR_AFTER = (2, 3)
"""An elapsed term is near when two thirds have passed: 10 of the 15 minutes of the ladder at u1."""

_AFTER_DUE = timedelta(seconds=1)
"""Something is late when `now` is after the due instant, not at it; due instants are whole seconds (rules 6, 8)."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the clock does at an instant (RFC 3339): `near`, `missed` or `escalate`."""

    at: str
    do: str
    level: int
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One response time that runs: EVENTS.md section 8.

    Attributes:
        rule: The name of the rule.
        due_at: Its due instant, RFC 3339.
        steps: What the clock does, in order.
        done: How many of the steps were taken.
        state: `open`, `met` or `missed`.
        answered_at: When the answer came, if it did.
    """

    rule: str
    due_at: str
    steps: tuple[Step, ...] = ()
    done: int = 0
    state: str = OPEN
    answered_at: str | None = None

    @property
    def settled(self) -> bool:
        """Return whether nothing is owed any more."""
        return self.state == MET or (self.state == MISSED and self.answered_at is not None)

    @property
    def next_step(self) -> Step | None:
        """Return the step that the clock takes next, or None."""
        return None if self.settled or self.done >= len(self.steps) else self.steps[self.done]


def instant_of(text: Json) -> datetime:
    """Return the instant that was written down.

    Raises:
        ValueError: it is none; what the hub remembers is damaged.
    """
    instant = parse_instant(text)
    if instant is None:
        raise ValueError("a thread without a readable time")
    return instant


def deadline_of(document: Json) -> Deadline:
    """Return a deadline as it was written down. KeyError, TypeError: it is damaged."""
    raw: Any = document
    steps = tuple(Step(**step) for step in raw["steps"])
    return Deadline(**{**raw, "steps": steps})


def deadline_document(deadline: Deadline) -> JsonObject:
    """Return the form in which a deadline is kept; an answer that did not come is left out."""
    document: JsonObject = asdict(deadline)
    document["steps"] = [asdict(step) for step in deadline.steps]
    if deadline.answered_at is None:
        del document["answered_at"]
    return document


def rule_deadline(
    rule: str,
    received_at: datetime,
    policy: Policy,
    *,
    counted_from: datetime | None = None,
    near: bool = True,
) -> Deadline:
    """Return the deadline of a rule of the settings.

    Args:
        rule: Its name.
        received_at: When it begins; nothing is announced before that.
        policy: The settings.
        counted_from: From when the term is counted, when that is not the receipt.
        near: Whether it is announced before it is due.
    """
    begun = received_at if counted_from is None else counted_from
    due = rule_due(rule, begun, policy)
    announced = _near(policy.deadlines[rule], begun, due) if near else None
    return _deadline(rule, received_at, due, ((NEAR, announced), (MISSED, late_from(due))))


def duty_deadline(rule: str, received_at: datetime, due_at: str) -> Deadline:
    """Return the deadline of a duty whose due instant the decision has set: announced on the morning of that day."""
    due = instant_of(due_at)
    return _deadline(rule, received_at, due, ((NEAR, _morning(due)), (MISSED, late_from(due))))


def ladder_deadline(rule: str, received_at: datetime, levels: Escalation) -> Deadline:
    """Return the deadline of the human acknowledgement, with the three steps of its ladder."""
    first, due, last = (instant_of(level) for level in (levels.level_1, levels.level_2, levels.level_3))
    steps = ((NEAR, first), (MISSED, late_from(due)), (ESCALATE, late_from(last)))
    return _deadline(rule, received_at, due, steps)


def _deadline(
    rule: str, received_at: datetime, due: datetime, planned: Iterable[tuple[str, datetime | None]]
) -> Deadline:
    """Return a deadline; an announcement is left out that would come with the receipt or not before the due instant."""
    steps = [
        Step(amsterdam_text(at), do, *AUDIENCES[do])
        for do, at in planned
        if at is not None and (do != NEAR or received_at < at < due)
    ]
    return Deadline(rule=rule, due_at=amsterdam_text(due), steps=tuple(steps))


def _near(term: Term, begun: datetime, due: datetime) -> datetime:
    """Return when a term is announced as near."""
    if term.unit not in _ELAPSED_UNITS:
        return _morning(due)
    part, whole = _NEAR_AFTER  # the due instant of an elapsed term is in UTC, so the difference is real time
    return elapsed(begun, (due - begun) * part / whole)


def _morning(due: datetime) -> datetime:
    """Return 09:00 in Amsterdam on the due date."""
    return datetime.combine(amsterdam_date(due), _MORNING, AMSTERDAM)


def late_from(due: datetime) -> datetime | None:
    """Return the first whole second at which something is late, or None beyond the end of the calendar."""
    try:
        return elapsed(due, _AFTER_DUE).astimezone(AMSTERDAM)
    except OverflowError:
        return None


def is_due(step: Step | None, now: datetime) -> bool:
    """Return whether the clock has come to this step."""
    return step is not None and instant_of(step.at) <= now


def with_answer(deadline: Deadline, at: str) -> Deadline:
    """Return the deadline after an answer. In time it is met; late it keeps the state that the clock gave it."""
    late = instant_of(at) > instant_of(deadline.due_at)
    return replace(deadline, state=deadline.state if late else MET, answered_at=at)


def earliest(deadlines: Iterable[Deadline]) -> str | None:
    """Return the next instant at which the clock does something, or None."""
    steps = [deadline.next_step for deadline in deadlines]
    return min((step.at for step in steps if step is not None), key=instant_of, default=None)
