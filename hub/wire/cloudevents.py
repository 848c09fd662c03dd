"""CloudEvents 1.0.2 with the Dutch government profile 1.1: the names that other rooms use.

Two levels. `parse_…` judges by the standard; `check_profile` adds what the hub asks (an event with a subject or an
unregistered extension is a valid CloudEvent, and still refused at the door).
"""

from __future__ import annotations

from hub.wire.event import MAXIMUM_EVENT_BYTES, CloudEvent
from hub.wire.http_binding import (
    MAXIMUM_BATCH_BYTES,
    MAXIMUM_BATCH_EVENTS,
    parse_batch,
    parse_http,
    render_binary,
    render_structured,
)
from hub.wire.kafka_binding import parse_kafka, render_kafka
from hub.wire.profile import INGRESS_EXTENSIONS, check_profile

__all__ = [
    "INGRESS_EXTENSIONS",
    "MAXIMUM_BATCH_BYTES",
    "MAXIMUM_BATCH_EVENTS",
    "MAXIMUM_EVENT_BYTES",
    "CloudEvent",
    "check_profile",
    "parse_batch",
    "parse_http",
    "parse_kafka",
    "render_binary",
    "render_kafka",
    "render_structured",
]
