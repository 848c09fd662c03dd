"""An event loop without wall clock, sockets or threads: time passes when the driver says so.

Determinism: ready callbacks run in the order in which they were made ready, one driver runs them, and nothing else
does. What asyncio leaves open (which of several tasks goes first) is decided at the gates of `processes.py`, by dice.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Answer = TypeVar("Answer")

CALLBACKS_MAX = 200_000
"""More callbacks than any quiet moment needs: tasks that wake each other for ever must end the run, not hang it."""


class SpinningError(Exception):
    """Tasks wake each other without end and without any effect."""


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop. `seconds` is its time; it moves by `pass_time` alone."""

    _ready: Any
    _scheduled: Any

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0
        self.faults: list[BaseException] = []
        self.ignored: tuple[type[BaseException], ...] = ()
        self.set_exception_handler(self._keep_fault)

    def time(self) -> float:
        """Return the loop's own time in seconds."""
        return self.seconds

    def _keep_fault(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, self.ignored):
            return
        self.faults.append(error if error is not None else RuntimeError(str(context.get("message"))))

    def run_ready(self) -> None:
        """Run everything that can run without time passing."""
        ready = self._ready
        for _ in range(CALLBACKS_MAX):
            if not ready:
                return
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()
        raise SpinningError

    def next_timer(self) -> float | None:
        """Return when the next timer is due, None without timers."""
        scheduled = self._scheduled
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)._scheduled = False
        return scheduled[0]._when if scheduled else None

    def pass_time(self, until: float) -> None:
        """Let time pass until this moment; timers that become due are made ready in their order."""
        self.seconds = max(self.seconds, until)
        while (due := self.next_timer()) is not None and due <= self.seconds:
            handle = heapq.heappop(self._scheduled)
            handle._scheduled = False
            self._ready.append(handle)

    def finish(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Run something of the test itself to its end; it must not wait for time."""
        task = self.create_task(work)
        while not task.done():
            if not self._ready:
                raise SpinningError
            handle = self._ready.popleft()
            if not handle._cancelled:
                handle._run()
        return task.result()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Be the running loop of this thread."""
        events._set_running_loop(self)
        try:
            yield
        finally:
            events._set_running_loop(None)
