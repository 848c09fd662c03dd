"""Technical verdicts: is this message one that the hub already handled? DEDUP.md section 2 (gate E7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, unique

from hub.core.dedup_memory import is_erased
from hub.core.history import Entry
from hub.core.schema import Event

_RECORD_IN_DATA = frozenset({"signal.retracted", "referral.withdrawn"})
"""Types that name another record in `data`; tests 5 to 7 are not about them."""


@unique
class Handled(Enum):
    """How a message stands to what is remembered. The values are not shown to anybody."""

    FIRST = "first"
    REPEAT = "repeat"
    CONFLICT = "conflict"
    STALE = "stale"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Technical:
    """The outcome of tests 1 to 7. `entry` is the repeated, conflicting or replaced one; `older` what it replaces."""

    handled: Handled
    entry: Entry | None = None
    older: tuple[Entry, ...] = ()


def technical_verdict(event: Event, known: Sequence[Entry]) -> Technical:
    """Run tests 1 to 7 against the entries known within the technical window, in processing order."""
    live = [entry for entry in known if not is_erased(entry)]
    same_id = [entry for entry in live if (entry.source, entry.event_id) == (event.source, event.id)]
    if same_id:
        return _repeat_or_conflict(event, same_id[-1])
    if event.record is None:
        return Technical(Handled.FIRST)
    revisions = [entry for entry in known if _is_same_record(event, entry)]
    same_revision = [entry for entry in revisions if entry.revision == event.record[1]]
    if same_revision:
        return _repeat_or_conflict(event, same_revision[-1])
    if event.type in _RECORD_IN_DATA or not revisions:
        return Technical(Handled.FIRST)
    return _against_older(event.record[1], revisions)


def _is_same_record(event: Event, entry: Entry) -> bool:
    """Return whether the entry is of the same organisation's same record; also when only its number is left."""
    return event.record is not None and (entry.org, entry.record_ref) == (event.sender_org, event.record[0])


def _repeat_or_conflict(event: Event, entry: Entry) -> Technical:
    """Tests 1 to 4: the same digest is a repeat; another one, or none, is a conflict."""
    equal = event.digest is not None and event.digest == entry.digest
    return Technical(Handled.REPEAT if equal else Handled.CONFLICT, entry)


def _against_older(revision: int, revisions: Sequence[Entry]) -> Technical:
    """Tests 5 to 7: retracted, overtaken, or an update of the highest revision known."""
    if any(entry.retracted for entry in revisions):
        return Technical(Handled.STALE)
    highest = max(revisions, key=lambda entry: entry.revision or 0)
    if revision < (highest.revision or 0):
        return Technical(Handled.STALE)
    older = tuple(entry for entry in revisions if not entry.superseded)
    return Technical(Handled.UPDATE, highest, older)
