"""The runner of mutation testing says killed, survived and timeout for what is each of them: tests/mutation."""

from __future__ import annotations

import os
from pathlib import Path

from tests.mutation.children import tried, tried_in_turn
from tests.mutation.mutants import mutants_of

MODULE = '''"""A module."""

from functools import cache
from typing import TypeAlias

Number: TypeAlias = int
LIMIT = 3


def is_small(number: int) -> bool:
    """Return whether it is small."""
    if number < 0:
        raise ValueError("negative")
    return number <= LIMIT


class Box:
    """A box."""

    @cache
    def size(self) -> int:
        """Return the size."""
        return 1 + 1
'''


def test_functions_and_tables_are_mutated_and_wording_is_not(tmp_path: Path) -> None:
    """Functions, decorated ones too, and tables have mutants; exceptions, types and documentation have none."""
    path = tmp_path / "boxes.py"
    path.write_text(MODULE, "utf-8")
    mutants = mutants_of(path)
    assert {(mutant.function, mutant.line) for mutant in mutants} == {
        (None, 7),
        ("is_small", 12),
        ("is_small", 14),
        ("Box.size", 23),
    }
    assert {(mutant.before, mutant.after) for mutant in mutants if mutant.function == "is_small"} == {
        ("if number < 0:", "if number <= 0:"),
        ("if number < 0:", "if number < 1:"),
        ("return number <= LIMIT", "return number < LIMIT"),
    }
    assert len({mutant.key for mutant in mutants}) == len(mutants)
    assert all(mutant.line in mutant.lines for mutant in mutants)


def test_what_a_child_notices_is_told() -> None:
    """A check that fails kills and is named, one that holds survives, one that raises kills with its error."""

    def fail() -> str:
        raise KeyError

    outcomes = tried_in_turn([(lambda: "check", 5.0), (lambda: None, 5.0), (fail, 5.0)])
    assert list(outcomes) == [("killed", "check"), ("survived", ""), ("killed", "KeyError")]


def test_a_child_that_never_ends_or_dies_does_not_take_the_others_along() -> None:
    """Endless work is a timeout, a sudden end is noticed, and what comes after is tried all the same."""

    def endless() -> None:
        while True:
            pass

    def die() -> None:
        os._exit(3)

    outcomes = tried_in_turn([(endless, 0.2), (lambda: None, 5.0), (die, 5.0), (lambda: "check", 5.0)])
    assert list(outcomes) == [("timeout", ""), ("survived", ""), ("killed", "crashed"), ("killed", "check")]
    assert tried(lambda: None, 5.0) == ("survived", "")
