"""The answer to the family as a table for a spreadsheet: CSV with Dutch headings (RFC 4180, with semicolons)."""

from __future__ import annotations

import csv
import io
from typing import Final

from hub.core.names_dutch import LAWS, SECTIONS
from hub.core.sentences_dutch import DUTCH
from hub.gateway.inspection_answer import InspectionAnswer, Line
from hub.gateway.inspection_document import (
    AGREED_NL,
    HIDDEN_GROUND_NL,
    HIDDEN_SENDER_NL,
    STATES_NL,
    kind_in_words,
    purpose_in_words,
    type_in_words,
)
from hub.operate.inspection.letter import short_moment

HEADINGS: Final = (
    "gedeeld op",
    "stand",
    "gedeeld door",
    "soort organisatie (door)",
    "gedeeld met",
    "soort organisatie (met)",
    "wat",
    "onderdelen",
    "waarvoor",
    "waarom mocht dat",
    "wet",
    "opnieuw te bezorgen tot",
)

SEPARATOR: Final = ";"
"""What a spreadsheet with Dutch settings reads: there the comma is for decimals."""

BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it such a spreadsheet takes UTF-8 for another encoding."""

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters that make a spreadsheet calculate instead of show (OWASP, CSV injection)."""


def table(answer: InspectionAnswer) -> str:
    """Return the lines as CSV text, one row each below the headings; without lines the headings alone."""
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text, delimiter=SEPARATOR, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    writer.writerows([harmless(cell) for cell in _cells(line)] for line in answer.lines)
    return text.getvalue()


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before what could be one."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _cells(line: Line) -> tuple[str, ...]:
    sender, reason = line.sender, line.reason
    return (
        "" if line.shared_at is None else short_moment(line.shared_at),
        STATES_NL[line.state],
        HIDDEN_SENDER_NL if sender is None else sender.name,
        "" if sender is None else kind_in_words(sender),
        line.recipient.name,
        kind_in_words(line.recipient),
        type_in_words(line),
        ", ".join(SECTIONS.get(section, section) for section in line.sections),
        purpose_in_words(line) or "",
        HIDDEN_GROUND_NL if reason is None else DUTCH[reason],
        "" if reason is None else LAWS.get(reason, AGREED_NL),
        "" if line.replay_until is None else short_moment(line.replay_until),
    )
