"""The Confluent wire format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.wire.envelope import WireError
from hub.wire.framing import HEADER_BYTES, join_frame, split_frame
from hub.wire.reasons import WireReason

FRAMES = (
    Path(__file__).resolve().parents[2].parent
    / "shared"
    / "samples"
    / "schema-registry-wire-format"
    / "frames.json"
)


@given(st.integers(0, 2**32 - 1), st.binary(max_size=100))
def test_split_is_the_inverse_of_join(schema_id: int, payload: bytes) -> None:
    """Any id of 32 bits and any payload come back, in five bytes of header."""
    frame = join_frame(schema_id, payload)
    assert split_frame(frame) == (schema_id, payload)
    assert len(frame) == HEADER_BYTES + len(payload)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", WireReason.TRUNCATED),
        (b"\x00", WireReason.TRUNCATED),
        (b"\x00\x00\x00\x00", WireReason.TRUNCATED),
        (b"\x01", WireReason.WRONG_MAGIC),
        (b"Obj\x01 container file", WireReason.WRONG_MAGIC),
        (b"\xc3\x01 single object", WireReason.WRONG_MAGIC),
    ],
)
def test_what_is_no_frame_is_refused(frame: bytes, reason: WireReason) -> None:
    """A wrong first byte and a short header each have their reason."""
    with pytest.raises(WireError) as caught:
        split_frame(frame)
    assert caught.value.reason == reason


@pytest.mark.skipif(not FRAMES.is_file(), reason="the published frames lie beside the project, not in it")
def test_published_frames() -> None:
    """The published frames split as their table says."""
    for case in json.loads(FRAMES.read_text(encoding="utf-8"))["frames"]:
        frame = bytes.fromhex(case["hex"])
        if case["expected"] == "invalid":
            with pytest.raises(WireError):
                split_frame(frame)
        else:
            assert split_frame(frame) == (case["schemaId"], frame[case["payloadOffset"] :])
