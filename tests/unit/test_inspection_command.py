"""`hub inspect` inside this process: persons, formats, files and exit codes, over a small ledger."""

from __future__ import annotations

import io
import json
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.core.model import Json
from hub.identity.key_material import VersionedKeys
from hub.identity.pseudonyms import Pseudonyms
from hub.operate.inspection import command
from hub.operate.inspection.command import Asked, Format, Opposes, person_of
from tests.unit.gateway_world import BSN, NOW, build_world
from tests.unit.inspection_world import CHILD, MOTHER, InspectedLedger, child, line

PARENT = "999990020"


class ClosingLedger(InspectedLedger):
    """Remembers that it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    async def close(self) -> None:
        self.closed = True


@dataclass
class Desk:
    """What one command reads and writes."""

    ledger: ClosingLedger
    keys: VersionedKeys
    folder: Path

    async def inspect(
        self,
        subject: str = CHILD,
        requester: str = MOTHER,
        *,
        opposes: Opposes = Opposes.NO,
        style: Format = Format.JSON,
        out: Path | None = None,
    ) -> tuple[int, str, str]:
        """Return exit code, what was written and what was said."""
        written, said = io.StringIO(), io.StringIO()
        code = await command.inspect(Asked(subject, requester, opposes, style, out), written, said)
        assert self.ledger.closed
        return code, written.getvalue(), said.getvalue()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    build_world(tmp_path)
    keys = VersionedKeys.generate("k1")
    path = tmp_path / "pseudonym.keys"
    path.touch(mode=0o600)
    path.write_text(keys.to_text(), "ascii")
    (tmp_path / "clock").write_text(NOW, "ascii")
    ledger = ClosingLedger()
    ledger.subjects[CHILD] = child()
    ledger.log[CHILD] = [line("1")]

    async def opened(_dsn: str, *, owner: str) -> ClosingLedger:
        assert owner == "inspect"
        return ledger

    monkeypatch.setattr(command, "open_ledger", opened)
    monkeypatch.setattr(command, "configure", lambda *_: None)  # logging belongs to the test run here
    monkeypatch.setenv("HUB_PARTNERS", str(tmp_path / "partners.toml"))
    monkeypatch.setenv("HUB_PSEUDONYM_KEYS", f"file:{path}")
    monkeypatch.setenv("HUB_CLOCK", str(tmp_path / "clock"))
    return Desk(ledger, keys, tmp_path)


@pytest.mark.parametrize(
    ("style", "start"),
    [(Format.JSON, "{\n"), (Format.CSV, "\ufeffgedeeld op;"), (Format.HTML, "<!DOCTYPE html>")],
)
async def test_every_format_shows_the_line(desk: Desk, style: Format, start: str) -> None:
    """JSON, CSV and letter go to the terminal with the same line; the reason is said beside it."""
    code, written, said = await desk.inspect(style=style)
    assert code == 0
    assert written.startswith(start)
    assert "Testschool Een" in written
    assert said == "ok_inspection: Volledige inzage.\n"


@pytest.mark.parametrize(
    ("opposes", "reason"),
    [
        (Opposes.UNKNOWN, "hold_inspection_review"),
        (Opposes.YES, "deny_inspection_child_interest"),
    ],
)
async def test_a_no_ends_with_one(desk: Desk, opposes: Opposes, reason: str) -> None:
    """A hold or deny writes its answer without lines and ends with 1."""
    code, written, said = await desk.inspect(opposes=opposes)
    assert (code, json.loads(written)["lines"], said.split(":")[0]) == (1, [], reason)


async def test_a_number_finds_the_person_that_the_ledger_knows(desk: Desk) -> None:
    """Numbers become refs; the mother's is looked for among the custody of the child, the child's own counts too."""
    names = Pseudonyms(desk.keys)
    ref, mother = names.bus_pseudonym(BSN), names.bus_pseudonym(PARENT)
    custody = [{"person": mother, "role": "guardian", "checked_on": "2026-02-01"}]
    desk.ledger.subjects[ref] = child(custody=custody)
    _, written, _ = await desk.inspect(BSN, PARENT)
    assert json.loads(written)["requester_role"] == "guardian"
    desk.ledger.subjects[ref] = child(born="2012-01-01")
    _, written, _ = await desk.inspect(BSN, BSN)
    assert json.loads(written)["requester_role"] == "self"


@pytest.mark.parametrize("custody", [None, "?", ["?"], [{"person": 1}]])
async def test_custody_that_cannot_be_read_entitles_nobody(desk: Desk, custody: Json) -> None:
    """Custody facts of another form are no error of the command: nobody is in them."""
    desk.ledger.subjects[CHILD] = child(custody=custody)
    code, _, said = await desk.inspect()
    assert (code, said.split(":")[0]) == (1, "deny_inspection_not_entitled")


async def test_an_unknown_person_is_not_known(desk: Desk) -> None:
    """A person of whom the ledger knows nothing is a hold, by number and by ref."""
    for subject in (BSN, "ps_nobody"):
        code, _, said = await desk.inspect(subject)
        assert (code, said.split(":")[0]) == (1, "hold_age_unknown")


async def test_a_wrong_number_ends_with_two(desk: Desk) -> None:
    """A number that is none is refused in words that do not repeat it, and nothing is written."""
    code, written, said = await desk.inspect(requester="123456789")
    assert (code, written) == (2, "")
    assert "123456789" not in said
    assert "elfproef" in said


async def test_a_file_is_for_its_owner_alone(desk: Desk) -> None:
    """The file is readable by its owner only, whatever stood there before."""
    path = desk.folder / "inzage.csv"
    path.write_text("x" * 100_000, "ascii")
    path.chmod(0o666)
    code, written, _ = await desk.inspect(style=Format.CSV, out=path)
    assert (code, written, stat.S_IMODE(path.stat().st_mode)) == (0, "", 0o600)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfgedeeld op;")
    assert b"\r\r\n" not in path.read_bytes()
    assert b"x" * 100 not in path.read_bytes()


def test_a_dash_reads_the_next_line() -> None:
    """Persons given as a dash come from standard input, one line each, without the blank space around them."""
    lines = io.StringIO(" 999990019 \nps_mother\n")
    assert (person_of("-", lines), person_of("ps_child ", lines), person_of("-", lines)) == (
        "999990019",
        "ps_child",
        "ps_mother",
    )
