"""The core against vector files: our own, and the shared ones where they lie beside the project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.core.decision import decide
from hub.core.facts import facts_from_document
from hub.core.reasons import Reason
from hub.operate.vector_files import VectorFile, read_all
from hub.operate.vector_kinds import run_vector, standing_for

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "tests" / "vectors" / "cases"
SHARED = ROOT.parent / "shared" / "domain" / "vectors"
SUPPORTED = {"decision", "dedup", "routing", "number", "deadline", "lifecycle", "inspection"}

NOT_FROM_A_DECISION = {
    "lifecycle": {"deny_lifecycle_actor", "deny_lifecycle_order", "hold_closing_gate"},
    "history": {"deny_conflict", "deny_duplicate", "deny_stale", "deny_match_onesided"},
    "emitted": {"ok_match", "ok_match_lapsed", "ok_source_added", "ok_linked_internally"},
    "inspection": {
        "deny_retention",
        "deny_inspection_via_representative",
        "hold_inspection_review",
        "deny_inspection_child_interest",
        "deny_inspection_not_entitled",
        "ok_inspection",
        "ok_inspection_limited",
        "ok_replay",
    },
}
"""Reasons that deciding one event without history cannot give, by what gives them."""

RULES_OF_THE_CORE = {
    *(f"T{n}" for n in (1, 2, 4, 5, 6)),
    *(f"E{n}" for n in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13)),
    *(f"R{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17)),
    *(f"R13{letter}" for letter in "abcd"),
    *(f"C{n}" for n in (1, 3, 4, 5, 6, 7, 8, 9)),
    *(f"K{step}" for step in ("1", "2", "3", "4", "5a", "5b", "5c", "5d", "5e", "6")),
    *(f"S{n}" for n in range(1, 10)),
    *("P2", "M1", "M2", "G1", "G2", "G3", "G4", "G5", "G6"),
    *(f"I{n}" for n in range(1, 7)),
    *("EVENTS-2", "EVENTS-4", "EVENTS-5", "EVENTS-6", "EVENTS-7", "EVENTS-8", "EVENTS-9"),
}


def own_files() -> list[VectorFile]:
    """Return our own vector files."""
    return read_all([OWN])


def each(files: list[VectorFile]) -> Iterator[Any]:
    """Yield every vector that the core runs, as a test case named by its id."""
    for file in files:
        for vector in file.vectors:
            if vector["kind"] in SUPPORTED:
                yield pytest.param(vector, file.defaults, id=f"{file.path.stem}-{vector['id']}")


@pytest.mark.parametrize(("vector", "defaults"), list(each(own_files())))
def test_own_vector(vector: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Each of our own vectors gives exactly what it expects."""
    assert run_vector(vector, defaults) == vector["expected"]


def test_shared_vectors() -> None:
    """Every shared vector of a kind that the core runs gives exactly what it expects."""
    if not SHARED.is_dir():
        pytest.skip("the shared vectors do not lie beside the project")
    failed = [
        vector["id"]
        for file in read_all([SHARED])
        for vector in file.vectors
        if vector["kind"] in SUPPORTED and run_vector(vector, file.defaults) != vector["expected"]
    ]
    assert failed == []


def test_every_reason_of_a_decision_has_a_vector() -> None:
    """Each reason that deciding can give occurs in our own vectors, and no other does."""
    found = set()
    for file in own_files():
        for vector in file.vectors:
            if vector["kind"] == "decision":
                found.add(vector["expected"]["event"]["reason"])
                found.update(recipient["reason"] for recipient in vector["expected"]["recipients"])
    elsewhere = set().union(*NOT_FROM_A_DECISION.values())
    assert found == {reason.value for reason in Reason} - elsewhere


def test_every_rule_has_a_vector() -> None:
    """Each rule of the documents that the core carries out is exercised by one of our own vectors."""
    named = {rule for file in own_files() for vector in file.vectors for rule in vector["rules"]}
    assert named >= RULES_OF_THE_CORE


def test_sections_and_position_belong_to_the_event() -> None:
    """What goes and what stays are together the sections present, and the position is that of the entry."""
    for file in own_files():
        for vector in file.vectors:
            if vector["kind"] == "decision" and vector["expected"]["event"]["reason"] == "ok_accepted":
                standing = standing_for(vector["facts"], vector.get("policy", {}), file.defaults)
                decision = decide(
                    vector["event"], facts_from_document(vector["facts"], standing, vector["now"])
                )
                for position, recipient in enumerate(decision.recipients):
                    assert recipient.position == position
                    assert {*recipient.sections, *recipient.withheld} == set(vector["event"]["sections"])
                    assert not set(recipient.sections) & set(recipient.withheld)
