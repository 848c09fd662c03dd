"""Gathering in the twin: the look-ups of `postgres_gathering.py`, said in Python."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from hub.ledger import rows
from hub.ledger.gathered import Asked, Found
from hub.ledger.lines import OPEN
from hub.ledger.memory_counts import Shelves
from hub.ledger.rows import DeliveryRow, ThreadRow


def gather_rows(shelf: Shelves, asked: Asked) -> Found:
    """Return what is asked for."""
    links = {row.link for row in shelf(rows.SUBJECT_LINK).read({"subject_key": asked.subjects})}
    kin = {row.subject_key for row in shelf(rows.SUBJECT_LINK).read({"link": links})}
    everyone = sorted(kin | set(asked.subjects))
    prefixes = [prefix for _, prefix in asked.records]
    sources = [source for _, source in asked.sources]
    carried = shelf(rows.DISCLOSURE_CONSENT).read({"consent_key": asked.consents})
    named = {
        "source_key": sources,
        "record_prefix": prefixes,
        "event_key": asked.ids,
        "ref_key": asked.ids,
        "entry_id": asked.ids,
    }
    disclosures = {"disclosure_id": [row.disclosure_id for row in carried], "record_prefix": prefixes}
    return Found(
        everyone,
        subjects=shelf(rows.SUBJECT).read({"subject_key": everyone}),
        consents=shelf(rows.CONSENT).read({"subject_key": everyone, "consent_id": asked.consents}),
        entries=shelf(rows.ENTRY).read({"subject_key": everyone if asked.family else [], **named}),
        pairs=shelf(rows.PAIR).read({"subject_a": asked.subjects, "subject_b": asked.subjects}),
        holds=shelf(rows.HOLD).read({"source_key": sources}),
        known_events=shelf(rows.KNOWN_EVENT).read({"event_key": asked.ids}),
        disclosures=shelf(rows.DISCLOSURE).read(disclosures),
        police_decisions=shelf(rows.CITY_FACT).read({"kind": ["police_decision"]}),
        case_facts=shelf(rows.CASE_FACT).read({"case_key": asked.cases}),
        threads=_threads(shelf, asked, {row.entry_id for row in shelf(rows.ENTRY).read(named)}),
    )


def _threads(shelf: Shelves, asked: Asked, named: set[str]) -> list[ThreadRow]:
    """Return the open threads of the asked persons, and all that are about one of these events."""
    if not asked.family:
        return []
    found = shelf(rows.THREAD).read({"subject_key": asked.subjects, "uid": named})
    return [row for row in found if row.uid in named or row.is_open]


def due_threads(found: Iterable[ThreadRow], now: datetime) -> list[ThreadRow]:
    """Return those that are open and whose next instant came, the oldest first."""
    due = [(row.next_at, row.ordinal, row) for row in found if row.is_open and row.next_at is not None]
    return [row for next_at, _, row in sorted(due) if next_at <= now]


def due_rows(shelf: Shelves, limit: int, now: datetime) -> list[DeliveryRow]:
    """Return due deliveries: of each subscription and subject the oldest unsettled only."""
    pushed = {
        row.subscription_id for row in shelf(rows.SUBSCRIPTION) if row.active and row.connector != "feed"
    }
    waiting = sorted((row for row in shelf(rows.DELIVERY) if row.state in OPEN), key=lambda row: row.ordinal)
    heads: dict[tuple[str, str], DeliveryRow] = {}
    for row in waiting:
        heads.setdefault((row.subscription_id, row.subject_key), row)
    due = [row for row in heads.values() if row.due_at <= now and row.subscription_id in pushed]
    return sorted(due, key=lambda row: (not row.crisis, row.due_at, row.ordinal))[:limit]
