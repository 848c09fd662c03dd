"""The building blocks of the schema descriptions: `schema_source.py` and `record_source.py`."""

from __future__ import annotations

from typing import Any, Final

from hub.core.model import JsonObject

NAMESPACE: Final = "nl.jeugdigen"
"""The namespace of the network's names, as in CloudEvents `type` (GLOSSARY.md section 6)."""


def field(name: str, kind: Any, doc: str, **properties: str) -> JsonObject:
    """Return a required field."""
    return {"name": name, "type": kind, "doc": doc, **properties}


def optional(name: str, kind: Any, doc: str, **properties: str) -> JsonObject:
    """Return a field that may be absent."""
    return {"name": name, "type": ["null", kind], "default": None, "doc": doc, **properties}


def record(name: str, doc: str, *fields: JsonObject) -> JsonObject:
    """Return a named record."""
    return {"type": "record", "name": name, "doc": doc, "fields": list(fields)}


def array(items: Any) -> JsonObject:
    """Return a list type."""
    return {"type": "array", "items": items}


def stated(name: str, kind: str) -> JsonObject:
    """Return the record of a field that may be absent or null; used with `form="stated"`."""
    return record(name, "A field that is present; value null is JSON null.", optional("value", kind, ""))
