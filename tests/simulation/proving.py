"""Shows that the simulation finds what it is for: seeded bugs, each applied to a copy of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PATCHES = Path(__file__).resolve().parent / "patches"
COPIED = (
    "hub",
    "agents",
    "connectors",
    "schemas",
    "tests/simulation",
    "tests/second_opinion",
    "tests/vectors",
)
"""What a run needs."""


def prove(seeds: int) -> int:
    """Play so many seeds against each bug; returns 1 when one is not found."""
    missed = 0
    for patch in sorted(PATCHES.glob("*.patch")):
        started = time.perf_counter()
        found = found_at(patch, seeds)
        seconds = time.perf_counter() - started
        verdict = f"found: {found} ({seconds:.0f} s)" if found else f"NOT FOUND in {seeds} seeds"
        sys.stdout.write(f"{patch.stem}: {verdict}\n")
        sys.stdout.flush()
        missed += not found
    return int(missed > 0)


def found_at(patch: Path, seeds: int) -> str:
    """Return how the first failing seed fails, empty when none does. Raises when the patch no longer fits."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        copy_tree(tree)
        apply(patch, tree)
        played = subprocess.run(  # noqa: S603 - our own interpreter, our own module
            [sys.executable, "-m", "tests.simulation", "--stop", "--seeds", str(seeds)],
            cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if played.returncode not in (0, 1) or (played.returncode == 1 and "fails at step" not in played.stdout):
        raise RuntimeError(f"{patch.name}: {played.stderr[-2000:]}")
    return next((line for line in played.stdout.splitlines() if "fails at step" in line), "")


def copy_tree(tree: Path) -> None:
    """Copy what a run needs; the project itself is never changed."""
    for name in COPIED:
        shutil.copytree(PROJECT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "patches"))


def apply(patch: Path, tree: Path) -> None:
    """Apply one patch. Raises subprocess.CalledProcessError when it does not fit."""
    git = shutil.which("git")
    if git is None:
        raise RuntimeError("git is needed to apply a patch")
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    subprocess.run(  # noqa: S603 - no outside input
        [git, "apply", "-C1", str(patch)],
        cwd=tree,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
