"""Which sections go with consent, and in a same help team: CONSENT.md section 9, S1 to S9 and the tests after them."""

from __future__ import annotations

from collections.abc import Callable

from hub.core.codes import LOW_SECTIONS, SCAN_JUDGED, TEXT_SECTIONS
from hub.core.combine import Consent, combine
from hub.core.givers import required_givers
from hub.core.model import Duty
from hub.core.question import Answer, Question
from hub.core.reasons import Reason
from hub.core.shielding import (
    DLP_ALERT,
    OMIT_HOUSEHOLD_REF,
    address_is_secret,
    address_sections,
    nothing_left,
)


def cut_with_consent(question: Question, consent: Consent) -> Answer:
    """Return the sections that go with the givers' consent (R16).

    On ground good_helper low and needed sections count (S7), otherwise only the needed ones (S6).
    """
    widened = LOW_SECTIONS if consent.reason is Reason.OK_GOOD_HELPER else _META
    kept_back = consent.kept_back
    would_go = {
        section
        for section in question.event.sections
        if section not in kept_back
        and _opens(question, section, consent.names)
        and _is_needed(question, section, widened)
        and _others_agree(question, section)
    }
    cut = _shield(question, would_go)
    if isinstance(cut, Reason):
        return Answer(cut)
    allowed, duties = cut
    return Answer(consent.reason, allowed, (*consent.duties, *duties), consent.consent_ids)


def cut_in_same_team(question: Question) -> Answer:
    """Return the sections that go to a colleague in the same help, where every cell C counts as named (R10)."""
    would_go = {
        section
        for section in question.event.sections
        if _opens(question, section, _counts_as_named)
        and _is_needed(question, section, _META)
        and _others_agree(question, section)
    }
    cut = _shield(question, would_go)
    if isinstance(cut, Reason):
        return Answer(cut)
    allowed, duties = cut
    return Answer(Reason.OK_SAME_TEAM, allowed, duties)


_META = frozenset({"meta"})


def _counts_as_named(_section: str) -> bool:
    """Return that a section counts as named."""
    return True


def _opens(question: Question, section: str, named: Callable[[str], bool]) -> bool:
    """Return whether the cell opens, its condition holds and it is named where it must be (S1).

    `codes` opens only when every section that its domains inherit opens as well (S3).
    """
    if not _cell_opens(question, section, named):
        return False
    return section != "codes" or all(_cell_opens(question, other, named) for other in question.inherited)


def _cell_opens(question: Question, section: str, named: Callable[[str], bool]) -> bool:
    """Return whether one cell opens on consent."""
    cell = question.row[section]
    if not cell.on_consent or (cell.must_be_named and not named(section)):
        return False
    return question.condition_holds(cell)


def _is_needed(question: Question, section: str, widened: frozenset[str]) -> bool:
    """Return whether the sender declared the section necessary, or did not say what is (S6, S7)."""
    needed = question.entry.needed_sections
    return needed is None or section in needed or section in widened


def _others_agree(question: Question, section: str) -> bool:
    """Return whether every other person in the section consents for it (S4, S5; Jeugdwet 7.3.11(1))."""
    persons = question.event.section_about.get(section)
    if not persons:
        return section != "household"
    return all(
        person == question.event.subject_ref or _person_agrees(question, person, section)
        for person in persons
    )


def _person_agrees(question: Question, person: str, section: str) -> bool:
    """Return whether this person's own givers consent to this one section."""
    subject = question.situation.subject(person)
    if subject is None:
        return False
    givers = required_givers(question, person, subject, (section,), good_helper=False)
    if isinstance(givers, Reason):
        return False
    consent = combine(question, givers, good_helper=False)
    if isinstance(consent, Reason):
        return False
    return _opens(question, section, consent.names) and section not in consent.kept_back


def _shield(question: Question, would_go: set[str]) -> tuple[frozenset[str], tuple[Duty, ...]] | Reason:
    """Apply S8, S9 and the tests after them: what may go and with which duties, or why nothing does."""
    secret = address_is_secret(question)
    if secret:
        would_go = would_go - address_sections(question)
    scans = question.event.scans
    found = {section for section in TEXT_SECTIONS if scans.get(section) == "identifier_found"}
    allowed = frozenset(would_go - found)
    if secret is None and _address_might_show(question):
        return Reason.HOLD_PROTECTION_UNKNOWN
    if _scan_is_missing(question):
        return Reason.HOLD_SCAN_MISSING
    if nothing_left(question, allowed):
        return Reason.DENY_NOTHING_LEFT
    duties = [DLP_ALERT] if would_go & found else []
    if secret is not False:
        duties.append(OMIT_HOUSEHOLD_REF)
    return allowed, tuple(duties)


def _address_might_show(question: Question) -> bool:
    """Return whether a section is present that could show the address, whatever the consents name."""
    showing = address_sections(question) - {"protected_address"}
    return any(section in showing and question.row[section].on_consent for section in question.event.sections)


def _scan_is_missing(question: Question) -> bool:
    """Return whether a text section is present whose scan status says nothing."""
    event = question.event
    return any(
        section in event.sections
        and question.row[section].on_consent
        and event.scans.get(section) not in SCAN_JUDGED
        for section in TEXT_SECTIONS
    )
