"""Who must consent: gate R13 and the two-parent rule P2, CONSENT.md section 6. Jeugdwet 7.3.11, 7.3.15; BW 1:245."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeGuard

from hub.core.codes import (
    ADULT_REPRESENTATIVE_GROUPS,
    MINOR_REPRESENTATIVE_ROLES,
    RECORDED_REASON_ROLES,
    ROLES,
    UNSPECIFIED_PARENT,
    is_code,
    is_text,
)
from hub.core.facts import Situation, Subject
from hub.core.matrix import Access, effective_codes_access
from hub.core.model import Json
from hub.core.question import Question
from hub.core.reasons import Reason
from hub.core.times import age_on, parse_date

DECIDES_WITH_PARENTS_FROM = 12
DECIDES_ALONE_FROM = 16
ADULT_FROM = 18


@dataclass(slots=True)
class Person:
    """Whose consent is asked: age in years; `capable` is None while below 12, where it is not judged."""

    ref: str
    birth_date: date
    age: int
    capable: bool | None


@dataclass(slots=True)
class Givers:
    """The required givers (R): the person when `child` is set, and the representatives (P), in order of custody.

    `full` says that the payload asks for all of P, not for one. `child_only` is the configured route of 12 to
    15.
    """

    person: Person
    child: str | None
    representatives: tuple[str, ...]
    full: bool
    child_only: bool = False

    @property
    def members(self) -> tuple[str, ...]:
        """Return R, the child first."""
        return self.representatives if self.child is None else (self.child, *self.representatives)


def read_age(subject: Subject, situation: Situation) -> int | None:
    """Return the age in years today, or None when the birth date is not an existing date up to today (R13 a)."""
    born = parse_date(subject.get("birth_date"))
    return None if born is None or born > situation.today else age_on(situation.today, born)


def read_person(ref: str, subject: Subject, situation: Situation) -> Person | Reason:
    """Return age and capacity of a person, or why they cannot be established (R13 a and b)."""
    age = read_age(subject, situation)
    if age is None:
        return Reason.HOLD_AGE_UNKNOWN
    born = date.fromisoformat(subject["birth_date"])
    if age < DECIDES_WITH_PARENTS_FROM:
        return Person(ref, born, age, None)
    capacity = subject.get("capacity")
    if capacity is None or capacity == "capable":
        return Person(ref, born, age, capable=True)
    if capacity == "incapable":
        return Person(ref, born, age, capable=False)
    return Reason.HOLD_CAPACITY_UNCLEAR


def required_givers(
    question: Question, ref: str, subject: Subject, sections: Collection[str], *, good_helper: bool
) -> Givers | Reason:
    """Return who must consent to these sections about this person, or why that cannot be established (R13)."""
    person = read_person(ref, subject, question.situation)
    if isinstance(person, Reason):
        return person
    full = is_full_payload(question, sections)
    if person.capable and (person.age >= DECIDES_ALONE_FROM or good_helper):
        return Givers(person, ref, (), full)
    if person.capable and _mode(question) == "child_only":
        return Givers(person, ref, (), full, child_only=True)
    representatives = _representatives(subject.get("custody"), person)
    if isinstance(representatives, Reason):
        return representatives
    if (
        full
        and person.age < ADULT_FROM
        and not _custody_is_fresh(subject["custody"], representatives, question)
    ):
        return Reason.HOLD_CUSTODY_STALE
    return Givers(person, ref if person.capable else None, representatives, full)


def is_full_payload(question: Question, sections: Collection[str]) -> bool:
    """Return whether all representatives must consent, not one (P2; policy on BW 1:253i).

    It depends on the sections present and the kind of recipient, never on what the consents name.
    """
    two_parents = question.situation.policy.two_parent_sections
    row = question.row
    if any(section in two_parents and row[section].on_consent for section in sections):
        return True
    if "codes" not in sections or not question.inherited:
        return False
    if effective_codes_access(row, question.inherited) > Access.NAMED:
        return False
    return not two_parents.isdisjoint(question.inherited)


def _mode(question: Question) -> str:
    """Return who consents from 12 to 15 on this route: `both` or `child_only`."""
    policy = question.situation.policy
    kinds = question.event.sender_kind, question.recipient.kind
    for sender_kind, recipient_kind, mode in policy.consent_12_15_routes:
        if (sender_kind, recipient_kind) == kinds:
            return mode
    return policy.consent_12_15


def _representatives(custody: Json, person: Person) -> tuple[str, ...] | Reason:
    """Return the representatives in order of custody, or why they are not known (R13 c)."""
    adult = person.age >= ADULT_FROM
    unknown = Reason.HOLD_REPRESENTATIVE_UNKNOWN if adult else Reason.HOLD_CUSTODY_UNKNOWN
    if not isinstance(custody, list) or not all(map(is_custody_entry, custody)):
        return unknown
    if adult:
        found = adult_representatives(custody)
    elif any(entry["role"] == UNSPECIFIED_PARENT for entry in custody):
        return unknown
    else:
        found = [entry["person"] for entry in custody if entry["role"] in MINOR_REPRESENTATIVE_ROLES]
    return tuple(dict.fromkeys(found)) or unknown


def is_custody_entry(entry: Json) -> TypeGuard[dict[str, Any]]:
    """Return whether an entry has a person and a known role."""
    return isinstance(entry, dict) and is_text(entry.get("person")) and is_code(entry.get("role"), ROLES)


def adult_representatives(custody: list[dict[str, Any]]) -> list[str]:
    """Return the members of the first group of Jeugdwet 7.3.15(3) that has any."""
    for group in ADULT_REPRESENTATIVE_GROUPS:
        found = [
            entry["person"]
            for entry in custody
            if entry["role"] in group
            and (entry["role"] not in RECORDED_REASON_ROLES or is_text(entry.get("reason_ref")))
        ]
        if found:
            return found
    return []


def _custody_is_fresh(
    custody: list[dict[str, Any]], representatives: tuple[str, ...], question: Question
) -> bool:
    """Return whether custody of every representative was checked recently enough (R13 d)."""
    situation = question.situation
    for entry in custody:
        if entry["person"] in representatives and entry["role"] in MINOR_REPRESENTATIVE_ROLES:
            checked = parse_date(entry.get("checked_on"))
            if checked is None or checked > situation.today:
                return False
            if (situation.today - checked).days > situation.policy.custody_max_age_days:
                return False
    return True
