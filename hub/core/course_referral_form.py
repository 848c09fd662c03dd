"""The form in which a referral is kept, and the instants at which the clock looks at it: EVENTS.md section 5."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hub.core.course_terms_steps import (
    deadline_document,
    deadline_of,
    earliest,
    instant_of,
    late_from,
    rule_deadline,
)
from hub.core.deadlines import rule_due
from hub.core.lifecycle_referral import LIT, WAITING, Referral
from hub.core.model import Json, JsonObject
from hub.core.policy import Policy
from hub.core.times import amsterdam_text, parse_date, start_of_day

CHECK_IN = "waiting_list_check_in"
"""Who waits hears something every four weeks (EVENTS.md section 5)."""

ALARM = "waiting_list_alarm"
"""The silence after which an alert is raised (EVENTS.md sections 5 and 8)."""

_AT_ONCE = "1970-01-01T00:00:00+00:00"
"""The next instant of what should have an end and has none: it counts as over (`lifecycle_referral.tick`)."""

_ONE_DAY = timedelta(days=1)


def referral_document(referral: Referral) -> JsonObject:
    """Return the form in which a referral is kept, under `referral` of its thread: instants RFC 3339, dates ISO."""
    since, until = referral.waiting_since, referral.pilot_light_until
    return {
        "state": referral.state,
        "owner": referral.owner,
        "waiting_since": None if since is None else since.isoformat(),
        "told": referral.told,
        "pilot_light_until": None if until is None else until.isoformat(),
    }


def referral_of(document: Mapping[str, Json]) -> Referral:
    """Return the referral that the document of its thread holds.

    Raises:
        KeyError, TypeError, ValueError: it is damaged.
    """
    kept: Any = document["referral"]
    since, until = kept["waiting_since"], kept["pilot_light_until"]
    last_day = parse_date(until)
    if until is not None and last_day is None:
        raise ValueError("a pilot light without a readable last day")
    return Referral(
        state=kept["state"],
        owner=kept["owner"],
        waiting_since=None if since is None else instant_of(since),
        told=kept["told"],
        pilot_light_until=last_day,
    )


def check_in_of(referral: Referral, policy: Policy) -> JsonObject | None:
    """Return the check-in that is due while waiting, counted from the later of placement and last contact, or None."""
    if referral.state != WAITING or referral.waiting_since is None:
        return None
    return deadline_document(rule_deadline(CHECK_IN, referral.waiting_since, policy))


def next_of_referral(referral: Referral, check_in: Json, policy: Policy) -> str | None:
    """Return the next instant at which the clock changes a referral, or None.

    While waiting: silence, and the steps of the check-in. While the pilot light burns: the day after its last.
    """
    if referral.state == LIT:
        return None if referral.told else _light_out(referral)
    if referral.state != WAITING:
        return None
    silence = None if referral.told else _silence(referral, policy)
    step = None if check_in is None else earliest([deadline_of(check_in)])
    return min((at for at in (silence, step) if at is not None), key=instant_of, default=None)


def _light_out(referral: Referral) -> str | None:
    """Return 00:00 in Amsterdam of the day after the last of the pilot light; the calendar's last day has none."""
    until = referral.pilot_light_until
    if until is None:
        return _AT_ONCE
    return None if until == date.max else amsterdam_text(start_of_day(until + _ONE_DAY))


def silence_due(referral: Referral, policy: Policy) -> str | None:
    """Return the due instant of the next sign of life while waiting, or None when nobody knows since when."""
    since = referral.waiting_since
    return None if since is None else amsterdam_text(rule_due(ALARM, since, policy))


def _silence(referral: Referral, policy: Policy) -> str | None:
    """Return the first whole second of silence; not known since when counts as silence."""
    due = silence_due(referral, policy)
    late = None if due is None else late_from(instant_of(due))
    if late is None:
        return _AT_ONCE if due is None else None
    return amsterdam_text(late)
