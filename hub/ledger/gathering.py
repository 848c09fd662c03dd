"""Facts and memory for a set of keys, in a handful of reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.core.history import Entry
from hub.core.model import JsonObject
from hub.core.snapshot import FactKeys, Snapshot
from hub.ledger import rows
from hub.ledger.documents import entry_from, pair_from
from hub.ledger.rows import EntryRow
from hub.ledger.tables import EntryKeys, Tables
from hub.ledger.texts import from_json, key_text, pair_key


async def gather(tables: Tables, keys: FactKeys, *, lock: bool) -> tuple[Snapshot, list[EntryRow]]:
    """Read what `keys` name, and the rows of the entries found.

    With `lock`, the households and parents of the subjects are locked before the first read: a match between
    two children is then seen by one of two batches that run side by side.
    """
    subjects = {key_text(subject): subject for subject in keys.subjects}
    links = sorted({row.link for row in await _links(tables, "subject_key", subjects)})
    if links and lock:
        await tables.lock_links(links)
    everyone = dict(subjects)
    for row in await _links(tables, "link", links):
        everyone.setdefault(row.subject_key, row.subject_key)
    subject_rows = await tables.read(rows.SUBJECT, {"subject_key": everyone})
    entry_rows = await _entries(tables, keys, everyone)
    entries = tuple(entry_from(row.document) for row in entry_rows)
    snapshot = Snapshot(
        subjects={
            everyone[row.subject_key]: _document(row.document)
            for row in subject_rows
            if row.document is not None
        },
        consent_versions={everyone[row.subject_key]: row.version for row in subject_rows},
        consents=await _consents(tables, keys, everyone),
        entries=entries,
        pairs=await _pairs(tables, subjects),
        held_since=await _held_since(tables, keys),
        known_events=await _known_events(tables, keys, entries),
        deliveries=await _deliveries(tables, keys),
        police_decisions=await _police_decisions(tables),
        **await _cases(tables, keys),
    )
    return snapshot, entry_rows


def _document(text: str) -> Any:
    return from_json(text)


async def _links(tables: Tables, column: str, values: Iterable[str]) -> list[rows.SubjectLinkRow]:
    found = list(values)
    return await tables.read(rows.SUBJECT_LINK, {column: found}) if found else []


async def _consents(
    tables: Tables, keys: FactKeys, everyone: dict[str, str]
) -> dict[str, tuple[JsonObject, ...]]:
    where = {"subject_key": list(everyone), "consent_id": [key_text(item) for item in keys.consent_ids]}
    found: dict[str, list[JsonObject]] = {}
    for row in await tables.read(rows.CONSENT, where):
        # A withdrawal that outran its consent names nobody yet; the core looks for it under the empty subject.
        subject_key = row.subject_key or ""
        found.setdefault(everyone.get(subject_key, subject_key), []).append(_document(row.document))
    return {subject: tuple(records) for subject, records in found.items()}


async def _entries(tables: Tables, keys: FactKeys, everyone: dict[str, str]) -> list[EntryRow]:
    wanted = EntryKeys(
        subjects=list(everyone),
        sources=[(key_text(event_id), pair_key(source, event_id)) for source, event_id in keys.source_ids],
        records=[(key_text(ref), pair_key(org, ref)) for org, ref in keys.records],
        ids=[key_text(event_id) for event_id in keys.event_ids],
    )
    return await tables.entries(wanted) if wanted else []


async def _pairs(tables: Tables, subjects: Iterable[str]) -> tuple[Any, ...]:
    found = list(subjects)
    if not found:
        return ()
    pair_rows = await tables.read(rows.PAIR, {"subject_a": found, "subject_b": found})
    return tuple(pair_from(row.document) for row in pair_rows)


async def _held_since(tables: Tables, keys: FactKeys) -> dict[tuple[str, str], str]:
    wanted = {pair_key(source, event_id): (source, event_id) for source, event_id in keys.source_ids}
    if not wanted:
        return {}
    holds = await tables.read(rows.HOLD, {"source_key": wanted})
    return {wanted[hold.source_key]: hold.held_since for hold in holds}


async def _known_events(tables: Tables, keys: FactKeys, entries: tuple[Entry, ...]) -> tuple[JsonObject, ...]:
    """Return what the hub carried under the asked ids: an id of an event or of a sender's own record."""
    if not keys.event_ids:
        return ()
    asked = [key_text(event_id) for event_id in keys.event_ids]
    earlier = await tables.read(rows.KNOWN_EVENT, {"event_key": asked})
    known = [_document(row.document) for row in earlier]
    carried: list[JsonObject] = [
        {"id": known_id, "org": entry.org, "kind": entry.kind}
        for entry in entries
        for known_id in (entry.event_id, entry.record_ref)
        if known_id in keys.event_ids
    ]
    return (*known, *carried)


async def _deliveries(tables: Tables, keys: FactKeys) -> tuple[JsonObject, ...]:
    consents = [key_text(consent_id) for consent_id in keys.consent_ids]
    prefixes = [pair_key(org, ref) for org, ref in keys.records]
    if not consents and not prefixes:
        return ()
    carried = await tables.read(rows.DISCLOSURE_CONSENT, {"consent_key": consents}) if consents else []
    where = {"disclosure_id": [row.disclosure_id for row in carried], "record_prefix": prefixes}
    return tuple(_document(row.document) for row in await tables.read(rows.DISCLOSURE, where))


async def _police_decisions(tables: Tables) -> tuple[JsonObject, ...]:
    found = await tables.read(rows.CITY_FACT, {"kind": ["police_decision"]})
    return tuple(_document(row.document) for row in found)


async def _cases(tables: Tables, keys: FactKeys) -> dict[str, Any]:
    cases = {key_text(case): case for case in keys.case_refs}
    teams: dict[str, list[JsonObject]] = {}
    parties: dict[str, tuple[str, ...]] = {}
    for row in await tables.read(rows.CASE_FACT, {"case_key": cases}) if cases else []:
        if row.kind == "help_team":
            teams.setdefault(cases[row.case_key], []).append(_document(row.document))
        else:
            parties[cases[row.case_key]] = tuple(_document(row.document))
    return {"help_teams": {case: tuple(found) for case, found in teams.items()}, "case_parties": parties}
