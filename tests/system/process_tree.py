"""Which processes belong to a program, and which of them still live: from /proc, or from `ps` where that is missing."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

PROCESSES = Path("/proc")
ENDED = frozenset("ZX")
"""A zombie has ended; only nobody asked yet how."""


@dataclass(frozen=True, slots=True)
class Row:
    """One process of this machine."""

    pid: int
    parent: int
    state: str


def table() -> list[Row]:
    """Return all processes that live now."""
    rows = _from_proc() if PROCESSES.is_dir() else _from_ps()
    return [row for row in rows if row.state not in ENDED]


def _from_proc() -> list[Row]:
    rows = []
    for folder in PROCESSES.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        rows.append(Row(int(folder.name), int(parent), state))
    return rows


def _from_ps() -> list[Row]:
    said = subprocess.run(["ps", "-Ao", "pid=,ppid=,state="], capture_output=True, text=True, check=True)  # noqa: S607
    fields = [line.split() for line in said.stdout.splitlines()]
    return [Row(int(pid), int(parent), state[0]) for pid, parent, state in fields]


def descendants(pid: int) -> set[int]:
    """Return the children of a process, their children, and so on."""
    rows = table()
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        fresh = {row.pid for row in rows if row.parent in fresh} - found
        found |= fresh
    return found


def living(pids: set[int]) -> set[int]:
    """Return which of these still live."""
    return pids & {row.pid for row in table()}
