"""The present instant of a process: the machine's own, or in a test the one that a file tells (`HUB_CLOCK`).

A told instant stands still until the file tells another, so that a test can publish, decide, deliver and let terms pass
at exact instants. Who writes the file replaces it as a whole (`tell`); one that cannot be read leaves the last instant.
What must go on even then (leases, pauses between attempts) is measured by `FileClock.moving`.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.operate.settings import Settings

Clock = Callable[[], str]
"""Gives the present instant: RFC 3339 in UTC with microseconds."""

Signature = tuple[int, int, int]


class ClockError(ValueError):
    """The test clock cannot be used; the text says what to do."""


def instant_text(moment: datetime) -> str:
    """Return an instant as the hub writes it: RFC 3339 in UTC with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def machine_clock() -> str:
    """Return the machine's own present instant."""
    return instant_text(datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Clocks:
    """The two clocks of a process, which are one and the same outside tests.

    Attributes:
        now: The instant by which the rules are applied: acceptance, decisions, terms, ages.
        moving: The instant for leases and for pauses between attempts. It never stands still, so that what failed or
            was lost is tried again while a test holds `now`.
    """

    now: Clock
    moving: Clock


def clocks_of(settings: Settings) -> Clocks:
    """Return the clocks of a process. Raises ClockError for a test clock in production, or one that tells nothing."""
    if settings.clock is None:
        return Clocks(machine_clock, machine_clock)
    if settings.environment != "test":
        raise ClockError("HUB_CLOCK is for environment `test` alone: production follows the machine's clock")
    told = FileClock(settings.clock)
    return Clocks(told.now, told.moving)


def clock_of(settings: Settings) -> Clock:
    """Return the clock by which the rules are applied. Raises ClockError as `clocks_of` does."""
    return clocks_of(settings).now


def moment_of(clock: Clock) -> Callable[[], datetime]:
    """Return the same clock for those who reckon with datetimes."""
    return lambda: datetime.fromisoformat(clock())


def tell(path: Path, instant: str) -> None:
    """Set the test clock: the file is replaced as a whole. Raises ClockError for what is no instant with an offset."""
    _parse(instant)
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    beside.write_text(instant, encoding="ascii")
    beside.replace(path)


class FileClock:
    """The instant that a file tells. Raises ClockError at once when it tells none."""

    def __init__(self, path: Path, real_time: Callable[[], float] = time.time) -> None:
        self._path = path
        self._real_time = real_time
        self._signature: Signature | None = None
        self._told = self._first()
        self._since = _first_use(path)

    def now(self) -> str:
        """Return the instant that the file tells."""
        self._look()
        return instant_text(self._told)

    def moving(self) -> str:
        """Return the same instant plus the real time since the file was first used, by whichever process.

        INVARIANT: it never goes back while the told instants do not, over all processes and their restarts: a pause
        that one process began is over for every other one after the same real time.
        """
        self._look()
        return instant_text(self._told + timedelta(seconds=max(0.0, self._real_time() - self._since)))

    def _first(self) -> datetime:
        try:
            self._signature = self._sign()
            return self._read()
        except (OSError, ClockError) as error:
            raise ClockError("HUB_CLOCK must name a file with one RFC 3339 instant") from error

    def _look(self) -> None:
        try:
            signature = self._sign()
            if signature == self._signature:
                return
            told = self._read()
        except (OSError, ClockError):
            return  # gone or half written: the last instant holds until the file can be read
        self._told, self._signature = told, signature

    def _sign(self) -> Signature:
        found = self._path.stat()
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> datetime:
        return _parse(self._path.read_text(encoding="utf-8", errors="replace"))


def _first_use(path: Path) -> float:
    """Return when the clock was first used (Unix seconds): kept as the time of an empty file beside it."""
    beside = path.with_name(f"{path.name}.since")
    with contextlib.suppress(FileExistsError):
        beside.touch(exist_ok=False)
    return beside.stat().st_mtime


def _parse(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ClockError("an instant is written as RFC 3339 with an offset")
    return moment
