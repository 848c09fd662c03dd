"""Runs one worker to its end and says how it ended."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

import faust
import structlog

from agents.broker import LogUnavailableError
from agents.driver import HubApp
from agents.ending import ExitCode, code_of
from hub.ledger.interface import LedgerUnavailableError

log = structlog.get_logger("hub.agents.run")

Compose = Callable[[], Awaitable[HubApp]]
"""Opens what the worker needs on the running loop, and builds its app."""


class HubWorker(faust.Worker):
    """Faust's worker without its terminal art, its logging setup and its debugger signal."""

    def __init__(self, app: HubApp, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            app, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False, loglevel=None
        )
        self.spinner = None

    def _install_signal_handlers_unix(self) -> None:
        # Faust also binds SIGUSR1 to a dump of all stacks and SIGUSR2 to a debugger: both could show content.
        self.loop.add_signal_handler(signal.SIGINT, self._on_sigint)
        self.loop.add_signal_handler(signal.SIGTERM, self._on_sigterm)

    def _setproctitle(self, info: str, *, ident: str = "") -> None:
        """Leave the process title as the operator started it."""


def use_fast_loop() -> None:
    """Make uvloop the loop of this process, in all its threads. Where it does not exist asyncio's own serves."""
    if sys.platform == "win32":
        return
    import uvloop  # noqa: PLC0415 - not installed on Windows

    # By policy, because Faust makes the loop of its consumer thread itself.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


def run(compose: Compose) -> int:
    """Run a worker until it is asked to stop (SIGTERM, SIGINT) or ends by itself; returns the exit code.

    `compose` runs on the worker's own loop, so that database pools belong to it. The app closes the ledger.
    """
    use_fast_loop()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        app = loop.run_until_complete(compose())
    except (LedgerUnavailableError, LogUnavailableError) as error:
        log.exception("worker_not_started", exit_code=int(code_of(error)))
        loop.close()
        return int(code_of(error))
    try:
        HubWorker(app, loop).execute_from_commandline()
    except SystemExit as ended:
        stopped = ended.code
    except Exception:  # noqa: BLE001 - Faust raises a crash's reason again after its shutdown; it was logged there
        stopped = int(ExitCode.CRASHED)
    app.ending.done()
    if app.ending.code is not ExitCode.STOPPED:
        return int(app.ending.code)
    return stopped if isinstance(stopped, int) else int(ExitCode.CRASHED)
