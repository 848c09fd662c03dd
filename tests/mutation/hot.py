"""Mutants inside functions: the changed code is put into the living function of a forked child.

A child costs milliseconds: the core and the tests are imported and collected once, in the parent. Which checks run is
known line by line from one run under coverage; those that noticed most until now come first.
"""

from __future__ import annotations

import gc
import json
import pickle
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import _lru_cache_wrapper
from pathlib import Path
from types import CodeType, FunctionType

import coverage
import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.checks import CORE, PROJECT, Check, quiet
from tests.mutation.children import tried, tried_in_turn
from tests.mutation.mutants import Mutant
from tests.mutation.record import Outcome

SLOWEST_CHECK_SECONDS = 0.5
"""A check that takes longer under coverage is left out; the vectors it may repeat are checks by themselves."""
BASELINE_SECONDS = 600.0
LEAST_SECONDS = 5.0
TIME_FACTOR = 3.0
"""A child may work three times as long as its checks took under coverage, and five seconds at least."""

Lines = dict[str, dict[int, set[str]]]


def item_check(item: pytest.Item) -> Check:
    """Return a check that runs a collected test with its fixtures."""

    def holds() -> bool:
        reports = runtestprotocol(item, log=False, nextitem=None)
        return not any(report.failed for report in reports)

    return Check(item.nodeid, holds)


class Hot:
    """The checks, what they touch, and how mutants are tried against them."""

    def __init__(self, checks: list[Check]) -> None:
        """Run all checks once on the core as it is.

        Raises:
            RuntimeError: A check does not hold even so.
        """
        at_import = _run_at_import()
        self._functions = {
            name: found for name, found in _functions_by_name().items() if name not in at_import
        }
        self._caches = [thing for thing in gc.get_objects() if isinstance(thing, _lru_cache_wrapper)]
        self._noticed: Counter[str] = Counter()
        self.lines, self.seconds, failed = _baseline(checks, self._forget)
        if failed:
            raise RuntimeError(f"these do not hold on the core as it is: {failed[:10]}")
        gc.freeze()  # what is here stays: children share its memory instead of copying it
        gc.disable()
        self._checks = {
            check.name: check for check in checks if self.seconds[check.name] <= SLOWEST_CHECK_SECONDS
        }

    def left_out(self) -> list[str]:
        """Return the checks that are too slow to run for each mutant."""
        return sorted(set(self.seconds) - set(self._checks))

    def attempts(self, mutants: Sequence[Mutant]) -> Iterator[tuple[Mutant, Outcome, str]]:
        """Yield what came of the mutants of one function. Those that no living function can carry are left out.

        One child tries them in turn: the core keeps nothing between calls but caches, which are emptied.
        """
        possible = [(mutant, made) for mutant in mutants if (made := self._made(mutant)) is not None]
        outcomes = tried_in_turn([made for _, made in possible])
        for (mutant, _), (outcome, by) in zip(possible, outcomes, strict=True):
            if by in self._checks:
                self._noticed[by] += 1
            yield mutant, outcome, by

    def _made(self, mutant: Mutant) -> tuple[Callable[[], str | None], float] | None:
        """Return how to try a mutant and how long that may take; None when no check runs it in a living function."""
        touching = self._touching(mutant)
        living = self._functions.get((mutant.module, mutant.function or ""), [])
        code = _code_named(
            compile(mutant.source, str(CORE / f"{mutant.module}.py"), "exec", dont_inherit=True),
            mutant.function,
        )
        if not touching or not living or code is None:
            return None
        if any(function.__code__.co_freevars != code.co_freevars for function in living):
            return None
        budget = LEAST_SECONDS + TIME_FACTOR * sum(self.seconds[name] for name in touching)

        def in_the_child() -> str | None:
            quiet()
            before = [function.__code__ for function in living]
            for function in living:
                function.__code__ = code
            try:
                self._forget()
                return next((name for name in touching if not self._checks[name].holds()), None)
            finally:
                for function, kept in zip(living, before, strict=True):
                    function.__code__ = kept
                self._forget()

        return in_the_child, budget

    def _forget(self) -> None:
        """Empty what the core remembers of earlier calls."""
        for cache in self._caches:
            cache.cache_clear()

    def _touching(self, mutant: Mutant) -> list[str]:
        """Return the checks that run the changed statement, the most promising first."""
        by_line = self.lines.get(mutant.module, {})
        names = set().union(*(by_line.get(line, set()) for line in mutant.lines)) & self._checks.keys()
        return sorted(
            names, key=lambda name: (-self._noticed[name] / (self.seconds[name] + 0.002), self.seconds[name])
        )


def _baseline(checks: list[Check], forget: Callable[[], None]) -> tuple[Lines, dict[str, float], list[str]]:
    """Return which checks run which lines, how long each takes and which fail, all measured in a child."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "baseline"

        def measure() -> None:
            path.write_bytes(pickle.dumps(_measured(checks, forget)))

        outcome, by = tried(measure, BASELINE_SECONDS)
        if outcome != "survived":
            raise RuntimeError(f"the run on the core as it is ended early: {outcome} {by}")
        result: tuple[Lines, dict[str, float], list[str]] = pickle.loads(path.read_bytes())  # noqa: S301  (own file)
        return result


def _measured(
    checks: Iterable[Check], forget: Callable[[], None]
) -> tuple[Lines, dict[str, float], list[str]]:
    """Run every check under coverage, none with what an earlier one left in a cache."""
    meter = coverage.Coverage(data_file=None, include=[str(CORE / "*")], config_file=False)
    seconds: dict[str, float] = {}
    failed = []
    meter.start()
    for check in checks:
        forget()
        meter.switch_context(check.name)
        start = time.process_time()
        if not check.holds():
            failed.append(check.name)
        seconds[check.name] = time.process_time() - start
    meter.stop()
    data = meter.get_data()
    lines: Lines = {}
    for file in data.measured_files():
        lines[Path(file).stem] = {line: set(names) for line, names in data.contexts_by_lineno(file).items()}
    return lines, seconds, failed


def _functions_by_name() -> dict[tuple[str, str], list[FunctionType]]:
    """Return the living functions of hub/core by module and qualified name."""
    found: dict[tuple[str, str], list[FunctionType]] = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and Path(thing.__code__.co_filename).parent == CORE:
            module = Path(thing.__code__.co_filename).stem
            found.setdefault((module, thing.__code__.co_qualname), []).append(thing)
    return found


_WATCHED_IMPORT = """
import importlib, json, pathlib, sys
core, ran = pathlib.Path(sys.argv[1]), set()
def watch(frame, event, argument):
    path = pathlib.Path(frame.f_code.co_filename)
    if event == "call" and path.parent == core:
        ran.add((path.stem, frame.f_code.co_qualname))
sys.setprofile(watch)
for path in core.glob("*.py"):
    importlib.import_module(f"hub.core.{path.stem}" if path.stem != "__init__" else "hub.core")
sys.setprofile(None)
print(json.dumps(sorted(ran)))
"""


def _run_at_import() -> set[tuple[str, str]]:
    """Return the functions that run while the core is imported: what they made is there before they are changed."""
    command = [sys.executable, "-c", _WATCHED_IMPORT, str(CORE)]
    said = subprocess.run(command, check=True, capture_output=True, cwd=PROJECT)  # noqa: S603  (own text)
    return {(module, name) for module, name in json.loads(said.stdout)}


def _code_named(code: CodeType, name: str | None) -> CodeType | None:
    """Return the code of a function of a module, by its qualified name."""
    return next((inner for inner in _codes(code) if inner.co_qualname == name), None)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code objects below one."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def pytest_arguments(files: Iterable[Path], *more: str) -> list[str]:
    """Return the arguments that run these test files in this process, always in the same order and way."""
    plugins = ("randomly", "cacheprovider", "xdist")
    return [
        *(str(path) for path in files),
        "-q",
        "-s",
        "--timeout=0",
        "--assert=plain",
        "--tb=native",
        "--hypothesis-profile=ci",
        "-Wignore::pytest.PytestAssertRewriteWarning",
        *(f"-pno:{name}" for name in plugins),
        *more,
    ]
