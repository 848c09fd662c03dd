"""Whether one schema can read what another wrote: Avro 1.12, "Schema Resolution", with a name for each obstacle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from hub.wire.avro_model import Field, Node


@unique
class Rule(StrEnum):
    """Why a reader cannot read a writer's bytes, or would read them differently."""

    NAME_CHANGED = "name_changed"
    SIZE_CHANGED = "size_changed"
    SYMBOL_REMOVED = "symbol_removed"
    TYPE_CHANGED = "type_changed"
    UNION_BRANCH_REMOVED = "union_branch_removed"
    FIELD_WITHOUT_DEFAULT = "field_without_default"
    FORM_CHANGED = "form_changed"


SENTENCES: Final[dict[str, str]] = {
    Rule.NAME_CHANGED: "the type has another name",
    Rule.SIZE_CHANGED: "the fixed type has another size",
    Rule.SYMBOL_REMOVED: "the reader lacks an enum symbol of the writer and has no default",
    Rule.TYPE_CHANGED: "the reader's type cannot hold the writer's",
    Rule.UNION_BRANCH_REMOVED: "the reader's union lacks a branch of the writer's",
    Rule.FIELD_WITHOUT_DEFAULT: "the reader asks a field that the writer does not write, without a default",
    Rule.FORM_CHANGED: "the text in this field means something else",
}


@dataclass(frozen=True, slots=True, order=True)
class Obstacle:
    """One obstacle: `where` is a JSON pointer into the reader's schema (a branch of the writer's for a union)."""

    where: str
    rule: Rule


PROMOTIONS: Final = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
"""Writer's type -> reader's types that take it."""


class _Comparison:
    def __init__(self) -> None:
        self.compared: set[tuple[int, int]] = set()

    def compare(self, reader: Node, writer: Node, where: str) -> Iterator[Obstacle]:
        if writer.kind == "union" or reader.kind == "union":
            yield from self._unions(reader, writer, where)
        elif reader.kind != writer.kind:
            if reader.kind not in PROMOTIONS.get(writer.kind, frozenset()):
                yield Obstacle(where or "/", Rule.TYPE_CHANGED)
        elif reader.kind in {"array", "map"}:
            part = "items" if reader.kind == "array" else "values"
            yield from self.compare(reader.branches[0], writer.branches[0], f"{where}/{part}")
        elif reader.name:
            yield from self._named(reader, writer, where)

    def _unions(self, reader: Node, writer: Node, where: str) -> Iterator[Obstacle]:
        if reader.kind != "union":
            if not all(self._readable(reader, branch) for branch in writer.branches):
                yield Obstacle(where or "/", Rule.TYPE_CHANGED)
            return
        branches = writer.branches if writer.kind == "union" else [writer]
        for number, branch in enumerate(branches):
            if any(self._readable(candidate, branch) for candidate in reader.branches):
                continue
            here = f"{where}/{number}"
            twin = next((candidate for candidate in reader.branches if _same(candidate, branch)), None)
            if twin is None:
                yield Obstacle(here, Rule.UNION_BRANCH_REMOVED)
            else:
                yield from self.compare(twin, branch, here)

    def _readable(self, reader: Node, writer: Node) -> bool:
        inner = _Comparison()
        inner.compared = set(self.compared)
        return next(inner.compare(reader, writer, ""), None) is None

    def _named(self, reader: Node, writer: Node, where: str) -> Iterator[Obstacle]:
        pair = (id(reader), id(writer))
        if pair in self.compared:  # a type that contains itself
            return
        self.compared.add(pair)
        if reader.short_name != writer.short_name and writer.short_name not in reader.aliases:
            yield Obstacle(f"{where}/name", Rule.NAME_CHANGED)
        elif reader.kind == "fixed" and reader.size != writer.size:
            yield Obstacle(f"{where}/size", Rule.SIZE_CHANGED)
        elif reader.kind == "enum" and not reader.has_default and set(writer.symbols) - set(reader.symbols):
            yield Obstacle(f"{where}/symbols", Rule.SYMBOL_REMOVED)
        else:
            yield from self._fields(reader, writer, where)

    def _fields(self, reader: Node, writer: Node, where: str) -> Iterator[Obstacle]:
        written = {field.name: field for field in writer.fields}
        for number, field in enumerate(reader.fields):
            here = f"{where}/fields/{number}"
            source = _source(field, written)
            if source is None:
                if not field.has_default:
                    yield Obstacle(here, Rule.FIELD_WITHOUT_DEFAULT)
                continue
            if source.form != field.form:
                yield Obstacle(here, Rule.FORM_CHANGED)
            yield from self.compare(field.node, source.node, f"{here}/type")


def _same(reader: Node, writer: Node) -> bool:
    return reader.kind == writer.kind and reader.short_name == writer.short_name


def _source(field: Field, written: dict[str, Field]) -> Field | None:
    names = [field.name, *sorted(field.aliases)]
    return next((written[name] for name in names if name in written), None)


def obstacles(reader: Node, writer: Node) -> list[Obstacle]:
    """Return everything that keeps `reader` from reading what `writer` wrote; empty when it can."""
    return list(_Comparison().compare(reader, writer, ""))
