"""What the hub tells one organisation because of an event: an acknowledgement, a question, the answer of a gate.

Short messages that carry `meta` only, beside the emissions of DEDUP.md. Duties announce themselves (`course_duties`).
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.core.codes import HUB_KIND
from hub.core.dedup_case import Case
from hub.core.judgement import Judgement
from hub.core.model import Emission, Outcome
from hub.core.reasons import Reason

QUESTION = "completion.requested"
ACKNOWLEDGEMENT = "acknowledgement.received"
_TOLD = {
    ACKNOWLEDGEMENT: Reason.OK_ACKNOWLEDGEMENT,
    "closing.approved": Reason.OK_RECORDED,
    "closing.blocked": Reason.HOLD_CLOSING_GATE,
}
"""Messages that a step of the referral emits to the one who took it, with their reason."""

_RANKS = {reason.value: reason.rank for reason in Reason}


def about(case: Case, judgement: Judgement, emits: tuple[str, ...]) -> tuple[Emission, ...]:
    """Return what the sender is told: what its step did, and what would cure a hold."""
    if case.event.sender_kind == HUB_KIND:
        return ()
    told = [to_sender(case, name, _TOLD[name].value) for name in emits if name in _TOLD]
    return (*told, *_question(case, judgement))


def to_sender(case: Case, type_name: str, reason: str, **details: str) -> Emission:
    """Return a message to the sender of the event, about its own event."""
    return to_org(case, case.event.sender_org, type_name, reason, **details)


def to_org(case: Case, org: str, type_name: str, reason: str, **details: str) -> Emission:
    """Return a message to one organisation about the subject of the event."""
    subject_ref = case.event.subject_ref
    return Emission(
        type_name,
        (org,),
        reason,
        None,
        () if subject_ref is None else ((org, subject_ref),),
        tuple(sorted(details.items())),
    )


def _question(case: Case, judgement: Judgement) -> Iterator[Emission]:
    """Ask what would cure a hold, when it begins or its cause changes; the lowest rank speaks, all are named."""
    if judgement.hold_until is None or judgement.verdict == "duplicate":
        return
    decision = judgement.decision
    verdicts = [(decision.event.outcome, decision.event.reason)]
    verdicts += [(item.outcome, item.reason) for item in decision.recipients]
    held = {reason for outcome, reason in verdicts if outcome is Outcome.HOLD}
    reasons = sorted(held, key=_RANKS.__getitem__)
    yield to_sender(case, QUESTION, reasons[0], hold_until=judgement.hold_until, reasons=" ".join(reasons))
