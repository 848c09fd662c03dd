"""Resolving one recipient, gate R1: ROUTING.md section 4. It finds who is meant; it never permits anything."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from hub.core.area import LOCAL_TEAM, candidates, district_of, owner_of, the_one
from hub.core.codes import HUB_KIND, is_text_list
from hub.core.facts import Situation
from hub.core.reasons import Reason
from hub.core.schema import Entry
from hub.core.standing import Partner


class Sending(Protocol):
    """What resolving needs to know of a message; an `Event` is one."""

    @property
    def sender_org(self) -> str:
        """Return the sending organisation."""

    @property
    def sender_professional(self) -> str | None:
        """Return the sending professional, when stated."""

    @property
    def subject_ref(self) -> str | None:
        """Return the subject, None where there is none."""

    @property
    def area_gated(self) -> bool:
        """Return whether a local team is reached only when it owns the area."""

    @property
    def anonymous(self) -> bool:
        """Return whether the message names nobody."""

    @property
    def district(self) -> str | None:
        """Return the district that an anonymous message states."""


@dataclass(slots=True, kw_only=True)
class Inquiry:
    """A `Sending` without an event: a question about routing only."""

    sender_org: str
    subject_ref: str | None
    area_gated: bool
    sender_professional: str | None = None
    anonymous: bool = False
    district: str | None = None


@dataclass(slots=True)
class Resolution:
    """Who is meant. `name` is the organisation, or `kind:<kind>` when no organisation was found.

    `reason` is None when the recipient is resolved; `partner` is then set.
    """

    name: str
    partner: Partner | None
    reason: Reason | None = None


def resolve(entry: Entry, sending: Sending, taken: Collection[str], situation: Situation) -> Resolution:
    """Return who an entry means. `taken` are the organisations that earlier entries resolved to."""
    if entry.org is not None:
        return _by_organisation(entry, entry.org, sending, taken, situation)
    kind = entry.kind or HUB_KIND
    found = _by_kind(kind, entry.partnership, sending, situation)
    if isinstance(found, Reason):
        return Resolution(f"kind:{kind}", None, found)
    if found.org == sending.sender_org or found.org in taken:
        return Resolution(found.org, found, Reason.DENY_ROUTE)
    return Resolution(found.org, found)


def _by_organisation(
    entry: Entry, org: str, sending: Sending, taken: Collection[str], situation: Situation
) -> Resolution:
    """Resolve `{org}`."""
    partner = situation.partner(org)
    if partner is None or partner.kind == HUB_KIND:
        return Resolution(org, None, Reason.DENY_RECIPIENT_UNKNOWN)
    if org == sending.sender_org and not _is_to_colleague(entry, sending):
        return Resolution(org, partner, Reason.DENY_ROUTE)
    if org in taken:
        return Resolution(org, partner, Reason.DENY_ROUTE)
    if sending.area_gated and partner.kind == LOCAL_TEAM and entry.exception is None:
        owner = owning_team(sending, situation)
        if isinstance(owner, Reason):
            return Resolution(org, partner, owner)
        if owner.org != org:
            return Resolution(org, partner, Reason.HOLD_AREA_MISMATCH)
    return Resolution(org, partner)


def _is_to_colleague(entry: Entry, sending: Sending) -> bool:
    """Return whether a message within one organisation goes from one professional to another."""
    mine, theirs = sending.sender_professional, entry.professional
    return mine is not None and theirs is not None and mine != theirs


def owning_team(
    sending: Sending, situation: Situation, *, partnership: str | None = None
) -> Partner | Reason:
    """Return the local team that owns the area of the message, or why it is not known."""
    if LOCAL_TEAM in situation.standing.unreadable_kinds:
        return Reason.HOLD_AMBIGUOUS_OWNER
    district = _district(sending, situation)
    if isinstance(district, Reason):
        return district
    return owner_of(district, situation, partnership=partnership)


def _district(sending: Sending, situation: Situation) -> str | Reason:
    """Return the district that counts: the subject's, or in anonymous mode the one that the event states."""
    if sending.anonymous:
        return sending.district or Reason.HOLD_AREA_UNKNOWN
    return district_of(sending.subject_ref, situation)


def _by_kind(kind: str, partnership: str | None, sending: Sending, situation: Situation) -> Partner | Reason:
    """Resolve `{kind}` or `{kind: local_team, partnership}` to one partner."""
    if kind == HUB_KIND:
        return Reason.DENY_RECIPIENT_UNKNOWN
    if kind == LOCAL_TEAM:
        return owning_team(sending, situation, partnership=partnership)
    if kind in situation.standing.unreadable_kinds:
        return Reason.HOLD_AMBIGUOUS_OWNER
    found = _within_district(candidates(kind, situation), sending, situation)
    if isinstance(found, Reason):
        return found
    found = _with_relation(found, sending, situation)
    return found if isinstance(found, Reason) else the_one(found)


def _within_district(
    partners: list[Partner], sending: Sending, situation: Situation
) -> list[Partner] | Reason:
    """Return the partners whose reach holds the district; asked as soon as one reaches by district."""
    if all(partner.reach != "districts" for partner in partners):
        return partners
    district = _district(sending, situation)
    if isinstance(district, Reason):
        return district
    return [partner for partner in partners if partner.reach != "districts" or district in partner.districts]


def _with_relation(partners: list[Partner], sending: Sending, situation: Situation) -> list[Partner] | Reason:
    """Return the partners that the subject is related to; asked as soon as one reaches by relation."""
    if all(partner.reach != "relation" for partner in partners):
        return partners
    subject = None if sending.anonymous else situation.subject(sending.subject_ref)
    if subject is None:
        return Reason.HOLD_IDENTITY_AMBIGUOUS
    related = subject.get("related_orgs")
    if related is not None and not is_text_list(related):
        return Reason.HOLD_NO_OWNER
    known = related or ()
    return [partner for partner in partners if partner.reach != "relation" or partner.org in known]
