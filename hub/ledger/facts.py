"""Changed facts as rows. A fact is replaced as a whole; each change of a child's consent state is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub.core.model import FactChange, Json
from hub.ledger import rows
from hub.ledger.tables import Tables
from hub.ledger.texts import end_of_validity, from_json, instant, key_text, pair_key, to_json

CITY_TABLES: Final = frozenset({"area", "partner", "police_decision"})
"""Facts of the whole city: each change can cure any hold."""

PARENT_ROLES: Final = frozenset(
    {"parent_with_custody", "parent_without_custody", "parent_custody_unspecified"}
)
"""Only these tie children of one parent together (DEDUP.md section 5); a guardian's other wards are no kin."""


async def write_facts(
    tables: Tables, changes: Sequence[FactChange], versions: Mapping[str, int] | None = None
) -> None:
    """Write changed facts. `versions` sets the consent state of subjects outright: for facts from elsewhere."""
    last = {(change.table, change.key): change for change in changes}
    await _write_subjects(tables, changes, versions or {})
    await tables.upsert(
        rows.CONSENT, [_consent(item) for (table, _), item in last.items() if table == "consent"]
    )
    cases = [_case_fact(item) for (table, _), item in last.items() if table in ("help_team", "case_party")]
    await tables.upsert(rows.CASE_FACT, cases)
    city = [
        rows.CityFactRow(table, key_text(key), 0, to_json(item.document))
        for (table, key), item in last.items()
        if table in CITY_TABLES
    ]
    await tables.upsert(rows.CITY_FACT, city)
    await tables.upsert(
        rows.KNOWN_EVENT, [_known_event(item) for (table, _), item in last.items() if table == "known_event"]
    )
    await _write_disclosures(tables, [item for (table, _), item in last.items() if table == "delivered"])


async def _write_subjects(tables: Tables, changes: Sequence[FactChange], versions: Mapping[str, int]) -> None:
    """Write subjects and count the changes of each one's consent state (gate R14)."""
    counted: dict[str, int] = {}
    documents: dict[str, Json] = {}
    for change in changes:
        if change.table in ("subject", "consent") and change.subject_ref is not None:
            key = key_text(change.subject_ref)
            counted[key] = counted.get(key, 0) + 1
        if change.table == "subject":
            documents[key_text(change.key)] = change.document
    stated = {key_text(subject): version for subject, version in versions.items()}
    touched = sorted(counted.keys() | documents.keys() | stated.keys())
    known = {
        row.subject_key: row for row in await tables.read(rows.SUBJECT, {"subject_key": touched}, lock=True)
    }
    written = []
    for key in touched:
        before = known.get(key, rows.SubjectRow(key, None, 0))
        document = to_json(documents[key]) if key in documents else before.document
        version = stated.get(key, before.version + counted.get(key, 0))
        written.append(rows.SubjectRow(key, document, version))
    await tables.upsert(rows.SUBJECT, written)
    if documents:
        await tables.delete(rows.SUBJECT_LINK, "subject_key", list(documents))
        links = {rows.SubjectLinkRow(link, key) for key, item in documents.items() for link in links_of(item)}
        await tables.insert(rows.SUBJECT_LINK, sorted(links))


def links_of(document: Any) -> set[str]:
    """Return what ties a subject to others: its households (unless an institution) and its parents."""
    if not isinstance(document, dict):
        return set()
    found = set()
    households = document.get("households")
    if isinstance(households, list) and document.get("institution_address") is False:
        found |= {key_text(f"household:{item}") for item in households if isinstance(item, str)}
    custody = document.get("custody")
    for item in custody if isinstance(custody, list) else []:
        if (
            isinstance(item, dict)
            and item.get("role") in PARENT_ROLES
            and isinstance(item.get("person"), str)
        ):
            found.add(key_text(f"person:{item['person']}"))
    return found


def _consent(change: FactChange) -> rows.ConsentRow:
    document: Any = change.document if isinstance(change.document, dict) else {}
    consent_id = document.get("consent_id")
    is_open = document.get("decision") == "consent" and document.get("withdrawn_at") is None
    return rows.ConsentRow(
        key_text(change.key),
        0,
        key_text(consent_id if isinstance(consent_id, str) else change.key),
        None if change.subject_ref is None else key_text(change.subject_ref),
        to_json(change.document),
        end_of_validity(document.get("valid_to")) if is_open else None,
    )


def _case_fact(change: FactChange) -> rows.CaseFactRow:
    """Return a help team or the parties of a case; the key of a help team begins with its case."""
    case = change.key.partition("\n")[0]
    document = change.document
    if (
        change.table == "help_team"
        and isinstance(document, dict)
        and isinstance(document.get("case_ref"), str)
    ):
        case = document["case_ref"]
    return rows.CaseFactRow(
        key_text(f"{change.table}:{change.key}"), 0, change.table, key_text(case), to_json(document)
    )


def _known_event(change: FactChange) -> rows.KnownEventRow:
    document: Any = change.document
    return rows.KnownEventRow(key_text(change.key), key_text(str(document["id"])), 0, to_json(document))


async def _write_disclosures(tables: Tables, changes: Sequence[FactChange]) -> None:
    """Write deliveries that another system made before."""
    for change in changes:
        document: Any = from_json(to_json(change.document))
        await write_disclosure(tables, change.key, document, "1970-01-01T00:00:00+00:00")


async def write_disclosure(tables: Tables, disclosure_id: str, document: Any, at: str) -> None:
    """Write one disclosure outside the path of a claim."""
    row, consents = disclosure_rows(disclosure_id, document, at)
    await tables.upsert(rows.DISCLOSURE, [row])
    await tables.insert_missing(rows.DISCLOSURE_CONSENT, consents)


def disclosure_rows(
    disclosure_id: str, document: Any, at: str
) -> tuple[rows.DisclosureRow, list[rows.DisclosureConsentRow]]:
    """Return the rows of a disclosure; `document` has the form of `deliveries[]` in CONSENT.md section 2."""
    ref, org = document.get("record_ref"), document.get("org")
    prefix = pair_key(org, ref) if isinstance(ref, str) and isinstance(org, str) else None
    consents = document.get("consent_ids")
    found = sorted(
        {key_text(item) for item in consents if isinstance(item, str)} if isinstance(consents, list) else ()
    )
    key = key_text(disclosure_id)
    row = rows.DisclosureRow(key, 0, prefix, to_json(document), instant(at))
    return row, [rows.DisclosureConsentRow(key, consent) for consent in found]
