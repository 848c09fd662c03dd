"""`hub up` leaves nothing behind: after Ctrl-C, and also when it is killed without a chance to clean up."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.operate.supervisor import STOP_SECONDS, hub_command
from tests.system.hub_world import until
from tests.system.process_tree import descendants, living

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

PROCESSES = 7
"""Gateway, four workers, broker and keeper are children; the database detaches itself, its pid is in a file."""

END_SECONDS = 3 * STOP_SECONDS
"""Each process may take its stop time; they end one after another, most of them at once."""


@dataclass(frozen=True, slots=True)
class Running:
    """A `hub up` that is ready, and all processes that belong to it."""

    process: subprocess.Popen[bytes]
    pids: set[int]
    database: int


@contextmanager
def hub_up(folder: Path) -> Iterator[Running]:
    """Run `hub up` until it says that it is ready; whatever is left in the end is killed."""
    output, state = folder / "output.txt", folder / "state"
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own command
            hub_command("up", "--state", str(state)), stdout=file, stderr=file, stdin=subprocess.DEVNULL
        )
    pids: set[int] = {process.pid}
    try:
        until(lambda: process.poll() is not None or b"Ctrl-C" in output.read_bytes(), "hub up is ready")
        (pid_file,) = state.rglob("postmaster.pid")
        database = int(pid_file.read_text().split("\n", 1)[0])
        pids |= descendants(process.pid) | {database} | descendants(database)
        yield Running(process, pids, database)
    finally:
        for pid in living(pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def assert_complete(running: Running) -> None:
    """Check that we look at what we think: every process of the hub and both servers."""
    assert running.process.poll() is None
    assert len(running.pids) >= 1 + PROCESSES + 1
    assert living(running.pids) >= {running.process.pid, running.database}


def test_nothing_is_left_behind(state_folder: Path) -> None:
    """After a kill -9 every process ends by itself; the same folder serves again, and Ctrl-C ends everything."""
    with hub_up(state_folder) as killed:
        assert_complete(killed)
        killed.process.kill()
        killed.process.wait()
        until(lambda: not living(killed.pids), "no process is left after kill -9", END_SECONDS)
    with hub_up(state_folder) as running:
        assert_complete(running)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(END_SECONDS) in {0, 130}
        until(lambda: not living(running.pids), "no process is left after Ctrl-C", 5.0)
