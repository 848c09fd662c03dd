"""CloudEvents over Kafka: binary and structured mode (Kafka protocol binding 1.0.2)."""

from __future__ import annotations

from typing import Final

from hub.wire.attributes import check_attributes
from hub.wire.envelope import WireError
from hub.wire.event import MAXIMUM_EVENT_BYTES, CloudEvent
from hub.wire.http_binding import CONTENT_TYPE, binary_content, binary_event, require_size
from hub.wire.json_format import event_from_json
from hub.wire.media_types import CLOUDEVENTS_PREFIX, STRUCTURED_JSON, MediaType, parse_media_type
from hub.wire.reasons import WireReason
from hub.wire.strict_json import decode_utf8, parse_json

HEADER_PREFIX: Final = "ce_"

KafkaHeaders = list[tuple[str, bytes]]


def _texts(headers: KafkaHeaders) -> dict[str, str]:
    """Return the headers that concern CloudEvents. One that comes twice is refused."""
    texts: dict[str, str] = {}
    for name, value in headers:
        if name != CONTENT_TYPE and not name.startswith(HEADER_PREFIX):
            continue
        if name in texts:
            raise WireError(WireReason.DUPLICATE_ATTRIBUTE)
        texts[name] = decode_utf8(value)
    return texts


def _media_type(texts: dict[str, str]) -> MediaType | None:
    if CONTENT_TYPE not in texts:
        return None
    media_type = parse_media_type(texts[CONTENT_TYPE])
    if media_type is None:
        raise WireError(WireReason.UNSUPPORTED_MEDIA_TYPE)
    return media_type


def parse_kafka(headers: KafkaHeaders, value: bytes | None) -> CloudEvent:
    """Return the event of a record. Binary mode: `ce_…` headers; structured mode: by the content-type header.

    A value of None is no data; an empty value is data of no bytes. Raises `WireError` as `parse_http` does.
    """
    require_size(value or b"", MAXIMUM_EVENT_BYTES)
    texts = _texts(headers)
    media_type = _media_type(texts)
    if media_type is not None and media_type.essence.startswith(CLOUDEVENTS_PREFIX):
        if media_type.essence != STRUCTURED_JSON:
            raise WireError(WireReason.UNSUPPORTED_MEDIA_TYPE)
        media_type.require_utf8()
        return event_from_json(parse_json(value or b""))
    if not any(name.startswith(HEADER_PREFIX) for name in texts):
        raise WireError(WireReason.NOT_A_CLOUDEVENT)
    return binary_event(_attributes(texts), media_type, value)


def _attributes(texts: dict[str, str]) -> dict[str, str]:
    if f"{HEADER_PREFIX}datacontenttype" in texts:
        raise WireError(WireReason.DUPLICATE_ATTRIBUTE, "datacontenttype")
    names = {
        name: "datacontenttype" if name == CONTENT_TYPE else name.removeprefix(HEADER_PREFIX)
        for name in texts
    }
    return {names[name]: text for name, text in texts.items()}


def render_kafka(event: CloudEvent) -> tuple[KafkaHeaders, bytes | None]:
    """Return headers and value of binary mode. Raises `WireError` for an event that is none."""
    check_attributes(event.attributes)
    headers = [
        (f"{HEADER_PREFIX}{name}", value.encode("utf-8"))
        for name, value in event.attributes.items()
        if name != "datacontenttype"
    ]
    content_type, value = binary_content(event)
    if content_type is not None:
        headers.append((CONTENT_TYPE, content_type.encode("utf-8")))
    return headers, value
