"""What a table is: a row type with its key, its look-ups and the types of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import UnionType
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

Row = TypeVar("Row", bound=tuple[Any, ...])

_COLUMN_TYPES: Final[dict[type, str]] = {
    str: "text",
    int: "bigint",
    bool: "boolean",
    bytes: "bytea",
    datetime: "timestamptz",
    date: "date",
}


@dataclass(frozen=True, slots=True, eq=False)
class Table(Generic[Row]):
    """One table: its row type, its key, the columns it is looked up by, and its numbered column if any."""

    name: str
    row: type[Row]
    key: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    numbered: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns in the order of the row type."""
        return tuple(self.row._fields)  # type: ignore[attr-defined]

    @property
    def written_columns(self) -> tuple[str, ...]:
        """Return the columns that a writer fills: all but the one that the database numbers."""
        return tuple(column for column in self.columns if column != self.numbered)

    def make(self, values: Iterable[Any]) -> Row:
        """Return a row with these values, in the order of the columns."""
        row: Row = self.row(*values)
        return row

    def column_type(self, column: str) -> str:
        """Return the PostgreSQL type of a column."""
        hint = get_type_hints(self.row)[column]
        if get_origin(hint) in (Union, UnionType):
            hint = next(choice for choice in get_args(hint) if choice is not type(None))
        return _COLUMN_TYPES[hint]

    def positions(self, columns: Sequence[str]) -> tuple[int, ...]:
        """Return where these columns stand in a row."""
        return tuple(self.columns.index(column) for column in columns)
