"""CloudEvents over HTTP: structured mode, binary mode and batches (HTTP protocol binding 1.0.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from hub.core.model import Json
from hub.wire.attributes import CAMEL_CASE_EXCEPTION, check_attributes
from hub.wire.envelope import WireError
from hub.wire.event import MAXIMUM_EVENT_BYTES, CloudEvent
from hub.wire.json_format import event_from_json, event_to_json, json_bytes
from hub.wire.media_types import (
    BATCH_JSON,
    CLOUDEVENTS_PREFIX,
    JSON,
    STRUCTURED_JSON,
    MediaType,
    parse_media_type,
)
from hub.wire.reasons import WireReason
from hub.wire.strict_json import decode_utf8, parse_json, parse_value, require_shallow, skip_whitespace

MAXIMUM_BATCH_BYTES: Final = 1024 * 1024
"""A batch of sixteen full events; a partner's backlog goes in several requests, so that no answer takes long."""

MAXIMUM_BATCH_EVENTS: Final = 100
"""Each event is written to Kafka before the answer: a hundred stay well under a client's time limit."""

CONTENT_TYPE: Final = "content-type"
HEADER_PREFIX: Final = "ce-"
STRUCTURED_CONTENT_TYPE: Final = f"{STRUCTURED_JSON}; charset=utf-8"

_PERCENT: Final = re.compile(r"%([0-9A-Fa-f]{2})?")
_HEADER_TEXT: Final = re.compile(r"[\x20-\x7e\t]*")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE: Final = re.compile(r"\\(.)")
# Section 3.1.3.2: what a header value may hold without percent-encoding: U+0021 to U+007E without " and %.
_PLAIN: Final = "!#$&'()*+,/:;<=>?@[\\]^`{|}"

Message = tuple[dict[str, str], bytes]
"""Headers and body."""


def _fold(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that concern CloudEvents by lower-case name. One that comes twice is refused."""
    folded: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.lower()
        if lower != CONTENT_TYPE and not lower.startswith(HEADER_PREFIX):
            continue
        if lower in folded:
            raise WireError(WireReason.DUPLICATE_ATTRIBUTE)
        folded[lower] = value
    return folded


def _media_type(folded: Mapping[str, str]) -> MediaType | None:
    if CONTENT_TYPE not in folded:
        return None
    media_type = parse_media_type(folded[CONTENT_TYPE])
    if media_type is None:
        raise WireError(WireReason.UNSUPPORTED_MEDIA_TYPE)
    return media_type


def require_size(body: bytes, maximum_bytes: int) -> None:
    """Refuse a body that is larger (`too_large`)."""
    if len(body) > maximum_bytes:
        raise WireError(WireReason.TOO_LARGE, f"more than {maximum_bytes} bytes")


def parse_http(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """Return the event of a request, in structured JSON or binary mode; the headers decide which.

    Header names may have any case. Structured: `Content-Type: application/cloudevents+json`. Binary: `ce-…` headers;
    an empty body means no data. Raises `WireError` with a `WireReason`; other structured formats (XML) and
    batches are `unsupported_media_type`.
    """
    require_size(body, MAXIMUM_EVENT_BYTES)
    folded = _fold(headers)
    media_type = _media_type(folded)
    if media_type is not None and media_type.essence.startswith(CLOUDEVENTS_PREFIX):
        if media_type.essence != STRUCTURED_JSON:
            raise WireError(WireReason.UNSUPPORTED_MEDIA_TYPE)
        media_type.require_utf8()
        return event_from_json(parse_json(body))
    if not any(name.startswith(HEADER_PREFIX) for name in folded):
        raise WireError(WireReason.NOT_A_CLOUDEVENT)
    attributes = _binary_attributes(folded)
    return binary_event(attributes, media_type, body or None)


def _binary_attributes(folded: Mapping[str, str]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for header, value in folded.items():
        if header == CONTENT_TYPE:
            attributes["datacontenttype"] = value
            continue
        name = header.removeprefix(HEADER_PREFIX)
        if name == CAMEL_CASE_EXCEPTION.lower():
            name = CAMEL_CASE_EXCEPTION
        if name == "datacontenttype":
            # Section 3.1.3.1: this attribute is the Content-Type header, and nothing else.
            raise WireError(WireReason.DUPLICATE_ATTRIBUTE, name)
        attributes[name] = _header_value(value)
    return attributes


def _header_value(value: str) -> str:
    """Undo quoting and one round of percent-encoding (section 3.1.3.2)."""
    if not _HEADER_TEXT.fullmatch(value):
        raise WireError(WireReason.INVALID_ATTRIBUTE_VALUE, "header")
    value = value.strip(" \t")
    quoted = _QUOTED.fullmatch(value)
    if quoted:
        value = _ESCAPE.sub(r"\1", quoted[1])
    if not all(match[1] for match in _PERCENT.finditer(value)):
        raise WireError(WireReason.INVALID_ATTRIBUTE_VALUE, "header")
    octets = re.sub(
        rb"%([0-9A-Fa-f]{2})", lambda match: bytes.fromhex(match[1].decode("ascii")), value.encode("ascii")
    )
    return decode_utf8(octets)


def binary_event(attributes: dict[str, str], media_type: MediaType | None, body: bytes | None) -> CloudEvent:
    """Return the event of binary mode: JSON content is parsed, other content stays bytes. None is no data."""
    check_attributes(attributes)
    if body is None:
        return CloudEvent(attributes)
    if media_type is not None and media_type.is_json:
        media_type.require_utf8()
        return CloudEvent(attributes, parse_json(body), has_data=True)
    return CloudEvent(attributes, body, has_data=True)


def parse_batch(headers: Mapping[str, str], body: bytes) -> list[CloudEvent | WireError]:
    """Return one result per event of a batch, in order; an empty batch is valid.

    A batch that cannot be split raises `WireError`: `unsupported_media_type`, `unsupported_charset`, `too_large`,
    `invalid_utf8`, `malformed_json`, `not_a_batch`, `too_many_events`, `too_deep`, `trailing_bytes`. What is wrong
    with one event is that event's result.
    """
    require_size(body, MAXIMUM_BATCH_BYTES)
    media_type = _media_type(_fold(headers))
    if media_type is None or media_type.essence != BATCH_JSON:
        raise WireError(WireReason.UNSUPPORTED_MEDIA_TYPE)
    media_type.require_utf8()
    text = decode_utf8(body)
    require_shallow(text)
    position = skip_whitespace(text, 0)
    if text[position : position + 1] != "[":
        raise WireError(WireReason.NOT_A_BATCH)
    results, position = _batch_items(text, skip_whitespace(text, position + 1))
    if skip_whitespace(text, position) != len(text):
        raise WireError(WireReason.TRAILING_BYTES)
    return results


def _batch_items(text: str, position: int) -> tuple[list[CloudEvent | WireError], int]:
    results: list[CloudEvent | WireError] = []
    if text[position : position + 1] == "]":
        return results, position + 1
    while True:
        if len(results) == MAXIMUM_BATCH_EVENTS:
            raise WireError(WireReason.TOO_MANY_EVENTS, f"more than {MAXIMUM_BATCH_EVENTS}")
        result, position = _batch_item(text, position)
        results.append(result)
        position = skip_whitespace(text, position)
        separator = text[position : position + 1]
        position = skip_whitespace(text, position + 1)
        if separator == "]":
            return results, position
        if separator != ",":
            raise WireError(WireReason.MALFORMED_JSON)


def _batch_item(text: str, position: int) -> tuple[CloudEvent | WireError, int]:
    parsed = parse_value(text, position)
    if parsed.fault:
        return WireError(parsed.fault), parsed.end
    try:
        require_size(text[position : parsed.end].encode("utf-8"), MAXIMUM_EVENT_BYTES)
        return event_from_json(parsed.value), parsed.end
    except WireError as error:
        return error, parsed.end


def render_structured(event: CloudEvent) -> Message:
    """Return headers and body of structured JSON mode. Raises `WireError` for an event that is none."""
    return {CONTENT_TYPE: STRUCTURED_CONTENT_TYPE}, json_bytes(event_to_json(event))


def render_binary(event: CloudEvent) -> Message:
    """Return headers and body of binary mode. Raises `WireError` for an event that is none.

    A payload without `datacontenttype` is JSON and gets that type, as the JSON format assumes it.
    """
    check_attributes(event.attributes)
    headers: dict[str, str] = {}
    for name, value in event.attributes.items():
        header = f"{HEADER_PREFIX}{name.lower()}"
        if header in headers:
            # Two names that differ in case only: HTTP could carry one of them.
            raise WireError(WireReason.DUPLICATE_ATTRIBUTE)
        headers[header] = quote(value, safe=_PLAIN)
    headers.pop(f"{HEADER_PREFIX}datacontenttype", None)
    content_type, body = binary_content(event)
    if content_type is not None:
        headers[CONTENT_TYPE] = content_type
    return headers, body or b""


def binary_content(event: CloudEvent) -> tuple[str | None, bytes | None]:
    """Return content type and bytes of a payload in binary mode; (…, None) without data.

    Raises `WireError` `unsupported_media_type` for a JSON value that is said to be something else than JSON or text.
    """
    declared = event.attributes.get("datacontenttype")
    if not event.has_data:
        return declared, None
    if isinstance(event.data, bytes):
        return declared, event.data
    return _rendered(declared, event.data)


def _rendered(declared: str | None, data: Json) -> tuple[str, bytes]:
    media_type = parse_media_type(declared or JSON)
    if media_type is not None and media_type.is_json:
        return declared or JSON, json_bytes(data)
    if declared is not None and isinstance(data, str):
        return declared, data.encode("utf-8")
    raise WireError(WireReason.UNSUPPORTED_MEDIA_TYPE)
