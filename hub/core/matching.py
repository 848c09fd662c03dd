"""Matches: two organisations that signalled about the same child or family are brought into contact.

DEDUP.md section 5. Nobody is told of a match unless consent holds in both directions: telling one side only
would itself reveal something (NOTES no 17; precedent Jeugdwet 7.1.4.3(2)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hub.core.codes import is_text, is_text_list
from hub.core.dedup_memory import delivered_observations
from hub.core.facts import Situation, Subject
from hub.core.history import Entry, Pair
from hub.core.model import LEAVES, Emission, Json, RecipientDecision
from hub.core.times import age_on, parse_date

SAME_SUBJECT = "same_subject"
SAME_HOUSEHOLD = "same_household"
SAME_PARENT = "same_parent"

PARENT_ROLES = frozenset({"parent_with_custody", "parent_without_custody", "parent_custody_unspecified"})
"""Roles in `custody` that make a person a parent for a match, with or without custody."""

PairKey = tuple[str, str, str, str]
Contact = Callable[[str, str, str], RecipientDecision]
"""Decides the contact message from (sender organisation) about (subject) to (recipient organisation)."""


@dataclass(frozen=True, slots=True)
class Counterpart:
    """Another organisation that signalled about the same child or family, and why they belong together."""

    org: str
    subject_ref: str
    basis: str


@dataclass(frozen=True, slots=True)
class Matches:
    """What the match evaluation gives: messages to send, messages that stay, and pairs told from now on."""

    emissions: tuple[Emission, ...] = ()
    suppressed: tuple[Emission, ...] = ()
    told: tuple[Pair, ...] = ()


def basis_between(situation: Situation, subject_a: str, subject_b: str) -> str | None:
    """Return why signals about these subjects belong together, or None. Household goes before parent."""
    first, second = situation.subject(subject_a), situation.subject(subject_b)
    if (
        first is None
        or second is None
        or not (_is_eligible(situation, first) and _is_eligible(situation, second))
    ):
        return None
    if subject_a == subject_b:
        return SAME_SUBJECT
    if first.get("protected_address") is not False or second.get("protected_address") is not False:
        return None
    if households_of(first) & households_of(second):
        return SAME_HOUSEHOLD
    return SAME_PARENT if parents_of(first) & parents_of(second) else None


def _is_eligible(situation: Situation, subject: Subject) -> bool:
    """Return whether identity is established and the age is known and below `match_max_age`."""
    birth_date = parse_date(subject.get("birth_date"))
    return (
        subject.get("identity") == "established"
        and birth_date is not None
        and birth_date <= situation.today
        and age_on(situation.today, birth_date) < situation.policy.match_max_age
    )


def households_of(subject: Subject) -> frozenset[str]:
    """Return the households that may make a match; none at an institution address, or when that is not known."""
    households = subject.get("households")
    if subject.get("institution_address") is not False or not is_text_list(households):
        return frozenset()
    return frozenset(households)


def parents_of(subject: Subject) -> frozenset[str]:
    """Return the persons who are a parent of this subject, whatever the custody."""
    custody = subject.get("custody")
    entries: list[Json] = custody if isinstance(custody, list) else []
    return frozenset(
        entry["person"]
        for entry in entries
        if isinstance(entry, dict) and is_text(entry.get("person")) and _is_parent(entry.get("role"))
    )


def _is_parent(role: Json) -> bool:
    return isinstance(role, str) and role in PARENT_ROLES


def counterparts(
    situation: Situation, org: str, subject_ref: str, entries: Iterable[Entry]
) -> list[Counterpart]:
    """Return each other organisation with its subject once, in the order of its first earlier delivered entry.

    Near duplicates are not counted: the head speaks for them.
    """
    found: dict[tuple[str, str], Counterpart] = {}
    for entry in delivered_observations(entries):
        if entry.org == org or entry.subject_ref is None or entry.near_duplicate_of is not None:
            continue
        if (entry.org, entry.subject_ref) in found:
            continue
        basis = basis_between(situation, subject_ref, entry.subject_ref)
        if basis is not None:
            found[entry.org, entry.subject_ref] = Counterpart(entry.org, entry.subject_ref, basis)
    return list(found.values())


def evaluate_matches(
    org: str, subject_ref: str, others: Sequence[Counterpart], told: Sequence[Pair], decide: Contact, now: str
) -> Matches:
    """Decide for each pair that was not told yet whether both sides hear of it, or nobody (DEDUP.md section 5)."""
    known = {pair_key(pair) for pair in told}
    emissions: list[Emission] = []
    suppressed: list[Emission] = []
    pairs: list[Pair] = []
    for other in others:
        pair = make_pair(org, subject_ref, other, now)
        if pair_key(pair) in known:
            continue
        if both_may_know(pair, decide):
            pairs.append(pair)
            emissions.append(match_emission(pair, "ok_match"))
        else:
            suppressed.append(match_emission(pair, "deny_match_onesided"))
    return Matches(tuple(emissions), tuple(suppressed), tuple(pairs))


def make_pair(org: str, subject_ref: str, other: Counterpart, now: str) -> Pair:
    """Return the pair in its one order, the smaller organisation first."""
    if org < other.org:
        return Pair(org, subject_ref, other.org, other.subject_ref, other.basis, now)
    return Pair(other.org, other.subject_ref, org, subject_ref, other.basis, now)


def pair_key(pair: Pair) -> PairKey:
    """Return what identifies a pair: who was told about whom, whatever the basis."""
    return (pair.org_a, pair.subject_a, pair.org_b, pair.subject_b)


def both_may_know(pair: Pair, decide: Contact) -> bool:
    """Return whether consent covers the contact card in both directions."""
    return _goes(decide(pair.org_a, pair.subject_a, pair.org_b)) and _goes(
        decide(pair.org_b, pair.subject_b, pair.org_a)
    )


def _goes(decision: RecipientDecision) -> bool:
    return decision.outcome in LEAVES and "contact" in decision.sections


def match_emission(pair: Pair, reason: str) -> Emission:
    """Return the message that tells both sides: contact cards, basis and date, nothing else."""
    return Emission(
        type="match.reported",
        to=(pair.org_a, pair.org_b),
        reason=reason,
        basis=pair.basis,
        subjects=((pair.org_a, pair.subject_a), (pair.org_b, pair.subject_b)),
    )
