"""Retraction: DEDUP.md section 6."""

from __future__ import annotations

import pytest

from tests.unit.dedup_world import (
    BOTH_WAYS,
    SIGNALS,
    TEAM,
    Play,
    child,
    clock,
    consent,
    coordination,
    fact,
    facts,
    messages,
    receivers,
    retraction,
    signal,
    to_team,
)

DAY = {"occurred_at": "2026-11-23"}
LAPSED = [("match.lapsed", ("gp_1",), None)]


def matched() -> Play:
    """Return a play in which school and GP were brought into contact about one child."""
    play = Play(facts(*SIGNALS, *BOTH_WAYS))
    play.send(signal())
    play.send(signal("gp_1", "e2", "g1"))
    return play


def test_everyone_who_received_any_revision_is_told() -> None:
    """The notice goes to who got the first and to who got a later revision, without content."""
    both = [{"to": {"org": TEAM}}, {"to": {"org": "youth_health_1"}}]
    play = Play(facts(*SIGNALS, consent("k", "school", "youth_health")))
    play.send(signal(recipients=both))
    play.send(signal(event_id="e2") | {"record": {"ref": "r1", "revision": 2}})
    judgement = play.send(retraction("school_1", "r1"))
    assert (judgement.verdict, judgement.reason, receivers(judgement)) == (
        "retracted",
        None,
        [TEAM, "youth_health_1"],
    )
    assert {told.reason for told in judgement.deliver} == {"ok_retraction_notice"}
    assert [told.sections for told in judgement.deliver] == [("meta",), ("meta",)]
    assert [told.position for told in judgement.deliver] == [0, 1]
    assert judgement.decision.recipients == judgement.deliver


def test_receivers_of_the_facts_come_first() -> None:
    """Deliveries that the facts know and the memory does not are told too, each organisation once."""
    deliveries = [
        {"recipient": "youth_health_1", "consent_ids": [], "record_ref": "r1", "org": "school_1"},
        {"recipient": TEAM, "consent_ids": [], "record_ref": "r1", "org": "gp_1"},
    ]
    play = Play(facts(deliveries=deliveries))
    play.send(signal())
    judgement = play.send(retraction("school_1", "r1"))
    assert [told.recipient for told in judgement.deliver] == ["youth_health_1", TEAM]


def test_unknown_record_has_no_effect() -> None:
    """A retraction of an unknown record, or of another organisation's record, changes nothing."""
    play = Play()
    play.send(signal())
    for judgement in (
        play.send(retraction("school_1", "r9")),
        play.send(retraction("gp_1", "r1", event_id="x2")),
    ):
        assert (judgement.verdict, judgement.deliver, judgement.emissions) == ("retracted", (), ())
    assert not play.history.entries[0].retracted


def test_forgotten_record_is_told_by_its_deliveries() -> None:
    """When the memory has gone but the deliveries are on record, their receivers are still told."""
    deliveries = [{"recipient": TEAM, "consent_ids": [], "record_ref": "r1", "org": "school_1"}]
    assert receivers(Play(facts(deliveries=deliveries)).send(retraction("school_1", "r1"))) == [TEAM]


@pytest.mark.parametrize("reason", ["unfounded", "risk_gone"])
def test_repeated_retraction_has_no_effect(reason: str) -> None:
    """Nobody is told twice, also not through the deliveries on record."""
    deliveries = [{"recipient": TEAM, "consent_ids": [], "record_ref": "r1", "org": "school_1"}]
    play = Play(facts(deliveries=deliveries))
    play.send(signal())
    assert receivers(play.send(retraction("school_1", "r1", reason))) == [TEAM]
    again = play.send(retraction("school_1", "r1", reason))
    assert (again.verdict, again.deliver, again.history.entries) == ("retracted", (), ())


@pytest.mark.parametrize(
    ("reason", "repeat"), [("unfounded", "stale"), ("error", "stale"), ("risk_gone", "duplicate")]
)
def test_tombstone(reason: str, repeat: str) -> None:
    """Unfounded and error leave only the record number; what was right stays known until the window ends."""
    play = Play()
    play.send(signal(**DAY))
    play.send(retraction("school_1", "r1", reason))
    (entry,) = play.history.entries
    assert (entry.record_ref, entry.retracted) == ("r1", True)
    is_bare = (entry.subject_ref, entry.digest, entry.domains, entry.observed_on) == (None, None, (), None)
    assert is_bare is (reason != "risk_gone")
    assert play.send(signal(**DAY)).verdict == repeat
    later = play.send(signal(event_id="e3") | {"record": {"ref": "r1", "revision": 2}})
    assert (later.verdict, later.reason) == ("stale", "deny_stale")
    assert play.send(signal(event_id="e4", record="r2", **DAY)).verdict == "unique"


def test_overtaken_revision_of_an_unfounded_record() -> None:
    """Of an overtaken revision the person and the domains go; a repeat of it is still known as such."""
    play = Play()
    play.send(signal())
    play.send(signal(event_id="e2") | {"record": {"ref": "r1", "revision": 2}})
    play.send(retraction("school_1", "r1"))
    assert [entry.subject_ref for entry in play.history.entries] == [None, None]
    assert play.send(signal()).verdict == "duplicate"


def test_overtaken_revision_of_a_record_whose_risk_is_gone() -> None:
    """Only the revision that counted becomes retracted; the overtaken one stays as it was."""
    play = Play()
    play.send(signal())
    play.send(signal(event_id="e2") | {"record": {"ref": "r1", "revision": 2}})
    play.send(retraction("school_1", "r1", "risk_gone"))
    assert [entry.retracted for entry in play.history.entries] == [False, True]
    assert [entry.subject_ref for entry in play.history.entries] == ["child_1", "child_1"]


def test_match_lapses_for_the_other_side_only() -> None:
    """The other organisation hears that the match is over, without a reason; a later signal may tell it anew."""
    play = matched()
    judgement = play.send(retraction("school_1", "r1"), clock(days=1))
    assert (judgement.verdict, messages(judgement)) == ("unmatch", LAPSED)
    assert judgement.emissions[0].subjects == (("gp_1", "child_1"),)
    assert play.history.pairs == ()
    again = play.send(signal(event_id="e3", record="r3"), clock(days=2))
    assert again.verdict == "match"
    assert [message[0] for message in messages(again)] == ["match.reported"]


def test_match_lapses_from_either_side() -> None:
    """The side that comes first in the pair can retract too."""
    assert messages(matched().send(retraction("gp_1", "g1"))) == [("match.lapsed", ("school_1",), None)]


def test_match_stays_while_another_signal_stands() -> None:
    """With another active delivered signal of the sender on that child the match stays."""
    play = matched()
    play.send(signal(event_id="e3", record="r3", domains=["11"]))
    judgement = play.send(retraction("school_1", "r1"))
    assert (judgement.verdict, judgement.emissions) == ("retracted", ())
    assert len(play.history.pairs) == 1


def test_retraction_of_another_child_leaves_the_match() -> None:
    """A retraction about one child does not end a match about another."""
    play = matched()
    play.known["subjects"]["child_2"] = child(custody=[])
    play.send(signal(event_id="e3", record="r3", subject_ref="child_2"))
    assert play.send(retraction("school_1", "r3")).verdict == "retracted"


def test_match_between_others_is_left_alone() -> None:
    """A match in which the sender has no part does not lapse."""
    play = matched()
    play.send(signal("youth_work_2", "e3", "y1"))
    judgement = play.send(retraction("youth_work_2", "y1"))
    assert (judgement.verdict, len(play.history.pairs)) == ("retracted", 1)


def test_earliest_near_duplicate_becomes_the_head() -> None:
    """When a head is retracted, its earliest near duplicate takes its place, also for the match."""
    play = matched()
    play = Play(facts(*SIGNALS, *BOTH_WAYS))
    play.send(signal(**DAY))
    play.send(signal(event_id="e2", record="r2", **DAY), clock(hours=1))
    play.send(signal(event_id="e3", record="r3", **DAY), clock(hours=2))
    play.send(signal("gp_1", "e4", "g1"), clock(hours=3))
    judgement = play.send(retraction("school_1", "r1"), clock(hours=4))
    assert judgement.verdict == "retracted"
    assert [entry.near_duplicate_of for entry in play.history.entries] == [None, None, "entry-2", None]
    assert play.send(retraction("school_1", "r2", event_id="x2")).verdict == "retracted"
    assert play.history.entries[2].near_duplicate_of is None
    assert play.send(retraction("school_1", "r3", event_id="x3")).verdict == "unmatch"


def test_retracted_near_duplicate_leaves_its_head() -> None:
    """A near duplicate is retractable by itself: its receivers of the signal are told, the head stays."""
    play = Play()
    play.send(signal(**DAY))
    play.send(signal(event_id="e2", record="r2", **DAY), clock(hours=1))
    judgement = play.send(retraction("school_1", "r2"))
    assert (judgement.verdict, judgement.deliver) == ("retracted", ())
    assert not play.history.entries[0].retracted


def test_echo_can_be_retracted() -> None:
    """An echo that is retracted is not sent again as a higher revision."""
    play = Play(facts(to_team("gp"), coordination("local_team", "youth_health")))
    play.send(signal("gp_1", "e1", "g1"))
    to_health = {"recipients": [{"to": {"org": "youth_health_1"}}], "purpose": "coordination"}
    play.send(signal(TEAM, "e2", "l1", causation_id="e1", **to_health))
    assert receivers(play.send(retraction(TEAM, "l1"))) == ["youth_health_1"]
    later = signal(TEAM, "e3", "l1", **to_health) | {"record": {"ref": "l1", "revision": 2}}
    assert play.send(later).verdict == "stale"


def test_withdrawn_referral_is_told_and_remembered() -> None:
    """The withdrawal of a referral is a notice to who received it, and a first message like any other."""
    deliveries = [{"recipient": TEAM, "consent_ids": [], "record_ref": "v1", "org": "gp_1"}]
    play = Play(facts(deliveries=deliveries))
    notice = fact("referral.withdrawn", {"record_ref": "v1"}, "gp_1", digest="d")
    judgement = play.send(notice)
    assert (judgement.verdict, receivers(judgement)) == ("unique", [TEAM])
    assert play.send(notice).verdict == "duplicate"
