"""The core's values as JSON documents and back. Keys and codes only; content never passes here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.core.history import Entry, Pair
from hub.core.model import (
    Decision,
    Duty,
    Emission,
    EventDecision,
    Json,
    JsonObject,
    Outcome,
    RecipientDecision,
)
from hub.core.threads import Thread
from hub.ledger.texts import from_json, to_json


def duties_json(duties: Sequence[Duty]) -> list[Json]:
    """Return duties as JSON."""
    return [{"duty": duty.duty, "due_at": duty.due_at} for duty in duties]


def recipient_json(decision: RecipientDecision) -> JsonObject:
    """Return one recipient's decision as JSON."""
    return {
        "recipient": decision.recipient,
        "outcome": decision.outcome.value,
        "reason": decision.reason,
        "withheld": list(decision.withheld),
        "duties": duties_json(decision.duties),
        "consents": list(decision.consents),
        "sections": list(decision.sections),
        "position": decision.position,
    }


def decision_json(decision: Decision) -> JsonObject:
    """Return a decision as JSON."""
    return {
        "outcome": decision.event.outcome.value,
        "reason": decision.event.reason,
        "duties": duties_json(decision.event.duties),
        "recipients": [recipient_json(recipient) for recipient in decision.recipients],
    }


def _duties(items: list[JsonObject]) -> tuple[Duty, ...]:
    return tuple(Duty(str(item["duty"]), _maybe_text(item["due_at"])) for item in items)


def _maybe_text(value: Json) -> str | None:
    return None if value is None else str(value)


def recipient_from(document: Any) -> RecipientDecision:
    """Return what `recipient_json` wrote."""
    return RecipientDecision(
        recipient=document["recipient"],
        outcome=Outcome(document["outcome"]),
        reason=document["reason"],
        withheld=tuple(document["withheld"]),
        duties=_duties(document["duties"]),
        consents=tuple(document["consents"]),
        sections=tuple(document["sections"]),
        position=document["position"],
    )


def decision_from(document: Any) -> Decision:
    """Return what `decision_json` wrote."""
    event = EventDecision(Outcome(document["outcome"]), document["reason"], _duties(document["duties"]))
    return Decision(event, tuple(recipient_from(recipient) for recipient in document["recipients"]))


_PLAIN_ENTRY_FIELDS = tuple(
    name for name in Entry.__slots__ if name not in {"decision", "domains", "delivered_to"}
)


def entry_text(entry: Entry) -> str:
    """Return an entry as JSON text."""
    document: JsonObject = {name: getattr(entry, name) for name in _PLAIN_ENTRY_FIELDS}
    document["domains"] = list(entry.domains)
    document["delivered_to"] = list(entry.delivered_to)
    document["decision"] = decision_json(entry.decision)
    return to_json(document)


def entry_from(text: str) -> Entry:
    """Return what `entry_text` wrote."""
    document: Any = from_json(text)
    document["domains"] = tuple(document["domains"])
    document["delivered_to"] = tuple(document["delivered_to"])
    document["decision"] = decision_from(document["decision"])
    return Entry(**document)


def pair_text(pair: Pair) -> str:
    """Return a pair as JSON text."""
    return to_json([pair.org_a, pair.subject_a, pair.org_b, pair.subject_b, pair.basis])


def pair_from(text: str) -> Pair:
    """Return what `pair_text` wrote."""
    document: Any = from_json(text)
    return Pair(*document)


def emission_text(emission: Emission) -> str:
    """Return an emission as JSON text, with the subjects that stay inside the hub."""
    pairs = {"subjects": emission.subjects, "details": emission.details}
    return to_json(
        emission.as_json() | {name: [list(item) for item in found] for name, found in pairs.items()}
    )


def emission_from(text: str) -> Emission:
    """Return what `emission_text` wrote."""
    document: Any = from_json(text)
    return Emission(
        document["type"],
        tuple(document["to"]),
        document["reason"],
        document["basis"],
        tuple((receiver, subject) for receiver, subject in document["subjects"]),
        # What was written before messages had details has none.
        tuple((name, value) for name, value in document.get("details", ())),
    )


def thread_text(thread: Thread) -> str:
    """Return a thread as JSON text."""
    return to_json({name: getattr(thread, name) for name in Thread.__slots__})


def thread_from(text: str) -> Thread:
    """Return what `thread_text` wrote."""
    document: Any = from_json(text)
    return Thread(**document)
