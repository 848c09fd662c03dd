"""What goes on over time: referrals, alerts, response terms, duties, ages. Plain values that the ledger keeps.

A thread is changed by events (`course`) and by the clock (`ring`), never by anything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.core.model import JsonObject

REFERRAL = "referral"
ALERT = "alert"
RESPONSE = "response"
DUTY = "duty"
AGE = "age"
KINDS = frozenset({REFERRAL, ALERT, RESPONSE, DUTY, AGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One matter that goes on.

    Attributes:
        thread_id: Unique; says what it is, see the functions below.
        kind: One of `KINDS`.
        uid: The hub's id of the event that it is about; empty for an age.
        subject_ref: The person that it is about, when there is one.
        is_open: Whether it still counts for its subject. A closed one is found only by who answers its event.
        next_at: The next instant at which the clock changes something, or None.
        document: Codes and instants only, as JSON; each kind has its own form.
    """

    thread_id: str
    kind: str
    uid: str
    subject_ref: str | None
    is_open: bool = True
    next_at: str | None = None
    document: JsonObject = field(default_factory=dict)


def referral_id(uid: str) -> str:
    """Return the thread of the referral that this offer began."""
    return f"{REFERRAL}:{uid}"


def alert_id(uid: str) -> str:
    """Return the thread of the alert that this event of the hub raised."""
    return f"{ALERT}:{uid}"


def response_id(uid: str, org: str) -> str:
    """Return the thread of what one receiver owes one event."""
    return f"{RESPONSE}:{uid}:{org}"


def duty_id(uid: str, duty: str) -> str:
    """Return the thread of a duty that follows from one event."""
    return f"{DUTY}:{uid}:{duty}"


def age_id(subject_ref: str, age: int) -> str:
    """Return the thread of a birthday that changes who decides."""
    return f"{AGE}:{subject_ref}:{age}"
