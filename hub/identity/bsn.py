"""Citizen service numbers: form, 11-test and the split between test and production (EVENTS.md section 9)."""

from __future__ import annotations

from enum import StrEnum, unique

from stdnum.nl import bsn

from hub.identity.reasons import DoorReason

TEST_RANGE_FIRST = 999900006
TEST_RANGE_LAST = 999999990
"""The official range of numbers that belong to nobody; both ends included."""


NO_NUMBER = "000000000"
"""Passes the sum of the 11-test and is not a number (EVENTS.md section 9)."""


@unique
class Environment(StrEnum):
    """Where this hub runs. A test hub refuses real numbers, a production hub refuses test numbers."""

    TEST = "test"
    PRODUCTION = "production"


class NumberRefusedError(ValueError):
    """A citizen number that the hub does not take. `reason` is a `DoorReason`; the number is not in the text."""

    def __init__(self, reason: DoorReason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def in_test_range(number: str) -> bool:
    """Return whether a number of nine digits lies in the test range."""
    return TEST_RANGE_FIRST <= int(number) <= TEST_RANGE_LAST


def citizen_number(value: str, environment: Environment) -> str:
    """Return the nine digits of a citizen number; eight digits are padded with one leading zero.

    Args:
        value: eight or nine ASCII digits without separators, as a partner's system stores them.
        environment: decides on which side of the test range the number must lie.

    Raises:
        NumberRefusedError: `bsn_invalid` or `bsn_outside_environment`. UAVG article 46: the number serves only to
            identify the right person, so a wrong one is never guessed at.
    """
    # stdnum alone would also take separators and shorter numbers; a partner's system states the field plainly.
    if not (value.isascii() and value.isdigit() and len(value) in {8, 9}):
        raise NumberRefusedError(DoorReason.BSN_INVALID)
    number = value.zfill(9)
    # The library's checksum, without its clean-up of separators: nine digits are sure here, and this is the hot path.
    if number == NO_NUMBER or bsn.checksum(number) != 0:
        raise NumberRefusedError(DoorReason.BSN_INVALID)
    if in_test_range(number) is not (environment is Environment.TEST):
        raise NumberRefusedError(DoorReason.BSN_OUTSIDE_ENVIRONMENT)
    return number
