"""What partners write in the sections of each type: the least that EVENTS.md section 11 asks, in neutral words."""

from __future__ import annotations

from datetime import date, timedelta

from hub.core.model import JsonObject

SENDER: JsonObject = {
    "organisation": "Testorganisatie",
    "role": "contactpersoon",
    "name": "Test Medewerker",
    "telephone": "+31700000000",
    "reachable": "werkdagen 9-17 uur",
}

CHECK_IN_WEEKS = 4
"""EVENTS.md section 5."""

ACKNOWLEDGEMENTS = (
    "referral.received", "referral.accepted", "referral.declined", "referral.redirected",
    "acknowledgement.seen", "acknowledgement.picked_up", "acknowledgement.not_picked_up",
    "crisis.confirmed", "match.contact_confirmed",
)  # fmt: skip


def fixed_face(name: str, since: date) -> JsonObject:
    """Return the card of the one professional who is the contact of a family."""
    return {
        "organisation": "Testorganisatie",
        "role": "vast gezicht",
        "name": name,
        "telephone": "+31700000099",
        "since": since.isoformat(),
    }


def codes(domains: tuple[str, ...], **further: str) -> JsonObject:
    """Return the codes of a signal."""
    return {
        "domains": list(domains),
        "nature": "concern",
        "protective_factors": ["support_figure"],
        **further,
    }


def content_of(type_name: str, today: date, domains: tuple[str, ...]) -> JsonObject:
    """Return the least content of a type."""
    if type_name in ACKNOWLEDGEMENTS:
        return {"meta": {"status": type_name.rpartition(".")[2]}, "contact": {"sender": SENDER}}
    face: JsonObject = {"sender": SENDER, "fixed_face": fixed_face("Test Gezicht", today)}
    next_check_in = (today + timedelta(weeks=CHECK_IN_WEEKS)).isoformat()
    contact: JsonObject = {"contact": {"sender": SENDER}}
    table: dict[str, JsonObject] = {
        "signal.raised": {"codes": codes(domains), "narrative": {"facts": "Testverhaal."}},
        "signal.revised": {"codes": codes(domains), "narrative": {"facts": "Testverhaal."}},
        "adult_signal.raised": {"codes": codes(domains), "narrative": {"facts": "Testverhaal."}},
        "early_signal.raised": {
            "finance": {"amount_cents": 120_000, "arrears_since": (today - timedelta(days=90)).isoformat()}
        },
        "referral.offered": {
            "codes": {**codes(domains), "offer_type": "individual"},
            "narrative": {"goal_in_family_words": "Weer rust in huis."},
        },
        "waiting_list.placed": {"meta": {"expected_wait_weeks": 12, "next_check_in": next_check_in}},
        "waiting_list.contact_made": {"meta": {"next_check_in": next_check_in}},
        "waiting_list.support_assigned": {"codes": {"support_roles": ["chosen_mentor"]}},
        "waiting_list.buddy_linked": {},
        "waiting_list.rights_explained": {},
        "pilot_light.set": {"contact": face},
        "pilot_light.flared": {"contact": face},
        "fixed_face.changed": {"contact": face},
        "crisis.reported": {
            "codes": codes(domains, safety_level="acute"),
            "narrative": {"facts": "Testcrisis."},
        },
        "crisis.follow_up_agreed": {"codes": codes(domains, safety_level="concern")},
        "consultation.requested": {"narrative": {"question": "Wat raadt u aan?"}},
        "consultation.answered": {"narrative": {"answer": "Een gesprek op school."}},
        "feedback.given": {
            "codes": {"domains": list(domains), "outcome": "taken_up", "may_tell_sender": True}
        },
    }
    return {**contact, **table.get(type_name, {})}
