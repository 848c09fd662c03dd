"""The shared vectors through the running hub: published over HTTP, at the vectors' own instants, then read back.

`make test` runs the vectors that lie beside the project; `make vectors-live` runs our own as well and shows the counts.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.conftest import new_folder
from tests.system.hub_world import numbers
from tests.system.vector_lifecycles import LifecycleReport, run_lifecycles
from tests.system.vector_suite import OWN, SHARED, Collection, Report, Suite, collection
from tests.system.vector_world import vector_hub

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

EVERYTHING = "ALL_VECTORS"
"""Set by `make vectors-live`: our own vectors too, which takes minutes more."""

BEGINNING = "2026-11-01T00:00:00+01:00"
"""Before the first instant of any vector, so that the clock only goes forward."""

UNHOLDABLE = {
    "U01": ["now"],
    "U02": ["now"],
    "U03": ["subjects"],
    "U04": ["known_events"],
    "U34": ["consent_version"],
    "U39": ["consents"],
    "U40": ["consents[1]"],
}
"""Vectors whose facts no ledger can hold, or whose clock tells no instant: the pure core alone meets them."""

UNSTARTABLE = {"R05", "U05", "U06", "U54", "U55"}
"""Vectors under whose configuration no process of the hub starts: a mistake in it is found before any event."""

AROUND = frozenset(
    {
        *("C54", "C55", "C61", "C64", "C82", "C83", "R09", "R10", "R15", "R22", "R25", "R33", "R50"),
        *("U20", "U27", "U46", "U47"),
    }
)
"""Vectors whose event no partner can state: the hub's own, a text that was never scanned, less content than the door
asks for. They go straight into the log. Each is tried at the door too, and is here because it comes out otherwise."""


IMPOSSIBLE = {
    **dict.fromkeys(
        (
            *("AL06", "AL07", "AL08", "AL09", "AL22", "L04", "L17", "L22"),
            *("AL30", "AL31", "AL32", "AL33", "AL34", "AL35", "AL36", "AL37"),
        ),
        "what is offered or raised again is another matter: each is an event of its own",
    ),
    "L20": "before an offer nobody has a role: the order is refused, not the actor",
    "AL20": "before an alert nobody has a role: the order is refused, not the actor",
    "L25": "a signal or an acknowledgement is no step of a referral",
    "AL40": "what the wire does not know is in no log",
    "L33": "the hub's own end of a pilot light follows its tick at once",
    "L34": "the hub's own end of a pilot light follows its tick at once",
}
"""Life-cycle vectors of ours that presuppose what does not happen on a hub, with what happens instead."""

TIMELESS = {"AL41", "L60", "L61"}
"""Life-cycle vectors of ours with a step at what is no instant."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder for the hub's state; its logs stay for a while, as pytest keeps its folders."""
    state = new_folder()
    yield state
    if (state / "logs").exists():
        shutil.copytree(state / "logs", tmp_path / "logs")
    shutil.rmtree(state, ignore_errors=True)


async def judged(folder: Path, given: Collection) -> Report:
    """Run the decision and dedup vectors of a collection on a hub of their own.

    The watch does not run: a vector that says what a second sending brings presupposes that nobody looked before.
    """
    async with vector_hub(folder, given.configuration, BEGINNING) as hub:
        await asyncio.to_thread(hub.process("watch").stop)
        suite = Suite(hub, numbers())
        await suite.run(given, ("decision", "dedup"))
    for line in suite.report.lines():
        print(line)  # noqa: T201 - the counts are what people want to see; pytest -s shows them
    return suite.report


async def test_shared_vectors_through_the_running_hub(folder: Path) -> None:
    """Every shared decision and dedup vector that can come to a hub gives there what it gives in the pure core."""
    if not SHARED.exists():
        pytest.skip("the shared vectors are not beside this project")
    given = collection(SHARED, "vectors")
    report = await judged(folder, given)
    assert report.wrong == []
    assert report.around == AROUND
    assert report.unholdable == UNHOLDABLE
    assert report.unstartable == UNSTARTABLE
    apart = len(UNHOLDABLE) + len(UNSTARTABLE)
    assert sum(report.passed.values()) == len(given.of("decision", "dedup")) - apart
    assert report.roads["http"] > 0.9 * sum(report.roads.values())


@pytest.mark.skipif(EVERYTHING not in os.environ, reason="our own vectors too: `make vectors-live`")
async def test_own_vectors_through_the_running_hub(folder: Path) -> None:
    """Every decision and dedup vector of our own that can come to a hub gives there what it gives in the pure core."""
    given = collection(OWN, "cases")
    report = await judged(folder, given)
    assert report.wrong == []
    assert report.passed["dedup"] == len(given.of("dedup"))
    assert report.passed["decision"] > 0.95 * len(given.of("decision"))
    assert report.roads["http"] > 0.85 * sum(report.roads.values())


async def turned(folder: Path, given: Collection) -> LifecycleReport:
    """Run the life-cycle vectors of a collection on a hub of their own; the watch works at the ticks."""
    async with vector_hub(folder, given.configuration, BEGINNING) as hub:
        report = await run_lifecycles(hub, given, numbers())
    for line in report.lines():
        print(line)  # noqa: T201 - as above
    return report


async def test_shared_life_cycles_on_the_running_hub(folder: Path) -> None:
    """Every step and tick of the shared life-cycle vectors has on the running hub the result of the tables."""
    if not SHARED.exists():
        pytest.skip("the shared vectors are not beside this project")
    given = collection(SHARED, "vectors")
    report = await turned(folder, given)
    assert report.wrong == {}
    assert len(report.passed) == len(given.of("lifecycle"))


@pytest.mark.skipif(EVERYTHING not in os.environ, reason="our own vectors too: `make vectors-live`")
async def test_own_life_cycles_on_the_running_hub(folder: Path) -> None:
    """Every step and tick of our own life-cycle vectors that can happen on a hub has there the result of the tables."""
    given = collection(OWN, "cases")
    report = await turned(folder, given)
    assert report.wrong.keys() == IMPOSSIBLE.keys()
    assert report.timeless == TIMELESS
    assert report.unstartable == {"AL42", "L62"}
    apart = len(IMPOSSIBLE) + len(TIMELESS) + len(report.unstartable)
    assert len(report.passed) == len(given.of("lifecycle")) - apart
