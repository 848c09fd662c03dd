"""The facts and the memory that a batch of events needs, gathered once, and the keys that say what is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.core.history import Entry, Pair
from hub.core.model import JsonObject
from hub.core.threads import Thread


@dataclass(frozen=True, slots=True, kw_only=True)
class FactKeys:
    """What the ledger must look up. `records` are (organisation, record ref); `event_ids` ids or record refs."""

    subjects: frozenset[str] = frozenset()
    source_ids: frozenset[tuple[str, str]] = frozenset()
    records: frozenset[tuple[str, str]] = frozenset()
    event_ids: frozenset[str] = frozenset()
    case_refs: frozenset[str] = frozenset()
    consent_ids: frozenset[str] = frozenset()

    def __or__(self, other: FactKeys) -> FactKeys:
        """Return the keys of both."""
        return FactKeys(
            subjects=self.subjects | other.subjects,
            source_ids=self.source_ids | other.source_ids,
            records=self.records | other.records,
            event_ids=self.event_ids | other.event_ids,
            case_refs=self.case_refs | other.case_refs,
            consent_ids=self.consent_ids | other.consent_ids,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The answer to `FactKeys`, in the forms of CONSENT.md section 2. Immutable; `fold` makes the next one.

    `subjects` holds the asked subjects and their kin: subjects who share a household or a custody person
    with one of them. `consents` and `consent_versions` are by subject. `help_teams` and `case_parties` are by
    case. `deliveries` are earlier deliveries that carry one of the asked consent ids or record refs.
    `entries` are those of the asked subjects, their kin, source ids and records, in processing order;
    `held_since` is by (source, id). `threads` are the open ones of the asked subjects and all that are about one of
    the events or records asked for.
    """

    subjects: Mapping[str, JsonObject] = field(default_factory=dict)
    consents: Mapping[str, tuple[JsonObject, ...]] = field(default_factory=dict)
    consent_versions: Mapping[str, int] = field(default_factory=dict)
    help_teams: Mapping[str, tuple[JsonObject, ...]] = field(default_factory=dict)
    case_parties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known_events: tuple[JsonObject, ...] = ()
    deliveries: tuple[JsonObject, ...] = ()
    police_decisions: tuple[JsonObject, ...] = ()
    held_since: Mapping[tuple[str, str], str] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    pairs: tuple[Pair, ...] = ()
    threads: tuple[Thread, ...] = ()
