"""Consent at the moment of the claim: each delivery is decided anew inside the transaction that claims it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from hub.core.model import LEAVES, JsonObject, Outcome, RecipientDecision
from hub.core.snapshot import FactKeys
from hub.ledger import rows
from hub.ledger.audit import Link
from hub.ledger.documents import (
    emission_from,
    entry_from,
    entry_text,
    recipient_from,
    recipient_json,
)
from hub.ledger.gathered import Due
from hub.ledger.gathering import look_up
from hub.ledger.interface import Candidate, KeysOf, Recheck
from hub.ledger.lines import LineKey, refresh_lines
from hub.ledger.rows import DeliveryRow
from hub.ledger.tables import Read, Tables
from hub.ledger.texts import from_json, instant, instant_text, key_text, pair_key, unpack_sections
from hub.ledger.threads import drop_owed
from hub.wire.envelope import SealedEvent

HOLD_BOUND_DAYS: Final = 14
"""A hold that begins at a claim ends after ten working days. The exact instant is the core's to tell; until the
watch asks it, at once, this bound stands: ten working days are never less than fourteen days."""

OTHER_ROUTE: Final = "deny_route"
"""Verdict of the last look on a delivery whose receiver is not the one that its kind means now."""

PAYLOAD_GONE: Final = "deny_hold_expired"
"""The sealed event of a delivery is no longer there: nothing can leave."""

NOT_KEPT: Final = "deny_retention"
"""The same for a delivery that its receiver had already: it asks for a replay of what is kept no longer."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A delivery with its decision of now. The candidate is empty when its payload is gone."""

    row: DeliveryRow
    candidate: Candidate
    before: RecipientDecision
    decision: RecipientDecision

    @property
    def leaves(self) -> bool:
        """Tell whether something may leave."""
        return self.decision.outcome in LEAVES

    @property
    def differs(self) -> bool:
        """Tell whether this is another decision than the one on record."""
        return _substance(self.before) != _substance(self.decision)


def _substance(decision: RecipientDecision) -> tuple[object, ...]:
    return decision.outcome, decision.reason, decision.withheld, decision.consents, decision.sections


async def due_of(tables: Tables, found: Sequence[DeliveryRow]) -> Due:
    """Return these deliveries with what examining them needs."""
    if not found:
        return Due([], [], [], [])
    uids = {row.uid for row in found}
    payloads, holds = await tables.read_both(Read(rows.PAYLOAD, "uid", uids), Read(rows.HOLD, "uid", uids))
    return Due(list(found), payloads, holds, [])


async def examine(tables: Tables, due: Due, recheck: Recheck, keys_of: KeysOf) -> list[Examined]:
    """Decide these deliveries anew with the facts of now."""
    found = due.deliveries
    if not found:
        return []
    payloads = {row.uid: sealed_event(row) for row in due.payloads}
    since = {hold.uid: hold.held_since for hold in due.holds}
    keys = FactKeys()
    for sealed in payloads.values():
        keys |= keys_of(sealed.event)
    keys |= FactKeys(subjects=_told_about(found))
    snapshot, _ = await look_up(tables, keys, family=False)
    examined = []
    for row in found:
        before = recipient_from(from_json(row.decision))
        payload = payloads.get(row.uid)
        candidate = _candidate(row, _empty(row) if payload is None else payload, since.get(row.uid))
        decision = _gone(before, candidate) if payload is None else recheck(candidate, snapshot)
        examined.append(Examined(row, candidate, before, decision))
    return examined


def _told_about(found: Sequence[DeliveryRow]) -> frozenset[str]:
    """Return the subjects of the hub's own messages: a match is about two children."""
    emissions = (emission_from(row.emission) for row in found if row.emission is not None)
    return frozenset(subject for emission in emissions for _, subject in emission.subjects)


def _gone(before: RecipientDecision, candidate: Candidate) -> RecipientDecision:
    reason = PAYLOAD_GONE if candidate.delivered_at is None else NOT_KEPT
    return RecipientDecision(before.recipient, Outcome.DENY, reason, position=before.position)


async def read_payloads(tables: Tables, uids: set[str]) -> dict[str, SealedEvent]:
    """Return the sealed events that are still there."""
    return {row.uid: sealed_event(row) for row in await tables.read(rows.PAYLOAD, {"uid": uids})}


def sealed_event(row: rows.PayloadRow) -> SealedEvent:
    """Return a payload row as the envelope it was."""
    document: Any = from_json(row.document)
    event, authenticated_org, accepted_at, key, traceparent = document
    sealed = MappingProxyType(unpack_sections(row.sealed))
    return SealedEvent(row.uid, event, authenticated_org, accepted_at, key, sealed, traceparent)


def _empty(row: DeliveryRow) -> SealedEvent:
    """Return what stands for an event whose payload was destroyed."""
    return SealedEvent(row.uid, {}, "", row.accepted_at, row.subject_key)


def _candidate(row: DeliveryRow, sealed: SealedEvent, held_since: str | None) -> Candidate:
    emission = None if row.emission is None else emission_from(row.emission)
    had = row.settled_at if row.state == "delivered" else row.delivered_at
    delivered_at = None if had is None else instant_text(had)
    return Candidate(row.delivery_id, row.receiver, sealed, row.position, emission, held_since, delivered_at)


def redecided(item: Examined, rule_set: str, now: str) -> Link:
    """Return the audit row of a decision at the claim that differs from the one on record."""
    document: JsonObject = {
        "at": now,
        "verdict": "claimed",
        "subject": item.row.subject_key,
        "delivery_id": item.row.delivery_id,
        "recipient": recipient_json(item.decision),
        "before": recipient_json(item.before),
    }
    row = item.row
    outcome, reason = item.decision.outcome.value, item.decision.reason
    return Link(row.partition, row.place, row.uid, outcome, reason, rule_set, document)


async def stop(tables: Tables, stopped: Sequence[Examined], keys_of: KeysOf, now: str) -> None:
    """Carry on after deliveries were stopped: lines, holds, and the memory of who got what.

    What waits from now on is held; what went to another team than the one that owns the area now (ROUTING.md section
    4) is judged again at once too, so that the event is decided for the new one.
    """
    decisions: dict[LineKey, RecipientDecision] = {
        (item.row.place, item.row.line): item.decision for item in stopped
    }
    held = await refresh_lines(tables, {item.row.place: now for item in stopped}, decisions)
    await _forget_delivered(tables, stopped, now)
    keys = {(line.place, line.line) for line in held}
    again = [item for item in stopped if (item.row.place, item.row.line) in keys or _may_have_moved(item)]
    if again:
        await _hold_again(tables, again, keys_of, now)


def _may_have_moved(item: Examined) -> bool:
    """Return whether the receiver was found by its kind, and is not the one to which this goes by now."""
    listed, position = item.candidate.sealed.event.get("recipients"), item.row.position
    if item.row.emission is not None or item.decision.reason != OTHER_ROUTE or not isinstance(listed, list):
        return False
    named = listed[position] if position < len(listed) else None
    address = named.get("to") if isinstance(named, dict) else None
    return isinstance(address, dict) and "kind" in address


async def _forget_delivered(tables: Tables, stopped: Sequence[Examined], now: str) -> None:
    """Take a receiver that got nothing out of the remembered entry, and put the decision of now there.

    Otherwise the event, sent again or judged again, would pass for one that this receiver already has. Nor does it owe
    an answer to what it never got.
    """
    lines = [item for item in stopped if item.row.emission is None]
    places = {item.row.place for item in lines}
    delivered = {
        (row.place, row.receiver)
        for row in await tables.read(rows.DELIVERY, {"place": places})
        if row.state != "stopped" and row.emission is None
    }
    found = await tables.read(rows.LINE, {"place": places})
    uids = {line.place: line.uid for line in found}
    entries = await tables.read(rows.ENTRY, {"entry_id": set(uids.values())}, lock=True)
    by_id = {row.entry_id: row for row in entries}
    owing = set()
    for item in lines:
        row = by_id.get(uids.get(item.row.place, ""))
        if row is not None and (item.row.place, item.row.receiver) not in delivered:
            by_id[row.entry_id] = row._replace(document=_without(row.document, item))
            owing.add((row.entry_id, item.row.receiver))
    await tables.upsert(rows.ENTRY, list(by_id.values()))
    await drop_owed(tables, owing, now)


def _without(document: str, item: Examined) -> str:
    entry = entry_from(document)
    decision = item.decision
    if decision.outcome is Outcome.HOLD:
        # No verdict looks like this: so the watch, which judges it at once, finds a new one, and its sender is told.
        decision = replace(decision, withheld=())
    recipients = tuple(
        decision if index == item.row.line else known for index, known in enumerate(entry.decision.recipients)
    )
    left = tuple(org for org in entry.delivered_to if org != item.row.receiver)
    return entry_text(
        replace(entry, delivered_to=left, decision=replace(entry.decision, recipients=recipients))
    )


async def _hold_again(tables: Tables, held: Sequence[Examined], keys_of: KeysOf, now: str) -> None:
    """Begin a hold for events that must be judged again, and ask the watch to do so at once."""
    lines = await tables.read(rows.LINE, {"place": {item.row.place for item in held}})
    uids = {line.place: line.uid for line in lines}
    until = instant(now) + timedelta(days=HOLD_BOUND_DAYS)
    new, watches = {}, set()
    for item in held:
        event, uid = item.candidate.sealed.event, uids[item.row.place]
        source_key = pair_key(str(event.get("source")), str(event.get("id")))
        new[uid] = rows.HoldRow(
            uid=uid,
            payload_uid=item.row.uid,
            place=item.row.place,
            partition=item.row.partition,
            source_key=source_key,
            held_since=now,
            hold_until=instant_text(until),
            hold_until_at=until,
            wake_at=instant(now),
        )
        watches |= {rows.HoldWatchRow(uid, key_text(subject)) for subject in keys_of(event).subjects}
    await tables.insert_missing(rows.HOLD, list(new.values()))
    await tables.insert_missing(rows.HOLD_WATCH, sorted(watches))
    await tables.insert(rows.HOLD_WAKE, [rows.HoldWakeRow(0, uid) for uid in sorted(new)])
    await tables.notify(["holds"])
