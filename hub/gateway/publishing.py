"""From a CloudEvent to an acknowledged record: profile, authorisation, the identity door, the log.

The order matters: nothing is read from the content before the sender is known to be allowed to send it, and
nothing is acknowledged before Kafka has it on every in-sync replica.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.core.catalogue import CATALOGUE
from hub.core.model import JsonObject
from hub.gateway.authentication import Caller
from hub.gateway.limits import BUSY_RETRY_AFTER_SECONDS, PUBLISHES_IN_FLIGHT_MAX
from hub.gateway.mapping import EXPECTED_ERRORS, problem_of
from hub.gateway.observe import Mode
from hub.gateway.parts import GatewayParts
from hub.gateway.problems import ProblemError
from hub.gateway.reasons import GatewayReason
from hub.gateway.recent import RecentAcceptances
from hub.identity.door import Publication, event_uid
from hub.wire.cloudevents import INGRESS_EXTENSIONS, CloudEvent, check_profile
from hub.wire.codec import encode
from hub.wire.envelope import SealedEvent

DOMAIN: Final = "nl.jeugdigen"
"""The one domain of this door (VNG Notification API); the prefix of every type (EVENTS.md section 1)."""

TYPE_FORM: Final = re.compile(r"nl\.jeugdigen\.([a-z0-9_]+\.[a-z0-9_]+)\.v([1-9][0-9]?)")
MAJOR_VERSION: Final = "1"
"""The only released major version of every type."""

TRACEPARENT_FORM: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, version 00. Another form is not passed on: it could hold anything."""

RECORD_MEDIA_TYPE: Final = "application/vnd.confluent.avro"


def wire_name(type_name: str) -> str:
    """Return the CloudEvents type of a code name: GLOSSARY section 6."""
    return f"{DOMAIN}.{type_name}.v{MAJOR_VERSION}"


def is_domain(text: str) -> bool:
    """Return whether a domain is this door's or a part of it (VNG: a type begins with its domain)."""
    return text == DOMAIN or text.startswith(f"{DOMAIN}.")


def code_name(wire_type: str) -> str:
    """Return the code name of a registered CloudEvents type; ProblemError `type_unknown` for any other."""
    found = TYPE_FORM.fullmatch(wire_type)
    if found is None or found[1] not in CATALOGUE or found[2] != MAJOR_VERSION:
        raise ProblemError(GatewayReason.TYPE_UNKNOWN, pointers=("/type",))
    return found[1]


@dataclass(frozen=True, slots=True)
class Ready:
    """An admitted event, sealed and encoded: only Kafka is missing. `attributes` are those that were sent."""

    attributes: Mapping[str, str]
    type_name: str
    sealed: SealedEvent
    frame: bytes


def authorise(event: CloudEvent, caller: Caller, parts: GatewayParts) -> str:
    """Return the type's code name when this partner may publish this event; ProblemError otherwise."""
    attributes = event.attributes
    if not is_domain(attributes.get("domain", DOMAIN)):
        raise ProblemError(GatewayReason.DOMAIN_UNKNOWN, pointers=("/domain",))
    type_name = code_name(attributes["type"])
    allowed_kind = caller.partner.kind in CATALOGUE[type_name].senders
    if not allowed_kind or not parts.partners.may_publish(caller.org, type_name):
        raise ProblemError(GatewayReason.TYPE_NOT_ALLOWED, pointers=("/type",))
    if attributes["source"] not in caller.partner.sources:
        raise ProblemError(GatewayReason.SOURCE_NOT_YOURS, pointers=("/source",))
    return type_name


def with_trace(attributes: Mapping[str, str], maybe_traceparent: str | None) -> Mapping[str, str]:
    """Return the attributes with the hop's trace context, unless the event brings its own (distributed tracing)."""
    if "traceparent" in attributes or maybe_traceparent is None:
        return attributes
    if TRACEPARENT_FORM.fullmatch(maybe_traceparent) is None:
        return attributes
    return {**attributes, "traceparent": maybe_traceparent}


def event_data(event: CloudEvent) -> JsonObject:
    """Return the publish form: `data` must be a JSON object."""
    if not isinstance(event.data, dict):
        raise ProblemError(GatewayReason.DATA_MISSING, pointers=("/data",))
    return event.data


def record_headers(ready: Ready, source: str) -> list[tuple[str, bytes]]:
    """Return the record's headers in the CloudEvents Kafka binary form. Ids and codes only: headers are not sealed."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": ready.sealed.uid,
        "ce_source": source,
        "ce_type": wire_name(ready.type_name),
        "ce_time": ready.sealed.accepted_at,
        "content-type": RECORD_MEDIA_TYPE,
    }
    if ready.sealed.traceparent is not None:
        attributes["ce_traceparent"] = ready.sealed.traceparent
    return [(name, value.encode()) for name, value in attributes.items()]


class Publishing:
    """Accepts events for the partners of one gateway."""

    def __init__(self, parts: GatewayParts, recent: RecentAcceptances) -> None:
        self._parts = parts
        self._recent = recent
        self._in_flight = 0

    async def prepare(self, event: CloudEvent, caller: Caller, maybe_traceparent: str | None) -> Ready:
        """Check, authorise, admit and encode one event; ProblemError when it may not pass."""
        check_profile(event, known_extensions=INGRESS_EXTENSIONS)
        uid = event_uid(event.attributes["source"], event.attributes["id"])
        try:
            type_name = authorise(event, caller, self._parts)
            publication = Publication(
                attributes=with_trace(event.attributes, maybe_traceparent),
                data=event_data(event),
                authenticated_org=caller.org,
                sender_kind=caller.partner.kind,
                accepted_at=self._parts.clock(),
            )
            sealed = await self._parts.door.admit(publication)
            return Ready(event.attributes, type_name, sealed, encode(sealed))
        except EXPECTED_ERRORS as error:
            problem = problem_of(error, uid)
        raise problem

    async def publish(self, ready: Ready, mode: Mode) -> None:
        """Write the record and wait for `acks=all`; only then the event counts as accepted."""
        if self._in_flight >= PUBLISHES_IN_FLIGHT_MAX:
            raise ProblemError(GatewayReason.BUSY, retry_after_seconds=BUSY_RETRY_AFTER_SECONDS)
        self._in_flight += 1
        started = time.monotonic()
        try:
            await self._parts.publisher.publish(
                self._parts.settings.events_topic,
                ready.sealed.key.encode(),
                ready.frame,
                record_headers(ready, self._parts.settings.source),
            )
        finally:
            self._in_flight -= 1
        self._parts.metrics.publish_seconds(time.monotonic() - started)
        self._parts.metrics.accepted(mode, ready.type_name)
        self._recent.add(ready.sealed, ready.type_name)


def in_key_order(items: Sequence[tuple[int, Ready]]) -> list[list[tuple[int, Ready]]]:
    """Group by partition key, keeping the order inside: what concerns one child is written one after another."""
    groups: dict[str, list[tuple[int, Ready]]] = {}
    for item in items:
        groups.setdefault(item[1].sealed.key, []).append(item)
    return list(groups.values())
