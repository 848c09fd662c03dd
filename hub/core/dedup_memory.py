"""Questions to the memory: which earlier events are still known, and which of them still count (DEDUP.md section 1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.core.history import Entry, History, Pair
from hub.core.model import LEAVES, Decision
from hub.core.policy import Policy
from hub.core.times import parse_instant

MATCH_WINDOW_LIMIT_DAYS = 730
"""No configuration keeps match data longer than two years: DEDUP.md section 1, "never above 730"."""

SEMANTIC_TYPES = frozenset({"signal.raised", "signal.revised", "adult_signal.raised", "early_signal.raised"})
"""The types that take part in DEDUP.md sections 4 and 5."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The history as it is known at `now`.

    Entries are in the order in which the hub processed them; `known` are those within either window. `pairs` are
    the matches told that did not lapse and lie within the match window.
    """

    now: datetime
    in_technical_window: tuple[Entry, ...]
    in_match_window: tuple[Entry, ...]
    known: tuple[Entry, ...]
    pairs: tuple[Pair, ...]


def remember(history: History, policy: Policy, now: datetime) -> Memory:
    """Return what is known at `now`: elapsed time, both windows inclusive.

    Raises:
        ValueError: an entry's time is no instant. The memory is damaged; the caller holds the event.
    """
    technical_window = timedelta(days=policy.technical_window_days)
    match_window = timedelta(days=min(policy.match_window_days, MATCH_WINDOW_LIMIT_DAYS))
    aged = [(entry, now - processed_at(entry.at)) for entry in history.entries]
    return Memory(
        now=now,
        in_technical_window=tuple(entry for entry, age in aged if age <= technical_window),
        in_match_window=tuple(entry for entry, age in aged if age <= match_window),
        known=tuple(entry for entry, age in aged if age <= max(technical_window, match_window)),
        pairs=tuple(pair for pair in history.pairs if _is_told(pair, now, match_window)),
    )


def processed_at(at: str) -> datetime:
    """Return the instant at which an entry was processed.

    Raises:
        ValueError: it is no instant.
    """
    instant = parse_instant(at)
    if instant is None:
        raise ValueError("an entry without a readable time")
    return instant


def _is_told(pair: Pair, now: datetime, window: timedelta) -> bool:
    """Return whether this pair still counts as told; one without a time counts until it lapses."""
    told_at = parse_instant(pair.told_at)
    return told_at is None or now - told_at <= window


def is_erased(entry: Entry) -> bool:
    """Return whether only the record number is left of this entry (DEDUP.md section 6, tombstone)."""
    return entry.retracted and entry.record_ref is not None and entry.revision is None


def is_active(entry: Entry) -> bool:
    """Return whether the entry is not retracted, not superseded and not an echo."""
    return not (entry.retracted or entry.superseded or entry.echo)


def is_delivered(decision: Decision) -> bool:
    """Return whether at least one recipient is allow or redact."""
    return any(recipient.outcome in LEAVES for recipient in decision.recipients)


def takes_part(entry: Entry) -> bool:
    """Return whether the entry is an observation that DEDUP.md sections 4 and 5 may count."""
    return entry.semantic and is_active(entry)


def delivered_observations(entries: Iterable[Entry]) -> list[Entry]:
    """Return the active delivered entries, in order."""
    return [entry for entry in entries if takes_part(entry) and is_delivered(entry.decision)]
