"""The life cycle of an alert: every actor in every state, owners, escalations and hostile values."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.alert_lifecycle import ROWS, Alert, step, tick
from hub.core.catalogue import CATALOGUE
from hub.core.policy import Policy, read_policy
from hub.core.reasons import Reason
from tests.unit.core_world import DEFAULTS

AT = "2026-11-21T12:00:00+01:00"
STATES = ("none", "raised", "seen", "taken_up", "answered", "closed")
ACTORS = ("referrer", "owner", "family", "hub", "somebody")
DATA = {"new_owner": "team_escamp", "outcome": "taken_up"}
TABLE: dict[str, dict[str, dict[str, str]]] = {
    "alert.raised": {"hub": {"none": "raised"}},
    "alert.seen": {"owner": {"raised": "seen"}},
    "alert.taken_up": {"owner": {"raised": "taken_up", "seen": "taken_up"}},
    "alert.handed_over": {"owner": {"raised": "raised", "seen": "raised", "taken_up": "raised"}},
    "alert.answered": {"owner": {"taken_up": "answered"}},
    "alert.closed": {
        "owner": {"answered": "closed"},
        "hub": {"raised": "closed", "seen": "closed", "taken_up": "closed", "answered": "closed"},
    },
    "alert.escalated": {"hub": {"raised": "raised", "seen": "seen", "taken_up": "taken_up"}},
}
"""The table of EVENTS.md section 6, read from the document and not from the code."""

HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*DATA, "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def policy() -> Policy:
    """Return valid settings."""
    found = read_policy({}, DEFAULTS)
    assert found is not None
    return found


@pytest.mark.parametrize(("event", "state"), list(product(TABLE, STATES)))
def test_every_actor_in_every_alert_state(event: str, state: str) -> None:
    """A step is taken exactly when the table of the document says so; a wrong actor is told before a wrong state."""
    for actor in ACTORS:
        before = Alert(state=state)
        result = step(before, event, actor, DATA, AT, policy())
        if actor not in TABLE[event]:
            assert (result.accepted, result.reason) == (False, Reason.DENY_LIFECYCLE_ACTOR)
        elif state not in TABLE[event][actor]:
            assert (result.accepted, result.reason) == (False, Reason.DENY_LIFECYCLE_ORDER)
        else:
            assert (result.accepted, result.reason) == (True, None)
            assert result.state.state == TABLE[event][actor][state]
        if not result.accepted:
            assert result.state is before
        assert result.emits == ()


def test_the_alert_table_names_every_event() -> None:
    """The code has rows for the events of the document and for no others."""
    assert ROWS.keys() == TABLE.keys()


@pytest.mark.parametrize("event", sorted(CATALOGUE))
def test_the_hub_raises_alerts_of_class_alert_only(event: str) -> None:
    """From nothing, the hub's types of class alert raise an alert and no other type of the catalogue does."""
    result = step(Alert(), event, "hub", DATA, AT, policy())
    assert result.accepted == (CATALOGUE[event].treatment == "alert")


def test_a_hand_over_names_the_new_owner_and_keeps_the_ladder() -> None:
    """After a hand-over the new owner holds the alert, and the escalations so far still count."""
    alert = Alert(state="seen", owner="gp_a", escalations=2)
    result = step(alert, "alert.handed_over", "owner", DATA, AT, policy())
    assert result.state == Alert(state="raised", owner="team_escamp", escalations=2)
    nobody = step(alert, "alert.handed_over", "owner", {"new_owner": 7}, AT, policy())
    assert nobody.state == Alert(state="raised", owner=None, escalations=2)


def test_the_fourth_escalation_is_refused() -> None:
    """An alert goes up three times; the fourth time its order is wrong and nothing is counted."""
    alert = Alert(state="raised")
    for count in (1, 2, 3):
        alert = step(alert, "alert.escalated", "hub", None, AT, policy()).state
        assert alert.escalations == count
    fourth = step(alert, "alert.escalated", "hub", None, AT, policy())
    assert (fourth.reason, fourth.state) == (Reason.DENY_LIFECYCLE_ORDER, alert)


@settings(max_examples=100, deadline=None)
@given(
    state=st.sampled_from(STATES),
    event=st.sampled_from([*TABLE]) | HOSTILE,
    actor=st.sampled_from(ACTORS) | HOSTILE,
    data=HOSTILE,
    at=st.just(AT) | HOSTILE,
)
def test_any_value_gets_an_answer_about_an_alert(
    state: str, event: Any, actor: Any, data: Any, at: Any
) -> None:
    """Whatever the values, a step is answered, and a refused one changes nothing and has a reason."""
    before = Alert(state=state)
    for result in (step(before, event, actor, data, at, policy()), tick(before, at, policy())):
        assert result.accepted == (result.reason is None)
        if not result.accepted:
            assert result.state is before
    assert step(before, event, actor, data, at, None).reason is Reason.HOLD_POLICY_INVALID
    assert tick(before, at, None).reason is Reason.HOLD_POLICY_INVALID
