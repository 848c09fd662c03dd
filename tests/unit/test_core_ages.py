"""Birthdays that change who decides: announced, reached, corrected."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from hub.core.course_ages import age_threads
from hub.core.standing import Standing
from hub.core.threads import Thread
from tests.second_opinion.values import read_date
from tests.unit.core_world import NOW
from tests.unit.terms_world import rung, settings


def ages(
    birth_date: object, now: str = NOW, known: tuple[Thread, ...] | None = None, **policy: Any
) -> dict[Any, Thread]:
    """Return the threads of a child by age."""
    found = age_threads("child_1", {"birth_date": birth_date}, now, settings(**policy), known)
    return {thread.document["age"]: thread for thread in found}


def test_boundaries_ahead_are_open() -> None:
    """A child of ten has three birthdays ahead; each is announced sixty days before, at midnight in Amsterdam."""
    found = ages("2016-03-01")
    assert {age: thread.thread_id for age, thread in found.items()} == {
        12: "age:child_1:12",
        16: "age:child_1:16",
        18: "age:child_1:18",
    }
    twelve = found[12]
    assert (twelve.kind, twelve.uid, twelve.subject_ref, twelve.is_open) == ("age", "", "child_1", True)
    assert twelve.next_at == "2028-01-01T00:00:00+01:00"
    assert twelve.document == {
        "age": 12,
        "boundary_at": "2028-03-01T00:00:00+01:00",
        "steps": [
            {"at": "2028-01-01T00:00:00+01:00", "do": "warn"},
            {"at": "2028-03-01T00:00:00+01:00", "do": "reach"},
        ],
        "done": 0,
    }
    assert json.loads(json.dumps(twelve.document)) == twelve.document


@pytest.mark.parametrize("born", ["2010-02-28", "2012-02-29", "2014-03-30", "2014-10-26", "2009-12-31"])
def test_instants_are_midnights_of_the_calendar(born: str) -> None:
    """Warning and boundary lie at 00:00 Amsterdam on the days that a naive count of the calendar finds."""
    birth = read_date(born)
    assert birth is not None
    for age, thread in ages(born, now="2015-01-01T00:00:00+01:00").items():
        year = birth.year + age
        leap = (birth.month, birth.day) == (2, 29) and year % 4 != 0
        reached = date(year, 3, 1) if leap else date(year, birth.month, birth.day)
        steps: Any = thread.document["steps"]
        assert [step["at"][:19] for step in steps] == [
            f"{reached - timedelta(days=60)}T00:00:00",
            f"{reached}T00:00:00",
        ]


def test_boundaries_behind_are_closed() -> None:
    """For a child of 16 the boundaries of 12 and 16 lie behind: their threads are closed and have no clock."""
    found = ages("2010-05-01")
    assert {age: (thread.is_open, thread.next_at is None) for age, thread in found.items()} == {
        12: (False, True),
        16: (False, True),
        18: (True, False),
    }


def test_boundary_holds_from_its_first_second() -> None:
    """At 00:00 Amsterdam of the birthday the boundary lies behind, a second earlier it does not."""
    assert ages("2010-05-01", now="2026-04-30T23:59:59+02:00")[16].is_open
    assert not ages("2010-05-01", now="2026-05-01T00:00:00+02:00")[16].is_open


@pytest.mark.parametrize("birth_date", [None, "2026-11-22", "2010-02-30", 20100501, "9990-01-01"])
def test_no_birthday_without_a_birth_date(birth_date: object) -> None:
    """A birth date that is missing, cannot be read or has not come gives no threads."""
    assert ages(birth_date) == {}


def test_child_born_today_has_birthdays() -> None:
    """A birth date of today has come."""
    assert ages("2026-11-21").keys() == {12, 16, 18}


def test_invalid_settings_give_no_birthdays() -> None:
    """Without valid settings nobody knows when to announce."""
    assert age_threads("child_1", {"birth_date": "2016-03-01"}, NOW, Standing()) == ()


def test_unreadable_now_is_a_fault() -> None:
    """The caller must say when it is."""
    with pytest.raises(ValueError, match="readable time"):
        age_threads("child_1", {"birth_date": "2016-03-01"}, "now", settings())


def test_known_birthdays_are_left_alone() -> None:
    """Facts that change without the birth date leave what was announced as it is."""
    threads = tuple(ages("2016-03-01").values())
    assert ages("2016-03-01", known=threads) == {}
    assert ages("2016-03-01", known=threads[:2]).keys() == {18}


def test_known_person_needs_no_thread_of_what_lies_behind() -> None:
    """Facts of somebody who is 16 say nothing about 12 and 16, unless those were thought to lie ahead."""
    assert ages("2010-05-01", known=()).keys() == {18}


def test_corrected_birth_date_replaces() -> None:
    """A corrected birth date moves what lies ahead and closes what now lies behind."""
    threads = tuple(ages("2016-03-01").values())
    found = ages("2010-05-01", known=threads)
    assert {age: thread.is_open for age, thread in found.items()} == {12: False, 16: False, 18: True}
    assert {thread.thread_id for thread in found.values()} == {thread.thread_id for thread in threads}


def test_clock_announces_and_reaches_each_once() -> None:
    """Sixty days before, the confirmation is asked; on the birthday the boundary is reached; then it is over."""
    twelve = ages("2016-03-01")[12]
    warned = rung(twelve, "2028-01-01T00:00:00+01:00")
    (event,) = warned.own_events
    assert (event["type"], event["subject_ref"]) == ("consent.reconfirmation_requested", "child_1")
    assert event["data"] == {"age": 12, "boundary_at": "2028-03-01T00:00:00+01:00"}
    assert (warned.thread.is_open, warned.thread.next_at) == (True, "2028-03-01T00:00:00+01:00")
    assert rung(warned.thread, "2028-02-01T00:00:00+01:00").own_events == ()
    reached = rung(warned.thread, "2028-03-01T00:00:00+01:00")
    assert [item["type"] for item in reached.own_events] == ["consent.age_boundary_reached"]
    assert (reached.thread.is_open, reached.thread.next_at) == (False, None)


def test_clock_that_jumps_tells_both() -> None:
    """A clock that was off for months tells what it passed, in order, each once and under the same ids."""
    twelve = ages("2016-03-01")[12]
    late = rung(twelve, "2028-06-01T12:00:00+02:00")
    assert [item["type"] for item in late.own_events] == [
        "consent.reconfirmation_requested",
        "consent.age_boundary_reached",
    ]
    assert late.own_events[0]["id"] == rung(twelve, "2028-01-01T00:00:00+01:00").own_events[0]["id"]
    assert not late.thread.is_open


def test_announcement_that_has_passed_comes_at_once() -> None:
    """A child that becomes known within the sixty days is announced at once."""
    twelve = ages("2016-03-01", now="2028-02-01T12:00:00+01:00")[12]
    assert twelve.next_at == "2028-01-01T00:00:00+01:00"
    assert len(rung(twelve, "2028-02-01T12:00:01+01:00").own_events) == 1


def test_length_of_announcement_is_a_setting() -> None:
    """The days of announcement follow `reconfirm_warning_days`."""
    assert ages("2016-03-01", reconfirm_warning_days=1)[12].next_at == "2028-02-29T00:00:00+01:00"


def test_two_children_have_two_announcements() -> None:
    """The ids of announcements differ by person, age and boundary, also for what is told on one day."""
    when = "2028-01-01T00:00:00+01:00"
    one = ages("2016-03-01")[12]
    two = replace(one, thread_id="age:child_2:12", subject_ref="child_2")
    assert rung(one, when).own_events[0]["id"] != rung(two, when).own_events[0]["id"]
