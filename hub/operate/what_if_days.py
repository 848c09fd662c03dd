"""What would another configuration change? The events of the last days, judged twice with the facts of now."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Final, TypeAlias

from hub.core.batch import Batch
from hub.core.decision import decide
from hub.core.history import Entry
from hub.core.keys import keys_of
from hub.core.model import Decision, JsonObject, Outcome, RecipientDecision
from hub.core.snapshot import FactKeys
from hub.core.standing import Standing
from hub.ledger.ledger import StoredLedger
from hub.ledger.trail import RecentEvent

PART_EVENTS: Final = 200
"""Events whose facts are read together: as many as a worker judges in one batch."""

WHOLE: Final = "-"
"""Stands for the recipient where a verdict is about the event as a whole."""

NOBODY: Final = "nobody"
"""Stands for the verdict on a recipient that the other configuration does not have."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is decided for one recipient, as far as it can be compared."""

    outcome: str
    reason: str
    sections: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return outcome, reason and what goes."""
        going = f" ({', '.join(self.sections)})" if self.outcome == Outcome.REDACT else ""
        return f"{self.outcome} {self.reason}{going}"

    def as_json(self) -> JsonObject:
        """Return the verdict as an object."""
        return {"outcome": self.outcome, "reason": self.reason, "sections": list(self.sections)}


@dataclass(frozen=True, slots=True)
class Change:
    """One verdict that would be another."""

    uid: str
    type: str
    recipient: str
    before: Verdict
    after: Verdict


@dataclass(slots=True)
class Changes:
    """What would change.

    `judged` counts events judged again, `gone` those whose content is no longer kept, `overtaken` those that were
    retracted or replaced since. `drifted` counts events on which the present configuration decides otherwise than
    stands on record, because facts changed since: that is not what the other configuration changes.
    """

    judged: int = 0
    gone: int = 0
    overtaken: int = 0
    drifted: int = 0
    changed: list[Change] = field(default_factory=list)

    @property
    def by_reason(self) -> Counter[tuple[str, str]]:
        """Return how many verdicts go from one reason to another."""
        return Counter((item.before.reason, item.after.reason) for item in self.changed)

    def as_json(self) -> JsonObject:
        """Return everything as an object."""
        return {
            "judged": self.judged,
            "could_not_be_judged": self.gone,
            "overtaken": self.overtaken,
            "differ_from_the_record": self.drifted,
            "changed": [
                {
                    "id": item.uid,
                    "type": item.type,
                    "recipient": item.recipient,
                    "from": item.before.as_json(),
                    "to": item.after.as_json(),
                }
                for item in self.changed
            ],
            "by_reason": [
                {"from": before, "to": after, "count": count}
                for (before, after), count in sorted(self.by_reason.items())
            ],
        }


async def compare(
    ledger: StoredLedger, present: Standing, other: Standing, *, since: str, now: str
) -> Changes:
    """Return what would change if the other configuration were that of the hub.

    Both judge with the same facts, those of this moment, so that only the configuration makes a difference.

    Args:
        ledger: Where events and facts are read; nothing is written.
        present: The configuration of the hub.
        other: The configuration to compare with.
        since: RFC 3339 instant; events that are held count however old.
        now: RFC 3339 instant.
    """
    changes = Changes()
    async for part in _parts(ledger.recent_events(since)):
        kept = [event for event in part if event.event is not None]
        changes.gone += len(part) - len(kept)
        keys = reduce(or_, (keys_of(event.event) for event in kept), FactKeys())
        snapshot = await ledger.look_up(keys)
        entries = {entry.entry_id: entry for entry in snapshot.entries}
        batches = Batch(snapshot, present, now), Batch(snapshot, other, now)
        for event in kept:
            _compare_one(event, entries.get(event.uid), batches, changes)
    return changes


async def _parts(events: AsyncIterator[RecentEvent]) -> AsyncIterator[list[RecentEvent]]:
    """Yield the events by the part."""
    part: list[RecentEvent] = []
    async for event in events:
        part.append(event)
        if len(part) == PART_EVENTS:
            yield part
            part = []
    if part:
        yield part


def _compare_one(
    event: RecentEvent, entry: Entry | None, batches: tuple[Batch, Batch], changes: Changes
) -> None:
    """Judge one event by both configurations and note where they differ."""
    if entry is not None and (entry.retracted or entry.superseded):
        changes.overtaken += 1
        return
    before, after = (_verdicts(_decided(event, batch)) for batch in batches)
    changes.judged += 1
    changes.drifted += _on_record(event) != before
    view = event.event or {}
    before, after = _spread(before, after), _spread(after, before)
    for place in sorted(before.keys() | after.keys()):
        (old_name, old), (new_name, new) = before.get(place, _ABSENT), after.get(place, _ABSENT)
        if (old_name, old) != (new_name, new):
            name = old_name if old_name == new_name or not new_name else f"{old_name or NOBODY} > {new_name}"
            changes.changed.append(Change(event.uid, str(view.get("type")), name, old, new))


Verdicts: TypeAlias = Mapping[int, tuple[str, Verdict]]
"""Name and verdict per place; -1 is the event as a whole, where it has no recipients."""


def _spread(verdicts: Verdicts, other: Verdicts) -> Verdicts:
    """Return a verdict on the event as a whole as one on each recipient of the other side: it holds for all of them."""
    whole = verdicts.get(-1)
    if whole is None or -1 in other:
        return verdicts
    return {place: (name, whole[1]) for place, (name, _) in other.items()}


_ABSENT = ("", Verdict(NOBODY, NOBODY))


def _decided(event: RecentEvent, batch: Batch) -> Decision:
    """Return the decision that a batch's configuration gives with its facts."""
    return decide(event.event, batch.facts(event.event, event.authenticated_org or ""), warns=True)


def _verdicts(decision: Decision) -> Verdicts:
    """Return the verdicts of a decision."""
    if not decision.recipients:
        return {-1: (WHOLE, Verdict(decision.event.outcome.value, decision.event.reason))}
    return {recipient.position: _verdict(recipient) for recipient in decision.recipients}


def _on_record(event: RecentEvent) -> Verdicts:
    """Return the verdicts that stand on record."""
    if not event.recipients:
        return {-1: (WHOLE, Verdict(event.outcome, event.reason))}
    return {recipient.position: _verdict(recipient) for recipient in event.recipients}


def _verdict(recipient: RecipientDecision) -> tuple[str, Verdict]:
    return recipient.recipient, Verdict(recipient.outcome.value, recipient.reason, recipient.sections)
