"""The decision: who gets which sections of an event, and why. This is the one module that knows the order of gates.

Default deny: something leaves only where a rule ends in a reason that starts with `ok_`. The rules and their
numbers (E, R, S, K, C) are those of CONSENT.md; each lives in the module that is called here.
"""

from __future__ import annotations

from hub.core.catalogue import RECORDED_CLASSES, EventClass, EventType
from hub.core.codes import CRISIS_URGENCIES, MINIMAL_SECTIONS
from hub.core.consent_gates import on_consent, on_ground_team_or_consent
from hub.core.crisis import has_no_team, is_crisis, with_crisis_teams
from hub.core.event_gates import (
    PHONE_ROUTE,
    Admitted,
    admit,
    cells_are_large_enough,
    hold_has_expired,
    notices,
    stopped,
)
from hub.core.facts import Facts, Situation, read_situation
from hub.core.model import Decision, Duty, EventDecision, Json, Outcome, RecipientDecision
from hub.core.question import Answer, Question, ask
from hub.core.reasons import Reason
from hub.core.recipient_gates import (
    acknowledgement,
    alert,
    anonymous_mode,
    emergency_line,
    kind_of_recipient,
    origin_of_data,
    police_basis,
)
from hub.core.resolving import Resolution, resolve
from hub.core.schema import Entry, Event

_GATES_BEFORE_CONSENT = (
    emergency_line,  # R2
    kind_of_recipient,  # R3
    anonymous_mode,  # R4
    acknowledgement,  # R5
    alert,  # R6
    police_basis,  # R7
    origin_of_data,  # R8
)
_GATES_OF_A_CONTACT = (kind_of_recipient, police_basis)
_UNSAFE_AT_HOME = frozenset({"acute", "structural"})


def decide(event: Json, facts: Facts, *, warns: bool = False) -> Decision:
    """Return the decision on an event, given the facts of this moment.

    Pure and total: equal input gives equal output, and no JSON value makes it raise. An error that is not
    foreseen holds the whole event (`hold_evaluation_error`). History is not looked at: gate E7 is `judge`.

    Args:
        event: The event as it came, of any form.
        facts: The facts of this moment.
        warns: Whether a crisis also goes to the crisis teams that the sender did not name (`crisis.py`). The running
            hub asks for it; alone, the rules answer for the recipients that the sender named.
    """
    admitted = admit(event, facts)
    if isinstance(admitted, EventDecision):
        return Decision(admitted)
    return decide_admitted(admitted, warns=warns)


def decide_admitted(admitted: Admitted, *, warns: bool = False) -> Decision:
    """Return the decision on an event that passed gates E1 to E6: see `decide`. Total: never raises."""
    try:
        return _decide(admitted.event, admitted.situation, warns=warns)
    except Exception:  # noqa: BLE001 - principle 4: an error not foreseen holds the whole event
        return Decision(stopped(Reason.HOLD_EVALUATION_ERROR, {"urgency": admitted.event.urgency}))


def _decide(event: Event, situation: Situation, *, warns: bool) -> Decision:
    """Apply gates E8 to E13, then the recipient gates."""
    treatment = event.treatment
    if hold_has_expired(situation):  # E8
        return _for_nobody(Reason.DENY_HOLD_EXPIRED)
    if treatment is EventClass.NEVER:  # E9
        return _for_nobody(Reason.DENY_USE_CORV)
    if treatment in RECORDED_CLASSES:  # E10
        return _for_nobody(Reason.OK_RECORDED)
    if treatment is EventClass.NOTICE:  # E11
        return Decision(_verdict(Reason.OK_RECORDED), notices(event, situation))
    if treatment is EventClass.AGGREGATE and not cells_are_large_enough(event, situation):  # E12
        return _for_nobody(Reason.DENY_K_ANONYMITY)
    resolutions = _resolve_all(event, situation)
    phone: tuple[Duty, ...] = ()
    if warns and is_crisis(event):
        phone = (PHONE_ROUTE,) if has_no_team(event, situation) else ()
        event = with_crisis_teams(event, {resolution.name for resolution in resolutions}, situation)
        resolutions = _resolve_all(event, situation)
    recipients = tuple(
        _decide_recipient(event, position, resolution, situation)
        for position, resolution in enumerate(resolutions)
    )
    duties = _event_duties(event, resolutions)  # E13
    return Decision(EventDecision(Outcome.ALLOW, Reason.OK_ACCEPTED.value, (*duties, *phone)), recipients)


def _verdict(reason: Reason) -> EventDecision:
    """Return a verdict on the event without duties."""
    return EventDecision(reason.outcome, reason.value)


def _for_nobody(reason: Reason) -> Decision:
    """Return a decision with which the event goes to nobody."""
    return Decision(_verdict(reason))


def _resolve_all(event: Event, situation: Situation) -> list[Resolution]:
    """Return who each entry means (R1); what an earlier entry resolved to is taken."""
    taken: set[str] = set()
    resolutions = []
    for entry in event.recipients:
        resolution = resolve(entry, event, taken, situation)
        if resolution.reason is None:
            taken.add(resolution.name)
        resolutions.append(resolution)
    return resolutions


def _decide_recipient(
    event: Event, position: int, resolution: Resolution, situation: Situation
) -> RecipientDecision:
    """Return the decision for one entry."""
    if resolution.reason is not None or resolution.partner is None:
        answer = Answer(resolution.reason or Reason.DENY_RECIPIENT_UNKNOWN)
    else:
        answer = _answer(ask(situation, event, event.recipients[position], resolution.partner))
    return _as_decision(event, position, resolution.name, answer)


def _answer(question: Question) -> Answer:
    """Apply the recipient gates in their order; the first that decides counts."""
    for gate in _GATES_BEFORE_CONSENT:
        answer = gate(question)
        if answer is not None:
            return answer
    return on_ground_team_or_consent(question)  # R9 to R17


def _as_decision(event: Event, position: int, name: str, answer: Answer) -> RecipientDecision:
    """Return an answer in the form of CONSENT.md section 2."""
    reason = answer.reason
    sections: tuple[str, ...] = ()
    withheld = event.sections
    if answer.leaves:
        sections = tuple([section for section in event.sections if section in answer.allowed])
        withheld = tuple([section for section in event.sections if section not in answer.allowed])
    outcome = Outcome.REDACT if answer.leaves and withheld else reason.outcome
    duties = set(answer.duties)
    if outcome is Outcome.HOLD and event.urgency in CRISIS_URGENCIES:
        duties.add(PHONE_ROUTE)
    return RecipientDecision(
        recipient=name,
        outcome=outcome,
        reason=reason.value,
        withheld=withheld,
        duties=tuple(sorted(duties, key=_code)),
        consents=answer.consents,
        sections=sections,
        position=position,
    )


def _code(duty: Duty) -> str:
    """Return the code by which duties are sorted."""
    return duty.duty


def _event_duties(event: Event, resolutions: list[Resolution]) -> tuple[Duty, ...]:
    """Return the duties on the event: call 112 (E13), and the report to consider (EVENTS.md section 7)."""
    duties = []
    if event.urgency == "u0":
        duties.append(Duty("call_112"))
    if event.type == "adult_signal.raised" and event.kindcheck is not None:
        children = event.kindcheck["children_present"] == "yes"
        if children and event.safety_level in _UNSAFE_AT_HOME and not _reaches_veilig_thuis(resolutions):
            duties.append(Duty("consider_veilig_thuis_report"))
    return tuple(duties)


def _reaches_veilig_thuis(resolutions: list[Resolution]) -> bool:
    """Return whether Veilig Thuis is among the resolved recipients."""
    return any(
        resolution.reason is None
        and resolution.partner is not None
        and resolution.partner.kind == "veilig_thuis"
        for resolution in resolutions
    )


_CONTACT = EventType(
    name="match.reported",
    treatment=EventClass.CONTENT,
    senders=frozenset(),
    purposes=frozenset({"coordination"}),
    sections=MINIMAL_SECTIONS,
    area_gated=False,
)
"""How a match is judged beforehand: as a message with a contact card (DEDUP.md section 5)."""


def decide_contact(sender_org: str, subject_ref: str, recipient_org: str, facts: Facts) -> RecipientDecision:
    """Return whether one organisation's contact card about a subject may go to another (DEDUP.md section 5).

    Judged as a message of purpose coordination with sections meta and contact, no domains, no case, urgency
    u3, through gates R1, R3, R7 and R11 to R16. A match needs this in both directions. Total: never raises.
    """
    event = _contact_event(sender_org, subject_ref, recipient_org, facts)
    try:
        resolution, answer = _judge_contact(event, facts)
    except Exception:  # noqa: BLE001 - principle 4: an error not foreseen holds
        resolution, answer = Resolution(recipient_org, None), Answer(Reason.HOLD_EVALUATION_ERROR)
    return _as_decision(event, 0, resolution.name, answer)


def _contact_event(sender_org: str, subject_ref: str, recipient_org: str, facts: Facts) -> Event:
    """Return the message that stands for a contact card."""
    sender = facts.standing.partners.get(sender_org)
    return Event(
        id="contact",
        source="hub",
        type=_CONTACT.name,
        row=_CONTACT,
        time="",
        sender_org=sender_org,
        sender_kind="" if sender is None else sender.kind,
        sections=("meta", "contact"),
        recipients=(Entry(org=recipient_org),),
        subject_ref=subject_ref,
        purpose="coordination",
        urgency="u3",
        section_about={},
        scans={},
        data={},
    )


def _judge_contact(event: Event, facts: Facts) -> tuple[Resolution, Answer]:
    """Apply the gates of a contact card."""
    entry = event.recipients[0]
    situation = read_situation(facts)
    if isinstance(situation, Reason):
        return Resolution(entry.org or "", None), Answer(situation)
    resolution = resolve(entry, event, (), situation)
    if resolution.reason is not None or resolution.partner is None:
        return resolution, Answer(resolution.reason or Reason.DENY_RECIPIENT_UNKNOWN)
    question = ask(situation, event, entry, resolution.partner)
    for gate in _GATES_OF_A_CONTACT:
        answer = gate(question)
        if answer is not None:
            return resolution, answer
    return resolution, on_consent(question)
