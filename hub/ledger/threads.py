"""What goes on over time: threads that are due, those that follow from facts, and all of one person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from hub.core.course_terms import drop_responses
from hub.core.model import JsonObject
from hub.core.threads import AGE, Thread, response_id
from hub.ledger import rows
from hub.ledger.documents import thread_from
from hub.ledger.interface import DueThread
from hub.ledger.tables import Tables
from hub.ledger.texts import instant, instant_text, key_text
from hub.ledger.thread_rows import own_event_row, thread_row

FROM_ELSEWHERE: Final = -1
"""Partition of threads that follow from facts which did not come over the log: no batch has to wait for them."""


class DueThreads:
    """A ThreadTransaction: the due threads of one open transaction."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._partitions: dict[str, int] = {}
        self._rung: dict[str, rows.ThreadRow] = {}
        self._outbox: list[rows.OutboxEntryRow] = []
        self.due: Sequence[DueThread] = ()

    async def lock(self, limit: int, now: str) -> None:
        """Take what is due. The partitions are locked before the threads, as a batch does: nobody waits in a circle."""
        moment = instant(now)
        due = await self._tables.peek_threads(limit, moment)
        if not due:
            return
        await self._tables.lock_partitions([row.partition for row in due])
        found = await self._tables.lock_threads([row.thread_id for row in due], moment)
        self._partitions = {row.thread_id: row.partition for row in found}
        delivered = await _delivered(self._tables, {row.uid for row in found if row.uid})
        self.due = tuple(DueThread(thread_from(row.document), delivered.get(row.uid, {})) for row in found)

    async def rung(self, thread: Thread, own_events: Sequence[JsonObject], at: str) -> None:  # noqa: ARG002
        """See ThreadTransaction. Raises KeyError for a thread that this transaction did not lock."""
        row = thread_row(thread, self._partitions[key_text(thread.thread_id)])
        self._rung[row.thread_id] = row
        key = thread.subject_ref or thread.uid
        self._outbox += [own_event_row(event, key) for event in own_events]

    async def finish(self) -> None:
        """Write what rang: one statement for all, at the end of the transaction."""
        await self._tables.upsert(rows.THREAD, list(self._rung.values()))
        await self._tables.insert(rows.OUTBOX, self._outbox)
        woken = {"outbox"} if self._outbox else set()
        if any(row.next_at is not None for row in self._rung.values()):
            woken.add("holds")
        await self._tables.notify(woken)


async def _delivered(tables: Tables, uids: set[str]) -> dict[str, Mapping[str, str]]:
    """Return who got each of these events, and when first: by the place where it is remembered.

    Not by the id of the sealed event: the one that is sent can be that of a later sending of the same record.
    """
    entries = await tables.read(rows.ENTRY, {"entry_id": uids})
    uid_of = {row.place: row.entry_id for row in entries}
    since: dict[str, dict[str, datetime]] = {}
    found = await tables.read(rows.DELIVERY, {"place": uid_of})
    for row in found:
        at = row.settled_at if row.state == "delivered" else row.delivered_at
        if row.emission is not None or at is None:
            continue
        receivers = since.setdefault(uid_of[row.place], {})
        receivers[row.receiver] = min(at, receivers.get(row.receiver, at))
    return {
        uid: {receiver: instant_text(at) for receiver, at in receivers.items()}
        for uid, receivers in since.items()
    }


async def put_threads(tables: Tables, threads: Sequence[Thread]) -> None:
    """Insert threads that follow from facts; an age is replaced, for the facts can have been corrected."""
    ages = {key_text(thread.thread_id): thread for thread in threads if thread.kind == AGE}
    known = {row.thread_id: row for row in await tables.read(rows.THREAD, {"thread_id": ages}, lock=True)}
    replaced = [
        thread_row(thread, known[key].partition if key in known else FROM_ELSEWHERE)
        for key, thread in ages.items()
    ]
    missing = [thread_row(thread, FROM_ELSEWHERE) for thread in threads if thread.kind != AGE]
    await tables.upsert(rows.THREAD, replaced)
    await tables.insert_missing(rows.THREAD, missing)
    if any(row.next_at is not None for row in (*replaced, *missing)):
        await tables.notify(["holds"])


async def drop_owed(tables: Tables, owing: Collection[tuple[str, str]], now: str) -> None:
    """End what these receivers owe to these events (the hub's ids): nothing of them left, so nobody waits for it.

    Alerts that were raised about it are closed; released later, the event asks anew.
    """
    ids = sorted(key_text(response_id(uid, receiver)) for uid, receiver in owing)
    found = await tables.read(rows.THREAD, {"thread_id": ids}, lock=True) if ids else []
    partitions = {row.thread_id: row.partition for row in found}
    threads, events = drop_responses([thread_from(row.document) for row in found], now)
    dropped = [thread_row(thread, partitions[key_text(thread.thread_id)]) for thread in threads]
    await tables.upsert(rows.THREAD, dropped)
    if events:
        await tables.insert(rows.OUTBOX, [own_event_row(event, "") for event in events])
        await tables.notify(["outbox"])


async def threads_about(tables: Tables, subject_ref: str) -> list[Thread]:
    """Return everything that goes on or went on about a person, the oldest first."""
    found = await tables.read(rows.THREAD, {"subject_key": [key_text(subject_ref)]})
    return [thread_from(row.document) for row in found]
