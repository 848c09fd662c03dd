"""`hub vectors`: lines, totals and exit codes as CONSENT.md appendix A says."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from hub.operate.vectors import run

VECTOR = {
    "id": "Q1",
    "kind": "number",
    "title": "a number",
    "basis": "law",
    "rules": ["EVENTS-9"],
    "op": "eleven_test",
    "request": {"value": "999900006"},
    "expected": {"test_range": True, "valid": True},
}


def write(folder: Path, name: str, *vectors: dict[str, Any]) -> Path:
    """Write a vector file."""
    path = folder / name
    path.write_text(json.dumps({"format": "hub-vectors/1", "set": "own", "vectors": vectors}), "utf-8")
    return path


def result(*paths: Path, emit: bool = False) -> tuple[int, list[str]]:
    """Run the command and return exit code and lines."""
    out = io.StringIO()
    return run(list(paths), emit=emit, out=out), out.getvalue().splitlines()


def test_all_pass(tmp_path: Path) -> None:
    """One line per vector, a folder in name order, then the totals; exit code 0."""
    write(tmp_path, "b.json", {**VECTOR, "id": "Q2"})
    write(tmp_path, "a.json", VECTOR)
    assert result(tmp_path) == (0, ["ok Q1", "ok Q2", "2 passed, 0 failed"])


def test_a_failure_shows_both_sides(tmp_path: Path) -> None:
    """A vector that differs is shown with what was expected and what came; exit code 1."""
    path = write(tmp_path, "a.json", {**VECTOR, "expected": {"valid": False, "test_range": True}}, VECTOR)
    code, lines = result(path)
    assert code == 1
    assert lines[0] == (
        'FAIL Q1: expected {"test_range":true,"valid":false} got {"test_range":true,"valid":true}'
    )
    assert lines[-1] == "1 passed, 1 failed"


def test_emit_prints_results_without_comparing(tmp_path: Path) -> None:
    """With --emit each line is `{"id", "results"}` and the exit code is 0, whatever was expected."""
    path = write(tmp_path, "a.json", {**VECTOR, "expected": {"valid": False, "test_range": True}})
    code, lines = result(path, emit=True)
    assert code == 0
    assert [json.loads(line) for line in lines] == [
        {"id": "Q1", "results": {"valid": True, "test_range": True}}
    ]


def test_a_kind_that_cannot_be_run_fails_honestly(tmp_path: Path) -> None:
    """A kind without a runner is a failure that says so, never a pass."""
    (tmp_path / "vector.schema.json").write_text("{}", "utf-8")
    path = write(tmp_path, "a.json", {**VECTOR, "kind": "weather"})
    assert result(path) == (1, ["FAIL Q1: kind weather not supported yet", "0 passed, 1 failed"])
    assert result(path, emit=True) == (0, ['{"id":"Q1","results":null}'])


@pytest.mark.parametrize(
    ("op", "request_", "expected", "policy"),
    [
        (
            "rule",
            {"rule": "no_rule", "received_at": "2026-11-21T12:00:00Z"},
            {"due_at": "2026-11-21T12:00:00Z"},
            {},
        ),
        ("rule", {"rule": "u3_decision"}, {"due_at": "2026-11-21T12:00:00Z"}, {}),
        (
            "term",
            {"unit": "days", "count": 1, "received_at": "2026-13-21T12:00:00Z"},
            {"due_at": "2026-11-21T12:00:00Z"},
            {},
        ),
        (
            "escalation",
            {"urgency": "u2", "received_at": "2026-13-21T12:00:00Z"},
            {"level_1": None, "level_2": None, "level_3": None},
            {},
        ),
        ("age_at", {"birth_date": "2010-01-01", "at": "2026-13-21T12:00:00Z"}, {"age": 1}, {}),
        (
            "age_at",
            {"birth_date": "2010-01-01", "at": "2026-11-21T12:00:00Z"},
            {"age": 16},
            {"k_aggregate": 1},
        ),
    ],
)
def test_a_request_that_cannot_be_run_fails(
    tmp_path: Path, op: str, request_: dict[str, Any], expected: dict[str, Any], policy: dict[str, Any]
) -> None:
    """A request that lacks something, or settings that are not valid, is a failure with its cause."""
    head = {key: VECTOR[key] for key in ("id", "title", "basis", "rules")}
    path = write(
        tmp_path,
        "a.json",
        {**head, "kind": "deadline", "op": op, "request": request_, "policy": policy, "expected": expected},
    )
    code, lines = result(path)
    assert code == 1
    assert lines[0].startswith("FAIL Q1: the request cannot be run: ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": "hub-vectors/1", "set": "own", "set": "other", "vectors": []}',
        '{"format": "hub-vectors/1", "set": "own", "vectors": []}',
        '{"format": "hub-vectors/1", "set": "own", "vectors": [{"kind": "number"}]}',
        '{"format": "hub-vectors/1", "set": "own", "vectors": NaN}',
    ],
)
def test_a_file_that_breaks_the_schema(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read or breaks the schema gives exit code 2 and says which file; nothing is run."""
    write(tmp_path, "a.json", VECTOR)
    (tmp_path / "b.json").write_text(text, "utf-8")
    assert result(tmp_path) == (2, [])
    assert "b.json" in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file, or one that is not text, gives exit code 2."""
    assert result(tmp_path / "none.json") == (2, [])
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    assert result(tmp_path) == (2, [])


def test_schema_and_defaults_beside_the_file_count(tmp_path: Path) -> None:
    """A schema and defaults in the folder above are used instead of those that ship."""
    folder = tmp_path / "vectors"
    folder.mkdir()
    write(folder, "a.json", VECTOR)
    (tmp_path / "defaults.json").write_text("{}", "utf-8")
    (tmp_path / "vector.schema.json").write_text('{"required": ["title"]}', "utf-8")
    assert result(folder)[0] == 2
    (tmp_path / "vector.schema.json").write_text("{}", "utf-8")
    assert result(folder)[0] == 0


def test_settings_without_defaults_are_not_valid(tmp_path: Path) -> None:
    """Defaults that hold nothing make every event a hold, not a pass by built-in settings."""
    folder = tmp_path / "vectors"
    folder.mkdir()
    (tmp_path / "defaults.json").write_text('{"directory": []}', "utf-8")
    vector = {
        **{key: VECTOR[key] for key in ("id", "title", "basis", "rules")},
        "kind": "decision",
        "hostile": True,
        "now": "2026-11-21T12:00:00Z",
        "facts": {},
        "event": {},
        "expected": {
            "event": {"outcome": "hold", "reason": "hold_policy_invalid", "duties": []},
            "recipients": [],
        },
    }
    write(folder, "a.json", vector)
    assert result(folder) == (0, ["ok Q1", "1 passed, 0 failed"])
