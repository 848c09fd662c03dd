"""The counts of the twin: the reconciliation and the figures of the moment."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Protocol

from hub.ledger import rows
from hub.ledger.figures import MISSING, Difference
from hub.ledger.interface import Balance, Statistics
from hub.ledger.lines import OPEN
from hub.ledger.memory_rows import Shelf
from hub.ledger.rows import IntakeRow, LineRow, Row, Table
from hub.ledger.texts import instant


class Shelves(Protocol):
    """Gives the rows of a table."""

    def __call__(self, table: Table[Row]) -> Shelf[Row]:
        """Return them."""
        ...


def count_lines(shelf: Shelves, day: date | None, sender: str | None) -> Balance:
    """Count lines; a state counts only when the row that must stand behind it is there."""
    records = _records(shelf, day, sender)
    lines = shelf(rows.LINE).read({"place": [row.place for row in records]})
    counted = Counter(line.state for line in lines if _stands(shelf, line))
    return Balance(
        records=len(records),
        accepted=sum(row.line_count for row in records),
        delivered=counted["delivered"],
        withheld=counted["withheld"],
        held=counted["held"],
        parked=counted["parked"],
        pending=counted["pending"],
        recorded=counted["recorded"],
    )


def _records(shelf: Shelves, day: date | None, sender: str | None) -> list[IntakeRow]:
    return [
        row
        for row in shelf(rows.INTAKE)
        if (day is None or row.day == day) and (sender is None or row.sender == sender)
    ]


def differing_lines(shelf: Shelves, day: date | None, sender: str | None) -> list[Difference]:
    """Return what makes the books differ, in the order of the log."""
    found = []
    for record in _records(shelf, day, sender):
        lines = shelf(rows.LINE).read({"place": [record.place]})
        wrong = [(line.line, line.state) for line in lines if not _stands(shelf, line)]
        if len(lines) != record.line_count:
            wrong.append((-1, ""))
        where = record.partition, record.record_offset, record.place
        found += [Difference(*where, number, state, MISSING[state]) for number, state in wrong]
    return sorted(found, key=lambda item: (item.partition, item.offset, item.place, item.line))


def _stands(shelf: Shelves, line: LineRow) -> bool:
    if line.state in ("withheld", "recorded"):
        return True
    if line.state == "held":
        return bool(shelf(rows.HOLD).read({"uid": [line.uid]}))
    if line.state == "parked":
        parked = shelf(rows.PARKED).read({"place": [line.place]})
        return any(row.line in (line.line, -1) for row in parked)
    wanted = OPEN if line.state == "pending" else {"delivered"}
    deliveries = shelf(rows.DELIVERY).read({"place": [line.place]})
    mine = [row for row in deliveries if row.line == line.line]
    sent_again = line.state == "delivered" and any(row.delivered_at is not None for row in mine)
    return sent_again or any(row.state in wanted for row in mine)


def count_open(shelf: Shelves, now: datetime) -> Statistics:
    """Return the figures of this moment."""
    waiting = [row for row in shelf(rows.DELIVERY) if row.state in OPEN]
    oldest = min((instant(row.accepted_at) for row in waiting if row.delivered_at is None), default=now)
    return Statistics(
        pending=len(waiting),
        held=len(shelf(rows.HOLD)),
        parked=len(shelf(rows.PARKED)),
        oldest_pending_seconds=max(0.0, (now - oldest).total_seconds()),
        outbox=len(shelf(rows.OUTBOX)),
    )
