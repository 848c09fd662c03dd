"""The first look at an event that was parked when it came, after a person of the hub let it go on."""

from __future__ import annotations

from hub.core.batch import Batch
from hub.core.dedup_repeat import no_longer_counts
from hub.core.judgement import Judgement
from hub.core.model import JsonObject
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing

_KNOWN_MEANWHILE = frozenset({"duplicate", "conflict", "stale", "reevaluated"})
"""Verdicts that say that the hub remembers this event, or another one with its number, by now."""


def judge_released(
    event: JsonObject, authenticated_org: str, entry_id: str, snapshot: Snapshot, standing: Standing, now: str
) -> Judgement:
    """Judge an event that could not be judged when it came (CONSENT.md section 1, principle 4), with the facts of now.

    It left no memory, so this is its first judging: facts are taken over and a life cycle moves on.

    Returns:
        What `judge` returns; `stale` when its sender sent it again meanwhile, so that it is decided once. Total: what
        fails again is parked again.
    """
    judgement = Batch(snapshot, standing, now).judge(entry_id, authenticated_org, event)
    return no_longer_counts() if judgement.verdict in _KNOWN_MEANWHILE else judgement
