"""Threads and the hub's own events as rows. Those take the road of everybody's: the log, then decide."""

from __future__ import annotations

from hub.core.model import JsonObject
from hub.core.threads import Thread
from hub.ledger import rows
from hub.ledger.documents import thread_text
from hub.ledger.texts import instant, key_text, to_json
from hub.wire.topics import EVENTS


def thread_row(thread: Thread, partition: int) -> rows.ThreadRow:
    """Return a thread as a row. Raises ValueError when its next instant is none."""
    return rows.ThreadRow(
        key_text(thread.thread_id),
        0,
        thread.kind,
        key_text(thread.uid),
        None if thread.subject_ref is None else key_text(thread.subject_ref),
        partition,
        thread.is_open,
        None if thread.next_at is None else instant(thread.next_at),
        thread_text(thread),
    )


def own_event_row(event: JsonObject, key: str) -> rows.OutboxEntryRow:
    """Return an event of the hub for the outbox; about nobody it follows `key`, that of what caused it."""
    about = event.get("subject_ref")
    return rows.OutboxEntryRow(0, EVENTS, key_text(about if isinstance(about, str) else key), to_json(event))
