"""The public CloudEvents SDK publishes to the gateway as it is: both generations of its interface, both modes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent as CoreEvent
from cloudevents.v1 import conversion as legacy_conversion
from cloudevents.v1.http import CloudEvent as LegacyEvent

from hub.identity.door import event_uid
from hub.wire.codec import decode
from tests.unit.gateway_world import SCHOOL_SOURCE, SIGNAL, World, build_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path)


DATA: Any = SIGNAL["data"]


def attributes(name: str, time: Any) -> dict[str, Any]:
    """Return the attributes that a partner gives the SDK."""
    return {
        "id": name,
        "source": SCHOOL_SOURCE,
        "type": "nl.jeugdigen.signal.raised.v1",
        "time": time,
        "datacontenttype": "application/json",
        "domain": "nl.jeugdigen",
    }


@pytest.mark.parametrize("render", [to_structured, to_binary])
async def test_sdk_publishes_in_both_modes(world: World, render: Any) -> None:
    """What the SDK renders is accepted, and the SDK reads the echo back as a CloudEvent."""
    event = CoreEvent(attributes=attributes("sdk-1", datetime(2026, 3, 2, 8, 29, tzinfo=UTC)), data=DATA)
    message = render(event, JSONFormat())
    async with world.client() as client:
        response = await client.post("/events", content=message.body, headers=message.headers)
    assert response.status_code == 200, response.text
    assert decode(world.log.records[0][2]).uid == event_uid(SCHOOL_SOURCE, "sdk-1")
    echoed = from_structured(HTTPMessage(dict(response.headers), response.content), JSONFormat())
    assert echoed.get_id() == "sdk-1"
    assert echoed.get_source() == SCHOOL_SOURCE
    assert echoed.get_data() is None


@pytest.mark.parametrize("render", [legacy_conversion.to_structured, legacy_conversion.to_binary])
async def test_older_interface_of_the_sdk_publishes_too(world: World, render: Any) -> None:
    """The first generation of the SDK, which most systems still use, is accepted in both modes."""
    event = LegacyEvent(attributes("sdk-2", "2026-03-02T08:29:00Z"), DATA)
    headers, body = render(event)
    async with world.client() as client:
        response = await client.post("/events", content=body, headers=headers)
    assert response.status_code == 200, response.text
    assert decode(world.log.records[0][2]).uid == event_uid(SCHOOL_SOURCE, "sdk-2")
