"""What the partners of the demonstration publish, in the publish form of the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hub.core.model import JsonObject

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the demonstration. The number is from the official test range."""

    name: str
    number: str

    @property
    def reference(self) -> JsonObject:
        """Return the reference that a partner sends; the door turns it into a pseudonym."""
        return {"bsn": self.number}


YOUNGEST = Person("Test Jongste", "999990019")
TEENAGER = Person("Test Oudste", "999990020")
PARENT = Person("Test Ouder", "999990032")

CONTACT: JsonObject = {
    "sender": {
        "organisation": "Testorganisatie",
        "role": "contactpersoon",
        "name": "Test Medewerker",
        "telephone": "+31700000000",
        "reachable": "werkdagen 9-17 uur",
    }
}


def today() -> datetime:
    """Return the present moment in Amsterdam."""
    return datetime.now(AMSTERDAM)


def instant() -> str:
    """Return the present instant in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day(days: int = 0) -> str:
    """Return the date so many days from today."""
    return (today() + timedelta(days=days)).date().isoformat()


def born(years: int) -> str:
    """Return a birth date that makes somebody this old today, and for months to come."""
    return (today() - timedelta(days=365 * years + 120)).date().isoformat()


def registration(child: Person, birth_date: str) -> JsonObject:
    """Return the data of subject.registered: who this is, where the child lives, who has custody."""
    return {
        "subject": child.reference,
        "data": {
            "birth_date": birth_date,
            "identity": "established",
            "protected_address": False,
            "institution_address": False,
            "related_orgs": ["school_1", "gp_1", "youth_care_1"],
            "residences": [{"district": "escamp", "from": "2020-01-01", "to": None, "basis": "brp"}],
            "custody": [
                {"person": PARENT.reference, "role": "parent_with_custody", "checked_on": day(-7)},
            ],
        },
    }


def consent(
    consent_id: str, child: Person, giver: Person, sender: JsonObject, recipient: JsonObject, purpose: str,
    sections: list[str],
) -> JsonObject:  # fmt: skip
    """Return the data of consent.given: one giver, one purpose, named sections."""
    return {
        "subject": child.reference,
        "data": {
            "record": {
                "consent_id": consent_id,
                "version": 1,
                "decision": "consent",
                "function": "disclosure",
                "purpose": purpose,
                "sender": sender,
                "recipient": recipient,
                "sections": sections,
                "case_ref": None,
                "valid_from": day(-1),
                "valid_to": day(300),
                "withdrawn_at": None,
                "given_by": {
                    "person": giver.reference,
                    "role": "youth" if giver is child else "parent_with_custody",
                    "method": "in_person_signed",
                    "recorded_by": "prof_7",
                    "recorded_at": instant(),
                },
                "evidence_ref": f"ev_{consent_id}",
            }
        },
    }


def withdrawal(consent_id: str, child: Person) -> JsonObject:
    """Return the data of consent.withdrawn."""
    return {
        "subject": child.reference,
        "data": {"consent_id": consent_id, "by": "parent", "effective_at": instant()},
    }


def signal(
    child: Person, record: str, recipients: list[JsonObject], facts: str, *, purpose: str = "help_request",
    domains: tuple[str, ...] = ("04",), urgency: str = "u3", safety_level: str = "concern",
    health: str | None = None, identity: bool = True,
) -> JsonObject:  # fmt: skip
    """Return the data of a signal with its content in plain form; the door seals it section by section."""
    content: JsonObject = {
        "contact": CONTACT,
        "codes": {
            "domains": list(domains),
            "nature": "concern",
            "safety_level": safety_level,
            "protective_factors": ["support_figure"],
            "requested_action": "contact_opnemen",
        },
        "narrative": {"facts": facts},
    }
    if identity:
        content["identity"] = {
            "family_name": child.name.split()[1],
            "first_names": child.name.split()[0],
            "birth_date": born(10 if child is YOUNGEST else 14),
        }
        content["area"] = {"district": "escamp"}
    if health is not None:
        content["health"] = {"description": health}
    return {
        "subject": child.reference,
        "purpose": purpose,
        "urgency": urgency,
        "safety_level": safety_level,
        "record": {"ref": record, "revision": 1},
        "occurred_at": day(),
        "recipients": recipients,
        "content": content,
    }


REPORTING_CODE: JsonObject = {
    "ground": "wmo_5_2_6",
    "steps": {str(step): day(-2) for step in range(1, 6)},
    "assessment": {"1": "yes", "2": "yes"},
    "conversation": {"deferred": "danger_to_child"},
    "why_no_consent": "danger_to_child",
    "decided_by": "prof_3",
}
"""The answers of the five steps of the reporting code (CONSENT.md section 10, M1)."""

LIFE_IN_DANGER: JsonObject = {
    "ground": "vital_interest",
    "danger": "suicide_risk",
    "why_no_consent": "not_reachable",
    "consulted": "prof_4",
    "inform_by": day(1),
    "contact_person": "prof_4",
}
"""What a crisis without consent must answer (CONSENT.md section 10)."""


def confirmation(child: Person, answers: str, recipient: str) -> JsonObject:
    """Return the data of crisis.confirmed to the sender of the crisis."""
    return {
        "subject": child.reference,
        "in_reply_to": answers,
        "recipients": [{"to": {"org": recipient}}],
        "content": {"contact": CONTACT},
    }


def feedback(child: Person, answers: str, recipient: str) -> JsonObject:
    """Return the data of feedback.given to the sender of an earlier event."""
    return {
        "subject": child.reference,
        "purpose": "feedback",
        "in_reply_to": answers,
        "recipients": [{"to": {"org": recipient}}],
        "content": {
            "contact": CONTACT,
            "codes": {
                "domains": ["04"],
                "protective_factors": ["support_figure"],
                "outcome": "taken_up",
                "may_tell_sender": True,
            },
            "narrative": {"facts": "Er is een eerste gesprek geweest; het gezin wil hulp bij huiswerk."},
        },
    }


def offer(child: Person, record: str, recipient: str) -> JsonObject:
    """Return the data of referral.offered."""
    return {
        "subject": child.reference,
        "purpose": "referral",
        "urgency": "u3",
        "record": {"ref": record, "revision": 1},
        "recipients": [{"to": {"org": recipient}}],
        "content": {
            "contact": CONTACT,
            "codes": {
                "domains": ["J1"],
                "protective_factors": ["adult_support"],
                "offer_type": "individual",
            },
            "narrative": {"goal_in_family_words": "Weer rust aan tafel."},
        },
    }


def step(child: Person, answers: str, recipient: str, status: str) -> JsonObject:
    """Return the data of an acknowledgement of a referral's step."""
    return {
        "subject": child.reference,
        "in_reply_to": answers,
        "recipients": [{"to": {"org": recipient}}],
        "content": {"contact": CONTACT, "meta": {"status": status}},
    }


def waiting(child: Person, answers: str, recipient: str) -> JsonObject:
    """Return the data of waiting_list.placed: how long, and when somebody is in touch again."""
    return {
        "subject": child.reference,
        "purpose": "waiting_list_support",
        "urgency": "u3",
        "in_reply_to": answers,
        "recipients": [{"to": {"org": recipient}}],
        "content": {"contact": CONTACT, "meta": {"expected_wait_weeks": 8, "next_check_in": day(21)}},
    }
