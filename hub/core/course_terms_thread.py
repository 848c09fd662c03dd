"""The thread of what one receiver owes one event: its document, read and written, and what the clock does to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hub.core.course_terms_alerts import Matter, alerts_of, close_alerts, pass_steps
from hub.core.course_terms_steps import Deadline, deadline_document, deadline_of, earliest, with_answer
from hub.core.model import JsonObject
from hub.core.threads import Thread


@dataclass(frozen=True, slots=True)
class Response:
    """A response thread as it is read: its deadlines, and the ids of its alerts that are not closed."""

    thread: Thread
    deadlines: tuple[Deadline, ...]
    alerts: tuple[str, ...] = ()

    @property
    def matter(self) -> Matter:
        """Return what it is about. KeyError: the document is damaged."""
        document: Any = self.thread.document
        return Matter(
            uid=self.thread.uid,
            subject_ref=self.thread.subject_ref,
            org=document["org"],
            urgency=document["urgency"],
            case_ref=document["case_ref"],
        )


def response_of(thread: Thread) -> Response:
    """Return a response thread as it was written down. KeyError, TypeError: it is damaged."""
    document: Any = thread.document
    return Response(thread, tuple(map(deadline_of, document["terms"])), tuple(document["alerts"]))


def response_thread(response: Response) -> Thread:
    """Return the thread as it is kept: closed when nothing is owed any more."""
    document: JsonObject = {
        **response.thread.document,
        "terms": [deadline_document(deadline) for deadline in response.deadlines],
        "alerts": list(response.alerts),
    }
    return replace(
        response.thread,
        is_open=not all(deadline.settled for deadline in response.deadlines),
        next_at=earliest(response.deadlines),
        document=document,
    )


def ring_response(
    thread: Thread, now: str, delivered: Mapping[str, str]
) -> tuple[Thread, tuple[JsonObject, ...]]:
    """Return the thread after the steps that are due, and the alerts that they raise.

    They go to the receiver, that owes the answer. One that does not have the event yet (its system is down, or the
    consent ended before it could be sent) must not learn from an alert that there is one (CONSENT.md principle 2):
    then the sender must act.
    """
    response = response_of(thread)
    matter = response.matter
    if matter.org not in delivered:
        document: Any = thread.document
        matter = replace(matter, owner=document["sender"])
    passed = [pass_steps(deadline, matter, now, delivered) for deadline in response.deadlines]
    alerts = (*response.alerts, *(alert for one in passed for alert in one.raised))
    rung = Response(thread, tuple(one.deadline for one in passed), alerts)
    return response_thread(rung), tuple(event for one in passed for event in one.events)


def answer(response: Response, rules: Iterable[str], now: str) -> tuple[Thread, tuple[JsonObject, ...]]:
    """Return the thread after a reply that stops these rules, and what the hub sends.

    What the clock should have told before the reply is told first, so that it makes no difference how often the
    clock is looked at; then the alerts of these rules are closed.
    """
    stopped, matter = frozenset(rules), response.matter
    deadlines: list[Deadline] = []
    alerts, events = list(response.alerts), list[JsonObject]()
    for deadline in response.deadlines:
        if deadline.rule not in stopped:
            deadlines.append(deadline)
            continue
        passed = pass_steps(deadline, matter, now)
        deadlines.append(with_answer(passed.deadline, now))
        alerts += passed.raised
        over = [alert for alert in alerts if alert in alerts_of(passed.deadline, matter)]
        alerts = [alert for alert in alerts if alert not in over]
        events += [*passed.events, *close_alerts(over, matter.subject_ref, now)]
    thread = response_thread(Response(response.thread, tuple(deadlines), tuple(alerts)))
    return thread, tuple(events)


def drop(response: Response, now: str) -> tuple[Thread, tuple[JsonObject, ...]]:
    """Return the thread closed because its event no longer counts, and the events that close its alerts."""
    thread = response.thread
    document: JsonObject = {**thread.document, "alerts": [], "dropped_at": now}
    events = close_alerts(response.alerts, thread.subject_ref, now)
    return replace(thread, is_open=False, next_at=None, document=document), tuple(events)
