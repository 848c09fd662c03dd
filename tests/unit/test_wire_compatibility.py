"""Schema evolution: Avro's resolution rules, levels, and what `hub schema check` says."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hub.wire.avro_model import SchemaError, read_schema
from hub.wire.compatibility import Level, check, judge, run_check
from hub.wire.generate import main, release, working_schemas
from hub.wire.resolution import SENTENCES, Obstacle, Rule, obstacles

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "samples" / "schema-compatibility"
SUBJECT = "signal.raised.v1"

needs_samples = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the tables of the shared samples lie beside the project, not in it"
)


def _obstacles(reader: object, writer: object) -> list[Obstacle]:
    return obstacles(read_schema(reader), read_schema(writer))


def _record(*fields: dict[str, Any], name: str = "R") -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields)}


def _field(name: str, kind: object, **more: object) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


_FIXED = {"type": "fixed", "name": "F", "size": 4}
_ENUM = {"type": "enum", "name": "E", "symbols": ["A"]}


@needs_samples
def test_avro_reader_writer_table() -> None:
    """Every pair of the published reader/writer table gives its outcome, and the obstacle at the printed place."""
    cases = json.loads((SAMPLES / "avro-reader-writer.json").read_text(encoding="utf-8"))["cases"]
    assert len(cases) > 60
    for case in cases:
        found = _obstacles(case["reader"], case["writer"])
        assert (not found) is case["readerCanReadWriter"], case
        if "where" in case:
            assert [obstacle.where for obstacle in found] == case["where"], case


@needs_samples
def test_avro_highest_level_table() -> None:
    """Every Avro pair of the product's table has the highest level that the table states."""
    for case in json.loads((SAMPLES / "apicurio-avro.json").read_text(encoding="utf-8"))["tests"]:
        new, old = read_schema(case["updated"]), read_schema(case["original"])
        holds = {level for level in Level if not judge(new, [(1, old)], level)}
        assert (Level.BACKWARD in holds) is (case["compatibility"] in {"backward", "full"}), case["id"]
        assert (Level.FORWARD in holds) is (case["compatibility"] in {"forward", "full"}), case["id"]


@pytest.mark.parametrize(
    ("reader", "writer", "expected"),
    [
        (_record(_field("a", "int")), _record(), [("/fields/0", Rule.FIELD_WITHOUT_DEFAULT)]),
        (_record(_field("a", "int")), _record(_field("a", "long")), [("/fields/0/type", Rule.TYPE_CHANGED)]),
        (_record(name="A"), _record(name="B"), [("/name", Rule.NAME_CHANGED)]),
        ({**_record(name="A"), "aliases": ["x.B"]}, _record(name="B"), []),
        (
            _record(_field("a", "string", form="json")),
            _record(_field("a", "string")),
            [("/fields/0", Rule.FORM_CHANGED)],
        ),
        (["null", "int"], "int", []),
        (["null", "int"], "string", [("/0", Rule.UNION_BRANCH_REMOVED)]),
        (
            ["null", _record(_field("a", "int"))],
            ["null", _record()],
            [("/1/fields/0", Rule.FIELD_WITHOUT_DEFAULT)],
        ),
        (
            {"type": "map", "values": "int"},
            {"type": "map", "values": "long"},
            [("/values", Rule.TYPE_CHANGED)],
        ),
        (_FIXED, {**_FIXED, "size": 8}, [("/size", Rule.SIZE_CHANGED)]),
        (_FIXED, {**_FIXED, "name": "G"}, [("/name", Rule.NAME_CHANGED)]),
        (_ENUM, {**_ENUM, "symbols": ["A", "B"]}, [("/symbols", Rule.SYMBOL_REMOVED)]),
        ({**_ENUM, "default": "A"}, {**_ENUM, "symbols": ["A", "B"]}, []),
        (
            {"type": "array", "items": "int"},
            {"type": "array", "items": "long"},
            [("/items", Rule.TYPE_CHANGED)],
        ),
        ("float", ["int", "long"], []),
        ("int", ["int", "float"], [("/", Rule.TYPE_CHANGED)]),
        ("string", "bytes", []),
        (_record(_field("b", "int", aliases=["a"])), _record(_field("a", "int")), []),
        (_record(_field("a", "int", default=0)), _record(), []),
        ({"type": "error", "name": "E", "fields": []}, _record(name="E"), []),
        ({"type": {"type": "string"}}, "string", []),
    ],
)
def test_obstacles_are_named(reader: object, writer: object, expected: list[tuple[str, Rule]]) -> None:
    """Each obstacle has its rule and its place, and what Avro allows has none."""
    assert [(item.where, item.rule) for item in _obstacles(reader, writer)] == expected


def test_a_schema_may_contain_itself() -> None:
    """Comparing a recursive type ends, and still finds what changed inside."""
    old = _record(_field("next", ["null", "R"]), _field("n", "long"))
    new = _record(_field("next", ["null", "R"]), _field("n", "int"))
    assert _obstacles(old, old) == []
    assert Obstacle("/fields/1/type", Rule.TYPE_CHANGED) in _obstacles(new, old)


def test_names_are_resolved_in_their_namespace() -> None:
    """A reference finds the type of its own namespace, or one given in full."""
    inner = _record(_field("x", "int"), name="I")
    schema = {**_record(_field("a", inner), _field("b", "I"), _field("c", "n.I")), "namespace": "n"}
    assert [field.node.name for field in read_schema(schema).fields] == ["n.I", "n.I", "n.I"]


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"name": "x"},
        "unknown",
        {"type": "record", "fields": []},
        {"type": "record", "name": "", "fields": []},
        {"type": "array"},
        _record({"name": "a"}),
        _record(_field("a", _record(name="A")), _field("b", _record(name="A"))),
        {"type": "record", "name": "R", "fields": [3]},
    ],
)
def test_what_is_no_schema_is_refused(document: object) -> None:
    """A document that is no Avro schema gives a SchemaError that names the place."""
    with pytest.raises(SchemaError, match="/"):
        read_schema(document)


def test_levels_say_which_direction_and_which_versions_count() -> None:
    """Backward looks at old bytes, forward at old readers, transitive at every version."""
    first = read_schema(_record())
    second = read_schema(_record(_field("a", "int")))
    new = read_schema(_record(_field("a", "int")))
    released = [(2, second), (1, first)]
    assert judge(new, released, Level.NONE) == []
    assert judge(new, released, Level.FULL) == []
    assert [version for version, _, _ in judge(new, released, Level.BACKWARD_TRANSITIVE)] == [1]
    assert judge(new, released, Level.FORWARD_TRANSITIVE) == []
    assert [side for _, side, _ in judge(first, [(2, second)], Level.FULL)] == ["forward"]


def test_every_rule_has_a_sentence() -> None:
    """An operator never sees a rule without its meaning."""
    assert set(SENTENCES) == set(Rule)


def test_the_packaged_schemas_may_be_released() -> None:
    """The working schemas of the tree are compatible with every released version, and the command says so."""
    out = io.StringIO()
    assert run_check(out) == 0
    assert "compatible" in out.getvalue()


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """Return a copy of schemas/ that a test may change."""
    copy = tmp_path / "schemas"
    shutil.copytree(SCHEMAS, copy, ignore=shutil.ignore_patterns("__pycache__", "examples"))
    return copy


def _edit(path: Path, change: dict[str, Any] | None = None, *, drop: str | None = None) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    document["fields"] = [field for field in document["fields"] if field["name"] != drop]
    document["fields"] += [change] if change else []
    path.write_text(json.dumps(document), encoding="utf-8")


def test_an_added_field_with_default_is_compatible(schemas: Path) -> None:
    """A new optional field may be released: old frames are read, old readers skip it."""
    path = schemas / "events" / f"{SUBJECT}.avsc"
    _edit(path, _field("colour", ["null", "string"], default=None))
    assert check(schemas=schemas) == []


def test_a_required_field_more_or_less_is_named(schemas: Path) -> None:
    """A field added or removed without default is an incompatibility with subject, version, direction and place."""
    path = schemas / "events" / f"{SUBJECT}.avsc"
    _edit(path, _field("colour", "string"), drop="key")
    found = check([path], schemas=schemas)
    assert [(item.subject, item.version, item.direction, item.rule, item.where) for item in found] == [
        (SUBJECT, 1, "backward", "field_without_default", "/fields/6"),
        (SUBJECT, 1, "forward", "field_without_default", "/fields/3"),
    ]
    out = io.StringIO()
    assert run_check(out, [path], schemas=schemas) == 1
    assert f"{SUBJECT} against version 1: backward: field_without_default" in out.getvalue()
    assert "2 incompatibilities" in out.getvalue()


def test_an_edited_or_lost_released_file_is_found(schemas: Path) -> None:
    """A released file that changed or went is named before anything is compared with it."""
    (schemas / "released" / SUBJECT / "1.avsc").write_text("{}", encoding="utf-8")
    (schemas / "released" / "alert.v1" / "1.avsc").unlink()
    assert [(item.subject, item.rule) for item in check(schemas=schemas)] == [
        ("alert.v1", "released_file_changed"),
        (SUBJECT, "released_file_changed"),
    ]


def test_unreadable_and_missing_working_files_are_found(schemas: Path) -> None:
    """A working file that is no schema, or is gone although released, is named."""
    (schemas / "events" / f"{SUBJECT}.avsc").write_text("{", encoding="utf-8")
    (schemas / "records" / "alert.v1.avsc").unlink()
    assert [(item.subject, item.rule) for item in check(schemas=schemas)] == [
        ("alert.v1", "working_file_missing"),
        (SUBJECT, "unreadable"),
    ]
    assert all("against" not in item.sentence() for item in check(schemas=schemas))


def test_releasing_gives_a_new_version_and_keeps_the_old(schemas: Path) -> None:
    """A changed schema gets the next version under a new id; the released file and its id stay."""
    before = json.loads((schemas / "registry.json").read_text(encoding="utf-8"))["schemas"]
    _edit(schemas / "events" / f"{SUBJECT}.avsc", _field("colour", ["null", "string"], default=None))
    (entry,) = release(schemas)
    after = json.loads((schemas / "registry.json").read_text(encoding="utf-8"))["schemas"]
    assert (entry.subject, entry.version, entry.schema_id) == (SUBJECT, 2, max(map(int, before)) + 1)
    assert {key: value for key, value in after.items() if key in before} == before
    assert release(schemas) == ()


def test_generator_writes_what_is_in_the_tree(schemas: Path) -> None:
    """Working schemas in the tree equal the generator's output, and nothing waits for release."""
    kept = {path: path.read_text(encoding="utf-8") for path in schemas.rglob("*.*sc")}
    registry = (schemas / "registry.json").read_text(encoding="utf-8")
    assert main([], schemas) == 0
    assert main(["--release"], schemas) == 0
    assert main(["--unknown"], schemas) == 2
    assert {path: path.read_text(encoding="utf-8") for path in schemas.rglob("*.*sc")} == kept
    assert (schemas / "registry.json").read_text(encoding="utf-8") == registry


def test_first_release_starts_from_nothing(schemas: Path) -> None:
    """Without a registry every subject gets version 1, records below 101 and events from 101."""
    kept = (schemas / "registry.json").read_text(encoding="utf-8")
    (schemas / "registry.json").unlink()
    assert len(release(schemas)) == len(working_schemas(schemas))
    assert (schemas / "registry.json").read_text(encoding="utf-8") == kept
