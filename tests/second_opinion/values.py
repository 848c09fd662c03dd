"""Forms of values and times: EVENTS.md sections 1 and 2, CONSENT.md section 3 (T1 to T6)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
LAST_MICROSECOND = timedelta(microseconds=1)


def is_text(value: Any) -> bool:
    """Strings are non-empty."""
    return isinstance(value, str) and value != ""


def is_integer(value: Any, at_least: int | None = None) -> bool:
    """Integers are not booleans."""
    return isinstance(value, int) and not isinstance(value, bool) and (at_least is None or value >= at_least)


def is_one_of(value: Any, names: Any) -> bool:
    """A code is a string of its closed list."""
    return isinstance(value, str) and value in names


def is_given(value: Any) -> bool:
    """In an exception null and "" count as not given."""
    return value is not None and value != ""


def read_date(value: Any) -> date | None:
    """`YYYY-MM-DD`, an existing day; anything else is None."""
    match = DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        return date(*(int(number) for number in match.groups()))
    except ValueError:
        return None


def read_instant(value: Any) -> datetime | None:
    """RFC 3339 with an offset; without offset it is malformed and None."""
    match = INSTANT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = match.groups()
    offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
    the_date = read_date(day)
    if the_date is None or int(offset_hours or 0) > 23 or int(offset_minutes or 0) > 59:
        return None
    try:
        return datetime(
            the_date.year,
            the_date.month,
            the_date.day,
            int(hour),
            int(minute),
            int(second),
            int(((fraction or "") + "000000")[:6]),
            tzinfo=timezone(-offset if sign == "-" else offset),
        )
    except ValueError:
        return None


def amsterdam_date(instant: datetime) -> date:
    """T1: the calendar date in Amsterdam; at the ends of the calendar its last day or its first."""
    try:
        return instant.astimezone(AMSTERDAM).date()
    except OverflowError:
        return date.min if instant.year == date.min.year else date.max


def start_of(day: date) -> datetime:
    """T2: 00:00 in Amsterdam of that day."""
    if day == date.min:
        return datetime.min.replace(tzinfo=UTC)
    return datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM).astimezone(UTC)


def end_of(day: date) -> datetime:
    """T2: the last moment of that day in Amsterdam."""
    last = datetime(day.year, day.month, day.day, 23, 59, 59, 999999, tzinfo=AMSTERDAM)
    return last.astimezone(UTC)


def read_from(value: Any) -> datetime | None:
    """T2: a `valid_from`, a date or an instant, as its first moment."""
    day = read_date(value)
    return start_of(day) if day else read_instant(value)


def read_to(value: Any) -> datetime | None:
    """T2: a `valid_to`, a date (that whole day) or an instant, as its last moment."""
    day = read_date(value)
    return end_of(day) if day else read_instant(value)


def active_on(today: date, row: Any) -> bool:
    """T3: `from` included, `to` excluded, null = open; both ends tested on today. Ill-formed is not active."""
    start, end = read_date(row.get("from")), read_date(row.get("to"))
    if start is None or (row.get("to") is not None and end is None):
        return False
    return start <= today and (end is None or today < end)


def age_on(today: date, birth: date) -> int:
    """T4 and T5: one less before the birthday; a leap-day child turns older on 1 March."""
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
