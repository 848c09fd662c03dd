"""`hub decide --what-if`: what would be decided, told without sending or writing anything."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from hub.core.model import JsonObject
from hub.ledger.memory_store import MemoryStore
from hub.ledger.open import MEMORY_DSN, open_ledger
from hub.operate import what_if
from hub.operate.command import app
from hub.operate.settings import Settings
from hub.operate.what_if import Asked, judge_event, read_event_file, reading_only
from hub.operate.what_if_days import compare
from tests.unit.dedup_world import STANDING, consent, retraction, signal, standing, to_team
from tests.unit.explain_world import NOON, Hub

BEFORE = "2026-11-22T11:00:00+00:00"
LATER = "2026-11-24T11:00:00+00:00"


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    ledger = await open_ledger(MEMORY_DSN, owner="test")
    yield await Hub(ledger).open(to_team("school"))
    await ledger.close()


def rows_of(hub: Hub) -> dict[str, list[Any]]:
    """Return every row of the ledger in memory."""
    store = hub.ledger._store
    assert isinstance(store, MemoryStore)
    return {name: list(shelf) for name, shelf in store.shelves.items()}


async def judged(hub: Hub, view: Any) -> dict[str, Any]:
    document: dict[str, Any] = await judge_event(hub.ledger, view, hub.standing, NOON)
    return document


# --- one event ------------------------------------------------------------------------------------
async def test_an_event_is_judged_with_the_facts_of_now(hub: Hub) -> None:
    """The answer names per recipient what would go and why; what is on record counts, so a repeat is one."""
    told = await judged(hub, signal())
    (team,) = told["recipients"]
    assert (told["verdict"], team["reason"], team["would_go"]) == ("unique", "ok_consent", True)
    assert (team["sections"], team["law"]) == (["meta", "contact", "codes"], "Jeugdwet 7.3.11")
    await hub.publish(signal())
    assert (await judged(hub, signal()))["verdict"] == "duplicate"


async def test_what_would_follow_is_told(hub: Hub) -> None:
    """A hold tells until when it would wait and what the sender would be asked; a fact tells what would change."""
    told = await judged(hub, signal(recipients=[{"to": {"kind": "debt_help"}}]))
    assert told["hold_until"] is not None
    assert told["recipients"][0]["question"]["send"] == ["area.assigned", "partner.changed"]
    fact = {
        **signal("gp_1", sections=["meta"], type="capacity.judged", purpose=..., urgency=..., recipients=...)
    }
    fact = {name: fact[name] for name in fact if name not in {"domains", "record"}}
    fact["data"] = {"value": "capable", "judged_by": "professional_9"}
    assert (await judged(hub, fact))["facts"] == ["subject"]


async def test_alerts_that_would_be_raised_are_told(hub: Hub) -> None:
    """A referral that nobody owns would raise its alert; the text says so."""
    nobody: list[Any] = [{"to": {"kind": "debt_help"}}]
    offer = signal("gp_1", "o1", "r7", type="referral.offered", purpose="referral", recipients=nobody)
    told = await judged(hub, offer)
    assert told["own_events"] == ["alert.referral_without_owner"]
    out = io.StringIO()
    what_if._show_event(told, Asked(), out)
    assert "would raise alert.referral_without_owner" in out.getvalue()


async def test_asking_changes_no_row_and_sends_nothing(hub: Hub) -> None:
    """After any number of questions every row of the ledger is what it was."""
    await hub.publish(signal())
    before = rows_of(hub)
    views: tuple[Any, ...] = (
        signal(),
        signal(event_id="e2", record="r2"),
        retraction("school_1", "r1"),
        {},
        [],
        None,
        "x",
    )
    for view in views:
        await judged(hub, view)
    await compare(hub.ledger, STANDING, standing(suspended="school_1"), since=BEFORE, now=NOON)
    assert rows_of(hub) == before


@pytest.mark.parametrize("view", [None, [], "x", 3, {}, {"sender": "x"}, {"sender": {"org": 4}}])
async def test_a_file_of_another_form_is_refused_like_the_event_it_is_not(hub: Hub, view: Any) -> None:
    """Any JSON value gets an answer: it has not the agreed form."""
    told = await judged(hub, view)
    assert (told["verdict"], told["event"]["reason"], told["recipients"]) == ("rejected", "deny_schema", [])


# --- the command ------------------------------------------------------------------------------------
PARTNERS = """
[city]
name = "Teststad"
coordinator = "lt_kracht_escamp"

[[area]]
district = "escamp"
partnership = "kracht"
from = 2024-01-01
to = 2032-01-01

[[partner]]
org = "school_1"
kind = "school"
name = "Testschool Een"
sources = ["urn:nld:test:school_1"]
reach = "relation"
purposes = ["help_request"]
active_from = 2026-01-01

[[partner]]
org = "lt_kracht_escamp"
kind = "local_team"
name = "Testteam"
partnership = "kracht"
sources = ["urn:nld:test:team"]
reach = "districts"
districts = ["escamp"]
purposes = {purposes}
active_from = 2026-01-01
"""


def settings_for(tmp_path: Path, database: str) -> Settings:
    """Return settings with a configuration, and lay another one beside it as other.toml."""
    (tmp_path / "partners.toml").write_text(PARTNERS.format(purposes='["help_request"]'), encoding="utf-8")
    (tmp_path / "other.toml").write_text(PARTNERS.format(purposes='["feedback"]'), encoding="utf-8")
    (tmp_path / "clock").write_text(NOON, encoding="ascii")
    return Settings(database=database, partners=tmp_path / "partners.toml", clock=tmp_path / "clock")


async def rows_of_database(dsn: str) -> dict[str, list[str]]:
    """Return every row of every table as text."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        return {
            name: [row[0] for row in await connection.fetch(f'select t::text from "{name}" t order by 1')]  # noqa: S608
            for (name,) in tables
        }
    finally:
        await connection.close()


@pytest.mark.database
async def test_the_command_answers_and_the_database_stays_as_it_is(database_dsn: str, tmp_path: Path) -> None:
    """Both questions are answered from the database over a connection that cannot write; no row changes."""
    ledger = await open_ledger(database_dsn, owner="test")
    await (await Hub(ledger).open(to_team("school"))).publish(signal())
    await ledger.close()
    settings = settings_for(tmp_path, database_dsn)
    event = tmp_path / "event.json"
    event.write_text(json.dumps(signal(event_id="e9", record="r9")), encoding="utf-8")
    before = await rows_of_database(database_dsn)
    assert before["intake"]
    asked = Asked(event=event)
    text, days, machine = io.StringIO(), io.StringIO(), io.StringIO()
    assert await what_if.run(asked, settings, text) == 0
    assert "ok_consent" in text.getvalue()
    assert "nothing was sent, nothing was written" in text.getvalue()
    other = Asked(partners=tmp_path / "other.toml", days=2)
    assert await what_if.run(other, settings, days) == 0
    assert "1 times ok_consent -> deny_purpose_unregistered" in days.getvalue()
    assert "0 events could not be judged again: content no longer kept" in days.getvalue()
    assert await what_if.run(replace(other, as_json=True), settings, machine) == 0
    assert json.loads(machine.getvalue())["by_reason"] == [
        {"from": "ok_consent", "to": "deny_purpose_unregistered", "count": 1}
    ]
    assert await rows_of_database(database_dsn) == before


@pytest.mark.database
async def test_the_connection_refuses_to_write(database_dsn: str) -> None:
    """On the connection of what-if PostgreSQL itself refuses every write."""
    connection = await asyncpg.connect(reading_only(database_dsn))
    try:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("delete from payload")
    finally:
        await connection.close()
    assert reading_only(MEMORY_DSN) == MEMORY_DSN
    assert reading_only("postgresql://h/d") == "postgresql://h/d?default_transaction_read_only=on"


async def test_another_configuration_can_judge_one_event(tmp_path: Path) -> None:
    """With a file and another configuration the event is judged by that configuration."""
    settings = settings_for(tmp_path, MEMORY_DSN)
    event = tmp_path / "event.json"
    event.write_text(json.dumps(signal()), encoding="utf-8")
    out = io.StringIO()
    assert (
        await what_if.run(Asked(event=event, partners=tmp_path / "other.toml", as_json=True), settings, out)
        == 0
    )
    (team,) = json.loads(out.getvalue())["recipients"]
    assert team["reason"] == "hold_identity_ambiguous"


async def test_what_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    """A file that is missing or no JSON, a faulty configuration and a question without a file end with code 2."""
    settings = settings_for(tmp_path, MEMORY_DSN)
    broken = tmp_path / "broken.json"
    broken.write_text('{"id": 999990019', encoding="utf-8")
    (tmp_path / "faulty.toml").write_text("[[partner]]\norg = 3\n", encoding="utf-8")
    for asked in (
        Asked(event=tmp_path / "missing.json"),
        Asked(event=broken),
        Asked(partners=tmp_path / "faulty.toml"),
        Asked(),
    ):
        out = io.StringIO()
        assert await what_if.run(asked, settings, out) == 2
        assert out.getvalue()
        assert "999990019" not in out.getvalue()


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A file that is no UTF-8, or nested without end, is refused as a value error."""
    for content in (b"\xff\xfe\x00", b"[" * 200_000):
        path = tmp_path / "event.json"
        path.write_bytes(content)
        with pytest.raises(ValueError, match="no JSON"):
            read_event_file(path)


def test_command_line_judges_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As typed: `hub decide --what-if FILE --json`."""
    settings = settings_for(tmp_path, MEMORY_DSN)
    monkeypatch.setenv("HUB_DATABASE", MEMORY_DSN)
    monkeypatch.setenv("HUB_PARTNERS", str(settings.partners))
    event = tmp_path / "event.json"
    event.write_text(json.dumps(signal()), encoding="utf-8")
    answer = CliRunner().invoke(app, ["decide", "--what-if", str(event), "--json"])
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["recipients"][0]["reason"] == "hold_identity_ambiguous"
    again = CliRunner().invoke(
        app, ["decide", "--what-if", "--partners", str(tmp_path / "other.toml"), "--days", "3"]
    )
    assert again.exit_code == 0
    assert "0 events of the last 3 days judged again" in again.stdout


def test_the_command_decides_nothing_by_hand() -> None:
    """Without --what-if the command refuses: only the worker decides."""
    answer = CliRunner().invoke(app, ["decide"])
    assert answer.exit_code == 2
    assert "--what-if" in answer.output


async def test_text_of_a_repeat_says_that_nothing_would_go(hub: Hub) -> None:
    """An event that was delivered before would go to nobody again."""
    await hub.publish(signal())
    out = io.StringIO()
    what_if._show_event(await judged(hub, signal()), Asked(), out)
    assert out.getvalue().startswith("duplicate: ")
    assert "would go: nothing" in out.getvalue()


async def test_text_of_one_event_tells_what_would_follow(hub: Hub) -> None:
    """The text form has questions, the end of a hold, messages to others and facts that would change."""
    view: JsonObject = signal(recipients=[{"to": {"kind": "debt_help"}}, {"to": {"org": "gp_1"}}])
    out = io.StringIO()
    what_if._show_event(await judged(hub, view), Asked(), out)
    text = out.getvalue()
    assert "question: You need not send anything" in text
    assert "would wait until 2026-12-07T23:59:59+01:00" in text
    assert "would tell school_1: completion.requested (hold_no_owner)" in text
    record = consent("c9", "school", "gp")
    fact = {
        "id": "f1", "source": "urn:nld:test:school_1", "type": "consent.given", "time": NOON,
        "sender": {"org": "school_1", "kind": "school"}, "sections": ["meta"], "subject_ref": "child_1",
        "data": {"record": record},
    }  # fmt: skip
    out = io.StringIO()
    what_if._show_event(await judged(hub, fact), Asked(), out)
    assert "would change: consent" in out.getvalue()
