"""The life cycle of a referral: every actor in every state, owners, extremes and hostile values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.catalogue import CATALOGUE
from hub.core.lifecycle_referral import ROWS, Referral, step, tick
from hub.core.policy import Policy, read_policy
from hub.core.reasons import Reason
from tests.unit.core_world import DEFAULTS

AT = "2026-11-21T12:00:00+01:00"
BEFORE_HELP = (
    "none",
    "offered",
    "received",
    "accepted",
    "declined",
    "redirected",
    "withdrawn",
    "waiting_list",
)
STATES = (*BEFORE_HELP, "started", "paused", "closed", "pilot_light")
ACTORS = ("referrer", "owner", "family", "hub", "somebody")
DATA: dict[str, Any] = {
    "reason": "full",
    "suggested_partner_kind": "youth_care",
    "new_owner": "youth_care_a",
    "expected_wait_weeks": 12,
    "long_term": False,
    "until": "2026-12-31",
    "contact": "prof_1",
}
"""Everything that any step asks for."""

TABLE: dict[str, tuple[str, dict[str, str]]] = {
    "referral.offered": ("referrer", {"none": "offered"}),
    "referral.received": ("owner", {"offered": "received", "redirected": "received"}),
    "referral.accepted": ("owner", {"received": "accepted"}),
    "referral.declined": ("owner", {"received": "declined"}),
    "referral.redirected": ("owner", {"received": "redirected"}),
    "referral.withdrawn": (
        "referrer family",
        dict.fromkeys(
            ["offered", "received", "accepted", "redirected", "waiting_list", "started", "paused"],
            "withdrawn",
        ),
    ),
    "waiting_list.placed": ("owner", {"accepted": "waiting_list"}),
    "waiting_list.support_assigned": ("owner", {"waiting_list": "waiting_list"}),
    "waiting_list.contact_made": ("owner", {"waiting_list": "waiting_list"}),
    "waiting_list.rights_explained": ("owner", {"waiting_list": "waiting_list"}),
    "waiting_list.buddy_linked": ("owner", {"waiting_list": "waiting_list"}),
    "help.started": ("owner", {"accepted": "started", "waiting_list": "started"}),
    "help.paused": ("owner", {"started": "paused"}),
    "help.resumed": ("owner", {"paused": "started"}),
    "help.team_changed": ("owner", {"started": "started", "paused": "paused"}),
    "fixed_face.changed": (
        "owner",
        {state: state for state in ["accepted", "waiting_list", "started", "paused", "pilot_light"]},
    ),
    "closing.requested": ("owner", {"started": "closed", "paused": "closed"}),
    "closing.approved": ("hub", {}),
    "closing.blocked": ("hub", {}),
    "pilot_light.set": ("owner", {"closed": "pilot_light"}),
    "pilot_light.flared": ("owner family referrer", {"pilot_light": "accepted"}),
    "pilot_light.ended": ("owner hub", {"pilot_light": "closed"}),
}
"""The table of EVENTS.md section 5, read from the document and not from the code."""

HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["", AT, "2026-12-31", "ok"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*DATA, "big5", "handover", "landed", "item", "status", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def policy(**changes: Any) -> Policy:
    """Return valid settings."""
    found = read_policy(changes, DEFAULTS)
    assert found is not None
    return found


def referral_in(state: str, **changes: Any) -> Referral:
    """Return a referral in a state; a pilot light burns until the end of next month."""
    return Referral(state=state, pilot_light_until=date(2026, 12, 31), **changes)


@pytest.mark.parametrize(("event", "state"), list(product(TABLE, STATES)))
def test_every_actor_in_every_state(event: str, state: str) -> None:
    """A step is taken exactly when the table of the document says so; a wrong actor is told before a wrong state."""
    actors, moves = TABLE[event]
    for actor in ACTORS:
        before = referral_in(state)
        result = step(before, event, actor, DATA, AT, policy())
        if actor not in actors.split():
            assert (result.accepted, result.reason) == (False, Reason.DENY_LIFECYCLE_ACTOR)
        elif state not in moves:
            assert (result.accepted, result.reason) == (False, Reason.DENY_LIFECYCLE_ORDER)
        else:
            assert (result.accepted, result.reason) == (True, None)
            assert result.state.state == moves[state]
        if not result.accepted:
            assert result.state is before
            assert result.emits == ()


def test_the_table_names_every_event() -> None:
    """The code has rows for the events of the document and for no others, and each is in the catalogue."""
    assert ROWS.keys() == TABLE.keys()
    assert CATALOGUE.keys() >= TABLE.keys()


@pytest.mark.parametrize("event", sorted(CATALOGUE.keys() - TABLE.keys()))
def test_other_events_of_the_catalogue_never_fit(event: str) -> None:
    """An event without any row is refused by its order, whoever sends it."""
    for actor in ACTORS:
        assert (
            step(referral_in("started"), event, actor, DATA, AT, policy()).reason
            is Reason.DENY_LIFECYCLE_ORDER
        )


def test_a_redirection_names_the_new_owner() -> None:
    """After a redirection the referral is held by the organisation that it names, also further on."""
    result = step(referral_in("received", owner="gp_a"), "referral.redirected", "owner", DATA, AT, policy())
    assert result.state.owner == "youth_care_a"
    assert step(result.state, "referral.received", "owner", None, AT, policy()).state.owner == "youth_care_a"


def test_a_new_owner_that_is_no_text_is_nobody() -> None:
    """A redirection to something that names no organisation leaves nobody as owner, not the old one."""
    data = {"new_owner": ["youth_care_a"]}
    result = step(referral_in("received", owner="gp_a"), "referral.redirected", "owner", data, AT, policy())
    assert result.accepted
    assert result.state.owner is None


def test_a_closing_at_the_gate_says_so() -> None:
    """A blocked closing changes nothing and tells that it was blocked; an approved one tells that it was approved."""
    before = referral_in("started")
    blocked = step(before, "closing.requested", "owner", None, AT, policy())
    assert blocked.state is before
    assert blocked.reason is Reason.HOLD_CLOSING_GATE
    assert blocked.emits == ("closing.blocked", "alert.closing_blocked")
    assert step(before, "closing.requested", "owner", DATA, AT, policy()).emits == ("closing.approved",)


def test_without_items_the_big5_is_in_order() -> None:
    """When the settings name no items, nothing of the Big 5 can be out of order."""
    result = step(
        referral_in("started"), "closing.requested", "owner", {"long_term": True}, AT, policy(big5_items=[])
    )
    assert result.accepted


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_the_ends_of_the_calendar(at: str) -> None:
    """At the first and the last instant of the calendar every step and tick still gives an answer."""
    placed = step(referral_in("accepted"), "waiting_list.placed", "owner", DATA, at, policy()).state
    assert placed.state == "waiting_list"
    assert tick(placed, at, policy()).accepted
    later = policy(
        pilot_light_max_months=10**9, deadlines={"waiting_list_alarm": {"unit": "weeks", "count": 10**9}}
    )
    assert tick(placed, at, later).accepted
    lit = step(referral_in("closed"), "pilot_light.set", "owner", {**DATA, "until": "9999-12-31"}, at, later)
    assert lit.accepted


def test_what_is_unknown_is_not_trusted() -> None:
    """A wait without a known beginning is silence; a pilot light without a known last day is out."""
    waiting = Referral(state="waiting_list")
    assert tick(waiting, AT, policy()).emits == ("alert.waiting_list_silence",)
    lit = Referral(state="pilot_light")
    assert step(lit, "pilot_light.flared", "family", None, AT, policy()).reason is Reason.DENY_LIFECYCLE_ORDER
    assert tick(lit, AT, policy()).emits == ("pilot_light.ended",)
    contact = step(waiting, "waiting_list.contact_made", "owner", None, AT, policy()).state
    assert tick(contact, AT, policy()).emits == ()


def test_what_belongs_to_a_state_ends_with_it() -> None:
    """Start of the wait, silence told and last day of the light are forgotten when the state is left."""
    waiting = step(referral_in("accepted"), "waiting_list.placed", "owner", DATA, AT, policy()).state
    told = tick(waiting, "2027-03-01T12:00:00+01:00", policy()).state
    assert told == replace(waiting, told=True)
    assert step(told, "help.started", "owner", None, AT, policy()).state == Referral(state="started")
    lit = referral_in("pilot_light", owner="gp_a")
    flared = step(lit, "pilot_light.flared", "family", None, AT, policy()).state
    assert flared == Referral(state="accepted", owner="gp_a")


@settings(max_examples=200, deadline=None)
@given(
    state=st.sampled_from(STATES),
    event=st.sampled_from([*TABLE]) | HOSTILE,
    actor=st.sampled_from(ACTORS) | HOSTILE,
    data=HOSTILE,
    at=st.just(AT) | HOSTILE,
)
def test_any_value_gets_an_answer(state: str, event: Any, actor: Any, data: Any, at: Any) -> None:
    """Whatever the values, a step is answered, and a refused one changes nothing and has a reason."""
    before = referral_in(state)
    for result in (step(before, event, actor, data, at, policy()), tick(before, at, policy())):
        assert result.accepted == (result.reason is None)
        if not result.accepted:
            assert result.state is before
    assert step(before, event, actor, data, at, None).reason is Reason.HOLD_POLICY_INVALID
