"""Everything that judging needs, in one statement: an array of rows per table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hub.ledger import rows
from hub.ledger.gathered import FOUND_TABLES, Asked, Found
from hub.ledger.postgres_statements import row_array

# A union of look-ups: one condition with "or" over these indexes would read the whole table. "offset 0" keeps a
# look-up per key: as a join it could be planned, on a table that is nearly empty, as one over all rows.
_NAMED: Final = """
        select e.entry_id from unnest($3::text[], $4::text[]) k (event_key, source_key), lateral (
            select entry_id from entry where event_key = k.event_key and source_key = k.source_key offset 0) e
        union all
        select e.entry_id from unnest($5::text[], $6::text[]) k (ref_key, record_prefix), lateral (
            select entry_id from entry where ref_key = k.ref_key and record_prefix = k.record_prefix offset 0) e
        union all
        select entry_id from entry where event_key = any($7::text[])
        union all
        select entry_id from entry where ref_key = any($7::text[])
        union all
        select entry_id from entry where entry_id = any($7::text[])
"""
_ENTRIES: Final = """t.entry_id = any(array(
        select entry_id from entry where $2 and subject_key = any((select keys from everyone)::text[])
        union all
        select unnest(keys) from named
    ))"""
# Open ones of the asked persons, not of their kin; all that are about an event that the other keys name.
_THREADS: Final = """t.thread_id = any(array(
        select thread_id from thread where $2 and subject_key = any($1::text[]) and is_open
        union all
        select thread_id from thread where $2 and uid = any((select keys from named)::text[])
    ))"""
_DISCLOSURES: Final = """(t.record_prefix = any($6::text[]) or t.disclosure_id = any(array(
        select c.disclosure_id from disclosure_consent c where c.consent_key = any($8::text[]))))"""

_ARRAYS: Final = (
    row_array(rows.SUBJECT, "t.subject_key = any((select keys from everyone)::text[])", "t.subject_key"),
    row_array(
        rows.CONSENT,
        "(t.subject_key = any((select keys from everyone)::text[]) or t.consent_id = any($8::text[]))",
        "t.ordinal",
    ),
    row_array(rows.ENTRY, _ENTRIES, "t.ordinal"),
    row_array(rows.PAIR, "(t.subject_a = any($1::text[]) or t.subject_b = any($1::text[]))", "t.pair_key"),
    row_array(rows.HOLD, "t.source_key = any($4::text[])", "t.uid"),
    row_array(rows.KNOWN_EVENT, "t.event_key = any($7::text[])", "t.ordinal"),
    row_array(rows.DISCLOSURE, _DISCLOSURES, "t.ordinal"),
    row_array(rows.CITY_FACT, "t.kind = 'police_decision'", "t.ordinal"),
    row_array(rows.CASE_FACT, "t.case_key = any($9::text[])", "t.ordinal"),
    row_array(rows.THREAD, _THREADS, "t.ordinal"),
)

# "any" of a single array from a sub-select is one look-up in an index; a join would be planned as a scan.
GATHER: Final = f"""
    with everyone as materialized (
        select array(
            select unnest($1::text[])
            union
            select kin.subject_key from subject_link kin where kin.link = any(array(
                select own.link from subject_link own where own.subject_key = any($1::text[])))
        ) as keys
    ), named as materialized (
        select array({_NAMED}) as keys
    )
    select (select keys from everyone), {", ".join(_ARRAYS)}
"""  # noqa: S608

# Looks up and locks: in the order of the links, so that nobody waits in a circle.
LINKS_LOCK: Final = """
    select pg_advisory_xact_lock(hashtextextended(found.link, 0)) from (
        select distinct link from subject_link where subject_key = any($1::text[]) order by link offset 0
    ) found
"""


def arguments(asked: Asked) -> list[Any]:
    """Return the parameters of GATHER."""
    return [
        list(asked.subjects),
        asked.family,
        [event_key for event_key, _ in asked.sources],
        [source_key for _, source_key in asked.sources],
        [ref_key for ref_key, _ in asked.records],
        [prefix for _, prefix in asked.records],
        list(asked.ids),
        list(asked.consents),
        list(asked.cases),
    ]


def found_from(record: Sequence[Any]) -> Found:
    """Return the answer to GATHER as typed rows."""
    everyone, *arrays = record
    typed = [[table.row(*item) for item in array] for table, array in zip(FOUND_TABLES, arrays, strict=True)]
    return Found(everyone, *typed)
