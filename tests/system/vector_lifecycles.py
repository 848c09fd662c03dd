"""All life-cycle vectors of one collection through one running hub, and what is said about the result."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer

from hub.core.model import Json
from hub.core.times import parse_instant
from tests.system.vector_configuration import Configuration, configuration_of, is_refused, write_partners
from tests.system.vector_lifecycle import Lifecycles, Matter, Parties, is_as_expected
from tests.system.vector_names import Names
from tests.system.vector_pace import EVENTS, Pace
from tests.system.vector_run import kinds_of
from tests.system.vector_suite import Collection
from tests.system.vector_world import DECIDING, DELIVERING, VectorHub

TURNING = (*DECIDING, *DELIVERING, "watch")
"""Processes that read the configuration and take part in a life cycle."""


@dataclass(slots=True)
class LifecycleReport:
    """What became of the life-cycle vectors: ids that passed, steps that came out otherwise, those not to be taken."""

    passed: set[str] = field(default_factory=set)
    wrong: dict[str, list[tuple[str, Json, Json]]] = field(default_factory=dict)
    unstartable: set[str] = field(default_factory=set)
    timeless: set[str] = field(default_factory=set)
    """Vectors with a step at what is no instant: a clock never shows that."""

    def lines(self) -> Iterator[str]:
        """Yield the counts, for people."""
        yield f"{len(self.passed)} life-cycle vectors gave the same result, {len(self.wrong)} another"
        yield f"not to be taken: {sorted(self.unstartable | self.timeless)}"


async def run_lifecycles(hub: VectorHub, given: Collection, numbers: Iterator[str]) -> LifecycleReport:
    """Run the life-cycle vectors of a collection, those of the default configuration first; it holds again after."""
    report, groups = LifecycleReport(), dict[str, list[Mapping[str, Any]]]()
    for vector in given.of("lifecycle"):
        if all(parse_instant(step["at"]) for step in vector["steps"]):
            groups.setdefault(configuration_of(vector, given.defaults).label, []).append(vector)
        else:
            report.timeless.add(str(vector["id"]))
    current, latest = given.configuration.label, given.configuration
    async with _pace(hub) as pace:
        for label, vectors in sorted(groups.items(), key=lambda item: item[0] != current):
            configuration = configuration_of(vectors[0], given.defaults)
            if label != current and not await _configured(hub, pace, configuration):
                report.unstartable |= {str(vector["id"]) for vector in vectors}
                continue
            latest = configuration
            await _take(
                Lifecycles(hub, pace, Parties.of(kinds_of(configuration.directory))), vectors, numbers, report
            )
    if latest.label != current:
        await hub.configure(given.configuration, TURNING)
    return report


@asynccontextmanager
async def _pace(hub: VectorHub) -> AsyncIterator[Pace]:
    """Hold the watch as long as the context lasts."""
    consumer = AIOKafkaConsumer(EVENTS, bootstrap_servers=hub.stack.settings.kafka, group_id=None)
    await consumer.start()
    pace = Pace(hub, consumer)
    try:
        await pace.hold_the_watch()
        yield pace
    finally:
        pace.release_the_watch()
        await consumer.stop()


async def _configured(hub: VectorHub, pace: Pace, configuration: Configuration) -> bool:
    """Start the hub with another configuration. False when no process starts with it."""
    draft = hub.stack.settings.state / "draft.toml"
    write_partners(draft, configuration, hub.access, hub.webhooks)
    if is_refused(draft):
        return False
    pace.release_the_watch()
    await hub.configure(configuration, TURNING)
    await pace.hold_the_watch()
    return True


async def _take(
    lifecycles: Lifecycles,
    vectors: Sequence[Mapping[str, Any]],
    numbers: Iterator[str],
    report: LifecycleReport,
) -> None:
    """Run vectors without ticks first: at the ticks of the others the watch would also end what these light."""
    matters = [
        Matter(
            vector,
            Names(f"m{vector['id']}".lower(), numbers, lifecycles.hub.pseudonyms),
            lifecycles.parties.owner,
            list(vector["steps"]),
        )
        for vector in vectors
    ]
    for ticked in (False, True):
        await lifecycles.run([matter for matter in matters if _has_ticks(matter) is ticked])
    for matter in matters:
        different = list(_differences(matter))
        if different:
            report.wrong[matter.vector_id] = different
        else:
            report.passed.add(matter.vector_id)


def _has_ticks(matter: Matter) -> bool:
    return any("tick" in step for step in matter.vector["steps"])


def _differences(matter: Matter) -> Iterator[tuple[str, Json, Json]]:
    """Yield step, expected and got of each step that came out otherwise."""
    before = "none"
    steps, wanted = matter.vector["steps"], matter.vector["expected"]
    for step, expected, got in zip(steps, wanted, matter.results, strict=True):
        if not is_as_expected(expected, got, before):
            yield str(step.get("event", "tick")), expected, got
        before = expected["state"]
