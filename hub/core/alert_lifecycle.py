"""The life cycle of an alert, from raised to closed: EVENTS.md section 6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from hub.core.catalogue import CATALOGUE, EventClass
from hub.core.codes import is_text
from hub.core.lifecycle import START, StepResult, fitting_row, has_required, read_table, refused
from hub.core.model import Json
from hub.core.policy import Policy
from hub.core.reasons import Reason
from hub.core.times import parse_instant

_TABLE = """
alert.raised      | hub   | none                          | raised   | -         | -
alert.seen        | owner | raised                        | seen     | -         | -
alert.taken_up    | owner | raised seen                   | taken_up | -         | -
alert.handed_over | owner | raised seen taken_up          | raised   | new_owner | -
alert.answered    | owner | taken_up                      | answered | outcome   | -
alert.closed      | owner | answered                      | closed   | -         | -
alert.closed      | hub   | raised seen taken_up answered | closed   | -         | -
alert.escalated   | hub   | raised seen taken_up          | same     | -         | -
"""
ROWS = read_table(_TABLE)
"""The rows of the alert's table by event."""

MOST_ESCALATIONS = 3
"""Owner, coordinator of the team, coordinator of the network: the ladder of EVENTS.md section 8 has no fourth step."""

RAISED = "alert.raised"
_RAISING = frozenset(name for name, row in CATALOGUE.items() if row.treatment is EventClass.ALERT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What is remembered of one alert: its state, who holds it when known, and how often it was escalated."""

    state: str = START
    owner: str | None = None
    escalations: int = 0


Step: TypeAlias = StepResult[Alert]


def step(alert: Alert, event: Json, actor: Json, data: Json, at: Json, policy: Policy | None) -> Step:
    """Return what one event does to an alert.

    Total: any JSON value is judged. The creation of any `alert.*` of class alert is the row `alert.raised`.
    Arguments and order of the tests are those of `lifecycle_referral.step`.
    """
    if policy is None:
        return refused(alert, Reason.HOLD_POLICY_INVALID)
    known = RAISED if isinstance(event, str) and event in _RAISING else event
    row = fitting_row(ROWS, known, actor, alert.state)
    if isinstance(row, Reason):
        return refused(alert, row)
    if row.event == "alert.escalated" and alert.escalations >= MOST_ESCALATIONS:
        return refused(alert, Reason.DENY_LIFECYCLE_ORDER)
    given: Mapping[str, Any] = data if isinstance(data, dict) else {}
    if parse_instant(at) is None or not has_required(given, row.required):
        return refused(alert, Reason.DENY_SCHEMA)
    return StepResult(accepted=True, state=_changed(alert, row.event, row.target(alert.state), given))


def _changed(alert: Alert, event: str, state: str, data: Mapping[str, Any]) -> Alert:
    """Return the alert after an accepted step."""
    if event == "alert.escalated":
        return replace(alert, escalations=alert.escalations + 1)
    if event == "alert.handed_over":
        new_owner = data["new_owner"]
        return replace(alert, state=state, owner=new_owner if is_text(new_owner) else None)
    return replace(alert, state=state)


def tick(alert: Alert, at: Json, policy: Policy | None) -> Step:
    """Return what the passing of time does to an alert: nothing; the watch escalates with an event of the hub."""
    if policy is None:
        return refused(alert, Reason.HOLD_POLICY_INVALID)
    if parse_instant(at) is None:
        return refused(alert, Reason.DENY_SCHEMA)
    return StepResult(accepted=True, state=alert)
