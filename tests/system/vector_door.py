"""From the decision view of a vector to what its sender publishes over HTTP: the door's work, backwards.

A partner states content, not a list of sections; persons, not pseudonyms; and neither who it is nor what the text scan
found. So some views cannot be stated at all: `unsayable` tells why, and those go straight into the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.core.codes import SECTION_SET, TEXT_SECTIONS
from hub.core.event_forms import FIELD_FORMS
from hub.core.model import Json, JsonObject
from tests.system.vector_configuration import sources_of
from tests.system.vector_content import content_of
from tests.system.vector_names import Names

VIEW_ONLY: Final = frozenset(
    {"id", "source", "type", "time", "sender", "sections", "subject_ref", "digest", "subject"}
)
"""Fields of the decision view that the publish form has not: attributes, credentials, content, the door's own."""

WIRE_ATTRIBUTES: Final = ("id", "source", "time", "subject")


@dataclass(frozen=True, slots=True)
class Publication:
    """A CloudEvent in structured form, and the organisation whose credentials go with it (None: no credentials)."""

    org: str | None
    body: Json


def publication_of(event: Json, org: Json, names: Names, today: str, text: str) -> Publication:
    """Return what this organisation publishes so that the door makes this decision view of it.

    Args:
        event: the event of the vector, hostile ones included.
        org: who is authenticated.
        names: the vector's names.
        today: the Amsterdam date of publication.
        text: stands in the content; equal texts give equal digests.
    """
    sender = org if isinstance(org, str) else None
    if not isinstance(event, dict):
        return Publication(sender, event)
    body: JsonObject = {"specversion": "1.0", "datacontenttype": "application/json"}
    stated = names.stated(event)
    body |= {name: stated[name] for name in WIRE_ATTRIBUTES if stated.get(name) is not None}
    if "type" in event:
        type_name = event["type"]
        body["type"] = f"nl.jeugdigen.{type_name}.v1" if isinstance(type_name, str) else type_name
    body["data"] = _form(event, stated, names, today, text)
    return Publication(sender, body)


def _form(event: Mapping[str, Any], stated: JsonObject, names: Names, today: str, text: str) -> JsonObject:
    """Return the publish form; fields that it does not know go along, to be refused."""
    form: JsonObject = {name: value for name, value in stated.items() if name not in VIEW_ONLY}
    if event.get("subject_ref") is not None:
        form["subject"] = stated["subject_ref"]
    sender = event.get("sender")
    if isinstance(sender, dict) and "professional" in sender:
        form["professional"] = sender["professional"]
    about = event.get("section_about")
    others = about.get("household") if isinstance(about, dict) else None
    members = [names.reference(person) for person in others] if isinstance(others, list) else []
    content = content_of(event, text, members, today)
    if content != {"meta": {}}:
        form["content"] = content
    return form


def unsayable(event: Json, org: Json, kinds: Mapping[str, str]) -> str | None:
    """Return why no partner can state this event, or None when one can.

    `kinds` gives the kind of each organisation of the directory.
    """
    if not isinstance(event, dict) or not isinstance(org, str):
        return None  # sent as it is, or without credentials: the door answers
    sender, sections = event.get("sender"), event.get("sections")
    if kinds.get(org) == "hub":
        return "the hub sends it"
    if event.get("subject") is not None:
        return "the gateway takes no subject attribute"
    if not isinstance(sender, dict) or sender.keys() - {"professional"} != {"org", "kind"}:
        return "the sender is who the credentials say"
    another = sender.get("org") != org and event.get("source") in sources_of(org)
    if another or (sender.get("org") == org and sender.get("kind") != kinds.get(org)):
        return "the sender is who the credentials say"
    if "digest" in event and not FIELD_FORMS["digest"](event["digest"]):
        return "the door makes the digest"
    if not isinstance(sections, list) or len(sections) != len({str(name) for name in sections}):
        return "the sections are those of the content"
    if _is_ill_formed(event, sections):
        return None  # the door refuses it
    if "meta" not in sections:
        return None if _lacking(event, sections) else "the sections are those of the content"
    if _scans_differ(event, sections):
        return "the door scans texts itself"
    if _reads_district(event, sections):
        return "the door reads the district in the content"
    return _lacking(event, sections)


def _is_ill_formed(event: Mapping[str, Any], sections: list[Any]) -> bool:
    """Return whether a section or a field of the publish form is unknown or has not its form."""
    stated = event.keys() - VIEW_ONLY
    return not all(isinstance(name, str) and name in SECTION_SET for name in sections) or any(
        field not in FIELD_FORMS or not FIELD_FORMS[field](event[field]) for field in stated
    )


_BY_DISTRICT: Final = frozenset({"local_team", "youth_work"})
"""Kinds of partner that the directories of the vectors reach by district."""


def _reads_district(event: Mapping[str, Any], sections: list[str]) -> bool:
    """Return whether the district of an anonymous question is asked for and stands in its content only."""
    recipients = event.get("recipients")
    by_kind = isinstance(recipients, list) and any(
        entry["to"].get("kind") in _BY_DISTRICT for entry in recipients
    )
    return event.get("mode") == "anonymous" and "area" in sections and "district" not in event and by_kind


def _scans_differ(event: Mapping[str, Any], sections: list[str]) -> bool:
    """Return whether the vector leaves a text unscanned, or gives it less than the door's own scan."""
    scans = event.get("scans", {})
    if not isinstance(scans, dict):
        return False
    texts = [name for name in sections if name in TEXT_SECTIONS]
    return any(name not in scans or scans[name] == "not_run" for name in texts)


def _lacking(event: Mapping[str, Any], sections: list[str]) -> str | None:
    """Return whether the vector lacks content that the door asks of its type (EVENTS.md section 11)."""
    needed = _NEEDED.get(str(event.get("type")), ())
    if event.get("type") == "early_signal.raised":
        told = "finance" if event.get("early_kind") == "payment_arrears" else "narrative"
        needed = (("contact",), (told,))
    if any(not set(alternatives) & set(sections) for alternatives in needed):
        return "the door asks for more content of this type"
    if "household" in sections and not _names_members(event):
        return "the door asks for the persons of the household"
    data = event.get("data")
    if not _DATA_NEEDED.get(str(event.get("type")), set()) <= (
        data.keys() if isinstance(data, dict) else set()
    ):
        return "the door asks for more content of this type"
    if any(event.get(field) in (None, []) for field in _CODES_NEEDED.get(str(event.get("type")), ())):
        return "the door asks for more content of this type"
    return None


def _names_members(event: Mapping[str, Any]) -> bool:
    about = event.get("section_about")
    return isinstance(about, dict) and bool(about.get("household"))


_SIGNALS: Final = ("signal.raised", "signal.revised", "adult_signal.raised")
_CODES_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(_SIGNALS, ("domains",)),
    "crisis.reported": ("safety_level",),
    "crisis.follow_up_agreed": ("safety_level",),
}
_DATA_NEEDED: Final[Mapping[str, set[str]]] = {
    "fixed_face.changed": {"old", "new", "warm_handover_done"},
    "pilot_light.set": {"until"},
}
_NEEDED: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    **dict.fromkeys(_SIGNALS, (("contact",), ("codes",))),
    "referral.offered": (("contact",), ("codes",), ("narrative",)),
    "crisis.reported": (("contact",), ("codes",)),
    "crisis.follow_up_agreed": (("contact",), ("codes",)),
    "consultation.requested": (("contact",), ("narrative",)),
    "consultation.answered": (("contact",), ("narrative",)),
    "help.team_changed": (("contact",),),
    "placement.considered": (("contact",),),
    "protection.announced": (("contact",),),
    "feedback.given": (("codes",),),
    "fixed_face.changed": (("contact",),),
    "pilot_light.set": (("contact",),),
    "pilot_light.flared": (("contact",),),
    "experience.returned": (("perspectives",),),
}
"""Per type the sections that the door asks for, each with its alternatives."""
