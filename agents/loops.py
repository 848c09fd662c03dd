"""What the loops of deliver, watch and relay share: an app around them, patience with the database, an orderly end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import structlog

from agents.driver import HubApp, new_app
from agents.ending import code_of
from agents.runtime import Runtime
from hub.ledger.interface import LedgerUnavailableError

log = structlog.get_logger("hub.agents.loops")

Answer = TypeVar("Answer")


async def patiently(runtime: Runtime, call: Callable[[], Awaitable[Answer]]) -> Answer:
    """Call the ledger, again after a pause while it is away; LedgerUnavailableError when it stays away.

    Every call of the ledger is safe to repeat: that is its promise (hub/ledger/interface.py).
    """
    for pause in runtime.settings.flush_pauses_seconds:
        try:
            return await call()
        except LedgerUnavailableError:
            log.warning("ledger_unavailable", seconds=pause)
            await asyncio.sleep(pause)
    return await call()


class Rest:
    """Keeps a shortest time between two turns of a loop; the first after a quiet time waits for nothing."""

    def __init__(self, every_seconds: float) -> None:
        self._every_seconds = every_seconds
        self._next_turn = 0.0

    async def take(self) -> None:
        """Wait until the next turn may start, and start it."""
        await self.wait()
        self.start()

    async def wait(self) -> None:
        """Wait until the next turn may start."""
        left = self._next_turn - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)

    def start(self) -> None:
        """Start a turn."""
        self._next_turn = time.monotonic() + self._every_seconds


def guarded(app: HubApp, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Return the work as an app task whose failure ends the worker with the code that fits."""

    async def task() -> None:
        try:
            await work()
        except Exception as error:
            cause = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
            log.exception("loop_failed", exc_info=cause)
            await app.crash(app.ending.decide(code_of(cause), type(cause).__name__))

    return task


class Loop(Protocol):
    """The work of one process."""

    async def run(self) -> None:
        """Work until `stop`."""
        ...

    async def stop(self) -> None:
        """Start nothing more."""
        ...


def loop_app(name: str, runtime: Runtime) -> HubApp:
    """Return the app of a process that works in a loop and reads the ledger, not the log; nothing connects yet."""
    app = new_app(
        name,
        bootstrap_servers=runtime.bootstrap_servers,
        security=runtime.security,
        settings=runtime.settings,
    )
    app.producer_only = True
    return app


def run_in(app: HubApp, loop: Loop, runtime: Runtime, *closers: Callable[[], Awaitable[None]]) -> HubApp:
    """Give an app its loop; when it ends, the loop stops first, then comes what must be closed, then the ledger."""
    app.task(guarded(app, loop.run))
    app.before_stop.append(loop.stop)
    app.closers += [*closers, runtime.ledger.close]
    return app
