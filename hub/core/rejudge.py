"""The repeated look at what is held: when facts change, when time does, and when the term has passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from hub.core.batch import Batch
from hub.core.dedup_case import PARKED_REASONS
from hub.core.dedup_repeat import decide_again, no_longer_counts
from hub.core.event_gates import admit
from hub.core.history import Entry, History, HistoryChanges
from hub.core.judge import evaluation_failed, open_case
from hub.core.judgement import Judgement
from hub.core.keys import keys_of
from hub.core.model import Decision, EventDecision, Json, JsonObject
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing
from hub.core.times import (
    amsterdam_date,
    amsterdam_text,
    parse_instant,
    parse_moment,
    start_of_day,
)

_LEAST_STEP = timedelta(microseconds=1)
"""An end is inclusive (T2): the verdict changes just after it."""

HOLD_EXPIRED = "deny_hold_expired"


def rejudge_held(
    event: JsonObject, authenticated_org: str, entry_id: str, snapshot: Snapshot, standing: Standing, now: str
) -> Judgement:
    """Judge a held event anew, by the hub itself (CONSENT.md section 12, DEDUP.md section 3).

    Also for an event whose delivery was dropped because the family moved: the new team is then decided for.

    Returns:
        `reevaluated` when anything differs from the stored decision, with reason `deny_hold_expired` when the
        term has passed; `duplicate` when nothing changed, and while the configuration itself is at fault: the
        hold goes on; `stale` when the event was retracted or overtaken meanwhile. Total: an error that no rule
        foresees is parked.
    """
    try:
        batch = Batch(snapshot, standing, now)
        facts, history = batch.facts(event, authenticated_org), batch.history(event)
        entry = _latest(history, entry_id)
        if entry.retracted or entry.superseded:
            return no_longer_counts()
        admitted = admit(event, facts)
        if isinstance(admitted, EventDecision):
            return _stopped(admitted, entry, event, snapshot, now)
        judgement = decide_again(open_case(admitted, facts, history, entry_id), entry)
    except Exception:  # noqa: BLE001 - principle 4: whatever fails, nothing leaves and nothing is lost
        return evaluation_failed()
    expired = judgement.decision.event.reason == HOLD_EXPIRED
    return replace(judgement, reason=HOLD_EXPIRED) if expired else judgement


def _latest(history: History, entry_id: str) -> Entry:
    """Return the memory of this event.

    Raises:
        LookupError: the hub holds an event that it does not remember.
    """
    return [entry for entry in history.entries if entry.entry_id == entry_id][-1]


def _stopped(stop: EventDecision, entry: Entry, event: JsonObject, snapshot: Snapshot, now: str) -> Judgement:
    """Judge a held event that an event gate stops now.

    A fault of the hub's own configuration keeps the hold as it is, to be looked at again at the next boundary;
    anything else (a sender that is no longer a partner) refuses the event.
    """
    if stop.reason in PARKED_REASONS:
        return Judgement(
            verdict="duplicate",
            reason="deny_duplicate",
            decision=entry.decision,
            hold_until=next_boundary(event, snapshot, now) or now,
        )
    refused = replace(entry, decision=Decision(stop))
    return Judgement(
        verdict="reevaluated",
        reason=None,
        decision=refused.decision,
        history=HistoryChanges(entries=(refused,)),
    )


def next_boundary(event: Json, snapshot: Snapshot, now: str) -> str | None:
    """Return the next instant at which time alone can change the verdict, or None when `now` is no instant.

    That is the next midnight in Amsterdam (ages, dates of facts, and the end of a hold, which falls on a
    midnight) or an earlier instant at which a consent of one of the event's persons begins, ends or is withdrawn.
    """
    moment = parse_instant(now)
    if moment is None:
        return None
    midnight = start_of_day(amsterdam_date(moment) + timedelta(days=1))
    persons = sorted(keys_of(event).subjects)
    turns = _turning_points(record for person in persons for record in snapshot.consents.get(person, ()))
    boundary = min((turn for turn in turns if moment < turn < midnight), default=midnight)
    return amsterdam_text(boundary) if boundary == midnight else boundary.isoformat()


def _turning_points(records: Iterable[JsonObject]) -> Iterator[datetime]:
    """Yield the instants at which records begin, end or are withdrawn. Dates turn at midnight."""
    for record in records:
        start, end = parse_moment(record.get("valid_from")), parse_moment(record.get("valid_to"))
        withdrawn_at = parse_instant(record.get("withdrawn_at"))
        if isinstance(start, datetime):
            yield start
        if isinstance(end, datetime):
            yield end + _LEAST_STEP
        if withdrawn_at is not None:
            yield withdrawn_at
