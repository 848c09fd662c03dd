"""The whole hub on three nodes of Apache Kafka, of which one after another is killed while partners publish."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator

import pytest

from hub.operate.apache_kafka import ApacheKafka
from hub.operate.brokers import BrokerKind
from hub.wire.codec import decode_record
from tests.apache_kafka import demand, whole_log
from tests.system import test_restarts as restarts
from tests.system.conftest import new_folder
from tests.system.hub_world import HubWorld, running_hub, until

pytestmark = [pytest.mark.apache_kafka, pytest.mark.system, pytest.mark.timeout(500)]

DOWN_SECONDS = 7.0
"""Longer than a node's session: another node leads its partitions and its consumer group meanwhile."""

PATIENCE_SECONDS = 150.0
"""Each node takes seconds to come back; a machine that does other work too gets this long for all."""


@pytest.fixture(scope="module")
def cluster_world() -> Iterator[HubWorld]:
    """Give a whole hub on three nodes."""
    demand()
    folder = new_folder()
    try:
        with running_hub(folder, BrokerKind.APACHE_CLUSTER) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def kill_each_node_once(world: HubWorld, publishers: restarts.Publishers) -> None:
    """Kill the nodes (-9) one after another, at fixed places in the stream, each until the others took over."""
    kafka = world.stack.broker
    assert isinstance(kafka, ApacheKafka)
    for place, node in enumerate(kafka.nodes, 1):
        target = place * restarts.EVENTS // (len(kafka.nodes) + 1)
        until(publishers.reached(target), f"{target} events", PATIENCE_SECONDS)
        node.kill()
        time.sleep(DOWN_SECONDS)
        kafka.start()


def decided(world: HubWorld) -> set[str]:
    """Return the uids of which hub.decisions tells."""
    records = asyncio.run(whole_log(world.stack.settings.kafka, "hub.decisions"))
    return {str(decode_record(record.value or b"")[1]["uid"]) for record in records}


def test_three_killed_nodes_amid_300_events_lose_nothing(cluster_world: HubWorld) -> None:
    """Each broker is killed once amid 300 events: all accepted ones arrive in order, and the books balance."""
    world = cluster_world
    families = [world.family("school", "gp") for _ in range(restarts.FAMILIES)]
    publishers = restarts.Publishers(world, list(restarts.signals(world, families)))
    working = threading.Thread(target=publishers.run, name="publishers")
    with world.supervised():
        working.start()
        kill_each_node_once(world, publishers)
        working.join(PATIENCE_SECONDS)
        assert not working.is_alive()
        until(restarts.all_of(publishers.uids, world), "all events at their receiver", PATIENCE_SECONDS)
        restarts.check_deliveries(world, publishers.uids)
        sent = set(publishers.uids)
        until(lambda: sent <= decided(world), "each decision on hub.decisions", PATIENCE_SECONDS)
        world.stack.wait_until_ready(lambda _name: None)
    restarts.balanced(world)
