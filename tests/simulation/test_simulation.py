"""The simulation in short, and the simulation itself: it repeats exactly, and it sees what is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.simulation.drive import play
from tests.simulation.promises import BrokenPromiseError, Promises
from tests.simulation.proving import PATCHES, PROJECT, apply, copy_tree

SEEDS_IN_SHORT = 200
PARTS = 4
REPEATED_SEEDS = range(3)

REPLAY = (
    "from tests.simulation.test_simulation import digests; import sys; sys.stdout.write(','.join(digests()))"
)


def digests() -> list[str]:
    """Return what tells the traces of some seeds apart."""
    return [sha256("\n".join(play(seed).trace).encode()).hexdigest() for seed in REPEATED_SEEDS]


@pytest.mark.parametrize("part", range(PARTS))
def test_promises_hold_in_simulation(part: int) -> None:
    """Whatever fails in whatever order, the promises of the ledger hold after every transaction and at rest."""
    size, arrivals = SEEDS_IN_SHORT // PARTS, 0
    for seed in range(part * size, (part + 1) * size):
        outcome = play(seed)
        arrivals += outcome.arrivals
        assert outcome.failure is None, f"make simulate SEED={seed}: step {outcome.steps}, {outcome.failure}"
    assert arrivals > size, "a simulation in which hardly anything is delivered shows nothing"


def test_seed_replays_exactly() -> None:
    """A seed gives the same trace again, also in another process whose sets and hashes have another order."""
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(PROJECT)}
    elsewhere = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", REPLAY],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert digests() == digests() == elsewhere.stdout.split(",")


@pytest.mark.parametrize("patch", sorted(PATCHES.glob("*.patch")), ids=lambda patch: patch.stem)
def test_patch_still_fits(patch: Path, tmp_path: Path) -> None:
    """Each seeded bug still fits the product, so that `make simulate PROVE=1` means something."""
    for line in patch.read_text("utf-8").splitlines():
        if line.startswith("+++ b/"):
            path = Path(line.removeprefix("+++ b/"))
            (tmp_path / path).parent.mkdir(parents=True)
            (tmp_path / path).write_bytes((PROJECT / path).read_bytes())
            before = (tmp_path / path).read_bytes()
            apply(patch, tmp_path)
            assert (tmp_path / path).read_bytes() != before


def test_copy_of_tree_is_whole(tmp_path: Path) -> None:
    """A bug is tried on a copy that has everything a run needs."""
    copy_tree(tmp_path)
    played = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seeds", "3"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stderr
    assert "0 failed" in played.stdout


def a_record(place: str, uid: str, verdict: str = "unique") -> SimpleNamespace:
    """Return a row of the intake."""
    return SimpleNamespace(place=place, uid=uid, verdict=verdict, line_count=1)


def a_line(place: str, state: str) -> SimpleNamespace:
    """Return a line."""
    return SimpleNamespace(place=place, line=0, state=state)


def watched(next_offset: int) -> Promises:
    """Return promises over one partition whose offset moved so far in this transaction."""
    offsets = {(1, 0): SimpleNamespace(next_offset=next_offset)}
    return Promises(offsets, lambda _row: None, lambda _place, _row: None, lambda _row_id: False)


def test_promise_sees_a_lost_record() -> None:
    """An offset that moves over a record which is not decided with it breaks a promise."""
    promises = watched(2)
    with pytest.raises(BrokenPromiseError, match="exactly the records"):
        promises.committed(
            [
                ("intake", None, a_record("1/0/0", "uid-1")),
                ("line", None, a_line("1/0/0", "recorded")),
            ]
        )


def test_promise_sees_a_second_decision() -> None:
    """One event that is decided as new in two places breaks a promise."""
    promises = watched(2)
    with pytest.raises(BrokenPromiseError, match="decided twice"):
        promises.committed(
            [("intake", None, a_record("1/0/0", "uid-1")), ("intake", None, a_record("1/0/1", "uid-1"))]
        )


def test_promise_sees_what_left_without_a_claim() -> None:
    """Something in a receiver's hands that no claim let go breaks a promise."""
    with pytest.raises(BrokenPromiseError, match="claim let go"):
        watched(0).got("delivery-1", 1, ("meta",))
