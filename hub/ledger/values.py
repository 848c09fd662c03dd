"""Small values of the ledger's interface: which log and who owns it, messages for the hub's topics, ended consents."""

from __future__ import annotations

from dataclasses import dataclass

from hub.core.model import JsonObject


@dataclass(frozen=True, slots=True)
class LogIdentity:
    """Which log: a broker that starts afresh has another cluster id, and its offsets mean something else."""

    cluster_id: str
    topic: str


@dataclass(frozen=True, slots=True)
class PartitionClaim:
    """Ownership of one partition. `epoch` is the fencing token; `next_offset` the first that is not yet decided."""

    partition: int
    next_offset: int
    epoch: int


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One message for the hub's own topics. `row_id` is unique and rising; a repeat carries the same id."""

    row_id: int
    topic: str
    key: str
    document: JsonObject


@dataclass(frozen=True, slots=True)
class ExpiredConsent:
    """A consent whose validity ended and whose earlier receivers were not yet told."""

    consent_id: str
    subject_ref: str
    ended_at: str
