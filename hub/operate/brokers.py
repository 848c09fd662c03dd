"""The two brokers that `hub up` and the tests can start on one machine. Only who starts one knows which it is."""

from __future__ import annotations

from enum import StrEnum, unique
from pathlib import Path
from typing import Protocol

from hub.operate.apache_kafka import start_apache_kafka
from hub.operate.embedded import start_broker


@unique
class BrokerKind(StrEnum):
    """Which broker to start."""

    EMBEDDED = "embedded"
    """From a wheel, in memory, up at once; knows no idempotent producer."""

    APACHE = "apache"
    """Apache Kafka itself, on disk; needs Java and, the first time, Maven."""

    @property
    def knows_idempotence(self) -> bool:
        """Return whether its producers can be idempotent."""
        return self is BrokerKind.APACHE


class RunningBroker(Protocol):
    """A broker, or a cluster of them, that somebody here started and must end."""

    @property
    def bootstrap(self) -> str:
        """Return the addresses for clients: `host:port`, comma separated."""
        ...

    @property
    def cluster_id(self) -> str:
        """Return the identity of the log."""
        ...

    @property
    def pids(self) -> list[int]:
        """Return the processes that must end with the hub."""
        ...

    def stop(self) -> None:
        """End it and wait for that. Safe to call twice."""
        ...


def start(kind: BrokerKind, folder: Path) -> RunningBroker:
    """Start a broker with its state in `folder`. Raises EmbeddedServerError, which says what is missing."""
    return start_apache_kafka(folder / "kafka") if kind is BrokerKind.APACHE else start_broker(folder)
