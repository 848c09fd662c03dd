"""Sealed events and outbox records as Avro frames."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.model import Json, JsonObject
from hub.wire.codec import MAXIMUM_FRAME_BYTES, decode, encode
from hub.wire.envelope import SealedEvent, SealedSection, WireError
from hub.wire.framing import join_frame, split_frame
from hub.wire.reasons import WireReason
from hub.wire.registry import entries, packaged_text, schema_by_id

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
LONG = st.integers(-(2**63), 2**63 - 1)
JSON_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
JSON_OBJECT = st.dictionaries(TEXT, JSON_VALUE, max_size=4)
EVENT_TYPES = sorted(
    entry.subject.removesuffix(".v1") for entry in entries().values() if entry.schema_id > 100
)

_RECIPIENT = st.fixed_dictionaries(
    {"to": st.fixed_dictionaries({}, optional={"org": TEXT, "kind": TEXT, "partnership": TEXT})},
    optional={"professional": TEXT, "needed_sections": st.lists(TEXT, max_size=3), "exception": JSON_OBJECT},
)
_TEXT_FIELDS = (
    "purpose",
    "urgency",
    "mode",
    "safety_level",
    "setting",
    "case_ref",
    "in_reply_to",
    "origin_id",
    "causation_id",
    "digest",
    "requested_action",
    "data_origin",
    "occurred_at",
    "anonymity_check",
    "area_precision",
    "district",
    "age_band",
    "early_kind",
)
VIEW = st.fixed_dictionaries(
    {
        "id": TEXT,
        "source": TEXT,
        "type": st.sampled_from(EVENT_TYPES),
        "time": TEXT,
        "sender": st.fixed_dictionaries({"org": TEXT, "kind": TEXT}, optional={"professional": TEXT}),
        "sections": st.lists(TEXT, max_size=4),
    },
    optional={
        **dict.fromkeys(_TEXT_FIELDS, TEXT),
        "subject": st.none() | TEXT,
        "subject_ref": st.none() | TEXT,
        "recipients": st.lists(_RECIPIENT, max_size=3),
        "domains": st.lists(TEXT, max_size=3),
        "record": st.fixed_dictionaries({"ref": TEXT, "revision": LONG}),
        "consent_version": LONG,
        "section_about": st.dictionaries(TEXT, st.lists(TEXT, max_size=2), max_size=3),
        "identity_contains_address": st.booleans(),
        "scans": st.fixed_dictionaries({}, optional={"narrative": TEXT, "perspectives": TEXT}),
        "cells": st.lists(JSON_VALUE, max_size=3),
        "kindcheck": st.fixed_dictionaries(
            {}, optional={"done": st.booleans(), "children_present": TEXT, "minor_count": st.none() | LONG}
        ),
        "data": JSON_OBJECT,
    },
)
SECTION = st.builds(
    SealedSection,
    key_id=TEXT,
    nonce=st.binary(min_size=12, max_size=12),
    ciphertext=st.binary(min_size=16, max_size=40),
)
SEALED = st.builds(
    SealedEvent,
    uid=TEXT,
    event=VIEW,
    authenticated_org=TEXT,
    accepted_at=TEXT,
    key=TEXT,
    sealed=st.dictionaries(TEXT, SECTION, max_size=3),
    traceparent=st.none() | TEXT,
)


def _view(**fields: Json) -> JsonObject:
    return {
        "id": "e1",
        "source": "urn:nld:oin:00000001000000000001:system:test",
        "type": "signal.raised",
        "time": "2026-03-02T09:00:00+01:00",
        "sender": {"org": "testschool_one", "kind": "school"},
        "sections": ["meta", "contact"],
        **fields,
    }


def _event(**fields: Json) -> SealedEvent:
    return SealedEvent(
        uid="5b0c1a5e-6a1e-5c8e-9d53-0f2f5a3c7d11",
        event=_view(**fields),
        authenticated_org="testschool_one",
        accepted_at="2026-03-02T08:00:01Z",
        key="ps_v1_0a",
        sealed={"contact": SealedSection("k1", bytes(12), bytes(range(40)))},
    )


def _kinds(value: Json) -> Json:
    if isinstance(value, list):
        return [_kinds(item) for item in value]
    if isinstance(value, dict):
        return {key: _kinds(item) for key, item in value.items()}
    return (type(value), value)


@given(SEALED)
def test_an_event_survives_exactly(sealed: SealedEvent) -> None:
    """Every well-formed view comes back equal: absent is not null, empty is not absent, 1 is not 1.0."""
    decoded = decode(encode(sealed))
    assert decoded == sealed
    assert _kinds(decoded.event) == _kinds(sealed.event)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_type_has_its_schema(event_type: str) -> None:
    """Each event type of the catalogue goes over the wire under an id of its own."""
    frame = encode(_event(type=event_type))
    assert decode(frame).event["type"] == event_type
    assert entries()[split_frame(frame)[0]].subject == f"{event_type}.v1"


def test_any_avro_reader_understands_the_bytes() -> None:
    """A reader with nothing but fastavro and the .avsc file reads what the codec wrote."""
    schema_id, payload = split_frame(encode(_event(subject_ref=None, consent_version=3)))
    document = json.loads(packaged_text(entries()[schema_id].file))
    plain: Any = fastavro.schemaless_reader(io.BytesIO(payload), fastavro.parse_schema(document), None)
    assert plain["event"]["subject_ref"] == {"value": None}
    assert plain["event"]["subject"] is None
    assert plain["event"]["consent_version"] == 3
    assert plain["sealed"]["contact"]["key_id"] == "k1"


@pytest.mark.parametrize("code", ["u9", "help", "", "ψ"])
def test_unknown_codes_reach_the_decision(code: str) -> None:
    """A code outside its list travels unchanged, so that the decision can refuse it with its reason."""
    assert decode(encode(_event(urgency=code))).event["urgency"] == code


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"id": 1}, "event.id"),
        ({"id": None}, "event.id"),
        ({"purpose": None}, "event.purpose"),
        ({"consent_version": True}, "event.consent_version"),
        ({"consent_version": 1.0}, "event.consent_version"),
        ({"consent_version": "1"}, "event.consent_version"),
        ({"subject_ref": 1}, "event.subject_ref"),
        ({"identity_contains_address": 1}, "event.identity_contains_address"),
        ({"sections": "meta"}, "event.sections"),
        ({"sections": ["meta", 1]}, "event.sections[]"),
        ({"sender": "school"}, "event.sender"),
        ({"sender": {"org": "o"}}, "event.sender: missing kind"),
        ({"sender": {"org": "o", "kind": "k", "name": "n"}}, "event.sender: unknown field"),
        ({"recipients": {}}, "event.recipients"),
        ({"recipients": [{}]}, "event.recipients[]: missing to"),
        ({"recipients": [{"to": {"org": 1}}]}, "event.recipients[].to.org"),
        ({"recipients": [{"to": {}, "exception": "x"}]}, "event.recipients[].exception"),
        ({"record": {"ref": "r"}}, "event.record: missing revision"),
        ({"section_about": []}, "event.section_about"),
        ({"section_about": {1: []}}, "event.section_about"),
        ({"section_about": {"meta": "x"}}, "event.section_about.*"),
        ({"scans": {"health": "clean"}}, "event.scans: unknown field"),
        ({"cells": {}}, "event.cells"),
        ({"cells": [{1: 2}]}, "not a JSON value"),
        ({"kindcheck": {"done": "yes"}}, "event.kindcheck.done"),
        ({"kindcheck": {"minor_count": 1.5}}, "event.kindcheck.minor_count"),
        ({"data": []}, "event.data"),
        ({"data": {"a": (1,)}}, "not a JSON value"),
        ({"colour": "red"}, "event: unknown field"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, Json], detail: str) -> None:
    """A wrong type, a missing or an unknown field is refused by the name of the place; nothing is dropped."""
    with pytest.raises(WireError) as caught:
        encode(_event(**fields))
    assert (caught.value.reason, caught.value.detail) == (WireReason.FORM_MISMATCH, detail)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"consent_version": 2**63}, WireReason.NUMBER_OUT_OF_RANGE),
        ({"record": {"ref": "r", "revision": -(2**63) - 1}}, WireReason.NUMBER_OUT_OF_RANGE),
        ({"purpose": "\ud800"}, WireReason.INVALID_UNICODE),
        ({"data": {"a": "\udfff"}}, WireReason.INVALID_UNICODE),
        ({"data": {"a": 10**300}}, WireReason.NUMBER_OUT_OF_RANGE),
        ({"cells": [json.loads("[" * 65 + "]" * 65)]}, WireReason.TOO_DEEP),
        ({"type": "signal.unheard_of"}, WireReason.UNKNOWN_EVENT_TYPE),
        ({"type": None}, WireReason.UNKNOWN_EVENT_TYPE),
        ({"type": ["signal.raised"]}, WireReason.UNKNOWN_EVENT_TYPE),
        ({"type": "decision"}, WireReason.UNKNOWN_EVENT_TYPE),
        ({"data": {"a": "x" * MAXIMUM_FRAME_BYTES}}, WireReason.TOO_LARGE),
    ],
)
def test_limits_of_the_wire(fields: dict[str, Json], reason: WireReason) -> None:
    """What could not be read back is not written: large numbers, half characters, deep nesting, giants."""
    with pytest.raises(WireError) as caught:
        encode(_event(**fields))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "change",
    [
        {"event": []},
        {"event": None},
        {"uid": None},
        {"key": b"ps"},
        {"traceparent": 1},
        {"sealed": {"contact": SealedSection("k", b"short", bytes(16))}},
        {"sealed": {"contact": SealedSection("k", bytes(12), "sixteen letters!")}},  # type: ignore[arg-type]
        {"sealed": {"contact": SealedSection("k", bytes(12), bytes(15))}},
        {"sealed": {1: SealedSection("k", bytes(12), bytes(16))}},
    ],
)
def test_an_envelope_of_the_wrong_form_is_refused(change: dict[str, Any]) -> None:
    """A mistake in the envelope itself is a WireError too, never another exception."""
    with pytest.raises(WireError):
        encode(dataclasses.replace(_event(), **change))


def test_refusals_never_show_a_value() -> None:
    """Neither values nor names that a sender invented are in the text of the error."""
    canary = "999990342"
    for fields in ({canary: 1}, {"purpose": {canary: canary}}, {"sender": {canary: 1}}, {"type": canary}):
        with pytest.raises(WireError) as caught:
            encode(_event(**fields))
        assert canary not in f"{caught.value}{caught.value.detail}{caught.value.__context__}"


FRAME = encode(
    _event(
        subject=None,
        subject_ref="ps_v1_0a",
        recipients=[{"to": {"kind": "local_team"}, "needed_sections": []}],
        record={"ref": "r1", "revision": 300},
        data={"a": [1]},
        kindcheck={"minor_count": None},
        section_about={"contact": ["ps_v1_0b"]},
    )
)


@pytest.mark.parametrize("length", range(len(FRAME)))
def test_a_frame_cut_anywhere_is_refused(length: int) -> None:
    """A frame truncated at any byte gives a WireError."""
    with pytest.raises(WireError):
        decode(FRAME[:length])


@given(st.binary(min_size=1, max_size=20))
def test_bytes_after_the_record_are_refused(extra: bytes) -> None:
    """Anything after the record is refused as trailing bytes."""
    with pytest.raises(WireError) as caught:
        decode(FRAME + extra)
    assert caught.value.reason == WireReason.TRAILING_BYTES


@given(st.lists(st.tuples(st.integers(0, len(FRAME) - 1), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=300)
def test_a_damaged_frame_is_read_or_refused(damage: list[tuple[int, int]]) -> None:
    """Damaged bytes give a WireError or an event that can be written again; never another exception."""
    damaged = bytearray(FRAME)
    for place, byte in damage:
        damaged[place] = byte
    try:
        event = decode(bytes(damaged))
    except WireError:
        return
    assert decode(encode(event)) == event


@given(st.integers(101, 185), st.binary(max_size=200))
def test_random_payloads_are_refused_or_read(schema_id: int, payload: bytes) -> None:
    """Random bytes under a known id never raise anything but WireError."""
    try:
        decode(join_frame(schema_id, payload))
    except WireError:
        return


def _payload(datum: dict[str, Any]) -> bytes:
    schema_id = split_frame(FRAME)[0]
    plain: Any = fastavro.schemaless_reader(
        io.BytesIO(split_frame(FRAME)[1]), schema_by_id(schema_id).parsed, None
    )
    plain["event"].update(datum.pop("event", {}))
    plain.update(datum)
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, schema_by_id(schema_id).parsed, plain)
    return join_frame(schema_id, buffer.getvalue())


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (join_frame(99, b""), WireReason.UNKNOWN_SCHEMA),
        (join_frame(2**32 - 1, b""), WireReason.UNKNOWN_SCHEMA),
        (b"\x01" + FRAME[1:], WireReason.WRONG_MAGIC),
        (FRAME + bytes(MAXIMUM_FRAME_BYTES), WireReason.TOO_LARGE),
        (_payload({"event": {"type": "signal.revised"}}), WireReason.MALFORMED_RECORD),
        (_payload({"event": {"data": "[]"}}), WireReason.MALFORMED_RECORD),
        (_payload({"event": {"data": '{"a":1,"a":2}'}}), WireReason.DUPLICATE_MEMBER),
        (_payload({"event": {"data": "{}}"}}), WireReason.TRAILING_BYTES),
        (_payload({"event": {"cells": ["{"]}}), WireReason.MALFORMED_JSON),
        (
            _payload({"sealed": {"contact": {"key_id": "k", "nonce": bytes(12), "ciphertext": bytes(15)}}}),
            WireReason.MALFORMED_RECORD,
        ),
        (FRAME[:5] + b"\xff" * 12, WireReason.MALFORMED_RECORD),
        (FRAME[:5] + b"\x02\xff", WireReason.MALFORMED_RECORD),
    ],
)
def test_frames_of_foreign_producers_are_judged(frame: bytes, reason: WireReason) -> None:
    """What another producer may put on the topic is refused with a stable reason."""
    with pytest.raises(WireError) as caught:
        decode(frame)
    assert caught.value.reason == reason
