"""The last look before something leaves.

The moment of delivery decides (CONSENT.md section 1, principle 6; AVG 7(3)): the claim, every retry and every
replay run the decision again with the facts of that moment.
"""

from __future__ import annotations

from dataclasses import replace

from hub.core.batch import Batch
from hub.core.codes import SECTION_SET, in_section_order, is_code_list
from hub.core.decision import decide, decide_contact
from hub.core.facts import Facts, Situation, read_situation
from hub.core.history import History, Pair
from hub.core.matching import basis_between, both_may_know, pair_key
from hub.core.model import LEAVES, Emission, JsonObject, Outcome, RecipientDecision
from hub.core.notices import (
    MATCH_SECTIONS,
    NOTICE_SECTIONS,
    NOTICE_TYPES,
    emission_decision,
    notice_decision,
)
from hub.core.rejudge import next_boundary as next_boundary  # noqa: PLC0414 - callers look for it here
from hub.core.rejudge import rejudge_held as rejudge_held  # noqa: PLC0414 - callers look for it here
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing


def recheck(
    event: JsonObject,
    authenticated_org: str,
    position: int,
    receiver: str,
    emission: Emission | None,
    snapshot: Snapshot,
    standing: Standing,
    now: str,
    held_since: str | None,
) -> RecipientDecision:
    """Decide anew whether one waiting delivery may leave to `receiver`.

    Args:
        event: The event, or the event that an emission follows from.
        authenticated_org: Who the door authenticated as its sender.
        position: The place of the receiver in the event's recipients, or in the list of a notice.
        receiver: The organisation that the waiting delivery is for.
        emission: The hub's own message, when that is what waits.
        snapshot: The facts and the memory of this moment, gathered with `keys_of(event)`.
        standing: The configuration of this moment.
        now: RFC 3339 instant.
        held_since: Instant of the first hold of this event, or None.

    Returns:
        A verdict that is allow or redact only when it may leave now. Total: an error that no rule foresees is
        hold_evaluation_error.
    """
    looker = LastLook(standing, now)
    return looker.recheck(event, authenticated_org, position, receiver, emission, snapshot, held_since)


class LastLook:
    """The last look for many deliveries at one moment. It keeps the look-up tables of the latest snapshot."""

    def __init__(self, standing: Standing, now: str) -> None:
        self._standing = standing
        self._now = now
        self._latest: tuple[Snapshot, Batch] | None = None

    def recheck(
        self,
        event: JsonObject,
        authenticated_org: str,
        position: int,
        receiver: str,
        emission: Emission | None,
        snapshot: Snapshot,
        held_since: str | None,
    ) -> RecipientDecision:
        """Decide anew whether one waiting delivery may leave: see the function `recheck`."""
        try:
            batch = self._batch(snapshot)
            facts = replace(batch.facts(event, authenticated_org), held_since=held_since)
            if emission is not None:
                return _emission(emission, receiver, facts, batch.history(event))
            if event["type"] in NOTICE_TYPES:
                return notice_decision(str(event["type"]), receiver, position)
            return _event(event, position, receiver, facts, batch.history(event))
        except Exception:  # noqa: BLE001 - principle 4: whatever fails, nothing leaves
            return _stopped(receiver, position, Outcome.HOLD, "hold_evaluation_error", ())

    def _batch(self, snapshot: Snapshot) -> Batch:
        """Return the look-up tables of a snapshot; a claim asks for many deliveries with the same one."""
        if self._latest is None or self._latest[0] is not snapshot:
            self._latest = (snapshot, Batch(snapshot, self._standing, self._now))
        return self._latest[1]


def _emission(emission: Emission, receiver: str, facts: Facts, history: History) -> RecipientDecision:
    """Let the hub's own notices go; decide a match anew in both directions."""
    if emission.type != "match.reported":
        return emission_decision(emission, receiver, NOTICE_SECTIONS)
    if _still_matches(emission, facts, history):
        return emission_decision(emission, receiver, MATCH_SECTIONS)
    return _stopped(receiver, 0, Outcome.DENY, "deny_match_onesided", MATCH_SECTIONS)


def _still_matches(emission: Emission, facts: Facts, history: History) -> bool:
    """Return whether the pair did not lapse, still belongs together, and consent holds in both directions."""
    situation = read_situation(facts)
    (org_a, subject_a), (org_b, subject_b) = emission.subjects
    pair = Pair(org_a, subject_a, org_b, subject_b, emission.basis or "")
    is_told = any(pair_key(told) == pair_key(pair) for told in history.pairs)
    if (
        not isinstance(situation, Situation)
        or not is_told
        or basis_between(situation, subject_a, subject_b) is None
    ):
        return False
    return both_may_know(pair, lambda sender, subject, to: decide_contact(sender, subject, to, facts))


def _event(
    event: JsonObject, position: int, receiver: str, facts: Facts, history: History
) -> RecipientDecision:
    """Run the decision and take this recipient's verdict."""
    stopped = _stopped(receiver, position, Outcome.DENY, "deny_route", _sections_of(event))
    if _is_retracted(event, history):
        return replace(stopped, reason="deny_stale")
    decision = decide(event, facts, warns=True)
    if decision.event.outcome not in LEAVES:
        return replace(stopped, outcome=decision.event.outcome, reason=decision.event.reason)
    named = event["recipients"]
    if isinstance(named, list) and position >= len(named):
        # A crisis team that the sender did not name: its place is that of the directory, which may change.
        verdict = next(
            (found for found in decision.recipients[len(named) :] if found.recipient == receiver), None
        )
    else:
        verdict = next((found for found in decision.recipients if found.position == position), None)
    if verdict is None or (verdict.outcome in LEAVES and verdict.recipient != receiver):
        # The family moved: the delivery to the old team is dropped (ROUTING.md section 4).
        return stopped
    return verdict


def _is_retracted(event: JsonObject, history: History) -> bool:
    """Return whether the sender retracted this event while the delivery waited, or a newer revision of it."""
    own = [
        entry for entry in history.entries if (entry.source, entry.event_id) == (event["source"], event["id"])
    ]
    records = {
        (entry.org, entry.record_ref) for entry in own if entry.superseded and entry.record_ref is not None
    }
    return any(entry.retracted for entry in own) or any(
        entry.retracted and (entry.org, entry.record_ref) in records for entry in history.entries
    )


def _sections_of(event: JsonObject) -> tuple[str, ...]:
    """Return the sections present, in order: all of them stay behind."""
    sections = event.get("sections")
    return in_section_order(sections) if is_code_list(sections, SECTION_SET) else ()


def _stopped(
    receiver: str, position: int, outcome: Outcome, reason: str, withheld: tuple[str, ...]
) -> RecipientDecision:
    """Return a verdict with which nothing leaves."""
    return RecipientDecision(
        recipient=receiver, outcome=outcome, reason=reason, withheld=withheld, position=position
    )
