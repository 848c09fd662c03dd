"""The alerts that a deadline raises, and their end: EVENTS.md sections 6 and 8. Each has one cause and so one id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hub.core.course_terms_steps import ESCALATE, MET, MISSED, NEAR, Deadline, Step, instant_of, is_due
from hub.core.model import JsonObject
from hub.core.own_events import alert_event, own_event, own_event_id

FOLLOW_UP = "u1_follow_up"
"""After a crisis a follow-up is expected; its absence has an alert of its own (EVENTS.md section 7)."""

DELIVERY_RULES = frozenset({"u1_delivery", "u2_technical_ack", "u3_technical_ack"})
"""Rules that the delivery itself meets: judged by when the receiver had the message."""

_BY_TELEPHONE = frozenset({"u1_human_ack"})
"""Rules whose ladder goes on by telephone to the next on the list (EVENTS.md section 8)."""

_ALERT_TYPES = {NEAR: "alert.deadline_near", MISSED: "alert.deadline_missed", ESCALATE: "alert.escalated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a deadline is about: the event (`uid`), the person, who owes (`org`), how urgent, in which case.

    `owner` is who must act on an alert when that is not who owes. `recurs` says that the same rule can run more than
    once about one event; its due instant then tells them apart.
    """

    uid: str
    subject_ref: str | None
    org: str
    urgency: str
    case_ref: str | None = None
    owner: str | None = None
    recurs: bool = False


@dataclass(frozen=True, slots=True)
class Passed:
    """What the clock did to a deadline. `raised` are the ids of alerts that are open now, `events` what is sent."""

    deadline: Deadline
    raised: tuple[str, ...] = ()
    events: tuple[JsonObject, ...] = ()


def pass_steps(
    deadline: Deadline, matter: Matter, now: str, delivered: Mapping[str, str] | None = None
) -> Passed:
    """Take every step whose instant came, in order.

    A deadline that the delivery meets is judged by `delivered` (organisation to RFC 3339 instant); without that
    knowledge it waits. Alerts are about persons: where there is none, steps pass in silence.

    Raises:
        ValueError: an instant cannot be read.
    """
    moment = instant_of(now)
    if deadline.rule in DELIVERY_RULES:
        if delivered is None:
            return Passed(deadline)
        deadline = _met_by_delivery(deadline, delivered.get(matter.org), moment)
    raised: list[str] = []
    events: list[JsonObject] = []
    while (step := deadline.next_step) is not None and is_due(step, moment):
        if matter.subject_ref is not None:
            events.append(_told(deadline, step, matter, matter.subject_ref, now))
            raised += _raised_by(deadline, step, matter)
        state = MISSED if step.do == MISSED else deadline.state
        deadline = replace(deadline, done=deadline.done + 1, state=state)
    if deadline.settled:  # the answer to what the delivery alone should have met came before the clock did
        events += close_alerts(raised, matter.subject_ref, now)
        raised = []
    return Passed(deadline, tuple(raised), tuple(events))


def _met_by_delivery(deadline: Deadline, delivered_at: str | None, now: datetime) -> Deadline:
    """Return the deadline, met when its step has come and the receiver had the message in time."""
    if delivered_at is None or not is_due(deadline.next_step, now):
        return deadline
    in_time = instant_of(delivered_at) <= instant_of(deadline.due_at)
    return replace(deadline, state=MET) if in_time else deadline


def _told(deadline: Deadline, step: Step, matter: Matter, subject_ref: str, now: str) -> JsonObject:
    """Return the hub's event of one step."""
    if step.do == ESCALATE:
        return _escalated(deadline, step, matter, subject_ref, now)
    alert = alert_event(
        _type_of(deadline.rule, step.do),
        _cause(deadline, step.do, matter),
        subject_ref=subject_ref,
        owner=matter.owner or matter.org,
        now=now,
        urgency=matter.urgency,
        uid=matter.uid,
        case_ref=matter.case_ref,
        level=step.level,
        audience=step.audience,
        rule=deadline.rule,
        due_at=deadline.due_at,
    )
    if step.do == MISSED:
        data: Any = alert["data"]
        data.update(_telephone(deadline.rule))
    return alert


def _escalated(deadline: Deadline, step: Step, matter: Matter, subject_ref: str, now: str) -> JsonObject:
    """Return the third step of the ladder: the missed alert goes up to the network coordinator."""
    data: JsonObject = {
        "uid": matter.uid,
        "owner": matter.owner or matter.org,
        "level": step.level,
        "audience": step.audience,
        "rule": deadline.rule,
        "due_at": deadline.due_at,
        **_telephone(deadline.rule),
    }
    missed = _event_id(deadline, MISSED, matter)
    cause = _cause(deadline, step.do, matter)
    return own_event(_ALERT_TYPES[ESCALATE], cause, subject_ref, now, data, in_reply_to=missed)


def _telephone(rule: str) -> JsonObject:
    """Return the mark that somebody must be called."""
    return {"telephone": True} if rule in _BY_TELEPHONE else {}


def _type_of(rule: str, do: str) -> str:
    """Return the event type of a step; a crisis without a follow-up has its own."""
    return "alert.connection_at_risk" if (rule, do) == (FOLLOW_UP, MISSED) else _ALERT_TYPES[do]


def _cause(deadline: Deadline, do: str, matter: Matter) -> str:
    """Return what one step follows from: the same step of the same deadline is told once."""
    cause = f"{matter.uid}\n{matter.org}\n{deadline.rule}\n{do}"
    return f"{cause}\n{deadline.due_at}" if matter.recurs else cause


def _event_id(deadline: Deadline, do: str, matter: Matter) -> str:
    """Return the id of the hub's event of a step."""
    return own_event_id(_type_of(deadline.rule, do), _cause(deadline, do, matter))


def _raised_by(deadline: Deadline, step: Step, matter: Matter) -> list[str]:
    """Return the alert that a step raises; an escalation is a step of the alert that is there."""
    return [] if step.do == ESCALATE else [_event_id(deadline, step.do, matter)]


def alerts_of(deadline: Deadline, matter: Matter) -> tuple[str, ...]:
    """Return the ids of the alerts that the steps taken so far have raised."""
    taken = deadline.steps[: deadline.done]
    return tuple(alert for step in taken for alert in _raised_by(deadline, step, matter))


def close_alerts(alerts: Iterable[str], subject_ref: str | None, now: str) -> list[JsonObject]:
    """Return the hub's events that close these alerts: what they warned of was done, or no longer matters."""
    return [own_event("alert.closed", alert, subject_ref, now, {}, in_reply_to=alert) for alert in alerts]
