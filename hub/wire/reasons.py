"""Why the wire refuses: stable codes, never reused, each with a plain sentence for the partner."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Self


@unique
class WireReason(StrEnum):
    """The reason of a `WireError`. The value is the code; `sentence` may be shown to a partner."""

    sentence: str

    def __new__(cls, code: str, sentence: str) -> Self:
        """Make a member of its code and its sentence."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member

    # Bytes and text, at every door.
    TOO_LARGE = "too_large", "The message is larger than the hub accepts."
    TRAILING_BYTES = "trailing_bytes", "There are bytes after the end of the message."
    INVALID_UTF8 = "invalid_utf8", "The text is not UTF-8."
    INVALID_UNICODE = "invalid_unicode", "The text holds half of a surrogate pair, which is no character."
    MALFORMED_JSON = "malformed_json", "The body is not JSON as RFC 8259 defines it."
    DUPLICATE_MEMBER = "duplicate_member", "A JSON object names the same member twice."
    NUMBER_OUT_OF_RANGE = "number_out_of_range", "A number is larger than the hub can keep exactly."
    TOO_DEEP = "too_deep", "The JSON is nested deeper than the hub accepts."

    # CloudEvents 1.0.2.
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", "The hub does not speak this media type here."
    UNSUPPORTED_CHARSET = "unsupported_charset", "Only UTF-8 is accepted."
    NOT_A_CLOUDEVENT = "not_a_cloudevent", "The message is not a CloudEvent in structured or binary mode."
    NOT_A_BATCH = "not_a_batch", "A CloudEvents batch is a JSON array."
    TOO_MANY_EVENTS = "too_many_events", "The batch holds more events than the hub accepts at once."
    UNSUPPORTED_SPECVERSION = "unsupported_specversion", "Only CloudEvents version 1.0 is accepted."
    MISSING_ATTRIBUTE = "missing_attribute", "A required context attribute is missing."
    INVALID_ATTRIBUTE_NAME = "invalid_attribute_name", "Attribute names are lower-case letters and digits."
    INVALID_ATTRIBUTE_VALUE = "invalid_attribute_value", "A context attribute has a value of the wrong form."
    DUPLICATE_ATTRIBUTE = "duplicate_attribute", "A context attribute is given more than once."
    INVALID_TIME = "invalid_time", "The time is not an RFC 3339 timestamp with an offset."
    DATA_TWICE = "data_twice", "Both data and data_base64 are present."
    INVALID_BASE64 = "invalid_base64", "data_base64 is not Base64 as RFC 4648 defines it."

    # The hub's own profile, on top of the standard.
    UNKNOWN_ATTRIBUTE = (
        "unknown_attribute",
        "The event carries a context attribute that the hub does not know.",
    )
    DENY_BSN_IN_METADATA = (
        "deny_bsn_in_metadata",
        "The message showed a citizen service number outside the sealed part. It was refused and removed.",
    )
    SUBJECT_NOT_ALLOWED = "subject_not_allowed", "The attribute subject is absent when an event is published."
    INVALID_SOURCE = (
        "invalid_source",
        "The source is not a URN of the form urn:nld:… of at most 200 characters.",
    )
    INVALID_ID = "invalid_id", "The id has 1 to 100 characters."
    INVALID_TYPE = "invalid_type", "The type is not a reverse domain name that ends in a version such as v1."

    # Frames on Kafka.
    WRONG_MAGIC = "wrong_magic", "The record does not start with the byte 0 of the schema-registry format."
    TRUNCATED = "truncated", "The record ends too early."
    UNKNOWN_SCHEMA = "unknown_schema", "The record names a schema that the registry does not know."
    UNKNOWN_EVENT_TYPE = "unknown_event_type", "There is no schema for this type of event."
    MALFORMED_RECORD = "malformed_record", "The bytes do not follow the schema that the record names."
    FORM_MISMATCH = "form_mismatch", "The value does not have the form that the schema asks."

    # Subscriptions.
    INVALID_FILTER = "invalid_filter", "The filter does not follow the subscription filter dialects."
