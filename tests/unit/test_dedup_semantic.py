"""Semantic verdicts: DEDUP.md section 4."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.dedup_world import (
    BOTH_WAYS,
    SIGNALS,
    TEAM,
    Play,
    clock,
    consent,
    coordination,
    facts,
    messages,
    receivers,
    retraction,
    signal,
    to_team,
)

DAY = {"occurred_at": "2026-11-23"}
TO_HEALTH = {"recipients": [{"to": {"org": "youth_health_1"}}], "purpose": "coordination"}
FOR_ECHO = [to_team("gp"), coordination("local_team", "youth_health"), coordination("local_team", "gp")]


def test_near_duplicate_is_told_as_second_source() -> None:
    """The same observation from a second system reaches who got the head as a source, not as a signal."""
    play = Play()
    play.send(signal(**DAY))
    again = play.send(signal(event_id="e2", record="r2", **DAY), clock(hours=2))
    assert (again.verdict, again.reason, again.deliver) == ("near_duplicate", "ok_source_added", ())
    assert messages(again) == [("signal.source_added", (TEAM,), None)]
    assert play.history.entries[1].near_duplicate_of == "entry-1"


@pytest.mark.parametrize(
    ("first", "second", "at", "verdict"),
    [
        (DAY, DAY, clock(hours=72), "near_duplicate"),
        (DAY, DAY, clock(hours=72, seconds=1), "internal_link"),
        (DAY, {"occurred_at": "2026-11-22T23:00:00Z"}, clock(hours=1), "near_duplicate"),
        (DAY, {"occurred_at": "2026-11-24"}, clock(hours=1), "internal_link"),
        (DAY, {}, clock(hours=1), "internal_link"),
        ({}, {}, clock(hours=1), "internal_link"),
        (DAY, DAY | {"domains": ["04", "11"]}, clock(hours=1), "internal_link"),
        (DAY | {"domains": []}, DAY | {"domains": []}, clock(hours=1), "internal_link"),
        (DAY | {"domains": ["04", "11"]}, DAY | {"domains": ["11", "04"]}, clock(hours=1), "near_duplicate"),
        (DAY | {"urgency": "u1"}, DAY, clock(hours=1), "internal_link"),
        (DAY | {"urgency": "u1"}, DAY | {"urgency": "u1"}, clock(hours=1), "internal_link"),
        (DAY | {"urgency": "u2"}, DAY | {"urgency": "u4"}, clock(hours=1), "near_duplicate"),
    ],
)
def test_near_duplicate_conditions(
    first: dict[str, Any], second: dict[str, Any], at: str, verdict: str
) -> None:
    """Every condition of section 4.1 is needed, and each boundary is inclusive."""
    play = Play()
    play.send(signal(**first))
    assert play.send(signal(event_id="e2", record="r2", **second), at).verdict == verdict


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [("teacher_1", "teacher_1", "near_duplicate"), ("teacher_1", "teacher_2", "internal_link")],
)
def test_near_duplicate_by_professional(first: str, second: str, verdict: str) -> None:
    """The same professional makes the same source, whatever the day."""
    play = Play()
    sender = {"org": "school_1", "kind": "school"}
    play.send(signal(sender=sender | {"professional": first}))
    second_signal = signal(event_id="e2", record="r2", sender=sender | {"professional": second})
    assert play.send(second_signal, clock(hours=1)).verdict == verdict


def test_near_duplicate_needs_a_common_receiver() -> None:
    """A signal that goes to others than the head did is not suppressed."""
    play = Play(facts(*SIGNALS, consent("k", "school", "youth_health")))
    play.send(signal(**DAY))
    other = play.send(
        signal(event_id="e2", record="r2", recipients=[{"to": {"org": "youth_health_1"}}], **DAY)
    )
    assert (other.verdict, receivers(other)) == ("internal_link", ["youth_health_1"])


def test_near_duplicate_goes_to_who_missed_the_head() -> None:
    """Only who got the head is spared; another recipient gets the signal itself."""
    play = Play(facts(*SIGNALS, consent("k", "school", "youth_health")))
    play.send(signal(**DAY))
    both = [{"to": {"org": TEAM}}, {"to": {"org": "youth_health_1"}}]
    again = play.send(signal(event_id="e2", record="r2", recipients=both, **DAY))
    assert (again.verdict, receivers(again)) == ("near_duplicate", ["youth_health_1"])
    assert messages(again) == [("signal.source_added", (TEAM,), None)]


def test_undelivered_signal_is_no_head() -> None:
    """A held signal suppresses nothing."""
    play = Play(facts(subjects={"child_1": {}}))
    play.send(signal(**DAY))
    play.known = facts()
    assert play.send(signal(event_id="e2", record="r2", **DAY), clock(hours=1)).verdict == "unique"


def test_near_duplicate_is_no_head_and_no_match() -> None:
    """A near duplicate is never a head: the third one belongs to the first, and the match names two sides."""
    play = Play(facts(*SIGNALS, *BOTH_WAYS))
    play.send(signal(**DAY))
    play.send(signal(event_id="e2", record="r2", **DAY), clock(hours=1))
    play.send(signal(event_id="e3", record="r3", **DAY), clock(hours=2))
    assert [entry.near_duplicate_of for entry in play.history.entries] == [None, "entry-1", "entry-1"]
    match = play.send(signal("gp_1", "e4"), clock(hours=3))
    assert messages(match) == [("match.reported", ("gp_1", "school_1"), "same_subject")]


def test_near_duplicate_does_not_run_the_match() -> None:
    """A pair that could not be told is not tried again by a near duplicate."""
    play = Play(facts(*SIGNALS))
    play.send(signal("gp_1", "e0"))
    assert len(play.send(signal(**DAY)).suppressed) == 1
    play.known = facts(*SIGNALS, *BOTH_WAYS)
    again = play.send(signal(event_id="e2", record="r2", **DAY), clock(hours=1))
    assert (again.verdict, again.suppressed) == ("near_duplicate", ())
    assert messages(again) == [("signal.source_added", (TEAM,), None)]


def test_reevaluated_near_duplicate_stays_out_of_matches() -> None:
    """A near duplicate that reaches one more recipient later still makes no match."""
    both = [{"to": {"org": TEAM}}, {"to": {"org": "youth_health_1"}}]
    play = Play(facts(*SIGNALS, *BOTH_WAYS))
    play.send(signal(**DAY))
    second = signal(event_id="e2", record="r2", recipients=both, **DAY)
    assert play.send(second).verdict == "near_duplicate"
    play.known = facts(*SIGNALS, consent("k", "school", "youth_health"))
    again = play.send(second, clock(hours=1))
    assert (again.verdict, again.emissions) == ("reevaluated", ())
    assert "youth_health_1" in receivers(again)


def test_internal_link_is_told_inside_only() -> None:
    """A second, other observation of one organisation is delivered and told to its own coordinator."""
    play = Play()
    play.send(signal())
    other = play.send(signal(event_id="e2", record="r2", domains=["11"]))
    assert (other.verdict, receivers(other)) == ("internal_link", [TEAM])
    assert messages(other) == [("signal.linked_internally", ("school_1",), None)]


def test_held_signal_links_nothing() -> None:
    """What is not delivered is neither a link nor a match."""
    play = Play()
    play.send(signal())
    play.send(signal("gp_1", "e2"))
    play.known = facts(subjects={"child_1": {}})
    held = play.send(signal(event_id="e3", record="r3"), clock(days=4))
    assert (held.verdict, held.emissions, held.suppressed) == ("unique", (), ())


@pytest.mark.parametrize(
    ("urgency", "at", "verdict"),
    [
        ("u1", clock(hours=2), "escalation"),
        ("u2", clock(hours=72), "escalation"),
        ("u2", clock(hours=72, seconds=1), "internal_link"),
        ("u3", clock(hours=2), "near_duplicate"),
    ],
)
def test_escalation(urgency: str, at: str, verdict: str) -> None:
    """Only a sharper urgency within 72 hours is an escalation, and it is never suppressed."""
    play = Play()
    play.send(signal(**DAY))
    judgement = play.send(signal(event_id="e2", record="r2", urgency=urgency, **DAY), at)
    assert judgement.verdict == verdict
    assert (TEAM in receivers(judgement)) is (verdict != "near_duplicate")


def test_escalation_beats_all_recent_ones() -> None:
    """What is not sharper than every recent observation is no escalation."""
    play = Play()
    play.send(signal(urgency="u2"))
    play.send(signal(event_id="e2", record="r2", urgency="u4", domains=["11"]))
    assert play.send(signal(event_id="e3", record="r3", urgency="u3")).verdict == "internal_link"


def test_escalation_counts_held_ones() -> None:
    """A held observation also counts for escalation, and a held escalation is one."""
    play = Play(facts(subjects={"child_1": {}}))
    play.send(signal())
    judgement = play.send(signal(event_id="e2", record="r2", urgency="u2"))
    assert (judgement.verdict, judgement.deliver) == ("escalation", ())


def test_echo_skips_who_knows_it() -> None:
    """A republished signal is no second observation: its author and its earlier receivers do not get it."""
    play = Play(facts(*FOR_ECHO))
    play.send(signal("gp_1", "e1", "g1"))
    three = [{"to": {"org": org}} for org in ("gp_1", "youth_health_1")]
    echo = play.send(signal(TEAM, "e2", causation_id="e1", **TO_HEALTH | {"recipients": three}))
    assert (echo.verdict, echo.reason, receivers(echo)) == ("echo", None, ["youth_health_1"])
    assert play.history.entries[1].echo
    assert (echo.emissions, echo.suppressed) == ((), ())


@pytest.mark.parametrize("name", ["origin_id", "causation_id"])
def test_echo_of_a_known_event(name: str) -> None:
    """An event that only the facts know is an origin too, with the deliveries of its record."""
    known = {
        "known_events": [{"id": "g1", "org": "gp_1", "kind": "gp"}],
        "deliveries": [
            {"recipient": "youth_health_1", "consent_ids": [], "record_ref": "g1", "org": "gp_1"},
            {"recipient": TEAM, "consent_ids": [], "record_ref": "other", "org": "gp_1"},
            {"recipient": 7, "consent_ids": [], "record_ref": "g1", "org": "gp_1"},
        ],
    }
    play = Play(facts(*FOR_ECHO, **known))
    echo = play.send(signal(TEAM, "e2", **TO_HEALTH, **{name: "g1"}))
    assert (echo.verdict, echo.deliver) == ("echo", ())


@pytest.mark.parametrize(
    "changes", [{"causation_id": "unheard"}, {"causation_id": "own"}, {"origin_id": "own"}]
)
def test_no_echo_of_nothing_or_of_oneself(changes: dict[str, str]) -> None:
    """Naming an unknown event or one's own is no echo."""
    play = Play(facts(*FOR_ECHO, known_events=[{"id": "own", "org": TEAM, "kind": "local_team"}]))
    assert play.send(signal(TEAM, "e2", **TO_HEALTH, **changes)).verdict == "unique"


@pytest.mark.parametrize(("seconds", "verdict"), [(0, "echo"), (1, "unique")])
def test_echo_window(seconds: int, verdict: str) -> None:
    """An origin is known within the match window, inclusive."""
    lasting = [{**record, "valid_to": "2028-12-31"} for record in FOR_ECHO]
    play = Play(facts(*lasting))
    play.known["subjects"]["child_1"]["custody"][0]["checked_on"] = "2027-11-20"
    play.send(signal("gp_1", "e1", "g1"))
    judgement = play.send(
        signal(TEAM, "e2", causation_id="e1", **TO_HEALTH), clock(days=365, seconds=seconds)
    )
    assert judgement.verdict == verdict


def test_echo_takes_no_part_later() -> None:
    """An echo is never an earlier observation: no escalation, no link, no match follows from it."""
    everything = [*FOR_ECHO, to_team("school"), coordination("gp", "local_team")]
    ways = [coordination("school", "local_team"), coordination("local_team", "school")]
    play = Play(facts(*everything, *ways))
    play.send(signal("gp_1", "e1", "g1"))
    play.send(signal(TEAM, "e2", causation_id="e1", **TO_HEALTH))
    school = play.send(signal("school_1", "e3"))
    assert [pair.to for pair in school.suppressed] == [("gp_1", "school_1")]
    own = play.send(signal(TEAM, "e4", "r4", **TO_HEALTH | {"urgency": "u2"}))
    assert own.verdict == "match"


def test_reevaluated_echo_still_skips() -> None:
    """An echo that may go to more recipients later still skips who it skipped before."""
    both = [{"to": {"org": org}} for org in ("gp_1", "youth_health_1")]
    play = Play(facts(to_team("gp"), coordination("local_team", "gp")))
    play.send(signal("gp_1", "e1", "g1"))
    echo = signal(TEAM, "e2", causation_id="e1", **TO_HEALTH | {"recipients": both})
    assert play.send(echo).deliver == ()
    play.known = facts(*FOR_ECHO)
    again = play.send(echo, clock(hours=1))
    assert (again.verdict, receivers(again), again.emissions) == ("reevaluated", ["youth_health_1"], ())


def test_reevaluated_echo_of_a_forgotten_origin() -> None:
    """When the origin was erased meanwhile, who was skipped the first time is skipped again."""
    both = [{"to": {"org": org}} for org in ("gp_1", "youth_health_1")]
    play = Play(facts(to_team("gp"), coordination("local_team", "gp")))
    play.send(signal("gp_1", "e1", "g1"))
    echo = signal(TEAM, "e2", causation_id="e1", **TO_HEALTH | {"recipients": both})
    play.send(echo)
    play.send(retraction("gp_1", "g1"))
    play.known = facts(*FOR_ECHO)
    assert receivers(play.send(echo, clock(hours=1))) == ["youth_health_1"]


def test_update_of_an_echo_is_no_observation() -> None:
    """A higher revision of an echo is delivered as an update and still makes no match."""
    play = Play(facts(*FOR_ECHO, coordination("gp", "local_team")))
    play.send(signal("gp_1", "e1", "g1"))
    play.send(signal(TEAM, "e2", "l1", causation_id="e1", **TO_HEALTH))
    record = {"ref": "l1", "revision": 2}
    update = play.send(signal(TEAM, "e3", causation_id="e1", **TO_HEALTH) | {"record": record})
    assert (update.verdict, receivers(update)) == ("update", ["youth_health_1"])
    assert (update.emissions, update.suppressed) == ((), ())
