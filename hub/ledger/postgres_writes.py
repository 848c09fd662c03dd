"""The writes of one transaction, kept until somebody must see them and sent in as few statements as can be.

Each round trip costs more than the rows it carries. Writes on different tables do not see each other, so one
statement carries them as data-modifying expressions; a second write on one table goes into a later statement.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeAlias

import asyncpg

from hub.ledger import postgres_statements as sql
from hub.ledger.rows import DELIVERY, DISCLOSURE, DISCLOSURE_CONSENT, Table

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

COPY_FROM_ROWS: Final = 40
"""From this many new rows COPY is faster than arrays in a shared statement; below, its round trip costs more."""

_LINKED: Final = {DISCLOSURE.name: DISCLOSURE_CONSENT.name, DISCLOSURE_CONSENT.name: DISCLOSURE.name}
"""Tables tied by a foreign key: a later write on one never goes before an earlier write on the other."""

_PARAMETER: Final = re.compile(r"\$(\d+)")


@dataclass(frozen=True, slots=True)
class Shape:
    """A statement without its values. `what` is `insert`, `ignore`, `replace`, `delete` or `reschedule`."""

    what: str
    table: Table[Any]
    column: str = ""


def _statement(shape: Shape) -> str:
    """Return a shape as SQL with parameters from $1."""
    table = shape.table
    if shape.what == "reschedule":
        return sql.RESCHEDULE
    if shape.what == "delete":
        column_type = table.column_type(shape.column)
        return f"delete from {table.name} where {shape.column} = any($1::{column_type}[])"  # noqa: S608
    columns = table.written_columns
    arrays = ", ".join(f"${number}::{table.column_type(name)}[]" for number, name in enumerate(columns, 1))
    listed = ", ".join(columns)
    statement = f"insert into {table.name} ({listed}) select * from unnest({arrays})"  # noqa: S608
    if shape.what == "ignore":
        return f"{statement} on conflict do nothing"
    if shape.what == "replace":
        replaced = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in table.key)
        return f"{statement} on conflict ({', '.join(table.key)}) do update set {replaced}"
    return statement


def _shifted(statement: str, by: int) -> str:
    return _PARAMETER.sub(lambda found: f"${int(found[1]) + by}", statement)


@lru_cache(maxsize=1024)
def _together(shapes: tuple[Shape, ...], notify: bool) -> str:  # noqa: FBT001
    """Return one statement for these shapes, with the parameters numbered through."""
    parts, used = [], 0
    for statement in (*(_statement(shape) for shape in shapes), *([sql.NOTIFY] if notify else [])):
        parts.append(_shifted(statement, used))
        used += max(int(number) for number in _PARAMETER.findall(statement))
    *first, last = parts
    if not first:
        return last
    named = ", ".join(f"w{number} as ({part})" for number, part in enumerate(first))
    return f"with {named} {last}"


@dataclass(slots=True)
class _Step:
    """What one statement will carry, and the bulk that goes before it by COPY."""

    shapes: list[Shape] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    copies: list[tuple[Table[Any], Sequence[tuple[Any, ...]]]] = field(default_factory=list)
    rewritten: list[str] = field(default_factory=list)


class Writes:
    """The writes that wait."""

    def __init__(self) -> None:
        self._steps: list[_Step] = []
        self._latest: dict[str, int] = {}
        self._channels: set[str] = set()

    def touches(self, tables: Iterable[Table[Any]]) -> bool:
        """Tell whether something waits for one of these tables."""
        return any(table.name in self._latest for table in tables)

    def __bool__(self) -> bool:
        return bool(self._steps or self._channels)

    def rows(self, what: str, table: Table[Any], rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows to insert, to replace, or to insert where their key is free."""
        if not rows:
            return
        step = self._step_for(table)
        if what == "insert" and len(rows) >= COPY_FROM_ROWS:
            step.copies.append((table, rows))
            return
        columns = list(zip(*rows, strict=True))
        if table is DELIVERY and what == "replace":
            step.rewritten += columns[0]
        if table.numbered is not None:
            del columns[table.columns.index(table.numbered)]
        step.shapes.append(Shape(what, table))
        step.values += columns

    def delete(self, table: Table[Any], column: str, values: Collection[str | int]) -> None:
        """Add rows to delete."""
        if values:
            step = self._step_for(table)
            step.shapes.append(Shape("delete", table, column))
            step.values.append(list(values))

    def reschedule(self, columns: Sequence[Sequence[Any]]) -> None:
        """Add deliveries to move in time.

        They go into the same statement as the deliveries that are rewritten, of which they leave alone each one:
        no statement changes one row twice.
        """
        if DELIVERY.name not in self._latest or self._has_moves():
            self._step_for(DELIVERY)
        step = self._steps[self._latest[DELIVERY.name]]
        step.shapes.append(Shape("reschedule", DELIVERY))
        step.values += [*columns, list(step.rewritten)]

    def notify(self, channels: Collection[str]) -> None:
        """Add channels to wake."""
        self._channels.update(channels)

    async def flush(self, connection: Connection, *, last: bool) -> None:
        """Send everything; the notices with the last statement of the transaction."""
        steps, self._steps, self._latest = self._steps, [], {}
        channels: list[str] = []
        if last:
            channels, self._channels = sorted(self._channels), set()
        for number, step in enumerate(steps, 1):
            for table, rows in step.copies:
                await _copy(connection, table, rows)
            notices = channels if number == len(steps) else []
            await _execute(connection, step, notices)
        if channels and not steps:
            await _execute(connection, _Step(), channels)

    def _has_moves(self) -> bool:
        step = self._steps[self._latest[DELIVERY.name]]
        return any(shape.what == "reschedule" for shape in step.shapes)

    def _step_for(self, table: Table[Any]) -> _Step:
        """Return the first step in which this table can be written."""
        linked = self._latest.get(_LINKED.get(table.name, ""), 0)
        number = max(self._latest.get(table.name, -1) + 1, linked)
        if number == len(self._steps):
            self._steps.append(_Step())
        self._latest[table.name] = number
        return self._steps[number]


async def _execute(connection: Connection, step: _Step, channels: Sequence[str]) -> None:
    values = [*step.values, list(channels)] if channels else step.values
    if step.shapes or channels:
        await connection.fetch(_together(tuple(step.shapes), bool(channels)), *values)


async def _copy(connection: Connection, table: Table[Any], rows: Sequence[tuple[Any, ...]]) -> None:
    skipped = None if table.numbered is None else table.columns.index(table.numbered)
    records = rows if skipped is None else [row[:skipped] + row[skipped + 1 :] for row in rows]
    await connection.copy_records_to_table(table.name, records=records, columns=list(table.written_columns))
