"""Context attributes: names and values as CloudEvents 1.0.2 asks them, whatever the protocol they came by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hub.wire.envelope import WireError
from hub.wire.media_types import parse_media_type
from hub.wire.reasons import WireReason

SPECVERSION: Final = "1.0"

REQUIRED: Final = ("specversion", "id", "source", "type")

CORE: Final = frozenset({*REQUIRED, "datacontenttype", "dataschema", "subject", "time"})
"""The attributes that the specification defines; all others are extensions."""

CAMEL_CASE_EXCEPTION: Final = "subscriberReference"
"""CloudEvents names are lower case and digits; the VNG Notification API 0.1.5 has this one other name."""

LARGEST_INTEGER: Final = 2**31 - 1
"""CloudEvents integers have 32 bits with a sign (section 3.1)."""

_NAME: Final = re.compile(r"[a-z0-9]+")
_RESERVED: Final = "data"

# Section 3.1, String: no control characters, no noncharacters, no surrogates.
_FORBIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_URI_REFERENCE: Final = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_TIMESTAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:)([0-9]{2})(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_OFFSET: Final = re.compile(r"[+-]([0-9]{2}):([0-9]{2})$")
_LEAP_SECOND: Final = "60"


def is_name(name: str) -> bool:
    """Whether a context attribute may have this name (section 3.1.1)."""
    return (_NAME.fullmatch(name) is not None and name != _RESERVED) or name == CAMEL_CASE_EXCEPTION


def is_uri_reference(text: str) -> bool:
    """Whether a text has the characters of a URI reference (RFC 3986) and is not empty."""
    return _URI_REFERENCE.fullmatch(text) is not None


def is_timestamp(text: str) -> bool:
    """Whether a text is an RFC 3339 timestamp: an existing date and time, any number of decimals, an offset."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return False
    day, minutes, seconds = match.groups()
    try:
        # RFC 3339 has leap seconds, Python has not.
        datetime.fromisoformat(f"{day}T{minutes}{'59' if seconds == _LEAP_SECOND else seconds}")
    except ValueError:
        return False
    offset = _OFFSET.search(text)
    return offset is None or (int(offset[1]) < 24 and int(offset[2]) < 60)


def text_of(name: str, value: object) -> str | None:
    """Return the canonical text of an attribute value of the JSON format; None for null, which means not set.

    Raises `WireError` `invalid_attribute_value`.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -LARGEST_INTEGER - 1 <= value <= LARGEST_INTEGER:
        return str(value)
    raise WireError(WireReason.INVALID_ATTRIBUTE_VALUE, shown(name))


def shown(name: str) -> str:
    """Return what an error may say about an attribute: only names of the specification, never a partner's own."""
    return name if name in CORE else "extension"


def _require(name: str, condition: object, reason: WireReason = WireReason.INVALID_ATTRIBUTE_VALUE) -> None:
    if not condition:
        raise WireError(reason, shown(name))


def check_name(name: str) -> None:
    """Refuse a name that no context attribute may have (`invalid_attribute_name`)."""
    _require(name, is_name(name), WireReason.INVALID_ATTRIBUTE_NAME)


def check_attributes(attributes: Mapping[str, str]) -> None:
    """Check names and values against CloudEvents 1.0.2.

    Raises `WireError`: `invalid_attribute_name`, `invalid_attribute_value`, `missing_attribute`,
    `unsupported_specversion`, `invalid_time`.
    """
    for name, value in attributes.items():
        if name not in CORE:
            check_name(name)
        elif not value:
            raise WireError(WireReason.INVALID_ATTRIBUTE_VALUE, name)
        # Printable ASCII is the common case and far cheaper to see than to search.
        if not (value.isascii() and value.isprintable()):
            _require(name, not _FORBIDDEN.search(value))
    for name in REQUIRED:
        _require(name, name in attributes, WireReason.MISSING_ATTRIBUTE)
    _require("specversion", attributes["specversion"] == SPECVERSION, WireReason.UNSUPPORTED_SPECVERSION)
    _require("source", is_uri_reference(attributes["source"]))
    if "time" in attributes:
        _require("time", is_timestamp(attributes["time"]), WireReason.INVALID_TIME)
    if "dataschema" in attributes:
        schema = attributes["dataschema"]
        _require("dataschema", _SCHEME.match(schema) and is_uri_reference(schema))
    if "datacontenttype" in attributes:
        _require("datacontenttype", parse_media_type(attributes["datacontenttype"]))
