"""Every limit of the door, each with its reason. A request beyond a limit is refused, never cut."""

from __future__ import annotations

from typing import Final

from hub.wire.cloudevents import MAXIMUM_BATCH_BYTES, MAXIMUM_EVENT_BYTES

EVENT_MAX_BYTES: Final = MAXIMUM_EVENT_BYTES
BATCH_MAX_BYTES: Final = MAXIMUM_BATCH_BYTES
"""The wire's own limits (64 KiB, 1 MiB; reasons there). The wire also limits events in a batch and depth of JSON."""

FORM_MAX_BYTES: Final = 32 * 1024
"""A subscription with a large filter; anything above is not a subscription."""

HEADERS_MAX_COUNT: Final = 100
"""Binary mode needs about 20 headers; a hundred leaves room for proxies."""

HEADERS_MAX_BYTES: Final = 16 * 1024
"""An access token of 8 KiB beside the event's attributes."""

BODY_SECONDS: Final = 10.0
"""64 KiB over the slowest mobile line; a client that drips its body longer would hold a connection for nothing."""

PUBLISH_SECONDS: Final = 10.0
"""How long a partner waits for Kafka's acknowledgement before it gets 503 and sends again (the same uid)."""

PUBLISHES_IN_FLIGHT_MAX: Final = 2_000
"""Bounds memory (2,000 times 64 KiB) while Kafka is slow; above it the door says 503 at once."""

RETRY_AFTER_SECONDS: Final = 5
"""What a partner is asked to wait when Kafka or the ledger is away: an election of a broker takes a few seconds."""

BUSY_RETRY_AFTER_SECONDS: Final = 1
"""What a partner is asked to wait when only this door is full."""

SINK_MAX_CHARACTERS: Final = 2042
"""The longest address of the VNG Notification API."""

TYPES_MAX: Final = 100
"""More than the catalogue has types."""

SUBSCRIPTIONS_PER_PARTNER_MAX: Final = 50
"""One per system and event type is about 20; every new event is matched against all of them."""

SEQUENCE_MAX: Final = 2**31 - 1
"""CloudEvents extension Sequence: a signed 32-bit integer; two thousand million deliveries for one subscription."""

FEED_PAGE_DEFAULT: Final = 50
FEED_PAGE_MAX: Final = 200
"""Each item opens sections and is re-judged: 200 stay under a second."""

STREAM_PAGE: Final = 50
"""Events fetched at once by a live feed; small, so that a slow reader's events are judged when they are sent."""

STREAM_PAUSE_SECONDS: Final = 0.01
"""After a wake-up a live feed waits this long: the channel tells of everybody's deliveries, often many at once."""

STREAM_SECONDS_MAX: Final = 3600.0
"""A live feed ends after an hour and the client comes back with Last-Event-ID: credentials are checked anew."""

STREAM_SEND_SECONDS: Final = 30.0
"""A reader that takes no byte for so long is gone; it comes back with Last-Event-ID."""

STREAMS_PER_PARTNER_MAX: Final = 20
"""One per screen of a team; more is a client that does not close its old connections."""

HEARTBEAT_SECONDS: Final = 15.0
"""Proxies close a silent connection after 30 to 60 seconds."""

STREAM_RETRY_MILLISECONDS: Final = 3_000
"""What a browser or client waits before it reconnects a live feed (`retry:` of server-sent events)."""

RECENT_ACCEPTED_MAX: Final = 10_000
"""Receipts of events accepted moments ago and not yet decided: 10,000 times 200 bytes, some seconds of traffic."""

TOKEN_MAX_BYTES: Final = 8 * 1024
"""An access token above this is not one of ours; parsing it would only cost time."""

KEY_SET_MAX_BYTES: Final = 256 * 1024
"""A JWKS has a handful of keys of 1 to 4 KB."""

KEY_SET_FRESH_SECONDS: Final = 300.0
"""How long a fetched JWKS is used: a key withdrawn at the issuer stops working here within five minutes."""

KEY_SET_RETRY_SECONDS: Final = 30.0
"""How soon an unknown key id may cause another fetch: strangers must not make us hammer the issuer."""

KEY_SET_STALE_SECONDS: Final = 3600.0
"""How long the last good JWKS serves while the issuer is away: an hour of outage there must not be one here."""

KEY_SET_FETCH_SECONDS: Final = 3.0
"""How long a request waits for the issuer's JWKS."""

READY_SECONDS: Final = 10.0
"""Progress younger than this counts as ready; an orchestrator asks every 5 to 10 seconds."""

READY_PROBE_SECONDS: Final = 2.0
"""How long a readiness probe may take before the part counts as away."""
