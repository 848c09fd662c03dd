"""The calendar of the deadlines against one that others keep: the `holidays` library. EVENTS.md section 8.

The list of EVENTS.md is that of the Algemene termijnenwet, article 3. The library's list is that of public life. They
differ by rule, not by mistake, in three places, each written down here:

- Good Friday and Liberation Day of every year are `optional` in the library (Liberation Day is `public` once in five
  years); the law equals both to a Sunday, so they are asked for by category.
- Easter Sunday and Whit Sunday are in the library's list; the law does not name them, being Sundays.
- Until 2013 the library has Queen's Day; EVENTS.md knows King's Day only, as no deadline of the hub lies so far back.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from dateutil.easter import easter  # type: ignore[import-untyped]  # it ships no type information
from holidays import OPTIONAL, PUBLIC, HolidayBase, country_holidays

from hub.core.deadlines import is_working_day, public_holidays, working_days_later

FIRST_YEAR = 1990
FIRST_KINGS_DAY = 2014
LAST_YEAR = 2100
"""The library's Dutch calendar ends here."""
SUNDAY = 6
COUNTS = (1, 2, 3, 5, 10, 20)
"""Every number of working days that a rule of EVENTS.md section 8 names."""
ROYAL = {(4, 26), (4, 27), (4, 29), (4, 30)}
"""Month and day of King's Day and Queen's Day."""

Calendar = dict[int, set[date]]


def is_royal(day: date) -> bool:
    """Tell whether a holiday in April is the King's or the Queen's; Easter Monday may fall on the same day."""
    return (day.month, day.day) in ROYAL


@pytest.fixture(scope="module")
def library() -> HolidayBase:
    """Give the library's calendar with both categories."""
    return country_holidays(
        "NL", years=range(FIRST_YEAR, LAST_YEAR + 1), categories=(PUBLIC, OPTIONAL), language="en_US"
    )


@pytest.fixture(scope="module")
def by_year(library: HolidayBase) -> Calendar:
    """Give the library's holidays, without the two Sundays, by year."""
    calendar: Calendar = {year: set() for year in range(FIRST_YEAR, LAST_YEAR + 1)}
    for day, names in library.items():
        if not {"Easter Sunday", "Whit Sunday"} & set(names.split("; ")):
            calendar[day.year].add(day)
    return calendar


def test_holidays_are_those_of_the_library(by_year: Calendar) -> None:
    """From the first King's Day to the library's last year both know exactly the same days."""
    for year in range(FIRST_KINGS_DAY, LAST_YEAR + 1):
        assert set(public_holidays(year)) == by_year[year]
        assert list(public_holidays(year)) == sorted(by_year[year])


def test_holidays_before_the_first_kings_day_differ_by_the_royal_day_only(by_year: Calendar) -> None:
    """Before 2014 the two calendars differ in nothing but King's Day and Queen's Day."""
    for year in range(FIRST_YEAR, FIRST_KINGS_DAY):
        assert all(is_royal(day) for day in set(public_holidays(year)) ^ by_year[year])


def test_a_day_is_a_working_day_when_the_library_says_so(library: HolidayBase) -> None:
    """Every day from 2014 to 2100 is a working day in both calendars or in neither."""
    day, last = date(FIRST_KINGS_DAY, 1, 1), date(LAST_YEAR, 12, 31)
    while day <= last:
        assert is_working_day(day, frozenset()) == library.is_working_day(day), day
        day += timedelta(days=1)


@pytest.mark.parametrize("year", range(2024, 2034))
def test_working_days_are_counted_as_the_library_counts_them(year: int, library: HolidayBase) -> None:
    """From every day of ten years the n-th working day later is that of the library, for every n that a rule names."""
    for offset in range(365):
        start = date(year, 1, 1) + timedelta(days=offset)
        for count in COUNTS:
            expected = library.get_nth_working_day(start, count)
            assert working_days_later(start, count, frozenset()) == expected, (start, count)


def test_a_kings_day_on_a_sunday_moves_back() -> None:
    """In 2025 the 27th of April was a Sunday: the 26th is the holiday and the 28th a working day."""
    assert date(2025, 4, 27).weekday() == SUNDAY
    assert date(2025, 4, 26) in public_holidays(2025)
    assert is_working_day(date(2025, 4, 28), frozenset())


def test_the_extremes_of_easter() -> None:
    """Easter Monday of an early and of a late year lies where almanacs have it."""
    assert date(2008, 3, 24) in public_holidays(2008)
    assert date(2038, 4, 26) in public_holidays(2038)


def test_easter_is_that_of_the_almanacs() -> None:
    """In every year of the Gregorian calendar that dateutil knows, Easter Monday is the day after its Easter."""
    for year in range(1583, 4100):
        assert easter(year) + timedelta(days=1) in public_holidays(year), year


def test_two_holidays_on_one_day_are_one() -> None:
    """In 2016 Ascension Day fell on 5 May: eight days are left of nine holidays."""
    assert len(public_holidays(2016)) == 8
    assert len(public_holidays(2026)) == 9
