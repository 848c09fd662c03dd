"""The one description from which the .avsc files are written: `python -m hub.wire.generate`."""

from __future__ import annotations

from typing import Final

from hub.core.model import JsonObject
from hub.wire.schema_parts import NAMESPACE, array, field, optional, record, stated

MAJOR_VERSION: Final = 1
"""All event types are at their first major version."""

NONCE_BYTES: Final = 12
"""AES-GCM's nonce (NIST SP 800-38D, 96 bits)."""


def _sender() -> JsonObject:
    return record(
        "Sender",
        "Who sent the event.",
        field("org", "string", "Organisation."),
        field("kind", "string", "Partner kind."),
        optional("professional", "string", "Reference of the professional."),
    )


def _recipient() -> JsonObject:
    to = record(
        "RecipientAddress",
        "An organisation, or a kind to be routed.",
        optional("org", "string", "Organisation."),
        optional("kind", "string", "Partner kind."),
        optional("partnership", "string", "Partnership of a local team."),
    )
    return record(
        "Recipient",
        "One recipient, as the sender states it.",
        field("to", to, "To whom."),
        optional("professional", "string", "Reference of the professional."),
        optional("needed_sections", array("string"), "What the sender declares necessary."),
        optional("exception", "string", "Legal ground and justification: a JSON object.", form="json"),
    )


def _person_fields() -> tuple[JsonObject, ...]:
    return (
        optional(
            "subject", stated("StatedString", "string"), "Absent at ingress; may be null.", form="stated"
        ),
        field("sender", _sender(), "Who sends."),
        optional("recipients", array(_recipient()), "For whom."),
        field("sections", array("string"), "Names of the sections present."),
        optional("subject_ref", "StatedString", "Pseudonym of the subject; may be null.", form="stated"),
    )


def _code_fields() -> tuple[JsonObject, ...]:
    # Closed lists travel as text: an unknown code must reach the decision, which refuses it with its reason.
    return (
        optional("purpose", "string", "Purpose code."),
        optional("urgency", "string", "u0 to u4."),
        optional("mode", "string", "anonymous or identified."),
        optional("domains", array("string"), "Life-domain codes."),
        optional("safety_level", "string", "Safety level."),
        optional("setting", "string", "Setting."),
    )


def _reference_fields() -> tuple[JsonObject, ...]:
    sender_record = record(
        "SenderRecord",
        "The sender's own record.",
        field("ref", "string", "Record number."),
        field("revision", "long", "Revision, from 1."),
    )
    names = (
        "case_ref",
        "in_reply_to",
        "origin_id",
        "causation_id",
        "digest",
        "requested_action",
        "data_origin",
    )
    return (
        *(optional(name, "string", name.replace("_", " ").capitalize() + ".") for name in names),
        optional("record", sender_record, "The sender's own record."),
        optional("occurred_at", "string", "Instant or date."),
        optional("consent_version", "long", "The consent state the sender saw."),
    )


def _content_fields() -> tuple[JsonObject, ...]:
    scans = record(
        "Scans",
        "Scan status from the sender's edge.",
        optional("narrative", "string", "Scan status."),
        optional("perspectives", "string", "Scan status."),
    )
    kindcheck = record(
        "Kindcheck",
        "Whether minors depend on this adult.",
        optional("done", "boolean", "Whether it was done."),
        optional("children_present", "string", "yes, no or unknown."),
        optional("minor_count", stated("StatedLong", "long"), "Count; may be null.", form="stated"),
    )
    persons = {"type": "map", "values": array("string")}
    return (
        optional("section_about", persons, "Section to other persons in it."),
        optional("identity_contains_address", "boolean", "Whether the identity section holds the address."),
        optional("scans", scans, "Scan status per section of text."),
        optional("anonymity_check", "string", "Anonymity check of an anonymous consultation."),
        optional("area_precision", "string", "Precision of the area section."),
        optional("district", "string", "District, in anonymous mode."),
        optional("age_band", "string", "Age band."),
        optional("cells", array("string"), "Prevention picture: JSON values.", form="json_items"),
        optional("kindcheck", kindcheck, "Kindcheck of an adult signal."),
        optional("early_kind", "string", "Kind of early signal."),
        optional("data", "string", "Facts: a JSON object.", form="json"),
    )


def decision_view() -> JsonObject:
    """Return the schema of the decision view: EVENTS.md section 2, field by field."""
    return record(
        "DecisionView",
        "What the decision sees: metadata, codes and names of sections, never content.",
        field("id", "string", "Unique per source."),
        field("source", "string", "URN of organisation and system."),
        field("type", "string", "Code name of the event type."),
        field("time", "string", "Instant of registration by the sender."),
        *_person_fields(),
        *_code_fields(),
        *_reference_fields(),
        *_content_fields(),
    )


def _sealed_section() -> JsonObject:
    nonce = {"type": "fixed", "name": "Nonce", "size": NONCE_BYTES}
    return record(
        "SealedSection",
        "One section, encrypted with AES-256-GCM.",
        field("key_id", "string", "Which data key."),
        field("nonce", nonce, "Twelve bytes."),
        field("ciphertext", "bytes", "With its 16-byte tag."),
    )


def event_schema(event_type: str) -> JsonObject:
    """Return the Avro schema of one event type: the canonical envelope of `hub/wire/envelope.py`."""
    name = event_type.replace(".", "_").title().replace("_", "")
    return {
        "type": "record",
        "name": name,
        "namespace": NAMESPACE,
        "doc": f"{NAMESPACE}.{event_type}.v{MAJOR_VERSION} as it travels over hub.events. Generated; do not edit.",
        "fields": [
            field("uid", "string", "The hub's id of (source, id): the receipt number."),
            field("accepted_at", "string", "RFC 3339 instant in UTC."),
            field("authenticated_org", "string", "Who the door saw."),
            field("key", "string", "Partition key: the subject's pseudonym, or the uid."),
            optional("traceparent", "string", "W3C trace context of the event."),
            field("event", decision_view(), "The decision view."),
            field("sealed", {"type": "map", "values": _sealed_section()}, "Sealed content by section."),
        ],
    }
