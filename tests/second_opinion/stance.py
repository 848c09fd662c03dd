"""What one giver says: CONSENT.md section 7, C8 to C10."""

from __future__ import annotations

from typing import Any

from tests.second_opinion import records
from tests.second_opinion.tables import Json
from tests.second_opinion.values import read_from, read_instant, read_to

Records = list[Json]


def given_by(person: str, question: Json) -> Records:
    """The records of one giver about the subject."""
    return [record for record in question["records"] if records.giver(record) == person]


def in_scope(person: str, question: Json) -> Records:
    return [record for record in given_by(person, question) if records.c6_in_scope(record, question)]


def consents_in_force(person: str, question: Json) -> Records:
    """C8, A: usable, valid and not withdrawn."""
    now = question["now"]
    return [
        record
        for record in in_scope(person, question)
        if record["decision"] == "consent"
        and records.c4_usable(record)
        and records.valid_now(record, now)
        and not records.withdrawn(record, now)
    ]


def objections_in_force(person: str, question: Json) -> Records:
    """Objections in scope, valid and not revoked."""
    now = question["now"]
    return [
        record
        for record in in_scope(person, question)
        if record["decision"] == "objection"
        and records.valid_now(record, now)
        and not records.withdrawn(record, now)
    ]


def is_whole(objection: Json) -> bool:
    """C8, O: sections `all`, an empty list, or a list with `meta` or `contact`."""
    sections = objection["sections"]
    return sections in ("all", []) or "meta" in sections or "contact" in sections


def whole_objections(person: str, question: Json) -> Records:
    return [record for record in objections_in_force(person, question) if is_whole(record)]


def withdrawals(person: str, question: Json) -> Records:
    """C8, W: withdrawn consents, whatever their validity, evidence or specificity."""
    return [
        record
        for record in in_scope(person, question)
        if record["decision"] == "consent" and records.withdrawn(record, question["now"])
    ]


def reopens(consent: Json, withdrawal: Json) -> bool:
    """C8: more specific, or at least equal in all levels and recorded after the withdrawal."""
    recorded_at = read_instant(consent["given_by"]["recorded_at"])
    withdrawn_at = read_instant(withdrawal["withdrawn_at"])
    later = recorded_at is not None and withdrawn_at is not None and recorded_at > withdrawn_at
    return records.c7_more_specific(consent, withdrawal) or (
        later and records.at_least_equal(consent, withdrawal)
    )


def effective(person: str, question: Json) -> Records:
    """C8: the consents in force that no objection and no withdrawal of this giver blocks."""
    against = whole_objections(person, question)
    ended = withdrawals(person, question)
    return [
        consent
        for consent in consents_in_force(person, question)
        if all(records.c7_more_specific(consent, objection) for objection in against)
        and all(reopens(consent, withdrawal) for withdrawal in ended)
    ]


def open_consents(person: str, question: Json) -> Records:
    """Consents, usable or not, that are not withdrawn."""
    return [
        record
        for record in given_by(person, question)
        if record["decision"] == "consent" and not records.withdrawn(record, question["now"])
    ]


def starts_later(record: Json, now: Any) -> bool:
    start = read_from(record.get("valid_from"))
    return start is not None and start > now


def has_passed(record: Json, now: Any) -> bool:
    end = read_to(record.get("valid_to"))
    return end is not None and now > end


def lacks_evidence(record: Json, question: Json) -> bool:
    """C4 and C8: unusable, in scope or with a malformed scope, and not known to have ended."""
    counts = records.c6_in_scope(record, question) or not records.c2_scope_well_formed(record)
    return counts and not records.c4_usable(record) and not has_passed(record, question["now"])


def c8_stance(person: str, question: Json) -> str:
    """C8: the first row of the table that applies."""
    now = question["now"]
    consents = open_consents(person, question)
    scoped = [record for record in consents if records.c6_in_scope(record, question)]
    if effective(person, question):
        return "consent"
    if whole_objections(person, question):
        return "objection"
    if withdrawals(person, question):
        return "withdrawn"
    if any(starts_later(record, now) for record in scoped):
        return "not_yet_valid"
    if any(lacks_evidence(record, question) for record in consents):
        return "evidence"
    if any(has_passed(record, now) for record in scoped):
        return "expired"
    return "none"


def c10_names(person: str, section: str, question: Json) -> bool:
    """C10: one of the giver's effective consents lists the section."""
    return any(section in consent["sections"] for consent in effective(person, question))


def lifts(consent: Json, objection: Json, section: str) -> bool:
    return section in consent["sections"] and records.c7_more_specific(consent, objection)


def c9_objects_to(person: str, section: str, question: Json) -> bool:
    """C9: an objection to this section that no more specific effective consent naming it lifts."""
    return any(
        section in objection["sections"]
        and not is_whole(objection)
        and not any(lifts(consent, objection, section) for consent in effective(person, question))
        for objection in objections_in_force(person, question)
    )
