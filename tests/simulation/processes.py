"""Processes of the simulated machine: tasks that live, freeze and die together, and stop at every effect.

Every transaction of the ledger, every request to the broker and every message to a receiver passes a gate. There the
task waits until the dice let it go on; there its process can be killed (no further line of it runs), or be frozen like
a process under SIGSTOP (it goes on later, not knowing that time has passed).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.virtual_loop import VirtualLoop

Work = Callable[[], Coroutine[Any, Any, Any]]
"""What a task does; called when the task starts, for one that dies before has nothing to end."""


class ProcessDiedError(BaseException):
    """What a line of a dead process meets. No `except Exception` of the product can catch it."""


@dataclass(eq=False, slots=True)
class Process:
    """One process. `skew_seconds` is how far its clock is beside the others'."""

    name: str
    part: str
    skew_seconds: float = 0.0
    is_alive: bool = True
    is_frozen: bool = False
    ended_by: BaseException | None = None
    tasks: dict[asyncio.Task[Any], int] = field(default_factory=dict)
    started: int = 0


CURRENT: ContextVar[Process | None] = ContextVar("process", default=None)
"""Whose line runs. None: the test itself, which passes every gate."""


@dataclass(eq=False, slots=True)
class Waiting:
    """A task at a gate."""

    process: Process
    what: str
    task: int
    go: asyncio.Future[Any]


class Machine:
    """All processes of one run."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.waiting: list[Waiting] = []
        factory: Any = self._task  # the declared form leaves out options that asyncio hands on
        loop.set_task_factory(factory)
        loop.ignored = (ProcessDiedError,)

    def _task(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **options)
        process = CURRENT.get()
        if process is not None:
            process.started += 1
            process.tasks[task] = process.started
            task.add_done_callback(lambda done: process.tasks.pop(done, None))
        return task

    def start(self, process: Process, work: Work) -> asyncio.Task[Any]:
        """Run work as a part of a process; an error that leaves it ends the process."""
        context = copy_context()
        context.run(CURRENT.set, process)
        task: asyncio.Task[Any] = context.run(self.loop.create_task, _until_end(process, work))
        return task

    async def gate(self, what: str) -> Any:
        """Wait until the dice let this task go on; returns what they say happens to the effect."""
        process = CURRENT.get()
        if process is None:
            return None
        if not process.is_alive:
            raise ProcessDiedError
        task = asyncio.current_task()
        number = 0 if task is None else process.tasks.get(task, 0)
        waiting = Waiting(process, what, number, self.loop.create_future())
        self.waiting.append(waiting)
        try:
            return await waiting.go
        finally:
            if not waiting.go.done() or waiting.go.cancelled():
                self.waiting = [other for other in self.waiting if other is not waiting]

    def free(self) -> list[Waiting]:
        """Return who could go on now.

        In an order of our own: asyncio and the product keep tasks and futures in sets, whose order is that of memory.
        """
        found = [one for one in self.waiting if not one.process.is_frozen]
        return sorted(found, key=lambda one: (one.process.name, one.task))

    def release(self, waiting: Waiting, answer: Any) -> None:
        """Let one task go on."""
        self.waiting.remove(waiting)
        waiting.go.set_result(answer)

    def kill(self, process: Process) -> None:
        """End a process: whatever its tasks still do, no effect of it passes a gate."""
        process.is_alive = False
        self.waiting = [one for one in self.waiting if one.process is not process]
        for task in list(process.tasks):
            task.cancel()


async def _until_end(process: Process, work: Work) -> None:
    try:
        await work()
    except (ProcessDiedError, asyncio.CancelledError):
        return
    except BaseException as error:  # noqa: BLE001 - it ends the process; the run judges it
        if process.ended_by is None:
            process.ended_by = _cause(error)


def _cause(error: BaseException) -> BaseException:
    """Return the error inside a group of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
