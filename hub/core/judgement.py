"""What one event does to the hub: the value that `judge` returns and the ledger writes in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.core.history import HistoryChanges
from hub.core.model import Decision, Emission, FactChange, RecipientDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Everything that follows from one event, given the facts and the history of that moment.

    `verdict` and `reason` are those of DEDUP.md. `decision` is the decision that now counts for this
    (source, id). `deliver` are the recipients that get the event at this step (a subset of the decision's
    recipients; the notices of CONSENT.md gate E11 are among them). `emissions` are the hub's own messages that
    follow, `suppressed` those that were not sent. `supersedes` is the entry id of the revision that this
    event replaces. `hold_until` is the due instant of the hold while any outcome is hold, and
    `watches` the subjects whose facts can cure it. `parked` is a reason when a person of the hub must look.
    """

    verdict: str
    reason: str | None
    decision: Decision
    deliver: tuple[RecipientDecision, ...] = ()
    emissions: tuple[Emission, ...] = ()
    suppressed: tuple[Emission, ...] = ()
    history: HistoryChanges = field(default_factory=HistoryChanges)
    facts: tuple[FactChange, ...] = ()
    supersedes: str | None = None
    hold_until: str | None = None
    watches: tuple[str, ...] = ()
    parked: str | None = None
