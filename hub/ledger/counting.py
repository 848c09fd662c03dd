"""Counting signals for the prevention picture: per district and life domain, never per person (EVENTS.md section 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from hub.core.codes import DISTRICTS, RESIDENCE_BASES, is_code
from hub.core.history import Entry
from hub.core.model import Json
from hub.core.times import active_on, parse_date
from hub.ledger import rows
from hub.ledger.documents import entry_from
from hub.ledger.interface import SignalCount
from hub.ledger.tables import Store, Tables
from hub.ledger.texts import AMSTERDAM, from_json, instant, key_text

STEP: Final = timedelta(hours=1)
"""So much is read at a time: the memory of a whole quarter must not have to fit in that of a process."""

REGISTERED: Final = "brp"
"""Counted is where somebody is registered, not where somebody stays."""


@dataclass(slots=True)
class _Cell:
    signals: int = 0
    persons: set[str] = field(default_factory=set)


async def count_signals(store: Store, start: str, end: str) -> list[SignalCount]:
    """Return the counts of delivered observations, in the order of district and domain.

    An observation counts once in each of its domains. Left out are near duplicates, echoes, what was retracted or
    superseded, and persons without exactly one registered district on that day.
    """
    cells: dict[tuple[str, str], _Cell] = {}
    for first, last in _steps(instant(start), instant(end)):
        async with store.transaction() as tables:
            await _count(tables, first, last, cells)
    return [
        SignalCount(district, domain, cell.signals, len(cell.persons))
        for (district, domain), cell in sorted(cells.items())
    ]


def _steps(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start < end:
        following = min(start + STEP, end)
        yield start, following
        start = following


async def _count(tables: Tables, start: datetime, end: datetime, cells: dict[tuple[str, str], _Cell]) -> None:
    found = [(row, entry_from(row.document)) for row in await tables.entries_between(start, end)]
    counted = [(row.subject_key, row.at, entry) for row, entry in found if _counts(entry)]
    wanted = {subject_key for subject_key, _, _ in counted if subject_key is not None}
    documents = {
        row.subject_key: from_json(row.document)
        for row in await tables.read(rows.SUBJECT, {"subject_key": wanted})
        if row.document is not None
    }
    for subject_key, at, entry in counted:
        district = district_on(documents.get(subject_key or ""), at.astimezone(AMSTERDAM).date())
        for domain in set(entry.domains) if district is not None and subject_key is not None else ():
            cell = cells.setdefault((str(district), key_text(domain)), _Cell())
            cell.signals += 1
            cell.persons.add(str(subject_key))


def _counts(entry: Entry) -> bool:
    """Return whether this is an observation that counts (DEDUP.md section 4)."""
    is_repeated = entry.echo or entry.near_duplicate_of is not None
    return (
        entry.semantic
        and bool(entry.delivered_to)
        and not is_repeated
        and not entry.superseded
        and not entry.retracted
    )


def district_on(document: Json, day: date) -> str | None:
    """Return the one district where a person was registered on a day (ROUTING.md section 2), or None."""
    listed = document.get("residences") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(_is_residence(row) for row in listed):
        return None
    districts = {
        row["district"]
        for row in listed
        if row["basis"] == REGISTERED and active_on(day, row["from"], row.get("to"))
    }
    found = districts.pop() if len(districts) == 1 else None
    return found if isinstance(found, str) and found in DISTRICTS else None


def _is_residence(row: Json) -> bool:
    """Return whether a row has a district, dates and a known basis."""
    return (
        isinstance(row, dict)
        and isinstance(row.get("district"), str)
        and parse_date(row.get("from")) is not None
        and (row.get("to") is None or parse_date(row["to"]) is not None)
        and is_code(row.get("basis"), RESIDENCE_BASES)
    )
