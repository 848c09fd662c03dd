"""What holds for every sequence of events: batches, repeats, one-sided matches, withdrawals, hostile input."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.batch import Batch, facts_for, history_for, judge_batch, next_snapshot
from hub.core.decision import decide_contact
from hub.core.facts import Facts, facts_from_document
from hub.core.history import History
from hub.core.judge import judge
from hub.core.judgement import Judgement
from hub.core.model import LEAVES
from hub.core.recheck import recheck, rejudge_held
from hub.core.snapshot import Snapshot
from tests.unit.dedup_world import (
    BOTH_WAYS,
    MONDAY,
    SIGNALS,
    STANDING,
    TEAM,
    Document,
    Play,
    child,
    clock,
    coordination,
    fact,
    facts,
    messages,
    receivers,
    retraction,
    signal,
    to_team,
)

EXAMPLES = 60
"""Sequences per property: together a few seconds, with the shrinking that a failure costs."""

bounded = partial(settings, max_examples=EXAMPLES, deadline=None)

SIBLING = {"subject_ref": "child_2"}
CONSENTS = [
    *SIGNALS,
    *BOTH_WAYS,
    to_team("youth_work", **SIBLING),
    coordination("school", "youth_work"),
    coordination("youth_work", "school", **SIBLING),
    coordination("local_team", "gp"),
    coordination("gp", "local_team"),
]
orgs = st.sampled_from(["school_1", "gp_1", "youth_work_2"])
subjects = st.sampled_from(["child_1", "child_1", "child_2"])
small = st.integers(1, 3)


@st.composite
def signals(draw: st.DrawFn) -> Document:
    """Return a signal from few values, so that repeats, conflicts and links are frequent."""
    number, digest = draw(small), draw(small)
    event = signal(
        draw(orgs),
        f"e{draw(st.integers(1, 6))}",
        {"ref": f"r{number}", "revision": draw(small)},
        subject_ref=draw(subjects),
        urgency=draw(st.sampled_from(["u1", "u3", "u4"])),
        domains=draw(st.sampled_from([["04"], ["11"], []])),
        digest=f"d{digest}",
    )
    if draw(st.booleans()):
        event["occurred_at"] = "2026-11-23"
    if draw(st.integers(0, 3)) == 0:
        event["causation_id"] = f"e{draw(st.integers(1, 6))}"
    return event


@st.composite
def others(draw: st.DrawFn) -> Document:
    """Return a fact, a withdrawal or a retraction."""
    record = draw(st.sampled_from(CONSENTS))
    at = {"consent_id": record["consent_id"], "by": "parent_1", "effective_at": MONDAY}
    version = draw(small)
    registered = {"birth_date": "2016-03-01", "households": [f"h{version}"]}
    reason = draw(st.sampled_from(["unfounded", "risk_gone", "error"]))
    choices = [
        fact("consent.given", {"record": {**record, "version": version}}),
        fact("consent.withdrawn", at, subject_ref=record["subject_ref"]),
        fact("objection.recorded", {"record": {**record, "decision": "objection", "version": version}}),
        fact("objection.revoked", at),
        fact("subject.registered", registered, subject_ref=draw(subjects)),
        fact("address_protection.changed", {"protected": version == 1}, subject_ref=draw(subjects)),
        fact("custody.changed", {"persons": []}, subject_ref=draw(subjects)),
        retraction(draw(orgs), f"r{version}", reason) | {"subject_ref": draw(subjects)},
    ]
    event = draw(st.sampled_from(choices))
    return {**event, "id": f"f{draw(st.integers(1, 8))}", "digest": f"d{version}"}


sequences = st.lists(st.one_of(signals(), signals(), others()), min_size=1, max_size=12)
consent_choices = st.lists(st.sampled_from(CONSENTS), unique_by=lambda record: record["consent_id"])


def snapshot(consents: list[Document]) -> Snapshot:
    """Return the facts about two siblings with some of the consents."""
    by_subject: dict[str, tuple[Document, ...]] = {}
    for record in consents:
        by_subject[record["subject_ref"]] = (*by_subject.get(record["subject_ref"], ()), record)
    children = {ref: child(households=["h1"]) for ref in ("child_1", "child_2")}
    return Snapshot(subjects=children, consents=by_subject)


def one_by_one(events: list[Document], known: Snapshot) -> tuple[list[Judgement], Snapshot]:
    """Judge each event on a snapshot of its own."""
    judgements = []
    for place, event in enumerate(events):
        org = event["sender"]["org"]
        facts = facts_for(event, org, known, STANDING, MONDAY)
        judgements.append(judge(event, facts, history_for(event, known, STANDING, MONDAY), f"uid-{place}"))
        known = next_snapshot(known, event, judgements[-1], f"uid-{place}", MONDAY)
    return judgements, known


@bounded()
@given(sequences, consent_choices)
def test_batch_equals_one_by_one(events: list[Document], consents: list[Document]) -> None:
    """A batch gives the verdicts and the end state that its events give one after the other."""
    batch = Batch(snapshot(consents), STANDING, MONDAY)
    together = [batch.judge(f"uid-{place}", e["sender"]["org"], e) for place, e in enumerate(events)]
    apart, known = one_by_one(events, snapshot(consents))
    assert together == apart
    assert batch.snapshot() == known


@bounded()
@given(sequences, consent_choices)
def test_slices_hold_all_that_counts(events: list[Document], consents: list[Document]) -> None:
    """Cut to its own persons, kin and memory, an event is judged as it is with everything at hand."""
    children = {ref: child(households=["h1"]) for ref in ("child_1", "child_2")}
    everything = Play(facts({}, consents=consents, subjects=children, consent_version=0))
    batch = Batch(snapshot(consents), STANDING, MONDAY)
    subject_of: dict[tuple[str, str], str] = {}
    for place, given_event in enumerate(events):
        event = {name: value for name, value in given_event.items() if name != "causation_id"}
        org = event["sender"]["org"]
        if event["type"] == "signal.raised":
            subject_of.setdefault((org, event["record"]["ref"]), event["subject_ref"])
        elif event["type"] == "signal.retracted":
            event["subject_ref"] = subject_of.get((org, event["data"]["record_ref"]))
        else:
            continue
        expected = everything.send(event)
        found = batch.judge(f"entry-{place}", org, event)
        assert (found.verdict, found.reason) == (expected.verdict, expected.reason)
        assert receivers(found) == receivers(expected)
        assert sorted(messages(found)) == sorted(messages(expected))
        assert len(found.suppressed) == len(expected.suppressed)


@bounded()
@given(sequences, consent_choices)
def test_repeat_wakes_nobody(events: list[Document], consents: list[Document]) -> None:
    """Whatever came before, the last event sent again delivers nothing and tells nobody of a match."""
    _, known = one_by_one([*events], snapshot(consents))
    (again,) = judge_batch(
        [("uid-again", events[-1]["sender"]["org"], events[-1])], known, STANDING, clock(hours=1)
    )
    assert again.deliver == ()
    assert {emission.type for emission in again.emissions} <= {"conflict.reported"}
    assert again.facts == ()


@bounded()
@given(sequences, consent_choices)
def test_nobody_hears_of_a_onesided_match(events: list[Document], consents: list[Document]) -> None:
    """A match is told to both sides or to nobody, and only when each contact card may go to the other."""
    batch = Batch(snapshot(consents), STANDING, MONDAY)
    for place, event in enumerate(events):
        org = event["sender"]["org"]
        facts = batch.facts(event, org)
        judgement = batch.judge(f"uid-{place}", org, event)
        told = [emission for emission in judgement.emissions if emission.type == "match.reported"]
        for emission in told:
            (org_a, subject_a), (org_b, subject_b) = emission.subjects
            assert emission.to == (org_a, org_b)
            assert _card_goes(org_a, subject_a, org_b, facts)
            assert _card_goes(org_b, subject_b, org_a, facts)
        for kept in judgement.suppressed:
            (org_a, subject_a), (org_b, subject_b) = kept.subjects
            assert not (
                _card_goes(org_a, subject_a, org_b, facts) and _card_goes(org_b, subject_b, org_a, facts)
            )


def _card_goes(sender: str, subject: str, recipient: str, facts: Facts) -> bool:
    decision = decide_contact(sender, subject, recipient, facts)
    return decision.outcome in LEAVES and "contact" in decision.sections


@bounded()
@given(sequences)
def test_withdrawal_stops_everything(events: list[Document]) -> None:
    """After every consent was withdrawn no signal, no match and no waiting delivery leaves on consent."""
    judged, known = one_by_one([e for e in events if e["type"] == "signal.raised"], snapshot(CONSENTS))
    withdrawals = [
        fact(
            "consent.withdrawn",
            {"consent_id": record["consent_id"], "by": "parent_1", "effective_at": MONDAY},
            subject_ref=record["subject_ref"],
            id=f"w{place}",
        )
        for place, record in enumerate(CONSENTS)
    ]
    _, known = one_by_one(withdrawals, known)
    fresh = [{**signal(event_id="new", record=f"n{n}"), "id": f"n{n}"} for n in range(2)]
    for judgement in one_by_one(fresh, known)[0]:
        assert judgement.deliver == ()
        assert judgement.emissions == ()
    waiting = [event for event in events if event["type"] == "signal.raised"]
    for event, judgement in zip(waiting, judged, strict=True):
        org = event["sender"]["org"]
        verdict = recheck(event, org, 0, TEAM, None, known, STANDING, MONDAY, None)
        assert verdict.outcome not in LEAVES
        for emission in judgement.emissions:
            last = recheck(event, org, 0, emission.to[0], emission, known, STANDING, MONDAY, None)
            assert (last.outcome in LEAVES) is (emission.type != "match.reported")


@bounded()
@given(sequences, consent_choices)
def test_memory_holds_no_more_than_it_should(events: list[Document], consents: list[Document]) -> None:
    """Refused, repeated and conflicting events leave no entry; each organisation gets an event at most once."""
    judgements, known = one_by_one(events, snapshot(consents))
    remembered = {"rejected", "duplicate", "conflict", "stale"}
    for judgement in judgements:
        if judgement.verdict in remembered:
            assert judgement.history.entries == ()
            assert judgement.deliver == ()
        got = receivers(judgement)
        assert len(got) == len(set(got))
    pairs = [(pair.org_a, pair.subject_a, pair.org_b, pair.subject_b) for pair in known.pairs]
    assert len(pairs) == len(set(pairs))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """Return an event with one field replaced by anything."""
    event = draw(st.one_of(signals(), others()))
    name = draw(st.sampled_from([*event, "data", "record", "sender", "section_about"]))
    return {**event, name: draw(json_values)}


@bounded()
@given(st.one_of(json_values, damaged()), json_values, json_values)
def test_judge_is_total_and_deterministic(event: Any, known: Any, now: Any) -> None:
    """Any JSON value is judged without an error, the same way each time, and nothing leaves from nonsense."""
    facts = facts_from_document(known, STANDING, now)
    first = judge(event, facts, History(), "uid-1")
    assert first == judge(event, facts, History(), "uid-1")
    assert first.verdict == "rejected"
    assert first.deliver == ()


@bounded()
@given(damaged(), consent_choices)
def test_batch_survives_anything(event: Any, consents: list[Document]) -> None:
    """A damaged event in a batch does not disturb its neighbours, and its re-check never raises."""
    known = snapshot(consents)
    items = [("uid-0", "school_1", event), ("uid-1", "school_1", signal(event_id="last", record="last"))]
    _, second = judge_batch(items, known, STANDING, MONDAY)
    assert second.verdict != "rejected"
    recheck(event, "school_1", 0, TEAM, None, known, STANDING, MONDAY, None)
    rejudge_held(event, "school_1", "uid-0", known, STANDING, MONDAY)
