"""What is remembered, answered and told of repeats, echoes and retractions, compared whole: DEDUP.md."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.core.history import Entry, History, Pair
from hub.core.judgement import Judgement
from hub.core.model import Decision, EventDecision, Outcome
from tests.unit.dedup_world import (
    BOTH_WAYS,
    MONDAY,
    SIGNALS,
    TEAM,
    Document,
    Play,
    child,
    clock,
    consent,
    facts,
    messages,
    receivers,
    retraction,
    signal,
    to_team,
)

SCHOOL_2 = "school_2"
TO_SCHOOL = consent("school-school", "school", "school")
FULL: Document = {
    "sender": {"org": "school_1", "kind": "school", "professional": "prof_1"},
    "domains": ["11", "04"],
    "occurred_at": "2026-11-22T23:30:00Z",
    "urgency": "u2",
}


class Hostile(list[Any]):
    """A list that fails when it is looked at."""

    def __iter__(self) -> Any:
        raise OSError("damaged")


def held_then_cured(event: Document, *consents: Document, **known: Any) -> tuple[Judgement, Judgement, Play]:
    """Send an event without consents and again with these."""
    play = Play(facts(**known))
    play.known["consents"] = []
    first = play.send(event)
    play.known["consents"] = list(consents or SIGNALS)
    return first, play.send(event), play


def test_an_entry_holds_keys_and_codes() -> None:
    """The memory of one event is exactly what DEDUP.md section 1 lists, with the day of observation in Amsterdam."""
    play = Play()
    judgement = play.send(signal(**FULL))
    (entry,) = judgement.history.entries
    assert entry == Entry(
        entry_id="entry-1",
        source="urn:nld:test:school_1",
        event_id="e1",
        org="school_1",
        kind="school",
        type="signal.raised",
        at=MONDAY,
        record_ref="r1",
        revision=1,
        digest="digest-e1",
        subject_ref="child_1",
        professional="prof_1",
        domains=("04", "11"),
        observed_on="2026-11-23",
        urgency="u2",
        decision=judgement.decision,
        delivered_to=(TEAM,),
        semantic=True,
    )


def test_of_an_unfounded_record_only_its_number_is_left() -> None:
    """A record retracted as unfounded or as an error keeps nothing that tells about the child or the professional."""
    for reason in ("unfounded", "error"):
        play = Play()
        first = play.send(signal(**FULL))
        (known,) = first.history.entries
        play.history = History((replace(known, near_duplicate_of="entry-0"),))
        (left,) = play.send(retraction("school_1", "r1", reason)).history.entries
        assert left == Entry(
            entry_id="entry-1",
            source="urn:nld:test:school_1",
            event_id="e1",
            org="school_1",
            kind="school",
            type="signal.raised",
            at=MONDAY,
            record_ref="r1",
            decision=Decision(first.decision.event),
            semantic=True,
            retracted=True,
        )


def test_when_the_risk_is_gone_the_keys_stay() -> None:
    """A record retracted because the risk is gone is marked and keeps its keys until the window ends."""
    play = Play()
    (known,) = play.send(signal(**FULL)).history.entries
    (left,) = play.send(retraction("school_1", "r1", "risk_gone")).history.entries
    assert left == replace(known, retracted=True)


def test_an_overtaken_event_no_longer_waits() -> None:
    """A held revision that a higher one overtook is answered as a duplicate, and its hold is over."""
    play = Play(facts())
    play.known["consents"] = []
    first = signal(recipients=[{"to": {"org": TEAM}}], record={"ref": "r1", "revision": 1})
    play.known["subjects"] = {"child_1": child(identity="probable")}
    held = play.send(first)
    assert (held.hold_until, held.watches) == ("2026-12-07T23:59:59+01:00", ("child_1",))
    play.send(signal(event_id="e2", record={"ref": "r1", "revision": 2}))
    again = play.send(first)
    assert (again.verdict, again.hold_until, again.watches) == ("duplicate", None, ())


def test_a_mere_repeat_goes_on_waiting() -> None:
    """A held event that comes again unchanged keeps waiting, and is answered with its first decision."""
    play = Play(facts(subjects={"child_1": child(identity="probable")}))
    first, again = play.send(signal()), play.send(signal())
    assert (again.verdict, again.reason, again.decision) == ("duplicate", "deny_duplicate", first.decision)
    assert (again.hold_until, again.watches) == (first.hold_until, first.watches)
    assert again.hold_until is not None


def test_a_repeat_that_cannot_be_judged_is_parked() -> None:
    """When the facts of now are damaged a repeat is parked for a person of the hub, and nothing is replaced."""
    play = Play(facts(subjects={"child_1": child(identity="probable")}))
    play.send(signal())
    play.known = facts(consents=Hostile([1]))
    again = play.send(signal())
    reason = "hold_evaluation_error"
    assert again == Judgement(
        verdict="rejected",
        reason=reason,
        decision=Decision(EventDecision(Outcome.HOLD, reason)),
        parked=reason,
    )


def test_a_cured_event_is_one_event() -> None:
    """What goes on after a cure is about the event as it came first: the hub's id of it does not change."""
    _, cured, _ = held_then_cured(signal())
    assert (cured.verdict, receivers(cured)) == ("reevaluated", [TEAM])
    assert {thread.uid for thread in cured.threads} == {"entry-1"}
    (entry,) = cured.history.entries
    assert (entry.entry_id, entry.delivered_to, entry.decision) == ("entry-1", (TEAM,), cured.decision)


def test_a_half_cured_event_waits_for_the_rest() -> None:
    """When one recipient may have it and another is still held, it is delivered and goes on waiting."""
    both = signal(recipients=[{"to": {"org": TEAM}}, {"to": {"org": SCHOOL_2}}])
    held = {"evidence_ref": ""}
    _, half, _ = held_then_cured(both, *SIGNALS, {**TO_SCHOOL, **held})
    assert (half.verdict, receivers(half)) == ("reevaluated", [TEAM])
    assert (half.hold_until, half.watches) == ("2026-12-07T23:59:59+01:00", ("child_1",))
    _, whole, _ = held_then_cured(both, *SIGNALS, TO_SCHOOL)
    assert (receivers(whole), whole.hold_until, whole.watches) == ([TEAM, SCHOOL_2], None, ())


def with_a_gp(*consents: Document) -> Play:
    """Return a play in which a practice signalled about the child, with the consents that signals need."""
    play = Play(facts(*SIGNALS))
    assert receivers(play.send(signal("gp_1", "g1", "g1"))) == [TEAM]
    play.known["consents"] = list(consents)
    return play


def test_a_match_follows_a_cure() -> None:
    """A cured observation is matched: told when both consents are there, suppressed when one lacks."""
    play = with_a_gp()
    play.send(signal())
    play.known["consents"] = [*SIGNALS, BOTH_WAYS[0]]
    onesided = play.send(signal())
    assert [(row.type, row.reason) for row in onesided.suppressed] == [
        ("match.reported", "deny_match_onesided")
    ]
    assert (onesided.emissions, onesided.history.told) == ((), ())

    play = with_a_gp()
    play.send(signal())
    play.known["consents"] = [*SIGNALS, *BOTH_WAYS]
    told = play.send(signal())
    assert messages(told) == [("match.reported", ("gp_1", "school_1"), "same_subject")]
    assert told.history.told == (Pair("gp_1", "child_1", "school_1", "child_1", "same_subject"),)


def test_a_cured_echo_skips_who_has_the_origin_and_is_no_match() -> None:
    """An echo that was held goes, once cured, to nobody who sent or got the origin, and is matched with nothing."""
    play = with_a_gp()
    assert play.send(signal(origin_id="g1")).verdict == "echo"
    play.known["consents"] = [*SIGNALS, *BOTH_WAYS]
    cured = play.send(signal(origin_id="g1"))
    assert (cured.verdict, receivers(cured), cured.emissions) == ("reevaluated", [], ())


def test_a_cured_crisis_is_no_match() -> None:
    """Only observations are matched: a crisis report that is cured brings nobody together."""
    crisis = signal(type="crisis.reported", purpose="crisis", record="c1")
    play = with_a_gp()
    play.send(crisis)
    play.known["consents"] = [to_team("school", purpose="crisis"), *BOTH_WAYS]
    cured = play.send(crisis)
    assert (cured.verdict, receivers(cured), cured.emissions) == ("reevaluated", [TEAM], ())
    assert cured.suppressed == ()


def test_the_windows_include_their_last_moment() -> None:
    """A record of exactly 365 days ago is still known when it is retracted; a second later it is not."""
    for at, told in ((clock(days=365), [TEAM]), (clock(days=365, seconds=1), [])):
        play = Play()
        play.send(signal())
        assert receivers(play.send(retraction("school_1", "r1"), at)) == told


def test_a_told_pair_counts_for_the_whole_window() -> None:
    """A match is not told again within 365 days of its telling, the last moment included."""
    pair = Pair("gp_1", "child_1", "school_1", "child_1", "same_subject", told_at=MONDAY)
    known = facts(*[{**record, "valid_to": "2027-11-30"} for record in (*SIGNALS, *BOTH_WAYS)])
    known["subjects"]["child_1"]["custody"][0]["checked_on"] = "2027-11-01"
    known["consents"] = [{**record, "valid_from": "2026-12-01"} for record in known["consents"]]
    for at, number in ((clock(days=365), 0), (clock(days=365, seconds=1), 1)):
        play = Play(known)
        play.send(signal("gp_1", "g1", "g1"), clock(days=30))
        play.history = replace(play.history, pairs=(pair,))
        assert len(play.send(signal(), at).emissions) == number


def test_an_origin_whose_risk_is_gone_is_still_an_origin() -> None:
    """What repeats a record that was retracted because the risk is gone is an echo; of an erased record it is none."""
    for reason, verdict in (("risk_gone", "echo"), ("error", "unique")):
        play = with_a_gp(*SIGNALS)
        play.send(retraction("gp_1", "g1", reason))
        assert play.send(signal(origin_id="g1")).verdict == verdict


def test_only_the_event_that_is_named_is_an_origin() -> None:
    """An id that nobody knows, or of an own event, makes no echo, whatever others sent about the child."""
    play = with_a_gp(*SIGNALS)
    assert play.send(signal(origin_id="somewhere_else")).verdict == "match"
    assert play.send(signal(event_id="e2", record="r2", causation_id="e1")).verdict == "internal_link"


def test_an_echo_skips_who_got_the_record_of_the_origin() -> None:
    """Who got the origin's record before is skipped; who got another record of that sender is not."""
    rows = {"consent_ids": [], "org": "gp_1", "recipient": SCHOOL_2}
    echo = signal(origin_id="g1", recipients=[{"to": {"org": SCHOOL_2}}])
    for row, expected in (
        ({**rows, "record_ref": "g1-record"}, []),
        ({**rows, "record_ref": "other-record"}, [SCHOOL_2]),
        ({**rows, "record_ref": None}, [SCHOOL_2]),
        ({**rows, "record_ref": "g1-record", "org": "youth_work_2"}, [SCHOOL_2]),
        ({**rows, "record_ref": "g1-record", "recipient": None}, [SCHOOL_2]),
    ):
        play = Play(facts(*SIGNALS, TO_SCHOOL))
        play.send(signal("gp_1", "g1", "g1-record"))
        play.known["deliveries"] = [row]
        judgement = play.send(echo)
        assert (judgement.verdict, receivers(judgement)) == ("echo", expected), row
