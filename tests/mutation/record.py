"""What came of each mutant, one line of JSON each, so that a run can stop and go on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from tests.mutation.mutants import Mutant

Outcome = Literal["killed", "timeout", "survived"]


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one mutant, and the check that noticed it."""

    key: str
    module: str
    place: str
    line: int
    before: str
    after: str
    outcome: Outcome
    by: str
    inside: bool = True
    """Inside the body of a function, where mutmut's own runner would change it too; else in a table."""


def result_of(mutant: Mutant, outcome: Outcome, by: str) -> Result:
    """Return what is written about a mutant."""
    return Result(
        key=mutant.key,
        module=mutant.module,
        place=mutant.place,
        line=mutant.line,
        before=mutant.before,
        after=mutant.after,
        outcome=outcome,
        by=by,
        inside=mutant.function is not None,
    )


class Record:
    """The results in a file, one per mutant; a later line about the same mutant counts."""

    def __init__(self, path: Path) -> None:
        """Read what is there."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self.results = {result.key: result for result in (Result(**json.loads(line)) for line in lines)}

    def add(self, result: Result) -> None:
        """Write one result at once."""
        self.results[result.key] = result
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result)) + "\n")
