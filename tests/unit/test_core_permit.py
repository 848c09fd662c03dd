"""Permits and redaction: what leaves is what was permitted, and nothing is sent without having asked."""

from __future__ import annotations

import pytest

from hub.core.model import Decision, EventDecision, JsonObject, Outcome, RecipientDecision
from hub.core.permit import Delivery, Permit, permit_of, permits, redact

EVENT: JsonObject = {"sections": ["meta", "contact", "health"]}
ALLOWED = RecipientDecision(
    "team_escamp", Outcome.REDACT, "ok_consent", ("health",), sections=("meta", "contact")
)
HELD = RecipientDecision("gp_a", Outcome.HOLD, "hold_no_owner", ("meta", "contact", "health"), position=1)


def test_only_what_leaves_gets_a_permit() -> None:
    """A hold or deny gives no permit; an allowed recipient gets one for its sections."""
    decision = Decision(EventDecision(Outcome.ALLOW, "ok_accepted"), (ALLOWED, HELD))
    (permit,) = permits(EVENT, decision)
    assert (permit.recipient, permit.sections, permit.position) == ("team_escamp", ("meta", "contact"), 0)


def test_redaction_cuts_to_the_permitted_sections() -> None:
    """A delivery holds the permitted sections that have content, and no other."""
    permit = permit_of(EVENT, ALLOWED)
    assert permit is not None
    delivery = redact(permit, {"contact": b"card", "health": b"secret", "subject_number": b"number"})
    assert dict(delivery.sealed) == {"contact": b"card"}
    assert delivery.sections == ("meta", "contact")


def test_a_permit_never_names_a_section_that_is_not_there() -> None:
    """A decision about another event cannot open sections that this event does not have."""
    permit = permit_of({"sections": ["meta"]}, ALLOWED)
    assert permit is not None
    assert permit.sections == ("meta",)
    malformed = permit_of({"sections": "meta contact"}, ALLOWED)
    assert malformed is not None
    assert malformed.sections == ()


def test_nobody_else_makes_permits_or_deliveries() -> None:
    """Building a permit or a delivery by hand raises PermissionError."""
    with pytest.raises(PermissionError):
        Permit("gp_a", ("meta",), "ok_consent", 0, object())
    with pytest.raises(PermissionError):
        Delivery("gp_a", ("meta",), {"meta": b""}, "ok_consent", 0, None)
