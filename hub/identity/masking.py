"""The text scan at the door: citizen numbers in sealed content are masked or reported (EVENTS.md section 2).

Whether a text holds a number is for `hub.core.numbers.scan_text` to say; here the places are found and covered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum, unique

from hub.core.codes import TEXT_SECTIONS
from hub.core.model import Json
from hub.core.numbers import scan_text

MASK = "[masked]"
"""Stands where a number stood. Shorter than nine digits, so that a masked text never outgrows its field."""

TELEPHONE_FIELDS = frozenset({"telephone", "safe_contact"})
"""Fields that may hold an E.164 number, which is not a citizen number however its digits fall."""

_TELEPHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_SHAPE = "[0-9](?:[ .-]?[0-9]){8}"
_NUMBER_SHAPED = re.compile(rf"(?<![0-9]){_SHAPE}(?![0-9])")
_EVERY_SHAPE = re.compile(rf"(?<![0-9])(?=({_SHAPE})(?![0-9]))")
_SEPARATORS = str.maketrans("", "", " .-")
_MAYBE_NUMBER = re.compile(_SHAPE.encode())


@unique
class ScanMode(StrEnum):
    """What the door does with a number in a text: cover it, or leave it and report the text."""

    MASK = "mask"
    REPORT = "report"


@unique
class ScanStatus(StrEnum):
    """The scan status of a text, the least to the most serious."""

    CLEAN = "clean"
    MASKED = "masked"
    IDENTIFIER_FOUND = "identifier_found"


def masked_text(text: str) -> str:
    """Return the text with every citizen number replaced by `MASK`.

    A text with a number comes back in the form in which it was scanned: NFKC, without format characters.
    """
    hits = frozenset(scan_text(text))
    if not hits:
        return text
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKC", text)
        if unicodedata.category(character) != "Cf"
    )
    parts: list[str] = []
    end_of_last = 0
    for start, end in _joined(_spans(plain, hits)):
        parts += (plain[end_of_last:start], MASK)
        end_of_last = end
    # Taking format characters out can leave a text that is no longer in form NFC.
    return unicodedata.normalize("NFC", "".join([*parts, plain[end_of_last:]]))


def _spans(text: str, hits: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Yield where these numbers stand, with or without separators, in order of their start; places may overlap."""
    for match in _EVERY_SHAPE.finditer(text):
        if match[1].translate(_SEPARATORS) in hits:
            yield match.span(1)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return sorted spans with overlapping ones made into one."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _may_hold_number(encoded: bytes) -> bool:
    """Return False when the JSON of a section surely holds no number.

    A number in plain ASCII stands in the JSON as it is: neither digits nor separators are ever escaped.
    """
    return not encoded.isascii() or _MAYBE_NUMBER.search(encoded) is not None


def _holds_number(content: Json, field: str = "") -> bool:
    if isinstance(content, str):
        if content.isascii() and _NUMBER_SHAPED.search(content) is None:
            return False  # the scan rule itself is slow, and this is nearly every text
        return bool(scan_text(content)) and not _is_telephone(field, content)
    if isinstance(content, dict):
        return any(_holds_number(inner, name) for name, inner in content.items())
    return isinstance(content, list) and any(_holds_number(inner, field) for inner in content)


def masked_section(content: Json, field: str = "") -> Json:
    """Return a copy of a section with every citizen number in its texts replaced by `MASK`."""
    if isinstance(content, str):
        return content if _is_telephone(field, content) else masked_text(content)
    if isinstance(content, dict):
        return {name: masked_section(inner, name) for name, inner in content.items()}
    if isinstance(content, list):
        return [masked_section(inner, field) for inner in content]
    return content


def _is_telephone(field: str, text: str) -> bool:
    return field in TELEPHONE_FIELDS and _TELEPHONE.fullmatch(text) is not None


def scanned(
    contents: Mapping[str, Json], encoded: Mapping[str, bytes], mode: ScanMode
) -> tuple[dict[str, Json], dict[str, ScanStatus]]:
    """Scan every text of every section.

    Args:
        contents: the sections in plain form.
        encoded: the same sections as JSON in UTF-8, non-ASCII characters not escaped.
        mode: what to do with a number. Outside `narrative` and `perspectives` numbers are masked in either mode:
            the scan status of those sections does not reach the decision.

    Returns:
        The sections in which a number was masked, in their new form, and the scan status of every section.
    """
    changed: dict[str, Json] = {}
    statuses: dict[str, ScanStatus] = {}
    for name, content in contents.items():
        if not _may_hold_number(encoded[name]) or not _holds_number(content):
            statuses[name] = ScanStatus.CLEAN
        elif mode is ScanMode.REPORT and name in TEXT_SECTIONS:
            statuses[name] = ScanStatus.IDENTIFIER_FOUND
        else:
            changed[name], statuses[name] = masked_section(content), ScanStatus.MASKED
    return changed, statuses


def most_serious(own: ScanStatus, stated: str | None) -> str:
    """Return the scan status that counts: what the sender's own scan stated can only make it more serious.

    A status that is not in the list is passed on, and judged as unknown by the decision.
    """
    if stated is None or stated == "not_run":
        return own
    if stated not in set(ScanStatus):
        return stated
    order = list(ScanStatus)
    return max(own, ScanStatus(stated), key=order.index)
