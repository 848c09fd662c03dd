"""Rows about the record itself: where it lies in the log, and its links of the audit chain."""

from __future__ import annotations

from typing import Final

from hub.core.judgement import Judgement
from hub.core.model import JsonObject, Outcome
from hub.ledger import rows
from hub.ledger.audit import Link
from hub.ledger.documents import duties_json, recipient_json
from hub.ledger.interface import UnreadableRecord
from hub.ledger.planning import REPEATS, Target, accepted_at, text_of
from hub.ledger.texts import amsterdam_day, key_text, to_json

UNREADABLE: Final = "unreadable"
"""Verdict on a record that is no event."""


def intake_row(
    target: Target, origin_place: str, partition: int, record_offset: int, line_count: int
) -> rows.IntakeRow:
    """Return the row of one judged record."""
    judgement = target.judgement
    accepted = accepted_at(target.sealed, target.at)
    return rows.IntakeRow(
        place=target.place,
        partition=partition,
        record_offset=record_offset,
        uid=target.sealed.uid,
        origin_place=origin_place,
        sender=key_text(target.sealed.authenticated_org),
        type=text_of(target.event, "type"),
        day=amsterdam_day(accepted),
        accepted_at=accepted,
        decided_at=target.at,
        verdict=judgement.verdict,
        reason=judgement.reason,
        outcome=judgement.decision.event.outcome.value,
        event_reason=judgement.decision.event.reason,
        duties=to_json(duties_json(judgement.decision.event.duties)),
        line_count=line_count,
    )


def rejudged_intake(record: rows.IntakeRow, judgement: Judgement) -> rows.IntakeRow:
    """Return the row of a record whose event was judged again: the last verdict counts."""
    event = judgement.decision.event
    return record._replace(
        outcome=event.outcome.value,
        event_reason=event.reason,
        duties=to_json(duties_json(event.duties)),
        # An event that was refused as a whole was one line; let in later it has one per recipient.
        line_count=max(record.line_count, len(judgement.decision.recipients)),
    )


def decision_links(target: Target, rule_set: str) -> list[Link]:
    """Return the audit rows of one judgement: one per recipient, or one for the record as a whole."""
    judgement = target.judgement
    event = judgement.decision.event
    about: JsonObject = {
        "at": target.at,
        "verdict": judgement.verdict,
        "verdict_reason": judgement.reason,
        "subject": target.sealed.key,
        "event_outcome": event.outcome.value,
        "event_reason": event.reason,
        "duties": duties_json(event.duties),
        "emissions": [emission.as_json() for emission in (*judgement.emissions, *judgement.messages)],
        "suppressed": [emission.as_json() for emission in judgement.suppressed],
    }
    if judgement.verdict in REPEATS and judgement.verdict != "reevaluated":
        reason = judgement.reason or "deny_duplicate"
        return [_link(target, rule_set, Outcome.DENY.value, reason, about)]
    if not judgement.decision.recipients:
        return [_link(target, rule_set, event.outcome.value, event.reason, about)]
    sent = {(item.position, item.recipient) for item in judgement.deliver}
    return [
        _link(
            target,
            rule_set,
            item.outcome.value,
            item.reason,
            about | {"recipient": recipient_json(item), "sent": (item.position, item.recipient) in sent},
        )
        for item in judgement.decision.recipients
    ]


def _link(target: Target, rule_set: str, outcome: str, reason: str, document: JsonObject) -> Link:
    return Link(target.partition, target.place, target.sealed.uid, outcome, reason, rule_set, document)


def unreadable_intake(place: str, item: UnreadableRecord) -> rows.IntakeRow:
    """Return the row of a record that is no event: it has no sender and no id."""
    return rows.IntakeRow(
        place=place,
        partition=item.partition,
        record_offset=item.offset,
        uid="",
        origin_place=place,
        sender="",
        type="",
        day=amsterdam_day(item.decided_at),
        accepted_at=item.decided_at,
        decided_at=item.decided_at,
        verdict=UNREADABLE,
        reason=key_text(item.reason),
        outcome=Outcome.DENY.value,
        event_reason=key_text(item.reason),
        duties="[]",
        line_count=1,
    )


def unreadable_line(place: str, item: UnreadableRecord) -> rows.LineRow:
    """Return the one line of a record that is no event."""
    reason = key_text(item.reason)
    return rows.LineRow(place, 0, "", "", Outcome.DENY.value, reason, "parked", "[]", "[]", item.decided_at)


def unreadable_link(place: str, item: UnreadableRecord, rule_set: str) -> Link:
    """Return the audit row of a record that is no event."""
    document: JsonObject = {
        "at": item.decided_at,
        "verdict": UNREADABLE,
        "size_bytes": item.size_bytes,
        "digest": item.digest,
    }
    return Link(item.partition, place, "", Outcome.DENY.value, item.reason, rule_set, document)
