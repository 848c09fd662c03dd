"""Claiming and settling deliveries. What may no longer leave is stopped here, and nothing of it is handed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from hub.core.model import JsonObject
from hub.ledger import rows
from hub.ledger.cutting import cut
from hub.ledger.documents import recipient_json
from hub.ledger.examining import Examined, examine, redecided, stop
from hub.ledger.facts import disclosure_rows
from hub.ledger.interface import ClaimedDelivery, KeysOf, Recheck, Settlement, Subscription
from hub.ledger.lines import changed_lines
from hub.ledger.numbering import renumber
from hub.ledger.planning import parked_row
from hub.ledger.processing_log import decided_anew
from hub.ledger.rows import DeliveryRow, LineRow
from hub.ledger.subscribing import subscription_from
from hub.ledger.tables import Move, Read, Tables
from hub.ledger.texts import instant, key_text, to_json
from hub.ledger.writing import write_links

SETTLED_STATES: Final = frozenset({"delivered", "pending", "parked"})
"""What a settlement may say."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The circumstances of one claim."""

    worker: str
    lease_seconds: float
    now: str
    rule_set: str

    def leased(self, item: Examined) -> DeliveryRow:
        """Return the row of a delivery that may leave now."""
        row = item.row
        return row._replace(
            state="claimed",
            reason=key_text(item.decision.reason),
            decision=to_json(recipient_json(item.decision)),
            attempt=row.attempt + 1,
            lease=str(uuid4()),
            due_at=instant(self.now) + timedelta(seconds=self.lease_seconds),
            first_attempt_at=row.first_attempt_at or self.now,
        )

    def stopped(self, item: Examined) -> DeliveryRow:
        """Return the row of a delivery that may no longer leave; one that arrived before stays what it was."""
        if item.row.delivered_at is not None:
            return item.row.arrived()
        return item.row._replace(
            state="stopped",
            reason=key_text(item.decision.reason),
            decision=to_json(recipient_json(item.decision)),
            lease="",
            settled_at=instant(self.now),
        )


async def claim(
    tables: Tables, circumstances: Claim, limit: int, recheck: Recheck, keys_of: KeysOf
) -> list[ClaimedDelivery]:
    """Lock due deliveries, decide each anew, number and lease those that may leave."""
    now = circumstances.now
    due = await tables.due(limit, instant(now))
    examined = await examine(tables, due, recheck, keys_of)
    leased = await carry_out(tables, circumstances, examined, keys_of)
    subscriptions = {row.subscription_id: subscription_from(row) for row in due.subscriptions}
    return [
        claimed_delivery(row, item, subscriptions[row.subscription_id])
        for row, item in leased
        if row.subscription_id in subscriptions
    ]


async def carry_out(
    tables: Tables, circumstances: Claim, examined: Sequence[Examined], keys_of: KeysOf
) -> list[tuple[DeliveryRow, Examined]]:
    """Write what the decisions of now mean; return the deliveries that are leased, with their numbers."""
    going = [item for item in examined if item.leaves]
    staying = [item for item in examined if not item.leaves]
    ended = [circumstances.stopped(item) for item in staying]
    stopped = [row for row in ended if row.state == "stopped"]
    leased = {item.row.delivery_id: circumstances.leased(item) for item in going}
    unnumbered = [row for row in leased.values() if row.sequence == 0]
    freed, given = await renumber(tables, stopped, unnumbered)
    leased |= {row.delivery_id: row for row in given}
    # Freed numbers are written before they are given again: a number belongs to one delivery at any moment.
    await tables.upsert(rows.DELIVERY, [*freed, *(row for row in ended if row.state != "stopped")])
    await tables.upsert(rows.DELIVERY, list(leased.values()))
    await tables.insert(rows.DELIVERY_ATTEMPT, [_attempt(row, circumstances) for row in leased.values()])
    await _disclose(tables, going, circumstances.now)
    await decided_anew(tables, going)
    if staying:
        now = instant(circumstances.now)
        out_of_the_way = [Move(row.subscription_id, row.subject_key, row.ordinal, now) for row in ended]
        await tables.reschedule(out_of_the_way)
        await stop(
            tables, [item for item in staying if item.row.delivered_at is None], keys_of, circumstances.now
        )
        await tables.notify(["deliveries"])
    changed = [
        redecided(item, circumstances.rule_set, circumstances.now) for item in examined if item.differs
    ]
    await write_links(tables, changed)
    return [(leased[item.row.delivery_id], item) for item in going]


def _attempt(row: DeliveryRow, circumstances: Claim) -> rows.DeliveryAttemptRow:
    at = instant(circumstances.now)
    return rows.DeliveryAttemptRow(
        row.delivery_id, row.attempt, circumstances.worker, at, None, "claimed", ""
    )


async def _disclose(tables: Tables, going: Sequence[Examined], now: str) -> None:
    """Remember, before anything leaves, who may get it on which consents: a withdrawal must reach them."""
    disclosures, consents = [], []
    for item in going:
        if item.candidate.emission is not None:
            continue
        event = item.candidate.sealed.event
        record = event.get("record")
        document: JsonObject = {
            "recipient": item.row.receiver,
            "consent_ids": list(item.decision.consents),
            "record_ref": record.get("ref") if isinstance(record, dict) else None,
            "org": item.candidate.sealed.authenticated_org,
        }
        row, carried = disclosure_rows(item.row.delivery_id, document, now)
        disclosures.append(row)
        consents += carried
    await tables.upsert(rows.DISCLOSURE, disclosures)
    await tables.insert_missing(rows.DISCLOSURE_CONSENT, consents)


def claimed_delivery(row: DeliveryRow, item: Examined, subscription: Subscription) -> ClaimedDelivery:
    """Return what the delivering side gets: sections cut by the decision of now, still sealed."""
    return ClaimedDelivery(
        delivery_id=row.delivery_id,
        lease=row.lease,
        subscription=subscription,
        sequence=row.sequence,
        attempt=row.attempt,
        first_attempt_at=row.first_attempt_at,
        accepted_at=row.accepted_at,
        candidate=item.candidate,
        decision=item.decision,
        delivery=cut(item.candidate, item.decision),
    )


async def settle(tables: Tables, settlements: Sequence[Settlement]) -> int:
    """Write outcomes of leases that are still held; return how many."""
    by_id = {item.delivery_id: item for item in settlements}
    found, lines = await tables.lock_settled(by_id)
    mine = [row for row in found if row.state == "claimed" and row.lease == by_id[row.delivery_id].lease]
    if not mine:
        return 0
    # Read after the lines are locked: what another settlement of the same line wrote is seen here.
    beside, attempts = await tables.read_both(
        Read(rows.DELIVERY, "place", {row.place for row in mine}),
        Read(rows.DELIVERY_ATTEMPT, "delivery_id", {row.delivery_id for row in mine}),
    )
    changed = [_settled(row, by_id[row.delivery_id]) for row in mine]
    parked = [row for row in changed if row.state == "parked"]
    freed, _ = await renumber(tables, parked, [])
    written = [*freed, *(row for row in changed if row.state != "parked")]
    await tables.upsert(rows.DELIVERY, written)
    await tables.reschedule([_behind(row, by_id[row.delivery_id]) for row in changed])
    await tables.upsert(rows.LINE, _settled_lines(lines, beside, written, by_id))
    await _park(tables, parked, by_id)
    await _close_attempts(tables, mine, attempts, by_id)
    await _disable(tables, [row for row in mine if by_id[row.delivery_id].disable_subscription])
    await tables.notify(["deliveries"])
    return len(mine)


def _settled_lines(
    lines: Sequence[LineRow],
    beside: Sequence[DeliveryRow],
    written: Sequence[DeliveryRow],
    by_id: Mapping[str, Settlement],
) -> list[LineRow]:
    """Return the lines that these settlements change, each with the instant of its last one."""
    since: dict[str, str] = {}
    for row in written:
        if row.emission is None:
            at = by_id[row.delivery_id].at
            since[row.place] = max(since.get(row.place, at), at, key=instant)
    deliveries = {row.delivery_id: row for row in (*beside, *written)}
    theirs = [line for line in lines if line.place in since]
    return changed_lines(theirs, list(deliveries.values()), since, {})


def _settled(row: DeliveryRow, settlement: Settlement) -> DeliveryRow:
    if settlement.state not in SETTLED_STATES:
        raise ValueError("a settlement is delivered, pending or parked")
    reason = key_text(settlement.reason)
    if settlement.state == "pending":
        again = instant(settlement.next_attempt_at or settlement.at)
        return row._replace(state="pending", reason=reason, lease="", due_at=again)
    if row.delivered_at is not None:
        return row.arrived()
    return row._replace(state=settlement.state, reason=reason, lease="", settled_at=instant(settlement.at))


def _behind(row: DeliveryRow, settlement: Settlement) -> Move:
    """Return when those behind this delivery are due: with its next attempt, or now when it is out of the way."""
    due_at = row.due_at if row.state == "pending" else instant(settlement.at)
    return Move(row.subscription_id, row.subject_key, row.ordinal, due_at)


async def _park(tables: Tables, parked: Sequence[DeliveryRow], by_id: Mapping[str, Settlement]) -> None:
    found = [
        parked_row(row.place, row.line, row.delivery_id, row.reason, by_id[row.delivery_id].at)
        for row in parked
    ]
    await tables.insert(rows.PARKED, found)


async def _close_attempts(
    tables: Tables,
    settled: Sequence[DeliveryRow],
    found: Sequence[rows.DeliveryAttemptRow],
    by_id: Mapping[str, Settlement],
) -> None:
    current = {(row.delivery_id, row.attempt) for row in settled}
    closed = [
        _closed(row, by_id[row.delivery_id]) for row in found if (row.delivery_id, row.attempt) in current
    ]
    await tables.upsert(rows.DELIVERY_ATTEMPT, closed)
    earlier = [row for row in found if (row.delivery_id, row.attempt) not in current]
    await _forget_unsent(tables, [*earlier, *closed])


def _closed(row: rows.DeliveryAttemptRow, outcome: Settlement) -> rows.DeliveryAttemptRow:
    state = rows.UNSENT if outcome.nothing_sent else outcome.state
    return row._replace(settled_at=instant(outcome.at), state=state, reason=key_text(outcome.reason))


async def _forget_unsent(tables: Tables, attempts: Sequence[rows.DeliveryAttemptRow]) -> None:
    """Forget disclosures of which not a byte left in any attempt: their receivers must learn of nothing."""
    seen = {row.delivery_id for row in attempts if row.state != rows.UNSENT}
    unseen = {key_text(row.delivery_id) for row in attempts} - {key_text(found) for found in seen}
    if unseen:
        await tables.delete(rows.DISCLOSURE_CONSENT, "disclosure_id", unseen)
        await tables.delete(rows.DISCLOSURE, "disclosure_id", unseen)


async def _disable(tables: Tables, refused: Sequence[DeliveryRow]) -> None:
    """Switch off subscriptions whose receiver says it is gone (HTTP 410); their deliveries wait."""
    wanted = {row.subscription_id for row in refused}
    found = await tables.read(rows.SUBSCRIPTION, {"subscription_id": wanted}, lock=True)
    await tables.upsert(rows.SUBSCRIPTION, [row._replace(active=False) for row in found])
