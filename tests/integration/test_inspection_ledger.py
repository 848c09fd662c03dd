"""Inspection over a real ledger, and the operator's command: what the family sees follows deliveries as they go."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from hub.gateway.inspection_answer import InspectionAnswer, InspectionRequest
from hub.gateway.inspections import inspect_ledger
from hub.gateway.retention import standing_of_book
from hub.identity.key_material import VersionedKeys
from hub.identity.partners import PartnerBook
from hub.identity.pseudonyms import Pseudonyms
from hub.ledger import rows
from hub.ledger.ledger import StoredLedger
from hub.ledger.open import open_ledger
from tests.conformance.ledger_world import (
    CHILD,
    NOW,
    World,
    allow,
    judged,
    record,
    refuse,
    sealed_event,
    settled,
    subject_change,
    subscription,
)
from tests.unit.gateway_world import TEAM, build_world

pytestmark = pytest.mark.database
MOTHER = "ps_1_mother"
CUSTODY = [{"person": MOTHER, "role": "parent_with_custody", "checked_on": "2026-11-01"}]


@pytest.fixture
async def ledger(database_dsn: str) -> AsyncIterator[StoredLedger]:
    opened = await open_ledger(database_dsn, owner="test")
    yield opened
    await opened.close()


@pytest.fixture
def book(tmp_path: Path) -> PartnerBook:
    return build_world(tmp_path).parts.partners


async def a_family(ledger: StoredLedger, child: str = CHILD, mother: str = MOTHER) -> World:
    """Return a worker on a ledger that knows a child and its mother, and delivers to the team."""
    world = await World(ledger).own()
    await ledger.put_subscription(subscription(TEAM))
    custody = [{**entry, "person": mother} for entry in CUSTODY]
    await ledger.apply_facts([subject_change(child, custody=custody)])
    return world


async def seen(ledger: StoredLedger, book: PartnerBook) -> InspectionAnswer:
    """Return what the mother sees now."""
    request = InspectionRequest(subject_ref=CHILD, requester_ref=MOTHER, child_interest_opposes=False)
    return await inspect_ledger(request, ledger, standing_of_book(book), book, NOW, TEAM)


async def test_lines_follow_the_delivery(ledger: StoredLedger, book: PartnerBook) -> None:
    """What is decided is under way, what arrived is delivered with its instant, and a refusal is no line."""
    world = await a_family(ledger)
    assert (await seen(ledger, book)).lines == ()
    whole, none = sealed_event("e-1", recipients=[TEAM]), sealed_event("e-2", recipients=[TEAM])
    await world.commit(
        record(0, whole, judged(whole, allow(TEAM))), record(1, none, judged(none, refuse(TEAM)))
    )
    (line,) = (await seen(ledger, book)).lines
    assert (line.state, line.shared_at, line.recipient.name) == ("under_way", None, "Testteam")
    await world.deliver()
    (line,) = (await seen(ledger, book)).lines
    assert (line.state, line.shared_at) == ("delivered", "2026-11-23T10:00:00+01:00")
    assert line.sections == ("meta", "contact")
    assert line.sender is not None
    assert line.sender.name == "Testschool Een"


async def test_a_stopped_delivery_is_no_line(ledger: StoredLedger, book: PartnerBook) -> None:
    """What the last look stopped before it left was never shared; what was given up after an attempt is uncertain."""
    world = await a_family(ledger)
    whole = sealed_event(recipients=[TEAM])
    await world.commit(record(0, whole, judged(whole, allow(TEAM))))
    world.answers.by_receiver[TEAM] = refuse(TEAM, reason="deny_withdrawn")
    assert await world.deliver() == []
    assert (await seen(ledger, book)).lines == ()
    del world.answers.by_receiver[TEAM]
    other = sealed_event("e-2", recipients=[TEAM])
    await world.commit(record(1, other, judged(other, allow(TEAM))))
    (claimed,) = await world.claim()
    await ledger.settle([settled(claimed, "parked", reason="gone")])
    assert [line.state for line in (await seen(ledger, book)).lines] == ["uncertain"]


async def test_who_asked_is_written_down(ledger: StoredLedger, book: PartnerBook) -> None:
    """Each request to see the log leaves a row that nobody can change, whatever the answer was (NEN 7513)."""
    await a_family(ledger)
    await seen(ledger, book)
    strange = InspectionRequest(subject_ref=CHILD, requester_ref="ps_1_nobody", child_interest_opposes=False)
    await inspect_ledger(strange, ledger, standing_of_book(book), book, NOW, "support_1")
    asked = [(item.asked_by, item.reason) for item in await ledger.inspections(CHILD)]
    assert asked == [(TEAM, "ok_inspection"), ("support_1", "deny_inspection_not_entitled")]
    with pytest.raises(asyncpg.PostgresError, match="never changed"):
        async with ledger._store.transaction() as tables:
            await tables.delete(rows.INSPECTION, "subject_key", [CHILD])


async def test_a_line_outlives_the_content(ledger: StoredLedger, book: PartnerBook) -> None:
    """The family sees the line after the content was destroyed."""
    world = await a_family(ledger)
    whole = sealed_event(recipients=[TEAM])
    await world.commit(record(0, whole, judged(whole, allow(TEAM))))
    await world.deliver()
    before = await seen(ledger, book)
    assert await ledger.destroy_stale_payloads(7, "2027-01-01T00:00:00+00:00") == 1
    assert await seen(ledger, book) == before
    assert len(before.lines) == 1


# --- the operator's command ---------------------------------------------------------------------------------------
NUMBER, PARENT = "999990019", "999990020"
JUDGED = ("--child-interest-opposes", "no")


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: bytes
    said: str


@dataclass(frozen=True)
class Desk:
    """An operator's desk: the settings of a hub with one child, named by number, whose signal was delivered."""

    folder: Path
    settings: Mapping[str, str]
    child: str
    mother: str

    async def inspect(self, *arguments: str, entered: str = "", **settings: str) -> Ran:
        """Run `hub inspect`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "hub.operate.command",
            "inspect",
            *arguments,
            env={**os.environ, **self.settings, **settings},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, said = await process.communicate(entered.encode())
        return Ran(process.returncode or 0, out, said.decode())


def write_keys(path: Path, text: str) -> None:
    """Write a key file as the hub wants it: for its owner alone."""
    path.touch(mode=0o600)
    path.write_text(text, "ascii")


@pytest.fixture
async def desk(tmp_path: Path, database_dsn: str, ledger: StoredLedger) -> Desk:
    build_world(tmp_path)
    keys = VersionedKeys.generate("k1")
    write_keys(tmp_path / "pseudonym.keys", keys.to_text())
    child, mother = (Pseudonyms(keys).bus_pseudonym(number) for number in (NUMBER, PARENT))
    world = await a_family(ledger, child, mother)
    whole = sealed_event(recipients=[TEAM], subject=child)
    await world.commit(record(0, whole, judged(whole, allow(TEAM))))
    await world.deliver()
    (tmp_path / "clock").write_text(NOW, "ascii")
    settings = {
        "HUB_DATABASE": database_dsn,
        "HUB_PARTNERS": str(tmp_path / "partners.toml"),
        "HUB_PSEUDONYM_KEYS": f"file:{tmp_path / 'pseudonym.keys'}",
        "HUB_CLOCK": str(tmp_path / "clock"),
    }
    return Desk(tmp_path, settings, child, mother)


async def test_numbers_and_refs_name_the_same_persons(desk: Desk) -> None:
    """By number, by ref, or typed in, the answer is the same; no number or ref is in it or in what is said."""
    by_number = await desk.inspect("--subject", NUMBER, "--requester", PARENT, *JUDGED)
    by_ref = await desk.inspect("--subject", desk.child, "--requester", desk.mother, *JUDGED)
    typed = await desk.inspect("--subject", "-", "--requester", "-", *JUDGED, entered=f"{NUMBER}\n{PARENT}\n")
    assert by_number.code == by_ref.code == typed.code == 0
    assert by_number.out == by_ref.out == typed.out
    document = json.loads(by_number.out)
    assert (document["reason"], document["requester_role"]) == ("ok_inspection", "parent_with_custody")
    assert document["answered_at"].startswith("2026-11-23T10:00:00+01:00")
    assert [line["type_nl"] for line in document["lines"]] == ["signaal gemeld"]
    written = by_number.out.decode() + by_number.said
    assert not any(person in written for person in (NUMBER, PARENT, desk.child, desk.mother))
    assert '"inspection_answered"' in by_number.said
    assert "ok_inspection: Volledige inzage." in by_number.said


async def test_the_letter_and_the_table_are_written_for_the_owner_alone(desk: Desk) -> None:
    """A file is readable by nobody else, also where an open one stood before; the terminal stays empty."""
    for style, start in (("html", "<!DOCTYPE html>"), ("csv", "\ufeffgedeeld op;")):
        path = desk.folder / f"inzage.{style}"
        path.write_text("something longer than the answer " * 1000, "ascii")
        path.chmod(0o644)
        ran = await desk.inspect(
            "--subject", NUMBER, "--requester", PARENT, *JUDGED, "--format", style, "--out", str(path)
        )
        assert (ran.code, ran.out) == (0, b"")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        text = path.read_bytes().decode()
        assert text.startswith(start)
        assert "Testschool Een" in text
        assert "something longer" not in text


async def test_a_no_has_an_exit_code_and_a_reason(desk: Desk) -> None:
    """A hold or deny shows nothing, says why in words, and ends with 1; what cannot be asked ends with 2."""
    unjudged = await desk.inspect("--subject", NUMBER, "--requester", PARENT)
    assert (unjudged.code, json.loads(unjudged.out)["lines"]) == (1, [])
    assert "hold_inspection_review: Een professional weegt eerst het belang van het kind." in unjudged.said
    stranger = await desk.inspect(
        "--subject", NUMBER, "--requester", "999990032", *JUDGED, "--format", "html"
    )
    assert (stranger.code, b"Testschool" in stranger.out) == (1, False)
    wrong = await desk.inspect("--subject", "123456789", "--requester", PARENT)
    assert (wrong.code, wrong.out) == (2, b"")
    assert "123456789" not in wrong.said
    assert (await desk.inspect("--subject", NUMBER, "--requester", PARENT, "--format", "pdf")).code == 2


async def test_a_ref_under_an_older_key_is_found(desk: Desk) -> None:
    """While pseudonym keys are renewed, child and mother are found under the key that the ledger knows them by."""
    older = (desk.folder / "pseudonym.keys").read_text("ascii")
    both = desk.folder / "both.keys"
    write_keys(both, older.rstrip("\n") + "\n" + VersionedKeys.generate("k2").to_text())
    settings = {"HUB_PSEUDONYM_KEYS": f"file:{both}"}
    ran = await desk.inspect("--subject", NUMBER, "--requester", PARENT, *JUDGED, **settings)
    assert (ran.code, json.loads(ran.out)["reason"]) == (0, "ok_inspection")
