"""Facts and memory for a set of keys, in one read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from hub.core.history import Entry
from hub.core.model import JsonObject
from hub.core.snapshot import FactKeys, Snapshot
from hub.ledger.documents import entry_from, pair_from, thread_from
from hub.ledger.gathered import Asked, Found
from hub.ledger.tables import Tables
from hub.ledger.texts import from_json, key_text, pair_key

ENTRIES_KEPT: Final = 4096
"""Read entries that are kept, about 3 KB each: those of a family are read again with each of its events."""


async def gather(tables: Tables, keys: FactKeys) -> tuple[Snapshot, Found]:
    """Read what judging needs, and the rows behind it.

    The households and parents of the subjects are locked before the first read: a match between two children is
    then seen by one of two batches that run side by side.
    """
    if keys.subjects:
        await tables.lock_links([key_text(subject) for subject in keys.subjects])
    return await look_up(tables, keys, family=True)


async def look_up(tables: Tables, keys: FactKeys, *, family: bool) -> tuple[Snapshot, Found]:
    """Read without locks.

    Without `family` the memory is only of the events and records that `keys` name, and nothing that goes on is read.
    """
    subjects = {key_text(subject): subject for subject in keys.subjects}
    found = await tables.gather(_asked(keys, list(subjects), family=family))
    everyone = {key: subjects.get(key, key) for key in found.everyone}
    entries = tuple(_entry(row.document) for row in found.entries)
    snapshot = Snapshot(
        subjects={
            everyone[row.subject_key]: _document(row.document)
            for row in found.subjects
            if row.document is not None
        },
        consent_versions={everyone[row.subject_key]: row.version for row in found.subjects},
        consents=_consents(found, everyone),
        entries=entries,
        pairs=tuple(pair_from(row.document) for row in found.pairs),
        held_since=_held_since(found, keys),
        known_events=_known_events(found, keys, entries),
        deliveries=tuple(_document(row.document) for row in found.disclosures),
        police_decisions=tuple(_document(row.document) for row in found.police_decisions),
        threads=tuple(thread_from(row.document) for row in found.threads),
        **_cases(found, keys),
    )
    return snapshot, found


@lru_cache(maxsize=ENTRIES_KEPT)
def _entry(document: str) -> Entry:
    return entry_from(document)


def _document(text: str) -> Any:
    return from_json(text)


def _asked(keys: FactKeys, subjects: list[str], *, family: bool) -> Asked:
    return Asked(
        subjects=subjects,
        sources=[(key_text(event_id), pair_key(source, event_id)) for source, event_id in keys.source_ids],
        records=[(key_text(ref), pair_key(org, ref)) for org, ref in keys.records],
        ids=[key_text(event_id) for event_id in keys.event_ids],
        consents=[key_text(item) for item in keys.consent_ids],
        cases=[key_text(case) for case in keys.case_refs],
        family=family,
    )


def _consents(found: Found, everyone: dict[str, str]) -> dict[str, tuple[JsonObject, ...]]:
    by_subject: dict[str, list[JsonObject]] = {}
    for row in found.consents:
        # A withdrawal that outran its consent names nobody yet; the core looks for it under the empty subject.
        subject_key = row.subject_key or ""
        by_subject.setdefault(everyone.get(subject_key, subject_key), []).append(_document(row.document))
    return {subject: tuple(records) for subject, records in by_subject.items()}


def _held_since(found: Found, keys: FactKeys) -> dict[tuple[str, str], str]:
    wanted = {pair_key(source, event_id): (source, event_id) for source, event_id in keys.source_ids}
    return {wanted[hold.source_key]: hold.held_since for hold in found.holds}


def _known_events(found: Found, keys: FactKeys, entries: tuple[Entry, ...]) -> tuple[JsonObject, ...]:
    """Return what the hub carried under the asked ids: of an event, by sender or hub, or of a sender's record."""
    if not keys.event_ids:
        return ()
    known = [_document(row.document) for row in found.known_events]
    carried: list[JsonObject] = [
        {"id": known_id, "org": entry.org, "kind": entry.kind}
        for entry in entries
        for known_id in {entry.event_id: None, entry.record_ref: None, entry.entry_id: None}
        if known_id in keys.event_ids
    ]
    return (*known, *carried)


def _cases(found: Found, keys: FactKeys) -> dict[str, Any]:
    cases = {key_text(case): case for case in keys.case_refs}
    teams: dict[str, list[JsonObject]] = {}
    parties: dict[str, tuple[str, ...]] = {}
    for row in found.case_facts:
        if row.kind == "help_team":
            teams.setdefault(cases[row.case_key], []).append(_document(row.document))
        else:
            parties[cases[row.case_key]] = tuple(_document(row.document))
    return {"help_teams": {case: tuple(listed) for case, listed in teams.items()}, "case_parties": parties}
