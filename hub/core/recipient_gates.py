"""The recipient gates that need no consent: R2, R3, R5 to R8 and R17 of CONSENT.md section 5.

Each returns an answer when it decides, or None to let the next gate look.
"""

from __future__ import annotations

from hub.core.anonymous import judge_anonymous
from hub.core.catalogue import EventClass
from hub.core.codes import DATA_ORIGINS, LOW_SECTIONS, MINIMAL_SECTIONS
from hub.core.grounds import POLICE_DATA_ACT, VITAL_INTEREST
from hub.core.matrix import Access, effective_codes_access
from hub.core.model import Duty
from hub.core.question import Answer, Question
from hub.core.reasons import Reason
from hub.core.routing import parties_of
from hub.core.shielding import OMIT_HOUSEHOLD_REF, address_is_secret, address_sections

_EMERGENCY_CLASSES = frozenset({EventClass.CONTENT, EventClass.CONSULTATION})
_PLACEMENT_RECIPIENTS = frozenset({"local_team", "certified_institution"})


def emergency_line(question: Question) -> Answer | None:
    """R2: in danger to life content goes only to those who act at once; everybody else calls 112."""
    event = question.event
    if event.urgency != "u0" or event.treatment not in _EMERGENCY_CLASSES:
        return None
    reached = question.recipient.kind in question.situation.policy.u0_recipient_kinds
    return None if reached else Answer(Reason.DENY_EMERGENCY_LINE)


def kind_of_recipient(question: Question) -> Answer | None:
    """R3: counts go to everybody; some kinds get only counts, some only process information and feedback."""
    event, kind, policy = question.event, question.recipient.kind, question.situation.policy
    if event.treatment is EventClass.AGGREGATE:
        return Answer(Reason.OK_AGGREGATE, frozenset({"meta"}))
    if kind in policy.aggregate_only_kinds:
        return Answer(Reason.DENY_ROUTE)
    is_process = event.treatment is EventClass.ACK or event.type == "feedback.given"
    if kind in policy.feedback_only_kinds and not is_process:
        return Answer(Reason.DENY_ROUTE)
    if event.type == "placement.considered" and kind not in _PLACEMENT_RECIPIENTS:
        return Answer(Reason.DENY_ROUTE)
    return None


def anonymous_mode(question: Question) -> Answer | None:
    """R4: anonymous consultation has rules of its own."""
    return judge_anonymous(question) if question.event.mode == "anonymous" else None


def acknowledgement(question: Question) -> Answer | None:
    """R5: an acknowledgement goes to the sender of what it acknowledges, to nobody else."""
    if question.event.treatment is not EventClass.ACK:
        return None
    if not question.to_original_sender:
        return Answer(Reason.DENY_ROUTE)
    return _unless_empty(question, Reason.OK_ACKNOWLEDGEMENT, _not_never(question, MINIMAL_SECTIONS))


def alert(question: Question) -> Answer | None:
    """R6: an alert goes to a party to the case, without anything sensitive."""
    event = question.event
    if event.treatment is not EventClass.ALERT:
        return None
    if question.recipient.org not in parties_of(event.case_ref, question.situation):
        return Answer(Reason.DENY_ROUTE)
    allowed = _not_never(question, LOW_SECTIONS)
    if not _codes_are_plain(question):
        allowed -= {"codes"}
    duties: tuple[Duty, ...] = ()
    if address_is_secret(question) is not False:
        allowed -= address_sections(question)
        duties = (OMIT_HOUSEHOLD_REF,)
    return _unless_empty(question, Reason.OK_ALERT, allowed, duties)


def _codes_are_plain(question: Question) -> bool:
    """Return whether the codes need no consent of their own: no domain inherits, and the cell's condition holds."""
    access = effective_codes_access(question.row, question.inherited)
    return access is Access.CONSENT and question.condition_holds(question.row["codes"])


def police_basis(question: Question) -> Answer | None:
    """R7: the police shares only on a recorded decision (Wpg 16, 18 to 20)."""
    if question.event.sender_kind != "police" or question.ground == POLICE_DATA_ACT:
        return None
    return Answer(Reason.DENY_POLICE_BASIS_MISSING)


def origin_of_data(question: Question) -> Answer | None:
    """R8: others pass on what came from the police only to save a life (Wpg, purpose limitation)."""
    event = question.event
    if event.sender_kind == "police" or question.ground == VITAL_INTEREST:
        return None
    named = {event.origin_id, event.causation_id} - {None}
    if event.data_origin == "police" or any(
        known["kind"] == "police" and known["id"] in named for known in question.situation.known_events
    ):
        return Answer(Reason.DENY_ONWARD)
    if event.data_origin not in DATA_ORIGINS or event.data_origin == "unknown":
        return Answer(Reason.HOLD_ORIGIN_UNKNOWN)
    return None


def minimal_feedback(question: Question) -> Answer | None:
    """R17: who raised a signal hears at least whether it was taken up, without content."""
    event = question.event
    if event.treatment is not EventClass.FEEDBACK or not question.to_original_sender:
        return None
    needed = question.entry.needed_sections
    allowed = _not_never(question, MINIMAL_SECTIONS)
    if (needed is not None and "contact" not in needed) or event.section_about.get("contact"):
        allowed -= {"contact"}
    return _unless_empty(question, Reason.OK_MINIMAL_FEEDBACK, allowed)


def _not_never(question: Question, sections: frozenset[str]) -> frozenset[str]:
    """Return the sections present whose cell is not N."""
    row = question.row
    return frozenset(
        section
        for section in question.event.sections
        if section in sections and row[section].access is not Access.NEVER
    )


def _unless_empty(
    question: Question, reason: Reason, allowed: frozenset[str], duties: tuple[Duty, ...] = ()
) -> Answer:
    """Return the reason with what goes, or that nothing is left."""
    going = allowed.intersection(question.event.sections)
    return Answer(reason, going, duties) if going else Answer(Reason.DENY_NOTHING_LEFT)
