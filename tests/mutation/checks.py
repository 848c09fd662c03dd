"""What must notice a mutant: vectors one by one, a sample of the second opinion, and the unit tests of the core."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from tests.second_opinion.decision import decide as second_opinion
from tests.second_opinion.enumerated import ENUMERATIONS
from tests.second_opinion.generate import a_case
from tests.second_opinion.outcomes import rule_outcomes
from tests.second_opinion.swept import BASES, sweep

PROJECT = Path(__file__).resolve().parents[2]
CORE = PROJECT / "hub" / "core"
SHARED = PROJECT.parent / "shared" / "domain"
OWN_DEFAULTS = PROJECT / "tests" / "vectors" / "defaults.json"
GENERATED = 400
"""Generated cases of the second opinion: beyond these a mutant that lives is rarely found by more of them."""
SEED = "samenhub-mutation"
ENUMERATED_STRIDE = 211
SWEPT_STRIDE = 1009
STRIDES = {"levels_of_records": 7, "rule_outcomes": 1009}
"""Strides through the enumerations and the sweep; prime, so that no value is left out for ever."""
UNIT_TESTS = (
    "tests/unit/test_core_*.py",
    "tests/unit/test_dedup_*.py",
    "tests/unit/test_mutants_*.py",
)
LEFT_TO_OTHERS = ("test_core_vectors.py", "test_core_vectors_command.py")
"""Vectors are checks of their own; the command starts from files."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that holds for the core as it is: `holds` returns False or raises where it does not."""

    name: str
    holds: Callable[[], bool]


def unit_tests() -> list[Path]:
    """Return the test files of the core, those made for mutants first, so that they are collected anew each run."""
    found = chain.from_iterable(sorted(PROJECT.glob(pattern)) for pattern in UNIT_TESTS)
    return [path for path in found if path.name not in LEFT_TO_OTHERS]


def vectors() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield name, vector and defaults of every vector, ours and the shared ones where they lie beside the project."""
    for folder, defaults in (
        (PROJECT / "tests" / "vectors" / "cases", OWN_DEFAULTS),
        (SHARED / "vectors", SHARED / "defaults.json"),
    ):
        for path in sorted(folder.glob("*.json")):
            for vector in json.loads(path.read_text("utf-8"))["vectors"]:
                yield f"{path.stem}-{vector['id']}", vector, json.loads(defaults.read_text("utf-8"))


def opinions() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Yield name, case and the second opinion of a sample of cases. Nothing of hub/core is needed for it."""
    defaults = json.loads(OWN_DEFAULTS.read_text("utf-8"))
    generated = ((f"generated-{number}", a_case(f"{SEED}:{number}", defaults)) for number in range(GENERATED))
    enumerated = (
        (f"{name}-{number}", case)
        for name, make in {**ENUMERATIONS, "rule_outcomes": rule_outcomes}.items()
        for number, case in enumerate(make(0, STRIDES.get(name, ENUMERATED_STRIDE)))
    )
    swept = (
        (f"swept-{name}-{place}", case)
        for name, base in BASES.items()
        for place, case in sweep(base(), SWEPT_STRIDE)
    )
    for name, case in chain(generated, enumerated, swept):
        yield name, case, second_opinion(case, defaults)


def checks_without_pytest(
    given_vectors: Sequence[tuple[str, dict[str, Any], dict[str, Any]]],
    given_opinions: Sequence[tuple[str, dict[str, Any], Any]],
) -> list[Check]:
    """Return a check for each vector and opinion. The core is imported here and not before."""
    from hub.operate.vector_kinds import run_vector
    from tests.second_opinion.comparing import first_opinion

    defaults = json.loads(OWN_DEFAULTS.read_text("utf-8"))

    def vector_holds(vector: dict[str, Any], world: dict[str, Any]) -> bool:
        return bool(run_vector(vector, world) == vector["expected"])

    def opinion_holds(case: dict[str, Any], expected: Any) -> bool:
        return bool(first_opinion(case, defaults) == expected)

    return [
        *(Check(name, partial(vector_holds, vector, world)) for name, vector, world in given_vectors),
        *(Check(name, partial(opinion_holds, case, expected)) for name, case, expected in given_opinions),
    ]


def core_modules() -> list[Path]:
    """Return the modules of hub/core: the rules of one decision first, then what goes on over time and explains."""
    later = ("course", "ring", "question", "explaining", "picture", "shown_face", "own_events", "crisis")
    return sorted(CORE.glob("*.py"), key=lambda path: (path.stem.startswith(later), path.stem))


def quiet() -> None:
    """Send what a child says nowhere: a mutant's complaints are of no use."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.close(silence)
