"""What the clock does to a thread whose next instant came. The watch calls it; what follows goes into the log.

The same thread at the same instant gives the same result, and each step is taken once: it does not matter which
machine looks at the clock, how often, or whether it was off for a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hub.core.course_ages import ring_age
from hub.core.course_duties_thread import ring_duty
from hub.core.course_referral_ring import ring_referral
from hub.core.course_terms_thread import ring_response
from hub.core.model import JsonObject
from hub.core.standing import Standing
from hub.core.threads import Thread


@dataclass(frozen=True, slots=True)
class Rung:
    """The thread as it is from now on, and the hub's own events that follow (`own_events.py`)."""

    thread: Thread
    own_events: tuple[JsonObject, ...]


def ring(thread: Thread, now: str, standing: Standing, delivered: Mapping[str, str]) -> Rung:
    """Return what the clock does to a thread.

    A thread with nothing to do for the clock, such as an alert, only loses its next instant.

    Args:
        thread: The thread as it is kept.
        now: RFC 3339 instant.
        standing: The settings in force; a referral needs them, for the others the instants were written down.
        delivered: When each organisation had the event of the thread, RFC 3339; absent: not yet.

    Raises:
        KeyError, TypeError, ValueError: thread, settings or `now` cannot be read. The caller keeps the thread.
    """
    match thread.kind:
        case "response":
            return Rung(*ring_response(thread, now, delivered))
        case "duty":
            return Rung(*ring_duty(thread, now))
        case "age":
            return Rung(*ring_age(thread, now))
        case "referral":
            if standing.policy is None:
                raise ValueError("the settings are not valid")
            return Rung(*ring_referral(thread, now, standing.policy))
        case _:
            return Rung(replace(thread, next_at=None), ())
