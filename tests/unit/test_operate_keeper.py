"""The keeper of the embedded servers: it ends them when the parent is gone, and nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.operate import keeper

SLEEPER = "import time; time.sleep(60)"


def server() -> subprocess.Popen[bytes]:
    """Start something that only a signal ends."""
    return subprocess.Popen([sys.executable, "-c", SLEEPER])  # noqa: S603 - our own words


def test_the_servers_end_when_the_pipe_ends(tmp_path: Path) -> None:
    """When the parent's end of the pipe closes, however that came, the servers get their signal."""
    watched = server()
    with (tmp_path / "lock").open("w") as lock:
        started = keeper.start_keeper([watched.pid], lock.fileno())
        try:
            assert watched.poll() is None
            assert started.process.stdin is not None
            started.process.stdin.close()  # what the system does for a parent that was killed
            assert watched.wait(keeper.GRACE_SECONDS + keeper.STOP_SECONDS + 10) == -signal.SIGINT
            assert started.process.wait(keeper.STOP_SECONDS + 10) == 0
        finally:
            started.stop()
            watched.kill()
            watched.wait()


def test_a_stopped_keeper_leaves_the_servers_alone(tmp_path: Path) -> None:
    """The parent that stops in order ends the keeper first: the servers are then the parent's to stop."""
    watched = server()
    with (tmp_path / "lock").open("w") as lock:
        started = keeper.start_keeper([watched.pid], lock.fileno())
        started.stop()
        started.stop()
        assert watched.poll() is None
        watched.kill()
        watched.wait()


@pytest.mark.parametrize("born", [keeper._born_by_proc, keeper._born_by_ps])
def test_a_number_that_another_process_got_is_left_alone(born: object) -> None:
    """A process is known by its start as well as by its number, from /proc and from `ps` alike."""
    if born is keeper._born_by_proc and not keeper.PROC.is_dir():
        pytest.skip("this system has no /proc; the keeper uses ps here")
    watched = server()
    try:
        keeper.send({watched.pid: "another start"}, signal.SIGINT)
        assert watched.poll() is None
        assert callable(born)
        assert born(watched.pid) == born(watched.pid) is not None
    finally:
        watched.kill()
        watched.wait()
    assert callable(born)
    assert born(watched.pid) is None
    assert born(os.getpid()) is not None


def test_a_server_that_hears_no_word_is_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lets both words pass, as a Java program does with the second, is ended by the last one."""
    deaf = (
        "import signal, time; [signal.signal(word, signal.SIG_IGN) for word in (signal.SIGINT, signal.SIGQUIT)];"
        "print('deaf', flush=True); time.sleep(60)"
    )
    monkeypatch.setattr(keeper, "STOP_SECONDS", 0.2)
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as server:  # noqa: S603 - our own words
        assert server.stdout is not None
        assert server.stdout.readline() == b"deaf\n"
        keeper.end({server.pid: str(keeper.born(server.pid))})
        assert server.wait(10) == -signal.SIGKILL
