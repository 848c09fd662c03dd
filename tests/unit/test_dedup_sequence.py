"""The runner of dedup vectors, and the vectors themselves: our own, and the shared ones where they are at hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.core.batch import Batch
from hub.core.defaults import DEFAULTS
from hub.core.model import JsonObject
from hub.core.sequence import as_result, dedup_results
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing, compile_standing, patch_directory
from tests.unit.dedup_world import (
    MONDAY,
    TEAM,
    Document,
    child,
    clock,
    facts,
    partner,
    retraction,
    signal,
    standing,
)

ROOT = Path(__file__).resolve().parents[2]
OWN = sorted((ROOT / "tests" / "vectors" / "cases").glob("dedup*.json"))
SHARED = ROOT.parent / "shared" / "domain"


def vectors(path: Path) -> list[Document]:
    """Return the dedup vectors of one file."""
    found: list[Document] = json.loads(path.read_text(encoding="utf-8"))["vectors"]
    return [vector for vector in found if vector["kind"] == "dedup"]


def run(vector: Document, defaults: JsonObject) -> list[JsonObject]:
    """Run one vector over a defaults document."""

    def compile_for(document: Document) -> Standing:
        directory = document.get("directory", defaults.get("directory"))
        return compile_standing(
            directory=patch_directory(directory, document.get("directory_patch", [])),
            areas=document.get("areas", defaults["areas"]),
            policy=vector.get("policy", {}),
            defaults=defaults,
        )

    return dedup_results(vector["facts"], vector["steps"], compile_for(vector["facts"]), compile_for)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_own_vectors(path: Path) -> None:
    """Every vector of the project gives what it says."""
    cases = vectors(path)
    assert cases
    for vector in cases:
        assert run(vector, DEFAULTS) == vector["expected"], vector["id"]


def test_shared_vectors() -> None:
    """Every shared vector gives what it says."""
    path = SHARED / "vectors" / "dedup.json"
    if not path.exists():
        pytest.skip("the shared documents are not beside this checkout")
    defaults = json.loads((SHARED / "defaults.json").read_text(encoding="utf-8"))
    for vector in vectors(path):
        assert run(vector, defaults) == vector["expected"], vector["id"]


def as_snapshot(known: Document, before: Snapshot) -> Snapshot:
    """Return facts in the form of the ledger's answer, with the memory of the events before."""
    by_subject: dict[str, tuple[Document, ...]] = {}
    for record in known.get("consents", []):
        by_subject[record["subject_ref"]] = (*by_subject.get(record["subject_ref"], ()), record)
    subjects = known.get("subjects", {})
    return replace(
        before,
        subjects=subjects,
        consents=by_subject,
        consent_versions={ref: int(known.get("consent_version", 0)) for ref in subjects},
        known_events=tuple(known.get("known_events", [])),
        deliveries=tuple(known.get("deliveries", [])),
    )


def run_through_snapshots(vector: Document, defaults: JsonObject) -> list[JsonObject]:
    """Run one vector as the worker does: each event in a batch of its own, the memory carried by snapshots."""
    known: Document = vector["facts"]
    snapshot, found = Snapshot(), []
    configuration = compile_standing(
        directory=known.get("directory", defaults.get("directory")),
        areas=defaults["areas"],
        policy=vector.get("policy", {}),
        defaults=defaults,
    )
    for number, step in enumerate(vector["steps"]):
        known = {**known, **step.get("set", {})}
        if "event" not in step:
            continue
        snapshot = as_snapshot(known, snapshot)
        event = with_subject(step["event"], snapshot)
        batch = Batch(snapshot, configuration, step["at"])
        judgement = batch.judge(f"uid-{number}", event["sender"]["org"], event)
        snapshot = batch.snapshot()
        found.append(as_result(event, judgement))
    return found


def with_subject(event: Document, snapshot: Snapshot) -> Document:
    """Return the event with the subject of its record, as the door fills it in for a retraction."""
    if event["type"] != "signal.retracted":
        return event
    records = {(entry.org, entry.record_ref): entry.subject_ref for entry in snapshot.entries}
    return {**event, "subject_ref": records.get((event["sender"]["org"], event["data"]["record_ref"]))}


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_own_vectors_through_snapshots(path: Path) -> None:
    """Every vector gives the same when facts and memory go through snapshots, as they do in the worker."""
    for vector in vectors(path):
        assert run_through_snapshots(vector, DEFAULTS) == vector["expected"], vector["id"]


def test_shared_vectors_through_snapshots() -> None:
    """Every shared vector gives the same through snapshots."""
    path = SHARED / "vectors" / "dedup.json"
    if not path.exists():
        pytest.skip("the shared documents are not beside this checkout")
    defaults = json.loads((SHARED / "defaults.json").read_text(encoding="utf-8"))
    for vector in vectors(path):
        assert run_through_snapshots(vector, defaults) == vector["expected"], vector["id"]


def results(*steps: Document, **known: Any) -> list[JsonObject]:
    """Run steps in the small world."""
    return dedup_results({**facts(), **known}, list(steps), standing(), recompiled)


def recompiled(document: JsonObject) -> Standing:
    """Compile the directory that a step set."""
    return compile_standing(
        directory=document["directory"], areas=DEFAULTS["areas"], policy={}, defaults=DEFAULTS
    )


def test_one_result_per_event_step() -> None:
    """A step that sets facts gives no result and counts from then on."""
    found = results(
        {"at": MONDAY, "event": signal()},
        {"at": MONDAY, "set": {"consents": []}},
        {"at": MONDAY, "event": signal(event_id="e2", record="r2")},
    )
    assert [result["delivered_to"] for result in found] == [[TEAM], []]


def test_directory_set_by_a_step() -> None:
    """A step can replace the directory: who is not in it any more is refused."""
    found = results(
        {"at": MONDAY, "set": {"directory": [partner("gp_1", "gp")]}},
        {"at": MONDAY, "event": signal()},
    )
    assert [(result["verdict"], result["reason"]) for result in found] == [("rejected", "deny_sender")]


def test_sender_of_each_event_is_authenticated() -> None:
    """Whatever the facts say, the sender of each event is the one on the line."""
    assert results({"at": MONDAY, "event": signal()}, authenticated_org="gp_1")[0]["verdict"] == "unique"


@pytest.mark.parametrize("event", [None, {"sender": "school_1"}, {"type": "signal.retracted"}])
def test_hostile_steps(event: Any) -> None:
    """A value that is no event is rejected and reported as such."""
    (result,) = results({"at": MONDAY, "event": event})
    assert (result["verdict"], result["reason"], result["emits"]) == ("rejected", "deny_schema", [])
    assert results({"at": MONDAY, "set": "nothing"}) == []


def test_messages_are_sorted() -> None:
    """Emitted messages come by type, then by receivers; the notices of a retraction are among them."""
    found = results(
        {"at": MONDAY, "event": signal()},
        {"at": clock(hours=1), "event": signal("gp_1", "e2", "g1")},
        {"at": clock(hours=2), "event": signal("youth_work_2", "e3", "y1")},
        {"at": clock(hours=3), "event": retraction("school_1", "r1")},
        subjects={"child_1": child()},
    )
    suppressed = found[2]["suppressed"]
    assert isinstance(suppressed, list)
    assert [kept["to"] for kept in suppressed] == [["gp_1", "youth_work_2"], ["school_1", "youth_work_2"]]
    assert found[3] == {
        "verdict": "retracted",
        "reason": None,
        "delivered_to": [],
        "emits": [
            {"type": "signal.retracted", "to": [TEAM], "reason": "ok_retraction_notice", "basis": None}
        ],
        "suppressed": [],
    }
