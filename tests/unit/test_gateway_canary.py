"""Nothing that a partner sends about a person comes out of the door: answers, headers, logs, counts, topic keys."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from hub.core.model import JsonObject
from hub.wire.codec import decode
from tests.unit.gateway_world import BATCH, BSN, SCHOOL, STRUCTURED, World, binary, build_world, signal

NAME = "Kanarietje Testkind"
STORY = "kanarie-verhaal over thuis"
CANARIES = (BSN, NAME, STORY, "Kanarietje", "kanarie-verhaal")

JSON_TYPE = {"Content-Type": "application/json"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path)


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[list[Any]]:
    """Everything that is logged, by our own logger and by libraries, at any level."""
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        yield lines


def marked(**changes: object) -> JsonObject:
    """Return a signal with a marked number, name and story in their own places."""
    event: Any = signal(**changes)
    if "content" in (event.get("data") or ()):
        content = event["data"]["content"]
        content["identity"] = {"family_name": NAME, "first_names": NAME, "birth_date": "2015-01-01"}
        content["narrative"] = {"facts": f"{STORY}, nummer {BSN}"}
    return dict(event)


def misplaced() -> Iterator[JsonObject]:
    """Yield events with the marks where they do not belong."""
    yield marked(id=BSN)
    yield marked(subject=BSN)
    yield marked(dataref=f"https://x.example/{BSN}")
    yield marked(type=f"nl.jeugdigen.{BSN}.raised.v1")
    yield marked(source=f"urn:nld:{NAME}")
    yield {**marked(), NAME: STORY}
    yield {**marked(), BSN: "x"}
    for data in (
        STORY,
        [STORY],
        {NAME: STORY},
        {"purpose": STORY, "urgency": NAME},
        {"subject": {"bsn": STORY}},
    ):
        yield marked(data=data)
    broken: Any = marked()
    broken["data"]["content"][NAME] = STORY
    yield broken
    broken = marked()
    broken["data"]["content"]["narrative"][NAME] = STORY
    yield broken
    broken = marked()
    broken["data"]["record"] = {"ref": BSN, "revision": 1}
    yield broken
    broken = marked()
    broken["data"]["urgency"] = NAME
    yield broken


def spoken(response: httpx.Response) -> str:
    """Return everything a response says."""
    return response.text + json.dumps(dict(response.headers)) + response.reason_phrase


def logged(said: list[Any], caplog: pytest.LogCaptureFixture) -> str:
    """Return everything that was logged with its arguments."""
    # The test's own HTTP client logs the addresses it calls: that is the partner's side.
    records = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    return repr(said) + repr([(record.getMessage(), record.args, record.exc_text) for record in records])


def assert_silent(text: str) -> None:
    """Fail when a mark is in the text, without printing the text."""
    found = [mark for mark in CANARIES if mark.lower() in text.lower()]
    assert found == []


async def test_publishing_keeps_content_inside(
    world: World, said: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Valid and misplaced marks, in all modes: nothing in answers, logs, counts, topic keys or record headers."""
    bodies = [marked(), *misplaced()]
    heard = []
    async with world.client() as client:
        for event in bodies:
            text = json.dumps(event)
            heard.append(await client.post("/events", content=text, headers=STRUCTURED))
            heard.append(await client.post("/events", content=f"[{text}]", headers=BATCH))
            heard.append(await client.post("/events", content=text + NAME, headers=STRUCTURED))
        headers, body = binary(marked())
        heard.append(await client.post("/events", content=body, headers=headers))
        heard.append(await client.post("/events", content=body, headers={**headers, "ce-name": NAME}))
    assert heard[0].status_code == 200
    assert {response.status_code for response in heard} >= {200, 207, 400}
    for response in heard:
        echoed_type = response.status_code in {200, 207} and response.json().get("type", "")
        assert BSN not in str(echoed_type)
        assert_silent(spoken(response))
    assert_silent(logged(said, caplog))
    assert_silent(repr(world.counts))
    for topic, key, value, record_headers in world.log.records:
        assert_silent(repr((topic, key, record_headers)))
        # A name in the place of a code is the sender's own clear metadata: the decision refuses it by its code.
        if decode(value).event["urgency"] == "u3":
            assert_silent(value.decode("latin-1"))
    assert len(world.log.records) >= 3


async def test_truncated_events_stay_inside(
    world: World, said: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """An event cut off anywhere is refused, and no part of it comes back."""
    whole = json.dumps(marked()).encode()
    async with world.client() as client:
        for end in range(0, len(whole), 29):
            response = await client.post("/events", content=whole[:end], headers=STRUCTURED)
            assert response.status_code == 400
            assert_silent(spoken(response))
    assert_silent(logged(said, caplog))


async def test_other_routes_stay_silent(
    world: World, said: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Marks in paths, queries, headers and forms of every other route come back nowhere."""
    form = {"protocol": "HTTP", "sink": f"https://{BSN}.example/{NAME}"}
    forms: list[object] = [
        form,
        {**form, NAME: STORY},
        {**form, "subscriberReference": BSN},
        {"protocol": "FEED", "types": [STORY], "filters": [{NAME: STORY}]},
        {"protocol": STORY},
        [STORY],
        STORY,
    ]
    heard = []
    async with world.client() as client:
        for body in forms:
            text = json.dumps(body)
            for method, path in (
                ("POST", "/subscriptions"),
                ("PUT", "/subscriptions/x"),
                ("PATCH", "/subscriptions/x"),
            ):
                heard.append(await client.request(method, path, content=text, headers=JSON_TYPE))
                heard.append(await client.request(method, path, content=text[:-3], headers=JSON_TYPE))
        for path in (
            f"/receipts/{BSN}",
            f"/subscriptions/{BSN}",
            f"/subscriptions/{NAME}/events?after={STORY}",
            f"/subscriptions/{NAME}/events?limit={BSN}",
            f"/subscriptions/{NAME}/feed?after={BSN}",
            f"/domains/{NAME}",
            f"/domains?name={NAME}",
            f"/problems/{BSN}",
            f"/{NAME}",
        ):
            heard.append(await client.get(path))
            heard.append(await client.get(path, headers={"Last-Event-ID": BSN, "Accept": BSN}))
            heard.append(await client.request("DELETE", path))
    assert {response.status_code for response in heard} >= {400, 404, 405}
    for response in heard:
        assert_silent(spoken(response))
    assert_silent(logged(said, caplog))
    assert_silent(repr(world.counts))


async def test_credentials_stay_out_of_logs(
    world: World, said: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a right nor a wrong credential is logged or answered."""
    wrong = "key_wrong.geheim-geheim"
    async with world.client(None) as client:
        for key in (wrong, world.keys[SCHOOL]):
            response = await client.get("/subscriptions", headers={"Authorization": f"Bearer {key}"})
            assert key.partition(".")[2] not in spoken(response)
            assert key.partition(".")[2] not in logged(said, caplog)


async def test_unforeseen_fault_stays_silent(
    world: World, said: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """An exception whose text quotes the message leaves only its type and place in the log."""
    world.log.broken = True
    async with world.client() as client:
        response = await client.post("/events", content=json.dumps(marked()), headers=STRUCTURED)
    assert response.status_code == 500
    assert_silent(spoken(response))
    assert_silent(logged(said, caplog))
    [line] = [entry for entry in said if entry["event"] == "request_failed"]
    assert line["exception"] == "RuntimeError"
    assert line["route"] == "/events"
    assert response.json()["instance"] == f"urn:uuid:{line['instance']}"
    assert "quotes" not in logged(said, caplog)
