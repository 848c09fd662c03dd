"""The question that comes with what can still be cured: what is missing, who can settle it, what to send.

One per reason of CODES.md section 4 that waits (hold) or that facts or time can cure (transient deny). It speaks to
the sender, in plain Dutch and English; it tells nothing that the reason itself does not tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub.core.questions_dutch import DUTCH_QUESTIONS
from hub.core.questions_english import ENGLISH_QUESTIONS
from hub.core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a sender.

    `nl` and `en` are what people read. `cure` names the event types whose facts can settle it, the likeliest
    first; empty where no event can. `resend` says that the message itself must be sent anew, after that or instead
    of it: a refused message is judged again only when it is sent again (DEDUP.md section 3), and a message whose
    own content falls short needs a next revision.
    """

    nl: str
    en: str
    cure: tuple[str, ...] = ()
    resend: bool = False


UNASKED: Final = frozenset({Reason.DENY_MATCH_ONESIDED})
"""A match to which not everybody agreed is shown to nobody: a question about it would show it (DEDUP.md section 5)."""

_CONSENT = ("consent.given",)
_OBJECTION = ("objection.revoked", "consent.given")
_DIRECTORY = ("partner.changed",)
_OWNERSHIP = ("area.assigned", "partner.changed")

_WAITS: Mapping[Reason, tuple[str, ...]] = {
    Reason.HOLD_EVALUATION_ERROR: (),
    Reason.HOLD_POLICY_INVALID: (),
    Reason.HOLD_IDENTITY_AMBIGUOUS: ("subject.registered",),
    Reason.HOLD_AREA_UNKNOWN: ("address.changed",),
    Reason.HOLD_NO_OWNER: _OWNERSHIP,
    Reason.HOLD_AMBIGUOUS_OWNER: _OWNERSHIP,
    Reason.HOLD_AGE_UNKNOWN: ("subject.registered",),
    Reason.HOLD_CAPACITY_UNCLEAR: ("capacity.judged",),
    Reason.HOLD_CUSTODY_UNKNOWN: ("custody.changed",),
    Reason.HOLD_REPRESENTATIVE_UNKNOWN: ("custody.changed",),
    Reason.HOLD_CUSTODY_STALE: ("custody.changed",),
    Reason.HOLD_CONSENT_STATE_STALE: ("consent.given", "consent.withdrawn", "objection.recorded"),
    Reason.HOLD_CONSENT_UNREADABLE: ("consent.given", "objection.recorded"),
    Reason.HOLD_OBJECTION_CONFLICT: _OBJECTION,
    Reason.HOLD_CONSENT_EVIDENCE: _CONSENT,
    Reason.HOLD_NOT_YET_VALID: _CONSENT,
    Reason.HOLD_CHILD_CONSENT_MISSING: _CONSENT,
    Reason.HOLD_PARENT_CONSENT_MISSING: _CONSENT,
    Reason.HOLD_SECOND_PARENT: _CONSENT,
    Reason.HOLD_AGE_LAPSED: _CONSENT,
    Reason.HOLD_RECIPIENT_SCOPE: _CONSENT,
    Reason.HOLD_PROTECTION_UNKNOWN: ("address_protection.changed",),
    Reason.HOLD_INSPECTION_REVIEW: (),
}
"""Holds that end by themselves when such an event brings the missing fact."""

_SENT_ANEW: Mapping[Reason, tuple[str, ...]] = {
    Reason.HOLD_CLOSING_GATE: ("closing.requested",),
    Reason.DENY_RECIPIENT_UNKNOWN: _DIRECTORY,
    Reason.HOLD_AREA_MISMATCH: ("address.changed",),
    Reason.HOLD_ORIGIN_UNKNOWN: (),
    Reason.HOLD_JUSTIFICATION_MISSING: (),
    Reason.DENY_PURPOSE_UNREGISTERED: _DIRECTORY,
    Reason.DENY_CHILD_REFUSED: _OBJECTION,
    Reason.DENY_OBJECTION: _OBJECTION,
    Reason.DENY_WITHDRAWN: _CONSENT,
    Reason.DENY_EXPIRED: _CONSENT,
    Reason.DENY_NOT_ENTITLED: ("consent.given", "custody.changed"),
    Reason.DENY_RECIPIENT_SCOPE: _CONSENT,
    Reason.DENY_PURPOSE: _CONSENT,
    Reason.DENY_SENDER_SCOPE: _CONSENT,
    Reason.DENY_NOT_SPECIFIC: _CONSENT,
    Reason.DENY_NO_CONSENT: _CONSENT,
    Reason.HOLD_SCAN_MISSING: (),
    Reason.DENY_NOTHING_LEFT: _CONSENT,
    Reason.DENY_INSPECTION_CHILD_INTEREST: (),
}
"""What must be sent again: refused, or the message itself falls short. The events named come first, when they help."""

_CURES: Mapping[Reason, tuple[str, ...]] = {**_WAITS, **_SENT_ANEW}

_QUESTIONS: Mapping[str, Question] = {
    reason.value: Question(
        nl=DUTCH_QUESTIONS[reason],
        en=ENGLISH_QUESTIONS[reason],
        cure=cure,
        resend=reason in _SENT_ANEW,
    )
    for reason, cure in _CURES.items()
}


def question(reason: str) -> Question | None:
    """Return what to ask the sender about a hold or a curable refusal; None where nothing can or may be asked."""
    return _QUESTIONS.get(reason)
