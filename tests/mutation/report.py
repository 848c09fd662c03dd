"""Figures, and the list of survivors with their reasons."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.mutation.record import Result

FOLDER = Path(__file__).resolve().parent
REASONS = FOLDER / "reasons.json"
SURVIVORS = FOLDER / "SURVIVORS.md"
UNREASONED = "not yet looked at"
LONGEST_TEXT = 160
"""Of a changed line in the list; the whole of it is in the module."""


def figures(results: Iterable[Result]) -> str:
    """Return mutants, killed, timed out, survived and the score: by module, for functions and tables, and in all."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        for name in (result.module, "inside functions" if result.inside else "tables", "all"):
            counts[name][result.outcome] += 1
    modules = sorted(set(counts) - {"inside functions", "tables", "all"})
    lines = [
        _line(name, counts[name])
        for name in (*modules, "inside functions", "tables", "all")
        if name in counts
    ]
    head = f"{'module':24} {'mutants':>8} {'killed':>7} {'timeout':>8} {'survived':>9} {'noticed':>8}"
    return "\n".join([head, *lines, ""])


def _line(name: str, counter: Counter[str]) -> str:
    number = sum(counter.values())
    noticed = (number - counter["survived"]) / max(number, 1)
    return f"{name:24} {number:8} {counter['killed']:7} {counter['timeout']:8} {counter['survived']:9} {noticed:8.1%}"


def write_survivors(results: Iterable[Result]) -> int:
    """Write the list of survivors, each with the reason why it lives; returns how many have none yet."""
    reasons = _reasons()
    found: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result.outcome == "survived":
            found[reasons.get(identity(result), UNREASONED)].append(result)
    text = [
        "# Survivors",
        "",
        "Mutants of `hub/core` that no check notices, by the reason why they live. Written by `make mutants`; the",
        "reasons are kept in `reasons.json`, by place and change. How they are made and tried: `tests/RULES.md`.",
    ]
    for reason in sorted(found, key=lambda reason: (reason == UNREASONED, reason)):
        text += ["", f"## {reason}", ""]
        text += [_listed(result) for result in sorted(found[reason], key=lambda row: (row.module, row.line))]
    SURVIVORS.write_text("\n".join([*text, ""]), "utf-8")
    return len(found[UNREASONED])


def lives_without_a_reason(result: Result) -> bool:
    """Tell whether a mutant lives and nobody said why."""
    return result.outcome == "survived" and identity(result) not in _reasons()


def identity(result: Result) -> str:
    """Name a survivor by place and change, whatever its line is now."""
    return f"{result.module} · {result.place} · {result.before} → {result.after}"


def _listed(result: Result) -> str:
    before, after = (
        text[:LONGEST_TEXT].replace("`", "'") or "nothing" for text in (result.before, result.after)
    )
    return f"- `{result.module}` {result.place} ({result.line}): `{before}` → `{after}`"


@cache
def _reasons() -> dict[str, str]:
    """Return the reason of each survivor that was looked at."""
    if not REASONS.exists():
        return {}
    kept: dict[str, list[str]] = json.loads(REASONS.read_text("utf-8"))
    return {name: reason for reason, names in kept.items() for name in names}
