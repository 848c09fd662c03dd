"""The life cycle of a referral, from offer to pilot light: EVENTS.md section 5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeAlias

from hub.core.codes import is_text
from hub.core.deadlines import rule_due
from hub.core.lifecycle import START, Row, StepResult, fitting_row, has_required, read_table, refused
from hub.core.lifecycle_closing import may_close
from hub.core.model import Json
from hub.core.policy import Policy
from hub.core.reasons import Reason
from hub.core.times import amsterdam_date, months_later, parse_date, parse_instant

_TABLE = """
referral.offered | referrer | none | offered | - | acknowledgement.received
referral.received | owner | offered redirected | received | - | -
referral.accepted | owner | received | accepted | - | -
referral.declined | owner | received | declined | reason suggested_partner_kind | -
referral.redirected | owner | received | redirected | new_owner | -
referral.withdrawn | referrer family | offered received accepted redirected | withdrawn | - | -
referral.withdrawn | referrer family | waiting_list started paused | withdrawn | - | -
waiting_list.placed | owner | accepted | waiting_list | expected_wait_weeks | -
waiting_list.support_assigned | owner | waiting_list | same | - | -
waiting_list.contact_made | owner | waiting_list | same | - | -
waiting_list.rights_explained | owner | waiting_list | same | - | -
waiting_list.buddy_linked | owner | waiting_list | same | - | -
help.started | owner | accepted waiting_list | started | - | -
help.paused | owner | started | paused | - | -
help.resumed | owner | paused | started | - | -
help.team_changed | owner | started paused | same | - | -
fixed_face.changed | owner | accepted waiting_list started paused pilot_light | same | - | -
closing.requested | owner | started paused | closed | - | closing.approved
closing.approved | hub | - | closed | - | -
closing.blocked | hub | - | same | - | -
pilot_light.set | owner | closed | pilot_light | until contact | -
pilot_light.flared | owner family referrer | pilot_light | accepted | - | -
pilot_light.ended | owner hub | pilot_light | closed | - | -
"""
"""As the document, a long row in two, with the hub's own closing events added: nobody else may send them, and the
hub does not send them to itself, so they fit no state."""

ROWS = read_table(_TABLE)
"""The rows of the referral's table by event."""

WAITING = "waiting_list"
LIT = "pilot_light"
_GATE_SHUT = ("closing.blocked", "alert.closing_blocked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """What is remembered of one referral.

    Attributes:
        state: The state of EVENTS.md section 5; `none` before the offer.
        owner: The organisation that holds the referral, when known; a redirection changes it.
        waiting_since: The later of placement on the waiting list and the last contact, while waiting.
        told: Whether a tick has told already what it tells once in this state: silence on the waiting list since
            the last contact, or that the pilot light has burnt out.
        pilot_light_until: The last day on which the pilot light can flare, while it is set.
    """

    state: str = START
    owner: str | None = None
    waiting_since: datetime | None = None
    told: bool = False
    pilot_light_until: date | None = None


Step: TypeAlias = StepResult[Referral]


def step(referral: Referral, event: Json, actor: Json, data: Json, at: Json, policy: Policy | None) -> Step:
    """Return what one event does to a referral.

    Total: any JSON value is judged. The order of the tests is that of EVENTS.md section 5: actor, state, data;
    before all of them invalid settings (gate E3) refuse every step.

    Args:
        referral: The referral so far.
        event: The code name of the event type.
        actor: `referrer`, `owner`, `family` or `hub`.
        data: The `data` of the event; anything but an object counts as empty.
        at: The instant of the step; an unreadable one refuses the step as its data would.
        policy: The settings in force, or None when they are not valid.
    """
    if policy is None:
        return refused(referral, Reason.HOLD_POLICY_INVALID)
    row = fitting_row(ROWS, event, actor, referral.state)
    if isinstance(row, Reason):
        return refused(referral, row)
    given: Mapping[str, Any] = data if isinstance(data, dict) else {}
    instant = parse_instant(at)
    if row.event == "pilot_light.flared" and instant is not None and is_light_out(referral, instant):
        return refused(referral, Reason.DENY_LIFECYCLE_ORDER)
    if instant is None or not has_required(given, row.required):
        return refused(referral, Reason.DENY_SCHEMA)
    change = _CHANGES.get(row.event, _move)
    return change(referral, row, given, instant, policy)


def tick(referral: Referral, at: Json, policy: Policy | None) -> Step:
    """Return what the passing of time does to a referral.

    Silence on the waiting list is told once until the next contact. On the day after the last of a pilot light
    its end is told once; the hub's own event `pilot_light.ended` then takes the step. A tick changes no state.
    """
    instant = parse_instant(at)
    if policy is None:
        return refused(referral, Reason.HOLD_POLICY_INVALID)
    if instant is None:
        return refused(referral, Reason.DENY_SCHEMA)
    if referral.told:
        return _accepted(referral)
    if referral.state == WAITING and _is_silent(referral, instant, policy):
        return _accepted(replace(referral, told=True), "alert.waiting_list_silence")
    if referral.state == LIT and is_light_out(referral, instant):
        return _accepted(replace(referral, told=True), "pilot_light.ended")
    return _accepted(referral)


def is_light_out(referral: Referral, at: datetime) -> bool:
    """Return whether the last day of the pilot light lies behind; without a known last day it does."""
    return referral.pilot_light_until is None or amsterdam_date(at) > referral.pilot_light_until


def _is_silent(referral: Referral, at: datetime, policy: Policy) -> bool:
    """Return whether the term of `waiting_list_alarm` after the last contact has passed; unknown counts as silence."""
    since = referral.waiting_since
    return since is None or at > rule_due("waiting_list_alarm", since, policy)


def _accepted(referral: Referral, *emits: str) -> Step:
    """Return an accepted step."""
    return StepResult(accepted=True, state=referral, emits=emits)


def _move(referral: Referral, row: Row, _data: Mapping[str, Any], _at: datetime, _policy: Policy) -> Step:
    """Take the step of the row. What belongs to waiting or to the pilot light ends with that state."""
    state = row.target(referral.state)
    if state != referral.state:
        referral = Referral(state=state, owner=referral.owner)
    return _accepted(referral, *row.emits)


def _redirect(referral: Referral, row: Row, data: Mapping[str, Any], at: datetime, policy: Policy) -> Step:
    """Hand the referral to its new owner; an owner that is not named by a text is nobody."""
    new_owner = data["new_owner"]
    changed = replace(referral, owner=new_owner if is_text(new_owner) else None)
    return _move(changed, row, data, at, policy)


def _place(referral: Referral, row: Row, data: Mapping[str, Any], at: datetime, policy: Policy) -> Step:
    """Begin to wait: silence is counted from here."""
    moved = _move(referral, row, data, at, policy)
    return _accepted(replace(moved.state, waiting_since=at), *moved.emits)


def _contact(referral: Referral, _row: Row, _data: Mapping[str, Any], at: datetime, _policy: Policy) -> Step:
    """Count silence anew from this contact; one that is recorded late never moves the count back."""
    since = at if referral.waiting_since is None else max(referral.waiting_since, at)
    return _accepted(replace(referral, waiting_since=since, told=False))


def _close(referral: Referral, row: Row, data: Mapping[str, Any], at: datetime, policy: Policy) -> Step:
    """Close, or block at the closing gate."""
    if not may_close(data, policy.big5_items):
        return refused(referral, Reason.HOLD_CLOSING_GATE, *_GATE_SHUT)
    return _move(referral, row, data, at, policy)


def _light(referral: Referral, row: Row, data: Mapping[str, Any], at: datetime, policy: Policy) -> Step:
    """Set the pilot light, from the day of setting to at most `pilot_light_max_months` later."""
    today = amsterdam_date(at)
    until = parse_date(data["until"])
    if until is None or not today <= until <= months_later(today, policy.pilot_light_max_months):
        return refused(referral, Reason.DENY_SCHEMA)
    moved = _move(referral, row, data, at, policy)
    return _accepted(replace(moved.state, pilot_light_until=until))


_CHANGES: Mapping[str, Callable[[Referral, Row, Mapping[str, Any], datetime, Policy], Step]] = {
    "referral.redirected": _redirect,
    "waiting_list.placed": _place,
    "waiting_list.contact_made": _contact,
    "closing.requested": _close,
    "pilot_light.set": _light,
}
