"""From records of the log to what the ledger writes: decode, judge, and never raise for what a message holds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import reduce
from operator import or_

from agents.intake import LogRecord
from hub.core.batch import judge_batch
from hub.core.judgement import Judgement
from hub.core.keys import keys_of
from hub.core.model import Outcome
from hub.core.numbers import metadata_refused
from hub.core.reasons import Reason
from hub.core.snapshot import FactKeys, Snapshot
from hub.core.standing import Standing
from hub.ledger.interface import BatchItem, JudgedRecord, UnreadableRecord
from hub.wire.codec import decode
from hub.wire.envelope import SealedEvent, WireError

EMPTY_RECORD = "empty_record"
"""A record without a value: on a topic that is not compacted it means nothing."""

SHOWN_NUMBER = Reason.DENY_BSN_IN_METADATA.value
"""A citizen number outside the sealed part (CONSENT.md gate E1), from somebody who went around the door."""

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

UNDECIDABLE = "hold_evaluation_error"
"""The record broke the program or the database: a person must look (CODES.md, rank 2)."""


def unreadable(record: LogRecord, reason: str, now: str) -> UnreadableRecord:
    """Return the parked form of a record: its place, size and digest, never its bytes."""
    value = record.value or b""
    return UnreadableRecord(
        partition=record.partition,
        offset=record.offset,
        reason=reason,
        size_bytes=len(value),
        digest=hashlib.sha256(value).hexdigest(),
        decided_at=now,
    )


def read(record: LogRecord) -> SealedEvent | WireError:
    """Decode a record; what cannot be read is a value, not an exception."""
    if record.value is None:
        return WireError(EMPTY_RECORD)
    try:
        sealed = decode(record.value)
    except WireError as error:
        return error
    return WireError(SHOWN_NUMBER) if shows_number(sealed) else sealed


def shows_number(sealed: SealedEvent) -> bool:
    """Return whether a citizen number shows in what is not sealed: envelope, metadata, names of keys.

    The door lets none pass (gate E1), so whoever wrote this went around it. Judged as an event its metadata would be
    kept in the ledger and told on the hub's topics; as an unreadable record only its place, size and digest are.
    """
    traceparent = sealed.traceparent or ""
    # Trace ids are random and hexadecimal: by chance some would look like a number.
    trace = "" if _TRACEPARENT.fullmatch(traceparent) else traceparent
    keys = [[name, section.key_id] for name, section in sealed.sealed.items()]
    envelope = [sealed.uid, sealed.authenticated_org, sealed.accepted_at, sealed.key, trace]
    return metadata_refused([*envelope, *keys, sealed.event])


def keys_for(events: Sequence[SealedEvent]) -> FactKeys:
    """Return what the ledger must look up for all these events together."""
    return reduce(or_, (keys_of(sealed.event) for sealed in events), FactKeys())


class ReadBatch:
    """The records of one plan, decoded once, however often the transaction is tried."""

    def __init__(self, records: Sequence[LogRecord]) -> None:
        self._records = [(record, read(record)) for record in records]
        self.events = [content for _, content in self._records if isinstance(content, SealedEvent)]
        self.keys = keys_for(self.events)

    def judge(self, snapshot: Snapshot, standing: Standing, now: str) -> list[BatchItem]:
        """Return one item per record, in the log's order."""
        inputs = [(sealed.uid, sealed.authenticated_org, sealed.event) for sealed in self.events]
        judgements = iter(judge_batch(inputs, snapshot, standing, now))
        items: list[BatchItem] = []
        for record, content in self._records:
            if isinstance(content, SealedEvent):
                items.append(JudgedRecord(record.partition, record.offset, content, next(judgements), now))
            else:
                items.append(unreadable(record, content.reason, now))
        return items


NOT_DECIDED = frozenset({"duplicate", "conflict", "stale"})
"""Verdicts that repeat an earlier decision, or refuse to look at the event (DEDUP.md section 2)."""


def outcome_lines(judgement: Judgement) -> list[tuple[str, str]]:
    """Return (outcome, reason) per recipient, or of the event when it has none or was not decided."""
    decision = judgement.decision
    if judgement.verdict in NOT_DECIDED:
        return [(Outcome.DENY.value, judgement.reason or decision.event.reason)]
    if decision.recipients:
        return [(line.outcome.value, line.reason) for line in decision.recipients]
    return [(decision.event.outcome.value, decision.event.reason)]
