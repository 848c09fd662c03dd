"""Sharing on a legal ground, gate R9: CONSENT.md section 10. A stated ground never falls back to consent."""

from __future__ import annotations

from typing import Any

from hub.core.codes import CRIMINAL_BASES, SCAN_SAFE, SECTION_SET, TEXT_SECTIONS, is_code, is_text
from hub.core.grounds import (
    GOOD_HELPER,
    GROUND_TABLE,
    POLICE_DATA_ACT,
    REPORT,
    VITAL_INTEREST,
    Ground,
)
from hub.core.justification import answers, deferral_is_complete, is_given
from hub.core.matrix import Access
from hub.core.model import Duty, Json
from hub.core.question import Answer, Question
from hub.core.reasons import Reason
from hub.core.shielding import (
    DLP_ALERT,
    OMIT_HOUSEHOLD_REF,
    address_is_secret,
    address_sections,
    nothing_left,
)
from hub.core.times import active_on

_TRUSTED_WITH_ADDRESS = frozenset(
    {"veilig_thuis", "certified_institution", "child_protection_board", "crisis_team"}
)
"""Who may get a secret address on a legal ground."""

_NEEDS_CONTACT_PERSON = frozenset({REPORT, VITAL_INTEREST})


def judge_exception(question: Question) -> Answer | None:
    """Return what the stated ground gives, or None for good_helper whose conditions hold: consent decides on.

    The question must have an exception.
    """
    name = question.ground
    features = {
        "risk_index": question.situation.policy.feature_risk_index,
        "wams": question.situation.policy.feature_wams,
    }
    if features.get(name or "") is False:
        return Answer(Reason.DENY_FEATURE_OFF)
    ground = GROUND_TABLE.get(name or "")
    if ground is None or not ground.is_open_to(question):
        return Answer(Reason.DENY_ROUTE)
    stop = ground.condition(question)
    if stop is not None:
        return Answer(stop)
    if not (ground.is_justified(question) and deferral_is_complete(question)):
        duties = (Duty("call_veilig_thuis_for_advice"),) if name == REPORT else ()
        return Answer(Reason.HOLD_JUSTIFICATION_MISSING, duties=duties)
    if name == GOOD_HELPER:
        return None
    if name == POLICE_DATA_ACT:
        return _on_police_decision(question, ground)
    return _cut(question, ground, ground.sections(question))


def review_of_deferral(question: Question) -> tuple[Duty, ...]:
    """Return the duty to review that informing was put off, when it was."""
    if not is_given(answers(question).get("inform_deferral")):
        return ()
    return (question.due("review_inform_deferral", "inform_review"),)


def _on_police_decision(question: Question, ground: Ground) -> Answer:
    """Return what the recorded decision of the police lets go (M2; Wpg)."""
    row = _police_decision(question)
    if row is None:
        return Answer(Reason.DENY_POLICE_BASIS_MISSING)
    kinds = row.get("recipient_kinds")
    if not isinstance(kinds, list) or question.recipient.kind not in kinds:
        return Answer(Reason.DENY_ROUTE)
    listed = row.get("sections")
    sections = [name for name in listed if is_code(name, SECTION_SET)] if isinstance(listed, list) else []
    return _cut(question, ground, frozenset(sections))


def _police_decision(question: Question) -> dict[str, Any] | None:
    """Return the first decision on record of this reference and article that is in force today."""
    rows: Json = question.situation.facts.police_decisions
    given = answers(question)
    for row in rows if isinstance(rows, list) else ():
        if (
            isinstance(row, dict)
            and row.get("decision_ref") == given["decision_ref"]
            and row.get("article") == given["article"]
            and active_on(question.situation.today, row.get("from"), row.get("to"))
        ):
            return row
    return None


def _cut(question: Question, ground: Ground, sections: frozenset[str]) -> Answer:
    """Return the sections that go on a legal ground; S4, S5 and consent do not apply, the ground breaks secrecy."""
    would_go = {section for section in question.event.sections if _opens(question, section, sections)}
    duties = list(_inform_duties(question, ground))
    if question.recipient.kind not in _TRUSTED_WITH_ADDRESS and address_is_secret(question) is not False:
        would_go -= address_sections(question)
        duties.append(OMIT_HOUSEHOLD_REF)
    unsafe = {section for section in TEXT_SECTIONS if question.event.scans.get(section) not in SCAN_SAFE}
    allowed = frozenset(would_go - unsafe)
    if nothing_left(question, allowed):
        return Answer(Reason.DENY_NOTHING_LEFT)
    if would_go & unsafe:
        duties.append(DLP_ALERT)
    return Answer(ground.reason, allowed, tuple(duties))


def _opens(question: Question, section: str, sections: frozenset[str]) -> bool:
    """Return whether the ground opens one section for this recipient."""
    needed = question.entry.needed_sections
    if not _is_founded(question, section, sections):
        return False
    if section == "codes" and not _inheritance_is_founded(question, sections):
        return False
    if section == "protected_address":
        return question.recipient.kind in _TRUSTED_WITH_ADDRESS and needed is not None and section in needed
    if section == "reporter_identity":
        to_report_point = question.ground == REPORT and question.recipient.kind == "veilig_thuis"
        return to_report_point and needed is not None and section in needed
    return section == "meta" or needed is None or section in needed


def _inheritance_is_founded(question: Question, sections: frozenset[str]) -> bool:
    """Return whether ground and matrix cover what `codes` inherits (S3); a police decision lists codes itself."""
    if question.ground == POLICE_DATA_ACT:
        return True
    return all(_is_founded(question, section, sections) for section in question.inherited)


def _is_founded(question: Question, section: str, sections: frozenset[str]) -> bool:
    """Return whether ground and matrix cover a section; criminal data need a basis of their own (UAVG 32, 33)."""
    if section not in sections or question.row[section].access is Access.NEVER:
        return False
    if section != "criminal" or question.ground == POLICE_DATA_ACT:
        return True
    return is_code(answers(question).get("criminal_basis"), CRIMINAL_BASES)


def _inform_duties(question: Question, ground: Ground) -> tuple[Duty, ...]:
    """Return what must follow a delivery without consent: inform, review a deferral, name a contact person."""
    duties = review_of_deferral(question)
    if ground.inform_rule is not None:
        duties += (question.due("inform_subject", ground.inform_rule),)
    if question.ground in _NEEDS_CONTACT_PERSON and not is_text(answers(question).get("contact_person")):
        duties += (question.due("name_contact_person", "name_contact_person"),)
    return duties
