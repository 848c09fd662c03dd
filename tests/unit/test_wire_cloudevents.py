"""CloudEvents over HTTP and Kafka: what is read, written and refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.model import Json
from hub.wire.attributes import LARGEST_INTEGER, is_timestamp
from hub.wire.cloudevents import (
    MAXIMUM_EVENT_BYTES,
    CloudEvent,
    parse_batch,
    parse_http,
    parse_kafka,
    render_binary,
    render_kafka,
    render_structured,
)
from hub.wire.envelope import WireError
from hub.wire.media_types import MediaType, parse_media_type
from hub.wire.reasons import WireReason

STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
MINIMAL = {
    "specversion": "1.0",
    "id": "1",
    "source": "urn:nld:oin:1",
    "type": "nl.jeugdigen.signal.raised.v1",
}
BINARY = {f"ce-{name}": value for name, value in MINIMAL.items()}
KAFKA = [(f"ce_{name}", value.encode()) for name, value in MINIMAL.items()]

# What section 3.1 of the specification allows in a String.
_ALLOWED = st.characters(exclude_categories=["Cs", "Cc", "Cn"])
TEXT = st.text(_ALLOWED, min_size=1, max_size=15)
NAME = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True).filter(
    lambda name: (
        name not in {"data", "specversion", "id", "source", "type", "time", "subject", "dataschema"}
        and name != "datacontenttype"
    )
)
JSON_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ATTRIBUTES = st.builds(
    lambda extensions, core: {**MINIMAL, **extensions, **core},
    st.dictionaries(NAME, TEXT, max_size=3),
    st.fixed_dictionaries(
        {}, optional={"id": TEXT, "subject": TEXT, "time": st.just("2026-03-02T09:00:00.5+01:00")}
    ),
)
JSON_EVENT = st.builds(
    lambda attributes, data: CloudEvent(
        {**attributes, "datacontenttype": "application/json"}, data, has_data=True
    ),
    ATTRIBUTES,
    JSON_VALUE,
)
BYTES_EVENT = st.builds(
    lambda attributes, data: CloudEvent({**attributes, "datacontenttype": "image/png"}, data, has_data=True),
    ATTRIBUTES,
    st.binary(min_size=1, max_size=30),
)
EVENT = JSON_EVENT | BYTES_EVENT | st.builds(CloudEvent, ATTRIBUTES)


def _body(**members: Json) -> bytes:
    return json.dumps({**MINIMAL, **members}).encode()


def _reason(call: Any, *arguments: Any) -> str:
    with pytest.raises(WireError) as caught:
        call(*arguments)
    return caught.value.reason


@given(EVENT)
def test_events_survive_structured_mode(event: CloudEvent) -> None:
    """What is written in structured mode is read back equal."""
    assert parse_http(*render_structured(event)) == event


@given(EVENT)
def test_events_survive_binary_mode(event: CloudEvent) -> None:
    """What is written in binary mode is read back equal, whatever characters the attributes hold."""
    headers, body = render_binary(event)
    assert all(value.isascii() for value in headers.values())
    assert parse_http({name.title(): value for name, value in headers.items()}, body) == event


@given(EVENT)
def test_events_survive_kafka(event: CloudEvent) -> None:
    """What is written as a Kafka record is read back equal, an empty value included."""
    assert parse_kafka(*render_kafka(event)) == event


@given(st.dictionaries(st.sampled_from([*BINARY, "content-type", "x"]), TEXT), st.binary(max_size=60))
def test_http_parsing_is_total(headers: dict[str, str], body: bytes) -> None:
    """Any headers and bytes give an event or a WireError."""
    for given_headers in (headers, {**headers, **BINARY}, {**headers, **STRUCTURED}, {**headers, **BATCH}):
        for parse in (parse_http, parse_batch):
            try:
                parse(given_headers, body)
            except WireError:
                continue


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"specversion": "0.3"}, WireReason.UNSUPPORTED_SPECVERSION),
        ({"specversion": 1.0}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"id": None}, WireReason.MISSING_ATTRIBUTE),
        ({"source": None}, WireReason.MISSING_ATTRIBUTE),
        ({"source": "with space"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"source": "bad%zz"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"id": "a\nb"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"ext": "\ufdd0"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"ext": "\U0010ffff"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"ext": 1.5}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"ext": LARGEST_INTEGER + 1}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"ext": []}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"Ext": "a"}, WireReason.INVALID_ATTRIBUTE_NAME),
        ({"my_ext": None}, WireReason.INVALID_ATTRIBUTE_NAME),
        ({"": "a"}, WireReason.INVALID_ATTRIBUTE_NAME),
        ({"SubscriberReference": "a"}, WireReason.INVALID_ATTRIBUTE_NAME),
        ({"dataschema": "no-scheme"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"dataschema": "https://a b"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"datacontenttype": "json"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"datacontenttype": "a/b; charset=x; charset=y"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({"time": "2026-02-30T00:00:00Z"}, WireReason.INVALID_TIME),
        ({"data_base64": 5}, WireReason.INVALID_BASE64),
        ({"data_base64": "a"}, WireReason.INVALID_BASE64),
        ({"data_base64": "Zm9v\n"}, WireReason.INVALID_BASE64),
        ({"data_base64": "Zm\u00f6v"}, WireReason.INVALID_BASE64),
        ({"data": None, "data_base64": "Zm9v"}, WireReason.DATA_TWICE),
    ],
)
def test_structured_events_that_are_none(members: dict[str, Json], reason: WireReason) -> None:
    """Each departure from the JSON format has its reason."""
    assert _reason(parse_http, STRUCTURED, _body(**members)) == reason


def test_structured_bodies_that_are_no_object() -> None:
    """A body that is no JSON object, is too large or has something after it is refused."""
    assert _reason(parse_http, STRUCTURED, b"[]") == WireReason.NOT_A_CLOUDEVENT
    assert _reason(parse_http, STRUCTURED, b" " * (MAXIMUM_EVENT_BYTES + 1)) == WireReason.TOO_LARGE
    assert _reason(parse_http, STRUCTURED, _body() + b"x") == WireReason.TRAILING_BYTES
    assert parse_http(STRUCTURED, _body().ljust(MAXIMUM_EVENT_BYTES)).attributes == MINIMAL


def test_attribute_values_have_one_text_form() -> None:
    """Booleans and integers become text as the specification writes them; null counts as not set."""
    event = parse_http(STRUCTURED, _body(a=True, b=False, c=-5, d=None, e="", subscriberReference="r"))
    assert event.attributes == {
        **MINIMAL,
        "a": "true",
        "b": "false",
        "c": "-5",
        "e": "",
        "subscriberReference": "r",
    }


@pytest.mark.parametrize(
    ("members", "data", "has_data"),
    [
        ({}, None, False),
        ({"data": None}, None, True),
        ({"data_base64": None}, None, False),
        ({"data": 5, "data_base64": None}, 5, True),
        ({"data_base64": ""}, b"", True),
        ({"data_base64": "AQID"}, b"\x01\x02\x03", True),
        ({"datacontenttype": "text/plain", "data": "text"}, "text", True),
    ],
)
def test_absent_data_is_not_null(members: dict[str, Json], data: Json, has_data: bool) -> None:  # noqa: FBT001
    """No data, JSON null and no bytes are three different things."""
    event = parse_http(STRUCTURED, _body(**members))
    assert (event.data, event.has_data) == (data, has_data)
    assert parse_http(*render_structured(event)) == event


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, WireReason.NOT_A_CLOUDEVENT),
        ({"content-type": "application/json"}, WireReason.NOT_A_CLOUDEVENT),
        ({"content-type": "nonsense"}, WireReason.UNSUPPORTED_MEDIA_TYPE),
        ({"content-type": "application/cloudevents+xml"}, WireReason.UNSUPPORTED_MEDIA_TYPE),
        ({"content-type": "application/cloudevents"}, WireReason.UNSUPPORTED_MEDIA_TYPE),
        (BATCH, WireReason.UNSUPPORTED_MEDIA_TYPE),
        ({"content-type": "application/cloudevents+json; charset=utf-16"}, WireReason.UNSUPPORTED_CHARSET),
        ({**STRUCTURED, "Content-Type": "text/plain"}, WireReason.DUPLICATE_ATTRIBUTE),
        ({"ce-id": "1"}, WireReason.MISSING_ATTRIBUTE),
        ({**BINARY, "CE-ID": "2"}, WireReason.DUPLICATE_ATTRIBUTE),
        ({**BINARY, "ce-datacontenttype": "text/plain"}, WireReason.DUPLICATE_ATTRIBUTE),
        ({**BINARY, "ce-data": "x"}, WireReason.INVALID_ATTRIBUTE_NAME),
        ({**BINARY, "ce-my-ext": "x"}, WireReason.INVALID_ATTRIBUTE_NAME),
        ({**BINARY, "ce-": "x"}, WireReason.INVALID_ATTRIBUTE_NAME),
        ({**BINARY, "ce-ext": "caf\u00e9"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({**BINARY, "ce-ext": "5%"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({**BINARY, "ce-ext": "%4"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({**BINARY, "ce-ext": "%ff"}, WireReason.INVALID_UTF8),
        ({**BINARY, "ce-ext": "%0a"}, WireReason.INVALID_ATTRIBUTE_VALUE),
        ({**BINARY, "content-type": "application/json; charset=latin1"}, WireReason.UNSUPPORTED_CHARSET),
        ({**BINARY, "content-type": "application/problem+json"}, WireReason.MALFORMED_JSON),
    ],
)
def test_http_requests_that_are_no_event(headers: dict[str, str], reason: WireReason) -> None:
    """The headers decide the mode, and each wrong one has its reason."""
    assert _reason(parse_http, headers, b"{") == reason


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a%20b", "a b"),
        ("%E2%82%AC", "\u20ac"),
        ("%2541", "%41"),
        ('"a b"', "a b"),
        (r'"a\"b\\"', 'a"b\\'),
        ('"50%25"', "50%"),
        ("a b", "a b"),
        ("  a  ", "a"),
        ('"', '"'),
    ],
)
def test_header_values_are_decoded_once(value: str, text: str) -> None:
    """Quoting is undone, then one round of percent-encoding (HTTP binding, section 3.1.3.2)."""
    assert parse_http({**BINARY, "ce-ext": value}, b"").attributes["ext"] == text


def test_binary_mode_reads_json_and_keeps_bytes() -> None:
    """JSON content is parsed, other content stays bytes, and no body is no data."""
    json_event = parse_http({**BINARY, "Content-Type": 'application/json; charset="UTF-8"'}, b'{"a":1}')
    assert (json_event.data, json_event.has_data) == ({"a": 1}, True)
    assert json_event.attributes["datacontenttype"] == 'application/json; charset="UTF-8"'
    assert parse_http({**BINARY, "content-type": "text/plain"}, b"x").data == b"x"
    assert parse_http(BINARY, b"\x00").data == b"\x00"
    assert not parse_http({**BINARY, "content-type": "application/json"}, b"").has_data
    assert (
        _reason(parse_http, {**BINARY, "content-type": "application/json"}, b"1 2")
        == WireReason.TRAILING_BYTES
    )


def test_the_camel_case_exception_keeps_its_name() -> None:
    """`subscriberReference` is one attribute, although HTTP headers have no case."""
    event = parse_http({**BINARY, "CE-SubscriberReference": "r"}, b"")
    assert event.attributes["subscriberReference"] == "r"
    assert render_binary(event)[0]["ce-subscriberreference"] == "r"


def test_names_that_differ_in_case_only_are_not_merged() -> None:
    """HTTP headers cannot carry two names that differ in case only: the event is refused, not shortened."""
    both = CloudEvent({**MINIMAL, "subscriberReference": "a", "subscriberreference": "b"})
    assert parse_http(*render_structured(both)) == both
    assert _reason(render_binary, both) == WireReason.DUPLICATE_ATTRIBUTE


def test_rendering_says_what_the_content_is() -> None:
    """JSON without a type gets its type, text stays text, and nothing is sent under a wrong name."""
    headers, body = render_binary(CloudEvent(MINIMAL, {"a": "\u20ac"}, has_data=True))
    assert (headers["content-type"], body) == ("application/json", '{"a":"\u20ac"}'.encode())
    text = CloudEvent({**MINIMAL, "datacontenttype": "text/plain"}, "\u20ac", has_data=True)
    assert render_binary(text)[1] == "\u20ac".encode()
    assert "content-type" not in render_binary(CloudEvent(MINIMAL))[0]
    assert "content-type" not in dict(render_kafka(CloudEvent(MINIMAL, b"x", has_data=True))[0])
    wrong = CloudEvent({**MINIMAL, "datacontenttype": "text/plain"}, {"a": 1}, has_data=True)
    for render in (render_binary, render_kafka):
        assert _reason(render, wrong) == WireReason.UNSUPPORTED_MEDIA_TYPE
    for render in (render_binary, render_structured, render_kafka):
        assert _reason(render, CloudEvent({**MINIMAL, "source": ""})) == WireReason.INVALID_ATTRIBUTE_VALUE


@pytest.mark.parametrize(
    ("headers", "value", "reason"),
    [
        ([], b"{}", WireReason.NOT_A_CLOUDEVENT),
        ([("content-type", b"application/json")], b"{}", WireReason.NOT_A_CLOUDEVENT),
        ([("content-type", b"nonsense")], b"{}", WireReason.UNSUPPORTED_MEDIA_TYPE),
        ([("content-type", b"application/cloudevents+avro")], b"{}", WireReason.UNSUPPORTED_MEDIA_TYPE),
        ([("content-type", b"application/cloudevents+json")], None, WireReason.MALFORMED_JSON),
        (
            [("content-type", b"application/cloudevents+json;charset=x")],
            b"{}",
            WireReason.UNSUPPORTED_CHARSET,
        ),
        ([*KAFKA, ("ce_id", b"2")], None, WireReason.DUPLICATE_ATTRIBUTE),
        ([*KAFKA, ("ce_datacontenttype", b"text/plain")], None, WireReason.DUPLICATE_ATTRIBUTE),
        ([*KAFKA, ("ce_ext", b"\xff")], None, WireReason.INVALID_UTF8),
        ([*KAFKA, ("ce_Ext", b"x")], None, WireReason.INVALID_ATTRIBUTE_NAME),
        ([*KAFKA, ("content-type", b"application/json")], b"", WireReason.MALFORMED_JSON),
        (KAFKA, bytes(MAXIMUM_EVENT_BYTES + 1), WireReason.TOO_LARGE),
        (KAFKA[1:], None, WireReason.MISSING_ATTRIBUTE),
    ],
)
def test_records_that_are_no_event(
    headers: list[tuple[str, bytes]], value: bytes | None, reason: WireReason
) -> None:
    """A record of a partner's topic is refused with the same reasons as a request."""
    assert _reason(parse_kafka, headers, value) == reason


def test_kafka_modes() -> None:
    """Headers of other programs are ignored; structured mode is known by its content type; empty is not absent."""
    structured = parse_kafka(
        [("content-type", b"application/cloudevents+json"), ("other", b"\xff")], _body(data=1)
    )
    assert (structured.attributes, structured.data) == (MINIMAL, 1)
    assert parse_kafka([*KAFKA, ("other", b"x")], None) == CloudEvent(MINIMAL)
    assert parse_kafka(KAFKA, b"") == CloudEvent(MINIMAL, b"", has_data=True)
    assert render_kafka(CloudEvent(MINIMAL))[1] is None


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2026-03-02T09:00:00Z", True),
        ("2026-03-02t09:00:00.123456789z", True),
        ("2026-12-31T23:59:60Z", True),
        ("2024-02-29T00:00:00-23:59", True),
        ("2026-02-29T00:00:00Z", False),
        ("2026-03-02T24:00:00Z", False),
        ("2026-03-02T09:00:00+24:00", False),
        ("2026-03-02T09:00:00+01:60", False),
        ("2026-03-02T09:00:00", False),
        ("2026-03-02 09:00:00Z", False),
        ("2026-03-02T09:00:00.Z", False),
        ("\u0662026-03-02T09:00:00Z", False),
    ],
)
def test_timestamps(text: str, valid: bool) -> None:  # noqa: FBT001
    """A time is an existing RFC 3339 timestamp with an offset."""
    assert is_timestamp(text) is valid


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("application/JSON", MediaType("application/json", None)),
        ('text/plain ; Charset="UTF-8"', MediaType("text/plain", "utf-8")),
        ("a/b;x=y;", MediaType("a/b", None)),
        ("a/b; charset=", None),
        ("a", None),
        ("", None),
        ("a/b c", None),
    ],
)
def test_media_types(text: str, expected: MediaType | None) -> None:
    """Media types are read without regard to case, and text that is none gives none."""
    assert parse_media_type(text) == expected
