"""What one event does to the hub: the value that `judge` returns and the ledger writes in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field

from hub.core.history import HistoryChanges
from hub.core.model import Decision, Emission, FactChange, JsonObject, RecipientDecision
from hub.core.threads import Thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Everything that follows from one event, given the facts and the history of that moment.

    `verdict` and `reason` are those of DEDUP.md. `decision` is the decision that now counts for this
    (source, id). `deliver` are the recipients that get the event at this step (a subset of the decision's
    recipients; the notices of CONSENT.md gate E11 are among them). `emissions` are the hub's own messages that
    follow, `suppressed` those that were not sent. `supersedes` is the entry id of the revision that this
    event replaces. `hold_until` is the due instant of the hold while any outcome is hold, and
    `watches` the subjects whose facts can cure it. `parked` is a reason when a person of the hub must look.
    `messages` are what the hub tells one organisation beside that: a question, an acknowledgement, a duty that
    opened. `threads` are what goes on over time, as it is from now on. `own_events` are what the hub itself sends
    into the log because of it (`own_events.py`): alerts, and what follows from a step of a life cycle.
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
    messages: tuple[Emission, ...] = ()
    threads: tuple[Thread, ...] = ()
    own_events: tuple[JsonObject, ...] = ()
