"""What the hub carried before: the test of R5 and that of R8."""

from __future__ import annotations

from tests.second_opinion.tables import Json


def names_event_of(org: str, event: Json, facts: Json) -> bool:
    """R5: `known_events` has an entry with id = `in_reply_to` and this organisation."""
    return "in_reply_to" in event and any(
        known["id"] == event["in_reply_to"] and known["org"] == org for known in facts.get("known_events", [])
    )


def names_police_event(event: Json, facts: Json) -> bool:
    """R8: `origin_id` or `causation_id` names a known event of kind police."""
    named = [event[name] for name in ("origin_id", "causation_id") if name in event]
    return any(known["id"] in named and known["kind"] == "police" for known in facts.get("known_events", []))
