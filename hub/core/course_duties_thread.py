"""The thread of a duty: its document, read and written, what the clock does to it, and its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.core.course_terms_alerts import Matter, Passed, close_alerts, pass_steps
from hub.core.course_terms_steps import MISSED, OPEN, Deadline, deadline_document, deadline_of, earliest
from hub.core.model import JsonObject
from hub.core.threads import Thread

FULFILLED, OVERDUE = "fulfilled", "overdue"
"""The states of a duty beside `open`. One that is fulfilled late says when, beside its due instant."""

_STATES = {OPEN: OPEN, MISSED: OVERDUE}
_FORM = ("rule", "due_at", "steps", "done")
"""The fields of the document that are those of its deadline; without a term they are empty."""


def duty_thread(thread: Thread, deadline: Deadline) -> Thread:
    """Return the thread of a duty with its deadline written down."""
    written = deadline_document(deadline)
    document: JsonObject = {
        **thread.document,
        **{name: written[name] for name in _FORM},
        "state": _STATES[deadline.state],
    }
    return replace(thread, next_at=earliest([deadline]), document=document)


def _pass(thread: Thread, now: str) -> Passed:
    """Return what the clock does to the deadline of a duty. KeyError, TypeError: the document is damaged."""
    document: Any = thread.document
    state = MISSED if document["state"] == OVERDUE else OPEN
    deadline = deadline_of({**{name: document[name] for name in _FORM}, "state": state})
    matter = Matter(
        uid=thread.uid,
        subject_ref=thread.subject_ref,
        org=document["org"],
        urgency=document["urgency"],
        case_ref=document["case_ref"],
        recurs=True,  # a later delivery of the same event can raise the duty again
    )
    return pass_steps(deadline, matter, now)


def ring_duty(thread: Thread, now: str) -> tuple[Thread, tuple[JsonObject, ...]]:
    """Return the duty after the steps that are due, and the alerts to whoever owes it."""
    document: Any = thread.document
    passed = _pass(thread, now)
    alerts = [*document["alerts"], *passed.raised]
    rung = duty_thread(thread, passed.deadline)
    return replace(rung, document={**rung.document, "alerts": alerts}), passed.events


def fulfil(thread: Thread, now: str) -> tuple[Thread, tuple[JsonObject, ...]]:
    """Return the duty fulfilled, and what the hub sends: what the clock should have told, and the end of its alerts."""
    rung, events = ring_duty(thread, now)
    document: Any = rung.document
    closed = close_alerts(document["alerts"], thread.subject_ref, now)
    ended: JsonObject = {**document, "state": FULFILLED, "fulfilled_at": now, "alerts": []}
    return replace(rung, is_open=False, next_at=None, document=ended), (*events, *closed)
