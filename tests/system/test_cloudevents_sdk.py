"""The CloudEvents SDK from the package registry publishes to the running hub, in both content modes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from hub.operate.demo.stage import SOURCES
from tests.system.hub_world import SCHOOL, TEAM, HubWorld, until

pytestmark = pytest.mark.system

MODES = {"structured": to_structured_event, "binary": to_binary_event}


@pytest.mark.parametrize("mode", MODES)
def test_the_sdk_publishes(world: HubWorld, mode: str) -> None:
    """An event that the SDK makes and renders is accepted as it is, and arrives at its receiver."""
    render: Callable[[CloudEvent], HTTPMessage] = MODES[mode]
    attributes = {
        "id": str(uuid4()),
        "source": SOURCES[SCHOOL],
        "type": "nl.jeugdigen.signal.raised.v1",
        "time": datetime.now(UTC),
        "datacontenttype": "application/json",
    }
    message = render(CloudEvent(attributes, dict(world.signal(world.family("school")))))
    answer = httpx.post(
        f"{world.address}/events",
        content=message.body,
        headers={**message.headers, **world.headers(SCHOOL)},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == attributes["id"]
    uid = answer.headers["Location"].rpartition("/")[2]
    until(lambda: uid in world.mailbox.uids(TEAM), f"the signal published in {mode} mode")
