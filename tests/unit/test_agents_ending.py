"""How a worker ends: agents/ending.py."""

from __future__ import annotations

import threading

from agents.ending import Ending, ExitCode


def test_the_first_reason_counts() -> None:
    """A shutdown causes more errors; the supervisor must hear the first."""
    ending = Ending(60.0)
    error = ending.decide(ExitCode.LOG_REPLACED, "LogReplacedError")
    ending.decide(ExitCode.CRASHED, "KeyError")
    ending.done()
    assert ending.code is ExitCode.LOG_REPLACED
    assert str(error) == "LogReplacedError"


def test_a_stop_that_hangs_ends_hard() -> None:
    """When the orderly stop takes longer than the grace, the process leaves with the code that was decided."""
    left: list[int] = []
    over = threading.Event()

    def hard_exit(code: int) -> None:
        left.append(code)
        over.set()

    ending = Ending(0.01, hard_exit)
    ending.decide(ExitCode.LEDGER_AWAY, "LedgerUnavailableError")
    assert over.wait(5)
    assert left == [ExitCode.LEDGER_AWAY]


def test_an_orderly_stop_calls_the_hard_end_off() -> None:
    """A worker that stops in time is not killed."""
    left: list[int] = []
    ending = Ending(0.05, left.append)
    ending.start_watchdog()
    ending.start_watchdog()
    ending.done()
    assert not threading.Event().wait(0.1)
    assert left == []


def test_exit_codes_differ() -> None:
    """Each way to end asks something else of the supervisor."""
    assert len({int(code) for code in ExitCode}) == len(ExitCode)
