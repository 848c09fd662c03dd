"""`hub reconcile` and `hub audit verify` inside this process: what is named, and the exit codes."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.ledger import rows
from hub.operate import bookkeeping
from hub.operate.command import app
from tests.conformance.hand_world import park_bytes, park_event
from tests.conformance.ledger_world import SCHOOL, World
from tests.unit.by_hand_world import operated


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with operated(tmp_path, monkeypatch) as found:
        for offset in range(3):
            await park_event(found, offset)
        yield found


async def lose(world: World, *offsets: int) -> None:
    """Take away what stands behind the lines of these records."""
    async with world.ledger._store.transaction() as tables:
        await tables.delete(rows.PARKED, "place", [f"1/0/{offset}" for offset in offsets])


async def reconciled(day: date | None = None, sender: str | None = None) -> tuple[int, list[str]]:
    out = io.StringIO()
    code = await bookkeeping.reconcile(day, sender, out)
    return code, out.getvalue().splitlines()


async def verified(*expected: str) -> tuple[int, list[str]]:
    out = io.StringIO()
    code = await bookkeeping.verify(expected, out)
    return code, out.getvalue().splitlines()


async def test_closed_books_end_with_their_figures(world: World) -> None:
    """Nothing is listed below the difference of nought."""
    code, lines = await reconciled()
    assert (code, lines[-1].split()) == (0, ["difference", "0"])
    assert (await world.ledger.balance()).parked == 3


async def test_a_difference_is_named(world: World) -> None:
    """The place in the log, the line, its state and what is missing."""
    await lose(world, 1)
    code, lines = await reconciled()
    assert code == 1
    assert lines[-2].split() == ["difference", "1"]
    assert lines[-1] == "  partition 0, offset 1, line 0: parked, but its parked row is missing"
    assert (await reconciled(sender=SCHOOL))[0] == 1
    assert (await reconciled(sender="gp_1"))[0] == 0
    assert (await reconciled(day=date(2026, 11, 24)))[0] == 0


async def test_differences_that_cancel_out_are_found(world: World) -> None:
    """One line too many and one too few give nought together, and are named all the same."""
    async with world.ledger._store.transaction() as tables:
        (line,) = await tables.read(rows.LINE, {"place": ["1/0/0"]})
        await tables.insert(rows.LINE, [line._replace(line=1, state="withheld")])
        await tables.delete(rows.LINE, "place", ["1/0/1"])
    code, lines = await reconciled()
    assert code == 1
    assert lines[-3].split() == ["difference", "0"]
    assert [line.split(":")[0].split()[-1] for line in lines[-2:]] == ["0", "1"]
    assert all("not as many lines" in line for line in lines[-2:])


async def test_a_long_list_is_cut(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than a screen is shown, and it is said."""
    monkeypatch.setattr(bookkeeping, "DIFFERENCES_SHOWN", 2)
    await lose(world, 0, 1, 2)
    code, lines = await reconciled()
    assert (code, lines[-1]) == (1, "there may be more: the first 2 are shown")
    assert len([line for line in lines if "is missing" in line]) == 2


async def test_the_head_is_printed_and_known_again(world: World) -> None:
    """What one run prints the next one takes, also after the chain grew; another hash is no part of it."""
    code, (line, verdict) = await verified()
    assert (code, verdict) == (0, "the audit chain holds")
    head = line.removeprefix("head ")
    await park_bytes(world, 3)
    code, (grown, verdict) = await verified(head)
    assert (code, verdict) == (0, "the audit chain holds")
    assert grown.startswith("head 0:4:")
    partition, position, digest = head.split(":")
    code, lines = await verified(head, f"{partition}:{position}:{digest[::-1]}", f"9:1:{digest}")
    assert code == 1
    assert lines[1:] == [
        f"cut off or written anew at partition 0, position {position}",
        "cut off or written anew at partition 9, position 1",
        "2 breaks",
    ]


@pytest.mark.parametrize(
    "head", ["", "0:1", "0:0:" + "ab" * 32, "0:1:xyz", "a:1:" + "ab" * 32, "0:1:" + "AB" * 32]
)
async def test_a_head_of_another_form_is_refused(world: World, head: str) -> None:
    """A slip in a noted head must not pass for a chain that holds."""
    assert (await verified(head))[0] == 2
    assert await world.ledger.verify_chain() == []


def test_the_command_line_takes_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each --expect-head is handed over; without one there is none."""
    seen: list[list[str]] = []

    async def remember(expected: list[str], _out: object) -> int:
        seen.append(expected)
        return 0

    monkeypatch.setattr(bookkeeping, "verify", remember)
    for arguments in ([], ["--expect-head", "0:1:a", "--expect-head", "1:2:b"]):
        assert CliRunner().invoke(app, ["audit", "verify", *arguments]).exit_code == 0
    assert seen == [[], ["0:1:a", "1:2:b"]]
