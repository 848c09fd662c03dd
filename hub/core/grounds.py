"""The grounds to share without consent, one row each: CONSENT.md section 10. From whom, to whom, when, what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.core import justification
from hub.core.codes import (
    CAPACITIES,
    HUB_KIND,
    MEASURES,
    PARTNER_KINDS,
    PRO_KINDS,
    SECTION_SET,
    SUPPLIER_KINDS,
    is_code,
)
from hub.core.givers import DECIDES_ALONE_FROM, DECIDES_WITH_PARENTS_FROM, read_age
from hub.core.justification import answers, is_given
from hub.core.question import Question
from hub.core.reasons import Reason
from hub.core.times import active_on

GOOD_HELPER = "good_helper"
POLICE_DATA_ACT = "police_data_act"
REPORT = "wmo_5_2_6"
VITAL_INTEREST = "vital_interest"

ANY_KIND = PARTNER_KINDS


def _no_condition(_question: Question) -> Reason | None:
    """Return that the ground has no condition of its own."""
    return None


def _everything(_question: Question) -> frozenset[str]:
    """Return all sections."""
    return SECTION_SET


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One row of the table of grounds. `condition` returns why the ground is not open; None when it is.

    `inform_rule` is the response time for telling the subject afterwards, None where nobody need be told.
    `senders` None is: the kinds of the setting `wgs_sender_kinds`.
    """

    reason: Reason
    senders: frozenset[str] | None
    recipients: frozenset[str]
    condition: Callable[[Question], Reason | None] = _no_condition
    is_justified: Callable[[Question], bool]
    sections: Callable[[Question], frozenset[str]] = _everything
    inform_rule: str | None = None

    def is_open_to(self, question: Question) -> bool:
        """Return whether sender and recipient are of the listed kinds."""
        senders = question.situation.policy.wgs_sender_kinds if self.senders is None else self.senders
        return question.event.sender_kind in senders and question.recipient.kind in self.recipients


def _danger_is_listed(question: Question) -> Reason | None:
    """Stop at a danger that is not among the dangers to life."""
    danger = answers(question).get("danger")
    listed = is_code(danger, question.situation.policy.vital_danger_codes)
    return Reason.DENY_ROUTE if is_given(danger) and not listed else None


def _measure_is_in_force(question: Question) -> Reason | None:
    """Stop unless the recipient carries out a measure for the subject today."""
    measures = None if question.subject is None else question.subject.get("measures")
    if isinstance(measures, list):
        for row in measures:
            if (
                isinstance(row, dict)
                and is_code(row.get("kind"), MEASURES)
                and row.get("org") == question.recipient.org
                and active_on(question.situation.today, row.get("from"), row.get("to"))
            ):
                return None
    return Reason.DENY_ROUTE


def _answers_the_reporter(question: Question) -> Reason | None:
    """Stop unless this answers an event of the recipient."""
    return None if question.to_original_sender else Reason.DENY_ROUTE


def _is_capable_youth(question: Question) -> Reason | None:
    """Stop unless the subject is 12 to 15 and capable, or presumed so (Jeugdwet 7.3.11(3))."""
    subject = question.subject
    age = None if subject is None else read_age(subject, question.situation)
    if subject is None or age is None:
        return Reason.HOLD_AGE_UNKNOWN
    if not DECIDES_WITH_PARENTS_FROM <= age < DECIDES_ALONE_FROM:
        return Reason.DENY_ROUTE
    capacity = subject.get("capacity")
    if capacity is None or capacity == "capable":
        return None
    return Reason.DENY_ROUTE if is_code(capacity, CAPACITIES) else Reason.HOLD_CAPACITY_UNCLEAR


def _report_sections(question: Question) -> frozenset[str]:
    """Return all sections; the finances stay out of a supplier's report."""
    return SECTION_SET - {"finance"} if question.event.sender_kind in SUPPLIER_KINDS else SECTION_SET


def _vital_sections(question: Question) -> frozenset[str]:
    """Return what saves a life; the police gets no story, health data or secret address."""
    to_police = question.recipient.kind == "police"
    return _VITAL_TO_POLICE if to_police else _VITAL_TO_POLICE | {"narrative", "health", "protected_address"}


_VITAL_TO_POLICE = frozenset({"meta", "identity", "area", "contact", "codes"})
_DEBT_SECTIONS = frozenset({"meta", "identity", "contact", "finance"})
_REPORTER_SECTIONS = frozenset({"meta", "contact", "codes"})
_TASK_RECIPIENTS = frozenset(
    {
        "local_team",
        "youth_care",
        "gp",
        "youth_health",
        "certified_institution",
        "child_protection_board",
        "police",
        "crisis_team",
        "adult_mental_health",
        "addiction_care",
    }
)
_GOOD_HELPER_SENDERS = frozenset(
    {
        "gp",
        "youth_health",
        "local_team",
        "youth_care",
        "veilig_thuis",
        "certified_institution",
        "crisis_team",
        "city_expert_team",
    }
)
_GOOD_HELPER_RECIPIENTS = frozenset(
    {"local_team", "youth_care", "gp", "youth_health", "city_expert_team", "crisis_team", "veilig_thuis"}
)

GROUND_TABLE: Mapping[str, Ground] = {
    REPORT: Ground(
        reason=Reason.OK_LEGAL_VEILIG_THUIS,
        senders=PARTNER_KINDS - {"veilig_thuis", HUB_KIND},
        recipients=frozenset({"veilig_thuis"}),
        is_justified=justification.meldcode_is_complete,
        sections=_report_sections,
        inform_rule="inform_subject_other",
    ),
    VITAL_INTEREST: Ground(
        reason=Reason.OK_VITAL_INTEREST,
        senders=PARTNER_KINDS - {HUB_KIND},
        recipients=frozenset({"crisis_team", "veilig_thuis", "police"}),
        condition=_danger_is_listed,
        is_justified=justification.vital_interest_is_justified,
        sections=_vital_sections,
        inform_rule="inform_subject_vital",
    ),
    "wgs_debt_signal": Ground(
        reason=Reason.OK_LEGAL_DEBT_SIGNAL,
        senders=SUPPLIER_KINDS,
        recipients=frozenset({"debt_help"}),
        is_justified=justification.arrears_are_justified,
        sections=lambda _question: _DEBT_SECTIONS,
        inform_rule="inform_subject_other",
    ),
    "jw_7_3_11_4": Ground(
        reason=Reason.OK_LEGAL_SUPERVISION_ORDER,
        senders=PRO_KINDS - {"certified_institution"},
        recipients=frozenset({"certified_institution"}),
        condition=_measure_is_in_force,
        is_justified=justification.supervision_is_justified,
        inform_rule="inform_subject_other",
    ),
    "bw_1_240": Ground(
        reason=Reason.OK_LEGAL_CHILD_PROTECTION_BOARD,
        senders=PRO_KINDS - {"child_protection_board"},
        recipients=frozenset({"child_protection_board"}),
        is_justified=justification.board_is_justified,
        inform_rule="inform_subject_other",
    ),
    "reporter_feedback": Ground(
        reason=Reason.OK_FEEDBACK_REPORTER,
        senders=frozenset({"veilig_thuis"}),
        recipients=ANY_KIND,
        condition=_answers_the_reporter,
        is_justified=justification.needs_no_answers,
        sections=lambda _question: _REPORTER_SECTIONS,
    ),
    POLICE_DATA_ACT: Ground(
        reason=Reason.OK_POLICE_DATA_ACT,
        senders=frozenset({"police"}),
        recipients=ANY_KIND,
        is_justified=justification.police_is_justified,
    ),
    "wgs_zvh": Ground(
        reason=Reason.OK_CARE_SAFETY_HOUSE,
        senders=None,
        recipients=frozenset({"care_and_safety_house"}),
        is_justified=justification.safety_house_is_justified,
        inform_rule="inform_subject_other",
    ),
    "veilig_thuis_task": Ground(
        reason=Reason.OK_VEILIG_THUIS_TASK,
        senders=frozenset({"veilig_thuis"}),
        recipients=_TASK_RECIPIENTS,
        is_justified=justification.veilig_thuis_task_is_justified,
        inform_rule="inform_subject_other",
    ),
    GOOD_HELPER: Ground(
        reason=Reason.OK_GOOD_HELPER,
        senders=_GOOD_HELPER_SENDERS,
        recipients=_GOOD_HELPER_RECIPIENTS,
        condition=_is_capable_youth,
        is_justified=justification.good_helper_is_justified,
    ),
}
"""The grounds with a route. `risk_index` and `wams` have none yet."""
