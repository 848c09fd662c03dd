"""Media types as RFC 2045 and RFC 9110 write them; only UTF-8 is text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hub.wire.envelope import WireError
from hub.wire.reasons import WireReason

STRUCTURED_JSON: Final = "application/cloudevents+json"
BATCH_JSON: Final = "application/cloudevents-batch+json"
CLOUDEVENTS_PREFIX: Final = "application/cloudevents"
JSON: Final = "application/json"

REMEMBERED: Final = 64
"""Partners use a handful of media types; a stranger's inventions push each other out."""

UTF8_CHARSETS: Final = frozenset({"utf-8", "utf8"})

_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # noqa: S105  (a token of RFC 9110, no secret)
_MEDIA_TYPE: Final = re.compile(
    rf'({_TOKEN}/{_TOKEN})((?:[ \t]*;[ \t]*{_TOKEN}=(?:{_TOKEN}|"[^"\\]*"))*)[ \t]*;?[ \t]*'
)
_PARAMETER: Final = re.compile(rf'({_TOKEN})=(?:({_TOKEN})|"([^"\\]*)")')


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type: `essence` in lower case, `charset` in lower case or None."""

    essence: str
    charset: str | None

    @property
    def is_json(self) -> bool:
        """Whether content of this type is JSON (CloudEvents JSON format 1.0.2, section 3.1)."""
        subtype = self.essence.partition("/")[2]
        return subtype == "json" or subtype.endswith("+json")

    def require_utf8(self) -> None:
        """Refuse every declared charset but UTF-8 (`unsupported_charset`)."""
        if self.charset is not None and self.charset not in UTF8_CHARSETS:
            raise WireError(WireReason.UNSUPPORTED_CHARSET)


@lru_cache(maxsize=REMEMBERED)
def parse_media_type(text: str) -> MediaType | None:
    """Return the media type, or None where the text is none; a parameter that comes twice makes it none."""
    match = _MEDIA_TYPE.fullmatch(text.strip(" \t"))
    if match is None:
        return None
    parameters = [(name.lower(), bare or quoted) for name, bare, quoted in _PARAMETER.findall(match[2])]
    by_name = dict(parameters)
    if len(by_name) != len(parameters):
        return None
    charset = by_name.get("charset")
    return MediaType(essence=match[1].lower(), charset=charset.lower() if charset is not None else None)
