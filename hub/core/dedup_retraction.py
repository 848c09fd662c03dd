"""Retraction: a signal that should not count any more. DEDUP.md section 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.core.dedup_memory import Memory, delivered_observations, is_active, is_erased, takes_part
from hub.core.history import Entry, HistoryChanges, Pair
from hub.core.model import Decision, Emission, RecipientDecision
from hub.core.notices import match_lapsed, notice_decision
from hub.core.schema import Event

KEPT_REASON = "risk_gone"
"""The observation was right, the risk is over: its keys stay until the window ends. Any other reason erases."""


@dataclass(frozen=True, slots=True)
class Retraction:
    """What a retraction does: its verdict, who hears of it, which matches lapse, and what is remembered."""

    verdict: str
    notices: tuple[RecipientDecision, ...]
    emissions: tuple[Emission, ...]
    history: HistoryChanges


def retract(event: Event, record_ref: str, reason: str, decision: Decision, memory: Memory) -> Retraction:
    """Retract the sender's record.

    `decision` holds the earlier recipients that gate E11 found among the deliveries; those that the memory knows
    are added. A retraction of a record that was retracted before has no effect: nobody is told twice.
    """
    revisions = [
        entry
        for entry in memory.known
        if (entry.org, entry.record_ref) == (event.sender_org, record_ref) and not is_erased(entry)
    ]
    current = [entry for entry in revisions if not entry.retracted and not entry.superseded]
    if not current:
        # Tombstones also tell that it was retracted before; without any entry only the deliveries are left.
        is_known = any(
            (entry.org, entry.record_ref) == (event.sender_org, record_ref) for entry in memory.known
        )
        return Retraction("retracted", () if is_known else decision.recipients, (), HistoryChanges())
    lapsed = _lapsed_pairs(event.sender_org, current, memory)
    entries = [*(_retracted(entry, reason) for entry in revisions), *_promoted(revisions, memory.known)]
    return Retraction(
        verdict="unmatch" if lapsed else "retracted",
        notices=_notices(event.type, decision, revisions),
        emissions=tuple(match_lapsed(pair, event.sender_org) for pair in lapsed),
        history=HistoryChanges(entries=tuple(entries), lapsed=lapsed),
    )


def _notices(
    event_type: str, decision: Decision, revisions: Sequence[Entry]
) -> tuple[RecipientDecision, ...]:
    """Return the verdict for everyone who received any revision of the record."""
    told = {recipient.recipient for recipient in decision.recipients}
    others = sorted({org for entry in revisions for org in entry.delivered_to} - told)
    start = len(decision.recipients)
    return (
        *decision.recipients,
        *(notice_decision(event_type, org, start + place) for place, org in enumerate(others)),
    )


def _lapsed_pairs(org: str, current: Sequence[Entry], memory: Memory) -> tuple[Pair, ...]:
    """Return the told pairs in which the sender has no active delivered entry on that subject left."""
    retracted = {entry.entry_id for entry in current}
    subjects = {entry.subject_ref for entry in current if takes_part(entry)}
    left = {
        entry.subject_ref
        for entry in delivered_observations(memory.in_match_window)
        if entry.org == org and entry.entry_id not in retracted
    }
    return tuple(pair for pair in memory.pairs if _subject_of(org, pair) in subjects - left)


def _subject_of(org: str, pair: Pair) -> str | None:
    """Return the subject that this organisation was told about, or None when it is not in the pair."""
    if org == pair.org_a:
        return pair.subject_a
    return pair.subject_b if org == pair.org_b else None


def _retracted(entry: Entry, reason: str) -> Entry:
    """Return the entry after the retraction.

    What was unfounded or an error loses its keys at once (AVG 17). Of the revision that counted only the record
    number stays, as a tombstone; an overtaken revision also keeps what tells a repeat of the same message.
    """
    if reason == KEPT_REASON:
        return entry if entry.superseded else replace(entry, retracted=True)
    bare = replace(
        entry,
        subject_ref=None,
        professional=None,
        domains=(),
        observed_on=None,
        urgency=None,
        near_duplicate_of=None,
    )
    if entry.superseded or entry.retracted:
        return bare
    return replace(
        bare,
        retracted=True,
        revision=None,
        digest=None,
        delivered_to=(),
        decision=Decision(entry.decision.event),
    )


def _promoted(revisions: Sequence[Entry], entries: Sequence[Entry]) -> list[Entry]:
    """When a head is retracted, the earliest of its near duplicates becomes the head of the others."""
    heads = {entry.entry_id for entry in revisions}
    orphans = [entry for entry in entries if entry.near_duplicate_of in heads and is_active(entry)]
    return [
        replace(entry, near_duplicate_of=None if place == 0 else orphans[0].entry_id)
        for place, entry in enumerate(orphans)
    ]
