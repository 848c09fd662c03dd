"""From a judged record to rows: pure, so that both stores write the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from hub.core.judgement import Judgement
from hub.core.model import (
    LEAVES,
    Emission,
    FactChange,
    JsonObject,
    Outcome,
    RecipientDecision,
)
from hub.core.notices import MATCH_SECTIONS, NOTICE_SECTIONS, emission_decision
from hub.ledger import rows
from hub.ledger.addressing import Matcher
from hub.ledger.audit import Link
from hub.ledger.documents import duties_json, emission_text, recipient_json
from hub.ledger.processing_log import log_row
from hub.ledger.texts import (
    instant,
    key_text,
    maybe_instant,
    pack_sections,
    to_json,
)
from hub.wire.envelope import SealedEvent

REPEATS: Final = frozenset({"duplicate", "conflict", "stale", "reevaluated"})
"""Verdicts about an event that was received before: the record itself is one withheld line."""

CRISIS_URGENCIES: Final = frozenset({"u0", "u1"})
"""These deliveries are claimed before all others."""

NO_SUBSCRIPTION: Final = "no_subscription"
"""The receiver has no active subscription: the delivery is parked, never lost."""

PARKED_PAYLOAD: Final = "parked:"
"""Begins the id under which the content of a parked record is kept; no hub's id of an event begins so."""

EMISSION_LINE: Final = -1
"""The hub's own messages are no line of a sender's record."""

OPEN_STATES: Final = frozenset({"pending", "delivered"})
"""States of a line that a later, stricter verdict leaves alone: what left is not recalled."""


@dataclass(slots=True)
class Plan:
    """Everything that one transaction writes. Dictionaries where a later record replaces an earlier one's row."""

    intake: dict[str, rows.IntakeRow] = field(default_factory=dict)
    known_places: set[str] = field(default_factory=set)
    lines: dict[tuple[str, int], rows.LineRow] = field(default_factory=dict)
    deliveries: list[rows.DeliveryRow] = field(default_factory=list)
    processing: list[rows.ProcessingRow] = field(default_factory=list)
    payloads: dict[str, rows.PayloadRow] = field(default_factory=dict)
    spared: dict[str, rows.PayloadRow] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    destroyed: set[str] = field(default_factory=set)
    entries: dict[str, rows.EntryRow] = field(default_factory=dict)
    pairs: dict[str, rows.PairRow | None] = field(default_factory=dict)
    facts: list[FactChange] = field(default_factory=list)
    holds: dict[str, rows.HoldRow | None] = field(default_factory=dict)
    watches: dict[str, tuple[str, ...]] = field(default_factory=dict)
    threads: dict[str, rows.ThreadRow] = field(default_factory=dict)
    parked: list[rows.ParkedRow] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    outbox: list[rows.OutboxEntryRow] = field(default_factory=list)

    @property
    def channels(self) -> set[str]:
        """Return whom to wake."""
        woken = set()
        if any(row.state == "pending" for row in self.deliveries):
            woken.add("deliveries")
        if self.outbox:
            woken.add("outbox")
        if self.facts or any(self.holds.values()) or any(row.next_at for row in self.threads.values()):
            woken.add("holds")
        return woken


@dataclass(frozen=True, slots=True)
class Target:
    """The record whose lines a judgement concerns: its own, or for a repeat the one received first."""

    place: str
    uid: str
    partition: int
    sealed: SealedEvent
    judgement: Judgement
    at: str

    @property
    def event(self) -> JsonObject:
        """Return the decision view."""
        return self.sealed.event


def text_of(event: Mapping[str, object], name: str) -> str:
    """Return a field of a possibly hostile event as storable text, empty when it is no string."""
    value = event.get(name)
    return key_text(value) if isinstance(value, str) else ""


def accepted_at(sealed: SealedEvent, fallback: str) -> str:
    """Return when the door accepted the event; a record that was not written by the door may say nonsense."""
    return fallback if maybe_instant(sealed.accepted_at) is None else sealed.accepted_at


def plan_lines(plan: Plan, target: Target, before: Callable[[str, int], rows.LineRow | None]) -> int:
    """Write one line per recipient, or one for a record without recipients; return how many."""
    judgement = target.judgement
    sent = {(item.position, item.recipient) for item in judgement.deliver}
    recipients = judgement.decision.recipients
    for number, decision in enumerate(recipients):
        known = before(target.place, number)
        if (decision.position, decision.recipient) in sent:
            state, reason = "pending", decision.reason
        elif known is not None and known.state in OPEN_STATES:
            continue
        else:
            state, reason = _state_at_rest(judgement, decision.outcome, decision.reason)
        _put_line(plan, target, number, decision, state, reason)
    if not recipients:
        _put_single_line(plan, target)
    return max(1, len(recipients))


def _state_at_rest(judgement: Judgement, outcome: Outcome, reason: str) -> tuple[str, str]:
    """Return the state and reason of a recipient that gets nothing at this step."""
    if outcome in LEAVES:
        return "withheld", judgement.reason or "deny_duplicate"
    if outcome is Outcome.HOLD:
        return ("held" if judgement.hold_until else "parked"), reason
    return "withheld", reason


def _put_line(
    plan: Plan, target: Target, number: int, decision: RecipientDecision, state: str, reason: str
) -> None:
    plan.lines[target.place, number] = rows.LineRow(
        target.place,
        number,
        target.uid,
        key_text(decision.recipient),
        decision.outcome.value,
        key_text(reason),
        state,
        to_json(list(decision.withheld)),
        to_json(duties_json(decision.duties)),
        target.at,
    )
    if state == "parked":
        plan.parked.append(parked_row(target.place, number, "", reason, target.at))


def _put_single_line(plan: Plan, target: Target) -> None:
    event = target.judgement.decision.event
    state, reason = _state_of_whole(target.judgement)
    whole = RecipientDecision("", event.outcome, event.reason, duties=event.duties)
    _put_line(plan, target, 0, whole, state, reason)


def _state_of_whole(judgement: Judgement) -> tuple[str, str]:
    """Return the state and reason of a record without recipients."""
    event = judgement.decision.event
    if event.outcome in LEAVES:
        return "recorded", event.reason
    return _state_at_rest(judgement, event.outcome, event.reason)


def plan_whole(plan: Plan, target: Target, before: Iterable[rows.LineRow]) -> None:
    """Write a verdict on the event as a whole over the lines that are still held: nothing of them will leave.

    Let in after all, an event without recipients is a fact that is recorded now.
    """
    state, reason = _state_of_whole(target.judgement)
    event = target.judgement.decision.event
    for line in before:
        if line.state == "held":
            plan.lines[line.place, line.line] = line._replace(
                state=state, outcome=event.outcome.value, reason=key_text(reason), at=target.at
            )


def plan_repeat_line(plan: Plan, target: Target, reason: str) -> None:
    """Write the one line of a record that repeats an earlier one."""
    repeat = RecipientDecision("", Outcome.DENY, reason)
    _put_line(plan, target, 0, repeat, "withheld", reason)


def parked_row(place: str, line: int, delivery_id: str, reason: str, at: str) -> rows.ParkedRow:
    """Return a parked row for something that has no bytes of its own."""
    return rows.ParkedRow(0, place, line, delivery_id, key_text(reason), instant(at), 0, "")


def plan_deliveries(plan: Plan, target: Target, matcher: Matcher) -> None:
    """Write a delivery per recipient (or receiver of an emission) and subscription that matches."""
    numbers = {
        (decision.position, decision.recipient): number
        for number, decision in enumerate(target.judgement.decision.recipients)
    }
    for decision in target.judgement.deliver:
        number = numbers[decision.position, decision.recipient]
        found = matcher.subscriptions(decision.recipient, target.event, text_of(target.event, "type"))
        _put_deliveries(plan, target, decision, number, found, None)
    for emission in (*target.judgement.emissions, *target.judgement.messages):
        for position, receiver in enumerate(emission.to):
            found = matcher.subscriptions(receiver, target.event, emission.type)
            _put_deliveries(plan, target, told(emission, position), EMISSION_LINE, found, emission)
    if plan.deliveries and plan.deliveries[-1].uid == target.sealed.uid:
        plan_payload(plan, target)


def told(emission: Emission, position: int) -> RecipientDecision:
    """Return the decision behind a message of the hub itself: a match tells contact cards, others only meta."""
    sections = MATCH_SECTIONS if emission.type == "match.reported" else NOTICE_SECTIONS
    return emission_decision(emission, emission.to[position], sections)


def _put_deliveries(
    plan: Plan,
    target: Target,
    decision: RecipientDecision,
    number: int,
    subscriptions: Iterable[str],
    emission: Emission | None,
) -> None:
    found = list(subscriptions) or [""]
    for subscription_id in found:
        row = _delivery_row(target, decision, number, subscription_id, emission)
        plan.deliveries.append(row)
        line_of_log = log_row(row, target.event, decision, emission)
        if line_of_log is not None:
            plan.processing.append(line_of_log)
        if row.state == "parked":
            plan.parked.append(parked_row(target.place, number, row.delivery_id, NO_SUBSCRIPTION, target.at))
    if found == [""] and emission is None:
        line = plan.lines[target.place, number]
        plan.lines[target.place, number] = line._replace(state="parked", reason=NO_SUBSCRIPTION)


def _delivery_row(
    target: Target,
    decision: RecipientDecision,
    number: int,
    subscription_id: str,
    emission: Emission | None,
) -> rows.DeliveryRow:
    about = target.event.get("subject_ref")
    if emission is not None:
        about = dict(emission.subjects).get(decision.recipient, about)
    return rows.DeliveryRow(
        delivery_id=str(uuid4()),
        ordinal=0,
        place=target.place,
        line=number,
        partition=target.partition,
        uid=target.sealed.uid,
        receiver=key_text(decision.recipient),
        subscription_id=subscription_id,
        subject_key=key_text(about) if isinstance(about, str) else target.sealed.uid,
        position=decision.position,
        crisis=target.event.get("urgency") in CRISIS_URGENCIES,
        state="pending" if subscription_id else "parked",
        reason="" if subscription_id else NO_SUBSCRIPTION,
        decision=to_json(recipient_json(decision)),
        emission=None if emission is None else emission_text(emission),
        sequence=0,
        attempt=0,
        lease="",
        due_at=instant(target.at),
        accepted_at=accepted_at(target.sealed, target.at),
        first_attempt_at="",
        settled_at=None,
    )


def plan_payload(plan: Plan, target: Target) -> None:
    """Keep the sealed event: something may still be delivered from it."""
    uid = target.sealed.uid
    plan.destroyed.discard(uid)
    if target.judgement.verdict in REPEATS:
        plan.kept.add(uid)
    plan.payloads[uid] = _payload_row(target)


def plan_parked(plan: Plan, target: Target, reason: str) -> None:
    """Let the event wait for a person, and keep it: released, it is judged."""
    if not plan.parked or plan.parked[-1].place != target.place:  # else its one line was parked just now
        plan.parked.append(parked_row(target.place, EMISSION_LINE, "", reason, target.at))
    kept = parked_payload_uid(target.place)
    plan.spared[kept] = _payload_row(target)._replace(uid=kept)


def parked_payload_uid(place: str) -> str:
    """Return under what the content of a parked record is kept.

    Not the event's own id: the sender may send it again meanwhile, or another message under the same number.
    """
    return f"{PARKED_PAYLOAD}{place}"


def _payload_row(target: Target) -> rows.PayloadRow:
    sealed = target.sealed
    return rows.PayloadRow(
        sealed.uid,
        to_json([sealed.event, sealed.authenticated_org, sealed.accepted_at, sealed.key, sealed.traceparent]),
        pack_sections(sealed.sealed),
        instant(target.at),
    )
