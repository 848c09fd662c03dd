"""The same message again: answered as the first time, unless the facts now allow more. DEDUP.md section 3."""

from __future__ import annotations

from dataclasses import replace

from hub.core.course import NO_MOVE, after_move, follow, move
from hub.core.dedup_case import Case, find_counterparts, hold_until, leaving, match, parked_reason, watches
from hub.core.dedup_semantic import find_origin
from hub.core.history import Entry, HistoryChanges
from hub.core.judgement import Judgement
from hub.core.model import LEAVES, Decision, EventDecision, Outcome

STALE = EventDecision(Outcome.DENY, "deny_stale")


def answer_repeat(case: Case, entry: Entry) -> Judgement:
    """Answer a technical duplicate of `entry`."""
    if entry.retracted or entry.superseded or _is_fully_delivered(entry.decision):
        return unchanged(case, entry, waits=False)
    return decide_again(case, entry)


def decide_again(case: Case, entry: Entry) -> Judgement:
    """Decide with the facts of now: `reevaluated` when anything differs from the stored decision, else `duplicate`.

    Used for a message that comes again, and by the hub itself for what it holds: there a recipient that was
    allowed can have changed too (a family that moved), so every outcome is compared.
    """
    case = replace(case, entry_id=entry.entry_id)
    decision = case.decide()
    parked = parked_reason(decision)
    if parked is not None:
        return Judgement(verdict="rejected", reason=parked, decision=decision, parked=parked)
    # A step that was taken when the event came first is not taken twice.
    moved = NO_MOVE if entry.decision.event.outcome in LEAVES else move(case, decision)
    decision = after_move(case, decision, moved)
    if _comparable(decision) == _comparable(entry.decision):
        return unchanged(case, entry, waits=True)
    return follow(case, _reevaluated(case, entry, decision), moved)


def _is_fully_delivered(decision: Decision) -> bool:
    """Return whether the event gates were passed and every recipient is allow or redact."""
    return decision.event.outcome in LEAVES and all(
        recipient.outcome in LEAVES for recipient in decision.recipients
    )


def _comparable(decision: Decision) -> tuple[str, tuple[tuple[str, Outcome, str, tuple[str, ...]], ...]]:
    """Return what must be the same for a repeat to be a mere duplicate."""
    return decision.event.reason, tuple(
        (recipient.recipient, recipient.outcome, recipient.reason, recipient.withheld)
        for recipient in decision.recipients
    )


def unchanged(case: Case, entry: Entry, *, waits: bool) -> Judgement:
    """Deliver nothing and answer with the first decision; a hold that `waits` goes on waiting."""
    return Judgement(
        verdict="duplicate",
        reason="deny_duplicate",
        decision=entry.decision,
        hold_until=hold_until(case, entry.decision) if waits else None,
        watches=watches(case, entry.decision) if waits else (),
    )


def _reevaluated(case: Case, entry: Entry, decision: Decision) -> Judgement:
    """Replace the stored decision and deliver to whom it now may go and did not get it before."""
    deliver = leaving(decision, {*entry.delivered_to, *_dropped_echo(case, entry)})
    received = {*entry.delivered_to, *(recipient.recipient for recipient in deliver)}
    renewed = replace(entry, decision=decision, delivered_to=tuple(sorted(received)))
    counts = entry.near_duplicate_of is None and not entry.echo
    matches = match(case, find_counterparts(case, decision) if counts else [])
    return Judgement(
        verdict="reevaluated",
        reason=None,
        decision=decision,
        deliver=deliver,
        emissions=matches.emissions,
        suppressed=matches.suppressed,
        history=HistoryChanges(entries=(renewed,), told=matches.told),
        hold_until=hold_until(case, decision),
        watches=watches(case, decision),
    )


def _dropped_echo(case: Case, entry: Entry) -> frozenset[str]:
    """Return whom an echo skips: those it skipped the first time, and who got the origin since."""
    if not entry.echo:
        return frozenset()
    skipped = {recipient.recipient for recipient in leaving(entry.decision)} - set(entry.delivered_to)
    origin = find_origin(case.event, case.situation, case.memory)
    return frozenset(skipped) if origin is None else origin.dropped | skipped


def no_longer_counts() -> Judgement:
    """Judge an event that was retracted or overtaken meanwhile: it will never leave."""
    return Judgement(verdict="stale", reason=STALE.reason, decision=Decision(STALE))
