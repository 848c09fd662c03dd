"""Birthdays that change who decides: 12, 16 and 18 (CONSENT.md section 6, EVENTS.md section 7, age transitions)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from hub.core.course_terms_steps import instant_of
from hub.core.deadlines import age_boundary
from hub.core.model import Json, JsonObject
from hub.core.own_events import own_event
from hub.core.policy import Policy
from hub.core.standing import Standing
from hub.core.threads import AGE, Thread, age_id
from hub.core.times import amsterdam_date, amsterdam_text, parse_date, start_of_day

BOUNDARIES = (12, 16, 18)
"""The ages from which somebody else decides (Jeugdwet 7.3.4, 7.3.15)."""

_WARN, _REACH = "warn", "reach"
_TYPES = {_WARN: "consent.reconfirmation_requested", _REACH: "consent.age_boundary_reached"}


def age_threads(
    subject_ref: str,
    document: Mapping[str, Json],
    now: str,
    standing: Standing,
    known: Iterable[Thread] | None = None,
) -> tuple[Thread, ...]:
    """Return the threads of the birthdays of a person whose facts became known or changed.

    A boundary that lies ahead gives an open thread: announced `reconfirm_warning_days` before, at 00:00 Amsterdam (at
    once when that has passed), and reached at 00:00 of the birthday. One that lies behind gives a closed thread, which
    ends what an earlier, corrected birth date began. Threads that are `known` with the same boundary are left as they
    are and not returned: they may have announced it already.

    Args:
        subject_ref: The person.
        document: The person's facts; without a readable birth date that has come there are no threads.
        now: RFC 3339 instant.
        standing: The settings; invalid ones give no threads.
        known: The open threads of this person, when they are known: what is not among them needs no end.

    Raises:
        ValueError: `now` is no instant.
    """
    moment, born = instant_of(now), parse_date(document.get("birth_date"))
    if born is None or standing.policy is None or born > amsterdam_date(moment):
        return ()
    threads = (_thread(subject_ref, born, age, moment, standing.policy) for age in BOUNDARIES)
    if known is None:
        return tuple(threads)
    there = {thread.thread_id: thread.document.get("boundary_at") for thread in known}
    return tuple(thread for thread in threads if _is_news(thread, there))


def _is_news(thread: Thread, there: Mapping[str, Json]) -> bool:
    """Return whether a birthday lies ahead and was not known, or ends one that was thought to lie ahead."""
    is_known = there.get(thread.thread_id) == thread.document["boundary_at"]
    return not is_known if thread.is_open else thread.thread_id in there


def _thread(subject_ref: str, born: date, age: int, now: datetime, policy: Policy) -> Thread:
    """Return the thread of one birthday."""
    warn_on, boundary = age_boundary(born, age, policy)
    steps = [
        {"at": amsterdam_text(start_of_day(warn_on)), "do": _WARN},
        {"at": amsterdam_text(boundary), "do": _REACH},
    ]
    thread = Thread(
        thread_id=age_id(subject_ref, age),
        kind=AGE,
        uid="",
        subject_ref=subject_ref,
        document={"age": age, "boundary_at": amsterdam_text(boundary), "steps": steps, "done": 0},
    )
    return _closed(thread) if boundary <= now else replace(thread, next_at=steps[0]["at"])


def _closed(thread: Thread) -> Thread:
    """Return the thread of a birthday that lies behind."""
    return replace(thread, is_open=False, next_at=None)


def ring_age(thread: Thread, now: str) -> tuple[Thread, tuple[JsonObject, ...]]:
    """Return the thread after the steps that are due, and the hub's events about them, each once.

    Raises:
        KeyError, TypeError, ValueError: the document or `now` is damaged.
    """
    document: Any = thread.document
    moment, steps = instant_of(now), document["steps"][document["done"] :]
    due = [step for step in steps if instant_of(step["at"]) <= moment]
    events = tuple(_event(thread, step["do"], now) for step in due)
    rung = replace(thread, document={**document, "done": document["done"] + len(due)})
    if len(due) == len(steps):
        return _closed(rung), events
    return replace(rung, next_at=steps[len(due)]["at"]), events


def _event(thread: Thread, do: str, now: str) -> JsonObject:
    """Return the hub's event of one step; the same boundary of the same person is told once."""
    document: Any = thread.document
    data: JsonObject = {"age": document["age"], "boundary_at": document["boundary_at"]}
    cause = f"{thread.subject_ref}\n{document['age']}\n{document['boundary_at']}"
    return own_event(_TYPES[do], cause, thread.subject_ref, now, data)
