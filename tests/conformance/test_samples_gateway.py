"""Published samples at the HTTP door, and the VNG Notification API compared with what the door offers.

What the standard calls invalid is refused with the wire's reason. What the standard calls valid and is not of this
network is refused too, for the hub's own reason in the table below: never half taken, and the door goes on.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway_world import SIGNAL, SINK, World, build_world, publish, signal

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
SAMPLES = SHARED / "samples"
VNG = SAMPLES / "vng-notificatieservices" / "notifications.yaml"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the published samples lie beside the project, not in it"
)

HUB_REASONS = {
    "validAllCoreAttributes": "subject_not_allowed",
    "validMinimal": "invalid_source",
    "validMinimalWithTimeToNanosecondsUtc": "invalid_source",
    "validMinimalWithTimeUsingNegativeOffset": "invalid_source",
    "validSimpleTextData": "invalid_source",
    "google-MessagePublishedData": "invalid_source",
    "json-format-object-data": "unknown_attribute",
    "example-with-bsn-subject": "deny_bsn_in_metadata",
}
"""Why the hub refuses events that are valid by their standard: none of them is of this network."""


def samples(*media_types: str) -> list[Any]:
    """Return the inputs of the manifest with one of these media types."""
    path = SAMPLES / "manifest.json"
    if not path.is_file():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))["samples"]
    return [
        pytest.param(sample, id=sample["path"])
        for sample in found
        if sample["role"] == "input"
        and sample["mediaType"] in media_types
        and sample["standard"] in {"cloudevents", "nlgov-cloudevents"}
    ]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path)


@pytest.mark.parametrize("sample", samples("application/cloudevents+json"))
async def test_single_events_at_the_door(world: World, sample: dict[str, Any]) -> None:
    """Each published event is refused for the right reason, nothing is written, and the next message is served."""
    body = (SAMPLES / sample["path"]).read_bytes()
    async with world.client() as client:
        response = await client.post("/events", content=body, headers={"Content-Type": sample["mediaType"]})
    assert response.status_code == 400
    if sample["expected"] == "valid":
        assert response.json()["reason"] == HUB_REASONS[Path(sample["path"]).stem]
    else:
        assert response.json()["reason"] not in set(HUB_REASONS.values()) - {"unknown_attribute"}
    assert world.log.records == []
    assert "999990342" not in response.text
    assert (await publish(world, SIGNAL)).status_code == 200


@pytest.mark.parametrize("sample", samples("application/cloudevents-batch+json"))
async def test_batches_at_the_door(world: World, sample: dict[str, Any]) -> None:
    """A published batch gets a result per event; the empty one is valid, foreign events are refused one by one."""
    body = (SAMPLES / sample["path"]).read_bytes()
    count = len(json.loads(body))
    async with world.client() as client:
        response = await client.post("/events", content=body, headers={"Content-Type": sample["mediaType"]})
    answer = response.json()
    assert response.status_code == (207 if count else 200)
    assert (answer["accepted"], answer["refused"], len(answer["results"])) == (0, count, count)
    assert world.log.records == []


@pytest.mark.parametrize("sample", samples("application/cloudevents+xml"))
async def test_xml_is_not_spoken(world: World, sample: dict[str, Any]) -> None:
    """XML is an optional format that this door does not offer: 415 for valid and invalid files alike."""
    body = (SAMPLES / sample["path"]).read_bytes()
    async with world.client() as client:
        response = await client.post("/events", content=body, headers={"Content-Type": sample["mediaType"]})
    assert (response.status_code, response.json()["reason"]) == (415, "unsupported_media_type")


def vng_operations() -> dict[tuple[str, str], set[str]]:
    """Return the operations of the VNG description with their documented statuses.

    The file is plain enough to be read by its indentation; a YAML library would serve for this test only.
    """
    found: dict[tuple[str, str], set[str]] = {}
    path, method, inside = "", "", False
    for line in VNG.read_text(encoding="utf-8").splitlines():
        if re.match(r"[a-z]", line):
            inside = line.startswith("paths:")
        if not inside or line.lstrip().startswith("#"):
            continue
        if named := re.fullmatch(r"  (/\S*):", line):
            path = named[1]
        elif named := re.fullmatch(r"    (get|put|post|patch|delete):", line):
            method = named[1]
            found[path, method] = set()
        elif named := re.fullmatch(r"        '(\d{3})':", line):
            found[path, method].add(named[1])
    return found


def test_every_operation_of_vng_is_offered(world: World) -> None:
    """Each operation of the VNG description is here, with the same answer for success."""
    wanted = vng_operations()
    assert len(wanted) == 10
    paths = world.app.openapi()["paths"]
    for (path, method), statuses in wanted.items():
        offered = paths[path][method]["responses"]
        success = {status for status in statuses if status.startswith("2")}
        if (path, method) == ("/domains", "post"):
            assert "501" in statuses & offered.keys()
        else:
            assert success <= offered.keys(), (path, method)


async def test_client_written_to_vng_works(world: World) -> None:
    """A client that follows the VNG description publishes, subscribes, changes and ends, with the media types there."""
    media = "application/cloudevents+json; charset=utf-8"
    vng_json = {"Content-Type": "application/json", "Accept": "application/json"}
    event = signal(
        domain="nl.jeugdigen",
        subscription=None,
        subscriberReference=None,
        sequence="42",
        sequencetype="Integer",
        dataschema="https://partner.example/schema.json",
    )
    async with world.client() as client:
        sent = await client.post(
            "/events", content=json.dumps(event), headers={"Content-Type": media, "Accept": media}
        )
        assert sent.status_code == 200
        assert {"id", "source", "domain", "specversion", "type"} <= sent.json().keys()
        made = await client.post("/subscriptions", json={"protocol": "HTTP", "sink": SINK}, headers=vng_json)
        assert made.status_code == 201
        subscription = made.json()
        assert {"url", "id", "sink", "protocol"} <= subscription.keys()
        listed = (await client.get("/subscriptions", headers=vng_json)).json()
        assert (listed["count"], listed["results"][0]["id"]) == (1, subscription["id"])
        changed = {**subscription, "types": [SIGNAL["type"]]}
        put = await client.put(f"/subscriptions/{subscription['id']}", json=changed, headers=vng_json)
        assert put.json()["types"] == [SIGNAL["type"]]
        patched = await client.patch(
            f"/subscriptions/{subscription['id']}", json={"subscriberReference": "x"}, headers=vng_json
        )
        assert patched.json()["subscriberReference"] == "x"
        ended = await client.delete(f"/subscriptions/{subscription['id']}")
        assert ended.status_code == 204
        problem = (await client.get(f"/subscriptions/{subscription['id']}")).json()
        assert {"code", "title", "status", "detail", "instance"} <= problem.keys()
