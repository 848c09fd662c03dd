"""The whole hub on Apache Kafka itself: the main job, one promise, and producers that are idempotent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.operate.brokers import BrokerKind
from hub.wire.topics import load_topics
from tests.apache_kafka import demand, producer_ids
from tests.system import test_promises as promises
from tests.system.conftest import new_folder
from tests.system.hub_world import SCHOOL, TEAM, HubWorld, running_hub, until

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def kafka_world() -> Iterator[HubWorld]:
    """Give a whole hub on one node of Apache Kafka."""
    demand()
    folder = new_folder()
    try:
        with running_hub(folder, BrokerKind.APACHE) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ids_of(folder: Path, topic: str) -> list[int]:
    """Return the producer ids of all batches of a topic on the only node."""
    partitions = range(load_topics()[topic].partitions)
    return [made for part in partitions for made in producer_ids(folder / "apache" / "node-1", topic, part)]


def test_what_is_published_is_decided_and_delivered(kafka_world: HubWorld) -> None:
    """Every process does its part of the main job on Apache Kafka; each batch in its log has a producer's number."""
    sent = kafka_world.stage.publish(
        SCHOOL, "signal.raised", kafka_world.signal(kafka_world.family("school"))
    )
    kafka_world.arrived(TEAM, sent)
    until(lambda: bool(ids_of(kafka_world.folder, "hub.decisions")), "a decision in hub.decisions")
    for topic in ("hub.events", "hub.decisions"):
        ids = ids_of(kafka_world.folder, topic)
        assert ids, topic
        assert min(ids) >= 0, f"a producer of {topic} is not idempotent"


def test_a_withdrawal_stops_the_webhook_on_apache_kafka(kafka_world: HubWorld) -> None:
    """The promise of tests/system/test_promises.py, kept on Apache Kafka: consent holds at the moment of the claim."""
    promises.test_a_withdrawal_between_decision_and_claim_stops_the_webhook(kafka_world)


def test_the_books_balance_on_apache_kafka(kafka_world: HubWorld) -> None:
    """`hub reconcile` balances after all this."""
    promises.test_the_books_balance(kafka_world)
