"""Apache Kafka itself on one machine: one node or several, each broker and controller in one (KRaft), loopback only.

For tests and `hub up --kafka apache`. Unlike the embedded broker it keeps its log on disk: the same folder started
again is the same cluster. Production runs Kafka's own image; nothing else in the product knows which it talks to.
"""

from __future__ import annotations

import asyncio
import base64
import random
import signal
import socket
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from hub.operate.apache_kafka_settings import JAVA_OPTIONS, Place, node_properties
from hub.operate.embedded import EmbeddedServerError, answers, end_process
from hub.operate.kafka_jars import jars, java

START_SECONDS: Final = 90.0
"""A node answers after four seconds; three of them on two busy cores have taken twenty."""

FORMAT_SECONDS: Final = 60.0
"""Kafka's own tool takes one or two seconds to format a folder."""

STOP_SECONDS: Final = 15.0
"""A node ends within a second; one that cannot hand over its leadership waits for some more."""

POLL_SECONDS: Final = 0.1
"""How often a starting cluster is asked whether it answers."""

ANSWER_MILLISECONDS: Final = 2_000
"""How long one question about the cluster may take before it is asked again."""

FIRST_PORT, LAST_PORT = 20_000, 29_999
"""Below the ports that systems give to outgoing connections: a node that is down does not lose its port to a client."""

PORT_TRIES: Final = 200
"""So many ports in a row that are all taken mean a machine on which nothing works."""


def quiet_port() -> int:
    """Return a port on loopback that is free and that no outgoing connection will take."""
    for _ in range(PORT_TRIES):
        port = random.randint(FIRST_PORT, LAST_PORT)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise EmbeddedServerError(f"No free port from {FIRST_PORT} to {LAST_PORT}.")


def new_cluster_id() -> str:
    """Return a cluster id in Kafka's form: 128 random bits in 22 characters."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        continue  # Kafka's tool would take it for an option
    return made


@dataclass(slots=True)
class Node:
    """One node of a cluster: its place, its folder, and its process while it has one."""

    place: Place
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def properties(self) -> Path:
        """Return the node's `server.properties`."""
        return self.folder / "server.properties"

    @property
    def log(self) -> Path:
        """Return the file with the node's own words."""
        return self.folder / "server.log"

    @property
    def lives(self) -> bool:
        """Return whether the process runs; a frozen one does."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process on the folder as it is, without waiting for it to answer."""
        command = [java(), *JAVA_OPTIONS, "-cp", f"{jars()}/*", "kafka.Kafka", str(self.properties)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603 - the machine's own Java

    def kill(self) -> None:
        """End the process so that it cannot clean up (kill -9), and wait until it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End the process in order; kill it when it does not end."""
        if self.process is not None:
            end_process(self.process, STOP_SECONDS, signal.SIGTERM)


@dataclass(slots=True)
class ApacheKafka:
    """A running cluster. `bootstrap` names all its nodes."""

    cluster_id: str
    nodes: list[Node] = field(default_factory=list)

    @property
    def bootstrap(self) -> str:
        """Return the addresses of all nodes, comma separated."""
        return ",".join(f"127.0.0.1:{node.place.port}" for node in self.nodes)

    @property
    def pids(self) -> list[int]:
        """Return the processes of the nodes that live."""
        return [node.process.pid for node in self.nodes if node.process is not None and node.lives]

    def node(self, node_id: int) -> Node:
        """Return the node with this id; KeyError when there is none."""
        return {node.place.node_id: node for node in self.nodes}[node_id]

    def start(self) -> None:
        """Start every node that does not live and wait until all answer. Raises EmbeddedServerError."""
        for node in self.nodes:
            if not node.lives:
                node.start()
        self.wait_until_ready()

    def stop(self) -> None:
        """End all nodes; the log stays in the folder. Safe to call twice."""
        for node in self.nodes:
            if node.process is not None and node.lives:
                node.process.send_signal(
                    signal.SIGTERM
                )  # all at once: the last ones of three have no quorum left
        for node in self.nodes:
            node.stop()

    def wait_until_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until each node says that all nodes serve. Raises EmbeddedServerError when one ends or time does."""
        deadline = time.monotonic() + seconds
        wanted = {node.place.node_id for node in self.nodes}
        # Each is asked itself: the others may still count on one that was killed a moment ago.
        while any(serving(node.place) != wanted for node in self.nodes):
            late = time.monotonic() > deadline
            for node in self.nodes:
                if late or not node.lives:
                    raise EmbeddedServerError(f"Apache Kafka did not start; its own words are in {node.log}.")
            time.sleep(POLL_SECONDS)


def start_apache_kafka(folder: Path, nodes: int = 1) -> ApacheKafka:
    """Start a cluster whose data lives in `folder`, on free ports of loopback, and wait until it serves.

    A folder that holds a cluster already is that cluster, with its log and its id. Raises EmbeddedServerError when
    Java, Maven or the jars are missing (KafkaMissingError) or a node does not start.
    """
    places = [Place(number, quiet_port(), quiet_port()) for number in range(1, nodes + 1)]
    made = [Node(place, folder / f"node-{place.node_id}") for place in places]
    cluster = ApacheKafka(_cluster_id(made) or new_cluster_id(), made)
    try:
        for node in made:
            _prepare(node, places, cluster.cluster_id)
        cluster.start()
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _cluster_id(nodes: list[Node]) -> str | None:
    for node in nodes:
        written = node.folder / "data" / "meta.properties"
        if written.is_file():
            lines = [line.partition("=") for line in written.read_text(encoding="ascii").splitlines()]
            return next(value for name, _, value in lines if name == "cluster.id")
    return None


def _prepare(node: Node, places: list[Place], cluster_id: str) -> None:
    node.folder.mkdir(parents=True, exist_ok=True)
    properties = node_properties(node.place, places, node.folder / "data")
    node.properties.write_text(
        "".join(f"{name}={value}\n" for name, value in properties.items()), encoding="ascii"
    )
    if not (node.folder / "data" / "meta.properties").is_file():
        _format(node, cluster_id)


def _format(node: Node, cluster_id: str) -> None:
    tool = ["kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config", str(node.properties)]
    said = subprocess.run(  # noqa: S603 - the machine's own Java
        [java(), *JAVA_OPTIONS, "-cp", f"{jars()}/*", *tool],
        capture_output=True,
        text=True,
        check=False,
        timeout=FORMAT_SECONDS,
    )
    node.log.write_text(said.stdout + said.stderr, encoding="utf-8")
    if said.returncode:
        raise EmbeddedServerError(
            f"Apache Kafka could not format its folder; its own words are in {node.log}."
        )


def serving(place: Place) -> set[int]:
    """Return the ids of the nodes that this node counts as serving; none when it does not answer.

    Also callable where an event loop runs, which waits meanwhile.
    """
    if not answers(place.port):
        return set()
    with ThreadPoolExecutor(1) as own_loop:
        return own_loop.submit(asyncio.run, _serving(f"127.0.0.1:{place.port}")).result()


async def _serving(bootstrap: str) -> set[int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=ANSWER_MILLISECONDS)
    try:
        await admin.start()
        described = await admin.describe_cluster()
    except (KafkaError, OSError):
        return set()  # not yet, or no longer
    finally:
        await admin.close()
    return {int(broker["node_id"]) for broker in described["brokers"]}
