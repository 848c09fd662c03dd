"""How a worker ends: exit codes that tell the supervisor what to do, and an end that cannot hang."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from enum import IntEnum, unique

import structlog

from agents.broker import LogUnavailableError
from hub.ledger.interface import LedgerUnavailableError, LogReplacedError

log = structlog.get_logger("hub.agents.ending")


@unique
class ExitCode(IntEnum):
    """Process exit codes, after sysexits.h where one fits."""

    STOPPED = 0
    """Asked to stop, and stopped in order."""
    CRASHED = 1
    """A fault in the program. Restart; look at the log."""
    LEDGER_AWAY = 75
    """The database did not answer for longer than the worker waits (EX_TEMPFAIL). Restart."""
    LOG_AWAY = 69
    """The broker did not answer for longer than the worker waits (EX_UNAVAILABLE). Restart."""
    LOG_REPLACED = 78
    """The log is not the log that the ledger knows (EX_CONFIG). A restart does not help: a person must look."""


CODE_OF_ERROR: dict[type[BaseException], ExitCode] = {
    LogReplacedError: ExitCode.LOG_REPLACED,
    LedgerUnavailableError: ExitCode.LEDGER_AWAY,
    LogUnavailableError: ExitCode.LOG_AWAY,
}


def code_of(error: BaseException) -> ExitCode:
    """Return the exit code for an error that ends a worker; what is not on the list is a crash."""
    return CODE_OF_ERROR.get(type(error), ExitCode.CRASHED)


class WorkerEndedError(Exception):
    """Ends the worker from inside; the exit code is on `Ending`."""


class Ending:
    """The one place where a worker decides to end. The first reason counts."""

    def __init__(self, grace_seconds: float, hard_exit: Callable[[int], object] = os._exit) -> None:
        self.code = ExitCode.STOPPED
        self.reason: str | None = None
        self._grace_seconds = grace_seconds
        self._hard_exit = hard_exit
        self._watchdog: threading.Timer | None = None

    def decide(self, code: ExitCode, reason: str) -> WorkerEndedError:
        """Remember the reason, start the clock, and return the error to crash the app with."""
        if self.reason is None:
            self.code, self.reason = code, reason
            log.error("worker_ends", reason=reason, exit_code=int(code))
        self.start_watchdog()
        return WorkerEndedError(reason)

    def start_watchdog(self) -> None:
        """From now on the process ends within the grace, even when an orderly stop hangs."""
        if self._watchdog is None:
            self._watchdog = threading.Timer(self._grace_seconds, lambda: self._hard_exit(int(self.code)))
            self._watchdog.daemon = True
            self._watchdog.start()

    def done(self) -> None:
        """The orderly stop succeeded: call the watchdog off."""
        if self._watchdog is not None:
            self._watchdog.cancel()
