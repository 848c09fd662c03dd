"""Events that the hub itself sends into the log. They take the same road as everybody's and are judged on it.

The same cause gives the same id and digest, so that one that is sent twice counts once (DEDUP.md section 2). The
`source` is left out: whoever writes it to the log fills in the hub's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from hub.core.codes import HUB_KIND
from hub.core.model import Json, JsonObject

HUB_EVENTS = UUID("0b7f6a2e-6a55-5d0c-8e0f-2d0d3f0f4a11")
"""Namespace of the ids of the hub's own events. INVARIANT: never changes, or a notice would be sent twice."""

ALERT_SECTIONS = ("meta", "contact", "codes")
"""What an alert tells: the due time, the cause, whom to call (EVENTS.md section 11). Never a narrative."""


def own_event_id(type_name: str, cause: str) -> str:
    """Return the id of the hub's event of this type for this cause.

    A UUID cannot be mistaken for a citizen number (gate E1 exempts it), which a consent id or a hash could.
    """
    return str(uuid5(HUB_EVENTS, f"{type_name}\n{cause}"))


def own_event(
    type_name: str, cause: str, subject_ref: str | None, now: str, data: JsonObject, **fields: Json
) -> JsonObject:
    """Return an event of the hub in the form of EVENTS.md section 2, without `source`.

    Args:
        type_name: Code name of the event type.
        cause: What it follows from; the same cause gives the same event.
        subject_ref: The person it is about, or None.
        now: RFC 3339 instant.
        data: Its facts.
        fields: Further fields of the decision view.
    """
    event_id = own_event_id(type_name, cause)
    event: JsonObject = {
        "id": event_id,
        "type": type_name,
        "time": now,
        "sender": {"org": HUB_KIND, "kind": HUB_KIND},
        "recipients": [],
        "sections": ["meta"],
        "digest": str(uuid5(HUB_EVENTS, f"digest\n{event_id}")),
        "data": data,
        **fields,
    }
    if subject_ref is not None:
        event["subject_ref"] = subject_ref
    return event


def alert_event(
    type_name: str,
    cause: str,
    *,
    subject_ref: str,
    owner: str,
    now: str,
    urgency: str,
    uid: str,
    told: Sequence[str] = (),
    case_ref: str | None = None,
    level: int = 0,
    audience: str = "owner",
    reason: str | None = None,
    rule: str | None = None,
    due_at: str | None = None,
) -> JsonObject:
    """Return an alert of the hub: EVENTS.md sections 6 and 11.

    Args:
        type_name: One of the `alert.*` of class alert.
        cause: What it follows from, unique per alert.
        subject_ref: The person it is about.
        owner: The organisation that must act: it may see, take up, hand over, answer and close the alert.
        now: RFC 3339 instant.
        urgency: `u0` to `u4`.
        uid: The hub's id of the event that it is about.
        told: Organisations that it is sent to; each must be a party to the case (gate R6). Default: the owner.
        case_ref: The case, when known: without one it goes to the register and `hub.alerts` only.
        level: 0 when raised at once, else the step of the escalation ladder, 1 to 3.
        audience: Who is to act on it: `owner`, `team_coordinator`, `network_coordinator`, `city_coordinator`.
        reason: The reason code that caused it.
        rule: The response-time rule that threatens or was missed.
        due_at: The due instant of that rule.
    """
    stated = {"reason": reason, "rule": rule, "due_at": due_at}
    data: JsonObject = {"uid": uid, "owner": owner, "level": level, "audience": audience}
    data.update({name: value for name, value in stated.items() if value is not None})
    fields: JsonObject = {
        "recipients": [{"to": {"org": org}} for org in told or (owner,)],
        "sections": list(ALERT_SECTIONS),
        "urgency": urgency,
    }
    if case_ref is not None:
        fields["case_ref"] = case_ref
    return own_event(type_name, cause, subject_ref, now, data, **fields)
