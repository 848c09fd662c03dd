"""Dedup vectors: a sequence of events and of changes in the facts, judged one after the other (DEDUP.md section 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter

from hub.core.facts import facts_from_document
from hub.core.history import Entry, History, HistoryChanges, Pair
from hub.core.judge import judge
from hub.core.judgement import Judgement
from hub.core.matching import PairKey, pair_key
from hub.core.model import Emission, Json, JsonObject
from hub.core.standing import Standing

_STANDING_FACTS = frozenset({"directory", "directory_patch", "areas", "fixed_protectors"})
"""Facts that are compiled into a `Standing`; a step that sets one of them compiles anew."""


def dedup_results(
    facts_document: JsonObject,
    steps: Sequence[JsonObject],
    standing: Standing,
    recompile: Callable[[JsonObject], Standing],
) -> list[JsonObject]:
    """Run the steps and return one `{verdict, reason, delivered_to, emits, suppressed}` per event step.

    Args:
        facts_document: Facts as in decision vectors.
        steps: `{at, event}` or `{at, set}`.
        standing: The configuration that belongs to `facts_document`.
        recompile: Compiles the configuration of changed facts.
    """
    facts = dict(facts_document)
    history = History()
    results = []
    for number, step in enumerate(steps):
        if "event" not in step:
            changed = step.get("set")
            facts |= changed if isinstance(changed, dict) else {}
            if isinstance(changed, dict) and not _STANDING_FACTS.isdisjoint(changed):
                standing = recompile(facts)
            continue
        event = step["event"]
        known = {**facts, "authenticated_org": _sender_of(event)}
        given = facts_from_document(known, standing, step.get("at"))
        judgement = judge(event, given, history, f"step-{number}")
        history = extend(history, judgement.history)
        results.append(as_result(event, judgement))
    return results


def _sender_of(event: Json) -> Json:
    """Return the organisation that the event names as its sender."""
    sender = event.get("sender") if isinstance(event, dict) else None
    return sender.get("org") if isinstance(sender, dict) else None


def extend(history: History, changes: HistoryChanges) -> History:
    """Return the memory after one event: entries in processing order, pairs told and not lapsed."""
    entries: dict[str, Entry] = {entry.entry_id: entry for entry in history.entries}
    entries.update((entry.entry_id, entry) for entry in changes.entries)
    pairs: dict[PairKey, Pair] = {pair_key(pair): pair for pair in (*history.pairs, *changes.told)}
    for pair in changes.lapsed:
        pairs.pop(pair_key(pair), None)
    return History(tuple(entries.values()), tuple(pairs.values()))


def as_result(event: Json, judgement: Judgement) -> JsonObject:
    """Return one judgement in the form of the vectors. The notices of a retraction count as emitted messages."""
    receivers = sorted({recipient.recipient for recipient in judgement.deliver})
    emits = [emission.as_json() for emission in judgement.emissions]
    if _is_retraction(event):
        if receivers:
            notice = Emission("signal.retracted", tuple(receivers), "ok_retraction_notice")
            emits.append(notice.as_json())
        receivers = []
    return {
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "delivered_to": receivers,
        "emits": _ordered(emits),
        "suppressed": _ordered(emission.as_json() for emission in judgement.suppressed),
    }


def _is_retraction(event: Json) -> bool:
    return isinstance(event, dict) and event.get("type") == "signal.retracted"


def _ordered(emissions: Iterable[JsonObject]) -> list[Mapping[str, Json]]:
    """Return the messages by type, then by receivers."""
    return sorted(emissions, key=itemgetter("type", "to"))
