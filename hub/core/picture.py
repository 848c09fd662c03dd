"""The prevention picture: how many signals of a month, per district and life domain (EVENTS.md section 7).

Counts without persons. A cell is shown when it holds at least `k_aggregate` signals about at least as many different
persons: ten signals about one child are no crowd. Smaller cells are left out, so that a zero is not told either.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from hub.core.model import JsonObject
from hub.core.own_events import own_event
from hub.core.policy import Policy
from hub.core.standing import Standing
from hub.core.times import amsterdam_date, amsterdam_text, start_of_day

PICTURE = "prevention.picture_published"

DUE_AFTER_MIDNIGHT = timedelta(hours=2)
"""On the first day of the next month at 02:00: what was sent before midnight has been delivered by then."""


class Count(Protocol):
    """Signals of one district and life domain: how many, about how many different persons."""

    @property
    def district(self) -> str:
        """District code."""
        ...

    @property
    def domain(self) -> str:
        """Life-domain code."""
        ...

    @property
    def signals(self) -> int:
        """How many signals."""
        ...

    @property
    def persons(self) -> int:
        """About how many different persons."""
        ...


@dataclass(frozen=True, slots=True)
class Period:
    """One calendar month of Amsterdam: first and last day."""

    first: date
    last: date

    @property
    def name(self) -> str:
        """Return year and month, such as `2026-10`."""
        return f"{self.first:%Y-%m}"

    @property
    def start(self) -> str:
        """Return the instant at which it begins, RFC 3339."""
        return amsterdam_text(start_of_day(self.first))

    @property
    def end(self) -> str:
        """Return the first instant after it, RFC 3339."""
        return amsterdam_text(start_of_day(self.last + timedelta(days=1)))


def due_period(now: datetime) -> Period:
    """Return the latest month whose picture is due: the previous one, from 02:00 Amsterdam on its first day after."""
    month = amsterdam_date(now).replace(day=1)
    if now < start_of_day(month) + DUE_AFTER_MIDNIGHT:
        month = (month - timedelta(days=1)).replace(day=1)
    last = month - timedelta(days=1)
    return Period(last.replace(day=1), last)


def picture_event(
    counts: Iterable[Count], period: Period, standing: Standing, now: datetime
) -> JsonObject | None:
    """Return the event that publishes a month, without `source`; None without a large enough cell, or a receiver.

    The same month gives the same event id, so that it counts once however often it is sent.

    Args:
        counts: The signals of the period per district and domain.
        period: The month.
        standing: The configuration of this moment; an invalid one publishes nothing.
        now: The present instant.
    """
    if standing.policy is None:
        return None
    cells, receivers = _cells(counts, standing.policy.k_aggregate), _receivers(standing, standing.policy, now)
    if not cells or not receivers:
        return None
    data: JsonObject = {"period_from": period.first.isoformat(), "period_to": period.last.isoformat()}
    return own_event(
        PICTURE,
        period.name,
        None,
        amsterdam_text(now),
        data,
        purpose="prevention_picture",
        recipients=[{"to": {"org": org}} for org in receivers],
        cells=cells,
    )


def _cells(counts: Iterable[Count], least: int) -> list[JsonObject]:
    """Return the cells that hide everybody in them, by district and domain."""
    shown = sorted(
        (count.district, count.domain, count.signals)
        for count in counts
        if count.signals >= least and count.persons >= least
    )
    return [{"area": area, "domain": domain, "n": signals} for area, domain, signals in shown]


def _receivers(standing: Standing, policy: Policy, now: datetime) -> list[str]:
    """Return the active organisations that get counts and nothing else, in the order of the directory."""
    today = amsterdam_date(now)
    return [
        partner.org
        for partner in standing.partners.values()
        if partner.kind in policy.aggregate_only_kinds and partner.active(today)
    ]
