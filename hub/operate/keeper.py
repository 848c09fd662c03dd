"""Ends the embedded servers when the process that started them is gone without a word (kill -9, a crash).

The hub's own processes hold a pipe and end by themselves; broker and database know no such thing. So a small process
holds the pipe for them: `python -m hub.operate.keeper PID…`. Nothing of the hub is imported but this file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

GRACE_SECONDS = 3.0
"""Gateway and workers end within about a second and need their servers for it; the servers go after that."""

STOP_SECONDS = 5.0
"""How long a server may take to end before it is made to."""

POLL_SECONDS = 0.05

ENDINGS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
"""One after another. The second ends PostgreSQL at once; Kafka's Java only reports its threads and needs the last."""

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Keeper:
    """The process that watches over the servers of one hub."""

    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End the keeper, before the servers are stopped in order. Safe to call twice."""
        self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


def start_keeper(pids: Iterable[int], lock: int) -> Keeper:
    """Watch over these servers. The keeper shares the folder's lock: nobody else gets the folder before they ended."""
    return Keeper(
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "hub.operate.keeper", *map(str, pids)],
            stdin=subprocess.PIPE,
            pass_fds=[lock],
            start_new_session=True,  # Ctrl-C is the parent's business
        )
    )


def born(pid: int) -> str | None:
    """Return when a process started, in whatever form; None when there is no such process."""
    return _born_by_proc(pid) if PROC.is_dir() else _born_by_ps(pid)


def _born_by_proc(pid: int) -> str | None:
    try:
        fields = (PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = fields.rpartition(")")[2].split()
    return None if state == "Z" else rest[18]  # a zombie has ended; starttime is field 22 of proc(5)


def _born_by_ps(pid: int) -> str | None:
    command = ["ps", "-o", "lstart=", "-p", str(pid)]  # where there is no /proc, as on macOS
    said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a number of ours
    return said.stdout.strip() or None


def send(servers: dict[int, str], number: signal.Signals) -> None:
    """Signal those that still live; a number that went to another process since is left alone."""
    for pid, started in servers.items():
        if born(pid) == started:
            os.kill(pid, number)


def main(arguments: list[str]) -> None:
    """Wait for the end of the parent, then end the servers."""
    servers = {pid: started for pid in map(int, arguments) if (started := born(pid)) is not None}
    while os.read(0, 1):
        continue
    time.sleep(GRACE_SECONDS)
    end(servers)


def end(servers: dict[int, str]) -> None:
    """Ask, insist, and make them end; each gets its time before the next word."""
    for number in ENDINGS:
        send(servers, number)
        if _ended(servers, time.monotonic() + STOP_SECONDS):
            return


def _ended(servers: dict[int, str], deadline: float) -> bool:
    while lives := any(born(pid) == started for pid, started in servers.items()):
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    return not lives


if __name__ == "__main__":
    main(sys.argv[1:])
