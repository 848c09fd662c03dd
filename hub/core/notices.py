"""The hub's own short messages that follow from an event. They carry `meta` only (CODES.md ranks 7, 92 to 97)."""

from __future__ import annotations

from collections.abc import Iterable

from hub.core.history import Pair
from hub.core.model import Duty, Emission, Outcome, RecipientDecision

NOTICE_SECTIONS = ("meta",)
MATCH_SECTIONS = ("meta", "contact")
"""A match tells whom to call, nothing else (DEDUP.md section 5)."""

WITHDRAWAL_TYPES = frozenset({"consent.withdrawn", "consent.expired"})
RETRACTION_TYPES = frozenset({"signal.retracted", "referral.withdrawn"})
NOTICE_TYPES = WITHDRAWAL_TYPES | RETRACTION_TYPES
"""The types of class `notice`: they go to those who received something earlier (CONSENT.md gate E11)."""


def notice_decision(event_type: str, org: str, position: int) -> RecipientDecision:
    """Return the verdict of gate E11 for one earlier recipient."""
    withdrawal = event_type in WITHDRAWAL_TYPES
    return RecipientDecision(
        recipient=org,
        outcome=Outcome.ALLOW,
        reason="ok_withdrawal_notice" if withdrawal else "ok_retraction_notice",
        duties=(Duty("stop_further_use"),) if withdrawal else (),
        sections=NOTICE_SECTIONS,
        position=position,
    )


def emission_decision(emission: Emission, receiver: str, sections: tuple[str, ...]) -> RecipientDecision:
    """Return the verdict that lets one of the hub's own messages go to one receiver."""
    return RecipientDecision(
        recipient=receiver, outcome=Outcome.ALLOW, reason=emission.reason, sections=sections
    )


def conflict_reported(org: str, subject_ref: str | None) -> Emission:
    """Tell the sender that another message with this number was received before (DEDUP.md section 2, no 2 and 4)."""
    return Emission("conflict.reported", (org,), "deny_conflict", None, _about((org,), subject_ref))


def source_added(receivers: Iterable[str], subject_ref: str | None) -> Emission:
    """Tell those who got the head that a second source saw the same (DEDUP.md section 4.1)."""
    to = tuple(sorted(receivers))
    return Emission("signal.source_added", to, "ok_source_added", None, _about(to, subject_ref))


def linked_internally(org: str, subject_ref: str | None) -> Emission:
    """Tell an organisation's own coordinator that it signalled before (DEDUP.md section 4, no 5)."""
    return Emission(
        "signal.linked_internally", (org,), "ok_linked_internally", None, _about((org,), subject_ref)
    )


def match_lapsed(pair: Pair, retracting_org: str) -> Emission:
    """Tell the other side, without a reason, that a match no longer applies (DEDUP.md section 6)."""
    other, subject = (
        (pair.org_b, pair.subject_b) if pair.org_a == retracting_org else (pair.org_a, pair.subject_a)
    )
    return Emission("match.lapsed", (other,), "ok_match_lapsed", None, _about((other,), subject))


def _about(receivers: tuple[str, ...], subject_ref: str | None) -> tuple[tuple[str, str], ...]:
    """Pair each receiver with the subject it is told about."""
    return () if subject_ref is None else tuple((receiver, subject_ref) for receiver in receivers)
