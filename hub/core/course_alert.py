"""How events move an alert of the hub: raised, seen, taken up, handed over, answered, closed. EVENTS.md section 6."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from hub.core import alert_lifecycle
from hub.core.alert_lifecycle import Alert
from hub.core.catalogue import EventClass
from hub.core.codes import HUB_KIND
from hub.core.course_move import OTHER, Move, answered, replied
from hub.core.dedup_case import Case
from hub.core.lifecycle import StepResult
from hub.core.model import JsonObject
from hub.core.reasons import Reason
from hub.core.threads import ALERT, Thread, alert_id

CLOSED = "closed"
_STATED = ("uid", "rule", "due_at", "level", "audience", "reason")
"""What an alert says of its cause, taken over from the event that raised it."""


def is_about_alert(case: Case) -> bool:
    """Return whether this event raises an alert or moves one."""
    return case.event.treatment is EventClass.ALERT or case.event.type in alert_lifecycle.ROWS


def move_alert(case: Case) -> Move | None:
    """Return what the event does to an alert; None when it names nothing that the hub knows."""
    if case.event.treatment is EventClass.ALERT:
        return _raised(case)
    known = answered(case, ALERT)
    if not known:
        # It answers an event that is no alert: there is nothing to see or to take up.
        return Move(refusal=Reason.DENY_LIFECYCLE_ORDER) if replied(case) else None
    return _moved(case, known[-1])


def _raised(case: Case) -> Move:
    """Begin an alert: gate E6 lets only the hub raise one, and each is an event of its own, so that it begins once."""
    event, data = case.event, case.event.data
    owner = data.get("owner")
    alert = Alert(owner=owner if isinstance(owner, str) else None)
    result = _step(alert, HUB_KIND, case)
    document: JsonObject = {
        "alert": asdict(result.state),
        "type": event.type,
        "event_id": event.id,
        "urgency": event.urgency,
        "case_ref": event.case_ref,
        "raised_at": case.at,
        "steps": [],
        **{name: data.get(name) for name in _STATED},
    }
    thread = Thread(
        thread_id=alert_id(case.entry_id),
        kind=ALERT,
        uid=case.entry_id,
        subject_ref=event.subject_ref,
        document=document,
    )
    return Move(refusal=result.reason, thread=thread)


def _moved(case: Case, thread: Thread) -> Move:
    """Take a step of an alert that was raised."""
    stored: Any = thread.document["alert"]
    alert = Alert(**stored)
    result = _step(alert, _actor(case, alert), case)
    if not result.accepted:
        return Move(refusal=result.reason)
    steps: Any = thread.document["steps"]
    taken = {"at": case.at, "event": case.event.type, "org": case.event.sender_org}
    changed = replace(
        thread,
        is_open=result.state.state != CLOSED,
        document={**thread.document, "alert": asdict(result.state), "steps": [*steps, taken]},
    )
    return Move(thread=changed)


def _step(alert: Alert, actor: str, case: Case) -> StepResult[Alert]:
    """Ask the table."""
    return alert_lifecycle.step(
        alert, case.event.type, actor, dict(case.event.data), case.at, case.situation.policy
    )


def _actor(case: Case, alert: Alert) -> str:
    """Return the role in which the sender acts."""
    if case.event.sender_kind == HUB_KIND:
        return HUB_KIND
    return "owner" if case.event.sender_org == alert.owner else OTHER
