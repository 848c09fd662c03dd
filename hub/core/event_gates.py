"""The event gates E1 to E6, E8 and E11, E12: CONSENT.md section 4. `decision` and `judge` know their order."""

from __future__ import annotations

from dataclasses import dataclass

from hub.core.codes import CRISIS_URGENCIES, is_code, is_integer, is_text
from hub.core.deadlines import rule_due
from hub.core.facts import MISSING, Facts, Situation, read_situation
from hub.core.model import Duty, EventDecision, Json, Outcome, RecipientDecision
from hub.core.numbers import metadata_refused
from hub.core.reasons import Reason
from hub.core.schema import Event, read_event
from hub.core.times import parse_instant

PHONE_ROUTE = Duty("phone_route")


@dataclass(slots=True)
class Admitted:
    """An event that passed gates E1 to E6, with the facts read at their moment."""

    event: Event
    situation: Situation


def event_gates(event: Json, facts: Facts) -> EventDecision | None:
    """Return the verdict of the gate of E1 to E6 that stops the event, or None. Total: never raises."""
    admitted = admit(event, facts)
    return admitted if isinstance(admitted, EventDecision) else None


def admit(event: Json, facts: Facts) -> Admitted | EventDecision:
    """Return the event admitted, or the verdict of the gate of E1 to E6 that stops it. Total: never raises."""
    try:
        found = _admit(event, facts)
    except Exception:  # noqa: BLE001 - principle 4: an error not foreseen holds the whole event
        found = Reason.HOLD_EVALUATION_ERROR
    return stopped(found, event) if isinstance(found, Reason) else found


def _admit(event: Json, facts: Facts) -> Admitted | Reason:
    """Apply gates E1 to E6 in their order."""
    if metadata_refused(event):
        return Reason.DENY_BSN_IN_METADATA
    situation = read_situation(facts)
    if isinstance(situation, Reason):
        return situation
    read = read_event(event, situation)
    if read is None:
        return Reason.DENY_SCHEMA
    if not _sender_is_established(read, situation):
        return Reason.DENY_SENDER
    if read.sender_kind not in read.row.senders:
        return Reason.DENY_TYPE_NOT_ALLOWED
    return Admitted(read, situation)


def stopped(reason: Reason, event: Json) -> EventDecision:
    """Return the verdict on an event that goes to nobody. A hold in a crisis tells at once to telephone."""
    urgency = event.get("urgency") if isinstance(event, dict) else None
    in_crisis = reason.outcome is Outcome.HOLD and is_code(urgency, CRISIS_URGENCIES)
    return EventDecision(reason.outcome, reason.value, (PHONE_ROUTE,) if in_crisis else ())


def _sender_is_established(event: Event, situation: Situation) -> bool:
    """E5: who is on the line is who the event says, active, and of the kind it says (AVG 32)."""
    if situation.facts.authenticated_org != event.sender_org:
        return False
    sender = situation.partner(event.sender_org)
    return sender is not None and sender.kind == event.sender_kind


def hold_has_expired(situation: Situation) -> bool:
    """E8: ten working days after the first hold the event is given up; an unreadable start counts as expired."""
    held_since = situation.facts.held_since
    if held_since is MISSING or held_since is None:
        return False
    since = parse_instant(held_since)
    return since is None or situation.now > rule_due("hold_expiry", since, situation.policy)


def cells_are_large_enough(event: Event, situation: Situation) -> bool:
    """E12: every count of a prevention picture is at least `k_aggregate`; a zero is a small count too."""
    least = situation.policy.k_aggregate
    return bool(event.cells) and all(
        isinstance(cell, dict) and is_integer(cell.get("n")) and cell["n"] >= least
        for cell in event.cells or ()
    )


_BY_RECORD = frozenset({"signal.retracted", "referral.withdrawn"})


def notices(event: Event, situation: Situation) -> tuple[RecipientDecision, ...]:
    """E11: who received something on this consent, or a revision of this record, is told that it ended."""
    by_record = event.type in _BY_RECORD
    told: dict[str, None] = {}
    for delivery in situation.deliveries:
        recipient = delivery.get("recipient")
        if is_text(recipient) and _is_concerned(delivery, event, by_record=by_record):
            told.setdefault(recipient)
    reason = Reason.OK_RETRACTION_NOTICE if by_record else Reason.OK_WITHDRAWAL_NOTICE
    duties = () if by_record else (Duty("stop_further_use"),)
    return tuple(
        RecipientDecision(
            recipient=org,
            outcome=reason.outcome,
            reason=reason.value,
            duties=duties,
            sections=event.sections,
            position=position,
        )
        for position, org in enumerate(told)
    )


def _is_concerned(delivery: dict[str, Json], event: Event, *, by_record: bool) -> bool:
    """Return whether an earlier delivery was of this sender's record, or rested on this consent."""
    if by_record:
        return (
            delivery.get("record_ref") == event.data["record_ref"] and delivery.get("org") == event.sender_org
        )
    consent_ids = delivery.get("consent_ids")
    return isinstance(consent_ids, list) and event.data["consent_id"] in consent_ids
