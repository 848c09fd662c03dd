"""Messages for the hub's own topics: what was decided, and what a person must look at. Codes only."""

from __future__ import annotations

from typing import Final

from hub.core.catalogue import CATALOGUE, EventClass
from hub.core.model import LEAVES, Json, JsonObject
from hub.ledger.documents import duties_json, recipient_json
from hub.ledger.planning import REPEATS, Target
from hub.ledger.rows import OutboxEntryRow
from hub.ledger.texts import key_text, to_json

DECISIONS_TOPIC: Final = "hub.decisions"
ALERTS_TOPIC: Final = "hub.alerts"

ESCALATED: Final = "alert.escalated"
"""The hub's event by which an alert that is there goes one level up (EVENTS.md section 6)."""

LAST_LEVEL: Final = 3
"""The level of an escalation that names none: at the end of the ladder nobody is left out."""


def decision_message(target: Target, rule_set: str, chain_hash: str) -> OutboxEntryRow:
    """Return the `decision.v1` record of one judgement."""
    judgement, event = target.judgement, target.event
    document: JsonObject = {
        "uid": target.sealed.uid,
        "event_id": _text(event, "id"),
        "source": _text(event, "source"),
        "type": _text(event, "type"),
        "org": target.sealed.authenticated_org,
        "decided_at": target.at,
        "rule_set": rule_set,
        "verdict": judgement.verdict,
        "outcome": judgement.decision.event.outcome.value,
        "reason": judgement.decision.event.reason,
        "duties": duties_json(judgement.decision.event.duties),
        "recipients": [
            {name: value for name, value in recipient_json(item).items() if name != "position"}
            for item in judgement.decision.recipients
        ],
        "emissions": [emission.as_json() for emission in (*judgement.emissions, *judgement.messages)],
        "chain_hash": chain_hash,
    }
    subject = event.get("subject_ref")
    if isinstance(subject, str):
        document["subject_ref"] = subject
    if target.sealed.traceparent is not None:
        document["traceparent"] = target.sealed.traceparent
    return OutboxEntryRow(0, DECISIONS_TOPIC, key_text(target.sealed.key), to_json(document))


def alert_messages(target: Target) -> list[OutboxEntryRow]:
    """Return the `alert.v1` record of an event of the hub that raises an alert, or that takes one a level up.

    A repeat tells nothing: each alert and each escalation is told once.
    """
    judgement, event = target.judgement, target.event
    type_name = _text(event, "type")
    known = CATALOGUE.get(type_name)
    if (
        known is None
        or judgement.verdict in REPEATS
        or judgement.decision.event.outcome not in LEAVES
        or not (known.treatment is EventClass.ALERT or type_name == ESCALATED)
    ):
        return []
    alert_id = _text(event, "in_reply_to" if type_name == ESCALATED else "id")
    return [OutboxEntryRow(0, ALERTS_TOPIC, key_text(alert_id), to_json(_alert(target, alert_id, type_name)))]


def _alert(target: Target, alert_id: str, type_name: str) -> JsonObject:
    """Return one alert, with what its event says in the clear."""
    event = target.event
    stated = event.get("data")
    data: JsonObject = stated if isinstance(stated, dict) else {}
    level = data.get("level", LAST_LEVEL if type_name == ESCALATED else 0)
    document: JsonObject = {
        "alert_id": alert_id,
        "type": type_name,
        "raised_at": target.at,
        "to": _receivers(event),
        "level": level if isinstance(level, int) else LAST_LEVEL,
    }
    found = {name: data.get(name) for name in ("reason", "rule", "due_at", "uid")}
    found |= {name: event.get(name) for name in ("subject_ref", "case_ref", "urgency")}
    found["traceparent"] = target.sealed.traceparent
    return document | {name: value for name, value in found.items() if isinstance(value, str)}


def _receivers(event: JsonObject) -> list[Json]:
    """Return the organisations that the alert is for, in the order of the event."""
    listed = event.get("recipients")
    addresses = (
        [item.get("to") for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    )
    return [item["org"] for item in addresses if isinstance(item, dict) and isinstance(item.get("org"), str)]


def _text(event: JsonObject, name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""
