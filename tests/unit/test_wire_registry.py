"""The files of schemas/: registry, examples, topics."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import fastavro.schema
import pytest

from hub.core.catalogue import CATALOGUE
from hub.wire import registry
from hub.wire.codec import MAXIMUM_FRAME_BYTES, decode, decode_record, encode, encode_record
from hub.wire.compatibility import check
from hub.wire.envelope import SealedEvent, SealedSection, WireError
from hub.wire.framing import split_frame
from hub.wire.generate import FINGERPRINT, FIRST_EVENT_ID, release
from hub.wire.record_source import RECORDS
from hub.wire.registry import Entry, entries, latest_schema, packaged_text, schema_by_id
from hub.wire.topics import ALERTS, DECISIONS, EVENTS, load_topics, read_topics

EXAMPLES = Path(__file__).resolve().parents[2] / "schemas" / "examples"
VALID = sorted((EXAMPLES / "valid").glob("*.json"))
INVALID = sorted((EXAMPLES / "invalid").glob("*.json"))

GOOD_TOPIC = """
[[topic]]
name = "hub.events"
key = "k"
value = "v"
partitions = 1
retention_seconds = 1
cleanup = "delete"
maximum_message_bytes = 1
why = "w"
"""


def test_every_event_type_has_a_schema_and_no_other() -> None:
    """The registry and the catalogue of event types name the same types."""
    names = {entry.subject.removesuffix(".v1") for entry in entries().values()}
    assert names - RECORDS == set(CATALOGUE)
    assert names >= RECORDS


@pytest.mark.parametrize("entry", entries().values(), ids=lambda entry: entry.subject)
def test_released_files_are_what_the_registry_says(entry: Entry) -> None:
    """Each released file has the hash and the fingerprint of its entry, and an id on the right side of 101."""
    text = packaged_text(entry.file)
    assert hashlib.sha256(text.encode()).hexdigest() == entry.sha256
    canonical = fastavro.schema.to_parsing_canonical_form(json.loads(text))
    assert fastavro.schema.fingerprint(canonical, FINGERPRINT) == entry.fingerprint
    assert (entry.schema_id >= FIRST_EVENT_ID) is (entry.subject.removesuffix(".v1") not in RECORDS)


def test_newest_version_writes_and_every_version_reads() -> None:
    """The newest version of a subject is the one that encodes; any id can be looked up."""
    for schema_id, entry in entries().items():
        newest = latest_schema(entry.subject)
        assert newest is not None
        assert newest.entry.version >= entry.version
        assert schema_by_id(schema_id).entry == entry
    assert latest_schema("signal.raised.v99") is None


def _load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert document["why"].endswith(".")
    return document


def _sealed(document: dict[str, Any]) -> SealedEvent:
    sealed = {
        name: SealedSection(
            section["key_id"], base64.b64decode(section["nonce"]), base64.b64decode(section["ciphertext"])
        )
        for name, section in document["sealed"].items()
    }
    return SealedEvent(**{**document, "sealed": sealed})


def _encode(example: dict[str, Any]) -> bytes:
    if "record" in example:
        return encode_record(example["record"], example["value"])
    return encode(_sealed(example["sealed_event"]))


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid_examples_travel(path: Path) -> None:
    """Each valid example survives the wire unchanged."""
    example = _load(path)
    if "record" in example:
        assert decode_record(_encode(example)) == (example["record"], example["value"])
    else:
        assert decode(_encode(example)) == _sealed(example["sealed_event"])


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid_examples_are_refused(path: Path) -> None:
    """Each invalid example is refused for the reason it states."""
    example = _load(path)
    with pytest.raises(WireError) as caught:
        _encode(example)
    assert caught.value.reason == example["reason"]


def test_examples_exist() -> None:
    """There are valid and invalid examples, of events and of outbox records."""
    assert len(VALID) >= 12
    assert len(INVALID) >= 12


def test_schemas_are_package_data() -> None:
    """The files are found as data of an installed package, not by a path of this tree."""
    assert files("schemas").joinpath("registry.json").is_file()


def test_topics_of_the_hub() -> None:
    """The three topics are there; none takes a larger record than the codec makes, nor a smaller one."""
    topics = load_topics()
    assert set(topics) == {EVENTS, DECISIONS, ALERTS}
    assert topics[EVENTS].partitions == 24
    for topic in topics.values():
        assert topic.maximum_message_bytes == MAXIMUM_FRAME_BYTES
    assert topics[EVENTS].broker_configuration() == {
        "cleanup.policy": "delete",
        "retention.ms": str(7 * 24 * 60 * 60 * 1000),
        "max.message.bytes": str(MAXIMUM_FRAME_BYTES),
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "hub.events"', "name = 5", "not the name of a topic"),
        ('name = "hub.events"', 'name = "hub events"', "not the name of a topic"),
        ('name = "hub.events"', "", "not the name of a topic"),
        ('key = "k"', 'colour = "k"', "needs"),
        ("partitions = 1", "partitions = 0", "positive integer"),
        ("partitions = 1", "partitions = true", "positive integer"),
        ('why = "w"', 'why = ""', "sentence"),
        ('"delete"', '"forget"', "cleanup"),
        ("[[topic]]", GOOD_TOPIC + "[[topic]]", "twice"),
    ],
)
def test_a_wrong_topic_table_is_named(old: str, new: str, message: str) -> None:
    """A mistake in the table is named with the topic, before any broker is asked."""
    assert set(read_topics(GOOD_TOPIC)) == {"hub.events"}
    with pytest.raises(ValueError, match=message):
        read_topics(GOOD_TOPIC.replace(old, new, 1))


def test_ids_on_the_wire_are_those_of_the_registry() -> None:
    """The id in a frame is the registry's id of the newest version of the type."""
    event = _sealed(_load(EXAMPLES / "valid" / "signal-raised.json")["sealed_event"])
    newest = latest_schema("signal.raised.v1")
    assert newest is not None
    assert split_frame(encode(event))[0] == newest.entry.schema_id


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put a copy of schemas/ that a test may change in the place of the packaged files."""
    copy = tmp_path / "schemas"
    shutil.copytree(EXAMPLES.parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(registry, "packaged_text", lambda name: (copy / name).read_text(encoding="utf-8"))
    caches = (registry.entries, registry._latest, registry._known)
    for cached in caches:
        cached.cache_clear()
    yield copy
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


def test_frames_of_two_versions_lie_on_one_topic(packaged: Path) -> None:
    """After a field was added and released, old frames are still read, and new events carry the field."""
    event = _sealed(_load(EXAMPLES / "valid" / "signal-raised.json")["sealed_event"])
    coloured = dataclasses.replace(event, event={**event.event, "colour": "red"})
    old_frame = encode(event)
    with pytest.raises(WireError, match="form_mismatch"):
        encode(coloured)
    path = packaged / "events" / "signal.raised.v1.avsc"
    document = json.loads(path.read_text(encoding="utf-8"))
    view = next(field for field in document["fields"] if field["name"] == "event")["type"]
    view["fields"].append({"name": "colour", "type": ["null", "string"], "default": None})
    path.write_text(json.dumps(document), encoding="utf-8")
    assert check(schemas=packaged) == []
    (entry,) = release(packaged)
    for cached in (registry.entries, registry._latest, registry._known):
        cached.cache_clear()
    assert decode(old_frame) == event
    assert split_frame(encode(event))[0] == entry.schema_id != split_frame(old_frame)[0]
    assert decode(encode(coloured)) == coloured
