"""Explanations, gate by gate: compared with a trace of the gates while the core decides the vectors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub.core import consent_gates, decision
from hub.core.catalogue import CATALOGUE
from hub.core.explaining import State, explain_event, explain_recipient, law_of_verdict
from hub.core.explaining_gates import Known, concerns, deciding_gates, known_of_event, known_of_recipient
from hub.core.explaining_words import EVENT_GATES, ORDER, RECIPIENT_GATES, law_of
from hub.core.facts import facts_from_document
from hub.core.model import Decision, JsonObject, Outcome
from hub.core.reasons import Reason
from hub.operate.vector_kinds import standing_for
from tests.unit.core_world import an_event

_TESTS = Path(__file__).resolve().parents[1]
_SHARED = _TESTS.parents[1] / "shared" / "domain" / "vectors"


@dataclass
class Trace:
    """The gates that were entered for each recipient, in order."""

    gates: list[list[str]] = field(default_factory=list)

    def enter(self, gate: str) -> None:
        self.gates[-1].append(gate)


_SIMPLE = ("R2", "R3", "R4", "R5", "R6", "R7", "R8")
_OF_CONSENT = {
    "judge_exception": "R9",
    "in_same_team": "R10",
    "_purpose_is_registered": "R11",
    "required_givers": "R13",
    "_consent_state_is_current": "R14",
    "combine": "R15",
    "cut_with_consent": "R16",
    "minimal_feedback": "R17",
}


@pytest.fixture
def trace(monkeypatch: pytest.MonkeyPatch) -> Trace:
    """Give a trace that every gate of the core writes into."""
    found = Trace()

    def entering(gate: str, judge: Any) -> Any:
        def traced(*given: Any, **named: Any) -> Any:
            found.enter(gate)
            return judge(*given, **named)

        return traced

    pairs = zip(_SIMPLE, decision._GATES_BEFORE_CONSENT, strict=True)
    monkeypatch.setattr(
        decision, "_GATES_BEFORE_CONSENT", tuple(entering(gate, judge) for gate, judge in pairs)
    )
    for name, gate in _OF_CONSENT.items():
        monkeypatch.setattr(consent_gates, name, entering(gate, getattr(consent_gates, name)))
    decide_one = decision._decide_recipient

    def deciding(*given: Any) -> Any:
        found.gates.append(["R1"])
        return decide_one(*given)

    monkeypatch.setattr(decision, "_decide_recipient", deciding)
    return found


def _vectors() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for folder in (_TESTS / "vectors" / "cases", _SHARED):
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            defaults = folder.parent / "defaults.json"
            read = json.loads(defaults.read_text("utf-8"))
            for vector in json.loads(path.read_text("utf-8"))["vectors"]:
                if vector["kind"] == "decision":
                    yield vector, read


def _true_gate(entered: list[str], reason: str) -> str:
    """Return the gate that decided, from the gates that were entered for one recipient."""
    if reason == "hold_justification_missing" and "R9" not in entered:
        return "R10"
    last = entered[-1]
    rescued = reason == "deny_nothing_left" and "R16" not in entered
    if last == "R17" and reason != "ok_minimal_feedback" and not rescued:
        last = entered[-2]
    return "R12" if last == "R11" and reason == "hold_identity_ambiguous" else last


def _decide(vector: dict[str, Any], defaults: dict[str, Any]) -> Decision:
    standing = standing_for(vector["facts"], vector.get("policy", {}), defaults)
    return decision.decide(vector["event"], facts_from_document(vector["facts"], standing, vector["now"]))


def test_the_gate_named_is_the_gate_that_decided(trace: Trace) -> None:
    """For every recipient of every decision vector the gates named hold the one that decided, mostly it alone."""
    several = recipients = 0
    for vector, defaults in _vectors():
        trace.gates.clear()
        verdicts = _decide(vector, defaults).recipients
        entered = [gates for gates in trace.gates if gates]
        for verdict, gates in zip(verdicts, entered, strict=False):
            earlier = [other.recipient for other in verdicts[: verdict.position]]
            known = known_of_recipient(vector["event"], verdict.position, verdict.recipient, earlier)
            named = deciding_gates(verdict.reason, known, verdict.recipient)
            assert _true_gate(gates, verdict.reason) in named, (vector["id"], verdict.reason, gates, named)
            states = {
                step.gate: step.state for step in explain_recipient(verdict.reason, verdict.recipient, known)
            }
            # A colleague without needed sections is looked at further, to see whether consent carries it (R10).
            if len(named) == 1 and verdict.reason != "hold_justification_missing":
                assert states[named[0]] is State.DECIDED
                not_reached = {gate for gate, state in states.items() if state is State.NOT_REACHED}
                assert not not_reached & (set(gates) - {"R17"}), (vector["id"], gates)
            several += len(named) > 1
            recipients += 1
    assert recipients > 100
    assert several / recipients < 0.1


def test_the_type_alone_never_excludes_the_gate_that_decided(trace: Trace) -> None:
    """Knowing only the type, as a receipt does, the gates named still hold the one that decided."""
    for vector, defaults in _vectors():
        trace.gates.clear()
        verdicts = _decide(vector, defaults).recipients
        for verdict, gates in zip(verdicts, trace.gates, strict=False):
            type_name = vector["event"]["type"]
            named = deciding_gates(verdict.reason, Known(type=type_name), verdict.recipient)
            assert _true_gate(gates, verdict.reason) in named, (vector["id"], verdict.reason, gates, named)
            assert _true_gate(gates, verdict.reason) in deciding_gates(
                verdict.reason, Known(), verdict.recipient
            )


def test_event_gates_of_the_vectors_are_named() -> None:
    """Where a vector shows one event gate that stops an event, that gate is named."""
    stopped = 0
    for vector, defaults in _vectors():
        verdict, event = _decide(vector, defaults).event, vector["event"]
        known = known_of_event(event) if isinstance(event, dict) else Known()
        rules = {rule for rule in vector["rules"] if rule in ORDER and rule.startswith("E")}
        if verdict.outcome is not Outcome.ALLOW and len(rules) == 1:
            assert rules & set(deciding_gates(verdict.reason, known)), (vector["id"], verdict.reason)
            stopped += 1
    assert stopped > 10


@pytest.mark.parametrize("reason", [reason for reason in Reason if deciding_gates(reason.value)])
def test_steps_stand_in_the_one_order(reason: Reason) -> None:
    """Steps come in the order of the gates: passed, then what decided, then what was not reached."""
    for type_name in (None, *CATALOGUE):
        known = Known(type=type_name)
        steps = (*explain_event(reason.value, known), *explain_recipient(reason.value, "org_1", known))
        assert [step.gate for step in steps] == list(ORDER)
        ranks = [_RANK[step.state] for step in steps if step.gate != "L"]
        assert ranks == sorted(ranks)
        assert sum(step.state is State.DECIDED for step in steps) <= 1


_RANK = {
    State.PASSED: 0,
    State.NOT_ASKED: 0,
    State.ONE_OF: 1,
    State.UNSURE: 1,
    State.DECIDED: 1,
    State.NOT_REACHED: 2,
}


def test_a_gate_about_other_messages_is_told_apart() -> None:
    """A gate whose rule is about other messages than this one is not said to be passed."""
    known = known_of_recipient(an_event(), 0, "team_escamp", ())
    steps = (*explain_event("ok_accepted", known), *explain_recipient("ok_consent", "team_escamp", known))
    aside = {step.gate for step in steps if step.state is State.NOT_ASKED}
    assert aside == {"E9", "E10", "E11", "E12", "L", "R4", "R5", "R6", "R9", "R10"}
    unknown = (*explain_event("ok_accepted"), *explain_recipient("ok_consent", "team_escamp"))
    assert State.NOT_ASKED not in {step.state for step in unknown}


def test_a_gate_that_can_decide_is_about_the_message() -> None:
    """No gate that is named as deciding is ever said to be about other messages."""
    for type_name in CATALOGUE:
        for excepted in (None, False, True):
            known = Known(type=type_name, excepted=excepted)
            for reason in ("deny_route", "deny_nothing_left", "hold_scan_missing", "deny_schema"):
                assert all(concerns(gate, known) for gate in deciding_gates(reason, known))


def test_a_decided_step_gives_the_reason_in_words_with_its_article() -> None:
    """The gate that decided shows the sentences of the reason and the law article, the others their rule."""
    steps = {
        step.gate: step
        for step in explain_recipient("hold_second_parent", "gp_1", Known(type="signal.raised"))
    }
    assert steps["R15"].state is State.DECIDED
    assert steps["R15"].nl == "Ook de andere ouder met gezag moet instemmen."
    assert steps["R15"].en == "Another parent with custody must consent too."
    assert steps["R15"].law == "BW 1:253i"
    assert (steps["R14"].state, steps["R16"].state) == (State.PASSED, State.NOT_REACHED)
    assert steps["R14"].as_json()["law"] is None


def test_a_closed_route_with_a_ground_is_told_with_the_article_of_the_ground() -> None:
    """A stated ground that is not open is explained with its own article, any other closed route with none."""
    known = Known(type="signal.raised", excepted=True, ground="wmo_5_2_6")
    assert law_of_verdict("deny_route", known) == "Wmo 5.2.6"
    assert law_of_verdict("deny_route") is None
    assert law_of_verdict("no_subscription") is None


def test_codes_of_other_origin_have_no_steps() -> None:
    """A code that is no reason of a gate gives no steps, rather than wrong ones."""
    assert explain_event("no_subscription") == ()
    assert explain_recipient("ok_match", "org_1") == ()


def test_a_recorded_step_of_a_life_cycle_passed_its_gate() -> None:
    """A fact that is a step of a life cycle and was recorded passed the gate of the life cycle."""
    steps = {step.gate: step.state for step in explain_event("ok_recorded", Known(type="alert.seen"))}
    assert (steps["E10"], steps["L"], steps["E13"]) == (State.DECIDED, State.PASSED, State.NOT_REACHED)


def test_minimal_feedback_says_that_one_of_the_consent_gates_stopped() -> None:
    """Where only the least goes, R17 decided because one of R11 to R16 stopped; it is not said which."""
    steps = {step.gate: step.state for step in explain_recipient("ok_minimal_feedback", "school_1")}
    assert {steps[f"R{number}"] for number in range(11, 17)} == {State.ONE_OF}
    assert steps["R17"] is State.DECIDED


def test_a_verdict_of_the_delivery_can_rest_on_an_event_gate() -> None:
    """A delivery stopped because its sender is no longer a partner names E5; no recipient gate was reached."""
    assert {step.state for step in explain_recipient("deny_sender", "gp_1")} == {State.NOT_REACHED}
    assert deciding_gates("deny_sender") == ("E5",)


def test_where_the_family_moved_away_the_route_stays_uncertain() -> None:
    """At the delivery a closed route can mean that the family moved; at the decision it cannot."""
    event: JsonObject = {
        "type": "signal.raised",
        "sender": {"org": "school_1"},
        "recipients": [{"to": {"kind": "local_team"}}],
    }
    at_claim = known_of_recipient(event, 0, "team_1", (), at_claim=True)
    assert deciding_gates("deny_route", at_claim, "team_1") == ("R1", "R3")
    assert deciding_gates("deny_route", known_of_recipient(event, 0, "team_1", ()), "team_1") == ("R3",)
    assert deciding_gates("deny_route", known_of_recipient(event, 1, "team_1", ()), "team_1") == (
        "R1",
        "R3",
        "R9",
    )


@pytest.mark.parametrize(
    "damaged", [{}, {"recipients": None}, {"recipients": [3]}, {"type": 4, "sender": []}]
)
def test_a_damaged_event_tells_nothing(damaged: dict[str, Any]) -> None:
    """An event of any form can be asked about; what it does not tell stays unknown."""
    assert known_of_recipient(damaged, 0, "gp_1", ()).excepted is None


def test_every_gate_has_two_sentences_and_law_without_policy() -> None:
    """Each gate has a Dutch and an English sentence; only law articles and standards are named as law."""
    for gate in (*EVENT_GATES, *RECIPIENT_GATES):
        assert gate.nl != gate.en
        assert gate.nl.endswith(".")
        assert gate.en.endswith(".")
    assert law_of("P") is None
    assert law_of("L") is None
    assert law_of("P; L UAVG 5(1)") == "UAVG 5(1)"
    assert law_of("L BW 1:253i; P at 12-15") == "BW 1:253i"
    assert law_of("L/P, see CONSENT.md section 10") is None
