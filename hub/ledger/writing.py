"""Writing a plan: one statement per table, the audit chain last, so that its heads are locked shortly."""

from __future__ import annotations

from collections.abc import Mapping

from hub.ledger import audit, rows
from hub.ledger.facts import CITY_TABLES, write_facts
from hub.ledger.planning import Plan
from hub.ledger.tables import Tables
from hub.ledger.texts import key_text


async def write_plan(tables: Tables, plan: Plan, gathered: Mapping[str, rows.EntryRow]) -> dict[str, bytes]:
    """Write everything but the outbox; return the hash of the last audit row per record.

    `gathered` are the entries that the judging saw: a record number that one of them still holds, and that was
    judged to be free, passes to the new entry. One that it did not see breaks the unique key instead, and the
    batch is judged again.
    """
    earlier = plan.known_places
    await tables.insert(rows.INTAKE, [row for row in plan.intake.values() if row.place not in earlier])
    await tables.upsert(rows.INTAKE, [row for row in plan.intake.values() if row.place in earlier])
    await tables.insert(rows.LINE, [row for row in plan.lines.values() if row.place not in earlier])
    await tables.upsert(rows.LINE, [row for row in plan.lines.values() if row.place in earlier])
    await _write_entries(tables, plan, gathered)
    await write_facts(tables, plan.facts)
    await _write_holds(tables, plan)
    await tables.upsert(rows.THREAD, list(plan.threads.values()))
    known = gathered.keys() | plan.kept
    await tables.insert(rows.PAYLOAD, [row for uid, row in plan.payloads.items() if uid not in known])
    await tables.upsert(rows.PAYLOAD, [row for uid, row in plan.payloads.items() if uid in known])
    await tables.delete(rows.PAYLOAD, "uid", plan.destroyed)
    await tables.insert_missing(rows.PAYLOAD, list(plan.spared.values()))
    await tables.insert(rows.DELIVERY, plan.deliveries)
    await tables.insert(rows.PROCESSING, plan.processing)
    await tables.insert(rows.PARKED, plan.parked)
    return await write_links(tables, plan.links)


async def write_links(tables: Tables, links: list[audit.Link]) -> dict[str, bytes]:
    """Append audit rows; return the last hash per record."""
    if not links:
        return {}
    partitions = sorted({link.partition for link in links})
    heads = await tables.read(rows.CHAIN, {"partition": partitions}, lock=True)
    missing = sorted(set(partitions) - {head.partition for head in heads})
    if missing:
        await tables.insert_missing(
            rows.CHAIN, [rows.ChainRow(item, 0, audit.FIRST_HASH) for item in missing]
        )
        heads = await tables.read(rows.CHAIN, {"partition": partitions}, lock=True)
    written, new_heads = audit.append(heads, links)
    await tables.insert(rows.DECISION, written)
    await tables.upsert(rows.CHAIN, new_heads)
    return {row.place: row.hash for row in written}


async def _write_entries(tables: Tables, plan: Plan, gathered: Mapping[str, rows.EntryRow]) -> None:
    held = {row.record_key: row for row in gathered.values() if row.record_key is not None}
    freed = [
        held[row.record_key]._replace(record_key=None)
        for row in plan.entries.values()
        if row.record_key in held and held[row.record_key].entry_id not in {row.entry_id, *plan.entries}
    ]
    await tables.upsert(rows.ENTRY, freed)
    await tables.insert(rows.ENTRY, [row for key, row in plan.entries.items() if key not in gathered])
    await tables.upsert(rows.ENTRY, [row for key, row in plan.entries.items() if key in gathered])
    await tables.upsert(rows.PAIR, [row for row in plan.pairs.values() if row is not None])
    await tables.delete(rows.PAIR, "pair_key", [key for key, row in plan.pairs.items() if row is None])


async def _write_holds(tables: Tables, plan: Plan) -> None:
    kept = [row for row in plan.holds.values() if row is not None]
    ended = [uid for uid, row in plan.holds.items() if row is None]
    await tables.delete(rows.HOLD_WATCH, "uid", plan.holds.keys())
    await tables.delete(rows.HOLD_WAKE, "uid", ended)
    await tables.delete(rows.HOLD, "uid", ended)
    await tables.upsert(rows.HOLD, kept)
    watches = [
        rows.HoldWatchRow(row.uid, subject) for row in kept for subject in plan.watches.get(row.uid, ())
    ]
    await tables.insert(rows.HOLD_WATCH, watches)
    await _wake(tables, plan)


async def _wake(tables: Tables, plan: Plan) -> None:
    """Mark held events whose facts changed; a fact of the whole city can cure any of them."""
    if any(change.table in CITY_TABLES for change in plan.facts):
        await tables.wake_all_holds()
        return
    changed = {key_text(change.subject_ref) for change in plan.facts if change.subject_ref is not None}
    if changed:
        watching = await tables.read(rows.HOLD_WATCH, {"subject_key": changed})
        uids = sorted({row.uid for row in watching})
        await tables.insert(rows.HOLD_WAKE, [rows.HoldWakeRow(0, uid) for uid in uids])
