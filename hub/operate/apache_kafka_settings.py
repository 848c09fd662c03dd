"""What a node of Apache Kafka is told on a development machine; what differs from its defaults has a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

JAVA_OPTIONS: Final = (
    "-Xmx512m",  # bounds the heap: three nodes beside a hub fit into 2 GB
    "-Xms64m",
    "-XX:+UseSerialGC",  # no threads of its own: two cores are shared by everything
    "-XX:TieredStopAtLevel=1",  # short-lived: the second compiler costs more than it gives
    "-XX:+ExitOnOutOfMemoryError",  # a node that goes on without memory is worse than one that is gone
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    # Hundreds of lines of settings at each start say nothing that server.properties does not.
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaConfig=warn",
)

REPLICAS_MAX: Final = 3
"""Three replicas survive the loss of one with two left, the usual form of a production cluster."""

SESSION_MILLISECONDS: Final = 5_000
"""A killed node's partitions get another leader after this: half of Kafka's default and of what the gateway waits."""

HEARTBEAT_MILLISECONDS: Final = 1_000
"""A fifth of the session, so that a busy machine may lose some."""

INTERNAL_PARTITIONS: Final = 4
"""Kafka's fifty would be most of what a small cluster does when it starts."""

CLEANER_BYTES: Final = 16 * 1024 * 1024
"""Kafka's 128 MB would be a quarter of the heap; only its own offsets topic is compacted here."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node is: its number and its two ports on loopback, for clients and for the quorum."""

    node_id: int
    port: int
    controller_port: int


def node_properties(place: Place, places: Sequence[Place], data: Path) -> dict[str, str]:
    """Return the `server.properties` of one node of the cluster at `places`, with its log in `data`."""
    replicas = min(len(places), REPLICAS_MAX)
    in_sync = str(max(1, replicas - 1))
    return {
        "process.roles": "broker,controller",
        "node.id": str(place.node_id),
        "controller.quorum.voters": ",".join(
            f"{other.node_id}@127.0.0.1:{other.controller_port}" for other in places
        ),
        "listeners": f"PLAINTEXT://127.0.0.1:{place.port},CONTROLLER://127.0.0.1:{place.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{place.port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",  # a typing error must not make a topic
        "default.replication.factor": str(replicas),
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": str(replicas),
        "offsets.topic.num.partitions": str(INTERNAL_PARTITIONS),
        "transaction.state.log.replication.factor": str(replicas),
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": str(INTERNAL_PARTITIONS),
        "group.initial.rebalance.delay.ms": "0",  # the three seconds are for fleets that start together
        "broker.session.timeout.ms": str(SESSION_MILLISECONDS),
        "broker.heartbeat.interval.ms": str(HEARTBEAT_MILLISECONDS),
        "log.cleaner.dedupe.buffer.size": str(CLEANER_BYTES),
    }
