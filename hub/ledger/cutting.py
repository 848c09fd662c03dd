"""Cutting a sealed event down to what a decision permits: the last step before the delivering side sees it."""

from __future__ import annotations

from hub.core.model import Decision, EventDecision, Outcome, RecipientDecision
from hub.core.permit import Delivery, permits, redact
from hub.ledger.interface import Candidate
from hub.wire.envelope import SealedSection


def cut(candidate: Candidate, decision: RecipientDecision) -> Delivery[SealedSection]:
    """Return the permitted sections, still sealed. The hub's own messages carry no section of the event."""
    whole = Decision(EventDecision(Outcome.ALLOW, decision.reason), (decision,))
    (permit,) = permits(candidate.sealed.event, whole)
    return redact(permit, {} if candidate.emission is not None else candidate.sealed.sealed)
