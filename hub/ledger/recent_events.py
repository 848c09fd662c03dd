"""Reading back what was decided: the trail of one event, and the events of the last days. Nothing is written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from hub.core.model import JsonObject, RecipientDecision
from hub.ledger import rows
from hub.ledger.documents import recipient_from, thread_from
from hub.ledger.examining import read_payloads
from hub.ledger.intake import UNREADABLE
from hub.ledger.operators import BY_HAND
from hub.ledger.tables import Store, Tables
from hub.ledger.texts import from_json, instant
from hub.ledger.trail import AuditLine, RecentEvent, Trail

PART_ROWS: Final = 500
"""Audit rows and contents read at a time: the events of a week need not fit in one answer."""

HELD_MAXIMUM: Final = 100_000
"""Holds looked at: far more than a city has waiting at once."""

CLAIMED: Final = "claimed"
"""Verdict of the last look at a delivery."""

REPEATED: Final = frozenset({"duplicate", "conflict", "stale", UNREADABLE, *BY_HAND})
"""Verdicts that decide nothing anew about an event."""

_FAR = datetime(9999, 1, 1, tzinfo=UTC)
"""After every instant at which a hold is looked at again."""


async def trail(tables: Tables, uid: str) -> Trail | None:
    """Return what stands on record about an accepted event, in the order of the chain; None when it is unknown."""
    records = await tables.read(rows.INTAKE, {"uid": [uid]})
    if not records:
        return None
    places = {place for record in records for place in (record.place, record.origin_place)}
    links = await tables.read(rows.DECISION, {"place": places})
    threads = await tables.read(rows.THREAD, {"uid": [uid]})
    payloads = await read_payloads(tables, {uid})
    return Trail(
        uid=uid,
        lines=tuple(_audit_line(row) for row in sorted(links, key=_order)),
        threads=tuple(thread_from(row.document) for row in threads),
        event=payloads[uid].event if uid in payloads else None,
    )


def _order(row: rows.DecisionRow) -> tuple[int, int]:
    return row.partition, row.position


def _audit_line(row: rows.DecisionRow) -> AuditLine:
    document: Any = from_json(row.document)
    recipient = document.get("recipient")
    return AuditLine(
        partition=row.partition,
        position=row.position,
        at=document["at"],
        verdict=document["verdict"],
        verdict_reason=document.get("verdict_reason"),
        event_outcome=document.get("event_outcome"),
        event_reason=document.get("event_reason"),
        recipient=None if recipient is None else recipient_from(recipient),
        emissions=tuple(document.get("emissions", ())),
        suppressed=tuple(document.get("suppressed", ())),
        rule_set=row.rule_set,
        hash=row.hash.hex(),
    )


@dataclass(slots=True)
class _Decided:
    """The verdict on one event as it grows row by row. A judgement has one row per recipient."""

    stamp: tuple[str, str] = ("", "")
    outcome: str = ""
    reason: str = ""
    recipients: dict[int, RecipientDecision] = field(default_factory=dict)

    def feed(self, line: AuditLine, before: JsonObject | None) -> None:
        """Take over one row of the chain."""
        if line.verdict == CLAIMED:
            self._look_again(line.recipient, before)
            return
        stamp = (line.at, line.verdict)
        if stamp != self.stamp:
            self.recipients = {}
        self.stamp = stamp
        self.outcome, self.reason = line.event_outcome or "", line.event_reason or ""
        if line.recipient is not None:
            self.recipients[line.recipient.position] = line.recipient

    def _look_again(self, recipient: RecipientDecision | None, before: JsonObject | None) -> None:
        """Take over the last look at a delivery of the event; one of the hub's own messages is none."""
        known = None if recipient is None else self.recipients.get(recipient.position)
        if recipient is None or known is None or before is None:
            return
        if (known.recipient, known.reason) == (recipient.recipient, before.get("reason")):
            self.recipients[recipient.position] = recipient


async def recent_events(store: Store, since: str) -> AsyncIterator[RecentEvent]:
    """Yield the events that were decided since an instant, and all that are held, with their latest verdict.

    Recorded facts are left out: they go to nobody. The instant is RFC 3339.
    """
    decided = await _decided_since(store, instant(since))
    found = [(uid, verdict) for uid, verdict in decided.items() if verdict.reason not in {"", "ok_recorded"}]
    for start in range(0, len(found), PART_ROWS):
        part = found[start : start + PART_ROWS]
        async with store.statement() as tables:
            payloads = await read_payloads(tables, {uid for uid, _ in part})
        for uid, verdict in part:
            sealed = payloads.get(uid)
            yield RecentEvent(
                uid=uid,
                decided_at=verdict.stamp[0],
                outcome=verdict.outcome,
                reason=verdict.reason,
                recipients=tuple(verdict.recipients[place] for place in sorted(verdict.recipients)),
                event=None if sealed is None else sealed.event,
                authenticated_org=None if sealed is None else sealed.authenticated_org,
            )


async def _decided_since(store: Store, since: datetime) -> dict[str, _Decided]:
    """Return the verdict that counts now per event: held ones of any age first, then those of the chains."""
    decided: dict[str, _Decided] = {}
    _feed_all(decided, await _held_links(store))
    async with store.statement() as tables:
        partitions = await tables.chain_partitions()
    for partition in partitions:
        position = await _position_before(store, partition, since)
        while part := await _part(store, partition, position, PART_ROWS):
            _feed_all(decided, part)
            position = part[-1].position
    return decided


async def _held_links(store: Store) -> list[rows.DecisionRow]:
    """Return the audit rows of everything that is held."""
    async with store.statement() as tables:
        holds = await tables.peek_holds(HELD_MAXIMUM, _FAR)
    links: list[rows.DecisionRow] = []
    for start in range(0, len(holds), PART_ROWS):
        async with store.statement() as tables:
            places = {hold.place for hold in holds[start : start + PART_ROWS]}
            links += await tables.read(rows.DECISION, {"place": places})
    return sorted(links, key=_order)


def _feed_all(decided: dict[str, _Decided], links: Iterable[rows.DecisionRow]) -> None:
    for row in links:
        line = _audit_line(row)
        if not row.uid or line.verdict in REPEATED:
            continue
        document: Any = from_json(row.document) if line.verdict == CLAIMED else {}
        decided.setdefault(row.uid, _Decided()).feed(line, document.get("before"))


async def _position_before(store: Store, partition: int, since: datetime) -> int:
    """Return the position after which the rows of a chain are no older than `since`: they stand in order of time."""
    async with store.statement() as tables:
        heads = await tables.read(rows.CHAIN, {"partition": [partition]})
    low, high = 0, heads[0].position if heads else 0
    while low < high:
        middle = (low + high) // 2
        part = await _part(store, partition, middle, 1)
        if part and instant(_audit_line(part[0]).at) < since:
            low = middle + 1
        else:
            high = middle
    return low


async def _part(store: Store, partition: int, after: int, limit: int) -> Sequence[rows.DecisionRow]:
    async with store.statement() as tables:
        return await tables.chain_part(partition, after, limit)
