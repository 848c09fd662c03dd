"""The description of the outbox records: what `agents/relay` puts on hub.decisions and hub.alerts.

No content and no citizen number: references, codes and times only.
"""

from __future__ import annotations

from typing import Final

from hub.core.model import JsonObject
from hub.wire.schema_parts import NAMESPACE, array, field, optional, record, stated

DECISION: Final = "decision"
ALERT: Final = "alert"
RECORDS: Final = frozenset({DECISION, ALERT})
"""Names of the outbox records; all other names are event types."""


def _duties() -> JsonObject:
    duty = record(
        "Duty",
        "Something that must follow a decision.",
        field("duty", "string", "Code of the duty."),
        optional("due_at", stated("StatedString", "string"), "Instant, or null.", form="stated"),
    )
    return field("duties", array(duty), "What must follow.")


def _recipient_decision() -> JsonObject:
    return record(
        "RecipientDecision",
        "The verdict for one recipient.",
        field("recipient", "string", "Organisation, or what could not be routed."),
        field("outcome", "string", "allow, redact, hold or deny."),
        field("reason", "string", "Reason code."),
        field("sections", array("string"), "Names of the sections that go."),
        field("withheld", array("string"), "Names of the sections that stay."),
        field("duties", array("Duty"), "What must follow."),
        field("consents", array("string"), "The consent records that determined it."),
    )


def _emission() -> JsonObject:
    return record(
        "Emission",
        "A message that the hub itself sends because of an event.",
        field("type", "string", "Event type."),
        field("to", array("string"), "Organisations."),
        field("reason", "string", "Reason code."),
        optional("basis", "StatedString", "Basis of a match, or null.", form="stated"),
    )


def decision_schema() -> JsonObject:
    """Return the schema of one decision on hub.decisions, keyed by the subject's pseudonym or the uid."""
    return {
        **record(
            "Decision",
            "What was decided about one event, and why. Generated; do not edit.",
            field("uid", "string", "The hub's id of the event."),
            field("event_id", "string", "The sender's id."),
            field("source", "string", "The sender's source."),
            field("type", "string", "Event type."),
            field("org", "string", "Sending organisation."),
            optional("subject_ref", "string", "Pseudonym of the subject."),
            field("decided_at", "string", "RFC 3339 instant in UTC."),
            field("rule_set", "string", "Version of the rules and configuration."),
            optional("verdict", "string", "Verdict of deduplication: DEDUP.md."),
            field("outcome", "string", "Outcome for the event as a whole."),
            field("reason", "string", "Reason code of the event."),
            _duties(),
            field("recipients", array(_recipient_decision()), "One verdict per recipient."),
            optional("emissions", array(_emission()), "Messages of the hub itself."),
            optional("chain_hash", "string", "Hash of the decision row in the audit chain, lower-case hex."),
            optional("traceparent", "string", "W3C trace context of the event."),
        ),
        "namespace": NAMESPACE,
    }


def alert_schema() -> JsonObject:
    """Return the schema of one alert on hub.alerts, keyed by the alert's id."""
    return {
        **record(
            "Alert",
            "Something that a person must look at. Generated; do not edit.",
            field("alert_id", "string", "The alert."),
            field("type", "string", "Event type: alert.*, or the hub's own message type."),
            field("raised_at", "string", "RFC 3339 instant in UTC."),
            field("to", array("string"), "Organisations that are told."),
            field("level", "long", "Escalation level: 0 when raised, then 1 to 3."),
            optional("reason", "string", "Reason code."),
            optional("uid", "string", "The hub's id of the event that caused it."),
            optional("subject_ref", "string", "Pseudonym of the subject."),
            optional("case_ref", "string", "The case."),
            optional("urgency", "string", "u0 to u4."),
            optional("rule", "string", "The response-time rule that was missed or threatens."),
            optional("due_at", "string", "RFC 3339 instant."),
            optional("basis", "string", "Basis of a match."),
            optional("traceparent", "string", "W3C trace context of the event."),
        ),
        "namespace": NAMESPACE,
    }
