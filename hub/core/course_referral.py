"""How events move a referral: which one is meant, who acts, what the table of EVENTS.md section 5 says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.core import lifecycle_referral
from hub.core.codes import HUB_KIND
from hub.core.course_move import OTHER, Move, answered, replied
from hub.core.course_referral_form import check_in_of, next_of_referral, referral_document, referral_of
from hub.core.course_referral_ring import ring_referral, waiting_alerts
from hub.core.course_terms_alerts import close_alerts
from hub.core.dedup_case import Case
from hub.core.lifecycle_referral import WAITING, Referral, Step
from hub.core.model import JsonObject, RecipientDecision
from hub.core.reasons import Reason
from hub.core.threads import REFERRAL, Thread, referral_id

OFFER = "referral.offered"
WITHDRAWAL = "referral.withdrawn"
FAMILY = "family"
ENDED = frozenset({"declined", "withdrawn"})
"""States after which help is a new referral (EVENTS.md section 5)."""

_TICKED = {
    "waiting_list.support_assigned": "support_assigned",
    "waiting_list.contact_made": "contact_made",
    "waiting_list.rights_explained": "rights_explained",
    "waiting_list.buddy_linked": "buddy_linked",
}
"""What is ticked off while waiting, with the instant of the last time (EVENTS.md section 7, rights while waiting)."""


def is_about_referral(case: Case) -> bool:
    """Return whether the type has a row in the table of the referral."""
    return case.event.type in lifecycle_referral.ROWS


def move_referral(case: Case) -> Move | None:
    """Return what the event does to a referral; None when it names none that the hub knows.

    An offer begins a referral when it is delivered, see `offered`. A help that began before the hub, or outside it,
    is judged by consent alone: the hub cannot know its state.
    """
    if case.event.type == OFFER:
        return _offered_again(case)
    known = _meant(case)
    if known is not None:
        return _moved(case, known)
    # It answers an event that offered nothing: the state of the table is "none".
    return Move(refusal=Reason.DENY_LIFECYCLE_ORDER) if replied(case) else None


def _meant(case: Case) -> Thread | None:
    """Return the referral that is meant: of the record withdrawn, of the event answered, or the only one of a case."""
    if case.event.type == WITHDRAWAL:
        return _withdrawn(case)
    known = answered(case, REFERRAL)
    if known:
        return known[-1]
    case_ref, subject_ref = case.event.case_ref, case.event.subject_ref
    of_case = [
        thread
        for thread in case.threads
        if thread.kind == REFERRAL
        and thread.is_open
        and case_ref is not None
        and (thread.document["case_ref"], thread.subject_ref) == (case_ref, subject_ref)
    ]
    return of_case[0] if len(of_case) == 1 and case.event.in_reply_to is None else None


def _withdrawn(case: Case) -> Thread | None:
    """Return the referral of a record: of the sender itself, or of any referrer when the family withdraws."""
    found = [
        thread
        for thread in case.threads
        if thread.kind == REFERRAL
        and thread.document["record_ref"] == case.event.data["record_ref"]
        and (thread.document["referrer"] == case.event.sender_org or _speaks_for_family(case))
    ]
    return found[-1] if found else None


def _speaks_for_family(case: Case) -> bool:
    """Return whether the sender states that the family takes this step: it may do so through any partner."""
    return case.event.data.get("on_behalf_of") == FAMILY


def _actors(case: Case, thread: Thread, referral: Referral) -> tuple[str, ...]:
    """Return the roles in which the sender can act."""
    if case.event.sender_kind == HUB_KIND:
        return (HUB_KIND,)
    if _speaks_for_family(case):
        return (FAMILY,)
    org = case.event.sender_org
    roles = (("owner", referral.owner), ("referrer", thread.document["referrer"]))
    return tuple(role for role, holder in roles if holder == org) or (OTHER,)


def _moved(case: Case, thread: Thread) -> Move:
    """Take the step in the first role that may; else the refusal that came furthest.

    What the clock should have told about the wait before this event is told first, so that it makes no difference how
    often the clock is looked at.
    """
    thread, told = _caught_up(case, thread)
    referral = referral_of(thread.document)
    steps = [_step(case, referral, actor) for actor in _actors(case, thread, referral)]
    taken = next((step for step in steps if step.accepted), None)
    if taken is not None:
        changed = _changed(case, thread, referral, taken)
        has_waited = changed.document["check_in"] != thread.document["check_in"]
        cured = cured_while_waiting(thread, case) if has_waited else ()
        return Move(thread=_with_event(changed, case), emits=taken.emits, own_events=(*told, *cured))
    last = next((step for step in steps if step.reason is not Reason.DENY_LIFECYCLE_ACTOR), steps[0])
    return Move(refusal=last.reason, emits=last.emits, about=thread)


def _caught_up(case: Case, thread: Thread) -> tuple[Thread, tuple[JsonObject, ...]]:
    """Return a referral that waits as the clock would leave it now, and what the clock would send."""
    if referral_of(thread.document).state != WAITING:
        return thread, ()
    return ring_referral(thread, case.at, case.situation.policy)


def _step(case: Case, referral: Referral, actor: str) -> Step:
    """Ask the table."""
    data = dict(case.event.data)
    return lifecycle_referral.step(referral, case.event.type, actor, data, case.at, case.situation.policy)


def cured_while_waiting(thread: Thread, case: Case) -> tuple[JsonObject, ...]:
    """Return the end of the alerts about a silence that is broken, or that no longer matters."""
    alerts = waiting_alerts(thread, case.situation.policy)
    return tuple(close_alerts(alerts, thread.subject_ref, case.at))


def _changed(case: Case, thread: Thread, before: Referral, step: Step) -> Thread:
    """Return the referral after an accepted step."""
    ticked: Any = thread.document["ticked"]
    if case.event.type in _TICKED:
        ticked = {**ticked, _TICKED[case.event.type]: case.at}
    referral = step.state
    is_same_wait = (referral.state, referral.waiting_since) == (before.state, before.waiting_since)
    check_in = thread.document["check_in"] if is_same_wait else check_in_of(referral, case.situation.policy)
    return with_referral(
        replace(thread, document={**thread.document, "ticked": ticked, "check_in": check_in}),
        referral,
        case,
    )


def with_referral(thread: Thread, referral: Referral, case: Case) -> Thread:
    """Return the thread with this state, and when the clock must look at it next."""
    document = {**thread.document, "referral": referral_document(referral)}
    return replace(
        thread,
        document=document,
        is_open=referral.state not in ENDED,
        next_at=next_of_referral(referral, document["check_in"], case.situation.policy),
    )


def _offered_again(case: Case) -> Move | None:
    """Judge a new revision of an offer: it goes to whoever holds the referral now, unless that has ended.

    It takes no step: the referral stays in its state. Anything else is a first offer.
    """
    record = case.event.record
    if record is None:
        return None
    earlier = [
        thread
        for thread in case.threads
        if thread.kind == REFERRAL
        and (thread.document["referrer"], thread.document["record_ref"]) == (case.event.sender_org, record[0])
    ]
    if not earlier:
        return None
    thread = earlier[-1]
    if not thread.is_open:
        return Move(refusal=Reason.DENY_LIFECYCLE_ORDER)
    return Move(thread=_with_event(thread, case))


def _with_event(thread: Thread, case: Case) -> Thread:
    """Return the referral that can also be meant by this event: who got it may answer it."""
    events: Any = thread.document["events"]
    return replace(thread, document={**thread.document, "events": [*events, case.entry_id]})


def offered(case: Case, receiver: RecipientDecision) -> Move:
    """Return the referral that a delivered offer begins. Its owner is the first receiver that may have it."""
    step = _step(case, Referral(owner=receiver.recipient), "referrer")
    event = case.event
    document: JsonObject = {
        "referrer": event.sender_org,
        "case_ref": event.case_ref,
        "record_ref": None if event.record is None else event.record[0],
        "event_id": event.id,
        "urgency": event.urgency,
        "reopens": event.data.get("reopens"),
        "offered_at": case.at,
        "events": [],
        "ticked": {},
        "check_in": None,
    }
    thread = Thread(
        thread_id=referral_id(case.entry_id),
        kind=REFERRAL,
        uid=case.entry_id,
        subject_ref=event.subject_ref,
        document=document,
    )
    return Move(thread=with_referral(thread, step.state, case), emits=step.emits)
