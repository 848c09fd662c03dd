"""Instants, dates, ages and terms at their edges."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hub.core.deadlines import due_at, is_working_day, public_holidays, working_days_later
from hub.core.defaults import DEFAULTS
from hub.core.model import Json
from hub.core.standing import compile_standing
from hub.core.times import (
    active_on,
    amsterdam_date,
    birthday,
    months_later,
    parse_date,
    parse_instant,
    parse_moment,
    read_moment,
)

NO_INSTANTS: list[Json] = [
    None,
    1,
    ["2026-11-21T12:00:00Z"],
    "",
    "2026-11-21",
    "2026-11-21T12:00:00",
    "2026-11-21 12:00:00Z",
    "2026-11-21t12:00:00z",
    "2026-11-21T12:00Z",
    "2026-11-21T12:00:60Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T12:00:00+01:60",
    "2026-11-21T12:00:00+24:00",
    "2026-11-21T12:00:00,5Z",
    "2026-02-30T12:00:00Z",
    "2026-11-21T12:00:00Z\n",
    "\u0662\u0660\u0662\u0666-11-21T12:00:00Z",
]
NO_DATES: list[Json] = [
    None,
    20261121,
    "20261121",
    "2026-W47-6",
    "2026-11-31",
    "2026-1-1",
    "2026-11-21\n",
    "",
]


@pytest.mark.parametrize("value", NO_INSTANTS)
def test_what_is_no_instant(value: Json) -> None:
    """Only RFC 3339 with an offset, of an existing day, is an instant."""
    assert parse_instant(value) is None
    assert read_moment(value) is None


@pytest.mark.parametrize("value", NO_DATES)
def test_what_is_no_date(value: Json) -> None:
    """Only `YYYY-MM-DD` of an existing day is a date."""
    assert parse_date(value) is None
    assert parse_moment(value) is None


def test_fractions_and_offsets() -> None:
    """Fractions of any length and offsets of either sign are read."""
    assert parse_instant("2026-11-21T12:00:00.123456789-00:30") == datetime(
        2026, 11, 21, 12, 30, 0, 123456, tzinfo=UTC
    )


def test_the_ends_of_the_calendar_do_not_raise() -> None:
    """An instant whose Amsterdam day does not exist keeps its own day."""
    assert amsterdam_date(datetime(9999, 12, 31, 23, 30, tzinfo=UTC)) == date(9999, 12, 31)
    assert months_later(date(2026, 1, 31), 10**6) == date.max
    assert months_later(date(9999, 11, 30), 1) == date(9999, 12, 30)
    assert working_days_later(date(9999, 12, 30), 1, frozenset()) == date(9999, 12, 31)
    assert working_days_later(date(9999, 12, 24), 7, frozenset()) == date.max


def test_to_dates_are_exclusive_and_unreadable_ends_do_not_hold() -> None:
    """A fact ends on its `to` date; without an end it stays; with an unreadable one it does not hold."""
    today = date(2026, 11, 21)
    assert active_on(today, "2026-11-21", None)
    assert not active_on(today, "2026-11-22", None)
    assert not active_on(today, "2026-01-01", "2026-11-21")
    assert not active_on(today, "2026-01-01", "later")
    assert not active_on(today, "soon", None)


def test_a_leap_day_birthday() -> None:
    """Who is born on 29 February has a birthday on 1 March where the day does not exist."""
    assert birthday(date(2012, 2, 29), 16) == date(2028, 2, 29)
    assert birthday(date(2012, 2, 29), 18) == date(2030, 3, 1)


def test_weekends_and_holidays_are_no_working_days() -> None:
    """Saturday, Sunday, public and extra holidays are skipped."""
    assert not is_working_day(date(2026, 11, 21), frozenset())
    assert not is_working_day(date(2026, 12, 25), frozenset())
    assert not is_working_day(date(2026, 11, 23), frozenset({date(2026, 11, 23)}))
    assert is_working_day(date(2026, 11, 23), frozenset())
    assert len(public_holidays(2026)) == 9


def test_a_term_needs_an_instant_and_valid_settings() -> None:
    """A receipt that is no instant, or invalid settings, is the caller's error, not a guessed date."""
    good = compile_standing(directory=[], areas=[], policy={}, defaults=DEFAULTS)
    broken = compile_standing(directory=[], areas=[], policy=None, defaults=DEFAULTS)
    assert due_at("hold_expiry", "2026-11-20T12:00:00+01:00", good) == "2026-12-04T23:59:59+01:00"
    with pytest.raises(ValueError, match="not an instant"):
        due_at("hold_expiry", "2026-11-20", good)
    with pytest.raises(ValueError, match="not valid"):
        due_at("hold_expiry", "2026-11-20T12:00:00+01:00", broken)
    with pytest.raises(KeyError):
        due_at("no_rule", "2026-11-20T12:00:00+01:00", good)
