"""Matches between organisations: DEDUP.md section 5."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.facts import Situation, facts_from_document, read_situation
from hub.core.judgement import Judgement
from hub.core.matching import basis_between
from tests.unit.dedup_world import (
    BOTH_WAYS,
    MONDAY,
    SIGNALS,
    STANDING,
    Document,
    Play,
    child,
    clock,
    coordination,
    facts,
    messages,
    receivers,
    signal,
    standing,
    to_team,
)

TOLD = [("match.reported", ("gp_1", "school_1"), "same_subject")]
SIBLING = {"subject_ref": "child_2"}


def two_children(first: Document, second: Document, *, consents: list[Document] | None = None) -> Play:
    """Return a play in which school signals about one child and youth work about the other."""
    given = [
        to_team("school"),
        to_team("youth_work", **SIBLING),
        coordination("school", "youth_work"),
        coordination("youth_work", "school", **SIBLING),
    ]
    subjects = {"child_1": child(**first), "child_2": child(**second)}
    play = Play(facts(*(consents or given), subjects=subjects))
    play.send(signal())
    return play


def second_child(play: Play) -> Judgement:
    """Let youth work signal about the second child, a day later."""
    return play.send(signal("youth_work_2", "e2", "y1", **SIBLING), clock(days=1))


def test_match_is_told_to_both_once() -> None:
    """Two organisations about one child: both signals arrive, both sides hear of it, once per pair."""
    play = Play(facts(*SIGNALS, *BOTH_WAYS))
    play.send(signal())
    match = play.send(signal("gp_1", "e2"), clock(days=1))
    assert (match.verdict, match.reason, len(receivers(match))) == ("match", None, 1)
    assert messages(match) == TOLD
    assert match.emissions[0].reason == "ok_match"
    assert match.emissions[0].subjects == (("gp_1", "child_1"), ("school_1", "child_1"))
    third = play.send(signal(event_id="e3", record="r3", domains=["11"]), clock(days=2))
    assert messages(third) == [("signal.linked_internally", ("school_1",), None)]
    assert third.suppressed == ()


@pytest.mark.parametrize(
    "consents",
    [[], [BOTH_WAYS[0]], [BOTH_WAYS[1]], [BOTH_WAYS[0], {**BOTH_WAYS[1], "sections": "all"}]],
)
def test_onesided_match_is_told_to_nobody(consents: list[Document]) -> None:
    """Without consent in both directions nobody hears of it, and the signal itself still arrives."""
    play = Play(facts(*SIGNALS, *consents))
    play.send(signal())
    match = play.send(signal("gp_1", "e2"), clock(days=1))
    assert (match.verdict, len(match.deliver), match.emissions, match.history.told) == ("match", 1, (), ())
    assert [(kept.type, kept.to, kept.reason, kept.basis) for kept in match.suppressed] == [
        ("match.reported", ("gp_1", "school_1"), "deny_match_onesided", "same_subject")
    ]


def test_onesided_match_is_tried_again() -> None:
    """The pair is told at the next signal after the missing consent came."""
    play = Play(facts(*SIGNALS))
    play.send(signal())
    play.send(signal("gp_1", "e2"), clock(days=1))
    play.known = facts(*SIGNALS, *BOTH_WAYS)
    link = play.send(signal("gp_1", "e3", "g3", domains=["11"]), clock(days=2))
    assert link.verdict == "internal_link"
    assert messages(link) == [("signal.linked_internally", ("gp_1",), None), *TOLD]


def test_escalation_and_update_run_the_match() -> None:
    """Sharper and higher revisions also bring a pair into contact."""
    for changes in ({"urgency": "u2"}, {"record": {"ref": "g2", "revision": 2}, "type": "signal.revised"}):
        play = Play(facts(*SIGNALS))
        play.send(signal())
        play.send(signal("gp_1", "e2", "g2"))
        play.known = facts(*SIGNALS, *BOTH_WAYS)
        judgement = play.send(signal("gp_1", "e3", "g3") | changes)
        assert judgement.verdict in {"escalation", "update"}
        assert messages(judgement) == TOLD


def test_superseded_revision_makes_no_match() -> None:
    """A revision that was overtaken by one that is held no longer counts."""
    play = Play(facts(*SIGNALS, *BOTH_WAYS))
    play.send(signal())
    play.known["consents"] = [record for record in SIGNALS if record["sender"] != {"kind": "school"}]
    play.send(signal(event_id="e2", record="r1") | {"record": {"ref": "r1", "revision": 2}})
    assert play.send(signal("gp_1", "e3"), clock(days=1)).verdict == "unique"


@pytest.mark.parametrize(
    ("changes", "basis"),
    [
        ({}, "same_subject"),
        ({"protected_address": True}, "same_subject"),
        ({"identity": "probable"}, None),
        ({"identity": None}, None),
        ({"birth_date": "2003-11-24"}, "same_subject"),
        ({"birth_date": "2003-11-23"}, None),
        ({"birth_date": "2026-11-24"}, None),
        ({"birth_date": "unknown"}, None),
    ],
)
def test_eligible_subject(changes: dict[str, Any], basis: str | None) -> None:
    """Only an established person of a known age below the maximum is matched."""
    assert between({"child_1": child(**changes)}, "child_1", "child_1") == basis


def test_unknown_subject_is_not_matched() -> None:
    """Nothing is known of a person who is not in the facts."""
    assert between({"child_1": child()}, "child_1", "child_2") is None
    assert between({"child_1": "damaged"}, "child_1", "child_1") is None


def between(subjects: Document, subject_a: str, subject_b: str) -> str | None:
    """Return why two subjects belong together on Monday."""
    situation = read_situation(facts_from_document({"subjects": subjects}, STANDING, MONDAY))
    assert isinstance(situation, Situation)
    return basis_between(situation, subject_a, subject_b)


@pytest.mark.parametrize(("birth_date", "verdict"), [("2003-11-25", "match"), ("2003-11-24", "unique")])
def test_young_people_match_until_22(birth_date: str, verdict: str) -> None:
    """On the day somebody turns 23 signals still arrive, and match no more (NOTES no 18)."""
    subjects = {"child_1": child(birth_date=birth_date)}
    play = Play(facts(*_given_by_all(SIGNALS), subjects=subjects))
    assert play.send(signal()).deliver
    gp = play.send(signal("gp_1", "e2"), clock(days=1))
    assert (gp.verdict, len(gp.deliver)) == (verdict, 1)


def _given_by_all(records: list[Document]) -> list[Document]:
    """Return the records as given by the young person, who decides alone from sixteen."""
    return [
        {**record, "given_by": {**record["given_by"], "person": "child_1", "role": "youth"}}
        for record in records
    ]


@pytest.mark.parametrize(("seconds", "verdict"), [(0, "match"), (1, "unique")])
def test_match_window(seconds: int, verdict: str) -> None:
    """An earlier signal counts within the match window, inclusive."""
    play = Play(facts(*SIGNALS), standing=standing(match_window_days=2))
    play.send(signal())
    assert play.send(signal("gp_1", "e2"), clock(days=2, seconds=seconds)).verdict == verdict


def test_match_window_never_above_two_years() -> None:
    """No configuration keeps a signal in matches for more than 730 days."""
    lasting = [{**record, "valid_to": "2028-12-31"} for record in SIGNALS]
    for days, verdict in ((730, "match"), (731, "unique")):
        subjects = {"child_1": child(birth_date="2020-03-01")}
        play = Play(facts(*lasting, subjects=subjects), standing=standing(match_window_days=1000))
        play.send(signal())
        assert play.send(signal("gp_1", "e2"), clock(days=days)).verdict == verdict


def test_told_pair_is_forgotten_with_the_window() -> None:
    """A pair told is told anew only after the match window."""
    play = Play(facts(*SIGNALS, *BOTH_WAYS), standing=standing(match_window_days=2))
    play.send(signal())
    assert messages(play.send(signal("gp_1", "e2"), clock(days=1))) == TOLD
    play.send(signal("gp_1", "e3", "g3"), clock(days=3))
    late = play.send(signal(event_id="e4", record="r4"), clock(days=3, seconds=1))
    assert (late.verdict, messages(late)) == ("match", TOLD)


HOME = {"households": ["home_1"]}


@pytest.mark.parametrize(
    ("first", "second", "basis"),
    [
        (HOME, HOME, "same_household"),
        (HOME | {"custody": []}, HOME, "same_household"),
        (HOME, {"households": ["home_2", "home_1"]}, "same_household"),
        (HOME, {"households": ["home_2"]}, "same_parent"),
        (HOME, {"households": "home_1"}, "same_parent"),
        (HOME, {"households": [1]}, "same_parent"),
        (HOME | {"institution_address": True}, HOME, "same_parent"),
        (HOME | {"institution_address": None}, HOME, "same_parent"),
        (HOME | {"protected_address": True}, HOME, None),
        (HOME, HOME | {"protected_address": None}, None),
        (HOME, HOME | {"identity": "ambiguous"}, None),
        ({}, {}, "same_parent"),
        ({}, {"custody": "nobody"}, None),
        ({}, {"custody": [{"person": "parent_2", "role": "parent_with_custody"}]}, None),
        ({}, {"custody": [{"person": "parent_1", "role": "guardian"}]}, None),
        ({}, {"custody": [{"person": 1, "role": "parent_with_custody"}, "x", {"person": "parent_1"}]}, None),
    ],
)
def test_household_and_parent(first: Document, second: Document, basis: str | None) -> None:
    """Two children belong together by household, else by parent, and never at a secret address."""
    subjects = {"child_1": child(**first), "child_2": child(**second)}
    assert between(subjects, "child_1", "child_2") == basis
    assert between(subjects, "child_2", "child_1") == basis


@pytest.mark.parametrize("role", ["parent_without_custody", "parent_custody_unspecified"])
def test_parents_of_any_custody(role: str) -> None:
    """A parent without custody, or with custody not stated, makes siblings too."""
    other = child(custody=[{"person": "parent_1", "role": role, "checked_on": "2026-10-01"}])
    assert between({"child_1": child(), "child_2": other}, "child_1", "child_2") == "same_parent"


def test_parent_match_end_to_end() -> None:
    """Two children of one parent at two homes: both signals arrive and both sides hear of it."""
    judgement = second_child(two_children({"households": ["home_1"]}, {"households": ["home_2"]}))
    assert judgement.verdict == "household_match"
    assert messages(judgement) == [("match.reported", ("school_1", "youth_work_2"), "same_parent")]


def test_household_match_names_each_side_its_own_child() -> None:
    """Each organisation hears of the match under the child that it signalled about itself."""
    judgement = second_child(two_children(HOME, HOME))
    assert messages(judgement) == [("match.reported", ("school_1", "youth_work_2"), "same_household")]
    assert judgement.emissions[0].subjects == (("school_1", "child_1"), ("youth_work_2", "child_2"))


def test_household_match_needs_consent_about_each_child() -> None:
    """The consent of one child does not cover the contact about the other."""
    consents = [
        to_team("school"),
        to_team("youth_work", **SIBLING),
        coordination("school", "youth_work"),
        coordination("youth_work", "school"),
    ]
    judgement = second_child(two_children(HOME, HOME, consents=consents))
    assert (judgement.verdict, judgement.emissions, len(judgement.suppressed)) == ("household_match", (), 1)


def test_same_child_goes_before_the_household() -> None:
    """With a signal on the child itself and one on a sibling, the verdict is match; both pairs are told."""
    consents = [
        *SIGNALS,
        to_team("youth_work", **SIBLING),
        coordination("school", "youth_work"),
        coordination("school", "youth_work", **SIBLING),
        coordination("youth_work", "school"),
        coordination("youth_work", "school", **SIBLING),
    ]
    subjects = {"child_1": child(**HOME), "child_2": child(**HOME)}
    play = Play(facts(*consents, subjects=subjects))
    play.send(signal("youth_work_2", "e1", "y1", **SIBLING))
    play.send(signal("youth_work_2", "e2", "y2"))
    judgement = play.send(signal("school_1", "e3"))
    assert judgement.verdict == "match"
    assert [message[2] for message in messages(judgement)] == ["same_household", "same_subject"]


def test_one_organisation_makes_no_match() -> None:
    """Signals of one organisation about two children of a home are not a match."""
    play = two_children(HOME, HOME)
    play.known["consents"] = [to_team("school"), to_team("school", **SIBLING)]
    own = play.send(signal(event_id="e2", record="r2", **SIBLING))
    assert (own.verdict, own.emissions, own.suppressed) == ("unique", (), ())
