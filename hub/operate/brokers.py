"""The two brokers that `hub up` and the tests can start on one machine. Only who starts one knows which it is."""

from __future__ import annotations

from enum import StrEnum, unique
from pathlib import Path
from typing import Final, Protocol

from hub.operate.apache_kafka import start_apache_kafka
from hub.operate.embedded import start_broker

CLUSTER_NODES: Final = 3
"""The fewest of which one can be lost while the others still agree."""


@unique
class BrokerKind(StrEnum):
    """Which broker to start."""

    EMBEDDED = "embedded"
    """From a wheel, in memory, up at once; knows no idempotent producer."""

    APACHE = "apache"
    """Apache Kafka itself, on disk; needs Java and, the first time, Maven."""

    APACHE_CLUSTER = "apache-cluster"
    """Three nodes of it, with every record on each of them: one may be lost."""

    @property
    def knows_idempotence(self) -> bool:
        """Return whether its producers can be idempotent."""
        return self is not BrokerKind.EMBEDDED

    @property
    def nodes(self) -> int:
        """Return how many nodes it has, which is also on how many each record is."""
        return CLUSTER_NODES if self is BrokerKind.APACHE_CLUSTER else 1


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
    if kind is BrokerKind.EMBEDDED:
        return start_broker(folder)
    return start_apache_kafka(folder / kind, kind.nodes)
