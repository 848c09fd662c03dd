"""The events of the shared decision and dedup vectors on the wire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hub.wire.codec import decode, encode
from hub.wire.envelope import SealedEvent, WireError
from hub.wire.registry import latest_schema

VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "domain" / "vectors"

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason="the vectors lie beside the project, not in it")


def _vector_events() -> list[Any]:
    events: list[Any] = []
    for path in sorted(VECTORS.glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]:
            if vector["kind"] in {"decision", "dedup"}:
                events += [step["event"] for step in [vector, *vector.get("steps", [])] if "event" in step]
    return events


def _survives(event: Any) -> bool:
    sealed = SealedEvent(uid="u", event=event, authenticated_org="o", accepted_at="t", key="k")
    try:
        decoded = decode(encode(sealed)).event
    except WireError:
        return False
    assert json.dumps(decoded, sort_keys=True) == json.dumps(event, sort_keys=True)
    return True


def test_events_of_the_vectors_survive() -> None:
    """Every well-formed event of the vectors comes back exactly; an ill-formed one comes back exactly or is refused."""
    schema = json.loads((VECTORS.parent / "vector.schema.json").read_text(encoding="utf-8"))
    view = jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": "#/$defs/event"})
    events = _vector_events()
    well_formed = [event for event in events if view.is_valid(event)]
    registered = [event for event in well_formed if latest_schema(f"{event['type']}.v1")]
    assert len(registered) > 200
    assert [event for event in registered if not _survives(event)] == []
    assert not any(_survives(event) for event in well_formed if event not in registered)
    for event in events:
        _survives(event)
