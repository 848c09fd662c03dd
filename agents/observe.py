"""What the workers tell about themselves. Label values come from closed lists; nothing names a person."""

from __future__ import annotations

from typing import Protocol


class WorkerMetrics(Protocol):
    """Counters and figures of one worker process. `hub/operate` gives the Prometheus one."""

    def judged(self, verdict: str) -> None:
        """Count one event by its verdict (DEDUP.md)."""
        ...

    def decided(self, outcome: str, reason: str, seconds: float) -> None:
        """Count one decision (per recipient, or per event without recipients); seconds since it was accepted."""
        ...

    def delivered(self, seconds: float) -> None:
        """Count one delivery that a receiver took; seconds since the event was accepted."""
        ...

    def retried(self) -> None:
        """Count one attempt that will be repeated."""
        ...

    def parked(self, reason: str) -> None:
        """Count one item that a person of the hub must look at."""
        ...

    def relayed(self, count: int) -> None:
        """Count rows that went from the outbox to the log."""
        ...

    def fenced(self) -> None:
        """Count one batch that was dropped because another worker owns a partition now."""
        ...

    def progress(self, part: str) -> None:
        """Note real progress of a part: work was done, or it was seen that there is none."""
        ...


class NoMetrics:
    """Metrics that go nowhere: for tests and tools."""

    def judged(self, verdict: str) -> None:
        """Ignore."""

    def decided(self, outcome: str, reason: str, seconds: float) -> None:
        """Ignore."""

    def delivered(self, seconds: float) -> None:
        """Ignore."""

    def retried(self) -> None:
        """Ignore."""

    def parked(self, reason: str) -> None:
        """Ignore."""

    def relayed(self, count: int) -> None:
        """Ignore."""

    def fenced(self) -> None:
        """Ignore."""

    def progress(self, part: str) -> None:
        """Ignore."""
