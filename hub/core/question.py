"""One question: may this event go to this recipient? What every recipient gate looks at, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.core.codes import is_text_list
from hub.core.deadlines import rule_due
from hub.core.facts import Situation, Subject
from hub.core.matrix import Cell, inherited_sections, row_of
from hub.core.model import Duty, Outcome
from hub.core.reasons import Reason
from hub.core.schema import Entry, Event
from hub.core.standing import Partner
from hub.core.times import amsterdam_text


@dataclass(slots=True)
class Answer:
    """What the recipient gates say: a reason, and for an `ok_` reason the sections that may go.

    Sections outside the event are harmless: only sections that are present can go.
    """

    reason: Reason
    allowed: frozenset[str] = frozenset()
    duties: tuple[Duty, ...] = ()
    consents: tuple[str, ...] = ()

    @property
    def leaves(self) -> bool:
        """Return whether something leaves the hub with this answer."""
        return self.reason.outcome is Outcome.ALLOW


@dataclass(slots=True)
class Question:
    """An event, one of its recipients, and the situation in which it is asked."""

    situation: Situation
    event: Event
    entry: Entry
    recipient: Partner
    subject: Subject | None
    row: Mapping[str, Cell]
    inherited: frozenset[str]

    @property
    def ground(self) -> str | None:
        """Return the exception ground that the sender states for this recipient, known or not."""
        return None if self.entry.exception is None else self.entry.exception["ground"]

    @property
    def to_original_sender(self) -> bool:
        """Return whether the recipient sent the event that this one answers (test of gate R5)."""
        return self.situation.knows_event(self.event.in_reply_to, self.recipient.org)

    def condition_holds(self, cell: Cell) -> bool:
        """Return whether the condition of a matrix cell holds (CONSENT.md section 9)."""
        if not cell.own and cell.within is None:  # almost every cell
            return True
        if cell.own:
            related = None if self.subject is None else self.subject.get("related_orgs")
            return is_text_list(related) and self.recipient.org in related
        domains = self.event.domains
        return bool(domains) and cell.within is not None and cell.within.issuperset(domains)

    def due(self, duty: str, rule: str) -> Duty:
        """Return a duty with the due time of a rule, counted from now."""
        due = rule_due(rule, self.situation.now, self.situation.policy)
        return Duty(duty, amsterdam_text(due))


def ask(situation: Situation, event: Event, entry: Entry, recipient: Partner) -> Question:
    """Return the question whether an event may go to a resolved recipient."""
    return Question(
        situation=situation,
        event=event,
        entry=entry,
        recipient=recipient,
        subject=situation.subject(event.subject_ref),
        row=row_of(recipient.kind),
        inherited=inherited_sections(event.domains, situation.policy.sensitive_domains),
    )
