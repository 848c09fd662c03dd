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
from tests.system.vector_others import OtherReport, Others
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


OTHER_DIGEST = {"DT07"}
"""A vector of ours that gives two events of different types one digest; the door's digest covers the type."""

OTHER_KINDS = ("number", "routing", "inspection")

DOORLESS = {
    *("C94", "I05", "I06"),  # sending again is not asked for by a partner
    *(
        "I03",
        "I04",
    ),  # an answer that the form refuses; a line without marks, which the ledger's log always has
    *("B23", "B24", "B25", "B26"),  # pure arithmetic with a key that no hub has
    *("G11", "G23", "G24", "G25", "G26"),  # another directory or area table; fixed protectors
}
"""Vectors of the other kinds whose result no door shows; nor does one show those of kind deadline, pure counting."""


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
    assert {vector_id for vector_id, _, _ in report.wrong} == OTHER_DIGEST
    assert report.passed["dedup"] == len(given.of("dedup")) - len(OTHER_DIGEST)
    assert report.passed["decision"] > 0.95 * len(given.of("decision"))
    assert report.roads["http"] > 0.85 * sum(report.roads.values())


async def turned(folder: Path, given: Collection) -> tuple[LifecycleReport, OtherReport]:
    """Run all other kinds of vectors on a hub of their own; in the life cycles the watch works at the ticks alone."""
    async with vector_hub(folder, given.configuration, BEGINNING) as hub:
        persons = numbers()
        lifecycles = await run_lifecycles(hub, given, persons)
        # Last, as one of them lies in 2032: what waits there for delivery would wait until then.
        others = await Others(hub, given, persons).run()
    for line in (*lifecycles.lines(), *others.lines()):
        print(line)  # noqa: T201 - as above
    return lifecycles, others


async def test_shared_life_cycles_and_other_kinds_on_the_running_hub(folder: Path) -> None:
    """Steps, ticks, routes, numbers and inspections of the shared vectors have on the running hub the same result."""
    if not SHARED.exists():
        pytest.skip("the shared vectors are not beside this project")
    given = collection(SHARED, "vectors")
    lifecycles, others = await turned(folder, given)
    assert lifecycles.wrong == {}
    assert len(lifecycles.passed) == len(given.of("lifecycle"))
    assert others.wrong == {}
    counted = {str(vector["id"]) for vector in given.of("deadline")}
    assert set().union(*others.doorless.values()) == DOORLESS | counted
    assert len(others.passed | others.wrong.keys()) == len(given.of(*OTHER_KINDS)) - len(DOORLESS)


@pytest.mark.skipif(EVERYTHING not in os.environ, reason="our own vectors too: `make vectors-live`")
async def test_own_life_cycles_and_other_kinds_on_the_running_hub(folder: Path) -> None:
    """Steps, ticks, routes, numbers and inspections of our own vectors have on the running hub the same result."""
    given = collection(OWN, "cases")
    lifecycles, others = await turned(folder, given)
    assert lifecycles.wrong.keys() == IMPOSSIBLE.keys()
    assert lifecycles.timeless == TIMELESS
    assert lifecycles.unstartable == {"AL42", "L62"}
    apart = len(IMPOSSIBLE) + len(TIMELESS) + len(lifecycles.unstartable)
    assert len(lifecycles.passed) == len(given.of("lifecycle")) - apart
    assert others.wrong == {}
    assert len(others.passed) > 0.7 * len(given.of("number", "routing", "inspection"))
