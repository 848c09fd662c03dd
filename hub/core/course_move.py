"""What one event does to a life cycle, before anybody is told: the value that `course` and its rooms share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hub.core.dedup_case import Case
from hub.core.history import Entry
from hub.core.model import Json, JsonObject
from hub.core.reasons import Reason
from hub.core.schema import Event
from hub.core.threads import Thread

OTHER = "other"
"""The actor of a party that is neither referrer nor owner and does not speak for the family: no row is open to it."""


@dataclass(frozen=True, slots=True)
class Move:
    """A step of a life cycle: `refusal` says why it was not taken, `thread` what goes on now, `emits` what follows.

    `own_events` are what the hub sends because of the step: the end of alerts that it cured. `about` is what a refused
    step would have moved: it knows person and case where the event names none.
    """

    refusal: Reason | None = None
    thread: Thread | None = None
    emits: tuple[str, ...] = ()
    own_events: tuple[JsonObject, ...] = ()
    about: Thread | None = None


def replied(case: Case) -> frozenset[str]:
    """Return the uids of the events that `in_reply_to` names: by the sender's id, the hub's id or the record.

    Ids and record numbers are unique only per sender. So where several fit, those count that are about the person
    of the reply, and of these the ones whose sender the reply is addressed to; where none is left, a wish is not heard.
    """
    event, name = case.event, case.event.in_reply_to
    if name is None:
        return frozenset()
    named = [
        entry for entry in case.memory.known if name in {entry.event_id, entry.entry_id, entry.record_ref}
    ]
    wishes: tuple[Callable[[Entry], bool], ...] = (
        lambda entry: entry.entry_id == name,
        lambda entry: event.subject_ref in {None, entry.subject_ref},
        lambda entry: _is_addressed(entry, event),
    )
    for wish in wishes:
        named = [entry for entry in named if wish(entry)] or named
    return frozenset(entry.entry_id for entry in named)


def _is_addressed(entry: Entry, event: Event) -> bool:
    """Return whether a reply goes to whoever sent the event that it may answer."""
    return any(entry.org == to.org or entry.kind == to.kind for to in event.recipients)


def answered(case: Case, kind: str) -> list[Thread]:
    """Return what goes on of this kind about the events that this one answers.

    A thread can outlast the memory of its event; then it tells the names of its event itself.
    """
    uids = replied(case)
    if uids:
        return [thread for thread in case.threads if thread.kind == kind and uids & _uids(thread)]
    named = case.event.in_reply_to
    return [
        thread
        for thread in case.threads
        if thread.kind == kind and named is not None and named in _own_names(thread)
    ]


def _uids(thread: Thread) -> frozenset[str]:
    """Return the hub's ids of the events that the thread is about: the first, its revisions, and what moved it."""
    later: Any = thread.document.get("events", ())
    return frozenset({thread.uid, *later})


def _own_names(thread: Thread) -> frozenset[Json]:
    """Return the names under which others know the event of a thread."""
    names = (thread.document.get("event_id"), thread.document.get("record_ref"))
    return frozenset(name for name in names if isinstance(name, str)) | _uids(thread)
