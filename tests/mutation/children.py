"""Trying something in a forked child that may loop, exhaust memory or crash."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable

from tests.mutation.record import Outcome

MEMORY_BYTES = 6 * 1024**3
"""Address space of a child: a mutant that collects for ever ends in a MemoryError, and the machine does not."""
WALL_FACTOR = 10
"""A child that sleeps instead of working is stopped as well, after this many times its time of work."""
NAME_BYTES = 4096


def tried(attempt: Callable[[], str | None], work_seconds: float) -> tuple[Outcome, str]:
    """Return what came of an attempt in a child: the name it returned is the check that noticed something.

    An attempt that raises, crashes or ends in another way has noticed something too.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _attempted(attempt, writing, work_seconds)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read(NAME_BYTES).decode(errors="replace")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in {signal.SIGPROF, signal.SIGALRM}:
        return "timeout", ""
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
        return "survived", ""
    return "killed", said


def _attempted(attempt: Callable[[], str | None], writing: int, work_seconds: float) -> None:
    """Try within the limits and leave without cleaning up: the parent's files and fixtures are not the child's."""
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, work_seconds)
    signal.setitimer(signal.ITIMER_REAL, WALL_FACTOR * work_seconds)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    noticed: str | None = "crashed"
    try:
        noticed = attempt()
    except BaseException as problem:  # noqa: BLE001  (whatever a mutant raises has been noticed)
        noticed = type(problem).__name__
    finally:
        os.write(writing, (noticed or "").encode()[:NAME_BYTES])
        os._exit(1 if noticed else 0)
