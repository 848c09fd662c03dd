"""Anonymous consultation, gate R4: CONSENT.md section 9. Advice on a case without identifiable data, Wmo 4.1.1(3)."""

from __future__ import annotations

from hub.core.codes import ANONYMITY_LEAKS, SCAN_SAFE
from hub.core.question import Answer, Question
from hub.core.reasons import Reason

_SPEAKABLE = frozenset({"meta", "area", "contact", "codes", "narrative"})


def judge_anonymous(question: Question) -> Answer:
    """Return whether an anonymous question, or its answer, may go. An exception that is given is ignored."""
    if not _is_open_route(question):
        return Answer(Reason.DENY_ROUTE)
    if _leaks(question):
        return Answer(Reason.DENY_ANONYMITY_LEAK)
    event = question.event
    unscanned = "narrative" in event.sections and event.scans.get("narrative") not in SCAN_SAFE
    if event.anonymity_check != "clean" or unscanned:
        return Answer(Reason.HOLD_SCAN_MISSING)
    return Answer(Reason.OK_ANONYMOUS_CONSULTATION, frozenset(event.sections))


def _is_open_route(question: Question) -> bool:
    """Return whether a question goes to an adviser, or an answer to who asked."""
    if question.event.type == "consultation.requested":
        return question.recipient.kind in question.situation.policy.advice_kinds
    return question.to_original_sender


def _leaks(question: Question) -> bool:
    """Return whether something in the event could point to a person."""
    event = question.event
    return (
        event.subject_ref is not None
        or event.subject is not None
        or not _SPEAKABLE.issuperset(event.sections)
        or bool(event.section_about)
        or ("area" in event.sections and event.area_precision != "district")
        or event.anonymity_check in ANONYMITY_LEAKS
        or ("narrative" in event.sections and event.scans.get("narrative") == "identifier_found")
    )
