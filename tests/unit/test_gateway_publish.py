"""Publishing over HTTP: modes, authorisation, acknowledgement, repeats, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.gateway.limits import BATCH_MAX_BYTES, EVENT_MAX_BYTES
from hub.gateway.observe import Mode
from hub.identity.door import event_uid
from hub.wire.codec import decode
from tests.unit.gateway_world import (
    BATCH,
    BSN,
    SCHOOL,
    SCHOOL_SOURCE,
    SIGNAL,
    STRUCTURED,
    TEAM,
    World,
    binary,
    build_world,
    publish,
    signal,
)

UID = event_uid(SCHOOL_SOURCE, "2026-000123")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path)


async def test_structured_event_is_written_and_echoed(world: World) -> None:
    """A valid event is in the log, sealed, before the answer; the answer echoes attributes and names the receipt."""
    response = await publish(world, SIGNAL)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/cloudevents+json"
    assert response.headers["location"] == f"/receipts/{UID}"
    assert response.headers["api-version"] == "0.1.5"
    assert response.json() == {
        name: value for name, value in SIGNAL.items() if name not in {"data", "datacontenttype"}
    }
    [(topic, key, value, headers)] = world.log.records
    sealed = decode(value)
    assert topic == "hub.events"
    assert (sealed.uid, sealed.authenticated_org, sealed.key.encode()) == (UID, SCHOOL, key)
    assert dict(headers)["ce_id"] == UID.encode()
    assert dict(headers)["ce_type"] == b"nl.jeugdigen.signal.raised.v1"
    assert world.counts.accepted_types == [(Mode.STRUCTURED, "signal.raised")]
    assert len(world.counts.seconds) == 1


async def test_binary_event_gives_the_same_record_as_structured(world: World) -> None:
    """Both content modes of CloudEvents give the same event id, key and decision view."""
    headers, body = binary(SIGNAL)
    async with world.client() as client:
        response = await client.post("/events", content=body, headers=headers)
    await publish(world, SIGNAL)
    assert response.status_code == 200
    first, second = (decode(record[2]) for record in world.log.records)
    assert (first.uid, first.key, first.event) == (second.uid, second.key, second.event)
    assert world.counts.accepted_types[0] == (Mode.BINARY, "signal.raised")


async def test_same_event_again_answers_as_the_first_time(world: World) -> None:
    """A repeat gets the same status, body and receipt."""
    first, again = await publish(world, SIGNAL), await publish(world, SIGNAL)
    assert (first.status_code, first.json(), first.headers["location"]) == (
        again.status_code,
        again.json(),
        again.headers["location"],
    )


async def test_vng_attributes_are_taken(world: World) -> None:
    """The attributes of the VNG Notification API are known here and come back in the echo."""
    event = signal(domain="nl.jeugdigen", subscriberReference="team-1", sequence="42", sequencetype="Integer")
    response = await publish(world, event)
    assert response.status_code == 200
    assert response.json()["subscriberReference"] == "team-1"


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"type": "nl.jeugdigen.signal.invented.v1"}, 400, "type_unknown"),
        ({"type": "nl.jeugdigen.signal.raised.v2"}, 400, "type_unknown"),
        ({"type": "nl.jeugdigen.alert.crisis.v1"}, 403, "type_not_allowed"),
        ({"type": "nl.jeugdigen.referral.offered.v1"}, 403, "type_not_allowed"),
        ({"source": "urn:nld:brin:99BB:systeem:test"}, 403, "source_not_yours"),
        ({"domain": "nl.vng.zaken"}, 400, "domain_unknown"),
        ({"data": None}, 400, "data_missing"),
        ({"data": [1]}, 400, "data_missing"),
        ({"data": {"unknown": 1}}, 400, "publish_form_invalid"),
        ({"subject": "ps_test"}, 400, "subject_not_allowed"),
        ({"subject": BSN}, 400, "deny_bsn_in_metadata"),
        ({"id": f"zaak-{BSN}"}, 400, "deny_bsn_in_metadata"),
        ({"invented": "x"}, 400, "unknown_attribute"),
        ({"time": "2026-03-02T09:29:00"}, 400, "invalid_time"),
        ({"time": None}, 400, "missing_attribute"),
        ({"specversion": "0.3"}, 400, "unsupported_specversion"),
        ({"source": "https://school.example"}, 400, "invalid_source"),
    ],
)
async def test_refusals_have_status_and_reason(
    world: World, changes: dict[str, object], status: int, reason: str
) -> None:
    """Each fault of the sender has its own reason; nothing is written and no value is quoted."""
    response = await publish(world, signal(**changes))
    assert (response.status_code, response.json()["reason"]) == (status, reason)
    assert response.headers["content-type"] == "application/problem+json"
    assert world.log.records == []
    assert world.counts.reasons == [reason]


async def test_problem_document_has_all_members(world: World) -> None:
    """A problem has the members of RFC 9457 and of VNG, our event id, pointers, and a Dutch sentence."""
    response = await publish(world, signal(source="urn:nld:brin:99BB:systeem:test"))
    problem = response.json()
    assert problem["type"] == "/problems/source_not_yours"
    assert problem["status"] == 403
    assert problem["code"] == problem["reason"]
    assert problem["instance"].startswith("urn:uuid:")
    assert problem["event_id"] == event_uid("urn:nld:brin:99BB:systeem:test", "2026-000123")
    assert problem["pointers"] == ["/source"]
    assert problem["message_nl"].endswith(".")


async def test_content_fault_points_at_its_field(world: World) -> None:
    """A fault inside the content is named by a JSON pointer into the message."""
    event = json.loads(json.dumps(SIGNAL))
    event["data"]["content"]["contact"]["sender"]["telephone"] = "geheim"
    problem = (await publish(world, event)).json()
    assert problem["reason"] == "section_content_invalid"
    assert "/data/content/contact/sender/telephone" in problem["pointers"]
    assert problem["invalidParams"][0]["name"] in problem["pointers"]
    assert "geheim" not in json.dumps(problem)


async def test_nothing_is_acknowledged_while_the_log_is_away(world: World) -> None:
    """Without Kafka the answer is 503 with Retry-After, and no receipt is promised."""
    world.log.away = True
    response = await publish(world, SIGNAL)
    assert (response.status_code, response.json()["reason"]) == (503, "log_unavailable")
    assert int(response.headers["retry-after"]) > 0
    assert "location" not in response.headers
    async with world.client() as client:
        assert (await client.get(f"/receipts/{UID}")).status_code == 404


async def test_too_many_publishes_at_once_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the bound of waiting publishes the door says 503 at once."""
    monkeypatch.setattr("hub.gateway.publishing.PUBLISHES_IN_FLIGHT_MAX", 0)
    response = await publish(world, SIGNAL)
    assert (response.status_code, response.json()["reason"]) == (503, "busy")
    assert response.headers["retry-after"] == "1"


async def test_unknown_fault_becomes_a_bare_500(world: World) -> None:
    """An unforeseen exception gives 500 with an instance and nothing of its text."""
    world.log.broken = True
    response = await publish(world, SIGNAL)
    assert (response.status_code, response.json()["reason"]) == (500, "internal_error")
    assert "quotes" not in response.text


async def test_batch_gives_a_result_per_event(world: World) -> None:
    """A batch with a bad event accepts the good ones and says of each what became of it."""
    events = [signal(), signal(id="2"), signal(id="3", source="urn:nld:brin:99BB:systeem:test"), {"id": "4"}]
    async with world.client() as client:
        response = await client.post("/events", content=json.dumps(events), headers=BATCH)
    answer = response.json()
    assert response.status_code == 207
    assert (answer["accepted"], answer["refused"]) == (2, 2)
    assert [result["status"] for result in answer["results"]] == [200, 200, 403, 400]
    assert answer["results"][0]["receipt"] == f"/receipts/{UID}"
    assert answer["results"][2]["problem"]["reason"] == "source_not_yours"
    assert len(world.log.records) == 2
    assert world.counts.accepted_types == [(Mode.BATCH, "signal.raised")] * 2
    assert world.counts.reasons == ["source_not_yours", "missing_attribute"]


async def test_batch_of_good_events_is_200_and_empty_batch_too(world: World) -> None:
    """All accepted is 200; an empty batch is valid and accepts nothing."""
    async with world.client() as client:
        full = await client.post("/events", content=json.dumps([signal()]), headers=BATCH)
        empty = await client.post("/events", content="[]", headers=BATCH)
    assert (full.status_code, full.json()["accepted"]) == (200, 1)
    assert (empty.status_code, empty.json()) == (200, {"accepted": 0, "refused": 0, "results": []})


async def test_batch_keeps_the_order_of_one_child(world: World) -> None:
    """Events of one child are written in the order of the batch."""
    events = [signal(id=f"event-{number}") for number in range(20)]
    async with world.client() as client:
        await client.post("/events", content=json.dumps(events), headers=BATCH)
    written = [decode(record[2]).uid for record in world.log.records]
    assert written == [event_uid(SCHOOL_SOURCE, f"event-{number}") for number in range(20)]


async def test_batch_stops_a_child_at_the_first_failure(world: World) -> None:
    """When Kafka goes away halfway, later events of that child are not written, and each is told so."""
    world.log.fails_after = 1
    events = [signal(id=f"event-{number}") for number in range(3)]
    async with world.client() as client:
        response = await client.post("/events", content=json.dumps(events), headers=BATCH)
    results = response.json()["results"]
    assert response.status_code == 207
    assert [result["status"] for result in results] == [200, 503, 503]
    assert results[2]["problem"]["event_id"] == event_uid(SCHOOL_SOURCE, "event-2")


async def test_batch_with_the_log_away_is_503_as_a_whole(world: World) -> None:
    """A batch of which nothing could be stored is 503 with Retry-After, so that simple clients send again."""
    world.log.away = True
    async with world.client() as client:
        response = await client.post("/events", content=json.dumps([signal(), signal(id="2")]), headers=BATCH)
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert response.json()["accepted"] == 0


@pytest.mark.parametrize(
    ("headers", "body", "status", "reason"),
    [
        (STRUCTURED, b" " * (EVENT_MAX_BYTES + 1), 413, "too_large"),
        (BATCH, b" " * (BATCH_MAX_BYTES + 1), 413, "too_large"),
        (BATCH, json.dumps([{}] * 101).encode(), 413, "too_many_events"),
        (STRUCTURED, b'{"id":', 400, "malformed_json"),
        (STRUCTURED, b'{"id":1,"id":2}', 400, "duplicate_member"),
        (STRUCTURED, b"[" * 5000, 400, "too_deep"),
        (STRUCTURED, b"\xff", 400, "invalid_utf8"),
        ({"Content-Type": "application/cloudevents+xml"}, b"<event/>", 415, "unsupported_media_type"),
        ({"Content-Type": "application/cloudevents+json; charset=utf-16"}, b"{}", 415, "unsupported_charset"),
        ({"Content-Type": "application/json"}, b"{}", 400, "not_a_cloudevent"),
        ({**STRUCTURED, "Content-Encoding": "gzip"}, b"", 415, "unsupported_encoding"),
        ({**STRUCTURED, "Accept": "text/html"}, b"{}", 406, "not_acceptable"),
        ({**STRUCTURED, "X-Large": "x" * 20_000}, b"{}", 431, "headers_too_large"),
    ],
)
async def test_limits_of_the_request(
    world: World, headers: dict[str, str], body: bytes, status: int, reason: str
) -> None:
    """A body or header outside the limits or the standard is refused with its own status."""
    async with world.client() as client:
        response = await client.post("/events", content=body, headers=headers)
    assert (response.status_code, response.json()["reason"]) == (status, reason)


async def test_too_many_headers_are_refused(world: World) -> None:
    """More headers than the limit give 431."""
    async with world.client() as client:
        response = await client.post("/events", headers={f"X-{number}": "1" for number in range(101)})
    assert response.status_code == 431


async def test_chunked_body_is_bounded_too(world: World) -> None:
    """A body without declared length is cut off at the limit."""

    async def chunks() -> object:
        for _ in range(20):
            yield b" " * 8192

    async with world.client() as client:
        response = await client.post("/events", content=chunks(), headers=STRUCTURED)  # type: ignore[arg-type]
    assert response.status_code == 413


async def test_attribute_header_given_twice_is_refused(world: World) -> None:
    """In binary mode either of two values could be meant, so neither is taken."""
    headers, body = binary(SIGNAL)
    async with world.client() as client:
        response = await client.post("/events", content=body, headers=[*headers.items(), ("ce-id", "other")])
    assert (response.status_code, response.json()["reason"]) == (400, "duplicate_attribute")


async def test_plain_json_is_an_acceptable_answer(world: World) -> None:
    """A client that accepts only application/json gets the echo under that name."""
    response = await publish(world, SIGNAL, Accept="application/json")
    assert response.headers["content-type"] == "application/json"


async def test_trace_context_is_carried(world: World) -> None:
    """The hop's trace context goes along, unless the event has its own; an ill-formed one is dropped."""
    hop = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    own = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await publish(world, SIGNAL, traceparent=hop)
    await publish(world, signal(traceparent=own), traceparent=hop)
    await publish(world, SIGNAL, traceparent="garbage")
    assert [decode(record[2]).traceparent for record in world.log.records] == [hop, own, None]


async def test_consumer_may_not_publish(world: World) -> None:
    """A credential without events.publish gets 403 and is told which scope is missing."""
    async with world.client(TEAM) as client:
        response = await client.post("/events", content=json.dumps(SIGNAL), headers=STRUCTURED)
    assert (response.status_code, response.json()["reason"]) == (403, "scope_missing")
    assert 'scope="events.publish"' in response.headers["www-authenticate"]
