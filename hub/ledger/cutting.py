"""Cutting a sealed event down to what a decision permits: the last step before the delivering side sees it."""

from __future__ import annotations

from dataclasses import replace

from hub.core.model import LEAVES, JsonObject, Outcome, RecipientDecision
from hub.core.permit import Delivery, permit_of, redact
from hub.ledger.interface import Candidate
from hub.wire.envelope import SealedSection


def cut(candidate: Candidate, decision: RecipientDecision) -> Delivery[SealedSection]:
    """Return the permitted sections, still sealed; none at all when the decision lets nothing go.

    The hub's own messages consist of the sections that their decision names and carry none of the event's.
    """
    event = candidate.sealed.event
    if decision.outcome not in LEAVES:
        # A feed keeps its numbers: the item stays, with a permit that permits nothing.
        decision = replace(decision, outcome=Outcome.REDACT, sections=())
    if candidate.emission is not None:
        event = _own_message(decision)
    permit = permit_of(event, decision)
    assert permit is not None  # noqa: S101  (the outcome leaves)
    return redact(permit, {} if candidate.emission is not None else candidate.sealed.sealed)


def _own_message(decision: RecipientDecision) -> JsonObject:
    return {"sections": list(decision.sections)}
