"""Two independent readings of the decision rules agree: hub/core and tests/second_opinion. See tests/RULES.md."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.second_opinion.comparing import both
from tests.second_opinion.decision import decide
from tests.second_opinion.enumerated import ENUMERATIONS
from tests.second_opinion.generate import a_case
from tests.second_opinion.outcomes import WRONGS, Wrong, combined, rule_outcomes
from tests.second_opinion.swept import BASES, sweep

PROJECT = Path(__file__).resolve().parents[2]
SHARED = PROJECT.parent / "shared" / "domain"
OWN_DEFAULTS = PROJECT / "tests" / "vectors" / "defaults.json"
CASES = int(os.environ.get("SECOND_OPINION_CASES", "2000"))
"""Generated cases; the long form of tests/RULES.md sets more."""
SEED = os.environ.get("SECOND_OPINION_SEED", "samenhub")
BLOCK = 500
"""Cases per test, so that each stays far below the timeout of one test."""
LONG = CASES > 2000
STRIDE = 1 if LONG else 11
"""The short form takes every eleventh enumerated combination, the long form all of them."""
SWEEP_STRIDE = 1 if LONG else 101
"""The same for the sweep over fields and for rule outcomes. All are prime: no value is left out for ever."""


def decision_vectors(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.json")):
        yield from (v for v in json.loads(path.read_text("utf-8"))["vectors"] if v["kind"] == "decision")


def disagreeing(folder: Path, defaults: Path) -> tuple[int, list[str]]:
    """The number of vectors and the ids of those that the second opinion answers otherwise."""
    world = json.loads(defaults.read_text("utf-8"))
    vectors = list(decision_vectors(folder))
    return len(vectors), [v["id"] for v in vectors if decide(v, world) != v["expected"]]


def test_shared_vectors_have_the_expected_result() -> None:
    """Every decision vector of the domain documents gives its expected result in the second reading too."""
    if not (SHARED / "vectors").is_dir():
        pytest.skip("the shared domain documents are not beside this checkout")
    number, wrong = disagreeing(SHARED / "vectors", SHARED / "defaults.json")
    assert number > 0
    assert wrong == []


def test_own_vectors_have_the_expected_result() -> None:
    """Every decision vector of the project gives its expected result in the second reading too."""
    number, wrong = disagreeing(PROJECT / "tests" / "vectors" / "cases", OWN_DEFAULTS)
    assert number > 0
    assert wrong == []


@pytest.fixture(scope="module")
def defaults() -> dict[str, Any]:
    world: dict[str, Any] = json.loads(OWN_DEFAULTS.read_text("utf-8"))
    return world


@pytest.mark.parametrize("block", range(-(-CASES // BLOCK)))
def test_generated_cases_are_decided_alike(block: int, defaults: dict[str, Any]) -> None:
    """On families, records, events and hostile values drawn from a seed both readings decide the same."""
    for number in range(block * BLOCK, min((block + 1) * BLOCK, CASES)):
        case = a_case(f"{SEED}:{number}", defaults)
        first, second = both(case, defaults)
        assert first == second, f"case {SEED}:{number} {json.dumps(case)}"


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("name", ENUMERATIONS)
def test_combined_outcomes_are_decided_alike(name: str, part: int, defaults: dict[str, Any]) -> None:
    """On every combination of a few rule outcomes both readings decide the same."""
    for case in ENUMERATIONS[name](part * STRIDE, 3 * STRIDE):
        first, second = both(case, defaults)
        assert first == second, json.dumps(case)


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: wrong.name)
def test_each_thing_wrong_has_its_own_reason(wrong: Wrong, defaults: dict[str, Any]) -> None:
    """By itself each of the things that are combined gives the reason that the documents name, in both readings."""
    first, second = both(combined((wrong,)), defaults)
    assert first == second
    assert (first["recipients"] or [first["event"]])[0]["reason"] == wrong.reason


@pytest.mark.parametrize("part", range(10))
def test_up_to_four_rule_outcomes_are_decided_alike(part: int, defaults: dict[str, Any]) -> None:
    """With every combination of up to four things wrong at once both readings decide the same."""
    for case in rule_outcomes(part * SWEEP_STRIDE, 10 * SWEEP_STRIDE):
        first, second = both(case, defaults)
        assert first == second, json.dumps(case)


@pytest.mark.parametrize("name", BASES)
def test_every_field_spoiled_is_decided_alike(name: str, defaults: dict[str, Any]) -> None:
    """With one field of a lawful case taken away or replaced by a hostile value both readings decide the same."""
    for place, case in sweep(BASES[name](), SWEEP_STRIDE):
        first, second = both(case, defaults)
        assert first == second, f"{place} {json.dumps(case)}"


def test_the_comparison_can_fail(defaults: dict[str, Any]) -> None:
    """The comparison is no formality: a case that differs in one consent is decided otherwise by both readings."""
    case = BASES["consent"]()
    without = {**case, "facts": {**case["facts"], "consents": []}}
    assert both(case, defaults)[0] != both(without, defaults)[1]
