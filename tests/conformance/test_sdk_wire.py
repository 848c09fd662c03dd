"""The public CloudEvents SDK and the hub understand each other, in every mode and both directions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings import http, kafka
from cloudevents.core.v1.event import CloudEvent as SdkEvent

from hub.wire.cloudevents import (
    INGRESS_EXTENSIONS,
    CloudEvent,
    check_profile,
    parse_http,
    parse_kafka,
    render_binary,
    render_kafka,
    render_structured,
)

ATTRIBUTES: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1 50% \u20ac",
    "source": "urn:nld:oin:00000001000000000001:systeem:Testschool-Een",
    "type": "nl.jeugdigen.signal.raised.v1",
    "time": datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
    "datacontenttype": "application/json",
    "domain": "nl.jeugdigen",
}
DATA = {"purpose": "help_request", "text": "\u00e9\u00e9n \u20ac", "list": [1, 1.5, None, True]}
SDK_EVENT = SdkEvent(ATTRIBUTES, DATA)
HUB_EVENT = CloudEvent({**ATTRIBUTES, "time": "2026-03-02T08:00:00Z"}, DATA, has_data=True)


def _same(event: CloudEvent) -> None:
    check_profile(event, known_extensions=INGRESS_EXTENSIONS)
    assert datetime.fromisoformat(event.attributes["time"]) == ATTRIBUTES["time"]
    assert {**event.attributes, "time": ""} == {**ATTRIBUTES, "time": ""}
    assert (event.data, event.has_data) == (DATA, True)


@pytest.mark.parametrize("write", [http.to_structured_event, http.to_binary_event])
def test_what_the_sdk_sends_over_http_is_read(write: Any) -> None:
    """An event that the SDK writes, in structured or binary mode, is read with every attribute and all data."""
    message = write(SDK_EVENT)
    _same(parse_http(message.headers, message.body))


@pytest.mark.parametrize("write", [kafka.to_structured_event, kafka.to_binary_event])
def test_what_the_sdk_sends_over_kafka_is_read(write: Any) -> None:
    """An event that the SDK puts on a topic, in structured or binary mode, is read the same."""
    message = write(SDK_EVENT)
    _same(parse_kafka(list(message.headers.items()), message.value))


@pytest.mark.parametrize("render", [render_structured, render_binary])
def test_what_the_hub_sends_over_http_is_read_by_the_sdk(render: Any) -> None:
    """A receiver with nothing but the SDK reads what the hub sends."""
    headers, body = render(HUB_EVENT)
    received = http.from_http_event(http.HTTPMessage(headers=headers, body=body))
    assert received.get_attributes() == ATTRIBUTES
    assert received.get_data() == DATA


def test_what_the_hub_sends_over_kafka_is_read_by_the_sdk() -> None:
    """A consumer with nothing but the SDK reads what the hub puts on a topic."""
    headers, value = render_kafka(HUB_EVENT)
    message = kafka.KafkaMessage(headers=dict(headers), key=None, value=value or b"")
    received = kafka.from_kafka_event(message)
    assert received.get_attributes() == ATTRIBUTES
    assert received.get_data() == DATA
