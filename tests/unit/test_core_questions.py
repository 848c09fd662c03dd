"""The questions to senders: every reason that can be cured has one, and what it asks for does cure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from hub.core.batch import Batch
from hub.core.catalogue import CATALOGUE, EventClass
from hub.core.decision import decide
from hub.core.model import LEAVES, JsonObject, Outcome
from hub.core.questions import UNASKED, question
from hub.core.reasons import Reason
from hub.core.snapshot import Snapshot
from hub.operate.vector_kinds import standing_for
from tests.unit.core_world import DEFAULTS, NOW, a_child, a_consent, an_event

CURABLE = [
    reason
    for reason in Reason
    if reason not in UNASKED
    and (reason.outcome is Outcome.HOLD or (reason.outcome is Outcome.DENY and reason.transient))
]


@pytest.mark.parametrize("reason", CURABLE)
def test_whatever_can_be_cured_has_a_question(reason: Reason) -> None:
    """Every hold and every refusal that facts or time can cure asks the sender something, in two languages."""
    asked = question(reason.value)
    assert asked is not None
    assert asked.nl.endswith((".", "?"))
    assert asked.en.endswith((".", "?"))
    assert asked.nl != asked.en


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in CURABLE])
def test_what_is_final_asks_nothing(reason: Reason) -> None:
    """A final refusal, a permission and a one-sided match ask nothing."""
    assert question(reason.value) is None


def test_unknown_reason_asks_nothing() -> None:
    """A code that is no reason of CODES.md has no question."""
    assert question("no_subscription") is None


@pytest.mark.parametrize("reason", CURABLE)
def test_a_cure_is_an_event_that_brings_facts(reason: Reason) -> None:
    """What is asked for can be sent by a partner and brings facts: it is no message with content."""
    asked = question(reason.value)
    assert asked is not None
    for name in asked.cure:
        assert CATALOGUE[name].treatment in {EventClass.FACT, EventClass.NOTICE}
        assert CATALOGUE[name].senders - {"hub"}


@pytest.mark.parametrize("reason", CURABLE)
def test_what_is_refused_must_be_sent_again(reason: Reason) -> None:
    """A refused message, and one that no fact can cure, must be sent again; the question says so."""
    asked = question(reason.value)
    assert asked is not None
    if reason.outcome is Outcome.DENY or not reason.transient:
        assert asked.resend


@dataclass
class Stuck:
    """A message that waits, and the event that its question asks for."""

    reason: str
    type: str
    data: dict[str, Any]
    child: dict[str, Any] = field(default_factory=dict)
    consents: tuple[dict[str, Any], ...] = ()
    event: dict[str, Any] = field(default_factory=dict)
    remains: str | None = None


def _parent_consent(person: str, name: str, **changes: Any) -> dict[str, Any]:
    given_by = {**a_consent()["given_by"], "person": person, "role": "parent_with_custody"}
    return a_consent(consent_id=name, given_by=given_by, **changes)


_PARENTS = [
    {"person": "parent_1", "role": "parent_with_custody", "checked_on": "2026-10-01"},
    {"person": "parent_2", "role": "parent_with_custody", "checked_on": "2026-10-01"},
]
_TEN = {"birth_date": "2016-05-01", "custody": _PARENTS}
_GIVEN_LATER = {**a_consent()["given_by"], "recorded_at": "2026-11-21T11:30:00+01:00"}
_FULL: dict[str, Any] = {"sections": ["meta", "identity"], "identity_contains_address": False}

STUCK = [
    Stuck("hold_identity_ambiguous", "subject.registered", {"birth_date": "2010-05-01", "identity": "established"},
          child={"identity": "probable"}, consents=(a_consent(),)),
    Stuck("hold_area_unknown", "address.changed", {"district": "escamp", "from": "2026-01-01"},
          child={"residences": []}, consents=(a_consent(),)),
    Stuck("hold_age_unknown", "subject.registered", {"birth_date": "2010-05-01", "identity": "established"},
          child={"birth_date": None}, consents=(a_consent(),)),
    Stuck("hold_capacity_unclear", "capacity.judged", {"value": "capable", "judged_by": "prof_9"},
          child={"capacity": "unclear"}, consents=(a_consent(),)),
    Stuck("hold_custody_unknown", "custody.changed", {"persons": _PARENTS},
          child={"birth_date": "2016-05-01", "custody": []}, consents=(_parent_consent("parent_1", "c1"),)),
    Stuck("hold_custody_stale", "custody.changed",
          {"persons": [{**_PARENTS[0], "checked_on": "2026-11-20"}]},
          child={"birth_date": "2016-05-01", "custody": [{**_PARENTS[0], "checked_on": "2020-01-01"}]},
          consents=(_parent_consent("parent_1", "c1", sections=["identity"]),), event=_FULL),
    Stuck("hold_child_consent_missing", "consent.given", {"record": a_consent(consent_id="c2")},
          child={"birth_date": "2013-05-01"}, consents=(_parent_consent("parent_1", "c1"),)),
    Stuck("hold_parent_consent_missing", "consent.given", {"record": _parent_consent("parent_1", "c2")},
          child={"birth_date": "2013-05-01"}, consents=(a_consent(),)),
    Stuck("hold_second_parent", "consent.given",
          {"record": _parent_consent("parent_2", "c2", sections=["identity"])},
          child=_TEN, consents=(_parent_consent("parent_1", "c1", sections=["identity"]),), event=_FULL),
    Stuck("hold_age_lapsed", "consent.given", {"record": a_consent(consent_id="c2")},
          consents=(_parent_consent("parent_1", "c1"),)),
    Stuck("hold_recipient_scope", "consent.given", {"record": a_consent(consent_id="c2")},
          consents=(a_consent(recipient={"org": "team_kust"}),)),
    Stuck("hold_consent_evidence", "consent.given", {"record": a_consent(version=2)},
          consents=(a_consent(evidence_ref=""),)),
    Stuck("hold_not_yet_valid", "consent.given", {"record": a_consent(version=2)},
          consents=(a_consent(valid_from="2027-01-01"),)),
    Stuck("hold_objection_conflict", "objection.revoked",
          {"consent_id": "c2", "by": "parent_2", "effective_at": "2026-11-21T11:00:00+01:00"},
          child=_TEN,
          consents=(_parent_consent("parent_1", "c1"), _parent_consent("parent_2", "c2", decision="objection"))),
    Stuck("hold_protection_unknown", "address_protection.changed", {"protected": False},
          child={"protected_address": None}, consents=(a_consent(),)),
    Stuck("deny_no_consent", "consent.given", {"record": a_consent()}),
    Stuck("deny_withdrawn", "consent.given",
          {"record": a_consent(consent_id="c2", given_by=_GIVEN_LATER)},
          consents=(a_consent(withdrawn_at="2026-11-20T10:00:00+01:00"),)),
    Stuck("deny_purpose", "consent.given", {"record": a_consent(consent_id="c2")},
          consents=(a_consent(purpose="coordination"),)),
    Stuck("deny_not_specific", "consent.given", {"record": a_consent(consent_id="c2")},
          consents=(a_consent(purpose="any"),)),
    Stuck("deny_objection", "objection.revoked",
          {"consent_id": "c1", "by": "child_1", "effective_at": "2026-11-21T11:00:00+01:00"},
          consents=(a_consent(consent_id="c1", decision="objection"),), remains="deny_no_consent"),
]  # fmt: skip


@pytest.mark.parametrize("stuck", STUCK, ids=[stuck.reason for stuck in STUCK])
def test_what_is_asked_for_cures(stuck: Stuck) -> None:
    """The event that the question names ends the hold or refusal when it arrives with the missing fact."""
    standing = standing_for({}, {}, DEFAULTS)
    snapshot = Snapshot(
        subjects={"child_1": a_child(**stuck.child)},
        consents={"child_1": stuck.consents} if stuck.consents else {},
    )
    batch = Batch(snapshot, standing, NOW)
    waiting = an_event(**stuck.event)
    before = decide(waiting, batch.facts(waiting, "school_a")).recipients[0]
    assert before.reason == stuck.reason
    asked = question(before.reason)
    assert asked is not None
    assert stuck.type in asked.cure
    judgement = batch.judge("uid-2", "school_a", _fact(stuck.type, stuck.data))
    assert judgement.decision.event.outcome in LEAVES
    after = decide(waiting, batch.facts(waiting, "school_a")).recipients[0]
    if stuck.remains is None:
        assert after.outcome in LEAVES
    else:
        assert after.reason == stuck.remains


def _fact(type_name: str, data: dict[str, Any]) -> JsonObject:
    return {
        "id": "fact-1",
        "source": "urn:nld:test:school_a",
        "type": type_name,
        "time": NOW,
        "sender": {"org": "school_a", "kind": "school"},
        "sections": ["meta"],
        "subject_ref": "child_1",
        "data": data,
    }
