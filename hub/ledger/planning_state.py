"""What a judgement changes in the memory, in the holds and in what goes on, as rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hub.core.history import Pair
from hub.core.judgement import Judgement
from hub.ledger import rows
from hub.ledger.documents import entry_text, pair_text
from hub.ledger.planning import Plan, Target, plan_payload
from hub.ledger.texts import instant, key_text, maybe_instant, pair_key, to_json, triple_key
from hub.ledger.thread_rows import own_event_row, thread_row


def plan_hold(plan: Plan, target: Target, existing: rows.HoldRow | None, wake_at: str | None) -> None:
    """Keep or begin the hold of an event; its term runs from the first hold."""
    judgement, event = target.judgement, target.event
    assert judgement.hold_until is not None  # noqa: S101  (the caller asks only then)
    since = target.at if existing is None else existing.held_since
    plan.holds[target.uid] = rows.HoldRow(
        target.uid,
        target.sealed.uid if existing is None else existing.payload_uid,
        target.place,
        target.partition,
        pair_key(str(event.get("source")), str(event.get("id"))),
        since,
        judgement.hold_until,
        instant(judgement.hold_until),
        wake_instant(wake_at, target.at),
    )
    plan.watches[target.uid] = tuple(sorted({key_text(subject) for subject in judgement.watches}))
    if existing is None:
        plan_payload(plan, target)


def wake_instant(wake_at: str | None, at: str) -> datetime:
    """Return when a hold is to be judged again; without a known boundary at once, so that one is found."""
    return instant(at if wake_at is None else wake_at)


def plan_history(plan: Plan, judgement: Judgement, place_of: Callable[[str], str], at: str) -> None:
    """Write entries and pairs."""
    for entry in judgement.history.entries:
        revision = entry.revision
        ref = entry.record_ref
        plan.entries[entry.entry_id] = rows.EntryRow(
            entry.entry_id,
            0,
            place_of(entry.entry_id),
            pair_key(entry.source, entry.event_id),
            None if ref is None or revision is None else triple_key(entry.org, ref, revision),
            None if ref is None else pair_key(entry.org, ref),
            key_text(entry.event_id),
            None if ref is None else key_text(ref),
            None if entry.subject_ref is None else key_text(entry.subject_ref),
            maybe_instant(entry.at) or instant(at),
            entry_text(entry),
        )
    for pair in judgement.history.lapsed:
        plan.pairs[_pair_key(pair)] = None
    for pair in judgement.history.told:
        key = _pair_key(pair)
        subjects = key_text(pair.subject_a), key_text(pair.subject_b)
        plan.pairs[key] = rows.PairRow(key, *subjects, pair_text(pair), instant(at))


def _pair_key(pair: Pair) -> str:
    return key_text(to_json([pair.org_a, pair.subject_a, pair.org_b, pair.subject_b]))


def plan_course(plan: Plan, target: Target) -> None:
    """Write what goes on from now, and what the hub itself sends into the log because of it."""
    for thread in target.judgement.threads:
        row = thread_row(thread, target.partition)
        plan.threads[row.thread_id] = row
    plan.outbox += [own_event_row(event, target.sealed.key) for event in target.judgement.own_events]
