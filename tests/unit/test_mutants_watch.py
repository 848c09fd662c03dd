"""A crisis, a gate in words, a moment and the hub's own events at their edges: ROUTING.md 5 and 6, CODES.md 4."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.explaining import State, explain_event
from hub.core.explaining_gates import Known, concerns
from hub.core.explaining_words import EVENT_GATES
from hub.core.own_events import alert_event, own_event
from hub.core.routing import fixed_protector
from hub.core.shown_face import shown_face
from hub.core.snapshot import Snapshot
from tests.second_opinion.swept import consented
from tests.unit.core_world import NOW, a_child, an_event, some_facts
from tests.unit.course_world import CRISIS_1, CRISIS_2, MONDAY, SCHOOL, TEAM, Document, World, consent, event
from tests.unit.test_mutants_sections import verdict

VITAL = {
    "ground": "vital_interest",
    "danger": "suicide_risk",
    "why_no_consent": "not_reachable",
    "consulted": "colleague_1",
    "inform_by": "2026-11-10",
    "contact_person": "prof_1",
}


def to_crisis_team(**changes: Any) -> Document:
    """Return a message of a school to one crisis team on vital interest."""
    return event(
        "crisis.reported",
        SCHOOL,
        "crisis",
        **{
            "recipients": [{"to": {"org": CRISIS_1}, "exception": VITAL, "needed_sections": ["contact"]}],
            "purpose": "crisis",
            "urgency": "u1",
            "sections": ["meta", "contact", "codes"],
            "digest": "d-crisis",
            **changes,
        },
    )


@pytest.mark.parametrize(
    ("changes", "receivers"),
    [
        ({}, [CRISIS_1, CRISIS_2]),
        ({"urgency": "u2"}, [CRISIS_1, CRISIS_2]),
        ({"type": "signal.raised"}, [CRISIS_1, CRISIS_2]),
        ({"type": "signal.raised", "urgency": "u2"}, [CRISIS_1]),
    ],
)
def test_what_is_a_crisis(changes: dict[str, Any], receivers: list[str]) -> None:
    """A crisis report of any urgency, and anything of urgency u1, goes to every crisis team; other messages do not."""
    judgement = World().send(to_crisis_team(**changes))
    assert [item.recipient for item in judgement.decision.recipients] == receivers


def test_a_team_that_nobody_named_gets_no_more_than_the_named_one() -> None:
    """What the sender declared necessary for the named crisis team is all that the others get."""
    judgement = World().send(to_crisis_team())
    assert [item.sections for item in judgement.deliver] == [("meta", "contact"), ("meta", "contact")]


def test_a_consent_begins_at_its_very_moment() -> None:
    """A consent that begins at an instant is in force at that instant (T2), and not a second before."""
    for start, reason in ((NOW, "ok_consent"), ("2026-11-21T12:00:01+01:00", "hold_not_yet_valid")):
        case = consented("gp", ["meta", "contact"], "17", "school")
        case["facts"]["consents"][0]["valid_from"] = start
        assert verdict(case).reason == reason


def test_a_protector_without_a_readable_neighbourhood_is_nobody() -> None:
    """A row whose neighbourhood is neither absent nor a name is left out; it is not the protector of everywhere."""
    row = {
        "district": "escamp",
        "org": "institution_a",
        "professional": "p1",
        "from": "2026-01-01",
        "to": None,
    }
    for near in ("", 7):
        facts = some_facts(fixed_protectors=[{**row, "neighbourhood": near}])
        found = fixed_protector(district="escamp", neighbourhood=near, facts=facts)  # type: ignore[arg-type]
        assert (found.orgs, found.reason) == ((), "hold_no_owner")
    readable = some_facts(fixed_protectors=[{**row, "neighbourhood": "near"}])
    assert fixed_protector(district="escamp", neighbourhood="near", facts=readable).orgs == (row["org"],)


def test_own_events_of_different_causes_differ_in_id_and_digest() -> None:
    """The same cause gives the same event, another cause another id and another digest."""
    first = own_event("alert.closed", "cause_1", None, MONDAY, {})
    assert first == own_event("alert.closed", "cause_1", None, MONDAY, {})
    other = own_event("alert.closed", "cause_2", None, MONDAY, {})
    assert first["id"] != other["id"]
    assert first["digest"] != other["digest"]
    assert first["digest"] != first["id"]


def test_an_alert_that_states_no_receivers_goes_to_its_owner() -> None:
    """An alert goes to who must act, unless others are named; what is not known is not stated."""
    alert = alert_event(
        "alert.safety", "cause_1", subject_ref="child_1", owner=TEAM, now=MONDAY, urgency="u2", uid="u1"
    )
    assert alert["recipients"] == [{"to": {"org": TEAM}}]
    assert alert["data"] == {"uid": "u1", "owner": TEAM, "level": 0, "audience": "owner"}
    assert "case_ref" not in alert


def test_a_gate_that_did_not_decide_is_told_with_its_rule() -> None:
    """Every step but the deciding one gives the sentence of its gate in both languages, and the gate's article."""
    steps = explain_event("deny_schema", Known(type="signal.raised"))
    assert [step.gate for step in steps] == [row.gate for row in EVENT_GATES]
    for step, row in zip(steps, EVENT_GATES, strict=True):
        if step.state is not State.DECIDED:
            assert (step.nl, step.en) == (row.nl, row.en)
            assert (step.law is None) == (not row.basis.startswith(("L", "P; ")))


@pytest.mark.parametrize(
    ("gate", "anonymous", "expected"),
    [
        ("R4", True, True),
        ("R4", None, True),
        ("R4", False, False),
    ],
)
def test_an_identified_consultation_is_not_asked_about_anonymity(
    gate: str, *, anonymous: bool | None, expected: bool
) -> None:
    """Gate R4 concerns a consultation that is or may be anonymous, and no other message."""
    assert concerns(gate, Known(type="consultation.requested", anonymous=anonymous)) is expected
    assert not concerns(gate, Known(type="signal.raised", anonymous=anonymous))


def test_a_face_is_shown_for_a_person_that_is_known() -> None:
    """Without a person, or with one that the facts do not hold, no fixed face is shown."""
    standing = some_facts().standing
    snapshot = Snapshot(
        subjects={"child_1": a_child(fixed_face={"org": "team_escamp", "professional": "p1"})}
    )
    assert shown_face(an_event(), "team_escamp", snapshot, standing, NOW) is not None
    for nobody in (None, "child_9", ["child_1"]):
        assert shown_face(an_event(subject_ref=nobody), "team_escamp", snapshot, standing, NOW) is None


def test_consents_for_crisis_are_no_ground_to_skip_consent() -> None:
    """Without a stated danger every crisis team is judged on consent, the named one and the others alike."""
    world = World(consent("school", "crisis_team", "crisis"))
    judgement = world.send(to_crisis_team(recipients=[{"to": {"org": CRISIS_1}}]))
    assert [item.reason for item in judgement.deliver] == ["ok_consent", "ok_consent"]
