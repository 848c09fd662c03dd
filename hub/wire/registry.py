"""The built-in schema registry: which id on the wire means which schema. Read from the packaged files, once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

import fastavro

from hub.core.model import JsonObject
from hub.wire.envelope import WireError
from hub.wire.reasons import WireReason
from hub.wire.translation import Builder, Translation

REGISTRY_FILE: Final = "registry.json"
SUBJECTS_FILE: Final = "subjects.toml"


@dataclass(frozen=True, slots=True)
class Entry:
    """One released version. `file` lies below `schemas/`; `sha256` is of its bytes, `fingerprint` is CRC-64-AVRO."""

    schema_id: int
    subject: str
    version: int
    file: str
    fingerprint: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Schema:
    """A released schema, ready for use: parsed by fastavro, with its translation."""

    entry: Entry
    parsed: Any
    translation: Translation


def packaged_text(name: str) -> str:
    """Return the text of a file below `schemas/`."""
    return files("schemas").joinpath(name).read_text(encoding="utf-8")


def read_entries(text: str) -> tuple[Entry, ...]:
    """Return the entries of a registry document, by id."""
    document: dict[str, Any] = json.loads(text)
    entries = (Entry(schema_id=int(schema_id), **entry) for schema_id, entry in document["schemas"].items())
    return tuple(sorted(entries, key=lambda entry: entry.schema_id))


@cache
def entries() -> Mapping[int, Entry]:
    """Return every released version by id."""
    return MappingProxyType({entry.schema_id: entry for entry in read_entries(packaged_text(REGISTRY_FILE))})


@cache
def _latest() -> Mapping[str, int]:
    newest = sorted(entries().values(), key=lambda entry: entry.version)
    return MappingProxyType({entry.subject: entry.schema_id for entry in newest})


def build_schema(entry: Entry, document: JsonObject) -> Schema:
    """Return the schema that is ready for use, of an entry and its document."""
    return Schema(entry=entry, parsed=fastavro.parse_schema(document), translation=Builder().build(document))


@cache
def _known(schema_id: int) -> Schema:
    entry = entries()[schema_id]
    return build_schema(entry, json.loads(packaged_text(entry.file)))


def schema_by_id(schema_id: int) -> Schema:
    """Return the schema of an id; raises `WireError` `unknown_schema`."""
    if schema_id not in entries():
        raise WireError(WireReason.UNKNOWN_SCHEMA)
    return _known(schema_id)


def latest_schema(subject: str) -> Schema | None:
    """Return the newest released schema of a subject, such as `signal.raised.v1`, or None."""
    schema_id = _latest().get(subject)
    return None if schema_id is None else _known(schema_id)
