"""Citizen numbers: the 11-test, the scan of metadata (gate E1) and the scan of text (EVENTS.md sections 2 and 9)."""

from __future__ import annotations

import re
import unicodedata

from hub.core.model import Json
from hub.core.times import parse_instant

_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_DIGITS_OF_A_NUMBER = 9
_DIGITS_WITHOUT_LEADING_ZERO = 8
_TEST_RANGE = range(999900006, 999999990 + 1)
_NINE_DIGITS_FROM = 10**8
_NINE_DIGITS_BELOW = 10**9

# Written as one and eight: the engine then skips what is no digit without trying to repeat, in half the time.
_NINE_DIGITS = re.compile(r"[0-9][0-9]{8}")
_RUN_OF_DIGITS = re.compile(r"[0-9]+")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
_SPACED_NUMBER = re.compile(r"(?<![0-9])(?=([0-9](?:[ .-]?[0-9]){8})(?![0-9]))")
_SEPARATORS = str.maketrans("", "", " .-")


def eleven_test(value: str) -> bool:
    """Return whether `value` has the form of a citizen number (BSN): 9 ASCII digits that pass the 11-test.

    A value of 8 digits is padded with one leading zero. A pass proves the form only. Source: EVENTS.md
    section 9.
    """
    if not (value.isascii() and value.isdigit()):
        return False
    if len(value) == _DIGITS_WITHOUT_LEADING_ZERO:
        value = "0" + value
    return len(value) == _DIGITS_OF_A_NUMBER and _passes(value)


def in_test_range(value: str) -> bool:
    """Return whether `value` passes the 11-test and lies in the official test range."""
    return eleven_test(value) and int(value) in _TEST_RANGE


def _passes(digits: str) -> bool:
    """Return whether nine digits pass the 11-test. Nine zeros are not a number."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return total % 11 == 0 and digits != "000000000"


def scan_text(text: str) -> list[str]:
    """Return the citizen numbers in a text, nine digits each, in order of their start; hits may overlap.

    The text is read after Unicode NFKC without format characters (category Cf); between two digits one
    space, full stop or hyphen may stand. Source: the scan rule of EVENTS.md section 2.
    """
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKC", text)
        if unicodedata.category(character) != "Cf"
    )
    candidates = (match.group(1).translate(_SEPARATORS) for match in _SPACED_NUMBER.finditer(plain))
    return [digits for digits in candidates if _passes(digits)]


def metadata_refused(value: Json) -> bool:
    """Return whether a citizen number shows anywhere in `value`: keys and values, at any depth.

    A string shows one when a run of exactly nine ASCII digits in it passes the 11-test; an integer when its
    decimal form does (a whole number written with a fraction, such as 1.0, is an integer too). Strings that
    are as a whole a UUID or an instant are exempt. Source: CONSENT.md gate E1.
    """
    try:
        # One cheap look at everything: writing a value out never takes digits of one string apart, so where no
        # nine digits stand together there is nothing to walk for.
        if _NINE_DIGITS.search(repr(value)) is None:
            return False
    except (RecursionError, ValueError):  # nested too deep, or a number too long, to be written out
        pass
    return _shows_anywhere(value)


def _shows_anywhere(value: Json) -> bool:
    """Return whether a citizen number shows in any key or value; a loop, as nesting can be deeper than a stack."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            if _string_shows(item):
                return True
        elif isinstance(item, dict):
            pending.extend(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, int | float) and _number_shows(item):
            return True
    return False


def _number_shows(number: float) -> bool:
    """Return whether the decimal form of a whole number is a citizen number."""
    size = abs(number)
    return _NINE_DIGITS_FROM <= size < _NINE_DIGITS_BELOW and size == int(size) and _passes(str(int(size)))


def _string_shows(text: str) -> bool:
    """Return whether a string that is not exempt holds a run of exactly nine digits that passes the 11-test."""
    for run in _RUN_OF_DIGITS.findall(text):
        if len(run) == _DIGITS_OF_A_NUMBER and _passes(run):
            return _UUID.fullmatch(text) is None and parse_instant(text) is None
    return False
