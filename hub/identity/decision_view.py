"""From a checked publish form to the decision view of EVENTS.md section 2: pure, no keys, no plain content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from hub.core.catalogue import CATALOGUE
from hub.core.codes import SECTIONS
from hub.core.event_forms import FIELD_FORMS
from hub.core.model import Json, JsonObject
from hub.core.numbers import metadata_refused
from hub.identity.lifecycle_codes import lifecycle_contradictions, with_lifecycle_codes
from hub.identity.reasons import DoorReason, refuse
from hub.identity.required_content import at

TYPE_PREFIX = "nl.jeugdigen."
TYPE_VERSION = ".v1"

CLEAR_FIELDS: Final = (
    "recipients",
    "purpose",
    "urgency",
    "mode",
    "domains",
    "safety_level",
    "setting",
    "case_ref",
    "in_reply_to",
    "requested_action",
    "origin_id",
    "causation_id",
    "data_origin",
    "record",
    "occurred_at",
    "consent_version",
    "section_about",
    "identity_contains_address",
    "anonymity_check",
    "area_precision",
    "district",
    "age_band",
    "cells",
    "kindcheck",
    "early_kind",
    "data",
)
"""What goes from the publish form into the decision view as the sender stated it."""

DECIDING_CODES: Final = ("domains", "safety_level", "early_kind")
"""Codes of the sealed section that the rules judge: they stand in the clear part too, stated or taken over."""

EQUAL_CODES: Final = ("setting", "age_band", "requested_action")
"""Codes that no rule needs in the clear: not taken over, but where both are stated they must agree."""

RECORD_TYPES: Final = frozenset({"consent.given", "consent.refused", "objection.recorded"})
"""Facts that carry a consent record."""


ABOUT_A_PERSON: Final = RECORD_TYPES | {
    "subject.registered",
    "consent.withdrawn",
    "objection.revoked",
    "custody.changed",
    "capacity.judged",
    "address.changed",
    "address_protection.changed",
    "measure.changed",
    "help_team.changed",
}
"""Facts that must share one order with everything else about their subject (EVENTS.md section 1, partition key).

INVARIANT: a withdrawal is ordered against the signals it must stop; without a subject it would not be.
"""

ABOUT_A_RECORD: Final = frozenset({"signal.retracted", "referral.withdrawn"})
"""Notices that name an earlier record in `data.record_ref`; whom that was about the hub may know itself."""


def type_name(event_type: str) -> str:
    """Return the code name of a CloudEvents type (GLOSSARY.md section 6).

    Raises:
        Refusal: `event_type_unknown` for another prefix or major version, or a name outside the catalogue.
    """
    name = event_type.removeprefix(TYPE_PREFIX).removesuffix(TYPE_VERSION)
    if event_type != f"{TYPE_PREFIX}{name}{TYPE_VERSION}" or name not in CATALOGUE:
        raise refuse(DoorReason.EVENT_TYPE_UNKNOWN)
    return name


def sections_of(content: Mapping[str, Json]) -> list[str]:
    """Return the sections present, F1 to F15. `meta` is always present."""
    return [section for section in SECTIONS if section == "meta" or section in content]


def decision_view(
    attributes: Mapping[str, str], name: str, sender: JsonObject, form: JsonObject, subject_ref: str | None
) -> JsonObject:
    """Return the decision view, without scan statuses and digest.

    Args:
        attributes: CloudEvents context attributes; id, source and time are used.
        name: code name of the event type.
        sender: `{org, kind, professional?}` as authenticated.
        form: the publish form after persons and homes were replaced by their refs.
        subject_ref: the subject's ref on the bus, or None.

    Raises:
        Refusal: `section_content_invalid` where the clear part and the content contradict each other;
            `publish_form_invalid` for a field that has not the form of EVENTS.md section 2, and for a fact about a
            person that does not name the person, or names two; `deny_bsn_in_metadata` for a code of the life
            cycle that holds a citizen number.
    """
    content = form.get("content")
    content = content if isinstance(content, dict) else {}
    view: JsonObject = {
        "id": attributes["id"],
        "source": attributes["source"],
        "type": name,
        "time": attributes["time"],
        "sender": sender,
        "sections": sections_of(content),
    }
    if subject_ref is not None:
        view["subject_ref"] = subject_ref
    view.update((field, form[field]) for field in CLEAR_FIELDS if field in form)
    ill_formed = [
        f"/{field}" for field in CLEAR_FIELDS if field in view and not FIELD_FORMS[field](view[field])
    ]
    if ill_formed:  # an unlisted code could be anything, a name too: it must not travel in clear
        raise refuse(DoorReason.FORM_INVALID, *ill_formed)
    contradictions = (
        *_agree_on_codes(view, content),
        *_agree_on_places(view, content),
        *_agree_on_lifecycle(view, content),
    )
    if contradictions:
        raise refuse(DoorReason.CONTENT_INVALID, *contradictions)
    if name in ABOUT_A_PERSON and subject_ref is None:
        raise refuse(DoorReason.FORM_INVALID, "/subject")
    if name in RECORD_TYPES and subject_ref is not None:
        _complete_record(view, subject_ref)
    return view


def _agree_on_codes(view: JsonObject, content: JsonObject) -> Iterator[str]:
    codes = content.get("codes")
    if not isinstance(codes, dict):
        return
    for field in (*DECIDING_CODES, *EQUAL_CODES):
        if field not in codes:
            continue
        if field not in view:
            if field in DECIDING_CODES:
                view[field] = codes[field]
        elif _as_set(view[field]) != _as_set(codes[field]):
            yield f"/{field}"


def _as_set(value: Json) -> Json:
    return frozenset(value) if isinstance(value, list) else value


def _agree_on_places(view: JsonObject, content: JsonObject) -> Iterator[str]:
    identity, area = content.get("identity"), content.get("area")
    if isinstance(identity, dict):
        contains = "address" in identity
        if contains and view.get("identity_contains_address") is False:
            yield "/content/identity/address"
        view["identity_contains_address"] = contains
    if isinstance(area, dict):
        precision = "neighbourhood" if "neighbourhood" in area else "district"
        if view.setdefault("area_precision", precision) != precision:
            yield "/area_precision"
        if (
            view.get("mode") == "anonymous"
            and view.setdefault("district", area["district"]) != area["district"]
        ):
            yield "/district"


def _agree_on_lifecycle(view: JsonObject, content: JsonObject) -> Iterator[str]:
    name, stated = str(view["type"]), view.get("data")
    data = stated if isinstance(stated, dict) else {}
    yield from lifecycle_contradictions(name, data, content)
    completed = with_lifecycle_codes(name, data, content)
    if completed == data:
        return
    if metadata_refused(completed):  # a reference in `meta` is the sender's own text, and now it would show
        raise refuse(DoorReason.BSN_IN_METADATA)
    view["data"] = completed


def _complete_record(view: JsonObject, subject_ref: str) -> None:
    """Fill in whom a consent record is about, where the sender left it to the subject of the event.

    A record about somebody else would lie in another child's order; it is refused.
    """
    record = at(view, "/data/record")
    data = view.get("data")
    if not (isinstance(data, dict) and isinstance(record, dict)):
        return
    if record.get("subject_ref", subject_ref) != subject_ref:
        raise refuse(DoorReason.FORM_INVALID, "/data/record/subject_ref")
    view["data"] = {**data, "record": {**record, "subject_ref": subject_ref}}


def household_disagreements(form: JsonObject) -> Iterator[str]:
    """Yield pointers to members of the household who are not named in `section_about` (EVENTS.md section 10)."""
    members = at(form, "/content/household/members")
    named = at(form, "/section_about/household")
    known = named if isinstance(named, list) else []
    for position, member in enumerate(members if isinstance(members, list) else ()):
        if at(member, "/person_ref") not in known:
            yield f"/content/household/members/{position}/person_ref"


def labelled_household(household: JsonObject) -> JsonObject:
    """Return the household with naming objects replaced by labels that mean nothing outside this event.

    A receiver gets neither the number nor the bus pseudonym of the other members; `person_1`, `person_2` … are
    positions in the list. References of the sender's own choice stay.
    """
    members = cast("list[JsonObject]", household["members"])  # its form was checked
    labelled = [
        {**member, "person_ref": f"person_{position}"} if isinstance(member["person_ref"], dict) else member
        for position, member in enumerate(members, start=1)
    ]
    return {**household, "members": labelled}


META_OF_EVENT: Final = frozenset({"event_type", "registered_at", "record_ref", "revision", "urgency"})
"""Fields of `meta` that repeat the event's own; the sender may leave them out."""


def own_meta(stated: Json) -> JsonObject:
    """Return what the sender's `meta` adds to the event's own fields."""
    fields = stated if isinstance(stated, dict) else {}
    return {name: value for name, value in fields.items() if name not in META_OF_EVENT}


def event_meta(view: JsonObject) -> JsonObject:
    """Return the fields of `meta` that repeat the event's own."""
    meta: JsonObject = {"event_type": view["type"], "registered_at": view["time"]}
    record = view.get("record")
    if isinstance(record, dict):
        meta.update(record_ref=record["ref"], revision=record["revision"])
    if "urgency" in view:
        meta["urgency"] = view["urgency"]
    return meta


def meta_contradictions(stated: Json, meta: JsonObject) -> tuple[str, ...]:
    """Return pointers to fields of the sender's `meta` that repeat the event's own otherwise than the event."""
    fields = stated if isinstance(stated, dict) else {}
    return tuple(
        f"/content/meta/{name}"
        for name, value in fields.items()
        if name in META_OF_EVENT and value != meta.get(name)
    )
