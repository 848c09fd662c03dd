"""What became of an event, as its sender may see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hub.core.model import JsonObject
from hub.ledger import rows
from hub.ledger.interface import Receipt, ReceiptLine
from hub.ledger.planning import REPEATS
from hub.ledger.tables import Tables
from hub.ledger.texts import from_json, instant

STATUS_ORDER: Final = ("held", "pending", "parked", "delivered", "recorded", "withheld")
"""The state of the whole is the first of these that one of its lines is in: what still needs care goes first."""

NOT_THE_SAME: Final = frozenset({"conflict", "stale"})
"""Verdicts on a message that only bears the number of an earlier one: that one's lines would tell its sender that this
message arrived, while nothing of it was sent (DEDUP.md section 2)."""


async def receipt(tables: Tables, uid: str) -> Receipt | None:
    """Return what is known of an accepted event."""
    found = await tables.read(rows.INTAKE, {"uid": [uid]})
    if not found:
        return None
    records = sorted(found, key=lambda row: (instant(row.decided_at), row.record_offset))
    main = _main(records)
    place = main.place if main.verdict in NOT_THE_SAME else main.origin_place
    origins = await tables.read(rows.INTAKE, {"place": [place]})
    origin = origins[0] if origins else main
    lines = await tables.read(rows.LINE, {"place": [place]})
    holds = await tables.read(rows.HOLD, {"uid": {uid, origin.uid}})
    states = {line.state for line in lines}
    return Receipt(
        uid=uid,
        org=records[0].sender,
        type=records[0].type,
        accepted_at=records[0].accepted_at,
        status=next((state for state in STATUS_ORDER if state in states), "withheld"),
        outcome=origin.outcome,
        reason=origin.event_reason,
        duties=_list(origin.duties),
        hold_until=min((hold.hold_until for hold in holds), default=None),
        lines=tuple(_line(line) for line in lines),
        verdicts=tuple((row.decided_at, row.verdict, row.reason) for row in records),
    )


def _main(records: Sequence[rows.IntakeRow]) -> rows.IntakeRow:
    """Return the record that tells what became of the event: the last that was no mere repeat."""
    originals = [row for row in records if row.verdict not in REPEATS]
    return originals[-1] if originals else records[-1]


def _line(line: rows.LineRow) -> ReceiptLine:
    withheld: Any = from_json(line.withheld)
    return ReceiptLine(
        line.recipient, line.outcome, line.reason, line.state, tuple(withheld), _list(line.duties), line.at
    )


def _list(text: str) -> tuple[JsonObject, ...]:
    items: Any = from_json(text)
    return tuple(items)
