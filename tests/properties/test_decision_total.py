"""The decision is total and deterministic, whatever it is given."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.decision import decide
from hub.core.defaults import DEFAULTS
from hub.core.event_gates import event_gates
from hub.core.facts import facts_from_document
from hub.core.model import LEAVES
from hub.core.permit import permits, redact
from hub.operate.vector_kinds import standing_for
from tests.unit.core_world import DEFAULTS as WORLD
from tests.unit.core_world import NOW, a_child, a_consent, an_event

EXAMPLES = 200

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from([NOW, "2026-11-21", "child_1", "team_escamp", "any", "all", "u1", "meta", "999900006"])
)
any_json = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


def world() -> dict[str, Any]:
    """Return an event, facts, settings and a moment with which a signal goes."""
    document = {
        "authenticated_org": "school_a",
        "consent_version": 7,
        "subjects": {"child_1": a_child()},
        "consents": [a_consent(sections=["narrative"])],
        "known_events": [{"id": "event-0", "org": "gp_a", "kind": "gp"}],
        "help_teams": [],
        "case_parties": {"case_1": ["team_escamp"]},
        "held_since": None,
    }
    event = an_event(
        recipients=[
            {"to": {"org": "team_escamp"}},
            {"to": {"kind": "gp"}, "exception": {"ground": "vital_interest"}},
        ],
        sections=["meta", "contact", "codes", "narrative"],
        scans={"narrative": "clean"},
        section_about={"narrative": ["child_1"]},
    )
    return {"event": event, "facts": document, "policy": {"k_aggregate": 12}, "now": NOW}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a document."""
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


PLACES = places(world())


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return the document with another value at one place."""
    if not path:
        return value
    changed = copy.copy(document)
    changed[path[0]] = put(document[path[0]], path[1:], value)
    return changed


def judged(given: dict[str, Any]) -> dict[str, Any]:
    """Return the decision on a document of event, facts, settings and moment, with the promises checked."""
    standing = standing_for(given["facts"], given["policy"], WORLD)
    facts = facts_from_document(given["facts"], standing, given["now"])
    decision = decide(given["event"], facts)
    assert decide(given["event"], facts) == decision
    stop = event_gates(given["event"], facts)
    assert stop is None or stop == decision.event
    for recipient in decision.recipients:
        leaves_the_hub = recipient.outcome in LEAVES
        assert recipient.reason.startswith("ok_") is leaves_the_hub
        assert bool(recipient.sections) is leaves_the_hub
        assert set(recipient.sections).isdisjoint(recipient.withheld)
    if isinstance(given["event"], dict):
        sealed = dict.fromkeys(["meta", "contact", "codes", "narrative", "health", "subject_number"], b"x")
        for permit in permits(given["event"], decision):
            delivery = redact(permit, sealed)
            assert set(delivery.sealed) <= set(permit.sections) <= set(given["event"]["sections"])
    return dict(decision.as_json())


@settings(max_examples=EXAMPLES, deadline=None)
@given(event=any_json, facts=any_json, policy=any_json, now=any_json)
def test_arbitrary_values_never_raise(event: Any, facts: Any, policy: Any, now: Any) -> None:
    """Any JSON for event, facts, settings and moment gives a decision, and nothing goes."""
    result = judged({"event": event, "facts": facts, "policy": policy, "now": now})
    assert result["event"]["outcome"] in ("hold", "deny")
    assert result["recipients"] == []


@settings(max_examples=4 * EXAMPLES, deadline=None)
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), any_json), min_size=1, max_size=2))
def test_a_changed_world_never_raises(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    """Any value at any place of a good event, its facts or settings gives a decision that keeps its promises."""
    document = world()
    for path, value in changes:
        try:
            document = put(document, path, value)
        except (KeyError, IndexError, TypeError):  # the first change took this place away
            continue
    judged(document)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    event=st.fixed_dictionaries(
        {
            "recipients": st.lists(
                st.sampled_from(["team_escamp", "gp_a", "report_point", "police_a"]),
                min_size=1,
                max_size=3,
                unique=True,
            ),
            "urgency": st.sampled_from(["u1", "u2", "u3"]),
            "purpose": st.sampled_from(["help_request", "safety_report", "crisis"]),
        }
    )
)
def test_without_facts_nothing_goes(event: dict[str, Any]) -> None:
    """Default deny: a signal about a child of whom nothing is known and who consented to nothing goes nowhere."""
    sent = an_event(**{**event, "recipients": [{"to": {"org": org}} for org in event["recipients"]]})
    standing = standing_for({}, {}, {**DEFAULTS, "directory": WORLD["directory"]})
    facts = facts_from_document({"authenticated_org": "school_a"}, standing, NOW)
    decision = decide(sent, facts)
    assert decision.event.reason == "ok_accepted"
    assert all(recipient.outcome not in LEAVES for recipient in decision.recipients)
