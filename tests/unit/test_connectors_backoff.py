"""Pauses between tries: pure, bounded, shorter when it is urgent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.backoff import (
    PAUSE_MAX_SECONDS,
    PAUSE_MIN_SECONDS,
    RETRY_FOR_SECONDS,
    pause_seconds,
    retry_for_seconds,
)
from hub.core.codes import URGENCIES

ATTEMPTS = st.integers(-3, 10_000)
URGENCY = st.sampled_from([*URGENCIES, None, "unknown"])
RANDOM = st.floats(0, 1, exclude_max=True)
ASKED = st.none() | st.floats(-10, 1e9)


@given(ATTEMPTS, URGENCY, RANDOM, ASKED)
def test_a_pause_is_always_bounded(
    attempt: int, urgency: str | None, random: float, asked: float | None
) -> None:
    """No attempt, urgency, chance or wish of a receiver makes a pause too short or too long."""
    longest = PAUSE_MAX_SECONDS.get(urgency or "u3", PAUSE_MAX_SECONDS["u3"])
    assert PAUSE_MIN_SECONDS <= pause_seconds(attempt, urgency, random, asked) <= longest * 1.1


@given(st.integers(1, 60), RANDOM)
def test_more_urgent_never_waits_longer(attempt: int, random: float) -> None:
    """With the same luck a more urgent message is tried again no later than a less urgent one."""
    pauses = [pause_seconds(attempt, urgency, random) for urgency in URGENCIES]
    assert pauses == sorted(pauses)


@pytest.mark.parametrize(
    ("attempt", "urgency", "ceiling"),
    [
        (1, "u3", 1),
        (2, "u3", 2),
        (5, "u3", 16),
        (9, "u3", 256),
        (10, "u3", 300),
        (3, "u0", 4),
        (4, "u0", 5),
        (5, "u1", 10),
    ],
)
def test_the_ceiling_doubles_to_its_maximum(attempt: int, urgency: str, ceiling: float) -> None:
    """Full jitter draws evenly up to a ceiling that doubles per attempt."""
    assert pause_seconds(attempt, urgency, 0.5) == ceiling * 0.5
    assert pause_seconds(attempt, urgency, 0.0) == PAUSE_MIN_SECONDS


def test_a_receivers_wish_is_respected_within_the_urgency() -> None:
    """A receiver gets the rest it asks for, but a crisis does not wait an hour."""
    assert pause_seconds(1, "u3", 0.0, 120) == 120
    assert pause_seconds(1, "u3", 0.5, 120) == pytest.approx(126)
    assert pause_seconds(1, "u1", 0.0, 3600) == PAUSE_MAX_SECONDS["u1"]
    assert pause_seconds(9, "u4", 0.0, 0) == PAUSE_MIN_SECONDS


def test_three_tries_fit_into_the_delivery_term_of_a_crisis() -> None:
    """Even with the worst luck three tries start within the 60 seconds of u1_delivery (EVENTS.md section 8)."""
    from connectors.contract import SEND_TIME_LIMIT_SECONDS

    waits = sum(pause_seconds(attempt, "u1", 1.0) for attempt in (1, 2))
    assert waits + 2 * SEND_TIME_LIMIT_SECONDS < 60


def test_every_urgency_has_a_time_to_give_up() -> None:
    """A delivery is tried for a known time and then parked for a person."""
    assert set(RETRY_FOR_SECONDS) == set(PAUSE_MAX_SECONDS) == set(URGENCIES)
    assert (
        retry_for_seconds("u1") < retry_for_seconds("u3") == retry_for_seconds(None) == retry_for_seconds("x")
    )
