"""`hub vectors PATH...`: vector files through the pure core, one line per vector. CONSENT.md appendix A."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from hub.core.model import Json
from hub.operate.vector_files import VectorFileError, read_all
from hub.operate.vector_kinds import UnsupportedKindError, run_vector

ALL_PASSED = 0
SOME_FAILED = 1
UNREADABLE = 2


def run(paths: list[Path], *, emit: bool, out: TextIO) -> int:
    """Run the vectors of these files and folders and print one line for each.

    Args:
        paths: Files, or folders whose `*.json` are taken in name order.
        emit: Print `{"id": …, "results": …}` per vector instead of comparing.
        out: Where the lines go; what is wrong with a file goes to standard error.

    Returns:
        0 when none failed (always, with `emit`), 1 when any failed, 2 when a file cannot be read or breaks the
        schema; nothing is run then.
    """
    try:
        files = read_all(paths)
    except VectorFileError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is a command
        return UNREADABLE
    work = [(vector, file.defaults) for file in files for vector in file.vectors]
    if emit:
        out.writelines(_emitted(vector, defaults) for vector, defaults in work)
        return ALL_PASSED
    failed = sum(not _judge(vector, defaults, out) for vector, defaults in work)
    out.write(f"{len(work) - failed} passed, {failed} failed\n")
    return SOME_FAILED if failed else ALL_PASSED


def _emitted(vector: Mapping[str, Any], defaults: Mapping[str, Json]) -> str:
    """Return the line that `--emit` prints; results are null where a vector cannot be run."""
    return _as_text({"id": vector["id"], "results": _result(vector, defaults)[0]}) + "\n"


def _result(vector: Mapping[str, Any], defaults: Mapping[str, Json]) -> tuple[Json, str | None]:
    """Return the result of a vector, or None and why it has none."""
    try:
        return run_vector(vector, defaults), None
    except UnsupportedKindError:
        return None, f"kind {vector['kind']} not supported yet"
    except (KeyError, ValueError) as error:
        return None, f"the request cannot be run: {type(error).__name__}: {error}"


def _judge(vector: Mapping[str, Any], defaults: Mapping[str, Json], out: TextIO) -> bool:
    """Print whether a vector passes, and return it. Compared is the whole of `expected`, as JSON."""
    result, fault = _result(vector, defaults)
    expected, got = _as_text(vector["expected"]), _as_text(result)
    if fault is not None:
        out.write(f"FAIL {vector['id']}: {fault}\n")
        return False
    if expected != got:
        out.write(f"FAIL {vector['id']}: expected {expected} got {got}\n")
        return False
    out.write(f"ok {vector['id']}\n")
    return True


def _as_text(value: Json) -> str:
    """Return JSON in which the order of object keys does not matter and the order of lists does."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
