"""One table in memory: rows by key, looked up by indexed columns, every change undoable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Generic

from hub.ledger.interface import RetryBatchError
from hub.ledger.rows import Row, Table

Journal = list[Callable[[], None]]
"""What undoes each change of a transaction, oldest first."""


class Shelf(Generic[Row]):
    """The rows of one table."""

    def __init__(self, table: Table[Row]) -> None:
        self._table = table
        self._rows: dict[tuple[Any, ...], Row] = {}
        self._key = table.positions(table.key)
        self._columns = {column: table.columns.index(column) for column in table.columns}
        self._found: dict[str, dict[Any, dict[tuple[Any, ...], None]]] = {
            column: {} for column in (*table.indexes, *table.unique)
        }
        self._number = 0

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def insert(self, rows: Sequence[Row], journal: Journal) -> None:
        """Insert new rows; RetryBatchError when a key is taken."""
        for row in rows:
            key = self._key_of(row)
            if self._table.numbered not in self._table.key and key in self._rows:
                raise RetryBatchError("UniqueViolationError")
            self._put(self._numbered(row, None), journal)

    def upsert(self, rows: Sequence[Row], journal: Journal) -> None:
        """Insert or replace."""
        for row in rows:
            self._put(self._numbered(row, self._rows.get(self._key_of(row))), journal)

    def insert_missing(self, rows: Sequence[Row], journal: Journal) -> None:
        """Insert rows whose key is free."""
        for row in rows:
            if self._key_of(row) not in self._rows:
                self._put(self._numbered(row, None), journal)

    def read(self, where: Mapping[str, Collection[str | int]]) -> list[Row]:
        """Return rows that match any column, in numbered or key order."""
        keys: dict[tuple[Any, ...], None] = {}
        for column, values in where.items():
            keys.update(self._matching(column, values))
        order = itemgetter(
            *self.positions((self._table.numbered,) if self._table.numbered else self._table.key)
        )
        return sorted((self._rows[key] for key in keys), key=order)

    def delete(self, column: str, values: Collection[str | int], journal: Journal) -> None:
        """Delete rows."""
        for key in list(self._matching(column, values)):
            self._take(key, journal)

    def positions(self, columns: Sequence[str]) -> tuple[int, ...]:
        """Return where columns stand in a row."""
        return self._table.positions(columns)

    def _matching(self, column: str, values: Collection[str | int]) -> dict[tuple[Any, ...], None]:
        matching: dict[tuple[Any, ...], None] = {}
        if (column,) == self._table.key:
            return {(value,): None for value in values if (value,) in self._rows}
        if column in self._found:
            for value in values:
                matching.update(self._found[column].get(value, {}))
            return matching
        wanted, position = set(values), self._columns[column]
        return {key: None for key, row in self._rows.items() if row[position] in wanted}

    def _key_of(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[position] for position in self._key)

    def _numbered(self, row: Row, known: Row | None) -> Row:
        """Give a new row its number; a replaced row keeps the one it has."""
        if self._table.numbered is None:
            return row
        position = self._columns[self._table.numbered]
        if known is None:
            self._number += 1
        number = self._number if known is None else known[position]
        return self._table.make((*row[:position], number, *row[position + 1 :]))

    def _put(self, row: Row, journal: Journal) -> None:
        key = self._key_of(row)
        for column in self._table.unique:
            value = row[self._columns[column]]
            others = self._found[column].get(value, {}) if value is not None else {}
            if any(other != key for other in others):
                raise RetryBatchError("UniqueViolationError")
        before = self._rows.get(key)
        if before is not None:
            self._forget(key, before)
        self._remember(key, row)
        journal.append(lambda: self._undo(key, before))

    def _take(self, key: tuple[Any, ...], journal: Journal) -> None:
        before = self._rows[key]
        self._forget(key, before)
        journal.append(lambda: self._undo(key, before))

    def _undo(self, key: tuple[Any, ...], before: Row | None) -> None:
        if key in self._rows:
            self._forget(key, self._rows[key])
        if before is not None:
            self._remember(key, before)

    def _remember(self, key: tuple[Any, ...], row: Row) -> None:
        self._rows[key] = row
        for column, found in self._found.items():
            found.setdefault(row[self._columns[column]], {})[key] = None

    def _forget(self, key: tuple[Any, ...], row: Row) -> None:
        del self._rows[key]
        for column, found in self._found.items():
            value = row[self._columns[column]]
            found[value].pop(key, None)
            if not found[value]:
                del found[value]
