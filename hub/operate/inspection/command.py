"""`hub inspect`: an operator answers a member of the family, from the ledger's facts and log of this moment."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path
from typing import Final, TextIO

from hub.core.model import JsonObject
from hub.core.sentences_dutch import DUTCH
from hub.core.snapshot import FactKeys
from hub.core.standing import Standing
from hub.gateway.inspection_answer import InspectionAnswer, InspectionRequest
from hub.gateway.inspection_document import inspection_document
from hub.gateway.inspections import OPERATOR, InspectedLedger, inspect_ledger
from hub.identity.bsn import NumberRefusedError, citizen_number
from hub.identity.partners import PartnerBook
from hub.identity.pseudonyms import Pseudonyms
from hub.ledger.open import open_ledger
from hub.operate.clock import clocks_of
from hub.operate.compose import number_environment, read_partners, standing_of, versioned_keys
from hub.operate.inspection.letter import letter
from hub.operate.inspection.table import table
from hub.operate.logs import configure, logger
from hub.operate.settings import Settings

FROM_INPUT: Final = "-"
"""A person given this way is read from standard input: a number on the command line stays in the shell's history."""

OWNER_ONLY: Final = 0o600
"""Mode of the file that is written: it tells about a family."""


@unique
class Format(StrEnum):
    """How the answer is written."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


@unique
class Opposes(StrEnum):
    """What a professional judged of the child's interest (Wmo 5.3.2(3))."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    @property
    def judged(self) -> bool | None:
        """Return the answer for the rules, None while nobody judged."""
        return {Opposes.YES: True, Opposes.NO: False, Opposes.UNKNOWN: None}[self]


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands on the command line. Persons are refs of the bus or citizen numbers."""

    subject: str
    requester: str
    opposes: Opposes
    style: Format
    out: Path | None


def person_of(stated: str, lines: TextIO) -> str:
    """Return the person as given, or the next line of the input when a dash was given."""
    return lines.readline().strip() if stated == FROM_INPUT else stated.strip()


async def inspect(asked: Asked, out: TextIO, said: TextIO) -> int:
    """Write the answer; return 0 when the log is shown, 1 for a hold or deny, 2 for a person that cannot be named.

    The reason goes to `said` in words, so that a file of lines holds lines only.
    """
    settings = Settings()
    configure("inspect", settings.log_level)
    book = read_partners(settings)
    ledger = await open_ledger(settings.database, owner="inspect")
    try:
        answer = await _answered(asked, settings, book, standing_of(book), ledger)
    except NumberRefusedError as error:
        print(error.reason.dutch, file=said)
        return 2
    finally:
        await ledger.close()
    logger().info("inspection_answered", outcome=answer.reason.outcome.value, reason=answer.reason.value)
    _write(_STYLES[asked.style](answer, book), asked.out, out)
    print(f"{answer.reason.value}: {DUTCH[answer.reason]}", file=said)
    return 0 if answer.given else 1


async def _answered(
    asked: Asked, settings: Settings, book: PartnerBook, standing: Standing, ledger: InspectedLedger
) -> InspectionAnswer:
    subjects, requesters = _refs(asked.subject, settings), _refs(asked.requester, settings)
    known = (await ledger.look_up(FactKeys(subjects=frozenset(subjects)))).subjects
    subject_ref = next((ref for ref in subjects if ref in known), subjects[0])
    near = {subject_ref, *_custody_persons(known.get(subject_ref, {}))}
    request = InspectionRequest(
        subject_ref=subject_ref,
        requester_ref=next((ref for ref in requesters if ref in near), requesters[0]),
        child_interest_opposes=asked.opposes.judged,
    )
    return await inspect_ledger(request, ledger, standing, book, clocks_of(settings).now(), OPERATOR)


def _refs(text: str, settings: Settings) -> tuple[str, ...]:
    """Return the refs that a person can have: the ref itself, or that of a citizen number under each pseudonym key."""
    if not text.isdecimal():
        return (text,)
    number = citizen_number(text, number_environment(settings))
    return Pseudonyms(versioned_keys(settings.pseudonym_keys)).bus_candidates(number)


def _custody_persons(subject: JsonObject) -> set[str]:
    custody = subject.get("custody")
    entries = custody if isinstance(custody, list) else []
    persons = (entry.get("person") for entry in entries if isinstance(entry, dict))
    return {person for person in persons if isinstance(person, str)}


def _as_json(answer: InspectionAnswer, _book: PartnerBook) -> str:
    return json.dumps(inspection_document(answer), ensure_ascii=False, indent=2) + "\n"


def _as_csv(answer: InspectionAnswer, _book: PartnerBook) -> str:
    return table(answer)


def _as_html(answer: InspectionAnswer, book: PartnerBook) -> str:
    return letter(answer, book.city)


_STYLES: Final[Mapping[Format, Callable[[InspectionAnswer, PartnerBook], str]]] = {
    Format.JSON: _as_json,
    Format.CSV: _as_csv,
    Format.HTML: _as_html,
}


def _write(text: str, path: Path | None, out: TextIO) -> None:
    """Write to the file, readable by its owner alone, or to the terminal."""
    if path is None:
        out.write(text)
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with open(descriptor, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - the mode comes first
        os.fchmod(file.fileno(), OWNER_ONLY)
        file.write(text)
