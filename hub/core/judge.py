"""What one event does to the hub: the one place that knows the order of gates, memory, decision and matches.

Gates E1 to E6, then the technical verdicts (gate E7), then the decision from E8 on, then the step of a life cycle,
then the semantic verdicts, then matches or retraction, what all of that changes in facts and memory, and what goes on
over time because of it (`course.py`).
"""

from __future__ import annotations

from dataclasses import replace

from hub.core.course import NO_MOVE, after_move, follow, move
from hub.core.dedup_case import (
    Case,
    find_counterparts,
    hold_until,
    leaving,
    match,
    new_entry,
    parked_reason,
    watches,
)
from hub.core.dedup_memory import remember
from hub.core.dedup_repeat import answer_repeat, no_longer_counts
from hub.core.dedup_retraction import retract
from hub.core.dedup_semantic import Semantic, find_origin, semantic_verdict
from hub.core.dedup_technical import Handled, Technical, technical_verdict
from hub.core.event_gates import Admitted, admit
from hub.core.facts import Facts
from hub.core.fold import fact_changes, lacks_subject
from hub.core.history import History, HistoryChanges
from hub.core.judgement import Judgement
from hub.core.model import LEAVES, Decision, Emission, EventDecision, Json, Outcome
from hub.core.notices import conflict_reported, linked_internally, source_added


def judge(event: Json, facts: Facts, history: History, entry_id: str) -> Judgement:
    """Judge one event against the facts and the memory of this moment.

    Args:
        event: The event as it came, of any form.
        facts: The facts of now, with who was authenticated.
        history: Entries that concern the event, in processing order, and the told pairs of its subjects.
        entry_id: The hub's own id of this event, under which it will be remembered.

    Returns:
        Everything that follows (DEDUP.md sections 2 to 6). Total: an error that no rule foresees is
        `hold_evaluation_error` for the whole event, parked for a person (CONSENT.md section 1, principle 4).
    """
    try:
        return _judge(event, facts, history, entry_id)
    except Exception:  # noqa: BLE001 - principle 4: whatever fails, nothing leaves and nothing is lost
        return evaluation_failed()


def evaluation_failed() -> Judgement:
    """Return the judgement for an error that no rule foresees: parked, nothing leaves."""
    return _rejected(EventDecision(Outcome.HOLD, "hold_evaluation_error"))


def _judge(event: Json, facts: Facts, history: History, entry_id: str) -> Judgement:
    """Judge; may raise where facts or memory are damaged in a way that no rule foresees."""
    admitted = admit(event, facts)
    if isinstance(admitted, EventDecision):
        return _rejected(admitted)
    case = open_case(admitted, facts, history, entry_id)
    technical = technical_verdict(case.event, case.memory.in_technical_window)
    if technical.handled is Handled.REPEAT and technical.entry is not None:
        return answer_repeat(case, technical.entry)
    if technical.handled is Handled.CONFLICT:
        return _conflict(case)
    if technical.handled is Handled.STALE:
        return no_longer_counts()
    return _new(case, technical)


def open_case(admitted: Admitted, facts: Facts, history: History, entry_id: str) -> Case:
    """Take event, facts and memory together.

    Raises:
        ValueError: the memory is damaged.
    """
    situation = admitted.situation
    memory = remember(history, situation.policy, situation.now)
    return Case(admitted=admitted, facts=facts, memory=memory, entry_id=entry_id, threads=history.threads)


def _rejected(stop: EventDecision) -> Judgement:
    """The event gates stop: no entry, so a corrected message under the same id is a first one."""
    decision = Decision(stop)
    return Judgement(
        verdict="rejected", reason=stop.reason, decision=decision, parked=parked_reason(decision)
    )


def _conflict(case: Case) -> Judgement:
    """Another message with this number was received before: deliver nothing, ask the sender."""
    return Judgement(
        verdict="conflict",
        reason="deny_conflict",
        decision=Decision(EventDecision(Outcome.DENY, "deny_conflict")),
        emissions=(conflict_reported(case.event.sender_org, case.event.subject_ref),),
    )


def _new(case: Case, technical: Technical) -> Judgement:
    """Judge a first message, or a higher revision of a record."""
    decision = case.decide()
    if parked_reason(decision) is not None:
        return _rejected(decision.event)
    if case.event.type == "signal.retracted":
        return follow(case, _retraction(case, decision), NO_MOVE)
    moved = move(case, decision)
    decision = after_move(case, decision, moved)
    judgement = _observation(case, technical, decision)
    if decision.event.outcome in LEAVES:
        judgement = replace(
            judgement,
            facts=fact_changes(case.event, case.facts),
            parked="hold_identity_ambiguous" if lacks_subject(case.event) else None,
        )
    return follow(case, judgement, moved)


def _retraction(case: Case, decision: Decision) -> Judgement:
    """Retract a record; the retraction itself leaves no entry."""
    data = case.event.data
    retraction = retract(case.event, str(data["record_ref"]), str(data["reason"]), decision, case.memory)
    return Judgement(
        verdict=retraction.verdict,
        reason=None,
        decision=Decision(decision.event, retraction.notices),
        deliver=retraction.notices,
        emissions=retraction.emissions,
        history=retraction.history,
    )


def _observation(case: Case, technical: Technical, decision: Decision) -> Judgement:
    """Give the semantic verdict, deliver, and match."""
    origin = find_origin(case.event, case.situation, case.memory) if case.is_observation else None
    others = [] if origin is not None else find_counterparts(case, decision)
    if technical.handled is Handled.UPDATE:
        found = Semantic("update")
    elif case.is_observation:
        found = semantic_verdict(case.event, decision, origin, others, case.memory, case.situation)
    else:
        found = Semantic("unique")
    deliver = leaving(decision, found.dropped)
    matches = match(case, others if found.head is None else [])
    entry = new_entry(
        case,
        decision,
        (recipient.recipient for recipient in deliver),
        echo=origin is not None,
        near_duplicate_of=None if found.head is None else found.head.entry_id,
    )
    older = tuple(replace(replaced, superseded=True) for replaced in technical.older)
    return Judgement(
        verdict=found.verdict,
        reason="ok_source_added" if found.head is not None else None,
        decision=decision,
        deliver=deliver,
        emissions=(*_own_notices(case, found, decision), *matches.emissions),
        suppressed=matches.suppressed,
        history=HistoryChanges(entries=(*older, entry), told=matches.told),
        supersedes=None if technical.entry is None else technical.entry.entry_id,
        hold_until=hold_until(case, decision),
        watches=watches(case, decision),
    )


def _own_notices(case: Case, found: Semantic, decision: Decision) -> tuple[Emission, ...]:
    """Return the messages that come with the verdict itself."""
    subject_ref = case.event.subject_ref
    if found.head is not None:
        got_head = {recipient.recipient for recipient in leaving(decision)} & found.dropped
        return (source_added(got_head, subject_ref),)
    if found.verdict == "internal_link":
        return (linked_internally(case.event.sender_org, subject_ref),)
    return ()
