"""The answers that a legal ground demands: CONSENT.md section 10. Codes, dates and references; never free text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.core.codes import (
    GOOD_HELPER_REASONS,
    NECESSITIES,
    POLICE_ARTICLES,
    SIGNAL_PARTNERS,
    VEILIG_THUIS_TASKS,
    WHY_NO_CONSENT,
    is_code,
    is_integer,
    is_text,
)
from hub.core.model import Json
from hub.core.question import Question
from hub.core.times import parse_date

_STEPS = frozenset({"1", "2", "3", "4", "5"})
_ANSWERS = frozenset({"yes", "no"})
_ALWAYS_ANSWERED = ("1", "2")
_ANSWERED_WITHOUT_OWN_HELP = ("3", "4", "5")


def answers(question: Question) -> Mapping[str, Any]:
    """Return the exception as the sender filled it in; empty when there is none."""
    return question.entry.exception or {}


def is_given(value: Json) -> bool:
    """Return whether something was filled in; null and "" count as nothing."""
    return value is not None and value != ""


def is_needed_stated(question: Question) -> bool:
    """Return whether the sender stated which sections are needed."""
    return question.entry.needed_sections is not None


def meldcode_is_complete(question: Question) -> bool:
    """Return whether the five steps and the assessment are there (M1; Besluit verplichte meldcode 2)."""
    given = answers(question)
    return (
        _steps_are_taken(given.get("steps"), question)
        and _assessment_is_complete(given.get("assessment"))
        and _conversation_is_stated(given.get("conversation"), question)
        and is_code(given.get("why_no_consent"), WHY_NO_CONSENT)
        and is_text(given.get("decided_by"))
    )


def _steps_are_taken(steps: Json, question: Question) -> bool:
    """Return whether each of the five steps has a day, or was skipped while danger is acute."""
    if not isinstance(steps, dict) or steps.keys() != _STEPS:
        return False
    acute = question.event.safety_level == "acute"
    return all((day == "skipped_acute" and acute) or _is_past_day(day, question) for day in steps.values())


def _assessment_is_complete(assessment: Json) -> bool:
    """Return whether the questions of the assessment are answered: 3 to 5 only when 2 is "no"."""
    if not isinstance(assessment, dict):
        return False
    asked = list(_ALWAYS_ANSWERED)
    if assessment.get("2") == "no":
        asked += _ANSWERED_WITHOUT_OWN_HELP
    return all(is_code(assessment.get(key), _ANSWERS) for key in asked)


def _conversation_is_stated(conversation: Json, question: Question) -> bool:
    """Return whether it says when the talk was held, or else why it was put off: one of the two."""
    if not isinstance(conversation, dict) or len(conversation) != 1:
        return False
    if "held_on" in conversation:
        return _is_past_day(conversation["held_on"], question)
    return is_code(conversation.get("deferred"), WHY_NO_CONSENT)


def _is_past_day(value: Json, question: Question) -> bool:
    """Return whether this is a date that is not after today."""
    day = parse_date(value)
    return day is not None and day <= question.situation.today


def vital_interest_is_justified(question: Question) -> bool:
    """Return whether danger, reason, consulted colleague and day of informing are there (AVG 6(1)(d))."""
    given = answers(question)
    inform_by = parse_date(given.get("inform_by"))
    return (
        is_given(given.get("danger"))
        and is_code(given.get("why_no_consent"), WHY_NO_CONSENT)
        and is_text(given.get("consulted"))
        and inform_by is not None
        and inform_by >= question.situation.today
    )


def arrears_are_justified(question: Question) -> bool:
    """Return whether partner, start of the arrears and efforts to remind are there (Wgs)."""
    given = answers(question)
    efforts = given.get("reminder_efforts")
    return (
        is_code(given.get("signal_partner"), SIGNAL_PARTNERS)
        and _is_past_day(given.get("arrears_since"), question)
        and is_integer(efforts)
        and efforts >= 1
    )


def supervision_is_justified(question: Question) -> bool:
    """Return whether the order or the request is named, and what is needed (Jeugdwet 7.3.11(4))."""
    given = answers(question)
    named = is_text(given.get("order_ref")) or is_text(given.get("request_ref"))
    return named and is_needed_stated(question)


def board_is_justified(question: Question) -> bool:
    """Return whether the case or the necessity is named, and what is needed (BW 1:240)."""
    given = answers(question)
    named = is_text(given.get("case_ref")) or is_code(given.get("necessity"), NECESSITIES)
    return named and is_needed_stated(question)


def police_is_justified(question: Question) -> bool:
    """Return whether the article and the recorded decision are named (Wpg)."""
    given = answers(question)
    return is_code(given.get("article"), POLICE_ARTICLES) and is_text(given.get("decision_ref"))


def safety_house_is_justified(question: Question) -> bool:
    """Return whether intake and criterion are named, and what is needed (WGS)."""
    given = answers(question)
    return is_text(given.get("intake_ref")) and is_text(given.get("criterion")) and is_needed_stated(question)


def veilig_thuis_task_is_justified(question: Question) -> bool:
    """Return whether the task is named, and what is needed (Wmo 4.1.1(2)(d),(e))."""
    return is_code(answers(question).get("task"), VEILIG_THUIS_TASKS) and is_needed_stated(question)


def good_helper_is_justified(question: Question) -> bool:
    """Return whether reason and consulted colleague are there, and what is needed (Jeugdwet 7.3.11(3))."""
    given = answers(question)
    return (
        is_code(given.get("reason"), GOOD_HELPER_REASONS)
        and is_text(given.get("colleague_consulted"))
        and is_needed_stated(question)
    )


def needs_no_answers(_question: Question) -> bool:
    """Return that nothing has to be justified."""
    return True


def deferral_is_complete(question: Question) -> bool:
    """Return whether a deferral of informing, when given, says why and who reviews it."""
    deferral = answers(question).get("inform_deferral")
    if not is_given(deferral):
        return True
    return (
        isinstance(deferral, dict)
        and is_code(deferral.get("reason"), WHY_NO_CONSENT)
        and is_text(deferral.get("reviewer"))
    )
