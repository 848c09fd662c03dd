"""An Avro schema as a graph of nodes, for comparing: names resolved, nothing else changed (Avro 1.12, "Schemas")."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
NAMED: Final = frozenset({"record", "error", "enum", "fixed"})


class SchemaError(ValueError):
    """A document that is no Avro schema. The text names the place."""


@dataclass(slots=True, eq=False)
class Field:
    """A field of a record. `form` is the hub's own property: what the text in it means (translation.py)."""

    name: str
    node: Node
    aliases: frozenset[str]
    has_default: bool
    form: str | None


@dataclass(slots=True, eq=False)
class Node:
    """One type. Only what its kind has is filled; `branches` are those of a union, or the one part of an array or map.

    A named type may contain itself.
    """

    kind: str
    name: str = ""
    aliases: frozenset[str] = frozenset()
    fields: list[Field] = field(default_factory=list)
    branches: list[Node] = field(default_factory=list)
    symbols: tuple[str, ...] = ()
    size: int = 0
    has_default: bool = False

    @property
    def short_name(self) -> str:
        """The name without namespace: what Avro's schema resolution compares."""
        return self.name.rpartition(".")[2]


def _short(name: str) -> str:
    return name.rpartition(".")[2]


class _Reader:
    def __init__(self) -> None:
        self.named: dict[str, Node] = {}

    def read(self, schema: Any, namespace: str, place: str) -> Node:
        if isinstance(schema, list):
            branches = [self.read(branch, namespace, f"{place}/{i}") for i, branch in enumerate(schema)]
            return Node("union", branches=branches)
        if isinstance(schema, str):
            return self._reference(schema, namespace, place)
        if not isinstance(schema, dict) or "type" not in schema:
            raise SchemaError(f"{place or '/'}: not a schema")
        kind = schema["type"]
        if not isinstance(kind, str):
            return self.read(kind, namespace, f"{place}/type")
        if kind in NAMED:
            return self._named(kind, schema, namespace, place)
        if kind in {"array", "map"}:
            part = "items" if kind == "array" else "values"
            return Node(kind, branches=[self.read(schema.get(part), namespace, f"{place}/{part}")])
        return self._reference(kind, namespace, place)

    def _reference(self, name: str, namespace: str, place: str) -> Node:
        if name in PRIMITIVES:
            return Node(name)
        qualified = name if "." in name or not namespace else f"{namespace}.{name}"
        node = self.named.get(qualified) or self.named.get(name)
        if node is None:
            raise SchemaError(f"{place or '/'}: unknown type")
        return node

    def _named(self, kind: str, schema: dict[str, Any], namespace: str, place: str) -> Node:
        name = schema.get("name")
        if not isinstance(name, str) or not name:
            raise SchemaError(f"{place or '/'}: a named type has a name")
        namespace = name.rpartition(".")[0] or schema.get("namespace", namespace)
        node = Node(
            "record" if kind == "error" else kind,
            name=f"{namespace}.{_short(name)}" if namespace else name,
            aliases=frozenset(_short(alias) for alias in schema.get("aliases", [])),
            symbols=tuple(schema.get("symbols", [])),
            size=schema.get("size", 0),
            has_default="default" in schema,
        )
        if node.name in self.named:
            raise SchemaError(f"{place or '/'}: a type is defined twice")
        self.named[node.name] = node
        node.fields = [
            self._field(raw, namespace, f"{place}/fields/{i}")
            for i, raw in enumerate(schema.get("fields", []))
        ]
        return node

    def _field(self, raw: Any, namespace: str, place: str) -> Field:
        if not isinstance(raw, dict) or not isinstance(raw.get("name"), str) or "type" not in raw:
            raise SchemaError(f"{place}: a field has a name and a type")
        return Field(
            name=raw["name"],
            node=self.read(raw["type"], namespace, f"{place}/type"),
            aliases=frozenset(raw.get("aliases", [])),
            has_default="default" in raw,
            form=raw.get("form"),
        )


def read_schema(document: Any) -> Node:
    """Return the graph of a schema document, as `json.loads` gives it. Raises `SchemaError`."""
    return _Reader().read(document, "", "")
