"""JSON as RFC 8259 and I-JSON (RFC 7493) define it, and nothing kinder: no duplicate members, no NaN, UTF-8 only."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

from hub.core.model import Json, JsonObject
from hub.wire.envelope import WireError
from hub.wire.reasons import WireReason

MAXIMUM_DEPTH = 64
"""Nesting of arrays and objects. Events need fewer than ten levels; judging code may walk a value recursively."""

MAXIMUM_INTEGER_DIGITS = 300
"""Longer integers are refused: reading them takes quadratic time. No count, date or amount comes near."""

_WHITESPACE = " \t\n\r"
# An unterminated string counts to the end of the text, so that hostile quotes cannot make the scan quadratic.
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Faults:
    """What the parser met that JSON allows to spell but I-JSON does not allow to mean. The first one counts.

    Recorded, not raised: so the parser still finds where the value ends, and one bad event in a batch does not
    take the others with it.
    """

    def __init__(self) -> None:
        self.first: WireReason | None = None
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=self._integer,
            parse_float=self._number,
            parse_constant=self._constant,
        )

    def _record(self, reason: WireReason) -> None:
        self.first = self.first or reason

    def _object(self, pairs: list[tuple[str, Json]]) -> JsonObject:
        value = dict(pairs)
        if len(value) != len(pairs):
            self._record(WireReason.DUPLICATE_MEMBER)
        return value

    def _integer(self, digits: str) -> int:
        if len(digits) > MAXIMUM_INTEGER_DIGITS:
            self._record(WireReason.NUMBER_OUT_OF_RANGE)
            return 0
        return int(digits)

    def _number(self, digits: str) -> float:
        value = float(digits)
        if math.isinf(value):
            self._record(WireReason.NUMBER_OUT_OF_RANGE)
        return value

    def _constant(self, _name: str) -> None:
        # NaN and Infinity are JavaScript, not JSON.
        self._record(WireReason.MALFORMED_JSON)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A value, the position after it, and the first fault in it."""

    value: Json
    end: int
    fault: WireReason | None


def decode_utf8(body: bytes) -> str:
    """Return the text of UTF-8 bytes; raises `WireError` `invalid_utf8`."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise WireError(WireReason.INVALID_UTF8) from None


def require_shallow(text: str) -> None:
    """Refuse text that nests arrays and objects deeper than `MAXIMUM_DEPTH` (`too_deep`)."""
    if text.count("[") + text.count("{") <= MAXIMUM_DEPTH:
        return
    depth = 0
    for token in _STRUCTURE.finditer(text):
        first = token.group()[0]
        depth += (first in "[{") - (first in "]}")
        if depth > MAXIMUM_DEPTH:
            raise WireError(WireReason.TOO_DEEP)


def _has_half_character(text: str, value: Json) -> bool:
    # Half a surrogate pair, spelt with an escape, is a character to Python's parser; no UTF-8 text can hold it.
    if not _ESCAPED_SURROGATE.search(text):
        return False
    return _SURROGATE.search(json.dumps(value, ensure_ascii=False)) is not None


def skip_whitespace(text: str, position: int) -> int:
    """Return the position of the first character at or after `position` that is not JSON white space."""
    while position < len(text) and text[position] in _WHITESPACE:
        position += 1
    return position


def parse_value(text: str, position: int) -> Parsed:
    """Parse one value that starts at `position`. The caller has checked depth with `require_shallow`.

    Raises `WireError` `malformed_json` where it is not JSON at all; all else is in `fault`.
    """
    faults = _Faults()
    try:
        value, end = faults.decoder.raw_decode(text, position)
    except json.JSONDecodeError:
        raise WireError(WireReason.MALFORMED_JSON) from None
    fault = faults.first
    if fault is None and _has_half_character(text[position:end], value):
        fault = WireReason.INVALID_UNICODE
    return Parsed(value, end, fault)


def parse_json(body: bytes) -> Json:
    """Parse a whole body.

    Raises `WireError`: `invalid_utf8`, `malformed_json` (also NaN, comments, a byte order mark), `too_deep`,
    `duplicate_member`, `number_out_of_range`, `invalid_unicode`, `trailing_bytes`.
    """
    text = decode_utf8(body)
    require_shallow(text)
    parsed = parse_value(text, skip_whitespace(text, 0))
    if parsed.fault:
        raise WireError(parsed.fault)
    if skip_whitespace(text, parsed.end) != len(text):
        raise WireError(WireReason.TRAILING_BYTES)
    return parsed.value


def render_json(value: Json) -> str:
    """Return the shortest JSON text with sorted members; the same value always gives the same text.

    Numbers keep their kind (1 and 1.0 stay different), which RFC 8785 would not promise. What is rendered can be
    parsed again. Raises `WireError` `form_mismatch` for what is not a JSON value, `invalid_unicode` for half a
    surrogate pair, `too_deep`, `number_out_of_range`.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
        body = text.encode("utf-8")
    except UnicodeEncodeError:
        raise WireError(WireReason.INVALID_UNICODE) from None
    except (TypeError, ValueError, RecursionError):
        raise WireError(WireReason.FORM_MISMATCH, "not a JSON value") from None
    if parse_json(body) != value:
        # json.dumps turns tuples into lists and number keys into text: what returns would not be what was given.
        raise WireError(WireReason.FORM_MISMATCH, "not a JSON value")
    return text
