"""E1: no citizen number outside the sealed part. The 11-test is that of EVENTS.md section 9."""

from __future__ import annotations

import re
from typing import Any

from tests.second_opinion.values import is_integer, read_instant

UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
RUN_OF_DIGITS = re.compile(r"[0-9]+")


def passes_eleven_test(digits: str) -> bool:
    """Weights 9 to 2 and -1; the sum is divisible by 11; nine zeros are not a number."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True))
    return total % 11 == 0 and digits != "000000000"


def shows_number(text: str) -> bool:
    """A run of exactly nine ASCII digits that passes, unless the whole text is a UUID or an instant."""
    if UUID.fullmatch(text) or read_instant(text):
        return False
    return any(len(run) == 9 and passes_eleven_test(run) for run in RUN_OF_DIGITS.findall(text))


def e1_shows_a_citizen_number(value: Any) -> bool:
    """E1: keys and values, at any depth."""
    if isinstance(value, dict):
        return any(e1_shows_a_citizen_number(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(e1_shows_a_citizen_number(part) for part in value)
    if is_integer(value):
        return shows_number(str(value))
    return isinstance(value, str) and shows_number(value)
