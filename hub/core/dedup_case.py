"""One accepted event with everything its judgement looks at, and the steps that several verdicts share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.core.deadlines import due_at
from hub.core.decision import decide_admitted, decide_contact
from hub.core.dedup_memory import SEMANTIC_TYPES, Memory, is_delivered
from hub.core.dedup_semantic import observed_on
from hub.core.event_gates import Admitted
from hub.core.facts import Facts, Situation
from hub.core.history import Entry
from hub.core.matching import Counterpart, Matches, counterparts, evaluate_matches
from hub.core.model import LEAVES, Decision, Outcome, RecipientDecision
from hub.core.schema import Event
from hub.core.threads import Thread
from hub.core.times import amsterdam_text, parse_instant

PARKED_REASONS = frozenset({"hold_evaluation_error", "hold_policy_invalid"})
"""Reasons that only a person of the hub can cure: the event is parked, never lost (CODES.md ranks 2 and 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An event that passed gates E1 to E6, the facts of this moment and the memory as known now.

    `entry_id` is the hub's own id of the event; `threads` is what goes on about its subject and about the events
    that it answers.
    """

    admitted: Admitted
    facts: Facts
    memory: Memory
    entry_id: str
    threads: tuple[Thread, ...] = ()

    @property
    def event(self) -> Event:
        """Return the event as it was read."""
        return self.admitted.event

    @property
    def situation(self) -> Situation:
        """Return the facts read at their moment."""
        return self.admitted.situation

    @property
    def at(self) -> str:
        """Return the instant of processing as it is remembered."""
        return self.facts.now if isinstance(self.facts.now, str) else amsterdam_text(self.situation.now)

    @property
    def is_observation(self) -> bool:
        """Return whether the type takes part in DEDUP.md sections 4 and 5."""
        return self.event.type in SEMANTIC_TYPES and self.event.subject_ref is not None

    def decide(self) -> Decision:
        """Run the decision with the facts of now."""
        return decide_admitted(self.admitted, warns=True)


def leaving(decision: Decision, dropped: Iterable[str] = ()) -> tuple[RecipientDecision, ...]:
    """Return the recipients that may get the event, without those that are dropped."""
    out = frozenset(dropped)
    return tuple(
        recipient
        for recipient in decision.recipients
        if recipient.outcome in LEAVES and recipient.recipient not in out
    )


def find_counterparts(case: Case, decision: Decision) -> list[Counterpart]:
    """Return whom this delivered observation may be matched with; nobody when nothing is delivered."""
    if not case.is_observation or case.event.subject_ref is None or not is_delivered(decision):
        return []
    return counterparts(
        case.situation, case.event.sender_org, case.event.subject_ref, case.memory.in_match_window
    )


def match(case: Case, others: list[Counterpart]) -> Matches:
    """Run the match evaluation of DEDUP.md section 5."""
    if not others or case.event.subject_ref is None:
        return Matches()

    def decide_direction(sender_org: str, subject_ref: str, recipient_org: str) -> RecipientDecision:
        return decide_contact(sender_org, subject_ref, recipient_org, case.facts)

    return evaluate_matches(
        case.event.sender_org, case.event.subject_ref, others, case.memory.pairs, decide_direction, case.at
    )


def new_entry(
    case: Case,
    decision: Decision,
    delivered_to: Iterable[str],
    *,
    echo: bool = False,
    near_duplicate_of: str | None = None,
) -> Entry:
    """Return what the hub remembers of this event: keys and codes, no content."""
    event = case.event
    return Entry(
        entry_id=case.entry_id,
        source=event.source,
        event_id=event.id,
        org=event.sender_org,
        kind=event.sender_kind,
        type=event.type,
        at=case.at,
        record_ref=None if event.record is None else event.record[0],
        revision=None if event.record is None else event.record[1],
        digest=event.digest,
        subject_ref=event.subject_ref,
        professional=event.sender_professional,
        domains=tuple(sorted(event.domains)),
        observed_on=observed_on(event),
        urgency=event.urgency,
        decision=decision,
        delivered_to=tuple(sorted(set(delivered_to))),
        semantic=case.is_observation,
        echo=echo,
        near_duplicate_of=near_duplicate_of,
    )


def is_held(decision: Decision) -> bool:
    """Return whether anything of this decision waits to be cured."""
    return decision.event.outcome is Outcome.HOLD or any(
        recipient.outcome is Outcome.HOLD for recipient in decision.recipients
    )


def hold_until(case: Case, decision: Decision) -> str | None:
    """Return when the hold ends (rule `hold_expiry`, counted from the first hold), or None when nothing is held."""
    if not is_held(decision):
        return None
    since = case.facts.held_since
    begun = since if parse_instant(since) is not None else case.at
    return due_at("hold_expiry", begun, case.situation.standing)


def watches(case: Case, decision: Decision) -> tuple[str, ...]:
    """Return the persons whose facts can cure a hold: the subject and the persons in its sections."""
    if not is_held(decision):
        return ()
    persons = {person for about in case.event.section_about.values() for person in about}
    if case.event.subject_ref is not None:
        persons.add(case.event.subject_ref)
    return tuple(sorted(persons))


def parked_reason(decision: Decision) -> str | None:
    """Return why a person of the hub must look, or None."""
    return decision.event.reason if decision.event.reason in PARKED_REASONS else None
