"""An inspection as a JSON document: codes for systems, Dutch words for people."""

from __future__ import annotations

from typing import Final

from hub.core.model import JsonObject
from hub.core.names_dutch import EVENT_TYPES, LAWS, PARTNER_KINDS, PURPOSES, SECTIONS
from hub.core.reasons import Reason
from hub.core.sentences_dutch import DUTCH
from hub.core.sentences_english import ENGLISH
from hub.gateway.inspection_answer import InspectionAnswer, Line, Party

LEFT_OUT_NL: Final = (
    "Dit overzicht is niet volledig. De wet vraagt soms om een regel, of de naam van wie iets deelde, niet te tonen: "
    "om een ander mens te beschermen, of omdat de organisatie daar zelf eerst over beslist."
)
LEFT_OUT_EN: Final = (
    "This overview is not complete. The law sometimes asks to leave out a line, or the name of who shared something: "
    "to protect another person, or because the organisation concerned decides on it first."
)
"""Wmo 5.3.1(3), 5.3.2(4). The same words whatever was left out, so that they tell nothing of it."""

HIDDEN_SENDER_NL: Final = "(niet getoond: wie dit deelde, vroeg om anoniem te blijven)"
HIDDEN_TYPE_NL: Final = "bericht"
HIDDEN_GROUND_NL: Final = "(niet getoond: dit zou laten zien wie het deelde)"
AGREED_NL: Final = "Afspraak tussen de organisaties"
"""The basis of a reason that no law article stands behind (`Reason.basis` P)."""

STATES_NL: Final = {
    "delivered": "aangekomen",
    "under_way": "onderweg",
    "uncertain": "niet zeker of het aankwam",
}


def inspection_document(answer: InspectionAnswer) -> JsonObject:
    """Return the answer of `POST /inspections` and of `hub inspect --format json`."""
    limited = answer.reason is Reason.OK_INSPECTION_LIMITED
    return {
        "outcome": answer.reason.outcome.value,
        "reason": answer.reason.value,
        "message": ENGLISH[answer.reason],
        "message_nl": DUTCH[answer.reason],
        "law_nl": LAWS.get(answer.reason, AGREED_NL),
        "answered_at": answer.answered_at,
        "requester_role": answer.role,
        "left_out": LEFT_OUT_EN if limited else None,
        "left_out_nl": LEFT_OUT_NL if limited else None,
        "lines": [_line(line) for line in answer.lines],
        "contact": None if answer.contact is None else dict(answer.contact),
    }


def _line(line: Line) -> JsonObject:
    return {
        "state": line.state,
        "state_nl": STATES_NL[line.state],
        "shared_at": line.shared_at,
        "replay_until": line.replay_until,
        "sender": None if line.sender is None else _party(line.sender),
        "recipient": _party(line.recipient),
        "type": line.type,
        "type_nl": type_in_words(line),
        "purpose": line.purpose,
        "purpose_nl": purpose_in_words(line),
        "sections": [{"section": code, "name_nl": SECTIONS.get(code, code)} for code in line.sections],
        "ground": None if line.reason is None else _ground(line.reason),
    }


def _party(party: Party) -> JsonObject:
    return {"organisation": party.name, "kind": party.kind, "kind_nl": kind_in_words(party)}


def _ground(reason: Reason) -> JsonObject:
    return {
        "reason": reason.value,
        "message": ENGLISH[reason],
        "message_nl": DUTCH[reason],
        "law_nl": LAWS.get(reason, AGREED_NL),
    }


def type_in_words(line: Line) -> str:
    """Return the Dutch name of what was shared."""
    return HIDDEN_TYPE_NL if line.type is None else EVENT_TYPES.get(line.type, HIDDEN_TYPE_NL)


def purpose_in_words(line: Line) -> str | None:
    """Return the Dutch name of what it was for, or None when there is none to show."""
    return None if line.purpose is None else PURPOSES.get(line.purpose)


def kind_in_words(party: Party) -> str:
    """Return the Dutch name of a kind of organisation."""
    return PARTNER_KINDS.get(party.kind, "organisatie")
