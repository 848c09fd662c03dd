"""Canonical event <-> Avro bytes in the Confluent wire format. Strict in both directions.

What does not fit the typed form is refused when encoding (`form_mismatch`): nothing is dropped or repaired. Values
outside a closed list do fit: the decision judges them and gives its own reason.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any, Final

from fastavro import schemaless_reader, schemaless_writer

from hub.core.model import Json, JsonObject
from hub.wire.envelope import SealedEvent, SealedSection, WireError
from hub.wire.framing import join_frame, split_frame
from hub.wire.reasons import WireReason
from hub.wire.record_source import RECORDS
from hub.wire.registry import Schema, latest_schema, schema_by_id
from hub.wire.schema_source import MAJOR_VERSION

MAXIMUM_FRAME_BYTES: Final = 256 * 1024
"""Largest record on hub.events. A publication holds 64 KiB (EVENTS.md section 1); JSON escapes can triple it when
sections are written anew, sealing pads each section, and the metadata is stored beside it. Kafka's own default
is 1 MiB, so the broker never is the first to refuse."""

TAG_BYTES: Final = 16
"""A ciphertext of AES-256-GCM is never shorter than its tag."""

# What fastavro raises on bytes that do not follow the schema.
_READ_ERRORS: Final = (
    EOFError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


def _encode(schema: Schema, value: Json) -> bytes:
    datum = schema.translation.to_avro(value)
    buffer = BytesIO()
    try:
        schemaless_writer(buffer, schema.parsed, datum)
    except UnicodeEncodeError:
        raise WireError(WireReason.INVALID_UNICODE) from None
    frame = join_frame(schema.entry.schema_id, buffer.getvalue())
    if len(frame) > MAXIMUM_FRAME_BYTES:
        raise WireError(WireReason.TOO_LARGE, f"more than {MAXIMUM_FRAME_BYTES} bytes")
    return frame


def _decode(frame: bytes) -> tuple[Schema, Any]:
    if len(frame) > MAXIMUM_FRAME_BYTES:
        raise WireError(WireReason.TOO_LARGE, f"more than {MAXIMUM_FRAME_BYTES} bytes")
    schema_id, payload = split_frame(frame)
    schema = schema_by_id(schema_id)
    buffer = BytesIO(payload)
    try:
        datum = schemaless_reader(buffer, schema.parsed, None)
    except EOFError:
        raise WireError(WireReason.TRUNCATED, schema.entry.subject) from None
    except _READ_ERRORS:
        raise WireError(WireReason.MALFORMED_RECORD, schema.entry.subject) from None
    if buffer.tell() != len(payload):
        raise WireError(WireReason.TRAILING_BYTES, schema.entry.subject)
    return schema, datum


def _subject(name: str) -> str:
    return f"{name}.v{MAJOR_VERSION}"


def _name(schema: Schema) -> str:
    return schema.entry.subject.removesuffix(f".v{MAJOR_VERSION}")


def _event_schema(event: Json) -> Schema:
    name = event.get("type") if isinstance(event, dict) else None
    schema = latest_schema(_subject(name)) if isinstance(name, str) and name not in RECORDS else None
    if schema is None:
        raise WireError(WireReason.UNKNOWN_EVENT_TYPE)
    return schema


def encode(sealed: SealedEvent) -> bytes:
    """Return the frame of an event, under the newest released schema of its type.

    Raises `WireError`: `unknown_event_type`, `form_mismatch` (a field of the wrong type, missing or unknown; the
    detail names known fields only), `number_out_of_range` (an integer beyond 64 bits), `invalid_unicode`,
    `too_large`.
    """
    schema = _event_schema(sealed.event)
    value: JsonObject = {
        "uid": sealed.uid,
        "accepted_at": sealed.accepted_at,
        "authenticated_org": sealed.authenticated_org,
        "key": sealed.key,
        "event": sealed.event,
        "sealed": {name: _section_value(section) for name, section in sealed.sealed.items()},
    }
    if sealed.traceparent is not None:
        value["traceparent"] = sealed.traceparent
    return _encode(schema, value)


def _section_value(section: SealedSection) -> JsonObject:
    if len(section.ciphertext) < TAG_BYTES:
        raise WireError(WireReason.FORM_MISMATCH, "sealed.*.ciphertext")
    return {"key_id": section.key_id, "nonce": section.nonce, "ciphertext": section.ciphertext}


def decode(frame: bytes) -> SealedEvent:
    """Return the event of a frame.

    Raises `WireError`: `wrong_magic`, `truncated`, `unknown_schema`, `unknown_event_type` (a frame of another
    kind of record), `malformed_record`, `trailing_bytes`, `too_large`.
    """
    schema, datum = _decode(frame)
    if _name(schema) in RECORDS:
        raise WireError(WireReason.UNKNOWN_EVENT_TYPE, schema.entry.subject)
    value = _from_avro(schema, datum)
    if value["event"]["type"] != _name(schema):
        raise WireError(WireReason.MALFORMED_RECORD, "type")
    return SealedEvent(
        uid=value["uid"],
        event=value["event"],
        authenticated_org=value["authenticated_org"],
        accepted_at=value["accepted_at"],
        key=value["key"],
        sealed={name: _sealed_section(section) for name, section in value["sealed"].items()},
        traceparent=value.get("traceparent"),
    )


def _sealed_section(section: dict[str, Any]) -> SealedSection:
    if len(section["ciphertext"]) < TAG_BYTES:
        raise WireError(WireReason.MALFORMED_RECORD, "ciphertext")
    return SealedSection(section["key_id"], section["nonce"], section["ciphertext"])


def _from_avro(schema: Schema, datum: Any) -> Any:
    return datum if schema.translation.from_avro is None else schema.translation.from_avro(datum)


def encode_record(name: str, record: JsonObject) -> bytes:
    """Return the frame of an outbox record; `name` is `decision` or `alert` (`hub/wire/record_source.py`).

    Raises `WireError` as `encode` does; a name without a schema is `unknown_schema`.
    """
    schema = latest_schema(_subject(name)) if name in RECORDS else None
    if schema is None:
        raise WireError(WireReason.UNKNOWN_SCHEMA)
    return _encode(schema, record)


def decode_record(frame: bytes) -> tuple[str, JsonObject]:
    """Return name and value of an outbox record. Raises `WireError` as `decode` does."""
    schema, datum = _decode(frame)
    if _name(schema) not in RECORDS:
        raise WireError(WireReason.UNKNOWN_SCHEMA, schema.entry.subject)
    return _name(schema), _from_avro(schema, datum)
