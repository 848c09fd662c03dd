"""The state of a line follows from its deliveries, however many subscriptions the receiver has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hub.core.model import Outcome, RecipientDecision
from hub.ledger import rows
from hub.ledger.documents import duties_json
from hub.ledger.tables import Tables
from hub.ledger.texts import key_text, to_json

OPEN: Final = frozenset({"pending", "claimed"})
"""A delivery that is still to be settled."""

LineKey = tuple[str, int]


def line_state(deliveries: Sequence[rows.DeliveryRow]) -> str | None:
    """Return what the deliveries of one line say, or None when all were stopped. A replay was delivered before."""
    states = {row.state if row.delivered_at is None else "delivered" for row in deliveries}
    if states & OPEN:
        return "pending"
    if "delivered" in states:
        return "delivered"
    return "parked" if "parked" in states else None


async def refresh_lines(
    tables: Tables, since: Mapping[str, str], stopped: Mapping[LineKey, RecipientDecision]
) -> list[rows.LineRow]:
    """Bring the lines of these places up to date with their deliveries; return those that are held now.

    `since` tells for each place at what instant its deliveries changed, `stopped` the decisions by which deliveries
    were stopped just now. The lock on the lines makes two settlements of one line see each other.
    """
    if not since:
        return []
    lines = await tables.read(rows.LINE, {"place": since}, lock=True)
    deliveries = await tables.read(rows.DELIVERY, {"place": since})
    changed = changed_lines(lines, deliveries, since, stopped)
    await tables.upsert(rows.LINE, changed)
    return [line for line in changed if line.state == "held"]


def changed_lines(
    lines: Sequence[rows.LineRow],
    deliveries: Sequence[rows.DeliveryRow],
    since: Mapping[str, str],
    stopped: Mapping[LineKey, RecipientDecision],
) -> list[rows.LineRow]:
    """Return those of the lines that are different now, with the instant of their place."""
    by_line: dict[LineKey, list[rows.DeliveryRow]] = {}
    for row in deliveries:
        by_line.setdefault((row.place, row.line), []).append(row)
    changed = []
    for line in lines:
        key = (line.place, line.line)
        new = _changed(line, by_line.get(key, []), stopped.get(key))
        if new is not None and new != line:
            changed.append(new._replace(at=since[line.place]))
    return changed


def _changed(
    line: rows.LineRow, deliveries: Sequence[rows.DeliveryRow], stopped: RecipientDecision | None
) -> rows.LineRow | None:
    """Return the line as it is now, or None when its deliveries say nothing about it."""
    state = line_state(deliveries)
    if state is not None:
        reason = next((row.reason for row in deliveries if row.state == state == "parked"), line.reason)
        return line._replace(state=state, reason=reason)
    if stopped is None:
        return None
    return line._replace(
        recipient=key_text(stopped.recipient),  # another team than before, when the family moved
        state="held" if stopped.outcome is Outcome.HOLD else "withheld",
        outcome=stopped.outcome.value,
        reason=key_text(stopped.reason),
        withheld=to_json(list(stopped.withheld)),
        duties=to_json(duties_json(stopped.duties)),
    )
