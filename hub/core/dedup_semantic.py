"""Semantic verdicts: is this observation new, an echo, sharper, or the same as another one? DEDUP.md section 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from hub.core.codes import CRISIS_URGENCIES, URGENCIES
from hub.core.dedup_memory import Memory, delivered_observations, is_erased, processed_at, takes_part
from hub.core.facts import Situation
from hub.core.history import Entry
from hub.core.matching import SAME_SUBJECT, Counterpart
from hub.core.model import LEAVES, Decision
from hub.core.schema import Event
from hub.core.times import day_of, parse_moment

_URGENCY_RANK = {urgency: rank for rank, urgency in enumerate(URGENCIES)}
"""The lower, the more urgent."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an echo came from: the organisations that sent it, and those that already received it."""

    senders: frozenset[str]
    receivers: frozenset[str]

    @property
    def dropped(self) -> frozenset[str]:
        """Return who gets no echo of it."""
        return self.senders | self.receivers


@dataclass(frozen=True, slots=True)
class Semantic:
    """The verdict, the recipients that do not get the event, and the head where it is a near duplicate."""

    verdict: str
    dropped: frozenset[str] = frozenset()
    head: Entry | None = None


def find_origin(event: Event, situation: Situation, memory: Memory) -> Origin | None:
    """Return the origin in another organisation that `origin_id` or `causation_id` names, or None (test 2)."""
    named = {event.origin_id, event.causation_id} - {None}
    if not named:
        return None
    entries = [
        entry
        for entry in memory.in_match_window
        if entry.event_id in named and entry.org != event.sender_org and not is_erased(entry)
    ]
    known = [
        (known["id"], known["org"])
        for known in situation.known_events
        if known["id"] in named and known["org"] != event.sender_org
    ]
    if not entries and not known:
        return None
    records = {*known, *((entry.record_ref, entry.org) for entry in entries if entry.record_ref is not None)}
    received = {
        delivery["recipient"]
        for delivery in situation.deliveries
        if isinstance(delivery.get("recipient"), str)
        and isinstance(delivery.get("record_ref"), str)
        and (delivery["record_ref"], delivery.get("org")) in records
    }
    return Origin(
        frozenset({entry.org for entry in entries} | {org for _, org in known}),
        frozenset(received.union(*(entry.delivered_to for entry in entries))),
    )


def semantic_verdict(
    event: Event,
    decision: Decision,
    origin: Origin | None,
    others: Sequence[Counterpart],
    memory: Memory,
    situation: Situation,
) -> Semantic:
    """Run tests 2 to 8 on an observation. Test 1, the update, is technical and comes before this."""
    if origin is not None:
        return Semantic("echo", origin.dropped)
    own = [entry for entry in memory.in_match_window if _is_own(event, entry)]
    window = timedelta(hours=situation.policy.near_duplicate_hours)
    recent = [entry for entry in own if memory.now - processed_at(entry.at) <= window]
    if _is_escalation(event, recent):
        return Semantic("escalation")
    leaving = {recipient.recipient for recipient in decision.recipients if recipient.outcome in LEAVES}
    head = _find_head(event, leaving, recent)
    if head is not None:
        return Semantic("near_duplicate", frozenset(head.delivered_to), head)
    return Semantic(_counted_verdict(bool(leaving), own, others))


def _is_own(event: Event, entry: Entry) -> bool:
    """Return whether the entry is an active observation of the same organisation on the same subject."""
    return takes_part(entry) and entry.org == event.sender_org and entry.subject_ref == event.subject_ref


def _is_escalation(event: Event, recent: Sequence[Entry]) -> bool:
    """Test 3: more urgent than every recent observation of the same organisation on the same subject."""
    rank = _URGENCY_RANK.get(event.urgency or "", len(URGENCIES))
    return bool(recent) and all(rank < _URGENCY_RANK.get(entry.urgency or "", -1) for entry in recent)


def _find_head(event: Event, leaving: set[str], recent: Sequence[Entry]) -> Entry | None:
    """Test 4: the earliest head that this is a near duplicate of (section 4.1), or None."""
    if event.urgency in CRISIS_URGENCIES or not event.domains:
        return None
    day = observed_on(event)
    for entry in delivered_observations(recent):
        same_source = (
            entry.professional is not None and entry.professional == event.sender_professional
        ) or (entry.observed_on is not None and entry.observed_on == day)
        if (
            entry.near_duplicate_of is None
            and entry.urgency not in CRISIS_URGENCIES
            and set(entry.domains) == set(event.domains)
            and same_source
            and not leaving.isdisjoint(entry.delivered_to)
        ):
            return entry
    return None


def observed_on(event: Event) -> str | None:
    """Return the Amsterdam day of `occurred_at`, or None when it was not given."""
    moment = parse_moment(event.occurred_at)
    return None if moment is None else day_of(moment).isoformat()


def _counted_verdict(leaves: bool, own: Sequence[Entry], others: Sequence[Counterpart]) -> str:  # noqa: FBT001
    """Tests 5 to 8: what it is when it is an observation of its own."""
    if leaves and delivered_observations(own):
        return "internal_link"
    if leaves and others:
        same = any(other.basis == SAME_SUBJECT for other in others)
        return "match" if same else "household_match"
    return "unique"
