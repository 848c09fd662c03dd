"""Pure decisions per second, on the mix of decision vectors."""

from __future__ import annotations

import json
import time
from pathlib import Path

from hub.core.decision import decide
from hub.core.defaults import DEFAULTS
from hub.core.facts import Facts, facts_from_document
from hub.core.model import Json
from hub.core.standing import compile_standing
from tests.bench.figures import Report

SECONDS = 4.0
VECTORS = Path(__file__).resolve().parents[1] / "vectors"


def prepared() -> list[tuple[Json, Facts]]:
    """Return the events of the project's own decision vectors with their facts.

    The directory is compiled once per vector, outside the timing, as a process compiles it once per configuration.
    """
    documents = [json.loads(path.read_text()) for path in sorted((VECTORS / "cases").glob("*.json"))]
    vectors = [vector for document in documents for vector in document.get("vectors", [])]
    chosen = [
        vector for vector in vectors if vector["kind"] == "decision" and isinstance(vector["facts"], dict)
    ]
    return [(vector["event"], _facts(vector)) for vector in chosen]


def _facts(vector: dict[str, Json]) -> Facts:
    facts = vector["facts"]
    assert isinstance(facts, dict)
    defaults = json.loads((VECTORS / "defaults.json").read_text())
    standing = compile_standing(
        directory=facts.get("directory", defaults["directory"]),
        areas=facts.get("areas", defaults["areas"]),
        policy=vector.get("policy", {}),
        defaults=DEFAULTS,
    )
    return facts_from_document(facts, standing, vector["now"])


def run(report: Report) -> None:
    """Measure."""
    pairs = prepared()
    for event, facts in pairs:
        decide(event, facts)
    count, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SECONDS:
        for event, facts in pairs:
            decide(event, facts)
        count += len(pairs)
    report.add(
        "pure core, one process",
        f"{count / elapsed:,.0f} decisions/s",
        f"mix of {len(pairs)} vectors; aim 20,000",
    )
