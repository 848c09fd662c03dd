"""`hub parked` inside this process: what is printed, what is refused, and the exit codes."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.core.numbers import metadata_refused
from hub.ledger import desk as desks
from hub.operate import parked
from hub.operate.command import app
from hub.operate.parked import Chosen, Deed
from tests.conformance.hand_world import audit_rows, balanced, failed, park_bytes, park_delivery, park_event
from tests.conformance.ledger_world import LATER, TEAM, World, record, sealed_event
from tests.unit.by_hand_world import operated

STATED = "operator_1", "receiver is back"
EVERYTHING = Chosen()


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with operated(tmp_path, monkeypatch) as found:
        yield found


async def one_of_each(world: World) -> tuple[int, int, int]:
    """Park a record, an event and a delivery; return their numbers."""
    await park_bytes(world, 0)
    await park_event(world, 1)
    await park_delivery(world, 2)
    first, second, third = await world.ledger.desk.parked()
    return first.parked_id, second.parked_id, third.parked_id


async def said(*wanted: int, deed: Deed = Deed.RELEASE, stated: tuple[str, str] = STATED) -> tuple[int, str]:
    out = io.StringIO()
    return await parked.act(deed, wanted, stated, out), out.getvalue()


async def exported(chosen: Chosen = EVERYTHING) -> list[dict[str, object]]:
    out = io.StringIO()
    assert await parked.exported(chosen, out) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]


async def test_the_list_has_a_line_for_each(world: World) -> None:
    """Kind, reason, place and who to whom stand on one line each, and the last line counts."""
    numbers = await one_of_each(world)
    out = io.StringIO()
    assert await parked.listed(EVERYTHING, out) == 0
    *lines, count = out.getvalue().splitlines()
    assert [int(line.split()[0]) for line in lines] == list(numbers)
    assert [line.split()[1:3] for line in lines] == [
        ["unreadable", "unknown_schema"],
        ["event", "hold_evaluation_error"],
        ["delivery", "exhausted"],
    ]
    assert lines[2].endswith(f"school_1 -> {TEAM}")
    assert count == "3 waiting for a person"


@pytest.mark.parametrize(
    ("chosen", "kinds"),
    [
        (Chosen(kind="event"), ["event"]),
        (Chosen(reason="exhausted"), ["delivery"]),
        (Chosen(receiver=TEAM), ["delivery"]),
        (Chosen(kind="event", receiver=TEAM), []),
    ],
)
async def test_a_choice_is_all_of_what_is_stated(world: World, chosen: Chosen, kinds: list[str]) -> None:
    """Kind, reason and receiver narrow the list together."""
    await one_of_each(world)
    assert [item["kind"] for item in await exported(chosen)] == kinds


async def test_an_unknown_kind_is_refused(world: World) -> None:
    """A kind that does not exist would choose nothing, and look like an empty list."""
    wrong = Chosen(kind="letter")
    out = io.StringIO()
    assert await parked.listed(wrong, out) == 2
    assert await parked.exported(wrong, out) == 2
    assert await parked.act(Deed.REJECT, wrong, STATED, out) == 2
    assert out.getvalue().count("unreadable, event, message, delivery") == 3
    assert (await world.ledger.statistics(LATER)).parked == 0


async def test_one_is_shown_with_what_can_be_done(world: World) -> None:
    """Everything known is printed, and whether it can go on; an unknown number ends with 1."""
    junk, _, delivery = await one_of_each(world)
    shown = {}
    for number in (junk, delivery):
        out = io.StringIO()
        assert await parked.shown(number, out) == 0
        shown[number] = dict(line.split(maxsplit=1) for line in out.getvalue().splitlines() if line[16:])
    assert shown[junk]["possible"] == "reject"
    assert shown[junk]["digest"] == "ab" * 32
    assert shown[delivery]["possible"] == "release, reject"
    assert shown[delivery]["attempts"] == "1"
    assert await parked.shown(999, io.StringIO()) == 1


async def test_an_export_has_no_content(world: World) -> None:
    """A line has codes, places, sizes and digests; a citizen number that came around the door is hidden."""
    await one_of_each(world)
    odd = sealed_event("evt-9", type_name="x 999990019", subject=None)
    await world.commit(record(3, odd, failed()))
    lines = await exported()
    assert len(lines) == 4
    assert set(lines[0]) == {
        "parked_id", "kind", "reason", "at", "place", "partition", "offset", "line", "uid", "type", "sender",
        "receiver", "delivery_id", "subscription_id", "attempts", "state", "size_bytes", "digest", "content_kept",
    }  # fmt: skip
    assert lines[3]["type"] == "hidden"
    assert not metadata_refused(json.loads(json.dumps(lines)))
    assert "sealed" not in json.dumps(lines)


async def test_release_and_reject_say_what_came_of_each(world: World) -> None:
    """Exit code 0 when all was done, 1 when something was not; the books stay closed."""
    junk, event, delivery = await one_of_each(world)
    code, text = await said(event, delivery)
    words = "released: consent is looked at again before anything leaves"
    assert (code, text) == (0, f"{event:>8}  {words}\n{delivery:>8}  {words}\n")
    code, text = await said(junk)
    assert (code, "can be rejected" in text) == (1, True)
    assert (await balanced(world)).parked == 1
    code, text = await said(junk, event, deed=Deed.REJECT)
    assert (code, text.count("rejected: nothing of it leaves"), text.count("nothing waits")) == (1, 1, 1)
    balance = await balanced(world)
    assert (balance.parked, balance.held, balance.pending, balance.withheld) == (0, 1, 1, 1)
    (row, _) = await audit_rows(world, "parked_released")
    assert f'"at":"{LATER}' in row.document.replace(".000000Z", "+00:00")


async def test_all_that_is_chosen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice is worked through to its end, however many pages it has, and nothing else is touched."""
    monkeypatch.setattr(parked, "PARKED_PART", 1)
    assert desks.PARKED_PART > 1
    await one_of_each(world)
    for offset in range(3, 6):
        await park_delivery(world, offset)
    assert len(await exported()) == 6
    out = io.StringIO()
    assert await parked.act(Deed.REJECT, Chosen(kind="delivery"), STATED, out) == 0
    assert len(out.getvalue().splitlines()) == 4
    balance = await balanced(world)
    assert (balance.withheld, balance.parked) == (4, 2)


@pytest.mark.parametrize("stated", [("Jan Jansen", "receiver is back"), ("operator_1", "about 999990019")])
async def test_personal_data_is_refused(world: World, stated: tuple[str, str]) -> None:
    """With a name or a number in actor or reason nothing is done, and it is not repeated."""
    _, _, delivery = await one_of_each(world)
    code, text = await said(delivery, stated=stated)
    assert code == 2
    assert not any(word in text for word in ("Jansen", "999990019"))
    assert (await balanced(world)).parked == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["release", "1", "--reason", "because"],
        ["release", "1", "--actor", "operator_1"],
        ["release", "--actor", "operator_1", "--reason", "because"],
        ["reject", "1", "--all", "--actor", "operator_1", "--reason", "because"],
        ["reject", "1", "--kind", "event", "--actor", "operator_1", "--reason", "because"],
        ["reject", "x", "--actor", "operator_1", "--reason", "because"],
        ["show"],
    ],
)
def test_what_is_not_clear_is_not_done(arguments: list[str]) -> None:
    """Without who and why, without numbers or --all, or with both, the command does nothing."""
    assert CliRunner().invoke(app, ["parked", *arguments]).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "called"),
    [
        (["list", "--why", "exhausted"], ("listed", Chosen(reason="exhausted"))),
        (["export", "--kind", "event"], ("exported", Chosen(kind="event"))),
        (["show", "7"], ("shown", 7)),
        (
            ["release", "7", "8", "--actor", "a", "--reason", "why"],
            ("act", Deed.RELEASE, [7, 8], ("a", "why")),
        ),
        (
            ["reject", "--all", "--receiver", "gp_1", "--actor", "a", "--reason", "why"],
            ("act", Deed.REJECT, Chosen(receiver="gp_1"), ("a", "why")),
        ),
    ],
)
def test_the_command_line_says_what_is_meant(
    arguments: list[str], called: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each subcommand hands over what was typed, and ends with the exit code that comes back."""
    seen: list[tuple[object, ...]] = []

    async def remember(*given: object) -> int:
        seen.append(given)
        return 1

    monkeypatch.setattr(parked, str(called[0]), remember)
    assert CliRunner().invoke(app, ["parked", *arguments]).exit_code == 1
    assert seen[0][:-1] == called[1:]
