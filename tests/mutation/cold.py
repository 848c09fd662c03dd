"""Mutants outside functions: the core is imported anew, with the changed module, in a forked child.

The parent has pytest and everything else in memory but nothing of the hub. The vectors and opinions come first and
need no collection; what they leave is tried on the unit tests by pytest.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import Any

import pytest

from tests.mutation.checks import CORE, checks_without_pytest, opinions, quiet, unit_tests, vectors
from tests.mutation.children import tried
from tests.mutation.hot import pytest_arguments
from tests.mutation.mutants import Mutant
from tests.mutation.record import Outcome

WORK_SECONDS = 180.0
"""Far more than all checks of a child take."""
RUNS_OF_PYTEST = "unit tests"


class _Changed(importlib.machinery.SourceFileLoader):
    """Finds one module of the core and loads the changed text as if it were in the file."""

    def __init__(self, mutant: Mutant) -> None:
        name = "hub.core" if mutant.module == "__init__" else f"hub.core.{mutant.module}"
        super().__init__(name, str(CORE / f"{mutant.module}.py"))
        self._source = mutant.source

    def find_spec(self, fullname: str, *_more: object) -> importlib.machinery.ModuleSpec | None:
        """Answer for this module only."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        """Compile the changed text; what is kept in the cache of compiled files is that of the file."""
        code: CodeType = compile(self._source, self.get_filename(fullname), "exec", dont_inherit=True)
        return code


class Cold:
    """Everything that is needed but the hub itself."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Read the vectors and form the opinions. `arguments` are further ones for pytest."""
        if any(name == "hub" or name.startswith("hub.") for name in sys.modules):
            raise RuntimeError("the hub is in memory already; a changed module would come too late")
        self._vectors = list(vectors())
        self._opinions = list(opinions())
        self._noticed: Counter[str] = Counter()
        self._arguments = pytest_arguments(unit_tests(), "-x", *arguments)

    def attempts(self, mutants: Sequence[Mutant]) -> Iterator[tuple[Mutant, Outcome, str]]:
        """Yield what came of mutants, each in a child of its own."""
        for mutant in mutants:
            yield mutant, *self.attempt(mutant)

    def attempt(self, mutant: Mutant | None) -> tuple[Outcome, str]:
        """Return what came of a mutant; None tries the core as it is, which must survive."""

        def in_the_child() -> str | None:
            quiet()
            if mutant is not None:
                sys.meta_path.insert(0, _Changed(mutant))
            checks = checks_without_pytest(self._vectors, self._opinions)
            for check in sorted(checks, key=lambda check: -self._noticed[check.name]):
                if not check.holds():
                    return check.name
            witness = _FirstFailure()
            return (
                None
                if pytest.main(self._arguments, plugins=[witness]) == pytest.ExitCode.OK
                else witness.name
            )

        outcome, by = tried(in_the_child, WORK_SECONDS)
        self._noticed[by] += 1
        return outcome, by


class _FirstFailure:
    """Remembers which test failed first."""

    name = RUNS_OF_PYTEST

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and self.name == RUNS_OF_PYTEST:
            self.name = report.nodeid
