"""Instants, dates and ages: CONSENT.md section 3. The calendar is that of Amsterdam. No clock: "now" is an argument."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

from hub.core.model import Json

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_PARSED_KEPT = 8192
"""How many parsed strings are remembered: dates and instants repeat within a batch; the bound keeps memory flat."""

_LENGTH_OF_DATE = 10
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\.[0-9]+)?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)

Moment: TypeAlias = datetime | date
"""An instant, or a whole day in Amsterdam."""


def parse_instant(value: Json) -> datetime | None:
    """Return the RFC 3339 instant that `value` states, or None. Without an offset it is malformed."""
    return _instant(value) if isinstance(value, str) else None


def parse_date(value: Json) -> date | None:
    """Return the existing calendar date `YYYY-MM-DD` that `value` states, or None."""
    return _date(value) if isinstance(value, str) else None


def parse_moment(value: Json) -> Moment | None:
    """Return the date or instant that `value` states, or None."""
    if not isinstance(value, str):
        return None
    return _date(value) if len(value) == _LENGTH_OF_DATE else _instant(value)


def read_moment(value: Json) -> tuple[datetime, date] | None:
    """Return an instant with its Amsterdam day, or None."""
    return _instant_and_day(value) if isinstance(value, str) else None


@lru_cache(_PARSED_KEPT)
def _instant_and_day(text: str) -> tuple[datetime, date] | None:
    """Parse one instant and find its day: all events of a batch ask for the same one."""
    instant = _instant(text)
    return None if instant is None else (instant, amsterdam_date(instant))


@lru_cache(_PARSED_KEPT)
def _instant(text: str) -> datetime | None:
    """Parse one instant; finer than microseconds is cut off."""
    if _INSTANT.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # the form is right, the day does not exist
        return None


@lru_cache(_PARSED_KEPT)
def _date(text: str) -> date | None:
    """Parse one date."""
    if _DATE.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:  # the form is right, the day does not exist
        return None


def amsterdam_date(instant: datetime) -> date:
    """Return the calendar date in Amsterdam; at the ends of the calendar, the last date that exists there (T1)."""
    try:
        return instant.astimezone(AMSTERDAM).date()
    except OverflowError:
        return instant.date()


def amsterdam_text(instant: datetime) -> str:
    """Return the instant with the Amsterdam offset and whole seconds (EVENTS.md section 8, counting rule 8)."""
    return instant.astimezone(AMSTERDAM).isoformat(timespec="seconds")


def day_of(moment: Moment) -> date:
    """Return the Amsterdam day of an instant or a date."""
    return amsterdam_date(moment) if isinstance(moment, datetime) else moment


def start_of_day(day: date) -> datetime:
    """Return 00:00 in Amsterdam."""
    return datetime.combine(day, time(), AMSTERDAM)


def end_of_day(day: date) -> datetime:
    """Return 23:59:59 in Amsterdam, the last whole second of the day."""
    return datetime.combine(day, time(23, 59, 59), AMSTERDAM)


def elapsed(instant: datetime, length: timedelta) -> datetime:
    """Return the instant that lies `length` of real time later, whatever the clock on the wall does."""
    return instant.astimezone(UTC) + length


def has_begun(start: Moment, now: datetime, today: date) -> bool:
    """Return whether a `valid_from` has come: a date from 00:00 Amsterdam of that day (T2)."""
    return start <= now if isinstance(start, datetime) else start <= today


def has_passed(end: Moment, now: datetime, today: date) -> bool:
    """Return whether a `valid_to` lies behind: a date includes that whole day, an instant itself (T2)."""
    return end < now if isinstance(end, datetime) else end < today


def active_on(today: date, start: Json, end: Json) -> bool:
    """Return whether a fact with these `from` and `to` dates holds today: `to` is exclusive, null is open (T3).

    Anything that is not a date does not hold.
    """
    first = parse_date(start)
    if first is None or first > today:
        return False
    if end is None:
        return True
    last = parse_date(end)
    return last is not None and today < last


def age_on(day: date, birth_date: date) -> int:
    """Return the age in years; who was born on 29 February turns older on 1 March in other years (T4)."""
    before_birthday = (day.month, day.day) < (birth_date.month, birth_date.day)
    return day.year - birth_date.year - before_birthday


def birthday(birth_date: date, age: int) -> date:
    """Return the day on which this age is reached (T4, T5)."""
    try:
        return birth_date.replace(year=birth_date.year + age)
    except ValueError:  # 29 February in a year without one
        return date(birth_date.year + age, 3, 1)


def months_later(day: date, months: int) -> date:
    """Return the same day number so many months later, or the last day of that month (counting rule 5).

    Beyond the end of the calendar it is the calendar's last day.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > MAXYEAR:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
