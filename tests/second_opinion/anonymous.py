"""R4: anonymous consultation. CONSENT.md section 9."""

from __future__ import annotations

from tests.second_opinion.known import names_event_of
from tests.second_opinion.stop import Stop
from tests.second_opinion.tables import Json


def route_is_open(question: Json) -> bool:
    """A question goes to an advice kind, an answer to the original asker."""
    if question["event"]["type"] == "consultation.requested":
        return question["recipient"]["kind"] in question["policy"]["advice_kinds"]
    return names_event_of(question["recipient"]["org"], question["event"], question["facts"])


def can_be_traced(event: Json) -> bool:
    """What makes a question lead back to a person."""
    harmless = {"meta", "area", "contact", "codes", "narrative"}
    return (
        event.get("subject_ref") is not None
        or event.get("subject") is not None
        or not set(event["sections"]) <= harmless
        or bool(event.get("section_about"))
        or ("area" in event["sections"] and event.get("area_precision") != "district")
        or event.get("anonymity_check") in ("identifier_found", "rare_combination")
        or (
            "narrative" in event["sections"] and event.get("scans", {}).get("narrative") == "identifier_found"
        )
    )


def was_checked(event: Json) -> bool:
    text_is_clean = event.get("scans", {}).get("narrative") in ("clean", "masked")
    return event.get("anonymity_check") == "clean" and ("narrative" not in event["sections"] or text_is_clean)


def r4_anonymous(question: Json) -> Json:
    event = question["event"]
    if not route_is_open(question):
        raise Stop("deny_route")
    if can_be_traced(event):
        raise Stop("deny_anonymity_leak")
    if not was_checked(event):
        raise Stop("hold_scan_missing")
    return {"reason": "ok_anonymous_consultation", "allow": event["sections"], "duties": [], "consents": []}
