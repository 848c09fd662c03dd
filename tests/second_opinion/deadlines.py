"""Response times: the counting rules and public holidays of EVENTS.md section 8."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta

from tests.second_opinion.tables import Json
from tests.second_opinion.values import AMSTERDAM, amsterdam_date, read_date

UNITS = ["seconds", "minutes", "hours", "days", "weeks", "working_days", "months"]


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    correction = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * correction + 114, 31)
    return date(year, month, day + 1)


def is_holiday(day: date, policy: Json) -> bool:
    """Algemene termijnenwet 3, and the days of `extra_holidays`."""
    sunday = easter(day.year)
    kings_day = date(day.year, 4, 26 if date(day.year, 4, 27).weekday() == calendar.SUNDAY else 27)
    fixed = [(1, 1), (5, 5), (12, 25), (12, 26)]
    moving = [sunday + timedelta(days=distance) for distance in (-2, 1, 39, 50)]
    extra = [read_date(item) for item in policy["extra_holidays"]]
    return (day.month, day.day) in fixed or day in moving or day == kings_day or day in extra


def nth_working_day(start: date, count: int, policy: Json) -> date:
    """Rule 4: the n-th working day after the receipt date."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < calendar.SATURDAY and not is_holiday(day, policy):
            count -= 1
    return day


def add_months(start: date, count: int) -> date:
    """Rule 5: the same day number n months later, or the last day of that month."""
    years, month = divmod(start.month - 1 + count, 12)
    year = start.year + years
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def due(rule: str, receipt: datetime, policy: Json) -> datetime:
    """The due instant of a rule counted from the receipt (rules 1 to 7)."""
    unit, count = policy["deadlines"][rule]["unit"], policy["deadlines"][rule]["count"]
    if unit in ("seconds", "minutes", "hours"):
        return receipt.astimezone(UTC) + timedelta(**{unit: count})
    day = amsterdam_date(receipt)
    if unit == "days":
        day += timedelta(days=count)
    if unit == "weeks":
        day += timedelta(weeks=count)
    if unit == "working_days":
        day = nth_working_day(day, count, policy)
    if unit == "months":
        day = add_months(day, count)
    return datetime.combine(day, time(23, 59, 59), tzinfo=AMSTERDAM)


def written(instant: datetime) -> str:
    """Rule 8: the Amsterdam offset of that instant and whole seconds."""
    return instant.astimezone(AMSTERDAM).replace(microsecond=0).isoformat()
