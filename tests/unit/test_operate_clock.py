"""The test clock: hub/operate/clock.py and the setting that names its file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from hub.operate.clock import ClockError, FileClock, clock_of, clocks_of, moment_of, tell
from hub.operate.settings import Settings

NOON = "2026-03-02T12:00:00.000000Z"
MIDNIGHT = "2026-03-03T00:00:00+01:00"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clock"
    tell(path, NOON)
    return path


def test_without_a_file_the_machine_tells_the_time() -> None:
    """Outside tests both clocks give the machine's instant in UTC with microseconds."""
    clocks = clocks_of(Settings())
    told = datetime.fromisoformat(clocks.now())
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=5)
    assert clocks.now is clocks.moving
    assert clocks.now().endswith("Z")


def test_a_told_instant_stands_still_until_another_is_told(file: Path) -> None:
    """The file is read anew at every look, and an instant of Amsterdam is given in UTC."""
    clock = clock_of(Settings(clock=file))
    assert [clock(), clock()] == [NOON, NOON]
    tell(file, MIDNIGHT)
    assert clock() == "2026-03-02T23:00:00.000000Z"
    assert moment_of(clock)() == datetime.fromisoformat(MIDNIGHT)


def test_a_clock_may_be_told_an_earlier_instant(file: Path) -> None:
    """The clock itself has no opinion on the direction of time."""
    clock = clock_of(Settings(clock=file))
    clock()
    tell(file, "2024-01-01T00:00:00Z")
    assert clock() == "2024-01-01T00:00:00.000000Z"


@pytest.mark.parametrize("half", ["", "2026-03-0", "2026-03-02T12:00:00", "noon", "\xff\xfe"])
def test_what_cannot_be_read_leaves_the_last_instant(file: Path, half: str) -> None:
    """A half-written file, no offset, or no file at all stops no process; the next telling counts."""
    clock = clock_of(Settings(clock=file))
    file.write_text(half, encoding="latin-1")
    assert clock() == NOON
    file.unlink()
    assert clock() == NOON
    tell(file, MIDNIGHT)
    assert clock() == "2026-03-02T23:00:00.000000Z"


def test_leases_and_pauses_go_on_while_the_clock_stands(file: Path) -> None:
    """Real time is added to the told instant, so that nothing that failed waits for ever."""
    clock = FileClock(file, real_time=lambda: since(file) + 45)
    assert clock.now() == NOON
    assert clock.moving() == "2026-03-02T12:00:45.000000Z"
    tell(file, "2026-03-05T12:00:00Z")
    assert clock.moving() == "2026-03-05T12:00:45.000000Z"


def test_the_moving_clock_never_goes_back(file: Path) -> None:
    """A process that starts later, and a telling by a small step, leave a pause that runs as long as it was."""
    real = [45.0]
    clock = FileClock(file, real_time=lambda: since(file) + real[0])
    seen = [clock.moving()]
    real[0] += 600
    seen.append(clock.moving())
    restarted = FileClock(file, real_time=lambda: since(file) + real[0])
    seen.append(restarted.moving())
    tell(file, "2026-03-02T12:00:01Z")
    seen += [restarted.moving(), clock.moving()]
    assert seen == sorted(seen)
    assert seen[-1] == "2026-03-02T12:10:46.000000Z"


def test_a_machine_clock_that_was_set_back_does_not_move_the_told_instant(file: Path) -> None:
    """The moving clock is never behind the held one: what is due by the rules can always be claimed."""
    assert FileClock(file, real_time=lambda: since(file) - 3600).moving() == NOON


def since(file: Path) -> float:
    """Return when the clock was first used, noting it if nobody did."""
    FileClock(file)
    return file.with_name("clock.since").stat().st_mtime


def test_a_start_without_an_instant_is_refused(tmp_path: Path) -> None:
    """A process that was given a test clock never falls back to the machine's."""
    with pytest.raises(ClockError, match="HUB_CLOCK must name a file"):
        clock_of(Settings(clock=tmp_path / "absent"))
    (tmp_path / "empty").touch()
    with pytest.raises(ClockError, match="HUB_CLOCK must name a file"):
        clock_of(Settings(clock=tmp_path / "empty"))


def test_only_an_instant_can_be_told(file: Path) -> None:
    """What a test gets wrong shows at once, and the file stays as it was."""
    with pytest.raises(ClockError):
        tell(file, "2026-03-02T12:00:00")
    assert file.read_text() == NOON


def test_production_refuses_a_test_clock(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No process starts with a clock that somebody can set, however the setting came in."""
    monkeypatch.setenv("HUB_ENVIRONMENT", "production")
    monkeypatch.setenv("HUB_CLOCK", str(file))
    with pytest.raises(ValidationError, match="for environment `test` alone"):
        Settings()
    monkeypatch.delenv("HUB_CLOCK")
    smuggled = Settings().model_copy(update={"clock": file})
    with pytest.raises(ClockError, match="for environment `test` alone"):
        clock_of(smuggled)


def test_a_child_process_gets_the_clock_or_none(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is handed on as every other setting; where there is none, no variable says so."""
    assert "HUB_CLOCK" not in Settings().as_environment()
    environment = Settings(clock=file).as_environment()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings().clock == file
