"""The answer to the family as a letter in HTML: one file, made for A4, without anything from elsewhere."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from hub.core.codes import SECTIONS as SECTION_CODES
from hub.core.model import JsonObject
from hub.core.names_dutch import LAWS, SECTIONS
from hub.core.reasons import Reason
from hub.core.sentences_dutch import DUTCH
from hub.core.times import AMSTERDAM, parse_instant
from hub.gateway.inspection_answer import UNCERTAIN, UNDER_WAY, InspectionAnswer, Line
from hub.gateway.inspection_document import (
    HIDDEN_GROUND_NL,
    HIDDEN_SENDER_NL,
    LEFT_OUT_NL,
    STATES_NL,
    kind_in_words,
    purpose_in_words,
    type_in_words,
)
from hub.identity.partners import City
from hub.operate.inspection.words import (
    PARENTAL_ROLES,
    REFUSED,
    ROLES,
    SECTIONS_EXPLAINED,
    WHOSE,
    WHOSE_CHILD,
    WHOSE_OTHER,
)

MONTHS: Final = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)
"""Written out here: a machine without Dutch locale must write the same letter."""


def letter(answer: InspectionAnswer, city: City | None) -> str:
    """Return the letter as one HTML document.

    It holds no name of a person: the hub knows none, and leaves lines on which they are written by hand. Every value
    is escaped by the template library.
    """
    whose = _whose(answer.role)
    given = answer.given
    return _template().render(
        title=f"Wie deelde wat over {whose}?" if given else "Over uw vraag om inzage",
        date=day_in_words(answer.answered_at),
        city=None if city is None else city.name,
        telephone=None if city is None else city.telephone,
        role=None if answer.role is None else ROLES.get(answer.role, answer.role),
        whose=whose,
        law=LAWS[Reason.OK_INSPECTION] if given else LAWS.get(answer.reason),
        refused=None if given else REFUSED[answer.reason],
        lines=[_line(line) for line in answer.lines],
        states={line.state for line in answer.lines} & {UNDER_WAY, UNCERTAIN},
        left_out=LEFT_OUT_NL if answer.reason is Reason.OK_INSPECTION_LIMITED else None,
        left_out_law=LAWS[Reason.OK_INSPECTION_LIMITED],
        sections=_explained(answer),
        replay_days=answer.replay_days,
        contact=None if answer.contact is None else {"role": None, "telephone": None, **answer.contact},
    )


@cache
def _template() -> Template:
    loader = PackageLoader("hub.operate", "inspection")
    # A name that the template does not get is a mistake of ours, never an empty place in a letter.
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("letter.html")


def _whose(role: str | None) -> str:
    if role in PARENTAL_ROLES:
        return WHOSE_CHILD
    return WHOSE_OTHER if role is None else WHOSE.get(role, WHOSE_OTHER)


def _line(line: Line) -> JsonObject:
    return {
        "when": _when(line),
        "sender": HIDDEN_SENDER_NL if line.sender is None else line.sender.name,
        "sender_kind": None if line.sender is None else kind_in_words(line.sender),
        "recipient": line.recipient.name,
        "recipient_kind": kind_in_words(line.recipient),
        "what": type_in_words(line),
        "purpose": purpose_in_words(line),
        "sections": ", ".join(SECTIONS.get(section, section) for section in line.sections),
        "ground": HIDDEN_GROUND_NL if line.reason is None else DUTCH[line.reason],
        "law": None if line.reason is None else LAWS.get(line.reason),
    }


def _when(line: Line) -> str:
    return STATES_NL[line.state].capitalize() if line.shared_at is None else moment_in_words(line.shared_at)


def _explained(answer: InspectionAnswer) -> list[tuple[str, str]]:
    """Return the sections that occur, in their order, with what they hold."""
    seen = {section for line in answer.lines for section in line.sections}
    return [(SECTIONS[code], SECTIONS_EXPLAINED[code]) for code in SECTION_CODES if code in seen]


def day_in_words(instant: str) -> str:
    """Return the Amsterdam day of an instant: `1 maart 2026`; the text itself when it is no instant."""
    moment = _amsterdam(instant)
    return instant if moment is None else f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def moment_in_words(instant: str) -> str:
    """Return an instant as people in Amsterdam say it: `1 maart 2026 om 10.15 uur`."""
    moment = _amsterdam(instant)
    return instant if moment is None else f"{day_in_words(instant)} om {moment:%H.%M} uur"


def short_moment(instant: str) -> str:
    """Return an instant as a spreadsheet with Dutch settings reads it: `01-03-2026 10:15`, in Amsterdam."""
    moment = _amsterdam(instant)
    return instant if moment is None else f"{moment:%d-%m-%Y %H:%M}"


def _amsterdam(instant: str) -> datetime | None:
    moment = parse_instant(instant)
    return None if moment is None else moment.astimezone(AMSTERDAM)
