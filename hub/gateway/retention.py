"""Reading again is a replay: what a receiver had is handed out anew for `replay_days`, then no more (CONSENT.md 13)."""

from __future__ import annotations

from hub.core.codes import in_section_order
from hub.core.defaults import DEFAULTS
from hub.core.facts import Facts
from hub.core.inspection import inspect
from hub.core.model import LEAVES, RecipientDecision
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing, compile_standing
from hub.identity.partners import PartnerBook
from hub.ledger.interface import Candidate, Recheck


def standing_of_book(book: PartnerBook) -> Standing:
    """Return the configuration compiled for the rules that the gateway itself asks."""
    return compile_standing(
        directory=book.directory(), areas=book.areas(), policy=book.policy(), defaults=DEFAULTS
    )


def within_retention(recheck: Recheck, standing: Standing, now: str) -> Recheck:
    """Return a last look that also refuses what its receiver had longer ago than `replay_days`.

    The payload can outlive that term, because another receiver still waits for it: this receiver's term counts.

    Args:
        recheck: Consent at this moment.
        standing: The configuration.
        now: RFC 3339 instant.
    """
    facts = Facts(standing=standing, now=now)

    def again(candidate: Candidate, snapshot: Snapshot) -> RecipientDecision:
        decision = recheck(candidate, snapshot)
        if candidate.delivered_at is None or decision.outcome not in LEAVES:
            return decision
        replay = inspect({"kind": "replay", "delivered_at": candidate.delivered_at}, None, facts)
        if replay.outcome in LEAVES:
            return decision
        withheld = in_section_order({*decision.withheld, *decision.sections})
        return RecipientDecision(
            decision.recipient, replay.outcome, replay.reason.value, withheld, position=decision.position
        )

    return again
