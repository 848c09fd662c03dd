"""Messages for the hub's own topics: what was decided, and what a person must look at. Codes only."""

from __future__ import annotations

from typing import Final
from uuid import NAMESPACE_URL, uuid5

from hub.core.model import JsonObject
from hub.ledger.documents import duties_json, recipient_json
from hub.ledger.planning import CRISIS_URGENCIES, Target
from hub.ledger.rows import OutboxEntryRow
from hub.ledger.texts import key_text, to_json

DECISIONS_TOPIC: Final = "hub.decisions"
ALERTS_TOPIC: Final = "hub.alerts"

OWNER_MISSING: Final = frozenset({"hold_no_owner", "hold_ambiguous_owner"})
"""ROUTING.md section 4: such a hold on a referral raises alert.referral_without_owner."""


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
        "emissions": [emission.as_json() for emission in judgement.emissions],
        "chain_hash": chain_hash,
    }
    subject = event.get("subject_ref")
    if isinstance(subject, str):
        document["subject_ref"] = subject
    if target.sealed.traceparent is not None:
        document["traceparent"] = target.sealed.traceparent
    return OutboxEntryRow(0, DECISIONS_TOPIC, key_text(target.sealed.key), to_json(document))


def alert_messages(target: Target) -> list[OutboxEntryRow]:
    """Return the `alert.v1` records of one judgement: stated by the core, or following from its codes."""
    judgement = target.judgement
    raised: dict[str, tuple[tuple[str, ...], str]] = {}
    for emission in judgement.emissions:
        if emission.type.startswith("alert."):
            raised[emission.type] = emission.to, emission.reason
    reasons = {item.reason for item in judgement.decision.recipients}
    type_name = _text(target.event, "type")
    if type_name == "referral.offered" and judgement.hold_until and reasons & OWNER_MISSING:
        raised.setdefault("alert.referral_without_owner", ((), min(reasons & OWNER_MISSING)))
    is_crisis = type_name == "crisis.reported" or target.event.get("urgency") in CRISIS_URGENCIES
    if is_crisis and judgement.deliver:
        raised.setdefault("alert.crisis", ((), judgement.decision.event.reason))
    return [_alert(target, name, to, reason) for name, (to, reason) in raised.items()]


def _alert(target: Target, type_name: str, to: tuple[str, ...], reason: str) -> OutboxEntryRow:
    """Return one alert; its id follows from the record and the type, so that a repeat has the same id."""
    alert_id = str(uuid5(NAMESPACE_URL, f"{target.uid}\n{target.place}\n{type_name}"))
    document: JsonObject = {
        "alert_id": alert_id,
        "type": type_name,
        "raised_at": target.at,
        "to": list(to),
        "level": 0,
        "reason": reason,
        "uid": target.sealed.uid,
    }
    for name in ("subject_ref", "case_ref", "urgency"):
        if isinstance(target.event.get(name), str):
            document[name] = target.event[name]
    return OutboxEntryRow(0, ALERTS_TOPIC, alert_id, to_json(document))


def _text(event: JsonObject, name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""
