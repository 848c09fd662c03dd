"""Technical verdicts and repeats: DEDUP.md sections 2 and 3."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.core.history import History
from hub.core.model import Decision, EventDecision, Outcome
from tests.unit.dedup_world import (
    BOTH_WAYS,
    MONDAY,
    OTHER_TEAM,
    SIGNALS,
    STANDING,
    TEAM,
    Document,
    Play,
    clock,
    coordination,
    fact,
    facts,
    messages,
    receivers,
    retraction,
    signal,
    standing,
    to_team,
)


def test_first_is_unique_and_remembered() -> None:
    """A first message is delivered and leaves one entry with its keys."""
    play = Play()
    judgement = play.send(signal(occurred_at="2026-11-22T23:30:00Z", domains=["J1", "04"]))
    assert (judgement.verdict, judgement.reason, receivers(judgement)) == ("unique", None, [TEAM])
    (entry,) = play.history.entries
    assert (entry.org, entry.record_ref, entry.revision, entry.domains) == ("school_1", "r1", 1, ("04", "J1"))
    assert entry.observed_on == "2026-11-23"
    assert entry.delivered_to == (TEAM,)
    assert entry.semantic


def test_same_id_and_digest_is_a_duplicate() -> None:
    """The same message again delivers nothing and is answered with the first decision."""
    play = Play()
    first = play.send(signal())
    again = play.send(signal(), clock(hours=1))
    assert (again.verdict, again.reason, again.deliver) == ("duplicate", "deny_duplicate", ())
    assert again.decision == first.decision
    assert again.hold_until is None
    assert len(play.history.entries) == 1


@pytest.mark.parametrize("digest", ["other", ...])
def test_same_id_other_digest_conflicts(digest: object) -> None:
    """Another or a missing digest under a known id is a conflict, told to the sender only."""
    play = Play()
    play.send(signal())
    judgement = play.send(signal(digest=digest))
    assert (judgement.verdict, judgement.reason, judgement.deliver) == ("conflict", "deny_conflict", ())
    assert messages(judgement) == [("conflict.reported", ("school_1",), None)]
    assert judgement.decision.event.reason == "deny_conflict"
    assert judgement.history.entries == ()


def test_missing_digests_never_equal() -> None:
    """Two messages without a digest are never taken for the same."""
    play = Play()
    play.send(signal(digest=...))
    assert play.send(signal(digest=...)).verdict == "conflict"


def test_conflict_without_a_subject() -> None:
    """A conflict on a fact about nobody is still reported to its sender."""
    play = Play()
    play.send(fact("partner.changed", {"org": "x", "kind": "school"}, "hub", subject_ref=None, digest="a"))
    again = play.send(
        fact("partner.changed", {"org": "y", "kind": "school"}, "hub", subject_ref=None, digest="b")
    )
    assert messages(again) == [("conflict.reported", ("hub",), None)]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"digest": "digest-e1"}, "duplicate"),
        ({}, "conflict"),
        ({"record": {"ref": "r1", "revision": 2}}, "update"),
        ({"record": {"ref": "r2", "revision": 1}, "domains": ["11"]}, "internal_link"),
    ],
)
def test_new_id_same_record(changes: Document, verdict: str) -> None:
    """Under a new id the record, its revision and the digest tell what the message is."""
    play = Play()
    play.send(signal())
    assert play.send(signal(event_id="e2", **changes)).verdict == verdict


def test_record_belongs_to_its_organisation() -> None:
    """The record number of another organisation is another record."""
    play = Play()
    play.send(signal())
    assert play.send(signal("gp_1", "e2", "r1")).verdict == "match"


def test_update_replaces_the_older_revision() -> None:
    """A higher revision is delivered, names what it supersedes, and the older entry no longer counts."""
    play = Play()
    play.send(signal())
    update = play.send(signal(event_id="e2", type="signal.revised", record={"ref": "r1", "revision": 3}))
    assert (update.verdict, update.supersedes, receivers(update)) == ("update", "entry-1", [TEAM])
    assert [entry.superseded for entry in play.history.entries] == [True, False]


def test_older_revision_is_stale() -> None:
    """A revision below the highest known comes too late."""
    play = Play()
    play.send(signal(record={"ref": "r1", "revision": 2}))
    late = play.send(signal(event_id="e2"))
    assert (late.verdict, late.reason, late.decision.event.reason) == ("stale", "deny_stale", "deny_stale")
    assert late.history.entries == ()


def test_overtaken_message_again_is_a_duplicate() -> None:
    """A repeat of a superseded revision is a duplicate even when it was denied before."""
    play = Play(facts())
    play.known["consents"] = []
    play.send(signal())
    play.known["consents"] = SIGNALS
    play.send(signal(event_id="e2", record={"ref": "r1", "revision": 2}))
    assert play.send(signal()).verdict == "duplicate"


def test_update_of_other_types() -> None:
    """Technical verdicts hold for every type: a referral can be updated and can conflict."""
    referral = {"type": "referral.offered", "purpose": "referral"}
    play = Play(facts(to_team("gp", purpose="referral")))
    assert play.send(signal("gp_1", **referral)).verdict == "unique"
    update = play.send(signal("gp_1", "e2", record={"ref": "r1", "revision": 2}, **referral))
    assert update.verdict == "update"
    assert not play.history.entries[-1].semantic


def test_record_in_data_is_not_a_revision() -> None:
    """A retraction that also carries its record is no stale or higher revision of it."""
    play = Play()
    play.send(signal(record={"ref": "r1", "revision": 2}))
    judgement = play.send(retraction("school_1", "r1") | {"record": {"ref": "r1", "revision": 1}})
    assert judgement.verdict == "retracted"


@pytest.mark.parametrize(("seconds", "verdict"), [(0, "duplicate"), (1, "internal_link")])
def test_technical_window(seconds: int, verdict: str) -> None:
    """A message is known while no more than thirty days have elapsed, and not a second longer."""
    play = Play()
    play.send(signal())
    assert play.send(signal(), clock(days=30, seconds=seconds)).verdict == verdict


def test_rejected_leaves_no_trace() -> None:
    """A message that an event gate stops is not remembered: the corrected one is a first message."""
    play = Play()
    rejected = play.send(signal(sections=["narrative"]))
    assert (rejected.verdict, rejected.reason, rejected.parked) == ("rejected", "deny_schema", None)
    assert play.history == History()
    assert play.send(signal()).verdict == "unique"


def test_hold_becomes_delivery_when_consent_comes() -> None:
    """A held message is a duplicate while nothing changed, and is delivered once after the consent came."""
    play = Play(facts(subjects={"child_1": {}}))
    held = play.send(signal())
    assert (held.verdict, held.deliver) == ("unique", ())
    assert held.hold_until == "2026-12-07T23:59:59+01:00"
    assert held.watches == ("child_1",)
    waiting = play.send(signal(), clock(hours=1))
    assert (waiting.verdict, waiting.watches) == ("duplicate", ("child_1",))
    play.known = facts()
    cured = play.send(signal(), clock(hours=2))
    assert (cured.verdict, cured.reason, receivers(cured)) == ("reevaluated", None, [TEAM])
    assert play.send(signal(), clock(hours=3)).verdict == "duplicate"
    assert play.history.entries[0].at == MONDAY


def test_hold_is_counted_from_the_first() -> None:
    """The end of a hold follows from the first hold, not from a repeat."""
    play = Play(facts(subjects={"child_1": {}}, held_since="2026-11-20T09:00:00+01:00"))
    assert play.send(signal()).hold_until == "2026-12-04T23:59:59+01:00"


def test_persons_in_sections_are_watched() -> None:
    """A hold is judged again when a fact of a person in its sections changes."""
    play = Play(facts(subjects={}))
    held = play.send(signal(sections=["meta", "contact", "health"], section_about={"health": ["sister_1"]}))
    assert held.watches == ("child_1", "sister_1")


def test_changed_refusal_is_reevaluated() -> None:
    """Another reason for the same refusal replaces the stored decision; nobody is woken."""
    play = Play(facts(subjects={"child_1": {}}))
    play.send(signal())
    play.known = facts(to_team("gp"))
    judgement = play.send(signal())
    assert (judgement.verdict, judgement.deliver) == ("reevaluated", ())
    assert play.history.entries[0].decision == judgement.decision
    assert judgement.hold_until is None


def test_only_new_recipients_get_a_reevaluated_message() -> None:
    """Who received it before does not get it again; who may now, does."""
    both = [{"to": {"org": TEAM}}, {"to": {"org": "youth_health_1"}}]
    play = Play()
    assert receivers(play.send(signal(recipients=both))) == [TEAM]
    play.known = facts(*SIGNALS, coordination("school", "youth_health", purpose="help_request"))
    judgement = play.send(signal(recipients=both))
    assert receivers(judgement) == ["youth_health_1"]
    assert play.history.entries[0].delivered_to == (TEAM, "youth_health_1")


def test_later_refusal_recalls_nothing() -> None:
    """A delivered message sent again after the withdrawal is a mere duplicate."""
    play = Play()
    play.send(signal())
    play.known = facts(to_team("school", withdrawn_at="2026-11-22T09:00:00+01:00"))
    assert play.send(signal()).verdict == "duplicate"


def test_reevaluation_runs_the_match() -> None:
    """A signal that was held takes part in matches from the moment it is delivered."""
    play = Play(facts(to_team("gp"), *BOTH_WAYS))
    play.send(signal())
    play.send(signal("gp_1", "e2"), clock(hours=1))
    play.known = facts(*SIGNALS, *BOTH_WAYS)
    judgement = play.send(signal(), clock(hours=2))
    assert messages(judgement) == [("match.reported", ("gp_1", "school_1"), "same_subject")]


def test_reevaluation_of_facts_of_the_hub_is_parked() -> None:
    """While the configuration is at fault nothing is decided: the message is parked, with the reason."""
    play = Play()
    play.send(signal())
    play.standing = standing(unknown_key=1)
    judgement = play.send(signal(event_id="e2", record="r2"))
    assert (judgement.verdict, judgement.parked) == ("rejected", "hold_policy_invalid")


def test_expired_hold_is_denied() -> None:
    """A repeat after the term of the hold is denied for good."""
    play = Play(facts(subjects={"child_1": {}}))
    play.send(signal())
    play.known["held_since"] = MONDAY
    late = play.send(signal(), "2026-12-08T00:00:00+01:00")
    assert (late.verdict, late.decision.event.reason, late.deliver) == (
        "reevaluated",
        "deny_hold_expired",
        (),
    )


def test_never_class_is_unique_and_denied() -> None:
    """A request for investigation is no duplicate and goes nowhere: use CORV."""
    judgement = Play().send(signal(type="protection.requested", urgency=..., purpose=...))
    assert (judgement.verdict, judgement.reason, judgement.deliver) == ("unique", None, ())
    assert judgement.decision.event.reason == "deny_use_corv"


def test_damaged_memory_is_parked() -> None:
    """An entry without a readable time never lets something leave: the event is parked."""
    play = Play()
    play.send(signal())
    play.history = History(tuple(replace(entry, at="yesterday") for entry in play.history.entries))
    judgement = play.send(signal(event_id="e2", record="r2"))
    assert (judgement.reason, judgement.parked) == ("hold_evaluation_error", "hold_evaluation_error")
    assert judgement.decision.event.outcome is Outcome.HOLD


def test_moved_family_is_another_decision() -> None:
    """A recipient named by kind that resolves to another team is a difference, not a repeat."""
    named = [{"to": {"kind": "local_team"}}, {"to": {"org": "youth_health_1"}}]
    play = Play()
    assert receivers(play.send(signal(recipients=named))) == [TEAM]
    home = [{"district": "centrum", "from": "2020-01-01", "to": None, "basis": "brp"}]
    play.known["subjects"]["child_1"]["residences"] = home
    judgement = play.send(signal(recipients=named))
    assert receivers(judgement) == [OTHER_TEAM]
    assert STANDING.policy is not None


def test_held_question_about_nobody_watches_nobody() -> None:
    """An anonymous question that is held has no person whose facts could cure it."""
    question = signal(
        type="consultation.requested",
        mode="anonymous",
        purpose="consultation",
        subject_ref=None,
        recipients=[{"to": {"org": TEAM}}],
    )
    held = Play().send(question)
    assert (held.decision.recipients[0].reason, held.watches) == ("hold_scan_missing", ())
    assert held.hold_until is not None


def test_unforeseen_error_is_parked(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the decision itself fails nothing is remembered and nothing leaves, at first and when sent again."""
    failed = Decision(EventDecision(Outcome.HOLD, "hold_evaluation_error"))
    play = Play(facts(subjects={"child_1": {}}))
    play.send(signal())
    monkeypatch.setattr("hub.core.dedup_case.decide_admitted", lambda _admitted: failed)
    for event in (signal(), signal(event_id="e2", record="r2")):
        judgement = play.send(event)
        assert (judgement.verdict, judgement.reason) == ("rejected", "hold_evaluation_error")
        assert (judgement.parked, judgement.deliver) == ("hold_evaluation_error", ())
    assert len(play.history.entries) == 1
