"""Migrations and the shape of the database."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hub.ledger import migrate as migrating
from hub.ledger.errors import LedgerUnavailableError
from hub.ledger.migrate import Migration, VersionMismatchError, check_version, migrate, migrations
from hub.ledger.open import open_ledger
from hub.ledger.postgres_gathering import GATHER
from hub.ledger.postgres_statements import ENTRIES_BETWEEN, PEEK_THREADS
from hub.ledger.postgres_store import open_store
from hub.ledger.rows import ALL_TABLES
from tests import embedded_postgres

pytestmark = pytest.mark.database


async def test_migrations_apply_once(empty_database_dsn: str) -> None:
    """The first run applies every migration in order, the second none."""
    assert await migrate(empty_database_dsn) == [item.version for item in migrations()]
    assert await migrate(empty_database_dsn) == []


async def test_migrations_side_by_side(empty_database_dsn: str) -> None:
    """Processes that migrate at the same time apply each migration once between them."""
    applied = await asyncio.gather(*(migrate(empty_database_dsn) for _ in range(3)))
    assert sorted(version for part in applied for version in part) == [item.version for item in migrations()]


async def test_ledger_refuses_an_empty_database(empty_database_dsn: str) -> None:
    """A database without the tables is refused with what to do about it."""
    with pytest.raises(VersionMismatchError, match="hub ledger migrate"):
        await open_ledger(empty_database_dsn, owner="test")


async def test_newer_database_is_refused(database_dsn: str) -> None:
    """A program does not touch a database of a later program."""
    await execute(database_dsn, "insert into migration (version, name, digest) values (9999, 'later', 'x')")
    with pytest.raises(VersionMismatchError, match="9999"):
        await check_version(database_dsn)
    with pytest.raises(VersionMismatchError, match="9999"):
        await migrate(database_dsn)


async def test_changed_migration_is_refused(database_dsn: str) -> None:
    """A migration file that was changed after it was applied is refused."""
    await execute(database_dsn, "update migration set digest = 'other' where version = 1")
    with pytest.raises(VersionMismatchError, match="changed"):
        await check_version(database_dsn)


async def test_failed_migration_leaves_nothing(
    empty_database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration that fails half way leaves neither tables nor its number."""
    broken = Migration(1, "broken", "create table half (id bigint); select no_such_function();")
    monkeypatch.setattr(migrating, "migrations", lambda: [broken])
    with pytest.raises(asyncpg.UndefinedFunctionError):
        await migrate(empty_database_dsn)
    monkeypatch.undo()
    assert await migrate(empty_database_dsn) == [item.version for item in migrations()]


async def test_columns_are_those_of_the_row_types(database_dsn: str) -> None:
    """Every table has exactly the columns, types and key of its row type."""
    connection = await asyncpg.connect(database_dsn)
    for table in ALL_TABLES:
        found = await connection.fetch(
            """select column_name, udt_name from information_schema.columns
            where table_name = $1 order by ordinal_position""",
            table.name,
        )
        assert [record["column_name"] for record in found] == list(table.columns), table.name
        names = {"int8": "bigint", "bool": "boolean"}
        types = [names.get(record["udt_name"], record["udt_name"]) for record in found]
        assert types == [table.column_type(column) for column in table.columns], table.name
        key = await connection.fetch(
            """select a.attname from pg_index i join pg_attribute a
                on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
            where i.indrelid = $1::regclass and i.indisprimary""",
            table.name,
        )
        assert {record["attname"] for record in key} == set(table.key), table.name
    await connection.close()


async def test_no_column_is_for_plain_content(database_dsn: str) -> None:
    """No column is named for what must never be stored: citizen numbers, names, addresses, narratives."""
    connection = await asyncpg.connect(database_dsn)
    found = await connection.fetch(
        "select column_name from information_schema.columns where table_schema = 'public'"
    )
    await connection.close()
    names = {str(record["column_name"]) for record in found}
    assert not names & {"bsn", "name", "address", "narrative", "birth_date"} - {"name"}


async def test_unreachable_database() -> None:
    """A database that is not there is LedgerUnavailableError, without the connection string in its text."""
    dsn = "postgresql://someone:secret@127.0.0.1:1/hub"
    with pytest.raises(LedgerUnavailableError) as caught:
        await check_version(dsn)
    assert "secret" not in str(caught.value)


async def execute(dsn: str, statement: str) -> None:
    """Run one statement."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


def test_guard_stops_what_is_left_behind(tmp_path: Path) -> None:
    """When the process of the tests dies, the guard ends the server of its folder and removes the folder."""
    left_behind = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    data = tmp_path / "server" / "data"
    data.mkdir(parents=True)
    (data / "postmaster.pid").write_text(f"{left_behind.pid}\n")
    guard = embedded_postgres.guard(data.parent)
    assert left_behind.poll() is None
    assert guard.stdin is not None
    guard.stdin.close()
    assert left_behind.wait(timeout=20) != 0
    (data / "postmaster.pid").unlink(missing_ok=True)
    assert guard.wait(timeout=40) == 0
    assert not data.exists()


MANY_ROWS = 5000
"""Rows of other children: whatever reads them all shows it."""

FILL = (
    "insert into subject select 's' || i, '{}', 1 from generate_series(1, $1::bigint) i",
    "insert into subject_link select 'h' || i / 2, 's' || i from generate_series(1, $1::bigint) i",
    """insert into entry (entry_id, place, source_key, record_key, record_prefix, event_key, ref_key, subject_key, at,
        document) select 'i' || i, 'p', 'k' || i, 'n' || i, 'p' || i, 'e' || i, 'r' || i, 's' || i / 5, now(), '{}'
        from generate_series(1, $1::bigint) i""",
    """insert into consent (consent_key, consent_id, subject_key, document)
        select 'c' || i, 'c' || i, 's' || i, '{}' from generate_series(1, $1::bigint) i""",
    "insert into pair select 'p' || i, 's' || i, 's' || i + 1, '{}', now() from generate_series(1, $1::bigint) i",
    """insert into disclosure (disclosure_id, record_prefix, document, at)
        select 'd' || i, 'p' || i, '{}', now() from generate_series(1, $1::bigint) i""",
    "insert into disclosure_consent select 'd' || i, 'c' || i from generate_series(1, $1::bigint) i",
    """insert into case_fact (fact_key, kind, case_key, document)
        select 'f' || i, 'help_team', 'q' || i, '{}' from generate_series(1, $1::bigint) i""",
    """insert into thread (thread_id, kind, uid, subject_key, partition, is_open, document)
        select 't' || i, 'referral', 'i' || i, 's' || i / 5, 0, true, '{}' from generate_series(1, $1::bigint) i""",
    """insert into known_event (known_key, event_key, document)
        select 'f' || i, 'q' || i, '{}' from generate_series(1, $1::bigint) i""",
)

DUE_LATER = """insert into thread (thread_id, kind, uid, subject_key, partition, is_open, next_at, document)
    select 'l' || i, 'duty', 'i' || i, 's' || i, 0, true, now() + interval '1 hour', '{}'
    from generate_series(1, $1::bigint) i"""


async def test_gathering_never_reads_a_whole_table(database_dsn: str) -> None:
    """A plan that was made on empty tables, and is kept, still touches few rows when they are full."""
    store = await open_store(database_dsn, owner="test", pool_size=1)
    async with store._pool.acquire() as connection:
        types = "text[], boolean, text[], text[], text[], text[], text[], text[], text[]"
        await connection.execute(f"prepare gathering ({types}) as {GATHER}")
        asked = ["array['s7']", "true", *(f"array['{key}9']" for key in ("e", "k", "r", "p", "e", "c", "q"))]
        run = f"execute gathering ({', '.join(asked)})"
        await connection.execute(run)
        for statement in FILL:
            await connection.execute(statement, MANY_ROWS)
        (found,) = await connection.fetch(f"explain (analyze, format json) {run}")
        assert max(rows_touched(json.loads(found[0])[0]["Plan"])) < MANY_ROWS / 50
    await store.close()


async def test_the_clock_looks_only_at_what_is_due(database_dsn: str) -> None:
    """However much goes on, finding what is due reads that alone; a count of a period finds it by its instants."""
    store = await open_store(database_dsn, owner="test", pool_size=1)
    async with store._pool.acquire() as connection:
        await connection.execute(f"prepare peeking (bigint, timestamptz) as {PEEK_THREADS}")
        await connection.execute(f"prepare counting (timestamptz, timestamptz) as {ENTRIES_BETWEEN}")
        for statement in (*FILL, DUE_LATER):
            await connection.execute(statement, MANY_ROWS)
        (found,) = await connection.fetch("explain (analyze, format json) execute peeking (10, now())")
        assert max(rows_touched(json.loads(found[0])[0]["Plan"])) == 0
        (found,) = await connection.fetch("explain (format json) execute counting (now(), now())")
        assert "entry_at" in found[0]
    await store.close()


def rows_touched(node: dict[str, Any]) -> Iterator[float]:
    """Yield how many rows each step of a plan read."""
    removed = sum(value for name, value in node.items() if name.startswith("Rows Removed"))
    yield node["Actual Loops"] * (node["Actual Rows"] + removed)
    for below in node.get("Plans", ()):
        yield from rows_touched(below)
