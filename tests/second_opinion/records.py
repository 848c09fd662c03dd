"""Consents and objections on record: CONSENT.md section 7, C1 to C7."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.second_opinion.configuration import is_kind
from tests.second_opinion.tables import FUNCTIONS, METHODS, PURPOSES, ROLES, SECTIONS, Json
from tests.second_opinion.values import is_integer, is_one_of, is_text, read_from, read_instant, read_to


def has_its_keys(record: Any) -> bool:
    """C1: an object with `subject_ref`, `consent_id` and `version`."""
    return (
        isinstance(record, dict)
        and is_text(record.get("subject_ref"))
        and is_text(record.get("consent_id"))
        and is_integer(record.get("version"), 1)
    )


def c1_records_of(subject_ref: str, consents: Any) -> tuple[list[Json], bool]:
    """C1: the records that count for this subject, and whether one of them is unreadable."""
    if not isinstance(consents, list):
        return [], True
    unreadable = not all(has_its_keys(record) for record in consents)
    keyed = [record for record in consents if has_its_keys(record)]
    counting = []
    for record in keyed:
        same = [other["version"] for other in keyed if other["consent_id"] == record["consent_id"]]
        if record["subject_ref"] != subject_ref or record["version"] != max(same):
            continue
        if same.count(record["version"]) > 1:
            unreadable = True
        elif not is_one_of(record.get("function"), ("help", "data_processing")):
            counting.append(record)
    return counting, unreadable or any(c3_unreadable(record) for record in counting)


def is_selector(value: Any, *, team: bool) -> bool:
    """`{org}`, `{kind}`, `{any: true}`; for a recipient also `{kind: local_team, partnership}`."""
    if not isinstance(value, dict):
        return False
    match sorted(value):
        case ["org"]:
            return is_text(value["org"])
        case ["kind"]:
            return is_kind(value["kind"])
        case ["any"]:
            return value["any"] is True
        case ["kind", "partnership"]:
            return team and value["kind"] == "local_team" and is_text(value["partnership"])
        case _:
            return False


def c2_scope_well_formed(record: Json) -> bool:
    """C2: purpose, sender, recipient, sections and case have their forms and the codes are known."""
    sections = record.get("sections")
    return (
        is_one_of(record.get("purpose"), [*PURPOSES, "any"])
        and is_selector(record.get("sender"), team=False)
        and is_selector(record.get("recipient"), team=True)
        and (
            sections == "all"
            or (isinstance(sections, list) and all(is_one_of(x, SECTIONS) for x in sections))
        )
        and (record.get("case_ref") is None or is_text(record["case_ref"]))
    )


def giver(record: Json) -> str | None:
    """The one person who gave this consent or objection."""
    given_by = record.get("given_by")
    person = given_by.get("person") if isinstance(given_by, dict) else None
    return person if is_text(person) else None


def c3_unreadable(record: Json) -> bool:
    """C3: could be a restriction and cannot be read."""
    withdrawn_at = record.get("withdrawn_at")
    if not is_one_of(record.get("decision"), ("consent", "objection")):
        return True
    if withdrawn_at is not None and read_instant(withdrawn_at) is None:
        return True
    who_and_what = (
        is_one_of(record.get("function"), FUNCTIONS)
        and c2_scope_well_formed(record)
        and giver(record) is not None
    )
    if record["decision"] == "consent":
        return withdrawn_at is not None and not who_and_what
    open_end = record.get("valid_to") is None
    return not (
        who_and_what
        and read_from(record.get("valid_from")) is not None
        and (open_end or read_to(record["valid_to"]) is not None)
    )


def c4_usable(record: Json) -> bool:
    """C4: a consent without any malformed or missing field, with complete evidence."""
    if giver(record) is None or not c2_scope_well_formed(record) or record.get("function") != "disclosure":
        return False
    given_by = record["given_by"]
    return (
        is_one_of(given_by.get("role"), ROLES)
        and is_one_of(given_by.get("method"), METHODS)
        and is_text(given_by.get("recorded_by"))
        and read_instant(given_by.get("recorded_at")) is not None
        and is_text(record.get("evidence_ref"))
        and read_from(record.get("valid_from")) is not None
        and read_to(record.get("valid_to")) is not None
    )


def c5_specific(record: Json) -> bool:
    """C5: no `any`, no `all`."""
    return (
        record["purpose"] != "any"
        and "any" not in record["sender"]
        and "any" not in record["recipient"]
        and record["sections"] != "all"
    )


def withdrawn(record: Json, now: datetime) -> bool:
    """T6: withdrawn when `now` is at or after the instant."""
    instant = read_instant(record.get("withdrawn_at"))
    return instant is not None and now >= instant


def purpose_matches(record: Json, question: Json) -> bool:
    return record["purpose"] in ("any", question["purpose"])


def sender_matches(record: Json, question: Json) -> bool:
    selector = record["sender"]
    return "any" in selector or selector in (
        {"org": question["sender"]["org"]},
        {"kind": question["sender"]["kind"]},
    )


def recipient_matches(record: Json, question: Json) -> bool:
    selector, recipient = record["recipient"], question["recipient"]
    return "any" in selector or selector in (
        {"org": recipient["org"]},
        {"kind": recipient["kind"]},
        {"kind": recipient["kind"], "partnership": recipient.get("partnership")},
    )


def case_matches(record: Json, question: Json) -> bool:
    return record.get("case_ref") is None or record["case_ref"] == question["case_ref"]


def c6_in_scope(record: Json, question: Json) -> bool:
    """C6: purpose, sender, recipient and case match; a consent that is not withdrawn must also be specific."""
    if not c2_scope_well_formed(record):
        return False
    must_be_specific = record["decision"] == "consent" and not withdrawn(record, question["now"])
    return (
        purpose_matches(record, question)
        and sender_matches(record, question)
        and recipient_matches(record, question)
        and case_matches(record, question)
        and (c5_specific(record) or not must_be_specific)
    )


def c7_levels(record: Json) -> tuple[int, int, int]:
    """C7: the levels of recipient, sender and case."""
    recipient, sender = record["recipient"], record["sender"]
    recipient_level = (
        3 if "org" in recipient else 2 if "partnership" in recipient else 1 if "kind" in recipient else 0
    )
    sender_level = 2 if "org" in sender else 1 if "kind" in sender else 0
    return recipient_level, sender_level, 0 if record.get("case_ref") is None else 1


def c7_more_specific(one: Json, other: Json) -> bool:
    """C7: the recipient level is higher and neither the sender level nor the case level is lower."""
    mine, theirs = c7_levels(one), c7_levels(other)
    return mine[0] > theirs[0] and mine[1] >= theirs[1] and mine[2] >= theirs[2]


def at_least_equal(one: Json, other: Json) -> bool:
    """C8: at least equal in all three levels."""
    return all(mine >= theirs for mine, theirs in zip(c7_levels(one), c7_levels(other), strict=True))


def valid_now(record: Json, now: datetime) -> bool:
    """T2: `valid_from` ≤ now ≤ `valid_to`; for an objection an absent `valid_to` is open; ill-formed is not."""
    start, end = read_from(record.get("valid_from")), read_to(record.get("valid_to"))
    open_end = record["decision"] == "objection" and record.get("valid_to") is None
    return start is not None and start <= now and (open_end or (end is not None and now <= end))


def not_ended(record: Json, now: datetime) -> bool:
    """`valid_to` readable and not passed."""
    end = read_to(record.get("valid_to"))
    return end is not None and now <= end
