"""What facts change and which events are well formed, at their edges: EVENTS.md sections 2 and 4, CONSENT.md C8."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.codes import EXCEPTION_KEYS
from hub.core.keys import keys_of
from hub.core.model import Duty, FactChange, Outcome, RecipientDecision
from hub.core.snapshot import FactKeys
from tests.unit.dedup_world import (
    MONDAY,
    SIGNALS,
    TEAM,
    Document,
    Play,
    child,
    consent,
    fact,
    facts,
    receivers,
    retraction,
    signal,
    to_team,
)

RECORD = to_team("school")
TODAY = "2026-11-23"


def stored(event: Document, *known: Document) -> tuple[FactChange, ...]:
    """Return what a consent event changes when these documents are stored."""
    judgement = Play(facts(consents=list(known))).send(event)
    assert judgement.verdict == "unique", judgement.reason
    return judgement.facts


def given(**changes: Any) -> Document:
    """Return the recording of the consent with some fields changed."""
    return fact("consent.given", {"record": {**RECORD, **changes}})


def withdrawal(at: str) -> Document:
    """Return the withdrawal of the consent at an instant."""
    return fact(
        "consent.withdrawn", {"consent_id": RECORD["consent_id"], "by": "parent_1", "effective_at": at}
    )


def verdict(event: Document) -> tuple[str, str | None]:
    """Return verdict and reason of one event."""
    judgement = Play().send(event)
    return judgement.verdict, judgement.reason


def test_a_lower_version_never_replaces_the_highest() -> None:
    """Of several stored versions the highest counts, in whatever order they lie: a lower one changes nothing."""
    versions = [{**RECORD, "version": number} for number in (1, 3, 2)]
    assert stored(given(version=2, evidence_ref="other"), *versions) == ()
    (change,) = stored(given(version=4), *versions)
    assert change.document == {**RECORD, "version": 4, "withdrawn_at": None}


def test_a_record_that_comes_withdrawn_is_stored_withdrawn() -> None:
    """A consent that was withdrawn before it reached the hub is kept with its own withdrawal."""
    (change,) = stored(given(withdrawn_at="2026-11-01T10:00:00+01:00"))
    assert change == FactChange(
        "consent",
        str(RECORD["consent_id"]),
        {**RECORD, "withdrawn_at": "2026-11-01T10:00:00+01:00"},
        "child_1",
    )


@pytest.mark.parametrize(
    ("recorded_at", "withdrawn_at"),
    [
        ("2026-11-01T10:00:00+01:00", "2026-11-01T09:00:00Z"),
        ("2026-11-01T10:00:01+01:00", None),
    ],
)
def test_only_what_was_recorded_after_a_withdrawal_opens_again(
    recorded_at: str, withdrawn_at: str | None
) -> None:
    """A new version recorded at the very moment of the withdrawal is still withdrawn; a second later it is not."""
    known = {**RECORD, "withdrawn_at": "2026-11-01T09:00:00Z"}
    made = {**RECORD["given_by"], "recorded_at": recorded_at}
    (change,) = stored(given(version=2, given_by=made), known)
    assert isinstance(change.document, dict)
    assert change.document["withdrawn_at"] == withdrawn_at


def test_the_earliest_withdrawal_counts_by_instant() -> None:
    """Withdrawals that wait for their record keep the earliest moment, whatever their clock is written in."""
    consent_id = str(RECORD["consent_id"])
    early, late = "2026-11-01T10:00:00+01:00", "2026-11-01T09:30:00Z"
    for waiting, coming in ((early, late), (late, early)):
        (change,) = stored(withdrawal(coming), {"consent_id": consent_id, "pending_withdrawal_at": waiting})
        document = {"consent_id": consent_id, "pending_withdrawal_at": early}
        assert change == FactChange("consent", consent_id, document, "child_1")


def test_a_withdrawal_of_the_same_moment_is_kept_as_it_was_written() -> None:
    """Of two texts of one instant the one that is there stays, whatever their order as texts."""
    for known, coming in (
        ("2026-11-01T10:00:00+01:00", "2026-11-01T09:00:00Z"),
        ("2026-11-01T09:00:00Z", "2026-11-01T10:00:00+01:00"),
    ):
        (change,) = stored(withdrawal(coming), {**RECORD, "withdrawn_at": known})
        assert change.document == {**RECORD, "withdrawn_at": known}


def test_the_case_knows_its_parties() -> None:
    """A help team is stored by case and subject, and the organisations of all its teams are parties to the case."""
    members = [{"professional": "p1", "org": "school_1"}, {"professional": "p2", "org": TEAM}]
    other = {
        "case_ref": "case_1",
        "subject_ref": "child_2",
        "professionals": [{"professional": "p3", "org": "gp_1"}],
    }
    event = fact("help_team.changed", {"case_ref": "case_1", "professionals": members}, TEAM)
    judgement = Play(facts(help_teams=[{**other, "from": "2026-01-01", "to": None}])).send(event)
    team = {
        "case_ref": "case_1",
        "subject_ref": "child_1",
        "professionals": members,
        "from": TODAY,
        "to": None,
    }
    assert judgement.facts == (
        FactChange("help_team", "case_1\nchild_1", team, "child_1"),
        FactChange("case_party", "case_1", ["gp_1", "school_1", TEAM], "child_1"),
    )


def test_a_child_can_be_registered_on_its_day_of_birth() -> None:
    """A birth date of today is one; a birth date of tomorrow is no registration."""
    assert verdict(fact("subject.registered", {"birth_date": TODAY})) == ("unique", None)
    assert verdict(fact("subject.registered", {"birth_date": "2026-11-24"})) == ("rejected", "deny_schema")


@pytest.mark.parametrize(
    ("start", "end", "accepted"),
    [
        (TODAY, TODAY, True),
        (TODAY, "2026-11-22", False),
        (TODAY, "2026-11-23T00:00:01+01:00", True),
        ("2026-11-23T12:00:00+01:00", TODAY, True),
        ("2026-11-23T12:00:00+01:00", "2026-11-23T12:00:00+01:00", True),
        ("2026-11-23T12:00:00+01:00", "2026-11-23T11:59:59+01:00", False),
        (TODAY, "2027-11-23", True),
        (TODAY, "2027-11-24", False),
    ],
)
def test_a_consent_ends_after_it_begins(start: str, end: str, accepted: bool) -> None:  # noqa: FBT001
    """Dates stand for their whole day, instants for themselves; twelve months are the longest."""
    expected = ("unique", None) if accepted else ("rejected", "deny_schema")
    assert verdict(given(valid_from=start, valid_to=end)) == expected


@pytest.mark.parametrize(
    ("field", "longest"),
    [("id", 100), ("source", 200)],
)
def test_ids_and_sources_have_one_to_so_many_characters(field: str, longest: int) -> None:
    """One character and the longest are accepted, none and one more are refused."""
    for length, refused in ((0, True), (1, False), (longest, False), (longest + 1, True)):
        assert (verdict(signal(**{field: "x" * length}))[1] == "deny_schema") == refused


def test_an_exception_may_have_every_answer() -> None:
    """All known answers at once are well formed; the ground decides which it needs. One key more is not."""
    every: Document = dict.fromkeys(EXCEPTION_KEYS, "x")
    entry = {"to": {"org": TEAM}, "exception": {**every, "ground": "no_ground"}}
    assert Play().send(signal(recipients=[entry])).decision.recipients[0].reason == "deny_route"
    entry["exception"] = {**every, "ground": "no_ground", "more": "x"}
    assert verdict(signal(recipients=[entry])) == ("rejected", "deny_schema")


def test_an_id_needs_its_source() -> None:
    """An event is asked for by id only when it states both its source and its id."""
    assert keys_of({"id": "e1"}) == FactKeys()
    assert keys_of({"source": "urn:nld:test:a"}) == FactKeys()
    both = keys_of({"id": "e1", "source": "urn:nld:test:a"})
    assert both.source_ids == frozenset({("urn:nld:test:a", "e1")})


def test_notices_are_decisions_like_any_other() -> None:
    """Who received something on a consent is told with the whole of `meta`, in order of first receipt."""
    rows = [
        {"recipient": org, "consent_ids": ["school-team-child_1"], "record_ref": "r1", "org": "school_1"}
        for org in ("gp_1", TEAM, "gp_1")
    ]
    play = Play(facts(deliveries=rows))
    assert play.send(withdrawal(MONDAY)).decision.recipients == tuple(
        RecipientDecision(
            recipient=org,
            outcome=Outcome.ALLOW,
            reason="ok_withdrawal_notice",
            duties=(Duty("stop_further_use"),),
            sections=("meta",),
            position=position,
        )
        for position, org in enumerate(("gp_1", TEAM))
    )


def test_who_only_the_memory_knows_is_told_of_a_retraction_too() -> None:
    """A receiver that the deliveries do not list any more is told after those that they list."""
    play = Play()
    assert receivers(play.send(signal())) == [TEAM]
    row = {"recipient": "gp_1", "consent_ids": [], "record_ref": "r1", "org": "school_1"}
    play.known["deliveries"] = [row]
    assert play.send(retraction("school_1", "r1")).deliver == tuple(
        RecipientDecision(
            recipient=org,
            outcome=Outcome.ALLOW,
            reason="ok_retraction_notice",
            sections=("meta",),
            position=position,
        )
        for position, org in enumerate(("gp_1", TEAM))
    )


def test_the_hub_s_own_messages_know_whom_they_are_about() -> None:
    """A conflict, a second source and an internal link each pair their receiver with the child."""
    about = {"occurred_at": "2026-11-23T08:00:00+01:00"}
    play = Play()
    play.send(signal(**about))
    conflict = play.send(signal(digest="other"))
    assert (conflict.decision.event.outcome, conflict.decision.event.reason) == (
        Outcome.DENY,
        "deny_conflict",
    )
    assert conflict.emissions[0].subjects == (("school_1", "child_1"),)
    near = play.send(signal(event_id="e2", record="r2", **about))
    assert (near.verdict, near.emissions[0].subjects) == ("near_duplicate", ((TEAM, "child_1"),))
    link = play.send(signal(event_id="e3", record="r3", domains=["11"]))
    assert (link.verdict, link.emissions[0].subjects) == ("internal_link", (("school_1", "child_1"),))


def test_both_sides_of_a_match_have_its_time() -> None:
    """A match is remembered with the instant at which it was told, whichever organisation came last."""
    both = [
        consent("a", "school", "gp", purpose="coordination"),
        consent("b", "gp", "school", purpose="coordination"),
    ]
    for first, second in (("school_1", "gp_1"), ("gp_1", "school_1")):
        play = Play(facts(*SIGNALS, *both))
        play.send(signal(first, "x1", "x1"))
        (pair,) = play.send(signal(second, "x2", "x2")).history.told
        assert (pair.org_a, pair.org_b, pair.told_at) == ("gp_1", "school_1", MONDAY)


def test_a_newborn_can_be_matched() -> None:
    """A child born today is eligible for a match."""
    both = [
        consent("a", "school", "gp", purpose="coordination"),
        consent("b", "gp", "school", purpose="coordination"),
    ]
    play = Play(facts(*SIGNALS, *both, subjects={"child_1": child(birth_date=TODAY)}))
    play.send(signal())
    assert play.send(signal("gp_1", "g1", "g1")).verdict == "match"


def test_a_fact_about_a_person_needs_the_person() -> None:
    """A fact that names its person is taken over; one that names none is parked for a person of the hub."""
    moved = {"district": "escamp", "from": "2026-01-01"}
    assert Play().send(fact("address.changed", moved)).parked is None
    assert Play().send(fact("address.changed", moved, subject_ref=None)).parked == "hold_identity_ambiguous"
    assert (
        Play().send(fact("partner.changed", {"org": "x", "kind": "gp"}, "hub", subject_ref=None)).parked
        is None
    )
