"""Trying something in a forked child that may loop, exhaust memory or crash."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterator, Sequence

from tests.mutation.record import Outcome

MEMORY_BYTES = 6 * 1024**3
"""Address space of a child: a mutant that collects for ever ends in a MemoryError, and the machine does not."""
WALL_FACTOR = 10
"""A child that sleeps instead of working is stopped as well, after this many times its time of work."""
NAME_BYTES = 2048
"""Longer names are cut: a line must go through the pipe in one piece."""
KILLED, SURVIVED = "-", "+"


def tried(attempt: Callable[[], str | None], work_seconds: float) -> tuple[Outcome, str]:
    """Return what came of one attempt in a child of its own."""
    (outcome,) = tried_in_turn([(attempt, work_seconds)])
    return outcome


def tried_in_turn(
    attempts: Sequence[tuple[Callable[[], str | None], float]],
) -> Iterator[tuple[Outcome, str]]:
    """Yield what came of each attempt: the name it returned is the check that noticed something.

    One child makes the attempts in turn, each within its seconds of work. An attempt that raises, crashes or ends in
    another way has noticed something too; the ones after it get a new child.
    """
    done = 0
    while done < len(attempts):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _attempted(attempts[done:], writing)
        os.close(writing)
        with os.fdopen(reading, "r", errors="replace") as pipe:
            for line in pipe:
                done += 1
                yield ("killed", line[1:].rstrip("\n")) if line[0] == KILLED else ("survived", "")
        _, status = os.waitpid(child, 0)
        if not (os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0):
            done += 1
            too_long = os.WIFSIGNALED(status) and os.WTERMSIG(status) in {signal.SIGPROF, signal.SIGALRM}
            yield ("timeout", "") if too_long else ("killed", "crashed")


def _attempted(attempts: Sequence[tuple[Callable[[], str | None], float]], writing: int) -> None:
    """Try within the limits and leave without cleaning up: the parent's files and fixtures are not the child's."""
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for attempt, work_seconds in attempts:
        signal.setitimer(signal.ITIMER_PROF, work_seconds)
        signal.setitimer(signal.ITIMER_REAL, WALL_FACTOR * work_seconds)
        try:
            noticed = attempt()
        except BaseException as problem:  # noqa: BLE001  (whatever a mutant raises has been noticed)
            noticed = type(problem).__name__
        said = f"{KILLED}{noticed}" if noticed else SURVIVED
        os.write(writing, said.replace("\n", " ").encode()[:NAME_BYTES] + b"\n")
    os._exit(0)
