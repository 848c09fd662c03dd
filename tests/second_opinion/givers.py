"""R13: who must consent, and P2, the two-parent rule. CONSENT.md section 6."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.second_opinion.matrix import cell
from tests.second_opinion.stop import Stop
from tests.second_opinion.tables import ADULTS_REPRESENTATIVES, MINORS_REPRESENTATIVES, ROLES, Json
from tests.second_opinion.values import age_on, is_one_of, is_text, read_date

STRICTNESS = {"Y": 0, "C": 1, "L/C": 1, "L": 2, "N": 3}


def subject_of(question: Json) -> Json | None:
    """The facts of the subject, or None when the person is not in `subjects`."""
    subject = question["facts"].get("subjects", {}).get(question["subject_ref"])
    return subject if isinstance(subject, dict) else None


def domains_inherit(question: Json) -> list[str]:
    """S3: the sections that the domains of the event reveal."""
    entries = question["policy"]["sensitive_domains"]
    return [entries[domain] for domain in question["event"].get("domains", []) if domain in entries]


def strictest(grades: list[str]) -> str:
    """S3: Y < C = L/C < L < N."""
    grade = max(grades, key=lambda item: STRICTNESS[item])
    return "C" if grade == "L/C" else grade


def effective_codes_cell(question: Json) -> str:
    """S3: the strictest of the cell of `codes` and those of the inherited sections."""
    kind = question["recipient"]["kind"]
    return strictest([cell(kind, "codes"), *(cell(kind, name) for name in domains_inherit(question))])


def p2_full_payload(question: Json) -> bool:
    """P2: a section that may go with consent needs both parents. What consents name does not matter."""
    kind = question["recipient"]["kind"]
    present = [name for name in question["sections"] if cell(kind, name) in ("Y", "C", "L/C")]
    if "codes" in question["sections"] and effective_codes_cell(question) in ("Y", "C"):
        present += domains_inherit(question)
    return any(name in question["policy"]["two_parent_sections"] for name in present)


def known_birth_date(subject: Json | None, today: date) -> date:
    """(a): a valid date, not after today."""
    birth = read_date(subject.get("birth_date")) if subject else None
    if birth is None or birth > today:
        raise Stop("hold_age_unknown")
    return birth


def is_capable(subject: Json) -> bool:
    """(b): not judged counts as capable."""
    capacity = subject.get("capacity")
    if capacity not in (None, "capable", "incapable"):
        raise Stop("hold_capacity_unclear")
    return capacity != "incapable"


def mode_12_15(question: Json) -> str:
    """The first route that equals both kinds replaces `consent_12_15`."""
    kinds = (question["sender"]["kind"], question["recipient"]["kind"])
    for route in question["policy"]["consent_12_15_routes"]:
        if (route["sender_kind"], route["recipient_kind"]) == kinds:
            return str(route["mode"])
    return str(question["policy"]["consent_12_15"])


def checked_custody(subject: Json, *, minor: bool) -> list[Json]:
    """(c): a non-empty list of entries with a person and a known role; for minors no unspecified custody."""
    custody: Any = subject.get("custody")
    unknown = Stop("hold_custody_unknown" if minor else "hold_representative_unknown")
    if not isinstance(custody, list) or not custody:
        raise unknown
    for entry in custody:
        known = (
            isinstance(entry, dict) and is_text(entry.get("person")) and is_one_of(entry.get("role"), ROLES)
        )
        if not known or (minor and entry["role"] == "parent_custody_unspecified"):
            raise unknown
    return custody


def representatives_of_minor(subject: Json) -> list[Json]:
    entries = [
        entry for entry in checked_custody(subject, minor=True) if entry["role"] in MINORS_REPRESENTATIVES
    ]
    if not entries:
        raise Stop("hold_custody_unknown")
    return entries


def representatives_of_adult(subject: Json) -> list[Json]:
    """The members that count of the first group that has any."""
    custody = checked_custody(subject, minor=False)
    for roles in ADULTS_REPRESENTATIVES:
        needs_reason = roles[0] in ("partner", "family_representative")
        entries = [
            entry
            for entry in custody
            if entry["role"] in roles and (not needs_reason or is_text(entry.get("reason_ref")))
        ]
        if entries:
            return entries
    raise Stop("hold_representative_unknown")


def custody_is_fresh(entries: list[Json], question: Json) -> bool:
    """(d): `checked_on` is a date not after today and not too long ago."""
    dates = [read_date(entry.get("checked_on")) for entry in entries]
    today, oldest = question["today"], question["policy"]["custody_max_age_days"]
    return all(day is not None and day <= today and (today - day).days <= oldest for day in dates)


def of_minor(subject: Json, question: Json, *, child: bool) -> Json:
    """The givers of a minor who needs representatives, with the child when it must consent too."""
    entries = representatives_of_minor(subject)
    full = p2_full_payload(question)
    if full and not custody_is_fresh(entries, question):
        raise Stop("hold_custody_stale")
    return {"child": child, "representatives": persons(entries), "full": full}


def persons(entries: list[Json]) -> list[str]:
    return list(dict.fromkeys(entry["person"] for entry in entries))


def r13_required_givers(question: Json) -> Json:
    """R13: `{child, representatives, full, age, incapable, child_only}`, or a hold."""
    subject = subject_of(question)
    age = age_on(question["today"], known_birth_date(subject, question["today"]))
    if subject is None:
        raise Stop("hold_age_unknown")
    capable = age < 12 or is_capable(subject)
    base = {"age": age, "incapable": not capable, "child_only": False}
    alone = {"child": True, "representatives": [], "full": p2_full_payload(question)}
    if age >= 18 and not capable:
        entries = representatives_of_adult(subject)
        return {**base, **alone, "child": False, "representatives": persons(entries)}
    if age < 12 or not capable:
        return {**base, **of_minor(subject, question, child=False)}
    if age >= 16 or question["good_helper"]:
        return {**base, **alone}
    if mode_12_15(question) == "child_only":
        return {**base, **alone, "child_only": True}
    return {**base, **of_minor(subject, question, child=True)}
