"""The processing log: who shared what about a person with whom, on which ground (AVG 30; Jeugdwet 7.3.10; Wmo 5.3.1).

Written with the delivery, brought up to date when the last look before it leaves decides otherwise, and never erased
with the payload: names of sections, never what is in them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from hub.core.codes import in_section_order
from hub.core.model import Emission, JsonObject, RecipientDecision
from hub.ledger import rows
from hub.ledger.documents import entry_from
from hub.ledger.examining import Examined
from hub.ledger.interface import SharedLine
from hub.ledger.tables import Tables
from hub.ledger.texts import from_json, instant_text, key_text, to_json

MATCH_PREFIX: Final = "match."
"""Of the hub's own messages only a match tells about a person: that another organisation signalled too."""

ENDED: Final = frozenset({"stopped", "parked"})
"""States of a delivery that goes no further, and of which it is not known that it arrived."""

HOUSEHOLD: Final = "household"
"""The section that is about other members of the household by its nature (CODES.md F10)."""

REPORTER_IDENTITY: Final = "reporter_identity"
"""The section that an event has when the reporter asked for anonymity (CODES.md F12), whether or not it goes."""


def log_row(
    delivery: rows.DeliveryRow, event: JsonObject, decision: RecipientDecision, emission: Emission | None
) -> rows.ProcessingRow | None:
    """Return the line about one delivery, or None when it tells nothing about a person."""
    if emission is None:
        return _event_row(delivery, event, decision) if isinstance(event.get("subject_ref"), str) else None
    return _match_row(delivery, decision, emission) if emission.type.startswith(MATCH_PREFIX) else None


def _event_row(
    delivery: rows.DeliveryRow, event: JsonObject, decision: RecipientDecision
) -> rows.ProcessingRow:
    stated = event.get("sender")
    sender: JsonObject = stated if isinstance(stated, dict) else {}
    purpose, present = event.get("purpose"), event.get("sections")
    return rows.ProcessingRow(
        delivery_id=delivery.delivery_id,
        ordinal=0,
        subject_key=delivery.subject_key,
        type=_text(event.get("type")),
        sender=_text(sender.get("org")),
        sender_kind=_text(sender.get("kind")),
        receiver=delivery.receiver,
        purpose=_text(purpose) if isinstance(purpose, str) else None,
        reason=key_text(decision.reason),
        sections=to_json(list(decision.sections)),
        third_person=_speaks_of_others(event, decision.sections),
        reporter_anonymous=isinstance(present, list) and REPORTER_IDENTITY in present,
        released=False,
    )


def _match_row(
    delivery: rows.DeliveryRow, decision: RecipientDecision, emission: Emission
) -> rows.ProcessingRow:
    """Return the line of a match: what the receiver learns is the other organisation. Its kind is found on reading."""
    others = [org for org, _ in emission.subjects if key_text(org) != delivery.receiver]
    return rows.ProcessingRow(
        delivery_id=delivery.delivery_id,
        ordinal=0,
        subject_key=delivery.subject_key,
        type=key_text(emission.type),
        sender=key_text(others[0]) if others else "",
        sender_kind="",
        receiver=delivery.receiver,
        purpose=None,
        reason=key_text(decision.reason),
        sections=to_json(list(decision.sections)),
        third_person=len({subject for _, subject in emission.subjects}) > 1,
        reporter_anonymous=False,
        released=False,
    )


def _text(value: object) -> str:
    return key_text(value) if isinstance(value, str) else ""


def _speaks_of_others(event: JsonObject, sections: Collection[str]) -> bool:
    """Return whether a section that goes speaks of somebody else than the subject."""
    about = event.get("section_about")
    named = about if isinstance(about, dict) else {}
    persons = {person for section in sections for person in _persons(named.get(section))}
    return HOUSEHOLD in sections or bool(persons - {event.get("subject_ref")})


def _persons(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


async def decided_anew(tables: Tables, going: Sequence[Examined]) -> None:
    """Bring the lines up to date of deliveries that leave now with another decision than the one on record."""
    changed = {item.row.delivery_id: item for item in going if item.differs}
    if not changed:
        return
    found = await tables.read(rows.PROCESSING, {"delivery_id": changed})
    await tables.upsert(rows.PROCESSING, [_anew(row, changed[row.delivery_id]) for row in found])


def _anew(row: rows.ProcessingRow, item: Examined) -> rows.ProcessingRow:
    decision, event = item.decision, item.candidate.sealed.event
    third = row.third_person if item.row.emission else _speaks_of_others(event, decision.sections)
    if item.row.delivered_at is not None:
        return _sent_again(row, decision.sections, third)
    return row._replace(
        reason=key_text(decision.reason), sections=to_json(list(decision.sections)), third_person=third
    )


def _sent_again(row: rows.ProcessingRow, sections: Collection[str], third: bool) -> rows.ProcessingRow:  # noqa: FBT001
    """Return the line of something that is sent once more: what went the first time was shared all the same."""
    before = from_json(row.sections)
    both = {*sections, *(str(name) for name in (before if isinstance(before, list) else ()))}
    return row._replace(
        sections=to_json(list(in_section_order(both))), third_person=row.third_person or third
    )


async def shared_lines(tables: Tables, subject_ref: str) -> list[SharedLine]:
    """Return the processing log about a person, the oldest first. What was stopped before it could leave is not in it.

    `recipient_kind` is empty, and `sender_kind` where it is not known here: the caller knows the partners.
    """
    found = await tables.read(rows.PROCESSING, {"subject_key": [key_text(subject_ref)]})
    deliveries = await tables.read(rows.DELIVERY, {"delivery_id": [row.delivery_id for row in found]})
    unsent = await _never_left(tables, deliveries)
    by_id = {row.delivery_id: row for row in deliveries if row.delivery_id not in unsent}
    shown = [(row, by_id[row.delivery_id]) for row in found if row.delivery_id in by_id]
    told = [row for row, _ in shown if _is_match(row)]
    kinds = await _kinds(tables, subject_ref, found) if told else {}
    anonymous = {row.sender for row in found if row.reporter_anonymous}
    lines = [
        _line(row, delivery) if not _is_match(row) else _match_line(row, delivery, kinds, anonymous)
        for row, delivery in shown
    ]
    return [replace(line, line=str(number)) for number, line in enumerate(lines, 1)]


def _is_match(row: rows.ProcessingRow) -> bool:
    return row.type.startswith(MATCH_PREFIX)


async def _never_left(tables: Tables, deliveries: Sequence[rows.DeliveryRow]) -> set[str]:
    """Return those that ended without an attempt in which anything can have left."""
    ended = {row.delivery_id for row in deliveries if row.state in ENDED}
    attempts = await tables.read(rows.DELIVERY_ATTEMPT, {"delivery_id": ended}) if ended else []
    return ended - {attempt.delivery_id for attempt in attempts if attempt.state != rows.UNSENT}


async def _kinds(tables: Tables, subject_ref: str, known: Sequence[rows.ProcessingRow]) -> dict[str, str]:
    """Return the kinds of the organisations that sent something about this person."""
    kinds = {row.sender: row.sender_kind for row in known if row.sender_kind}
    for found in await tables.read(rows.ENTRY, {"subject_key": [key_text(subject_ref)]}):
        entry = entry_from(found.document)
        kinds.setdefault(key_text(entry.org), entry.kind)
    return kinds


def _match_line(
    row: rows.ProcessingRow, delivery: rows.DeliveryRow, kinds: Mapping[str, str], anonymous: Collection[str]
) -> SharedLine:
    """Return the line of a match: what its sender's own lines keep back, it must not tell."""
    return replace(
        _line(row, delivery),
        sender_kind=kinds.get(row.sender, ""),
        reporter_anonymous=row.sender in anonymous,
    )


def _line(row: rows.ProcessingRow, delivery: rows.DeliveryRow) -> SharedLine:
    sections = from_json(row.sections)
    settled_at = delivery.settled_at if delivery.state == "delivered" else delivery.delivered_at
    return SharedLine(
        line="",
        type=row.type,
        sender=row.sender,
        sender_kind=row.sender_kind,
        recipient=row.receiver,
        recipient_kind="",
        purpose=row.purpose,
        reason=row.reason,
        sections=tuple(str(name) for name in sections) if isinstance(sections, list) else (),
        shared_at=None if settled_at is None else instant_text(settled_at),
        state=delivery.state if delivery.delivered_at is None else "delivered",
        third_person=row.third_person,
        reporter_anonymous=row.reporter_anonymous,
        released=row.released,
    )
