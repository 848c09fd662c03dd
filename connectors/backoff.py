"""How long to wait before a delivery is tried again: exponential, with full jitter, shorter when it is urgent.

Full jitter (a pause drawn evenly from zero to the ceiling) spreads the retries of many deliveries best when a
receiver comes back: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

FIRST_CEILING_SECONDS: Final = 1.0
"""The first retry comes within a second: most failures are a restart or a lost connection."""

PAUSE_MIN_SECONDS: Final = 0.1
"""No pause is shorter, so that a receiver that fails at once is not called in a tight loop."""

MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

PAUSE_MAX_SECONDS: Final = MappingProxyType(
    {
        "u0": 5.0,  # danger to life; beside it 112 is called
        "u1": 10.0,  # EVENTS.md section 8, u1_delivery: 60 seconds, so several tries must fit in them
        "u2": MINUTE,  # u2_technical_ack: 5 minutes
        "u3": 5 * MINUTE,  # u3_technical_ack: 5 minutes
        "u4": 30 * MINUTE,  # no technical term; spare a receiver that is down
    },
)
"""The longest pause per urgency."""

RETRY_FOR_SECONDS: Final = MappingProxyType(
    {
        "u0": HOUR,
        "u1": DAY,  # u1_follow_up: 24 hours; people were telephoned long before
        "u2": 3 * DAY,  # over a weekend: a person notices on the next working day
        "u3": 7 * DAY,  # replay_days: as long as what was missed can be sent again
        "u4": 7 * DAY,
    },
)
"""How long a delivery is tried before it is parked for a person. Deadlines escalate long before that."""

_DEFAULT_URGENCY: Final = "u3"
"""For messages without urgency (notices, feedback, facts), and for an urgency that is not known."""

_DOUBLINGS_MAX: Final = 40
"""Beyond this every ceiling is the maximum; it keeps the power a small number."""

_ASKED_JITTER: Final = 0.1
"""A receiver's own pause is lengthened by up to a tenth, so that not everybody returns in the same second."""


def pause_seconds(
    attempt: int, urgency: str | None, random: float, asked_seconds: float | None = None
) -> float:
    """Return the pause before the next try, in seconds.

    Args:
        attempt: how many tries have failed, from 1.
        urgency: `u0` to `u4`, or None for messages without urgency.
        random: a number from 0 up to 1, drawn by the caller.
        asked_seconds: what the receiver asked for (`RetryAfter.seconds`). It is respected up to the longest
            pause of the urgency: a crisis is tried again sooner than a busy receiver would like.
    """
    longest = PAUSE_MAX_SECONDS.get(urgency or _DEFAULT_URGENCY, PAUSE_MAX_SECONDS[_DEFAULT_URGENCY])
    if asked_seconds is not None:
        pause = min(max(asked_seconds, 0.0), longest) * (1 + _ASKED_JITTER * random)
    else:
        doublings = min(max(attempt - 1, 0), _DOUBLINGS_MAX)
        pause = min(longest, FIRST_CEILING_SECONDS * 2.0**doublings) * random
    return max(pause, PAUSE_MIN_SECONDS)


def retry_for_seconds(urgency: str | None) -> float:
    """Return how long a delivery is tried in all, in seconds, before it is parked."""
    return RETRY_FOR_SECONDS.get(urgency or _DEFAULT_URGENCY, RETRY_FOR_SECONDS[_DEFAULT_URGENCY])
