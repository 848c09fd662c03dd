"""The Confluent wire format: byte 0, four bytes of schema id, payload. Pure split and join."""

from __future__ import annotations

import struct

from hub.wire.envelope import WireError
from hub.wire.reasons import WireReason

MAGIC = 0
"""The only version of the format there is."""

HEADER_BYTES = 5
"""One byte of magic and an unsigned 32-bit schema id, big-endian."""

_HEADER = struct.Struct(">BI")


def split_frame(frame: bytes) -> tuple[int, bytes]:
    """Return schema id and payload of a frame. An empty payload is a payload: the schema judges it.

    Raises `WireError`: `truncated` (fewer than five bytes), `wrong_magic` (the first byte is not 0; an Avro
    container file or single-object message is such a frame).
    """
    if frame[:1] and frame[0] != MAGIC:
        raise WireError(WireReason.WRONG_MAGIC)
    if len(frame) < HEADER_BYTES:
        raise WireError(WireReason.TRUNCATED, "frame header")
    schema_id: int = _HEADER.unpack_from(frame)[1]
    return schema_id, frame[HEADER_BYTES:]


def join_frame(schema_id: int, payload: bytes) -> bytes:
    """Return the frame of a payload. `schema_id` is an unsigned 32-bit number; another is a programming error."""
    return _HEADER.pack(MAGIC, schema_id) + payload
