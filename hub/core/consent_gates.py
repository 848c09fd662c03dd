"""The gates that ask for consent: R10 to R17 of CONSENT.md section 5."""

from __future__ import annotations

from hub.core.codes import HUB_KIND, is_integer
from hub.core.combine import combine
from hub.core.exceptions import judge_exception, review_of_deferral
from hub.core.givers import required_givers
from hub.core.question import Answer, Question
from hub.core.reasons import Reason
from hub.core.recipient_gates import minimal_feedback
from hub.core.same_team import in_same_team
from hub.core.sections import cut_in_same_team, cut_with_consent


def on_ground_team_or_consent(question: Question) -> Answer:
    """Return what a stated ground (R9), the same help team (R10) or consent (R11 to R17) gives."""
    if question.entry.exception is not None:
        decided = judge_exception(question)
        return _good_helper(question) if decided is None else decided
    same_team = in_same_team(question)
    if same_team and question.entry.needed_sections is not None:
        return cut_in_same_team(question)
    answer = on_consent(question)
    if answer.leaves:
        return answer
    rescued = minimal_feedback(question)
    if rescued is not None:
        return rescued
    return Answer(Reason.HOLD_JUSTIFICATION_MISSING) if same_team else answer


def _good_helper(question: Question) -> Answer:
    """Return what the young person's own consent gives where involving the parents would harm."""
    answer = on_consent(question, good_helper=True)
    if answer.leaves:
        return Answer(
            answer.reason, answer.allowed, answer.duties + review_of_deferral(question), answer.consents
        )
    return minimal_feedback(question) or answer


def on_consent(question: Question, *, good_helper: bool = False) -> Answer:
    """Return what consent gives: gates R11 to R16 in their order."""
    if not _purpose_is_registered(question):
        return Answer(Reason.DENY_PURPOSE_UNREGISTERED)
    ref, subject = question.event.subject_ref, question.subject
    if ref is None or subject is None or subject.get("identity") != "established":
        return Answer(Reason.HOLD_IDENTITY_AMBIGUOUS)
    givers = required_givers(question, ref, subject, question.event.sections, good_helper=good_helper)
    if isinstance(givers, Reason):
        return Answer(givers)
    if not _consent_state_is_current(question):
        return Answer(Reason.HOLD_CONSENT_STATE_STALE)
    consent = combine(question, givers, good_helper=good_helper)
    return Answer(consent) if isinstance(consent, Reason) else cut_with_consent(question, consent)


def _purpose_is_registered(question: Question) -> bool:
    """R11: both partners registered their own ground for this purpose (AVG 5(1)(b), 6); the hub is exempt."""
    if not question.situation.policy.require_registered_purpose:
        return True
    purpose = question.event.purpose
    if purpose not in question.recipient.purposes:
        return False
    if question.event.sender_kind == HUB_KIND:
        return True
    sender = question.situation.partner(question.event.sender_org)
    return sender is not None and purpose in sender.purposes


def _consent_state_is_current(question: Question) -> bool:
    """R14: the hub's consent register is not behind what the sender saw."""
    version = question.situation.facts.consent_version
    return is_integer(version) and version >= question.event.consent_version
