"""The supervisor: children are restarted when they die and never outlive their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.operate import supervisor as supervising
from hub.operate.supervisor import Child, ChildFailedError, Supervisor

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_child_comes_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A child that was killed is started again, with its output in the same log."""
    monkeypatch.setattr(supervising, "RESTART_PAUSE_SECONDS", 0.0)
    supervisor = Supervisor()
    child = supervisor.add(Child("sleeper", SLEEPER, {}, tmp_path / "logs" / "sleeper.log"))
    try:
        first = child.process
        assert first is not None
        first.kill()
        first.wait()
        supervisor.watch_once()
        assert child.restarts == 1
        assert child.exit_code is None
    finally:
        supervisor.stop()
    assert child.exit_code is not None


def test_a_child_that_cannot_live_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless restarts hide a fault; after a bound the supervisor says so."""
    monkeypatch.setattr(supervising, "RESTART_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(supervising, "MAX_RESTARTS", 1)
    supervisor = Supervisor()
    child = supervisor.add(Child("broken", [sys.executable, "-c", "raise SystemExit(3)"], {}))
    wait_for(lambda: child.exit_code is not None)
    supervisor.watch_once()
    wait_for(lambda: child.exit_code is not None)
    with pytest.raises(ChildFailedError):
        supervisor.watch_once()
    supervisor.stop()


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    """Stopping is bounded: a stuck child cannot keep the hub from ending."""
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('up', flush=True); time.sleep(60)"
    )
    child = Child("stubborn", [sys.executable, "-c", stubborn], {}, tmp_path / "log")
    child.start()
    wait_for(lambda: (tmp_path / "log").read_text().startswith("up"))
    child.stop(seconds=0.2)
    assert child.exit_code == -signal.SIGKILL


def test_children_end_when_the_parent_is_killed(tmp_path: Path) -> None:
    """A kill -9 of the parent leaves no process behind."""
    pid_file = tmp_path / "pid"
    child_code = f"""
        import os, time, pathlib
        from hub.operate.supervisor import end_with_parent
        end_with_parent()
        pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))
        time.sleep(60)
    """
    parent_code = f"""
        import sys, time
        from hub.operate.supervisor import Child, Supervisor
        Supervisor().add(Child("c", [sys.executable, "-c", {textwrap.dedent(child_code)!r}], {{}}))
        time.sleep(60)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(parent_code)])  # noqa: S603
    try:
        wait_for(lambda: pid_file.exists() and pid_file.read_text() != "")
        pid = int(pid_file.read_text())
        assert alive(pid)
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: not alive(pid))
