"""The canonical envelope: metadata in clear, content as sealed sections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hub.core.model import JsonObject

SUBJECT_NUMBER = "subject_number"
"""Sealed beside the sections: the citizen number, opened only to make a receiver's own pseudonym."""


@dataclass(frozen=True, slots=True)
class SealedSection:
    """One section, encrypted: AES-256-GCM, `nonce` 12 bytes, `ciphertext` with its 16-byte tag."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class SealedEvent:
    """One accepted event as it travels over `hub.events` and rests in the ledger.

    `uid` is the hub's id of the (source, id) pair, a version 5 UUID: the same pair sent twice has the same
    uid. It is the receipt number that partners see. `event` is the decision view of EVENTS.md section 2.
    `authenticated_org` is who the door saw. `accepted_at` is an RFC 3339 instant in UTC. `key` is the
    partition key: the subject's pseudonym, or the uid where an event has no subject. `sealed` maps section
    names (and `subject_number`) to sealed content; sections without content are present in
    `event["sections"]` only.
    """

    uid: str
    event: JsonObject
    authenticated_org: str
    accepted_at: str
    key: str
    sealed: Mapping[str, SealedSection] = field(default_factory=lambda: MappingProxyType({}))
    traceparent: str | None = None


class WireError(ValueError):
    """Bytes or a message that the hub refuses. `reason` is a stable code; no field value is ever in the text."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
