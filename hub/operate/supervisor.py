"""Child processes of a development machine: started together, restarted when they die, ended together.

A child also ends when its parent is gone, however that happened: it holds the reading end of a pipe and stops at
its end of file (see `end_with_parent`). In production a container platform does this work.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hub.operate.logs import logger

SUPERVISED = "HUB_SUPERVISED"
"""Set for children: their standard input is the pipe that tells them that the parent is gone."""

STOP_SECONDS = 8.0
"""A worker finishes its batch and its running deliveries; longer than that it is stuck."""

RESTART_PAUSE_SECONDS = 0.5
"""Pause before a restart, so that a process that cannot start does not take the whole machine."""

MAX_RESTARTS = 20
"""A child that dies this often has a fault that a restart does not cure."""


@dataclass(slots=True)
class Child:
    """One supervised process. Its output goes to `log`, or to the terminal when None."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0

    def start(self) -> None:
        """Start (again)."""
        self._release_pipe()
        environment = {**os.environ, **self.environment, SUPERVISED: "1"}
        if self.log is None:
            self._spawn(environment, None)
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._spawn(environment, output.fileno())

    def _spawn(self, environment: Mapping[str, str], output: int | None) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            self.command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,  # Ctrl-C goes to the parent alone, which ends the children in order
        )

    @property
    def exit_code(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self.process.poll() if self.process else None

    def ask_to_end(self) -> None:
        """Ask to end, without waiting."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask to end, wait, then kill."""
        process = self.process
        if process is None:
            return
        if process.poll() is None:
            self.ask_to_end()
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._release_pipe()

    def _release_pipe(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()


def hub_command(*arguments: str) -> list[str]:
    """Return the command line of another `hub` process of this environment."""
    return [sys.executable, "-m", "hub.operate.command", *arguments]


@dataclass(slots=True)
class Supervisor:
    """Keeps children alive until it is told to stop."""

    children: list[Child] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def add(self, child: Child) -> Child:
        """Start a child and keep it."""
        child.start()
        self.children.append(child)
        return child

    def watch_once(self) -> None:
        """Restart children that died."""
        for child in self.children:
            code = child.exit_code
            if code is None or self.stopping.is_set():
                continue
            if child.restarts >= MAX_RESTARTS:
                raise ChildFailedError(child.name)
            child.restarts += 1
            logger("hub.supervisor").warning("child_restarted", worker=child.name, exit_code=code)
            time.sleep(RESTART_PAUSE_SECONDS)
            child.start()

    def watch(self) -> None:
        """Restart children that die, until `stopping` is set."""
        while not self.stopping.wait(0.2):
            self.watch_once()

    def stop(self) -> None:
        """End every child, all at once: none of them needs another to end in order."""
        self.stopping.set()
        for child in self.children:
            child.ask_to_end()
        for child in self.children:
            child.stop()


class ChildFailedError(RuntimeError):
    """A child died again and again."""


def end_with_parent() -> None:
    """In a supervised child: end like after SIGTERM as soon as the parent is gone."""
    if os.environ.get(SUPERVISED) != "1":
        return

    def wait_for_end_of_file() -> None:
        # os.read, not sys.stdin: a daemon thread inside Python's own stream aborts the interpreter at its end.
        while os.read(0, 1):
            continue
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_end_of_file, name="parent-watch", daemon=True).start()
