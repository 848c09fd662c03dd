"""`hub replay` inside this process: windows, figures, retention and who may."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.core.defaults import DEFAULTS
from hub.core.standing import compile_standing
from hub.ledger import replaying
from hub.operate import replay
from hub.operate.command import app
from hub.operate.replay import Asked, still_kept
from tests.conformance.hand_world import audit_rows, balanced
from tests.conformance.ledger_world import (
    LATER,
    TEAM,
    World,
    allow,
    judged,
    record,
    sealed_event,
    subscription,
)
from tests.unit.by_hand_world import operated

DAY = Asked(TEAM, "2026-11-23T00:00:00+01:00", "2026-11-24T00:00:00+01:00", (), ("operator_1", "lost a disk"))
WINDOW = ["--receiver", "gp_1", "--from", "2026-11-23T00:00:00Z", "--to", "2026-11-24T00:00:00Z"]


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with operated(tmp_path, monkeypatch) as found:
        await found.ledger.put_subscription(subscription())
        for offset in range(2):
            sealed = sealed_event(f"evt-{offset}", subject=f"ps_{offset}")
            await found.commit(record(offset, sealed, judged(sealed, allow())))
        await found.deliver()
        yield found


async def said(asked: Asked = DAY) -> tuple[int, str]:
    out = io.StringIO()
    return await replay.run(asked, out), out.getvalue()


async def test_a_replay_says_what_becomes_of_each_type(world: World) -> None:
    """Per type how many go once more, and a reminder that consent is looked at again; then they are claimed."""
    code, text = await said()
    assert code == 0
    first, last = text.splitlines()
    assert first.split() == ["2", "signal.raised", "ok_replay", "sent", "once", "more"]
    assert last.split(";")[0].split() == ["2", "wait", "to", "be", "sent", "once", "more"]
    assert len(await world.claim(LATER)) == 2
    assert len(await audit_rows(world, "replayed")) == 2
    assert (await balanced(world)).delivered == 2


async def test_looking_first_sends_nothing(world: World) -> None:
    """The same figures, and nothing waits."""
    code, text = await said(replace(DAY, stated=None))
    assert (code, "2  would be sent once more" in text) == (0, True)
    assert await world.claim(LATER) == []


async def test_what_is_kept_no_longer_is_counted(world: World, tmp_path: Path) -> None:
    """More than `replay_days` after a receiver had it, it is counted and not sent."""
    (tmp_path / "clock").write_text("2026-11-30T09:00:01+00:00", "ascii")
    code, text = await said()
    assert code == 0
    assert text.splitlines()[0].split()[:3] == ["2", "signal.raised", "deny_retention"]
    assert await world.claim("2026-11-30T09:00:01+00:00") == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"start": "2026-11-24T00:00:00+01:00"}, "before"),
        ({"start": "2026-11-23T00:00:00"}, "offset"),
        ({"end": "tomorrow"}, "isoformat"),
        ({"stated": ("operator_1", "about 999990019")}, "long number"),
    ],
)
async def test_a_question_without_sense_is_refused(
    world: World, changes: dict[str, object], word: str
) -> None:
    """A window that is none, or a reason that may not be kept: nothing is done, and it is said what is wrong."""
    code, text = await said(replace(DAY, **changes))  # type: ignore[arg-type]
    assert (code, word in text) == (2, True)
    assert await world.claim(LATER) == []


async def test_too_much_at_once_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window with more than one replay may hold asks for a shorter one."""
    monkeypatch.setattr(replaying, "REPLAY_MAXIMUM", 1)
    code, text = await said()
    assert (code, "shorter" in text) == (2, True)
    assert await world.claim(LATER) == []


def test_settings_that_are_not_valid_replay_nothing() -> None:
    """The length of the term is not known then."""
    standing = compile_standing(directory=[], areas=[], policy={"replay_days": 0}, defaults=DEFAULTS)
    assert not still_kept(standing, LATER)(LATER)
    sound = compile_standing(directory=[], areas=[], policy={}, defaults=DEFAULTS)
    assert still_kept(sound, LATER)(LATER)
    assert not still_kept(sound, LATER)("no instant")


@pytest.mark.parametrize(
    "missing", [["--actor", "operator_1"], ["--reason", "because"], []], ids=["reason", "actor", "both"]
)
def test_who_and_why_are_needed_to_send(missing: list[str]) -> None:
    """Only with --dry-run may actor and reason be left out."""
    assert CliRunner().invoke(app, ["replay", *WINDOW, *missing]).exit_code == 2


@pytest.mark.parametrize(
    ("more", "types", "stated"),
    [
        (["--dry-run"], (), None),
        (["--dry-run", "--actor", "a", "--reason", "why"], (), None),
        (["--type", "x", "--type", "y", "--actor", "a", "--reason", "why"], ("x", "y"), ("a", "why")),
    ],
)
def test_the_command_line_says_what_is_replayed(
    more: list[str], types: tuple[str, ...], stated: tuple[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was typed is handed over; a dry run has nobody who acts."""
    seen: list[Asked] = []

    async def remember(asked: Asked, _out: object) -> int:
        seen.append(asked)
        return 0

    monkeypatch.setattr(replay, "run", remember)
    assert CliRunner().invoke(app, ["replay", *WINDOW, *more]).exit_code == 0
    assert seen == [Asked("gp_1", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z", types, stated)]
