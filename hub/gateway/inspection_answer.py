"""What the family gets to see of the processing log: lines with names, grounds and times in words. Pure.

The rules decide which lines are shown (`hub.core.inspection`); here stands what a line says, and what it may not give
away. INVARIANT: neither a number, nor a count, nor the order tells that a line was left out; and a line that is shown
without its sender holds nothing that names the sender another way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub.core.catalogue import CATALOGUE, EventClass
from hub.core.codes import PRO_KINDS
from hub.core.facts import Facts, Subject, read_situation
from hub.core.inspection import OPEN_KINDS, Inspection, inspect
from hub.core.model import LEAVES, Json, JsonObject
from hub.core.reasons import Reason
from hub.core.standing import Standing
from hub.core.times import amsterdam_text, elapsed, parse_instant
from hub.identity.partners import PartnerBook
from hub.ledger.interface import SharedLine

DELIVERED: Final = "delivered"
UNDER_WAY: Final = "under_way"
UNCERTAIN: Final = "uncertain"
STATES: Final[Mapping[str, str]] = {
    "delivered": DELIVERED,
    "pending": UNDER_WAY,
    "claimed": UNDER_WAY,
    "parked": UNCERTAIN,
    "stopped": UNCERTAIN,
}
"""States of a delivery that the family hears of. What was given up or stopped after an attempt may have arrived: saying
nothing would be a guess. What certainly never left is not in the ledger's lines."""

WIDE_GROUNDS: Final = frozenset(
    {
        Reason.OK_CONSENT,
        Reason.OK_CONSENT_ONE_PARENT,
        Reason.OK_CONSENT_REPRESENTATIVE,
        Reason.OK_CHILD_ONLY_LAW,
        Reason.OK_VITAL_INTEREST,
        Reason.OK_LEGAL_VEILIG_THUIS,
        Reason.OK_LEGAL_SUPERVISION_ORDER,
        Reason.OK_LEGAL_CHILD_PROTECTION_BOARD,
        Reason.OK_WITHDRAWAL_NOTICE,
        Reason.OK_RETRACTION_NOTICE,
    }
)
"""Grounds that nearly every professional can have (CONSENT.md section 10): another one would point to the sender."""

ANSWERING: Final = frozenset({EventClass.ACK, EventClass.FEEDBACK, EventClass.MATCH, EventClass.NOTICE})
"""What somebody gets because of an earlier message of its own."""

SELF: Final = "self"
"""The role of a requester who is the subject."""

_REASONS: Final = {reason.value: reason for reason in Reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionRequest:
    """Who asks to see whose log. `child_interest_opposes` is what a professional judged, None while nobody did."""

    subject_ref: str
    requester_ref: str
    child_interest_opposes: bool | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation on a line: its name, and the code of its kind."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the log as the family sees it.

    Attributes:
        shared_at: RFC 3339 instant in Amsterdam at which the receiver had it; None while it is under way.
        replay_until: The last instant at which the hub may deliver the content again (`replay_days`), or None.
        state: `delivered`, `under_way`, or `uncertain` when nobody can say whether it arrived.
        sender: None where the reporter asked for anonymity.
        recipient: Who got it, or will get it.
        type: Code name of the event type; None where it would name the sender.
        purpose: Purpose code; None when there is none, or where it would name the sender.
        reason: The ground on which it was shared; None where it would name the sender.
        sections: Sections that were shared, F1 to F15.
    """

    shared_at: str | None
    replay_until: str | None
    state: str
    sender: Party | None
    recipient: Party
    type: str | None
    purpose: str | None
    reason: Reason | None
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionAnswer:
    """The whole answer. On a hold or deny there are no lines, no role and no contact.

    `role` is the requester's role in the custody facts, or `self`; `contact` the organisation and telephone of the
    fixed face, as far as the partner configuration has a contact card.
    """

    reason: Reason
    answered_at: str
    role: str | None = None
    lines: tuple[Line, ...] = ()
    contact: Mapping[str, str] | None = None
    replay_days: int | None = None

    @property
    def given(self) -> bool:
        """Return whether the family sees the log, in whole or in part."""
        return self.reason.outcome in LEAVES


def answer_inspection(
    request: InspectionRequest,
    subjects: Mapping[str, JsonObject],
    log: Sequence[SharedLine],
    standing: Standing,
    book: PartnerBook,
    now: str,
) -> InspectionAnswer:
    """Return what the requester may see (CONSENT.md section 13; Wmo 5.3.1, 5.3.2; Jeugdwet 7.3.10; AVG 15).

    Args:
        request: Who asks about whom.
        subjects: The facts of now about the subject, by ref.
        log: The processing log about the subject, the oldest first.
        standing: The configuration, for the rules.
        book: The partners, for their names.
        now: RFC 3339 instant.
    """
    facts = Facts(standing=standing, now=now, subjects=dict(subjects))
    kinds = {org: partner.kind for org, partner in standing.partners.items()}
    known = [_with_kinds(line, kinds) for line in log if line.state in STATES]
    anonymous = frozenset(line.sender for line in log if line.reporter_anonymous)
    moment = parse_instant(now)
    answered_at = now if moment is None else amsterdam_text(moment)
    result = inspect(_question(request), _log_lines(known, anonymous), facts)
    if result.outcome not in LEAVES:
        return InspectionAnswer(reason=result.reason, answered_at=answered_at)
    situation = read_situation(facts)
    assert not isinstance(situation, Reason)  # noqa: S101  (`inspect` read the same facts)
    subject = subjects[request.subject_ref]
    replay_days = situation.policy.replay_days
    return InspectionAnswer(
        reason=result.reason,
        answered_at=answered_at,
        role=_role(request, subject),
        lines=_lines(known, result, _namer(book), replay_days),
        contact=_contact(subject, book),
        replay_days=replay_days,
    )


def _question(request: InspectionRequest) -> JsonObject:
    return {
        "kind": "view",
        "requester": {"person": request.requester_ref},
        "subject_ref": request.subject_ref,
        "child_interest_opposes": request.child_interest_opposes,
    }


def _with_kinds(line: SharedLine, kinds: Mapping[str, str]) -> SharedLine:
    """Return the line with the kinds that the ledger did not know; an unknown organisation counts as closed (I5)."""
    return replace(
        line,
        sender_kind=line.sender_kind or kinds.get(line.sender, ""),
        recipient_kind=line.recipient_kind or kinds.get(line.recipient, ""),
    )


def _log_lines(log: Sequence[SharedLine], anonymous: frozenset[str]) -> list[Json]:
    """Return the lines as the rules read them (I5).

    An answer to an anonymous reporter would name the reporter as its receiver: it speaks of a third person.
    """
    return [
        {
            "line": line.line,
            "sender_kind": line.sender_kind,
            "recipient_kind": line.recipient_kind,
            "released": line.released,
            "third_person": line.third_person or _answers(line, anonymous),
            "reporter_anonymous": line.reporter_anonymous,
        }
        for line in log
    ]


def _answers(line: SharedLine, senders: frozenset[str]) -> bool:
    known = CATALOGUE.get(line.type)
    return line.recipient in senders and (known is None or known.treatment in ANSWERING)


def _lines(
    log: Sequence[SharedLine], result: Inspection, party: Callable[[str, str], Party], replay_days: int
) -> tuple[Line, ...]:
    shown, masked = set(result.shown), set(result.masked)
    seen = (line for line in log if line.line in shown | masked)
    return tuple(_line(line, party, replay_days, masked=line.line in masked) for line in seen)


def _line(line: SharedLine, party: Callable[[str, str], Party], replay_days: int, *, masked: bool) -> Line:
    row, reason = CATALOGUE.get(line.type), _REASONS.get(line.reason)
    # Nearly every professional may send a wide type; a narrow one would point to its sender, as would its purpose.
    wide = row is not None and row.senders >= PRO_KINDS
    shared = parse_instant(line.shared_at) if STATES[line.state] == DELIVERED else None
    return Line(
        shared_at=None if shared is None else amsterdam_text(shared),
        replay_until=None if shared is None else _later(shared, replay_days),
        state=STATES[line.state],
        sender=None if masked else party(line.sender, line.sender_kind),
        recipient=party(line.recipient, line.recipient_kind),
        type=line.type if wide or not masked else None,
        purpose=line.purpose if wide or not masked else None,
        reason=reason if reason in WIDE_GROUNDS or not masked else None,
        sections=line.sections,
    )


def _later(shared: datetime, replay_days: int) -> str | None:
    """Return the last instant at which the content may be delivered again: CONSENT.md section 13, replay."""
    try:
        return amsterdam_text(elapsed(shared, timedelta(days=replay_days)))
    except OverflowError:  # a setting may be larger than any length of time: kept for ever
        return None


def _namer(book: PartnerBook) -> Callable[[str, str], Party]:
    def party(org: str, kind: str) -> Party:
        partner = book.by_org(org)
        return Party(org if partner is None else partner.name, kind)

    return party


def _role(request: InspectionRequest, subject: Subject) -> str | None:
    if request.requester_ref == request.subject_ref:
        return SELF
    custody = subject.get("custody")
    entries = [entry for entry in custody if isinstance(entry, dict)] if isinstance(custody, list) else []
    roles = (entry.get("role") for entry in entries if entry.get("person") == request.requester_ref)
    return next((role for role in roles if isinstance(role, str)), None)


def _contact(subject: Subject, book: PartnerBook) -> Mapping[str, str] | None:
    """Return whom the family can call: the fixed face's organisation, unless naming it would show a closed line."""
    face = subject.get("fixed_face")
    org = face.get("org") if isinstance(face, dict) else None
    partner = book.by_org(org) if isinstance(org, str) else None
    if partner is None or partner.kind not in OPEN_KINDS:
        return None
    return book.contact_card(partner.org) or {"organisation": partner.name}
