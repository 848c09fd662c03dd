"""Response times: EVENTS.md section 8. Dutch public holidays, working days, due instants, the escalation ladder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from hub.core.model import Json
from hub.core.policy import Policy, Term
from hub.core.standing import Standing
from hub.core.times import (
    AMSTERDAM,
    amsterdam_date,
    amsterdam_text,
    birthday,
    elapsed,
    end_of_day,
    months_later,
    parse_instant,
    start_of_day,
)

_SATURDAY = 5
_SUNDAY = 6
_ELAPSED_UNITS = {
    "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
}
_DAYS_IN_UNIT = {"days": 1, "weeks": 7}
_YEARS_KEPT = 64
"""Years whose holidays are remembered: more than any deadline spans."""

_CRISIS_LADDER = (timedelta(minutes=10), timedelta(minutes=15), timedelta(minutes=30))
_MORNING = time(9, 0)
_NETWORK_COORDINATOR_AFTER = {"u2": 1, "u3": 2, "u4": 5}
"""Working days after the due date at which the network coordinator is told (level 3)."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """When a missing human acknowledgement goes up: RFC 3339 instants, or None where nothing goes up."""

    level_1: str | None = None
    level_2: str | None = None
    level_3: str | None = None


@lru_cache(_YEARS_KEPT)
def public_holidays(year: int) -> tuple[date, ...]:
    """Return the holidays of a year in order: Algemene termijnenwet 3, without days made equal by decree."""
    easter = _easter(year)
    kings_day = date(year, 4, 27)
    if kings_day.weekday() == _SUNDAY:
        kings_day = date(year, 4, 26)
    days = {
        date(year, 1, 1),
        easter - timedelta(days=2),
        easter + timedelta(days=1),
        kings_day,
        date(year, 5, 5),
        easter + timedelta(days=39),
        easter + timedelta(days=50),
        date(year, 12, 25),
        date(year, 12, 26),
    }
    return tuple(sorted(days))


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the algorithm of Meeus, Jones and Butcher)."""
    golden = year % 19
    century, in_century = divmod(year, 100)
    leap_centuries, after_leap_century = divmod(century, 4)
    moon_correction = (century - (century + 8) // 25 + 1) // 3
    full_moon = (19 * golden + century - leap_centuries - moon_correction + 15) % 30
    leap_years, after_leap_year = divmod(in_century, 4)
    to_sunday = (32 + 2 * after_leap_century + 2 * leap_years - full_moon - after_leap_year) % 7
    late = (golden + 11 * full_moon + 22 * to_sunday) // 451
    month, day = divmod(full_moon + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def is_working_day(day: date, extra_holidays: frozenset[date]) -> bool:
    """Return whether it is Monday to Friday and not a public or an extra holiday."""
    return day.weekday() < _SATURDAY and day not in public_holidays(day.year) and day not in extra_holidays


def working_days_later(day: date, count: int, extra_holidays: frozenset[date]) -> date:
    """Return the `count`-th working day after `day`; the calendar's last day when it holds no such day."""
    if count > (date.max - day).days:
        return date.max
    while count:
        if day == date.max:
            return day
        day += timedelta(days=1)
        count -= is_working_day(day, extra_holidays)
    return day


def term_due(term: Term, received_at: datetime, policy: Policy) -> datetime:
    """Return the due instant of a term. Something is late when `now` is after it (counting rules 1 to 7).

    A term that runs beyond the end of the calendar ends with the calendar's last day.
    """
    unit = _ELAPSED_UNITS.get(term.unit)
    try:
        if unit is not None:
            return elapsed(received_at, unit * term.count)
        return end_of_day(_due_date(term, amsterdam_date(received_at), policy))
    except OverflowError:
        return end_of_day(date.max)


def _due_date(term: Term, received_on: date, policy: Policy) -> date:
    """Return the due date of a term in days, weeks, months or working days; the day of receipt is not counted."""
    if term.unit == "working_days":
        return working_days_later(received_on, term.count, policy.extra_holidays)
    if term.unit == "months":
        return months_later(received_on, term.count)
    return received_on + timedelta(days=_DAYS_IN_UNIT[term.unit] * term.count)


def rule_due(rule: str, received_at: datetime, policy: Policy) -> datetime:
    """Return the due instant of a rule of the settings. An unknown rule raises KeyError."""
    return term_due(policy.deadlines[rule], received_at, policy)


def due_at(rule: str, received_at: Json, standing: Standing) -> str:
    """Return the due instant of a rule as text, with the Amsterdam offset and whole seconds.

    Raises:
        ValueError: `received_at` is not an instant, or the settings are not valid.
        KeyError: The rule is unknown.
    """
    received = parse_instant(received_at)
    if received is None or standing.policy is None:
        raise ValueError("received_at is not an instant, or the settings are not valid")
    return amsterdam_text(rule_due(rule, received, standing.policy))


def escalation(urgency: str, received_at: datetime, policy: Policy) -> Escalation:
    """Return the ladder of the human acknowledgement (EVENTS.md section 8). For u0 there is none: call 112."""
    if urgency == "u0":
        return Escalation()
    if urgency == "u1":
        return Escalation(*(amsterdam_text(elapsed(received_at, pause)) for pause in _CRISIS_LADDER))
    due = rule_due(f"{urgency}_human_ack", received_at, policy)
    due_on = amsterdam_date(due)
    last = working_days_later(due_on, _NETWORK_COORDINATOR_AFTER[urgency], policy.extra_holidays)
    return Escalation(
        level_1=amsterdam_text(datetime.combine(due_on, _MORNING, AMSTERDAM)),
        level_2=amsterdam_text(due),
        level_3=amsterdam_text(end_of_day(last)),
    )


def age_boundary(birth_date: date, age: int, policy: Policy) -> tuple[date, datetime]:
    """Return the day to warn on and the instant from which the rules of this age hold (T5)."""
    reached_on = birthday(birth_date, age)
    return reached_on - timedelta(days=policy.reconfirm_warning_days), start_of_day(reached_on)
