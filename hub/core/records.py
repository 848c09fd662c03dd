"""Consent records: which count, which cannot be read, what they cover. CONSENT.md section 7, C1 to C7."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from hub.core.codes import (
    CONSENT_METHODS,
    IGNORED_FUNCTIONS,
    PARTNER_KINDS,
    PURPOSES,
    ROLES,
    SECTION_SET,
    is_code,
    is_code_list,
    is_integer,
    is_text,
)
from hub.core.model import Json
from hub.core.times import Moment, has_begun, has_passed, parse_instant, parse_moment

DISCLOSURE = "disclosure"
"""The only function that counts: consent to help and to processing are other things (CONSENT.md section 1)."""

_FUNCTIONS = IGNORED_FUNCTIONS | {DISCLOSURE}
_SENDER_ORGANISATION_LEVEL = 2
"""A sender has no partnership level between kind and organisation (C7)."""

_SCOPE_PURPOSES = PURPOSES | {"any"}
_WHOLE = frozenset({"meta", "contact"})
"""Without these two sections nothing can be said at all: an objection to one of them is a whole objection."""


class Selector(NamedTuple):
    """Whom a record means: an organisation, a kind, a kind within a partnership; all None is anybody.

    `level` is that of a recipient: 3 for an organisation, 2 for a kind with partnership, 1 for a kind, 0 for
    anybody (C7).
    """

    org: str | None
    kind: str | None
    partnership: str | None
    level: int

    def means(self, org: str, kind: str, partnership: str | None) -> bool:
        """Return whether an organisation is meant."""
        if self.org is not None:
            return self.org == org
        if self.kind is None:
            return True
        return self.kind == kind and (self.partnership is None or self.partnership == partnership)


class Scope(NamedTuple):
    """What a record covers (C2). `sections` None is "all". `levels`: of recipient, sender and case (C7).

    A record is `specific` when it names purpose, sender, recipient and sections (C5; AVG 4(11)).
    """

    purpose: str
    sender: Selector
    recipient: Selector
    sections: frozenset[str] | None
    case_ref: str | None
    levels: tuple[int, int, int]
    specific: bool

    def more_specific(self, other: Scope) -> bool:
        """Return whether this goes before the other: a nearer recipient, sender and case no less near (C7)."""
        return self.levels[0] > other.levels[0] and self.at_least(other)

    def at_least(self, other: Scope) -> bool:
        """Return whether no level is lower than the other's."""
        mine, theirs = self.levels, other.levels
        return mine[0] >= theirs[0] and mine[1] >= theirs[1] and mine[2] >= theirs[2]


class Record(NamedTuple):
    """One readable record; None stands for what is missing or malformed.

    `end` None is open for an objection and not readable for a consent. `documented` tells that function,
    method, recorder and evidence are there.
    """

    consent_id: str
    objection: bool
    person: str | None
    role: str | None
    scope: Scope | None
    start: Moment | None
    end: Moment | None
    withdrawn_at: datetime | None
    recorded_at: datetime | None
    documented: bool

    @property
    def usable(self) -> bool:
        """Return whether a consent has no fault: who, what, when, how and on what evidence are known (C4)."""
        return (
            self.documented
            and self.person is not None
            and self.role is not None
            and self.scope is not None
            and self.start is not None
            and self.end is not None
            and self.recorded_at is not None
            and not self.objection
        )

    def withdrawn(self, now: datetime) -> bool:
        """Return whether the consent is withdrawn, or the objection revoked, at `now` (T6; AVG 7(3))."""
        return self.withdrawn_at is not None and now >= self.withdrawn_at

    def begun(self, now: datetime, today: date) -> bool:
        """Return whether the start is readable and has come."""
        return self.start is not None and has_begun(self.start, now, today)

    def ended(self, now: datetime, today: date) -> bool:
        """Return whether the end is readable and lies behind."""
        return self.end is not None and has_passed(self.end, now, today)

    def valid(self, now: datetime, today: date) -> bool:
        """Return whether `now` lies between start and end; only an objection may have no end."""
        return (
            self.begun(now, today) and not self.ended(now, today) and (self.objection or self.end is not None)
        )

    @property
    def whole(self) -> bool:
        """Return whether an objection is to everything: all sections, none named, or `meta` or `contact` (C8)."""
        sections = self.scope.sections if self.scope is not None else None
        return not sections or not sections.isdisjoint(_WHOLE)


@dataclass(slots=True)
class RecordBook:
    """The records of all subjects. `unreadable` subjects are held; with `broken` every subject is (C1, C3)."""

    by_subject: Mapping[str, tuple[Record, ...]]
    unreadable: frozenset[str] = frozenset()
    broken: bool = False

    def readable_for(self, subject_ref: str) -> bool:
        """Return whether no record of this subject could be a restriction that cannot be read."""
        return not self.broken and subject_ref not in self.unreadable


_EMPTY_BOOK = RecordBook({})
_BROKEN_BOOK = RecordBook({}, broken=True)


def read_book(consents: Json) -> RecordBook:
    """Return the records that count (C1), the newest version of each, those on help and processing left out."""
    if not isinstance(consents, list):
        return _BROKEN_BOOK
    if not consents:
        return _EMPTY_BOOK
    if not all(map(is_identified, consents)):
        return _BROKEN_BOOK
    newest: dict[str, list[Mapping[str, Any]]] = {}
    for raw in consents:
        best = newest.get(raw["consent_id"])
        if best is None or raw["version"] > best[0]["version"]:
            newest[raw["consent_id"]] = [raw]
        elif raw["version"] == best[0]["version"]:
            best.append(raw)
    return _read_newest(newest)


def _read_newest(newest: Mapping[str, list[Mapping[str, Any]]]) -> RecordBook:
    """Return the book of the newest versions; a version that occurs twice is unreadable for its subjects."""
    by_subject: dict[str, list[Record]] = {}
    unreadable: set[str] = set()
    for versions in newest.values():
        raw = versions[0]
        if len(versions) > 1:
            unreadable.update(other["subject_ref"] for other in versions)
        elif not is_code(raw.get("function"), IGNORED_FUNCTIONS):
            record = read_record(raw)
            if record is None:
                unreadable.add(raw["subject_ref"])
            else:
                by_subject.setdefault(raw["subject_ref"], []).append(record)
    return RecordBook({ref: tuple(found) for ref, found in by_subject.items()}, frozenset(unreadable))


def is_identified(raw: Json) -> bool:
    """Return whether a record is an object with a subject, an id and a version of at least 1 (C1)."""
    return (
        isinstance(raw, dict)
        and is_text(raw.get("subject_ref"))
        and is_text(raw.get("consent_id"))
        and is_integer(raw.get("version"))
        and raw["version"] >= 1
    )


def read_record(raw: Mapping[str, Any]) -> Record | None:
    """Return an identified record, or None when it could be a restriction and cannot be read (C3)."""
    decision = raw.get("decision")
    objection = decision == "objection"
    withdrawal = raw.get("withdrawn_at")
    withdrawn_at = parse_instant(withdrawal)
    if not (objection or decision == "consent") or (withdrawal is not None and withdrawn_at is None):
        return None
    giver = raw.get("given_by")
    giver = giver if isinstance(giver, dict) else {}
    person = giver.get("person")
    record = Record(
        consent_id=raw["consent_id"],
        objection=objection,
        person=person if is_text(person) else None,
        role=giver["role"] if is_code(giver.get("role"), ROLES) else None,
        scope=_read_scope(raw),
        start=parse_moment(raw.get("valid_from")),
        end=parse_moment(raw.get("valid_to")),
        withdrawn_at=withdrawn_at,
        recorded_at=parse_instant(giver.get("recorded_at")),
        documented=_is_documented(raw, giver),
    )
    return None if _hides_a_restriction(raw, record) else record


def _hides_a_restriction(raw: Mapping[str, Any], record: Record) -> bool:
    """Return whether an objection or a withdrawal is too malformed to know whom and what it stops (C3)."""
    if not record.objection and record.withdrawn_at is None:
        return False
    if record.scope is None or record.person is None or not is_code(raw.get("function"), _FUNCTIONS):
        return True
    open_ended = raw.get("valid_to") is None
    return record.objection and (record.start is None or (record.end is None and not open_ended))


def _is_documented(raw: Mapping[str, Any], giver: Mapping[str, Any]) -> bool:
    """Return whether it is recorded how, by whom and on what evidence a disclosure was agreed to (C4)."""
    return (
        raw.get("function") == DISCLOSURE
        and is_code(giver.get("method"), CONSENT_METHODS)
        and is_text(giver.get("recorded_by"))
        and is_text(raw.get("evidence_ref"))
    )


def _read_scope(raw: Mapping[str, Any]) -> Scope | None:
    """Return what a record covers, or None when a part is missing, malformed or unknown (C2)."""
    purpose, sections, case_ref = raw.get("purpose"), raw.get("sections"), raw.get("case_ref")
    sender = _read_selector(raw.get("sender"))
    recipient = _read_selector(raw.get("recipient"))
    if sender is None or sender.partnership is not None or recipient is None:
        return None
    if not is_code(purpose, _SCOPE_PURPOSES) or not (case_ref is None or is_text(case_ref)):
        return None
    if not (sections == "all" or is_code_list(sections, SECTION_SET)):
        return None
    named = None if sections == "all" else frozenset(sections)
    levels = (recipient.level, min(sender.level, _SENDER_ORGANISATION_LEVEL), 0 if case_ref is None else 1)
    specific = named is not None and purpose != "any" and sender.level > 0 and recipient.level > 0
    return Scope(purpose, sender, recipient, named, case_ref, levels, specific)


def _read_selector(value: Json) -> Selector | None:
    """Return `{org}`, `{kind}`, `{kind: local_team, partnership}` or `{any: true}` as a selector, or None."""
    if not isinstance(value, dict):
        return None
    keys = value.keys()
    if keys == {"org"} and is_text(value["org"]):
        return Selector(value["org"], None, None, 3)
    if keys == {"kind"} and is_code(value["kind"], PARTNER_KINDS):
        return Selector(None, value["kind"], None, 1)
    if keys == {"kind", "partnership"} and value["kind"] == "local_team" and is_text(value["partnership"]):
        return Selector(None, "local_team", value["partnership"], 2)
    return Selector(None, None, None, 0) if keys == {"any"} and value["any"] is True else None
