"""Numbered migrations: plain SQL files, applied once, in order, by one process at a time."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

import asyncpg

from hub.ledger.postgres_store import translated

MIGRATION_LOCK: Final = 7_265_100_001
"""The advisory lock under which one process migrates while others wait; any fixed number will do."""

_CREATE: Final = """
    create table if not exists migration (
        version bigint primary key,
        name text not null,
        digest text not null,
        applied_at timestamptz not null default now()
    )
"""


class VersionMismatchError(Exception):
    """The database's tables are not those of this program: run `hub ledger migrate`, or update the program."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: `NNNN_name.sql`."""

    version: int
    name: str
    statements: str

    @property
    def digest(self) -> str:
        """Return what tells whether an applied file was changed afterwards."""
        return sha256(self.statements.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Return the shipped migrations in order."""
    found = []
    for file in files("hub.ledger").joinpath("migrations").iterdir():
        if file.name.endswith(".sql"):
            number, _, name = file.name.removesuffix(".sql").partition("_")
            found.append(Migration(int(number), name, file.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.version)


async def migrate(dsn: str) -> list[int]:
    """Apply what is missing and return the versions applied now; an empty list when all was there.

    Raises:
        VersionMismatchError: an applied file was changed, or the database is newer than this program.
        LedgerUnavailableError: the database does not answer.
    """
    with translated():
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute("select pg_advisory_lock($1)", MIGRATION_LOCK)
            await connection.execute(_CREATE)
            missing = _missing(await _applied(connection))
            for migration in missing:
                await _apply(connection, migration)
        finally:
            await connection.close()
    return [migration.version for migration in missing]


async def check_version(dsn: str) -> None:
    """Return when the tables are exactly those of this program, else raise VersionMismatchError."""
    with translated():
        connection = await asyncpg.connect(dsn)
        try:
            there = await connection.fetchval("select to_regclass('migration') is not null")
            applied = await _applied(connection) if there else {}
        finally:
            await connection.close()
    if _missing(applied):
        raise VersionMismatchError("migrations are missing: run `hub ledger migrate`")


async def _applied(connection: asyncpg.Connection[asyncpg.Record]) -> dict[int, str]:
    return {
        record[0]: record[1] for record in await connection.fetch("select version, digest from migration")
    }


def _missing(applied: dict[int, str]) -> list[Migration]:
    shipped = {migration.version: migration for migration in migrations()}
    for version, digest in applied.items():
        if version not in shipped:
            raise VersionMismatchError(
                f"the database has migration {version}, which this program does not know"
            )
        if shipped[version].digest != digest:
            raise VersionMismatchError(f"migration {version} was changed after it was applied")
    return [migration for version, migration in shipped.items() if version not in applied]


async def _apply(connection: asyncpg.Connection[asyncpg.Record], migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(migration.statements)
        await connection.execute(
            "insert into migration (version, name, digest) values ($1, $2, $3)",
            migration.version,
            migration.name,
            migration.digest,
        )


__all__ = ["Migration", "VersionMismatchError", "check_version", "migrate", "migrations"]
