"""The CloudEvents JSON event format 1.0.2: one event as a JSON object."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Final

from hub.core.model import Json, JsonObject
from hub.wire.attributes import check_attributes, check_name, text_of
from hub.wire.envelope import WireError
from hub.wire.event import CloudEvent
from hub.wire.reasons import WireReason

DATA: Final = "data"
DATA_BASE64: Final = "data_base64"


def _base64(value: Json) -> bytes:
    if not isinstance(value, str):
        raise WireError(WireReason.INVALID_BASE64)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise WireError(WireReason.INVALID_BASE64) from None


def event_from_json(value: Json) -> CloudEvent:
    """Return the event of a JSON value; null attributes count as not set (JSON format, section 2.2).

    Raises `WireError`: `not_a_cloudevent` (no object), the reasons of `check_attributes`, `data_twice`,
    `invalid_base64`.
    """
    if not isinstance(value, dict):
        raise WireError(WireReason.NOT_A_CLOUDEVENT)
    texts = {name: text_of(name, member) for name, member in value.items() if name not in {DATA, DATA_BASE64}}
    for name in texts:
        check_name(name)  # also of attributes that are null
    attributes = {name: text for name, text in texts.items() if text is not None}
    check_attributes(attributes)
    encoded = value.get(DATA_BASE64)
    if encoded is None:
        return CloudEvent(attributes, value.get(DATA), has_data=DATA in value)
    if DATA in value:
        raise WireError(WireReason.DATA_TWICE)
    return CloudEvent(attributes, _base64(encoded), has_data=True)


def event_to_json(event: CloudEvent) -> JsonObject:
    """Return the JSON object of an event; bytes become `data_base64`. Raises as `check_attributes` does."""
    check_attributes(event.attributes)
    document: JsonObject = dict(event.attributes)
    if event.has_data:
        if isinstance(event.data, bytes):
            document[DATA_BASE64] = base64.b64encode(event.data).decode("ascii")
        else:
            document[DATA] = event.data
    return document


def json_bytes(value: Json) -> bytes:
    """Return compact UTF-8 JSON in the order given. Raises `WireError` `form_mismatch` or `invalid_unicode`."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:
        raise WireError(WireReason.INVALID_UNICODE) from None
    except (TypeError, ValueError, RecursionError):
        raise WireError(WireReason.FORM_MISMATCH, "not a JSON value") from None
