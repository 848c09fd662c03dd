"""Deciding as a whole: total, deterministic, and the contact card of a match."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.core.decision import decide, decide_admitted, decide_contact
from hub.core.event_gates import Admitted, admit, event_gates
from hub.core.facts import Facts, facts_from_document, read_situation
from hub.core.model import EventDecision, Json
from hub.core.reasons import Reason
from hub.core.routing import owner
from hub.core.schema import read_event
from hub.operate.vector_kinds import standing_for
from tests.unit.core_world import DEFAULTS, NOW, a_child, a_consent, an_event, some_facts


class Hostile(list[Any]):
    """A value that breaks in the hands of who looks at it."""

    def __iter__(self) -> Any:
        """Refuse."""
        raise RuntimeError("a bug, somewhere")

    def __repr__(self) -> str:
        """Refuse."""
        raise RuntimeError("a bug, somewhere")


def test_an_allowed_event() -> None:
    """With consent the signal goes to the team, and the sections that go are named."""
    decision = decide(an_event(), some_facts())
    (recipient,) = decision.recipients
    assert (recipient.reason, recipient.sections) == ("ok_consent", ("meta", "area", "contact", "codes"))
    assert recipient.consents == ("consent_1",)


def test_an_unforeseen_error_in_the_event_holds_it() -> None:
    """A bug while looking at the event is hold_evaluation_error, not an exception."""
    event = an_event(data={"a": Hostile([1])})
    assert decide(event, some_facts()).event.reason == "hold_evaluation_error"
    stop = event_gates(event, some_facts())
    assert stop is not None
    assert stop.reason == "hold_evaluation_error"


def test_an_unforeseen_error_in_the_recipient_gates_holds_the_whole_event() -> None:
    """A bug while judging one recipient holds the event for all, and in a crisis tells to telephone."""
    facts = some_facts()
    broken = Facts(standing=facts.standing, now=NOW, authenticated_org="school_a", consent_version=7)
    admitted = admit(
        an_event(type="crisis.reported", purpose="crisis", urgency="u1"),
        replace(broken, subjects={"child_1": a_child()}, consents=Hostile([a_consent()])),
    )
    assert isinstance(admitted, Admitted)
    decision = decide_admitted(admitted)
    assert decision.event.reason == "hold_evaluation_error"
    assert [duty.duty for duty in decision.event.duties] == ["phone_route"]
    assert decision.recipients == ()


def test_event_gates_let_a_good_event_pass() -> None:
    """Gates E1 to E6 say nothing about an event that may be judged."""
    assert event_gates(an_event(), some_facts()) is None
    stop = event_gates(an_event(urgency="u9"), some_facts())
    assert stop == EventDecision(Reason.DENY_SCHEMA.outcome, "deny_schema")


def test_read_event_gives_what_was_sent() -> None:
    """A well-formed event is read field by field, sections in their order."""
    situation = read_situation(some_facts())
    assert not isinstance(situation, Reason)
    event = read_event(
        an_event(sections=["codes", "meta"], record={"ref": "record_1", "revision": 3}), situation
    )
    assert event is not None
    assert event.sections == ("meta", "codes")
    assert event.record == ("record_1", 3)
    assert (event.sender_org, event.domains, event.type) == ("school_a", ("04",), "signal.raised")


def match_facts(**changes: Any) -> Facts:
    """Return facts in which the child consents to coordination between school and team."""
    consent = a_consent(purpose="coordination", sender={"kind": "school"}, recipient={"kind": "local_team"})
    return some_facts(**{"consents": [consent], **changes})


def test_a_contact_card_goes_with_consent_for_coordination() -> None:
    """The card goes when the subject's givers consent to coordination from this sender to this recipient."""
    card = decide_contact("school_a", "child_1", "team_escamp", match_facts())
    assert (card.outcome, card.reason, card.sections) == ("allow", "ok_consent", ("meta", "contact"))


@pytest.mark.parametrize(
    ("sender", "recipient", "changes", "reason"),
    [
        ("team_escamp", "school_a", {}, "deny_no_consent"),
        ("school_a", "nobody", {}, "deny_recipient_unknown"),
        ("school_a", "school_a", {}, "deny_route"),
        ("school_a", "housing_a", {}, "deny_route"),
        ("police_a", "team_escamp", {}, "deny_police_basis_missing"),
        ("nobody", "team_escamp", {}, "deny_purpose_unregistered"),
        ("school_a", "team_escamp", {"consent_version": None}, "hold_consent_state_stale"),
        ("school_a", "team_escamp", {"subjects": {}}, "hold_identity_ambiguous"),
        ("school_a", "team_escamp", {"subjects": []}, "hold_evaluation_error"),
        ("school_a", "team_escamp", {"consents": Hostile([1])}, "hold_evaluation_error"),
    ],
)
def test_a_contact_card_stays(sender: str, recipient: str, changes: dict[str, Any], reason: str) -> None:
    """Without consent, registration or a readable fact no card goes, and the reason says why."""
    card = decide_contact(sender, "child_1", recipient, match_facts(**changes))
    assert (card.reason, card.sections, card.withheld) == (reason, (), ("meta", "contact"))


def test_routing_needs_facts_that_can_be_used() -> None:
    """Routing over facts that break gate E2 or E3 is held with that reason."""
    assert owner("escamp", some_facts(now="today")).reason is Reason.HOLD_EVALUATION_ERROR
    assert owner("escamp", some_facts(policy=[])).reason is Reason.HOLD_POLICY_INVALID
    patched = some_facts(directory_patch=[{"org": "team_kust", "suspended": "?"}])
    assert owner("escamp", patched).reason is Reason.HOLD_AMBIGUOUS_OWNER
    by_kind = decide(an_event(recipients=[{"to": {"kind": "local_team"}}]), patched)
    assert by_kind.recipients[0].reason == "hold_ambiguous_owner"


@pytest.mark.parametrize(
    "change",
    [
        {"sections": "most"},
        {"sections": None},
        {"sender": "school_a"},
        {"sender": {"kind": "local_team", "partnership": "kracht"}},
        {"recipient": {"kind": "gp", "partnership": "kracht"}},
        {"recipient": {"any": False}},
        {"recipient": {}},
        {"case_ref": ""},
    ],
)
def test_a_scope_of_another_form_never_permits(change: dict[str, Any]) -> None:
    """A consent whose scope is malformed counts as evidence to complete, not as consent (C2, C4)."""
    decision = decide(an_event(), some_facts(consents=[a_consent(**change)]))
    assert decision.recipients[0].reason == "hold_consent_evidence"


def test_facts_that_are_no_object() -> None:
    """A facts document that is not an object holds every event."""
    standing = standing_for({}, {}, DEFAULTS)
    documents: list[Json] = [None, [], "facts", 7]
    for document in documents:
        facts = facts_from_document(document, standing, NOW)
        assert decide(an_event(), facts).event.reason == "hold_evaluation_error"
