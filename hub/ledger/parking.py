"""What a person does with something parked: let it go on, or end it. One transaction each, with its audit row.

Nothing is sent here. A delivery that goes on is claimed like any other, with the last look at consent inside the claim;
an event that goes on is judged by the watch, in the order of its child.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum, unique
from typing import Final

from hub.core.keys import keys_of
from hub.core.model import JsonObject
from hub.ledger import rows
from hub.ledger.addressing import CONFIGURED
from hub.ledger.documents import recipient_from
from hub.ledger.examining import HOLD_BOUND_DAYS, read_payloads
from hub.ledger.intake import UNREADABLE
from hub.ledger.lines import refresh_lines
from hub.ledger.operators import REJECTED, RELEASED, Operator
from hub.ledger.parked_items import PARKED_STATE, WHOLE_RECORD
from hub.ledger.planning import parked_payload_uid
from hub.ledger.tables import Tables
from hub.ledger.texts import from_json, instant, instant_text, key_text, pair_key
from hub.ledger.threads import FROM_ELSEWHERE, drop_owed
from hub.ledger.unfit import row_id_of
from hub.ledger.writing import write_links

REPEATED_REASON: Final = "deny_duplicate"
"""What becomes of a parked repeat that is released: its first sending is judged again instead."""


@unique
class ParkedOutcome(StrEnum):
    """What came of it. The first two are done, the others changed nothing."""

    RELEASED = "released"
    REJECTED = "rejected"
    NOT_PARKED = "not_parked"
    ONLY_REJECT = "only_reject"
    NO_SUBSCRIPTION = "no_subscription"
    CONTENT_GONE = "content_gone"


@dataclass(frozen=True, slots=True)
class Act:
    """Who does it, when, and under which rule set."""

    operator: Operator
    now: str
    rule_set: str

    async def write(self, tables: Tables, verdict: str, parked: rows.ParkedRow, at: _About) -> None:
        """Add the audit row, and take what waits off the list."""
        about: JsonObject = {
            "at": self.now,
            "verdict": verdict,
            "parked": {"reason": parked.reason, "line": parked.line, "delivery_id": parked.delivery_id},
        }
        link = self.operator.link(
            partition=at.partition,
            place=parked.place,
            uid=at.uid,
            outcome=at.outcome,
            reason=parked.reason,
            rule_set=self.rule_set,
            about=about,
        )
        await write_links(tables, [link])


@dataclass(frozen=True, slots=True)
class _About:
    """What the audit row is about."""

    partition: int
    uid: str
    outcome: str


async def release(tables: Tables, parked_id: int, act: Act) -> ParkedOutcome:
    """Let it go on. An unreadable record cannot: nothing of it was kept."""
    found = await tables.read(rows.PARKED, {"parked_id": [parked_id]})
    if not found:
        return ParkedOutcome.NOT_PARKED
    if found[0].delivery_id:
        return await _release_delivery(tables, found[0], act)
    if row_id_of(found[0].place) is not None:
        return await _end_message(tables, found[0], act, RELEASED)
    return await _release_event(tables, found[0], act)


async def reject(tables: Tables, parked_id: int, act: Act) -> ParkedOutcome:
    """End it: nothing of it leaves any more. Its line keeps the reason for which it was parked."""
    found = await tables.read(rows.PARKED, {"parked_id": [parked_id]})
    if not found:
        return ParkedOutcome.NOT_PARKED
    if found[0].delivery_id:
        return await _reject_delivery(tables, found[0], act)
    if row_id_of(found[0].place) is not None:
        return await _end_message(tables, found[0], act, REJECTED)
    return await _reject_event(tables, found[0], act)


# --- deliveries -----------------------------------------------------------------------------------------


async def _release_delivery(tables: Tables, parked: rows.ParkedRow, act: Act) -> ParkedOutcome:
    """Let the delivery wait for its next claim, with a whole new time to try."""
    row = await _locked_delivery(tables, parked)
    if row is None:
        return ParkedOutcome.NOT_PARKED
    if not await tables.kept_payloads([row.uid]):
        return ParkedOutcome.CONTENT_GONE
    subscription_id = await _address(tables, row)
    if subscription_id is None:
        return ParkedOutcome.NO_SUBSCRIPTION
    waiting = row._replace(
        subscription_id=subscription_id,
        state="pending",
        reason="",
        lease="",
        due_at=instant(act.now),
        first_attempt_at="",
        settled_at=None,
    )
    await tables.upsert(rows.DELIVERY, [waiting])
    await _delivery_done(tables, parked, row, act, RELEASED)
    await _tell_decision(tables, row)
    await tables.notify(["deliveries"])
    return ParkedOutcome.RELEASED


async def _tell_decision(tables: Tables, row: rows.DeliveryRow) -> None:
    """Let the line tell its decision again, not why the delivery was parked."""
    lines = await tables.read(rows.LINE, {"place": [row.place]})
    told = [line for line in lines if line.line == row.line and line.state != PARKED_STATE]
    reason = recipient_from(from_json(row.decision)).reason
    await tables.upsert(rows.LINE, [line._replace(reason=key_text(reason)) for line in told])


async def _reject_delivery(tables: Tables, parked: rows.ParkedRow, act: Act) -> ParkedOutcome:
    row = await _locked_delivery(tables, parked)
    if row is None:
        return ParkedOutcome.NOT_PARKED
    stopped = row._replace(state="stopped", settled_at=instant(act.now))
    await tables.upsert(rows.DELIVERY, [stopped if row.delivered_at is None else row.arrived()])
    await _delivery_done(tables, parked, row, act, REJECTED)
    if row.line != WHOLE_RECORD and row.delivered_at is None:
        await _end_line(tables, row, act.now)
    return ParkedOutcome.REJECTED


async def _end_line(tables: Tables, row: rows.DeliveryRow, now: str) -> None:
    """Withhold the line, unless another delivery of it goes on. Who certainly got nothing owes no answer."""
    found = await tables.read(rows.DELIVERY, {"place": [row.place]})
    if any(one.line == row.line and one.state != "stopped" for one in found):
        return
    lines = await tables.read(rows.LINE, {"place": [row.place]}, lock=True)
    ended = [line for line in lines if line.line == row.line]
    await tables.upsert(rows.LINE, [line._replace(state="withheld", at=now) for line in ended])
    attempts = await tables.read(rows.DELIVERY_ATTEMPT, {"delivery_id": [row.delivery_id]})
    if all(attempt.state == rows.UNSENT for attempt in attempts):
        await drop_owed(tables, {(line.uid, row.receiver) for line in ended}, now)


async def _locked_delivery(tables: Tables, parked: rows.ParkedRow) -> rows.DeliveryRow | None:
    """Return the delivery while it is parked. Subscriptions are locked first, as by those who change them."""
    seen = await tables.read(rows.DELIVERY, {"delivery_id": [parked.delivery_id]})
    await tables.shared_subscriptions([row.receiver for row in seen])
    found = await tables.read(rows.DELIVERY, {"delivery_id": [parked.delivery_id]}, lock=True)
    return next((row for row in found if row.state == PARKED_STATE), None)


async def _address(tables: Tables, row: rows.DeliveryRow) -> str | None:
    """Return where the delivery goes: to its own subscription, else to the default one of its receiver."""
    known = await tables.shared_subscriptions([row.receiver])
    active = [one for one in known if one.active]
    own = (one.subscription_id for one in active if one.subscription_id == row.subscription_id)
    default = (one.subscription_id for one in active if one.origin == CONFIGURED)
    return next(own, None) or next(default, None)


async def _delivery_done(
    tables: Tables, parked: rows.ParkedRow, row: rows.DeliveryRow, act: Act, verdict: str
) -> None:
    await tables.delete(rows.PARKED, "delivery_id", [row.delivery_id])
    if row.line != WHOLE_RECORD:
        await refresh_lines(tables, {row.place: act.now}, {})
    outcome = recipient_from(from_json(row.decision)).outcome.value
    await act.write(tables, verdict, parked, _About(row.partition, row.uid, outcome))


# --- messages for the hub's own topics --------------------------------------------------------------------


async def _end_message(tables: Tables, parked: rows.ParkedRow, act: Act, verdict: str) -> ParkedOutcome:
    """Take it off the list: released it stays in the outbox, where a relay that starts anew tries it again."""
    if not await tables.read(rows.PARKED, {"parked_id": [parked.parked_id]}, lock=True):
        return ParkedOutcome.NOT_PARKED
    row_id = row_id_of(parked.place)
    if verdict == REJECTED and row_id is not None:
        await tables.delete(rows.OUTBOX, "row_id", [row_id])
    await tables.delete(rows.PARKED, "parked_id", [parked.parked_id])
    await act.write(tables, verdict, parked, _About(FROM_ELSEWHERE, "", ""))
    await tables.notify(["outbox"])
    return ParkedOutcome.REJECTED if verdict == REJECTED else ParkedOutcome.RELEASED


# --- events ---------------------------------------------------------------------------------------------


async def _release_event(tables: Tables, parked: rows.ParkedRow, act: Act) -> ParkedOutcome:
    """Hold the event, woken at once: the watch judges it with the facts of that moment.

    What left no memory gets its first judging. A repeat is withheld, and its first sending is judged again.
    """
    record = await _locked_record(tables, parked)
    if record is None:
        return ParkedOutcome.NOT_PARKED
    lines = await _parked_lines(tables, parked.place)
    if record.verdict == UNREADABLE or not lines:
        return ParkedOutcome.ONLY_REJECT
    if not await tables.kept_payloads([parked_payload_uid(record.place)]):
        return ParkedOutcome.CONTENT_GONE
    known = await tables.read(rows.ENTRY, {"entry_id": [record.uid]})
    place = known[0].place if known else record.place
    is_first = place == record.place
    changed = [
        line._replace(state="held", at=act.now)
        if is_first
        else line._replace(state="withheld", reason=REPEATED_REASON, at=act.now)
        for line in lines
    ]
    await tables.upsert(rows.LINE, changed)
    await _hold(tables, record, place, act.now, first_look=not known)
    await _record_done(tables, parked, record, act, RELEASED)
    return ParkedOutcome.RELEASED


async def _reject_event(tables: Tables, parked: rows.ParkedRow, act: Act) -> ParkedOutcome:
    record = await _locked_record(tables, parked)
    if record is None:
        return ParkedOutcome.NOT_PARKED
    lines = await _parked_lines(tables, parked.place)
    await tables.upsert(rows.LINE, [line._replace(state="withheld", at=act.now) for line in lines])
    await tables.delete(rows.PAYLOAD, "uid", [parked_payload_uid(parked.place)])
    await _record_done(tables, parked, record, act, REJECTED)
    return ParkedOutcome.REJECTED


async def _locked_record(tables: Tables, parked: rows.ParkedRow) -> rows.IntakeRow | None:
    """Return the record while it is parked, standing in the order of its partition as a batch does."""
    (record,) = await tables.read(rows.INTAKE, {"place": [parked.place]})
    await tables.lock_partitions([record.partition])
    still = await tables.read(rows.PARKED, {"parked_id": [parked.parked_id]}, lock=True)
    return record if still else None


async def _parked_lines(tables: Tables, place: str) -> list[rows.LineRow]:
    """Return the lines that wait with their record, not with a delivery of their own."""
    deliveries = await tables.read(rows.DELIVERY, {"place": [place]})
    sent = {row.line for row in deliveries if row.state == PARKED_STATE}
    lines = await tables.read(rows.LINE, {"place": [place]}, lock=True)
    return [line for line in lines if line.state == PARKED_STATE and line.line not in sent]


async def _hold(tables: Tables, record: rows.IntakeRow, place: str, now: str, *, first_look: bool) -> None:
    """Begin a hold that is due at once; one that is there already is woken."""
    payload_uid = parked_payload_uid(record.place)
    sealed = (await read_payloads(tables, {payload_uid}))[payload_uid]
    until = instant(now) + timedelta(days=HOLD_BOUND_DAYS)
    hold = rows.HoldRow(
        uid=record.uid,
        payload_uid=payload_uid,
        place=place,
        partition=int(place.split("/")[1]),
        source_key=pair_key(str(sealed.event.get("source")), str(sealed.event.get("id"))),
        held_since=now,
        hold_until=instant_text(until),
        hold_until_at=until,
        wake_at=instant(now),
        first_look=first_look,
    )
    await tables.insert_missing(rows.HOLD, [hold])
    subjects = sorted(keys_of(sealed.event).subjects)
    watches = [rows.HoldWatchRow(record.uid, key_text(subject)) for subject in subjects]
    await tables.insert_missing(rows.HOLD_WATCH, watches)
    await tables.insert(rows.HOLD_WAKE, [rows.HoldWakeRow(0, record.uid)])
    await tables.notify(["holds"])


async def _record_done(
    tables: Tables, parked: rows.ParkedRow, record: rows.IntakeRow, act: Act, verdict: str
) -> None:
    found: Sequence[rows.ParkedRow] = await tables.read(rows.PARKED, {"place": [parked.place]})
    ended = [row.parked_id for row in found if not row.delivery_id]
    await tables.delete(rows.PARKED, "parked_id", ended)
    await act.write(tables, verdict, parked, _About(record.partition, record.uid, record.outcome))
