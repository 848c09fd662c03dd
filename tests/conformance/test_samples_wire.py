"""The published files of the standards that the wire speaks, judged as their manifest says.

Three levels are kept apart. *Standard*: the parse functions, compared with the manifest's `expected`. *Not spoken*:
a format that the hub refuses as a whole, counted as such and never as a pass. *Profile*: what the hub adds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fastavro.schema
import pytest

from hub.wire.cloudevents import (
    INGRESS_EXTENSIONS,
    CloudEvent,
    check_profile,
    parse_batch,
    parse_http,
    parse_kafka,
    render_binary,
    render_kafka,
    render_structured,
)
from hub.wire.codec import decode
from hub.wire.envelope import WireError
from hub.wire.filters import compile_filters
from hub.wire.framing import split_frame
from hub.wire.reasons import WireReason

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
SAMPLES = SHARED / "samples"
STANDARDS = frozenset({"cloudevents", "nlgov-cloudevents", "schema-registry-wire-format", "avro"})

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the published samples lie beside the project, not in it"
)

EVENT_FILE = "application/cloudevents+json"
BATCH_FILE = "application/cloudevents-batch+json"
XML_FILE = "application/cloudevents+xml"


def _manifest() -> list[dict[str, Any]]:
    path = SAMPLES / "manifest.json"
    if not path.is_file():
        return []
    samples: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["samples"]
    return [sample for sample in samples if sample["standard"] in STANDARDS]


def _inputs(*media_types: str) -> list[Any]:
    return [
        pytest.param(sample, id=sample["path"])
        for sample in _manifest()
        if sample["role"] == "input" and sample["mediaType"] in media_types
    ]


def _bytes(path: str) -> bytes:
    return (SAMPLES / path).read_bytes()


def _json(path: str) -> Any:
    return json.loads(_bytes(path))


def _expected_valid(sample: dict[str, Any]) -> bool:
    expected: str = sample["expected"]
    assert expected == "valid" or expected.startswith("invalid")
    return expected == "valid"


INVALID_REASONS = {
    "invalidPunctuatedExtension": WireReason.INVALID_ATTRIBUTE_NAME,
    "invalidNoType": WireReason.MISSING_ATTRIBUTE,
    "invalidObjectId": WireReason.INVALID_ATTRIBUTE_VALUE,
    "invalidBothDataAndDataBase64": WireReason.DATA_TWICE,
    "invalidEmptyDataContentType": WireReason.INVALID_ATTRIBUTE_VALUE,
    "invalidNoSpecVersion": WireReason.MISSING_ATTRIBUTE,
    "invalidEmptySubject": WireReason.INVALID_ATTRIBUTE_VALUE,
    "invalidEmptyId": WireReason.INVALID_ATTRIBUTE_VALUE,
    "invalidTimeOffsetX": WireReason.INVALID_TIME,
    "invalidTimeOffsetNonInteger": WireReason.INVALID_TIME,
    "invalidTimeGarbage": WireReason.INVALID_TIME,
    "invalidEmptySource": WireReason.INVALID_ATTRIBUTE_VALUE,
    "invalidUnknownSpecVersion": WireReason.UNSUPPORTED_SPECVERSION,
    "json-format-binary-data": WireReason.INVALID_BASE64,
    "cdevents-incident_detected": WireReason.INVALID_ATTRIBUTE_VALUE,
    "cdevents-ticket_created": WireReason.INVALID_ATTRIBUTE_VALUE,
    "vng-notification-template": WireReason.INVALID_ATTRIBUTE_NAME,
}
"""The reason with which each invalid file is refused: the cause that the manifest names, not another one."""


@pytest.mark.parametrize("sample", _inputs(EVENT_FILE))
def test_single_events(sample: dict[str, Any]) -> None:
    """Each published event is taken or refused as its standard says, with the right reason."""
    body = _bytes(sample["path"])
    if _expected_valid(sample):
        document = json.loads(body)
        event = parse_http({"Content-Type": sample["mediaType"]}, body)
        for name in ("id", "source", "type", "specversion"):
            assert event.attributes[name] == document[name]
        assert event.has_data is ("data" in document or document.get("data_base64") is not None)
        return
    with pytest.raises(WireError) as caught:
        parse_http({"content-type": sample["mediaType"]}, body)
    assert caught.value.reason == INVALID_REASONS[Path(sample["path"]).stem]


@pytest.mark.parametrize("sample", _inputs(EVENT_FILE))
def test_single_events_truncated_and_extended(sample: dict[str, Any]) -> None:
    """Every published event, cut at any byte or followed by more, gives a WireError and never another exception."""
    body = _bytes(sample["path"]).strip()
    for length in range(len(body)):
        with pytest.raises(WireError):
            parse_http({"content-type": EVENT_FILE}, body[:length])
    for extra in (b"x", b"{}", b"\x00", b","):
        with pytest.raises(WireError):
            parse_http({"content-type": EVENT_FILE}, body + extra)


@pytest.mark.parametrize(
    "sample", [case for case in _inputs(EVENT_FILE) if case.values[0]["expected"] == "valid"]
)
def test_valid_events_survive_every_mode(sample: dict[str, Any]) -> None:
    """A valid event that is written in structured, binary and Kafka mode is read back equal."""
    event = parse_http({"content-type": EVENT_FILE}, _bytes(sample["path"]))
    assert parse_http(*render_structured(event)) == event
    headers, body = render_binary(event)
    again = parse_http(headers, body)
    assert {**again.attributes, **event.attributes} == dict(again.attributes)
    assert parse_kafka(*render_kafka(event)).attributes == again.attributes


@pytest.mark.parametrize("sample", _inputs(BATCH_FILE))
def test_batches(sample: dict[str, Any]) -> None:
    """A batch is valid when every event in it is; an empty one is valid."""
    results = parse_batch({"content-type": sample["mediaType"]}, _bytes(sample["path"]))
    assert len(results) == len(_json(sample["path"]))
    valid = all(isinstance(result, CloudEvent) for result in results)
    assert valid is _expected_valid(sample)


@pytest.mark.parametrize("sample", _inputs(XML_FILE))
def test_xml_is_not_spoken(sample: dict[str, Any]) -> None:
    """Events in XML, valid or not, are refused as a media type: they say nothing about how the hub reads XML."""
    with pytest.raises(WireError) as caught:
        parse_http({"content-type": sample["mediaType"]}, _bytes(sample["path"]))
    assert caught.value.reason == WireReason.UNSUPPORTED_MEDIA_TYPE


def test_what_was_judged_is_counted() -> None:
    """Every input of the manifest is in one of the tests here, and what is not spoken is not counted as a pass."""
    inputs = [sample for sample in _manifest() if sample["role"] == "input"]
    judged = [sample for sample in inputs if sample["mediaType"] in {EVENT_FILE, BATCH_FILE}]
    not_spoken = [sample for sample in inputs if sample["mediaType"] == XML_FILE]
    avro = [sample for sample in inputs if sample["standard"] == "avro"]
    assert len(judged) + len(not_spoken) + len(avro) == len(inputs)
    assert (len(judged), len(not_spoken), len(avro)) == (29, 17, 3)
    assert {sample["path"] for sample in _manifest() if sample["role"] == "vectors"} == VECTOR_FILES


VECTOR_FILES = {
    "avro/schema-tests.txt",
    "cloudevents/features/kafka-protocol-binding.feature",
    "cloudevents/kafka/kafka-binary.json",
    "cloudevents/spec-examples/trace-context-headers.json",
    "cloudevents/yaml/v03.yaml",
    "cloudevents/yaml/v1.yaml",
    "nlgov-cloudevents/attribute-values.json",
    "schema-registry-wire-format/frames.json",
}
"""Each is read by a test in this file."""


def test_kafka_binary_message() -> None:
    """The published Kafka message gives the attributes and data beside it."""
    case = _json("cloudevents/kafka/kafka-binary.json")
    headers = [(name, value.encode()) for name, value in case["headers"].items()]
    event = parse_kafka(headers, case["value"].encode())
    assert event.attributes == case["expectAttributes"]
    assert event.data == json.loads(case["value"])


def _feature_table(lines: list[str], start: int) -> dict[str, str]:
    table: dict[str, str] = {}
    for line in lines[start:]:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.strip().startswith("|"):
            break
        table[cells[0]] = cells[1]
    return {name: value for name, value in table.items() if name != "key"}


def _feature_text(lines: list[str], start: int) -> str:
    end = next(number for number in range(start + 1, len(lines)) if lines[number].strip() == '"""')
    return "\n".join(lines[start + 1 : end])


@pytest.mark.parametrize("scenario", [0, 1])
def test_kafka_feature_file(scenario: int) -> None:
    """Both scenarios of the conformance suite hold, structured mode with each content type of its table."""
    text = _bytes("cloudevents/features/kafka-protocol-binding.feature").decode()
    lines = text.split("Scenario")[scenario + 1].splitlines()
    quotes = [number for number, line in enumerate(lines) if line.strip() == '"""']
    payload = _feature_text(lines, quotes[0])
    headers_at = next(number for number, line in enumerate(lines) if "Kafka headers:" in line)
    expected_at = next(number for number, line in enumerate(lines) if "the attributes are:" in line)
    headers = _feature_table(lines, headers_at + 1)
    content_types = [
        line.strip().strip("|").strip() for line in lines if "| application/cloudevents+json" in line
    ]
    for content_type in content_types or [headers["content-type"]]:
        named = {name: value.replace("<contentType>", content_type) for name, value in headers.items()}
        event = parse_kafka([(name, value.encode()) for name, value in named.items()], payload.encode())
        assert event.attributes == _feature_table(lines, expected_at + 1)
        assert event.data == json.loads(_feature_text(lines, quotes[2]))


def test_two_trace_contexts_both_survive() -> None:
    """The event's own trace context becomes an attribute; the request's stays a header and does not replace it."""
    case = _json("cloudevents/spec-examples/trace-context-headers.json")
    event = parse_http(case["headers"], b"")
    assert event.attributes["traceparent"] == case["headers"]["ce-traceparent"]
    assert event.attributes["traceparent"] != case["headers"]["traceparent"]
    assert render_binary(event)[0]["ce-traceparent"] == case["headers"]["ce-traceparent"]


def _suite_cases(path: str) -> list[dict[str, str]]:
    """Read the suite's YAML, of which it uses nested names and `|` blocks only, without a YAML library."""
    cases = []
    for document in _bytes(path).decode().split("---\n"):
        case: dict[str, str] = {}
        block = ""
        for line in document.splitlines():
            name, colon, value = line.strip().partition(":")
            if colon and value.strip() != "|" and not block:
                case[name.strip()] = value.strip().strip('"')
            elif colon and not name.startswith("{"):
                block = name.strip()
            else:
                case[block] = line.strip()
                block = ""
        cases.append(case)
    return cases


_OUTSIDE = frozenset({"Mode", "ContextAttributes", "Extensions", "TransportExtensions", "user-agent", "Data"})


@pytest.mark.parametrize(
    ("path", "valid"), [("cloudevents/yaml/v1.yaml", True), ("cloudevents/yaml/v03.yaml", False)]
)
def test_suite_events_in_both_modes(path: str, valid: bool) -> None:  # noqa: FBT001
    """The suite's event of version 1.0 is read in structured and binary mode; that of version 0.3 is refused."""
    for case in _suite_cases(path):
        attributes = {name: value for name, value in case.items() if name not in _OUTSIDE}
        data = json.loads(case["Data"])
        structured = json.dumps({**attributes, "data": data}).encode()
        binary = {"content-type": "application/json", "user-agent": case["user-agent"]}
        binary |= {f"ce-{name}": value.replace('"', "%22") for name, value in attributes.items()}
        for headers, body in (({"content-type": EVENT_FILE}, structured), (binary, case["Data"].encode())):
            if valid:
                event = parse_http(headers, body)
                assert {**event.attributes, **attributes} == dict(event.attributes)
                assert event.data == {"world": "hello"}
                continue
            with pytest.raises(WireError) as caught:
                parse_http(headers, body)
            assert caught.value.reason == WireReason.UNSUPPORTED_SPECVERSION


def test_attribute_values_of_the_dutch_profile() -> None:
    """Every attribute value that the profile prints is valid CloudEvents."""
    for case in _json("nlgov-cloudevents/attribute-values.json"):
        document = {"specversion": "1.0", "id": "1", "source": "urn:nld:oin:1", "type": "nl.example.v1"}
        body = json.dumps({**document, case["attribute"]: case["value"]}).encode()
        assert case["expected"] == "valid"
        assert parse_http({"content-type": EVENT_FILE}, body).attributes[case["attribute"]] == case["value"]


def test_wire_format_frames() -> None:
    """The published frames split as their table says; frames of other registries are refused by the codec."""
    for case in _json("schema-registry-wire-format/frames.json")["frames"]:
        frame = bytes.fromhex(case["hex"])
        if case["expected"] == "invalid":
            with pytest.raises(WireError):
                split_frame(frame)
        else:
            assert split_frame(frame) == (case["schemaId"], frame[case["payloadOffset"] :])
        with pytest.raises(WireError):
            decode(frame)


@pytest.mark.parametrize("sample", _inputs("application/avro", "avro/binary"))
def test_avro_files_are_not_frames(sample: dict[str, Any]) -> None:
    """Container files and single-object messages are valid Avro and still no record of a topic."""
    with pytest.raises(WireError) as caught:
        decode(_bytes(sample["path"]))
    assert caught.value.reason == WireReason.WRONG_MAGIC


def test_canonical_forms_and_fingerprints() -> None:
    """The fingerprints in the registry are those of the Avro specification: the library gives its published ones."""
    text = _bytes("avro/schema-tests.txt").decode()
    cases = 0
    for block in text.split("<<INPUT")[1:]:
        given, _, rest = block.partition("<<canonical ")
        canonical, _, fingerprint = rest.partition("<<fingerprint ")
        schema = json.loads(given.removesuffix("INPUT\n").strip().removesuffix("INPUT").strip())
        if schema == []:
            continue  # fastavro refuses a union of nothing, which no file here has
        assert fastavro.schema.to_parsing_canonical_form(schema) == canonical.strip()
        expected = int(fingerprint.split()[0]).to_bytes(8, "little", signed=True).hex()
        assert fastavro.schema.fingerprint(canonical.strip(), "CRC-64-AVRO") == expected
        cases += 1
    assert cases == 16


PROFILE_REASONS = {
    "nlgov-cloudevents/example-with-bsn-subject.json": WireReason.DENY_BSN_IN_METADATA,
    "cloudevents/foreign/google-MessagePublishedData.json": WireReason.INVALID_SOURCE,
    "cloudevents/json/valid/validAllCoreAttributes.json": WireReason.SUBJECT_NOT_ALLOWED,
    "cloudevents/json/valid/validMinimal.json": WireReason.INVALID_SOURCE,
    "cloudevents/json/valid/validMinimalWithTimeToNanosecondsUtc.json": WireReason.INVALID_SOURCE,
    "cloudevents/json/valid/validMinimalWithTimeUsingNegativeOffset.json": WireReason.INVALID_SOURCE,
    "cloudevents/json/valid/validSimpleTextData.json": WireReason.INVALID_SOURCE,
    "cloudevents/spec-examples/json-format-object-data.json": WireReason.UNKNOWN_ATTRIBUTE,
}
"""What the product profile adds: each of these is a valid CloudEvent, and refused at the hub's door."""


def test_what_the_profile_adds() -> None:
    """Every valid published event is refused by the hub's own profile, for the reason in the table."""
    found = {}
    for case in _inputs(EVENT_FILE):
        sample = case.values[0]
        if sample["expected"] != "valid":
            continue
        event = parse_http({"content-type": EVENT_FILE}, _bytes(sample["path"]))
        with pytest.raises(WireError) as caught:
            check_profile(event, known_extensions=INGRESS_EXTENSIONS)
        found[sample["path"]] = caught.value.reason
        assert "999990342" not in str(caught.value)
    assert found == PROFILE_REASONS


def test_vng_event_passes_the_profile() -> None:
    """The VNG template, with real values and its one camel-case name, is taken unchanged by the profile."""
    document = _json("nlgov-cloudevents/vng-notification-template.json")
    kept = {name: value for name, value in document.items() if name[0] != "<" and name != "data_base64"}
    kept |= {
        "type": "nl.jeugdigen.signal.raised.v1",
        "domain": "nl.jeugdigen",
        "dataref": "https://example.nl/d",
    }
    del kept["subject"]
    event = parse_http(
        {"content-type": "application/cloudevents+json; charset=utf-8"}, json.dumps(kept).encode()
    )
    check_profile(event, known_extensions=INGRESS_EXTENSIONS)
    assert event.attributes["subscriberReference"] == document["subscriberReference"]


def test_vng_filter_example() -> None:
    """A filter in the form of the VNG API compiles, and names with dots are simply never equal to anything."""
    filters = compile_filters(
        [
            {"prefix": {"type": "nl.vng.zgw.zaken."}},
            {"exact": {"nl.vng.zgw.zaken.vertrouwelijkheidaanduiding": "openbaar"}},
        ]
    )
    assert not filters.matches({"type": "nl.vng.zgw.zaken.status_gewijzigd"})
