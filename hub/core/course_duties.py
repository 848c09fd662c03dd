"""Duties that follow from what was shared: opened, due, fulfilled, overdue (CODES.md section 3, CONSENT.md section 10).

A route without consent never closes the relation with the family: informing and the contact person stay open until
they are fulfilled, whatever becomes of the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hub.core.area import LOCAL_TEAM
from hub.core.course_duties_thread import duty_thread, fulfil
from hub.core.course_move import answered
from hub.core.course_terms import kind_of
from hub.core.course_terms_steps import OPEN, duty_deadline, instant_of
from hub.core.dedup_case import Case
from hub.core.judgement import Judgement
from hub.core.model import Emission, JsonObject
from hub.core.resolving import owning_team
from hub.core.routing import fixed_face_of
from hub.core.standing import Partner
from hub.core.threads import DUTY, Thread, duty_id

WARM_HANDOVER = "warm_handover"
"""The old fixed face hands over to the team that now owns the area (ROUTING.md section 6); it has no term."""

_USUAL_URGENCY = "u3"
"""Of the alert about a duty whose event states no urgency: regular (CODES.md section 2)."""

_RULES: Mapping[str, str] = {
    "inform_other_parent": "inform_other_parent",
    "inform_subject": "inform_subject_other",
    "name_contact_person": "name_contact_person",
    "review_inform_deferral": "inform_review",
}
"""The response time behind each duty with a due time (CODES.md section 3)."""

_INFORMING = frozenset({"inform_subject", "inform_other_parent"})
"""What `inform_duty.fulfilled` means when it names no duty: somebody was informed, nothing else."""


def open_duties(case: Case, judgement: Judgement) -> tuple[tuple[Thread, ...], tuple[Emission, ...]]:
    """Return the duties that begin with what is delivered now, and the messages that tell the sender.

    A duty that several receivers raise begins once, with the earliest due time; one that is open already stays as it
    is. The sender owes them; a warm hand-over is owed by the old fixed face.
    """
    earliest: dict[str, tuple[str, str]] = {}
    for duty, due_at, reason in _raised(case, judgement):
        found = (due_at, _rule_of(duty, reason))
        earliest[duty] = min(earliest.get(duty, found), found, key=lambda item: instant_of(item[0]))
    opened = sorted(earliest.items())
    threads = [_begin(case, duty, due_at, rule) for duty, (due_at, rule) in opened]
    messages = [_opened(case, duty, due_at) for duty, (due_at, _) in opened]
    return (*threads, *_warm_handover(case, judgement)), tuple(messages)


def _raised(case: Case, judgement: Judgement) -> Iterator[tuple[str, str, str]]:
    """Yield duty, due instant and reason of each duty with a due time that is not open yet."""
    known = {thread.thread_id for thread in case.threads if thread.is_open}
    for recipient in judgement.deliver:
        for duty in recipient.duties:
            if duty.due_at is not None and duty_id(case.entry_id, duty.duty) not in known:
                yield duty.duty, duty.due_at, recipient.reason


def _rule_of(duty: str, reason: str) -> str:
    """Return the response time behind a duty."""
    if (duty, reason) == ("inform_subject", "ok_vital_interest"):
        return "inform_subject_vital"
    return _RULES[duty]


def _begin(case: Case, duty: str, due_at: str, rule: str) -> Thread:
    """Return a new duty of the sender."""
    deadline = duty_deadline(rule, case.situation.now, due_at)
    return duty_thread(_new(case, duty, case.event.sender_org), deadline)


def _new(case: Case, duty: str, org: str) -> Thread:
    """Return a new duty without a term: it stays open until it is fulfilled."""
    document: JsonObject = {
        "event_id": case.event.id,
        "record_ref": None if case.event.record is None else case.event.record[0],
        "duty": duty,
        "org": org,
        "case_ref": case.event.case_ref,
        "urgency": case.event.urgency or _USUAL_URGENCY,
        "opened_at": case.at,
        "rule": duty,
        "due_at": None,
        "state": OPEN,
        "steps": [],
        "done": 0,
        "alerts": [],
    }
    return Thread(
        thread_id=duty_id(case.entry_id, duty),
        kind=DUTY,
        uid=case.entry_id,
        subject_ref=case.event.subject_ref,
        document=document,
    )


def _opened(case: Case, duty: str, due_at: str) -> Emission:
    """Tell the sender which duty began, and until when."""
    sender, subject_ref = case.event.sender_org, case.event.subject_ref
    return Emission(
        "inform_duty.opened",
        (sender,),
        "ok_recorded",
        subjects=() if subject_ref is None else ((sender, subject_ref),),
        details=(("duty", duty), ("due_at", due_at)),
    )


def _warm_handover(case: Case, judgement: Judgement) -> tuple[Thread, ...]:
    """Return the hand-over that is due when a local team is told while the fixed face works elsewhere.

    One at a time per person: the old face stays until `fixed_face.changed`.
    """
    face = fixed_face_of(case.event.subject_ref, case.situation)
    told = any(kind_of(recipient.recipient, case) == LOCAL_TEAM for recipient in judgement.deliver)
    if face is None or not told or _handovers(case):
        return ()
    owner = owning_team(case.event, case.situation)
    if not isinstance(owner, Partner) or owner.org == face[0]:
        return ()
    thread = _new(case, WARM_HANDOVER, face[0])
    return (replace(thread, document={**thread.document, "to": owner.org}),)


def _handovers(case: Case) -> list[Thread]:
    """Return the open hand-overs of the person."""
    return [
        thread
        for thread in _open_duties(case)
        if thread.subject_ref == case.event.subject_ref and thread.document["duty"] == WARM_HANDOVER
    ]


def _open_duties(case: Case) -> list[Thread]:
    """Return the duties that are open."""
    return [thread for thread in case.threads if thread.kind == DUTY and thread.is_open]


def fulfil_duties(case: Case) -> tuple[tuple[Thread, ...], tuple[JsonObject, ...]]:
    """Return the duties that this event fulfils, and the own events that close their alerts.

    `inform_duty.fulfilled` counts for the organisation that sends it, in reply to the event; `data.duty` names the
    duty, without it the person or the other parent was informed. A hand-over ends with the new fixed face, when it
    was warm.
    """
    ended = [fulfil(thread, case.at) for thread in _fulfilled(case)]
    return tuple(thread for thread, _ in ended), tuple(event for _, events in ended for event in events)


def _fulfilled(case: Case) -> list[Thread]:
    """Return the open duties that this event fulfils."""
    event = case.event
    if event.type == "fixed_face.changed":
        return _handovers(case) if event.data.get("warm_handover_done") is True else []
    if event.type != "inform_duty.fulfilled":
        return []
    stated = event.data.get("duty")
    meant = _INFORMING if stated is None else (stated,)
    return [
        thread
        for thread in answered(case, DUTY)
        if thread.is_open and thread.document["org"] == event.sender_org and thread.document["duty"] in meant
    ]
