"""Secret addresses (S8) and what every cut of sections has in common: CONSENT.md section 9."""

from __future__ import annotations

from collections.abc import Collection

from hub.core.model import Duty
from hub.core.question import Question

DLP_ALERT = Duty("dlp_alert")
OMIT_HOUSEHOLD_REF = Duty("omit_household_ref")


def address_is_secret(question: Question) -> bool | None:
    """Return whether the subject's address is secret; None when that is not known."""
    secret = None if question.subject is None else question.subject.get("protected_address")
    return secret if isinstance(secret, bool) else None


def address_sections(question: Question) -> frozenset[str]:
    """Return the sections that would show a secret address (S8)."""
    shown = {"protected_address"}
    if question.event.identity_contains_address:
        shown.add("identity")
    if question.situation.policy.protected_address_hides_area:
        shown.add("area")
    return frozenset(shown)


def nothing_left(question: Question, allowed: Collection[str]) -> bool:
    """Return whether something is withheld and nothing but `meta`, or nothing at all, may go."""
    sections = question.event.sections
    return any(section not in allowed for section in sections) and not any(
        section in allowed for section in sections if section != "meta"
    )
