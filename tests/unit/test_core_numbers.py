"""Citizen numbers in metadata: everything is looked at, and nothing makes the look fail."""

from __future__ import annotations

from hub.core.model import Json
from hub.core.numbers import metadata_refused

NUMBER = "999900006"


def test_keys_values_and_depth() -> None:
    """A number shows as a key, as a value and in lists, however deep."""
    assert metadata_refused({"a": [{"b": {NUMBER: None}}]})
    assert metadata_refused(["x", ["y", f"z-{NUMBER}"]])
    assert not metadata_refused({"a": [1, 2.5, True, None, "999900007"]})


def test_deep_nesting_is_walked() -> None:
    """Nesting deeper than the interpreter's stack neither hides a number nor raises."""
    value: Json = NUMBER
    for _ in range(20_000):
        value = [value]
    assert metadata_refused(value)


def test_whole_numbers() -> None:
    """Whole numbers of nine digits are tested in decimal form, with either sign; others are not."""
    assert metadata_refused(999900006)
    assert metadata_refused(-999900006)
    assert metadata_refused(999900006.0)
    assert not metadata_refused(999900007)
    assert not metadata_refused(9999000060)
    assert not metadata_refused(999900006.5)
    assert not metadata_refused(float("nan"))
    assert not metadata_refused(10**5000)
    assert metadata_refused([10**5000, 999900006])


def test_strings_that_are_exempt_as_a_whole() -> None:
    """A UUID or an instant is exempt; a string that only holds one is not."""
    assert not metadata_refused("0000999900006bcd-0000-4000")
    assert not metadata_refused("00000000-0000-4000-8000-A999900006BC")
    assert metadata_refused("id 00000000-0000-4000-8000-a999900006bc")


def test_neighbours_do_not_join() -> None:
    """Digits of two strings side by side are never read as one number."""
    assert not metadata_refused(["99990", "0006"])
