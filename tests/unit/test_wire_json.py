"""Strict JSON."""

from __future__ import annotations

import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.model import Json
from hub.wire.envelope import WireError
from hub.wire.json_format import json_bytes
from hub.wire.reasons import WireReason
from hub.wire.strict_json import MAXIMUM_DEPTH, parse_json, render_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def _kinds(value: Json) -> Json:
    """Return the value with the kind of each number beside it: 1, 1.0 and true are equal to Python."""
    if isinstance(value, list):
        return [_kinds(item) for item in value]
    if isinstance(value, dict):
        return {key: _kinds(item) for key, item in value.items()}
    return (type(value), value)


@given(VALUES)
def test_rendering_and_parsing_keep_the_value(value: Json) -> None:
    """Any JSON value survives, numbers keep their kind, and the text of a value is always the same."""
    text = render_json(value)
    assert _kinds(parse_json(text.encode())) == _kinds(value)
    assert render_json(parse_json(text.encode())) == text
    assert _kinds(parse_json(json_bytes(value))) == _kinds(value)


@given(st.binary(max_size=40) | TEXTS.map(str.encode))
def test_parsing_is_total(body: bytes) -> None:
    """Any bytes give a value or a WireError, and what the strict parser takes the standard library takes too."""
    try:
        value = parse_json(body)
    except WireError:
        return
    assert json.loads(body) == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", WireReason.MALFORMED_JSON),
        (b"  ", WireReason.MALFORMED_JSON),
        (b"{", WireReason.MALFORMED_JSON),
        (b"{'a':1}", WireReason.MALFORMED_JSON),
        (b'{"a":1,}', WireReason.MALFORMED_JSON),
        (b"/* c */ 1", WireReason.MALFORMED_JSON),
        (b"\xef\xbb\xbf{}", WireReason.MALFORMED_JSON),
        (b"NaN", WireReason.MALFORMED_JSON),
        (b"[-Infinity]", WireReason.MALFORMED_JSON),
        (b"01", WireReason.TRAILING_BYTES),
        (b"{} {}", WireReason.TRAILING_BYTES),
        (b"1\x00", WireReason.TRAILING_BYTES),
        (b'"\x01"', WireReason.MALFORMED_JSON),
        (b'{"a":1,"a":1}', WireReason.DUPLICATE_MEMBER),
        (b'[{"a":{"b":1,"\\u0062":2}}]', WireReason.DUPLICATE_MEMBER),
        (b"1e999", WireReason.NUMBER_OUT_OF_RANGE),
        (b"9" * 301, WireReason.NUMBER_OUT_OF_RANGE),
        (b"9" * 10_000, WireReason.NUMBER_OUT_OF_RANGE),
        (b'"\\ud800"', WireReason.INVALID_UNICODE),
        (b'{"\\uDFFF":1}', WireReason.INVALID_UNICODE),
        ('{"a":1}'.encode("utf-16"), WireReason.INVALID_UTF8),
        (b'"\xff"', WireReason.INVALID_UTF8),
        (b"[" * (MAXIMUM_DEPTH + 1), WireReason.TOO_DEEP),
        (b'{"a":' * (MAXIMUM_DEPTH + 1), WireReason.TOO_DEEP),
    ],
)
def test_kind_parsers_would_take_it(body: bytes, reason: WireReason) -> None:
    """Each thing that a kind parser lets pass is refused with its own reason."""
    with pytest.raises(WireError) as caught:
        parse_json(body)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b' \n\t\r{"a": [1, 2.5, true, null]} \n', {"a": [1, 2.5, True, None]}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\\\ud800"', "\\ud800"),
        (b"9" * 300, int("9" * 300)),
        (b'["' + b"[" * 100 + b'"]', ["[" * 100]),
        (b"[" * MAXIMUM_DEPTH + b"]" * MAXIMUM_DEPTH, None),
        (b"[" + b"[]," * 100 + b"[]]", [[]] * 101),
    ],
)
def test_what_json_allows_is_taken(body: bytes, value: Json) -> None:
    """White space, surrogate pairs, brackets inside text and wide arrays are no reason to refuse."""
    parsed = parse_json(body)
    assert value is None or parsed == value


@pytest.mark.parametrize("unit", [b'"', b'\\"', b'"\\', b'\\"[', b'["'])
def test_hostile_quotes_cost_no_time(unit: bytes) -> None:
    """A megabyte of unbalanced quotes is judged in well under the time limit of a request."""
    body = b"[" * 65 + unit * (1_000_000 // len(unit))
    started = time.monotonic()
    with pytest.raises(WireError):
        parse_json(body)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.nan, WireReason.FORM_MISMATCH),
        ({1: 2}, WireReason.FORM_MISMATCH),
        ((1,), WireReason.FORM_MISMATCH),
        ({"a": b"x"}, WireReason.FORM_MISMATCH),
        ({"a": {1, 2}}, WireReason.FORM_MISMATCH),
        ("\ud800", WireReason.INVALID_UNICODE),
    ],
)
def test_what_is_no_json_value_is_not_rendered(value: Json, reason: WireReason) -> None:
    """A Python value that JSON cannot give back exactly is refused, never changed on the way."""
    with pytest.raises(WireError) as caught:
        render_json(value)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.inf, WireReason.FORM_MISMATCH),
        (b"x", WireReason.FORM_MISMATCH),
        ("\udc00", WireReason.INVALID_UNICODE),
    ],
)
def test_bodies_are_json_or_nothing(value: Json, reason: WireReason) -> None:
    """An outgoing body is never half JSON."""
    with pytest.raises(WireError) as caught:
        json_bytes(value)
    assert caught.value.reason == reason


def test_a_value_that_contains_itself_is_refused() -> None:
    """A circular value ends in a WireError."""
    value: list[Json] = []
    value.append(value)
    for render in (render_json, json_bytes):
        with pytest.raises(WireError):
            render(value)
