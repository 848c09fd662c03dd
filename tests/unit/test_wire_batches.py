"""CloudEvents batches over HTTP."""

from __future__ import annotations

import json

import pytest

from hub.wire.cloudevents import MAXIMUM_BATCH_BYTES, MAXIMUM_BATCH_EVENTS, MAXIMUM_EVENT_BYTES, parse_batch
from hub.wire.envelope import WireError
from hub.wire.reasons import WireReason

STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
MINIMAL = {
    "specversion": "1.0",
    "id": "1",
    "source": "urn:nld:oin:1",
    "type": "nl.jeugdigen.signal.raised.v1",
}


def test_batches_give_one_result_per_event() -> None:
    """One bad event does not take the others with it, and each result stands at its place."""
    good = json.dumps(MINIMAL).encode().decode()
    twice = good.replace("{", '{"id":"0",', 1)
    large = json.dumps({**MINIMAL, "data": "x" * MAXIMUM_EVENT_BYTES})
    half = json.dumps({**MINIMAL, "data": "\ud800"})
    items = [good, "5", twice, good.replace('"1"', "NaN"), large, half, good]
    results = parse_batch(BATCH, f" [ {' , '.join(items)} ] ".encode())
    reasons = [result.reason if isinstance(result, WireError) else "" for result in results]
    assert reasons == [
        "",
        WireReason.NOT_A_CLOUDEVENT,
        WireReason.DUPLICATE_MEMBER,
        WireReason.MALFORMED_JSON,
        WireReason.TOO_LARGE,
        WireReason.INVALID_UNICODE,
        "",
    ]


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        (STRUCTURED, b"[]", WireReason.UNSUPPORTED_MEDIA_TYPE),
        ({}, b"[]", WireReason.UNSUPPORTED_MEDIA_TYPE),
        ({"content-type": BATCH["content-type"] + ";charset=x"}, b"[]", WireReason.UNSUPPORTED_CHARSET),
        (BATCH, b"{}", WireReason.NOT_A_BATCH),
        (BATCH, b"", WireReason.NOT_A_BATCH),
        (BATCH, b"[", WireReason.MALFORMED_JSON),
        (BATCH, b"[1", WireReason.MALFORMED_JSON),
        (BATCH, b"[1 2]", WireReason.MALFORMED_JSON),
        (BATCH, b"[1,]", WireReason.MALFORMED_JSON),
        (BATCH, b"[,1]", WireReason.MALFORMED_JSON),
        (BATCH, b"[]]", WireReason.TRAILING_BYTES),
        (BATCH, b"[1] 2", WireReason.TRAILING_BYTES),
        (BATCH, b"\xff", WireReason.INVALID_UTF8),
        (BATCH, b"[" * 70 + b"]" * 70, WireReason.TOO_DEEP),
        (BATCH, b"[" + b"1," * MAXIMUM_BATCH_EVENTS + b"1]", WireReason.TOO_MANY_EVENTS),
        (BATCH, b" " * (MAXIMUM_BATCH_BYTES + 1), WireReason.TOO_LARGE),
    ],
)
def test_batches_that_cannot_be_split(headers: dict[str, str], body: bytes, reason: WireReason) -> None:
    """A batch that is no array of events is refused as a whole."""
    with pytest.raises(WireError) as caught:
        parse_batch(headers, body)
    assert caught.value.reason == reason


def test_batches_have_limits_and_may_be_empty() -> None:
    """The empty batch and the fullest batch are both taken; cut anywhere, a batch is refused."""
    assert parse_batch(BATCH, b" [ ] ") == []
    full = b"[" + b",".join([json.dumps(MINIMAL).encode()] * MAXIMUM_BATCH_EVENTS) + b"]"
    assert len(parse_batch(BATCH, full)) == MAXIMUM_BATCH_EVENTS
    short = b"[" + json.dumps(MINIMAL).encode() + b"," + json.dumps(MINIMAL).encode() + b"]"
    for length in range(len(short)):
        with pytest.raises(WireError):
            parse_batch(BATCH, short[:length])
