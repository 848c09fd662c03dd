"""Mutation testing of hub/core: `python -m tests.mutation` (see tests/RULES.md). Stops and goes on where it was."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

import pytest

from tests.mutation.checks import (
    CORE,
    PROJECT,
    checks_without_pytest,
    core_modules,
    opinions,
    unit_tests,
    vectors,
)
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.record import Outcome, Record, result_of
from tests.mutation.report import SURVIVORS, figures, lives_without_a_reason, write_survivors
from tests.mutation.scope import EXCLUDED

RECORD = PROJECT / "build" / "mutation" / "results.jsonl"
LEFT_OUT = PROJECT / "build" / "mutation" / "left_out.json"
"""Tests too slow for each mutant, as the run inside functions measured them."""


def main(arguments: list[str]) -> int:
    """Try the mutants that the options name, print the figures and write the list of survivors."""
    options = _options().parse_args(arguments)
    if options.fresh:
        RECORD.unlink(missing_ok=True)
    os.nice(options.nice)
    deadline = time.monotonic() + 60 * options.minutes
    modules = options.modules or [path.stem for path in core_modules() if path.stem not in EXCLUDED]
    wanted = _Wanted(Record(RECORD), modules, options)
    if options.part == "hot":
        _hot(wanted, deadline, options.tests)
    elif options.part == "cold":
        _cold(wanted, deadline)
    current = {key for name in modules for key in wanted.keys_of(name)}
    results = [result for key, result in Record(RECORD).results.items() if key in current]
    sys.stdout.write(figures(results))
    sys.stdout.write(f"not tried yet: {len(current) - len(results)} of {len(current)}\n")
    if not options.modules:
        sys.stdout.write(f"survivors without a reason: {write_survivors(results)}; see {SURVIVORS.name}\n")
    return 0


def _options() -> argparse.ArgumentParser:
    """Return what the command understands."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument(
        "part", choices=("hot", "cold", "report"), help="inside functions, outside, or neither"
    )
    parser.add_argument("modules", nargs="*", help="names of modules of hub/core; none means all that count")
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="stop after this time; the next run goes on"
    )
    parser.add_argument("--again", action="store_true", help="try once more what lived without a reason")
    parser.add_argument(
        "--tests", default="", help="try survivors on the tests of this pattern alone: inside only"
    )
    parser.add_argument("--fresh", action="store_true", help="forget earlier runs")
    parser.add_argument("--one-in", type=int, default=1, help="try every n-th only, chosen by digest")
    parser.add_argument("--nice", type=int, default=10)
    return parser


class _Wanted:
    """The mutants that still have to be tried."""

    def __init__(self, record: Record, modules: list[str], options: argparse.Namespace) -> None:
        self.record = record
        self._modules = modules
        self._again = options.again or options.tests
        self._one_in = options.one_in
        self._only_known = bool(options.tests)
        self._keys: dict[str, list[str]] = {}

    def keys_of(self, module: str) -> list[str]:
        """Return the keys of all mutants of a module as it is now."""
        return self._keys.get(module) or [mutant.key for mutant in self._mutants(module)]

    def _mutants(self, module: str) -> list[Mutant]:
        """Return the mutants of a module, and keep their keys."""
        mutants = mutants_of(CORE / f"{module}.py")
        self._keys[module] = [mutant.key for mutant in mutants]
        return mutants

    def __call__(self, *, inside: bool) -> Iterator[Mutant]:
        """Yield the mutants inside functions, or the others."""
        for name in self._modules:
            for mutant in self._mutants(name):
                known = self.record.results.get(mutant.key)
                retried = self._again and known is not None and lives_without_a_reason(known)
                done = known is not None and not retried
                drawn = int(mutant.key[-8:], 16) % self._one_in == 0 and not self._only_known
                chosen = drawn or known is not None
                if (mutant.function is not None) == inside and chosen and not done:
                    yield mutant


def _hot(wanted: _Wanted, deadline: float, pattern: str) -> None:
    """Collect the tests once and try the mutants inside functions from within that run of pytest."""
    from tests.mutation import hot

    files = sorted(PROJECT.glob(pattern)) if pattern else unit_tests()

    class Loop:
        """Runs mutants in the place where pytest runs tests."""

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: pytest.Session) -> bool:
            plain = [] if pattern else checks_without_pytest(list(vectors()), list(opinions()))
            world = hot.Hot([*plain, *(hot.item_check(item) for item in session.items)])
            slow = sorted({*_left_out(), *world.left_out()})
            LEFT_OUT.write_text(json.dumps(slow), "utf-8")
            _progress(f"checks: {len(world.seconds)}, too slow for each mutant: {len(slow)}")
            groups = groupby(wanted(inside=True), key=lambda mutant: (mutant.module, mutant.function))
            _try((list(group) for _, group in groups), world.attempts, wanted.record, deadline)
            return True

    pytest.main(hot.pytest_arguments(files, *_deselected()), plugins=[Loop()])


def _cold(wanted: _Wanted, deadline: float) -> None:
    """Try the mutants outside functions, and those inside that no living function could carry."""
    from tests.mutation.cold import Cold

    world = Cold(_deselected())
    outcome, by = world.attempt(None)
    if outcome != "survived":
        raise RuntimeError(f"the core as it is does not hold: {outcome} {by}")
    for inside in (False, True):
        groups = ([mutant] for mutant in wanted(inside=inside))
        _try(groups, world.attempts, wanted.record, deadline)


def _left_out() -> list[str]:
    """Return the tests that earlier runs found too slow for each mutant."""
    return list(json.loads(LEFT_OUT.read_text("utf-8"))) if LEFT_OUT.exists() else []


def _deselected() -> list[str]:
    """Return the arguments of pytest that leave those tests out."""
    return [f"--deselect={name}" for name in _left_out()]


def _try(
    groups: Iterable[list[Mutant]],
    attempts: Callable[[Sequence[Mutant]], Iterable[tuple[Mutant, Outcome, str]]],
    record: Record,
    deadline: float,
) -> None:
    """Try mutants until the time is up; what cannot be tried here is left to the other part."""
    number = 0
    for group in groups:
        if time.monotonic() > deadline:
            _progress("the time is up; run again to go on")
            return
        for mutant, outcome, by in attempts(group):
            record.add(result_of(mutant, outcome, by))
            number += 1
            if number % 200 == 0:
                _progress(f"{number} tried, now in {mutant.module}")


def _progress(text: str) -> None:
    """Tell how far it is; the children's output goes nowhere, this does not."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
