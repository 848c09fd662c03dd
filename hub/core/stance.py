"""What one giver says about one message: CONSENT.md section 7, C6 to C10."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from hub.core.question import Question
from hub.core.records import Record, Scope


@unique
class Attitude(StrEnum):
    """A giver's stance (C8)."""

    CONSENT = "consent"
    OBJECTION = "objection"
    WITHDRAWN = "withdrawn"
    NOT_YET_VALID = "not_yet_valid"
    EVIDENCE = "evidence"
    EXPIRED = "expired"
    NONE = "none"


@dataclass(slots=True)
class Stance:
    """One giver's stance, the consents that carry it, and the sections that the giver keeps back (C9)."""

    attitude: Attitude
    effective: tuple[Record, ...] = ()
    withheld: frozenset[str] = frozenset()

    def names(self, section: str) -> bool:
        """Return whether an effective consent lists the section (C10)."""
        return any(_names(record, section) for record in self.effective)


SILENT = Stance(Attitude.NONE)


def in_scope(record: Record, question: Question) -> bool:
    """Return whether a record is about this message; a consent that is not withdrawn must be specific (C6)."""
    scope = record.scope
    if scope is None or not _covers(scope, question):
        return False
    return record.objection or scope.specific or record.withdrawn(question.situation.now)


def _covers(scope: Scope, question: Question) -> bool:
    """Return whether purpose, sender, recipient and case fit."""
    return (
        purpose_fits(scope, question)
        and recipient_fits(scope, question)
        and sender_fits(scope, question)
        and case_fits(scope, question)
    )


def purpose_fits(scope: Scope, question: Question) -> bool:
    """Return whether the record is for the event's purpose, or for any."""
    return scope.purpose in (question.event.purpose, "any")


def sender_fits(scope: Scope, question: Question) -> bool:
    """Return whether the record means the sender."""
    return scope.sender.means(question.event.sender_org, question.event.sender_kind, None)


def recipient_fits(scope: Scope, question: Question) -> bool:
    """Return whether the record means the recipient."""
    recipient = question.recipient
    return scope.recipient.means(recipient.org, recipient.kind, recipient.partnership)


def case_fits(scope: Scope, question: Question) -> bool:
    """Return whether the record is for every case, or for the event's."""
    return scope.case_ref is None or scope.case_ref == question.event.case_ref


def read_stance(records: Sequence[Record], question: Question) -> Stance:
    """Return the stance that one giver's readable records about one subject amount to."""
    if not records:
        return SILENT
    now, today = question.situation.now, question.situation.today
    mine = [record for record in records if in_scope(record, question)]
    objections, withdrawals, active = [], [], []
    for record in mine:
        if record.objection:
            if _objects(record, question):
                objections.append(record)
        elif record.withdrawn(now):
            withdrawals.append(record)
        elif record.usable and record.valid(now, today):
            active.append(record)
    whole = [record for record in objections if record.whole]
    effective = tuple([record for record in active if _prevails(record, whole, withdrawals)])
    kept_back = _kept_back(objections, effective) if objections else frozenset()
    if effective:
        return Stance(Attitude.CONSENT, effective, kept_back)
    if whole or withdrawals:
        return Stance(Attitude.OBJECTION if whole else Attitude.WITHDRAWN, (), kept_back)
    return Stance(_attitude_without_consent(records, mine, question), (), kept_back)


def _objects(record: Record, question: Question) -> bool:
    """Return whether an objection is valid and not revoked now."""
    now, today = question.situation.now, question.situation.today
    return record.objection and record.valid(now, today) and not record.withdrawn(now)


def objects_wholly(records: Iterable[Record], question: Question) -> bool:
    """Return whether a person has a valid whole objection to this message."""
    return any(
        record.whole and _objects(record, question) and in_scope(record, question) for record in records
    )


def _prevails(consent: Record, objections: Iterable[Record], withdrawals: Iterable[Record]) -> bool:
    """Return whether a consent stands against every whole objection and every withdrawal (C8)."""
    return all(_more_specific(consent, objection) for objection in objections) and all(
        _more_specific(consent, withdrawal) or _given_again(consent, withdrawal) for withdrawal in withdrawals
    )


def _more_specific(record: Record, other: Record) -> bool:
    """Return whether one record goes before the other (C7)."""
    return record.scope is not None and other.scope is not None and record.scope.more_specific(other.scope)


def _given_again(consent: Record, withdrawal: Record) -> bool:
    """Return whether a consent was recorded after the withdrawal, at levels at least equal."""
    return (
        consent.recorded_at is not None
        and withdrawal.withdrawn_at is not None
        and consent.recorded_at > withdrawal.withdrawn_at
        and consent.scope is not None
        and withdrawal.scope is not None
        and consent.scope.at_least(withdrawal.scope)
    )


def _attitude_without_consent(
    records: Sequence[Record], mine: Sequence[Record], question: Question
) -> Attitude:
    """Return the first line of the table of C8 that applies when nothing is effective, objected or withdrawn."""
    now, today = question.situation.now, question.situation.today
    consents = [record for record in mine if not record.objection]
    if any(record.start is not None and not record.begun(now, today) for record in consents):
        return Attitude.NOT_YET_VALID
    unclear = consents + [record for record in records if record.scope is None]
    if any(not record.usable and not record.ended(now, today) for record in unclear):
        return Attitude.EVIDENCE
    if any(record.ended(now, today) for record in consents):
        return Attitude.EXPIRED
    return Attitude.NONE


def _kept_back(objections: Iterable[Record], effective: Iterable[Record]) -> frozenset[str]:
    """Return the sections that section objections withhold, but for consents that name them nearer (C9)."""
    kept: set[str] = set()
    for objection in objections:
        if not objection.whole and objection.scope is not None:
            nearer = [consent for consent in effective if _more_specific(consent, objection)]
            sections = objection.scope.sections or frozenset()
            kept.update(s for s in sections if not any(_names(consent, s) for consent in nearer))
    return frozenset(kept)


def _names(record: Record, section: str) -> bool:
    """Return whether a record lists the section."""
    return record.scope is not None and record.scope.sections is not None and section in record.scope.sections
