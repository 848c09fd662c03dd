"""What the hub remembers of earlier events: DEDUP.md section 1. Keys and codes, never content."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.core.model import Decision
from hub.core.threads import Thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One remembered event.

    `entry_id` is the hub's own id of the accepted record (see `SealedEvent.uid`); `at` the RFC 3339 instant
    at which the hub processed it; `observed_on` the Amsterdam day of `occurred_at`. `delivered_to` are the
    organisations that got it. An *active* entry is not superseded, not retracted, not an echo.
    `semantic` says whether the type takes part in DEDUP.md sections 4 and 5. `near_duplicate_of` names the
    head. An erased entry (retracted as unfounded or error) keeps only its record number: its subject,
    professional, domains, day and digest are empty.
    """

    entry_id: str
    source: str
    event_id: str
    org: str
    kind: str
    type: str
    at: str
    record_ref: str | None = None
    revision: int | None = None
    digest: str | None = None
    subject_ref: str | None = None
    professional: str | None = None
    domains: tuple[str, ...] = ()
    observed_on: str | None = None
    urgency: str | None = None
    decision: Decision
    delivered_to: tuple[str, ...] = ()
    semantic: bool = False
    echo: bool = False
    near_duplicate_of: str | None = None
    superseded: bool = False
    retracted: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """One match told: organisation A about its subject and organisation B about its subject, A before B.

    `told_at` is the RFC 3339 instant at which the pair was told; it is forgotten after `match_window_days`. A pair
    without one counts as told until it lapses. It takes no part in comparisons.
    """

    org_a: str
    subject_a: str
    org_b: str
    subject_b: str
    basis: str
    told_at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class History:
    """What concerns an event: entries in the order in which the hub processed them, told pairs, what goes on."""

    entries: tuple[Entry, ...] = ()
    pairs: tuple[Pair, ...] = ()
    threads: tuple[Thread, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryChanges:
    """What one event changes in the memory: entries to insert or replace (by entry id), pairs told and lapsed."""

    entries: tuple[Entry, ...] = ()
    told: tuple[Pair, ...] = ()
    lapsed: tuple[Pair, ...] = ()
