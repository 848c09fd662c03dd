"""The body that leaves with an event: what a receiver may know beside its sealed sections. Pure.

Built field by field, never copied: a field of the decision view that is not named here does not leave. Life domains,
safety level and requested action, for instance, belong to the section `codes` and leave only with it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from hub.core.catalogue import CATALOGUE, EventClass
from hub.core.codes import HUB_KIND
from hub.core.model import Json, JsonObject
from hub.core.routing import FIXED_FACE_HANDOVER
from hub.ledger.interface import ClaimedDelivery

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")

RECEIVER_DUTIES: Final = frozenset({"stop_further_use", "omit_household_ref"})
"""Duties that bind the receiver. The others are the sender's or the hub's and are told on the receipt."""

CLEAR_FIELDS: Final = ("urgency", "purpose", "mode", "in_reply_to")
"""Metadata that every receiver needs to handle the message: how fast, what for, in answer to what."""

NOTICE_FIELDS: Final = ("record_ref", "consent_id", "effective_at")
"""What a notice is about: the receiver's own earlier delivery, or a consent that it relied on."""

ALERT_CODES: Final = ("rule", "level", "audience")
"""Of an alert's facts, beside its type: which response time, which step of the ladder, who is to act on it."""

PICTURE: Final = "prevention.picture_published"

PERIOD_FIELDS: Final = ("period_from", "period_to")

NOTICES: Final = frozenset({"signal.retracted", "referral.withdrawn", "consent.withdrawn", "consent.expired"})
"""The types of class notice (EVENTS.md section 3)."""


class Book(Protocol):
    """What is asked of the partner configuration."""

    def by_org(self, org: str) -> NamedPartner | None:
        """Return the partner."""
        ...

    def contact_card(self, org: str) -> dict[str, str] | None:
        """Return an organisation's contact card."""
        ...


class NamedPartner(Protocol):
    """A partner with its names."""

    @property
    def kind(self) -> str:
        """The partner kind."""
        ...

    @property
    def name(self) -> str:
        """The name that people know."""
        ...


def event_data(claimed: ClaimedDelivery, book: Book) -> JsonObject:
    """Return the metadata of an event for one receiver; the caller adds the opened sections."""
    event = claimed.candidate.sealed.event
    data: JsonObject = {
        "event_type": event["type"],
        "sender": sender_of(event, book),
        "registered_at": event["time"],
        "reason": claimed.decision.reason,
        "duties": [duty.as_json() for duty in claimed.decision.duties if duty.duty in RECEIVER_DUTIES],
    }
    data.update({name: event[name] for name in CLEAR_FIELDS if event.get(name) is not None})
    data.update(record_of(event))
    data.update(notice_of(event))
    data.update(_picture(event))
    data.update(_about(event))
    data.update(_fixed_face(claimed, book))
    return data


def hub_sections(claimed: ClaimedDelivery, book: Book) -> dict[str, JsonObject]:
    """Return the permitted sections of an event of the hub itself, which nobody sealed.

    An alert tells the due time, the cause, and whom to call (EVENTS.md section 11); other events their meta alone.
    """
    sealed = claimed.candidate.sealed
    if sealed.authenticated_org != HUB_KIND:
        return {}
    event, facts = sealed.event, _facts(sealed.event)
    meta: JsonObject = {
        "event_type": event["type"],
        "registered_at": event["time"],
        "urgency": event.get("urgency"),
    }
    sections: dict[str, JsonObject] = {"meta": meta}
    if _is_alert(event):
        meta["due_at"] = facts.get("due_at")
        sections["contact"] = {"owner": card_of(str(facts.get("owner")), book)}
        sections["codes"] = _stated(
            {"cause": event["type"], **{name: facts.get(name) for name in ALERT_CODES}}
        )
    sections["meta"] = _stated(meta)
    return {name: sections[name] for name in claimed.delivery.sections if name in sections}


def card_of(org: str, book: Book) -> JsonObject:
    """Return an organisation's contact card, or its name alone where the configuration gives no telephone."""
    return {**(book.contact_card(org) or {"organisation": name_of(org, book)})}


def name_of(org: str, book: Book) -> str:
    """Return the name that people know, or the code of who left the configuration."""
    partner = book.by_org(org)
    return partner.name if partner else org


def _is_alert(event: JsonObject) -> bool:
    event_type = CATALOGUE.get(str(event.get("type")))
    return event_type is not None and event_type.treatment is EventClass.ALERT


def _facts(event: JsonObject) -> JsonObject:
    data = event.get("data")
    return data if isinstance(data, dict) else {}


def _stated(fields: JsonObject) -> JsonObject:
    return {name: value for name, value in fields.items() if value is not None}


def _about(event: JsonObject) -> JsonObject:
    """Return which message an alert is about, by the id under which its receivers know it."""
    return _stated({"about": _facts(event).get("uid")}) if _is_alert(event) else {}


def _picture(event: JsonObject) -> JsonObject:
    """Return the counts of a prevention picture and their period (EVENTS.md section 11)."""
    if event.get("type") != PICTURE:
        return {}
    facts = _facts(event)
    return {"cells": event.get("cells"), **{name: facts.get(name) for name in PERIOD_FIELDS}}


def _fixed_face(claimed: ClaimedDelivery, book: Book) -> JsonObject:
    """Return who stays with the family, where it must be shown (ROUTING.md section 6)."""
    face = claimed.decision.fixed_face
    if face is None:
        return {}
    shown: JsonObject = {"organisation": name_of(face.org, book), "professional": face.professional}
    return {"fixed_face": shown, "notes": [FIXED_FACE_HANDOVER] if face.handover else []}


def sender_of(event: JsonObject, book: Book) -> JsonObject:
    """Return who sent an event, with the name that people know."""
    sender = event.get("sender")
    stated = sender if isinstance(sender, dict) else {}
    org = str(stated.get("org", ""))
    return {"org": org, "kind": stated.get("kind"), "name": name_of(org, book)}


def record_of(event: JsonObject) -> JsonObject:
    """Return the sender's own record and its revision."""
    record = event.get("record")
    if not isinstance(record, dict):
        return {}
    return {"record_ref": record.get("ref"), "revision": record.get("revision")}


def notice_of(event: JsonObject) -> dict[str, Json]:
    """Return what a retraction or a withdrawal is about. Of a fact's data nothing else leaves."""
    data = _facts(event)
    if event.get("type") not in NOTICES:
        return {}
    told = {name: data[name] for name in NOTICE_FIELDS if data.get(name) is not None}
    if event["type"] == "signal.retracted" and isinstance(data.get("reason"), str):
        told["reason_code"] = data["reason"]
    return told


def amsterdam_day(instant: str) -> str:
    """Return the Amsterdam date of an instant."""
    return datetime.fromisoformat(instant).astimezone(AMSTERDAM).date().isoformat()
