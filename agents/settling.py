"""What becomes of a delivery after an attempt: settled, tried again, or left to a person. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from agents.runtime import seconds_between
from agents.settings import AgentSettings
from connectors.backoff import pause_seconds, retry_for_seconds
from connectors.contract import Delivered, DeliveryResult, Refused, RetryAfter
from hub.ledger.interface import ClaimedDelivery, Settlement

EXHAUSTED = "exhausted"
"""Tried for as long as its urgency allows: a person must reach the receiver."""

NO_ROOM = "receiver_busy"
"""Handed back unsent: too many deliveries of this receiver are here already."""

WAITED_TOO_LONG = "waited_too_long"
"""Handed back unsent: consent must be fresh at the moment of sending."""


def later(instant: str, seconds: float) -> str:
    """Return the instant so many seconds later, in UTC."""
    moment = datetime.fromisoformat(instant) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def urgency_of(claimed: ClaimedDelivery) -> str | None:
    """Return the urgency that the sender gave, or None."""
    urgency = claimed.candidate.sealed.event.get("urgency")
    return urgency if isinstance(urgency, str) else None


def settlement(claimed: ClaimedDelivery, result: DeliveryResult, now: str, random: float) -> Settlement:
    """Return what to write for the answer of a connector. `random` is drawn by the caller, from 0 up to 1."""
    match result:
        case Delivered(status):
            return _settled(claimed, "delivered", status, now)
        case Refused(reason, disables):
            return _settled(claimed, "parked", reason, now, disables=disables)
        case RetryAfter(reason, asked_seconds, nothing_sent):
            pause = pause_seconds(claimed.attempt, urgency_of(claimed), random, asked_seconds)
            settled = _retry(claimed, reason, now, pause)
            return replace(settled, nothing_sent=nothing_sent)


def _retry(claimed: ClaimedDelivery, reason: str, now: str, pause: float) -> Settlement:
    tried_seconds = seconds_between(claimed.first_attempt_at, now)
    if tried_seconds + pause > retry_for_seconds(urgency_of(claimed)):
        return _settled(claimed, "parked", EXHAUSTED, now)
    return _back(claimed, reason, now, pause)


def hand_back(claimed: ClaimedDelivery, reason: str, now: str, pause: float) -> Settlement:
    """Return an unsent delivery to the ledger, to be claimed (and consent to be checked) again after a pause."""
    return replace(_back(claimed, reason, now, pause), nothing_sent=True)


def _back(claimed: ClaimedDelivery, reason: str, now: str, pause: float) -> Settlement:
    return Settlement(
        delivery_id=claimed.delivery_id,
        lease=claimed.lease,
        state="pending",
        reason=reason,
        at=now,
        next_attempt_at=later(now, pause),
    )


def _settled(
    claimed: ClaimedDelivery, state: str, reason: str, now: str, *, disables: bool = False
) -> Settlement:
    return Settlement(
        delivery_id=claimed.delivery_id,
        lease=claimed.lease,
        state=state,
        reason=reason,
        at=now,
        disable_subscription=disables,
    )


def may_still_send(claimed_for_seconds: float, settings: AgentSettings) -> bool:
    """Return whether a delivery that waited so long since its claim may still be sent."""
    return claimed_for_seconds <= settings.wait_before_send_max_seconds
