"""The body that leaves: what a receiver may know of an event beside its sections. Pure.

Built field by field, never copied: a field of the decision view that is not named here does not leave. Life domains,
safety level and requested action, for instance, belong to the section `codes` and leave only with it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from hub.core.model import Emission, Json, JsonObject
from hub.ledger.interface import Candidate, ClaimedDelivery

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")

RECEIVER_DUTIES: Final = frozenset({"stop_further_use", "omit_household_ref"})
"""Duties that bind the receiver. The others are the sender's or the hub's and are told on the receipt."""

CLEAR_FIELDS: Final = ("urgency", "purpose", "mode", "in_reply_to")
"""Metadata that every receiver needs to handle the message: how fast, what for, in answer to what."""

NOTICE_FIELDS: Final = ("record_ref", "consent_id", "effective_at")
"""What a notice is about: the receiver's own earlier delivery, or a consent that it relied on."""

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
        "sender": _sender(event, book),
        "registered_at": event["time"],
        "reason": claimed.decision.reason,
        "duties": [duty.as_json() for duty in claimed.decision.duties if duty.duty in RECEIVER_DUTIES],
    }
    data.update({name: event[name] for name in CLEAR_FIELDS if event.get(name) is not None})
    data.update(_record(event))
    data.update(_notice(event))
    return data


def emission_data(candidate: Candidate, emission: Emission, book: Book) -> JsonObject:
    """Return the body of one of the hub's own messages.

    A match holds the contact cards of both sides, the basis and the date, and nothing else (EVENTS.md section 11).
    A lapsed match gives no reason (DEDUP.md section 6).
    """
    accepted_on = _amsterdam_day(candidate.sealed.accepted_at)
    if emission.type == "match.reported":
        return _match(emission, book, accepted_on)
    if emission.type == "match.lapsed":
        return {"event_type": emission.type, "date": accepted_on}
    event = candidate.sealed.event
    data: JsonObject = {
        "event_type": emission.type,
        "sender": _sender(event, book),
        "date": accepted_on,
        "reason": emission.reason,
    }
    if emission.type == "conflict.reported":
        # To the sender alone, about its own message: its own id says which one.
        data["event_id"] = event["id"]
    data.update(_record(event))
    data.update(_notice(event))
    return data


def _match(emission: Emission, book: Book, accepted_on: str) -> JsonObject:
    cards = [book.contact_card(org) or _bare_card(org, book) for org in emission.to]
    return {"event_type": emission.type, "basis": emission.basis, "date": accepted_on, "contacts": cards}


def _bare_card(org: str, book: Book) -> dict[str, str]:
    """Return the name alone, where the configuration gives no telephone."""
    partner = book.by_org(org)
    return {"organisation": partner.name if partner else org}


def _sender(event: JsonObject, book: Book) -> JsonObject:
    sender = event.get("sender")
    stated = sender if isinstance(sender, dict) else {}
    org = str(stated.get("org", ""))
    partner = book.by_org(org)
    return {"org": org, "kind": stated.get("kind"), "name": partner.name if partner else org}


def _record(event: JsonObject) -> JsonObject:
    record = event.get("record")
    if not isinstance(record, dict):
        return {}
    return {"record_ref": record.get("ref"), "revision": record.get("revision")}


def _notice(event: JsonObject) -> dict[str, Json]:
    """Return what a retraction or a withdrawal is about. Of a fact's data nothing else leaves."""
    data = event.get("data")
    if not isinstance(data, dict) or event.get("type") not in NOTICES:
        return {}
    told = {name: data[name] for name in NOTICE_FIELDS if data.get(name) is not None}
    if event["type"] == "signal.retracted" and isinstance(data.get("reason"), str):
        told["reason_code"] = data["reason"]
    return told


def _amsterdam_day(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(AMSTERDAM).date().isoformat()
