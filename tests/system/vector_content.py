"""The least content of each section that the door takes (EVENTS.md sections 10 and 11), around one text of choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.core.codes import EARLY_KINDS, SAFETY_LEVELS
from hub.core.model import Json, JsonObject

ADDRESS: JsonObject = {"street": "Teststraat", "number": 1, "postcode": "2511AA", "city": "Teststad"}

CARD: JsonObject = {
    "organisation": "Testorganisatie",
    "role": "contactpersoon",
    "name": "Test Medewerker",
    "telephone": "+31700000000",
}

STATUSES: Mapping[str, str] = {
    "acknowledgement.received": "received",
    "acknowledgement.seen": "seen",
    "acknowledgement.picked_up": "picked_up",
    "acknowledgement.not_picked_up": "not_picked_up",
    "referral.received": "received",
    "referral.accepted": "accepted",
    "referral.declined": "declined",
    "referral.redirected": "redirected",
    "match.contact_confirmed": "confirmed",
}


def content_of(event: Mapping[str, Any], text: str, members: list[Json], today: str) -> JsonObject:
    """Return the content of the sections that an event of a vector has.

    Args:
        event: the decision view of the vector.
        text: what makes this content another than that of other events: equal texts give equal digests.
        members: the persons of the household, as the publish form names them.
        today: the Amsterdam date of publication.
    """
    sections = event.get("sections")
    listed = [name for name in sections if isinstance(name, str)] if isinstance(sections, list) else []
    about = {"text": text, "members": members, "today": today}
    content: JsonObject = {"meta": _meta(event, about)}
    for name in listed:
        if name != "meta":
            make = _SECTIONS.get(name)
            content[name] = {"text": text} if make is None else make(event, about)
    return content


def _meta(event: Mapping[str, Any], about: Mapping[str, Any]) -> JsonObject:
    meta: JsonObject = {}
    if event.get("type") in STATUSES:
        meta["status"] = STATUSES[str(event["type"])]
    if event.get("type") == "waiting_list.placed":
        meta["expected_wait_weeks"] = _data(event).get("expected_wait_weeks")
    if event.get("type") in {"waiting_list.placed", "waiting_list.contact_made"}:
        meta["next_check_in"] = about["today"]
    return meta


def _data(event: Mapping[str, Any]) -> Mapping[str, Any]:
    data = event.get("data")
    return data if isinstance(data, dict) else {}


def _identity(event: Mapping[str, Any], _about: Mapping[str, Any]) -> JsonObject:
    identity: JsonObject = {"family_name": "Test", "first_names": "Kind", "birth_date": "2010-01-01"}
    if event.get("identity_contains_address") is not False:
        identity["address"] = dict(ADDRESS)
    return identity


def _area(event: Mapping[str, Any], _about: Mapping[str, Any]) -> JsonObject:
    district = event.get("district")
    area: JsonObject = {"district": district if isinstance(district, str) else "escamp"}
    if event.get("area_precision") != "district":
        area["neighbourhood"] = "BU051800"
    return area


def _contact(event: Mapping[str, Any], about: Mapping[str, Any]) -> JsonObject:
    contact: JsonObject = {"sender": {**CARD, "reachable": str(about["text"])}}
    face = {"pilot_light.flared", "fixed_face.changed"} | (
        {"pilot_light.set"} if "contact" in _data(event) else set()
    )
    if event.get("type") in face:
        contact["fixed_face"] = {**CARD, "since": "2026-01-01"}
    return contact


def _codes(event: Mapping[str, Any], _about: Mapping[str, Any]) -> JsonObject:
    codes: JsonObject = {"protective_factors": ["not_yet_discussed"], "requested_action": "advise"}
    domains = event.get("domains")
    if isinstance(domains, list):
        codes["domains"] = domains
    if event.get("safety_level") in SAFETY_LEVELS:
        codes["safety_level"] = event["safety_level"]
    if event.get("early_kind") in EARLY_KINDS:
        codes["early_kind"] = event["early_kind"]
    for name in ("setting", "age_band", "requested_action"):
        if isinstance(event.get(name), str):
            codes[name] = event[name]
    if event.get("type") == "referral.offered":
        codes["offer_type"] = "individual"
    if event.get("type") == "feedback.given":
        codes |= {"outcome": "taken_up", "may_tell_sender": True}
    return codes


def _narrative(event: Mapping[str, Any], about: Mapping[str, Any]) -> JsonObject:
    text = str(about["text"])
    fields = {
        "referral.offered": "goal_in_family_words",
        "consultation.requested": "question",
        "consultation.answered": "answer",
    }
    return {"facts": text, fields.get(str(event.get("type")), "interpretation"): text}


def _household(_event: Mapping[str, Any], about: Mapping[str, Any]) -> JsonObject:
    return {"members": [{"person_ref": member, "role": "sibling"} for member in about["members"]]}


def _section(**fields: Json) -> Callable[[Mapping[str, Any], Mapping[str, Any]], Json]:
    return lambda _event, _about: dict(fields)


def _perspectives(_event: Mapping[str, Any], about: Mapping[str, Any]) -> Json:
    return [{"role": "youth", "heard": True, "words": about["text"]}]


def _finance(_event: Mapping[str, Any], _about: Mapping[str, Any]) -> Json:
    return {"amount_cents": 12_000, "arrears_since": "2026-06-01"}


_SECTIONS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Json]] = {
    "identity": _identity,
    "area": _area,
    "contact": _contact,
    "codes": _codes,
    "narrative": _narrative,
    "health": _section(description="Testgegeven."),
    "criminal": _section(description="Testgegeven.", incident_kind="other", basis="uavg_32a"),
    "finance": _finance,
    "household": _household,
    "perspectives": _perspectives,
    "reporter_identity": _section(name="Test Melder", reason_for_anonymity="Testreden."),
    "legal_status": _section(measure="supervision_order"),
    "school": _section(school="Testschool Een"),
    "protected_address": _section(address=ADDRESS, safe_contact="+31700000000"),
}
