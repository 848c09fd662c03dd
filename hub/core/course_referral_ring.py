"""What the clock does to a referral: silence on the waiting list, a check-in that is due, a pilot light that is out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.core.course_referral_form import (
    ALARM,
    next_of_referral,
    referral_document,
    referral_of,
    silence_due,
)
from hub.core.course_terms_alerts import Matter, alerts_of, pass_steps
from hub.core.course_terms_steps import deadline_document, deadline_of
from hub.core.lifecycle_referral import WAITING, Referral, tick
from hub.core.model import JsonObject
from hub.core.own_events import alert_event, own_event, own_event_id
from hub.core.policy import Policy
from hub.core.threads import Thread

_SILENCE, _LIGHT_ENDED = "alert.waiting_list_silence", "pilot_light.ended"
_AFTERCARE = "aftercare_pilot_light"


def ring_referral(thread: Thread, now: str, policy: Policy) -> tuple[Thread, tuple[JsonObject, ...]]:
    """Return the referral after what is due at `now`, and what the hub sends. Each is told once until the next contact.

    A tick changes no state: the hub's own `pilot_light.ended` takes the step when it is judged.

    Raises:
        KeyError, TypeError, ValueError: the document or `now` is damaged.
    """
    document: Any = thread.document
    referral = referral_of(document)
    ticked = tick(referral, now, policy)
    events = [_EVENTS[name](thread, referral, now, policy) for name in ticked.emits]
    changed: JsonObject = {**document, "referral": referral_document(ticked.state)}
    if referral.state == WAITING and document["check_in"] is not None:
        passed = pass_steps(deadline_of(document["check_in"]), _matter(thread, referral), now)
        changed["check_in"] = deadline_document(passed.deadline)
        events += passed.events
    next_at = next_of_referral(ticked.state, changed["check_in"], policy)
    return replace(thread, document=changed, next_at=next_at), tuple(events)


def _matter(thread: Thread, referral: Referral) -> Matter:
    """Return what a deadline of a referral is about. Who holds it owes; without a known owner the referrer must act."""
    document: Any = thread.document
    return Matter(
        uid=thread.uid,
        subject_ref=thread.subject_ref,
        org=referral.owner or document["referrer"],
        urgency=document["urgency"],
        case_ref=document["case_ref"],
        recurs=True,  # after each contact the count begins anew
    )


def _silence(thread: Thread, referral: Referral, now: str, policy: Policy) -> JsonObject:
    """Return the alert that nobody was in touch with who waits, told once until the next contact."""
    matter, due_at = _matter(thread, referral), silence_due(referral, policy)
    if matter.subject_ref is None:
        raise ValueError("a referral without a person")
    return alert_event(
        _SILENCE,
        _silence_cause(matter, due_at),
        subject_ref=matter.subject_ref,
        owner=matter.org,
        now=now,
        urgency=matter.urgency,
        uid=matter.uid,
        case_ref=matter.case_ref,
        rule=ALARM,
        due_at=due_at,
    )


def _silence_cause(matter: Matter, due_at: str | None) -> str:
    """Return what the alert of silence follows from: the same silence is told once."""
    return f"{matter.uid}\n{matter.org}\n{ALARM}\n{due_at}"


def waiting_alerts(thread: Thread, policy: Policy) -> list[str]:
    """Return the ids of the alerts that the clock raised about this wait since the last contact.

    Raises:
        KeyError, TypeError, ValueError: the document is damaged.
    """
    document: Any = thread.document
    referral = referral_of(document)
    matter = _matter(thread, referral)
    silence = [own_event_id(_SILENCE, _silence_cause(matter, silence_due(referral, policy)))]
    check_in = [] if document["check_in"] is None else alerts_of(deadline_of(document["check_in"]), matter)
    return [*(silence if referral.told else []), *check_in]


def _light_ended(thread: Thread, referral: Referral, now: str, _policy: Policy) -> JsonObject:
    """Return the hub's event that the pilot light is out, told to the referrer."""
    document: Any = thread.document
    until = None if referral.pilot_light_until is None else referral.pilot_light_until.isoformat()
    fields: JsonObject = {} if document["case_ref"] is None else {"case_ref": document["case_ref"]}
    return own_event(
        _LIGHT_ENDED,
        f"{thread.uid}\n{until}",
        thread.subject_ref,
        now,
        {} if until is None else {"until": until},
        recipients=[{"to": {"org": document["referrer"]}}],
        purpose=_AFTERCARE,
        urgency=document["urgency"],
        in_reply_to=thread.uid,
        **fields,
    )


_EVENTS = {_SILENCE: _silence, _LIGHT_ENDED: _light_ended}
