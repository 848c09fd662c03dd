"""The body of the hub's own messages: a match, a notice, an acknowledgement, a question, a duty. Pure.

Built field by field, as `egress_data` does for events.
"""

from __future__ import annotations

from typing import Final

from agents.egress_data import Book, amsterdam_day, card_of, name_of, notice_of, record_of, sender_of
from hub.core.codes import HUB_KIND
from hub.core.model import Emission, Json, JsonObject
from hub.core.questions import question
from hub.ledger.interface import Candidate

ABOUT_ANOTHERS: Final = frozenset({"signal.source_added", "signal.linked_internally", "signal.retracted"})
"""Messages that tell of an event to others than its sender: who sent it belongs to the message."""

OWN_EVENT: Final = "event_id"
"""The sender's own id of the event that a message is about; told to that sender alone."""

LIST_FIELDS: Final = frozenset({"reasons"})
"""Details that hold several codes, parted by spaces."""


def emission_data(candidate: Candidate, emission: Emission, book: Book) -> JsonObject:
    """Return the body of one of the hub's own messages.

    A match holds the contact cards of both sides, the basis and the date, and nothing else (EVENTS.md section 11).
    A lapsed match gives no reason (DEDUP.md section 6).
    """
    accepted_on = amsterdam_day(candidate.sealed.accepted_at)
    if emission.type == "match.reported":
        return _match(emission, book, accepted_on)
    if emission.type == "match.lapsed":
        return {"event_type": emission.type, "date": accepted_on}
    event = candidate.sealed.event
    data: JsonObject = {
        "event_type": emission.type,
        "sender": _sender(candidate, emission, book),
        "date": accepted_on,
        "reason": emission.reason,
    }
    data.update(_details(emission))
    data.update(_own(candidate, emission))
    data.update(record_of(event))
    data.update(notice_of(event))
    return data


def _match(emission: Emission, book: Book, accepted_on: str) -> JsonObject:
    cards = [card_of(org, book) for org in emission.to]
    return {"event_type": emission.type, "basis": emission.basis, "date": accepted_on, "contacts": cards}


def _sender(candidate: Candidate, emission: Emission, book: Book) -> JsonObject:
    """Return whose message it is: of what others sent that organisation's, else the hub's."""
    if emission.type in ABOUT_ANOTHERS:
        return sender_of(candidate.sealed.event, book)
    return {"org": HUB_KIND, "kind": HUB_KIND, "name": name_of(HUB_KIND, book)}


def _details(emission: Emission) -> dict[str, Json]:
    """Return the codes and instants that the core gave along."""
    return {name: value.split() if name in LIST_FIELDS else value for name, value in emission.details}


def _own(candidate: Candidate, emission: Emission) -> JsonObject:
    """Return which of its messages the receiver is told about, and what it is asked."""
    event = candidate.sealed.event
    if candidate.receiver != candidate.sealed.authenticated_org:
        return {}
    own: JsonObject = {OWN_EVENT: event["id"]}
    if emission.type == "acknowledgement.received":
        own |= {"in_reply_to": event["id"], "status": "received"}
    asked = question(emission.reason) if emission.type == "completion.requested" else None
    if asked is not None:
        own["question"] = {"nl": asked.nl, "en": asked.en}
        own["cure"] = list(asked.cure)
    return own
