"""What the gateway counts. Label values come from closed lists only; who was refused is never counted."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Protocol


@unique
class Mode(StrEnum):
    """How an event was sent."""

    STRUCTURED = "structured"
    BINARY = "binary"
    BATCH = "batch"


class Metrics(Protocol):
    """Counters and timers of the door; the composition root binds them to Prometheus."""

    def accepted(self, mode: Mode, type_name: str) -> None:
        """Count an event that is safely in the log. `type_name` is a code name of the catalogue."""
        ...

    def refused(self, reason: str) -> None:
        """Count a refusal. `reason` is one of `problems.REASONS`; failed logins are among them, without identity."""
        ...

    def publish_seconds(self, seconds: float) -> None:
        """Observe the time from a read request to Kafka's acknowledgement."""
        ...

    def streams(self, change: int) -> None:
        """Count a live feed that opens (+1) or ends (-1)."""
        ...


class NoMetrics:
    """Counts nothing: for tests and for a gateway without monitoring."""

    def accepted(self, mode: Mode, type_name: str) -> None:
        """See `Metrics`."""

    def refused(self, reason: str) -> None:
        """See `Metrics`."""

    def publish_seconds(self, seconds: float) -> None:
        """See `Metrics`."""

    def streams(self, change: int) -> None:
        """See `Metrics`."""
