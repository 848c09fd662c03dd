"""What the hub asks of an event beyond CloudEvents 1.0: NL GOV profile 1.1 and EVENTS.md section 1."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from hub.core.numbers import metadata_refused
from hub.core.times import parse_instant
from hub.wire.attributes import CAMEL_CASE_EXCEPTION, CORE, is_uri_reference, shown
from hub.wire.envelope import WireError
from hub.wire.event import CloudEvent
from hub.wire.media_types import JSON, parse_media_type
from hub.wire.reasons import WireReason

INGRESS_EXTENSIONS: Final = frozenset(
    {
        "dataref",
        "domain",
        "sequence",
        "sequencetype",
        "subscription",
        CAMEL_CASE_EXCEPTION,
        "traceparent",
        "tracestate",
    }
)
"""Extensions that partners may use: those of the profile, of the VNG Notification API and of W3C Trace Context."""

MAXIMUM_ID_CHARACTERS: Final = 100
MAXIMUM_SOURCE_CHARACTERS: Final = 200
MAXIMUM_EXTENSION_CHARACTERS: Final = 512
"""`tracestate` must be passed on up to 512 characters (W3C Trace Context section 3.3.1.5); nothing needs more."""

_SOURCE: Final = re.compile(r"urn:nld:[^:\s]\S*")
_TYPE: Final = re.compile(r"[a-z0-9]+(?:\.[a-z0-9_-]+)+\.v[1-9][0-9]{0,2}")


def _require(condition: object, reason: WireReason, detail: str = "") -> None:
    if not condition:
        raise WireError(reason, detail)


def check_profile(event: CloudEvent, *, known_extensions: frozenset[str]) -> None:
    """Check an event that a partner publishes.

    Raises `WireError`, in this order: `deny_bsn_in_metadata` (nine digits that pass the 11-test in any attribute, also
    percent-encoded), `unknown_attribute`, `subject_not_allowed`, `invalid_id`, `invalid_source`, `invalid_type`,
    `missing_attribute` (time), `invalid_time`, `invalid_attribute_value` (dataref, length of an extension),
    `unsupported_media_type` (data that is not JSON). `known_extensions` is usually `INGRESS_EXTENSIONS`.
    """
    attributes = event.attributes
    _require(not _shows_number(event), WireReason.DENY_BSN_IN_METADATA)
    _require(attributes.keys() <= CORE | known_extensions, WireReason.UNKNOWN_ATTRIBUTE)
    _require("subject" not in attributes, WireReason.SUBJECT_NOT_ALLOWED)
    _require(len(attributes["id"]) <= MAXIMUM_ID_CHARACTERS, WireReason.INVALID_ID)
    _check_source(attributes["source"])
    _require(_TYPE.fullmatch(attributes["type"]), WireReason.INVALID_TYPE)
    _require("time" in attributes, WireReason.MISSING_ATTRIBUTE, "time")
    _require(parse_instant(attributes["time"]), WireReason.INVALID_TIME)
    _check_extensions(event)
    _check_content(event)


def _shows_number(event: CloudEvent) -> bool:
    values = list(event.attributes.values())
    return metadata_refused([*values, *(unquote(value) for value in values if "%" in value)])


def _check_source(source: str) -> None:
    _require(_SOURCE.fullmatch(source), WireReason.INVALID_SOURCE)
    _require(len(source) <= MAXIMUM_SOURCE_CHARACTERS, WireReason.INVALID_SOURCE)


def _check_extensions(event: CloudEvent) -> None:
    for name in event.attributes.keys() - CORE:
        value = event.attributes[name]
        _require(len(value) <= MAXIMUM_EXTENSION_CHARACTERS, WireReason.INVALID_ATTRIBUTE_VALUE, shown(name))
    reference = event.attributes.get("dataref")
    _require(reference is None or is_uri_reference(reference), WireReason.INVALID_ATTRIBUTE_VALUE, "dataref")


def _check_content(event: CloudEvent) -> None:
    media_type = parse_media_type(event.attributes.get("datacontenttype", JSON))
    _require(media_type is not None and media_type.is_json, WireReason.UNSUPPORTED_MEDIA_TYPE)
    _require(not isinstance(event.data, bytes), WireReason.UNSUPPORTED_MEDIA_TYPE)
