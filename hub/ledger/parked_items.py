"""What waits for a person of the hub, as one list: codes, places, sizes and digests, never content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from typing import Any, Final

from hub.ledger import rows
from hub.ledger.documents import emission_from
from hub.ledger.intake import UNREADABLE
from hub.ledger.planning import parked_payload_uid
from hub.ledger.tables import Tables
from hub.ledger.texts import instant_text
from hub.ledger.unfit import row_id_of

WHOLE_RECORD: Final = -1
"""Line of a parked row that is about the record as a whole, as `planning.parked_row` is given it."""

PARKED_STATE: Final = "parked"
"""State of a line, and of a delivery, that waits for a person."""


@unique
class ParkedKind(StrEnum):
    """What it is that waits."""

    UNREADABLE = "unreadable"
    """A record of the log that is no event of ours; its bytes were never kept."""
    EVENT = "event"
    """An event that could not be judged, or that a person must complete."""
    MESSAGE = "message"
    """A message for the hub's own topics that fits no schema: a fault of the hub. It stays in the outbox."""
    DELIVERY = "delivery"
    """A message to one receiver that was refused, tried for too long, or has nowhere to go."""


@dataclass(frozen=True, slots=True)
class ParkedItem:
    """One thing that waits. `parked_id` is its number, `place` its record as log/partition/offset.

    A message for the hub's own topics has the place outbox/row, and its topic as type.
    `line` is the recipient's number within the record, -1 for the whole record or a message of the hub itself. `state`
    is that of its line now. `size_bytes` and `digest` are those of an unreadable record, else 0 and empty.
    `attempts` counts attempts to deliver. What is not known is empty.
    """

    parked_id: int
    kind: ParkedKind
    reason: str
    at: str
    place: str
    partition: int
    offset: int
    line: int
    uid: str
    type: str
    sender: str
    receiver: str
    delivery_id: str
    subscription_id: str
    attempts: int
    state: str
    size_bytes: int
    digest: str
    content_kept: bool

    @property
    def can_be_released(self) -> bool:
        """Tell whether something would go on: a record that was not kept can only be rejected."""
        return self.content_kept and self.state in {PARKED_STATE, ""}


async def parked_items(tables: Tables, found: Sequence[rows.ParkedRow]) -> list[ParkedItem]:
    """Return parked rows with what the ledger knows about them; rows about one whole record are one item."""
    places, deliveries = {row.place for row in found}, {row.delivery_id for row in found if row.delivery_id}
    records = {row.place: row for row in await tables.read(rows.INTAKE, {"place": places})}
    lines = {(row.place, row.line): row for row in await tables.read(rows.LINE, {"place": places})}
    sent = {row.delivery_id: row for row in await tables.read(rows.DELIVERY, {"delivery_id": deliveries})}
    told = [number for row in found if (number := row_id_of(row.place)) is not None]
    topics = {row.row_id: row.topic for row in await tables.read(rows.OUTBOX, {"row_id": told})}
    contents = {row.uid for row in sent.values()} | {parked_payload_uid(place) for place in places}
    kept = frozenset(await tables.kept_payloads(contents))
    items = [
        _message(row, topics) if row_id_of(row.place) is not None else _item(row, records, lines, sent, kept)
        for row in found
    ]
    return list({_same(item): item for item in reversed(items)}.values())[::-1]


def _same(item: ParkedItem) -> str:
    """Return what two rows about the same thing have in common: a whole record is parked for its line too."""
    return item.delivery_id or item.place


def _message(row: rows.ParkedRow, topics: Mapping[int, str]) -> ParkedItem:
    topic = topics.get(row_id_of(row.place) or 0, "")
    item = _item(row, {}, {}, {}, frozenset())
    return replace(item, kind=ParkedKind.MESSAGE, type=topic, content_kept=bool(topic))


def _item(
    row: rows.ParkedRow,
    records: Mapping[str, rows.IntakeRow],
    lines: Mapping[tuple[str, int], rows.LineRow],
    sent: Mapping[str, rows.DeliveryRow],
    kept: frozenset[str],
) -> ParkedItem:
    record, delivery = records.get(row.place), sent.get(row.delivery_id)
    content = parked_payload_uid(row.place) if delivery is None else delivery.uid
    return ParkedItem(
        parked_id=row.parked_id,
        kind=_kind(row, record),
        reason=row.reason,
        at=instant_text(row.at),
        place=row.place,
        partition=-1 if record is None else record.partition,
        offset=-1 if record is None else record.record_offset,
        line=row.line,
        uid=_of(delivery, "uid") or _of(record, "uid"),
        type=_type(delivery) or _of(record, "type"),
        sender=_of(record, "sender"),
        receiver=_of(delivery, "receiver"),
        delivery_id=row.delivery_id,
        subscription_id=_of(delivery, "subscription_id"),
        attempts=0 if delivery is None else delivery.attempt,
        state=_state(row, lines),
        size_bytes=row.size_bytes,
        digest=row.digest,
        content_kept=content in kept,
    )


def _kind(row: rows.ParkedRow, record: rows.IntakeRow | None) -> ParkedKind:
    if row.delivery_id:
        return ParkedKind.DELIVERY
    return ParkedKind.UNREADABLE if record is None or record.verdict == UNREADABLE else ParkedKind.EVENT


def _of(row: tuple[Any, ...] | None, column: str) -> str:
    return "" if row is None else str(getattr(row, column))


def _type(delivery: rows.DeliveryRow | None) -> str:
    """Return the type of a message of the hub itself."""
    return "" if delivery is None or delivery.emission is None else emission_from(delivery.emission).type


def _state(row: rows.ParkedRow, lines: Mapping[tuple[str, int], rows.LineRow]) -> str:
    """Return the state of the line; a message of the hub itself has none, a record the one that still waits."""
    if row.delivery_id:
        line = lines.get((row.place, row.line))
        return "" if line is None else line.state
    states = [line.state for (place, _), line in lines.items() if place == row.place]
    return PARKED_STATE if PARKED_STATE in states else next(iter(states), "")
