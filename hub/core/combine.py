"""From the stances of the required givers to one ruling: CONSENT.md section 8, K0 to K6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.core.codes import MINOR_REPRESENTATIVE_ROLES
from hub.core.givers import DECIDES_ALONE_FROM, Givers
from hub.core.model import Duty
from hub.core.question import Question
from hub.core.reasons import Reason
from hub.core.records import Record, Scope
from hub.core.stance import (
    SILENT,
    Attitude,
    Stance,
    case_fits,
    in_scope,
    objects_wholly,
    purpose_fits,
    read_stance,
    recipient_fits,
    sender_fits,
)
from hub.core.times import amsterdam_date, birthday

_WAITING = {
    Attitude.EXPIRED: Reason.DENY_EXPIRED,
    Attitude.EVIDENCE: Reason.HOLD_CONSENT_EVIDENCE,
    Attitude.NOT_YET_VALID: Reason.HOLD_NOT_YET_VALID,
}
"""In the order of step K4."""


@dataclass(slots=True)
class Consent:
    """Consent holds: who gave it, and with which stances."""

    givers: Givers
    stances: Mapping[str, Stance]
    reason: Reason
    duties: tuple[Duty, ...] = ()

    @property
    def consent_ids(self) -> tuple[str, ...]:
        """Return, sorted, the ids of the effective consents of the required givers who consented."""
        found = {record.consent_id for stance in self.stances.values() for record in stance.effective}
        return tuple(sorted(found))

    def names(self, section: str) -> bool:
        """Return whether the section is named by everybody who must name it (S1, C10)."""
        givers = self.givers
        if givers.full:
            return all(stance.names(section) for stance in self.stances.values())
        by_child = givers.child is None or self.stances[givers.child].names(section)
        parents = givers.representatives
        by_parent = not parents or any(self.stances[person].names(section) for person in parents)
        return by_child and by_parent

    @property
    def kept_back(self) -> frozenset[str]:
        """Return the sections that a required giver withholds (S2, C9)."""
        return frozenset[str]().union(*[stance.withheld for stance in self.stances.values()])


def combine(question: Question, givers: Givers, *, good_helper: bool) -> Consent | Reason:
    """Return the consent of the required givers for this message about one person, or what is missing (R15)."""
    book = question.situation.records()
    ref = givers.person.ref
    if not book.readable_for(ref):
        return Reason.HOLD_CONSENT_UNREADABLE
    records = book.by_subject.get(ref, ())
    stances = {
        person: read_stance([record for record in records if record.person == person], question)
        if records
        else SILENT
        for person in givers.members
    }
    stop = _refusal(givers, stances)
    if stop is not None:
        return stop
    if not _enough(givers, stances):
        if any(stance.attitude is not Attitude.NONE for stance in stances.values()):
            return _missing(givers, stances)
        return _nothing_given(question, givers, records)
    return _agreed(question, givers, stances, records, good_helper=good_helper)


def _refusal(givers: Givers, stances: Mapping[str, Stance]) -> Reason | None:
    """Return the reason of an objection (K1) or a withdrawal (K2), which stop whatever others say."""
    attitudes = [stance.attitude for stance in stances.values()]
    if Attitude.OBJECTION in attitudes:
        child_refuses = givers.child is not None and stances[givers.child].attitude is Attitude.OBJECTION
        if child_refuses and givers.person.age < DECIDES_ALONE_FROM:
            return Reason.DENY_CHILD_REFUSED
        if Attitude.CONSENT in attitudes:
            return Reason.HOLD_OBJECTION_CONFLICT
        return Reason.DENY_OBJECTION
    return Reason.DENY_WITHDRAWN if Attitude.WITHDRAWN in attitudes else None


def _consents(stance: Stance) -> bool:
    """Return whether the stance is consent."""
    return stance.attitude is Attitude.CONSENT


def _enough(givers: Givers, stances: Mapping[str, Stance]) -> bool:
    """Return whether everybody consents who must (K3)."""
    if givers.child is not None and not _consents(stances[givers.child]):
        return False
    if not givers.representatives:
        return True
    agreed = [_consents(stances[person]) for person in givers.representatives]
    return all(agreed) if givers.full else any(agreed)


def _missing(givers: Givers, stances: Mapping[str, Stance]) -> Reason:
    """Return what is missing when somebody said something (K4)."""
    parents = [stances[person] for person in givers.representatives]
    one_suffices = not givers.full and any(map(_consents, parents))
    asked = [] if one_suffices else parents
    if givers.child is not None:
        asked = [stances[givers.child], *asked]
    attitudes = {stance.attitude for stance in asked}
    for attitude, reason in _WAITING.items():
        if attitude in attitudes:
            return reason
    if givers.child is not None and stances[givers.child].attitude is Attitude.NONE:
        return Reason.HOLD_CHILD_CONSENT_MISSING
    if not any(map(_consents, parents)):
        return Reason.HOLD_PARENT_CONSENT_MISSING
    return Reason.HOLD_SECOND_PARENT


def _nothing_given(question: Question, givers: Givers, records: tuple[Record, ...]) -> Reason:
    """Return the nearest explanation when no required giver said anything (K5)."""
    consents = [record for record in records if not record.objection]
    if not consents:
        return Reason.DENY_NO_CONSENT
    if any(record.person is None and _holds_now(record, question) for record in consents):
        return Reason.HOLD_CONSENT_EVIDENCE
    others = [
        record
        for record in consents
        if record.usable and record.person not in givers.members and _holds_now(record, question)
    ]
    if not givers.representatives:
        lapsed = _by_parents_before(givers, others)
        if lapsed is not None:
            return lapsed
    if others:
        return Reason.DENY_NOT_ENTITLED
    misses = (_near_miss(record, question) for record in consents if record.person in givers.members)
    return min(misses, key=_rank, default=Reason.DENY_NO_CONSENT)


def _rank(reason: Reason) -> int:
    """Return the place of a reason in the order of precedence."""
    return reason.rank


def _holds_now(record: Record, question: Question) -> bool:
    """Return whether a consent is in scope, valid and not withdrawn now."""
    now, today = question.situation.now, question.situation.today
    return record.valid(now, today) and not record.withdrawn(now) and in_scope(record, question)


def _by_parents_before(givers: Givers, others: list[Record]) -> Reason | None:
    """Return the reason when parents consented where the young person decides (K5b)."""
    by_parents = [record for record in others if record.role in MINOR_REPRESENTATIVE_ROLES]
    if not by_parents:
        return None
    if givers.person.age < DECIDES_ALONE_FROM:
        return Reason.HOLD_CHILD_CONSENT_MISSING
    decides_from = birthday(givers.person.birth_date, DECIDES_ALONE_FROM)
    for record in by_parents:
        if record.recorded_at is not None and amsterdam_date(record.recorded_at) < decides_from:
            return Reason.HOLD_AGE_LAPSED
    return None


def _near_miss(record: Record, question: Question) -> Reason:
    """Return how a required giver's consent misses this message by one step, or that it does not (K5d, K5e)."""
    now, today = question.situation.now, question.situation.today
    scope = record.scope
    if scope is None or record.withdrawn(now) or record.end is None or record.ended(now, today):
        return Reason.DENY_NO_CONSENT
    if not scope.specific:
        return Reason.DENY_NOT_SPECIFIC
    if not case_fits(scope, question):
        return Reason.DENY_NO_CONSENT
    match recipient_fits(scope, question), purpose_fits(scope, question), sender_fits(scope, question):
        case False, True, True:
            return _recipient_miss(scope, question)
        case True, False, True:
            return Reason.DENY_PURPOSE
        case True, True, False:
            return Reason.DENY_SENDER_SCOPE
    return Reason.DENY_NO_CONSENT


def _recipient_miss(scope: Scope, question: Question) -> Reason:
    """Return whether the consent names another local team than this one, or something else altogether."""
    if question.recipient.kind != "local_team":
        return Reason.DENY_RECIPIENT_SCOPE
    named = scope.recipient
    partner = question.situation.standing.partners.get(named.org) if named.org is not None else None
    names_a_team = named.partnership is not None or (partner is not None and partner.kind == "local_team")
    return Reason.HOLD_RECIPIENT_SCOPE if names_a_team else Reason.DENY_RECIPIENT_SCOPE


def _agreed(
    question: Question,
    givers: Givers,
    stances: Mapping[str, Stance],
    records: tuple[Record, ...],
    *,
    good_helper: bool,
) -> Consent:
    """Return the consent with its reason and duties (K6)."""
    duties: list[Duty] = []
    person = givers.person
    if good_helper:
        reason = Reason.OK_GOOD_HELPER
    elif givers.child_only:
        reason = Reason.OK_CHILD_ONLY_LAW
    elif not all(_consents(stances[parent]) for parent in givers.representatives):
        reason = Reason.OK_CONSENT_ONE_PARENT
        duties.append(question.due("inform_other_parent", "inform_other_parent"))
    elif person.capable is False:
        reason = Reason.OK_CONSENT_REPRESENTATIVE
    else:
        reason = Reason.OK_CONSENT
    if givers.child is None:
        own = [record for record in records if record.person == person.ref]
        if objects_wholly(own, question):
            duties.append(Duty("discuss_child_objection"))
    return Consent(givers, stances, reason, tuple(duties))
