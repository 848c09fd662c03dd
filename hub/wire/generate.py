"""Writes the .avsc files: `python -m hub.wire.generate [--release]`.

Without argument the working schemas (`events/`, `records/`) are written anew from the descriptions. With `--release`
each working schema that differs from its newest released version becomes the next version, with the next free id.
Released files are never touched again. Run `hub schema check` between the two.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import fastavro.schema

from hub.core.model import JsonObject
from hub.wire.record_source import ALERT, DECISION, alert_schema, decision_schema
from hub.wire.registry import REGISTRY_FILE, SUBJECTS_FILE, Entry, read_entries
from hub.wire.schema_source import MAJOR_VERSION, event_schema

FIRST_EVENT_ID: Final = 101
"""Ids below are kept for records that are not events, so that a reader of bytes sees the kind at a glance."""

FINGERPRINT: Final = "CRC-64-AVRO"
"""Of the parsing canonical form, as the Avro specification names it; bytes little-endian, as fastavro gives it."""

_RECORDS: Final = {DECISION: decision_schema, ALERT: alert_schema}


def working_schemas(schemas: Path) -> dict[str, tuple[str, JsonObject]]:
    """Return subject -> (file below `schemas/`, schema) for every subject of subjects.toml, in its order."""
    subjects: dict[str, Any] = tomllib.loads((schemas / SUBJECTS_FILE).read_text(encoding="utf-8"))
    result: dict[str, tuple[str, JsonObject]] = {}
    for name in subjects["records"]:
        subject = f"{name}.v{MAJOR_VERSION}"
        result[subject] = (f"records/{subject}.avsc", _RECORDS[name]())
    for name in subjects["events"]:
        subject = f"{name}.v{MAJOR_VERSION}"
        result[subject] = (f"events/{subject}.avsc", event_schema(name))
    return result


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _members(document: JsonObject, indent: str) -> str:
    parts = [f'{indent}"{name}": {_line(value)}' for name, value in document.items() if name != "fields"]
    fields: Any = document["fields"]
    parts.append(f'{indent}"fields": [\n' + ",\n".join(_field_text(raw, indent + "  ") for raw in fields))
    return ",\n".join(parts) + f"\n{indent}]"


def _field_text(raw: JsonObject, indent: str) -> str:
    kind = raw["type"]
    if not (isinstance(kind, dict) and kind["type"] == "record"):
        return indent + _line(raw)
    head = f'{indent}{{"name": {_line(raw["name"])}, "doc": {_line(raw["doc"])}, "type": {{\n'
    return head + _members(kind, indent + "  ") + f"\n{indent}}}}}"


def schema_text(document: JsonObject) -> str:
    """Return the text of an .avsc file: one field a line, so that a change is one line in review."""
    return "{\n" + _members(document, "  ") + "\n}\n"


def entry_of(schema_id: int, subject: str, version: int, text: str) -> Entry:
    """Return the registry entry of a schema text that is released now."""
    canonical = fastavro.schema.to_parsing_canonical_form(json.loads(text))
    return Entry(
        schema_id=schema_id,
        subject=subject,
        version=version,
        file=f"released/{subject}/{version}.avsc",
        fingerprint=fastavro.schema.fingerprint(canonical, FINGERPRINT),
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
    )


def registry_text(entries: tuple[Entry, ...]) -> str:
    """Return the text of registry.json, one entry a line."""
    lines = (
        f'    "{entry.schema_id}": '
        + _line(
            {
                "subject": entry.subject,
                "version": entry.version,
                "file": entry.file,
                "fingerprint": entry.fingerprint,
                "sha256": entry.sha256,
            }
        )
        for entry in entries
    )
    return '{\n  "schemas": {\n' + ",\n".join(lines) + "\n  }\n}\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_working(schemas: Path) -> None:
    """Write the working schemas."""
    for file, document in working_schemas(schemas).values():
        _write(schemas / file, schema_text(document))


def _next_id(file: str, entries: dict[int, Entry]) -> int:
    events = file.startswith("events/")
    used = [number for number in entries if (number >= FIRST_EVENT_ID) == events]
    return max(used, default=FIRST_EVENT_ID - 1 if events else 0) + 1


def release(schemas: Path) -> tuple[Entry, ...]:
    """Release each working schema that differs from its newest version. Returns the new entries."""
    registry = schemas / REGISTRY_FILE
    known = read_entries(registry.read_text(encoding="utf-8")) if registry.exists() else ()
    entries = {entry.schema_id: entry for entry in known}
    fresh: list[Entry] = []
    for subject, (file, _document) in working_schemas(schemas).items():
        text = (schemas / file).read_text(encoding="utf-8")
        versions = [entry for entry in entries.values() if entry.subject == subject]
        newest = max(versions, key=lambda entry: entry.version, default=None)
        entry = entry_of(_next_id(file, entries), subject, newest.version + 1 if newest else 1, text)
        if newest is None or newest.sha256 != entry.sha256:
            entries[entry.schema_id] = entry
            fresh.append(entry)
            _write(schemas / entry.file, text)
    _write(registry, registry_text(tuple(entries[number] for number in sorted(entries))))
    return tuple(fresh)


def main(arguments: list[str], schemas: Path) -> int:
    """Write working schemas, and with `--release` the next versions. Returns the exit code: 2 for another argument."""
    if arguments not in ([], ["--release"]):
        return 2
    write_working(schemas)
    if arguments:
        release(schemas)
    return 0


if __name__ == "__main__":  # pragma: no cover  (main is tested; this line only names the tree)
    sys.exit(main(sys.argv[1:], Path(__file__).resolve().parents[2] / "schemas"))
