"""Citizen numbers: form, 11-test, and the split between test and production."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.numbers import eleven_test
from hub.identity import bsn as module
from hub.identity.bsn import Environment, NumberRefusedError, citizen_number
from hub.identity.reasons import DoorReason


@pytest.mark.parametrize("number", ["999900006", "999900018", "999999990"])
def test_a_test_number_is_taken_in_test_and_refused_in_production(number: str) -> None:
    """Numbers of the official test range, both ends included, work in a test hub only."""
    assert citizen_number(number, Environment.TEST) == number
    with pytest.raises(NumberRefusedError) as refused:
        citizen_number(number, Environment.PRODUCTION)
    assert refused.value.reason is DoorReason.BSN_OUTSIDE_ENVIRONMENT


def test_a_number_outside_the_test_range_is_refused_in_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test hub takes no number from outside the range (here the range is moved, so that no real number is used)."""
    monkeypatch.setattr(module, "TEST_RANGE_FIRST", 999900018)
    with pytest.raises(NumberRefusedError) as refused:
        citizen_number("999900006", Environment.TEST)
    assert refused.value.reason is DoorReason.BSN_OUTSIDE_ENVIRONMENT
    assert citizen_number("999900006", Environment.PRODUCTION) == "999900006"


def with_check_digit(first: str) -> str:
    """Return seven digits with an eighth that makes them, padded to nine, pass the 11-test where one can."""
    return next((f"{first}{last}" for last in range(10) if eleven_test(f"{first}{last}")), "")


@given(st.text(alphabet="0123456789", min_size=7, max_size=7).map(with_check_digit).filter(bool))
def test_eight_digits_are_padded_and_lie_outside_the_test_range(value: str) -> None:
    """A number of eight digits gets one leading zero; such a number is never a test number."""
    assert citizen_number(value, Environment.PRODUCTION) == f"0{value}"
    with pytest.raises(NumberRefusedError) as refused:
        citizen_number(value, Environment.TEST)
    assert refused.value.reason is DoorReason.BSN_OUTSIDE_ENVIRONMENT


@pytest.mark.parametrize(
    "value",
    [
        "",
        "999900007",
        "9999.00.006",
        "999 900 006",
        "0999900006",
        "9999000",
        "000000000",
        "00000000",
        "x" * 9,
        "\u0669\u0669\u0669\u0669\u0660\u0660\u0660\u0660\u0666",
        " 999900006",
        "999900006\n",
        "\uff19\uff19\uff19\uff19\uff10\uff10\uff10\uff10\uff16",
    ],
)
def test_a_value_of_another_form_is_invalid(value: str) -> None:
    """Separators, other lengths, other digits than ASCII and failing numbers are refused, not repaired."""
    with pytest.raises(NumberRefusedError) as refused:
        citizen_number(value, Environment.TEST)
    assert refused.value.reason is DoorReason.BSN_INVALID


def test_the_refusal_holds_no_number() -> None:
    """The text of a refusal names the reason and nothing of the value."""
    with pytest.raises(NumberRefusedError) as refused:
        citizen_number("999900007", Environment.TEST)
    assert str(refused.value) == "bsn_invalid"


@given(st.text(alphabet="0123456789", min_size=7, max_size=10))
def test_the_library_and_the_core_agree(value: str) -> None:
    """What the library python-stdnum takes is what the core's 11-test passes, in one of the two environments."""
    taken = False
    for environment in Environment:
        try:
            taken |= bool(citizen_number(value, environment))
        except NumberRefusedError as error:
            assert error.reason in {DoorReason.BSN_INVALID, DoorReason.BSN_OUTSIDE_ENVIRONMENT}  # noqa: PT017
    assert taken is eleven_test(value)
