"""Every combination of up to four rule outcomes: a lawful case with one to four things wrong, each in its own way.

Every thing that can be wrong names the reason that the documents give when nothing else is wrong, for the event or
for its one recipient. What they say together is the precedence of CODES.md section 4 and the order of the gates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations, islice
from math import comb

from tests.second_opinion.enumerated import FULL_PAYLOAD, a_consent
from tests.second_opinion.swept import consented
from tests.second_opinion.tables import Json

AT_MOST = 4
"""Outcomes together in one case."""


@dataclass(frozen=True)
class Wrong:
    """One thing wrong: what is done to the lawful case, and the reason it has by itself."""

    name: str
    reason: str
    change: Callable[[Json], object]


def lawful() -> Json:
    """A child of 14 and both parents consent to a message of a school to a gp, everything filled in."""
    case = consented("gp", [*FULL_PAYLOAD, "household"], "14", "school", domains=["08"])
    case["event"]["recipients"][0]["needed_sections"] = [*FULL_PAYLOAD, "household"]
    return case


def of(case: Json, person: str) -> Json:
    """The record of one giver."""
    record: Json = next(r for r in case["facts"]["consents"] if r["consent_id"] == f"of_{person}")
    return record


def child(case: Json) -> Json:
    """The subject."""
    subject: Json = case["facts"]["subjects"]["child_1"]
    return subject


def entry(case: Json) -> Json:
    """The entry of the one recipient."""
    recipient: Json = case["event"]["recipients"][0]
    return recipient


def partner(case: Json, position: int) -> Json:
    """A row of the directory: the sender's is the first, the recipient's the second."""
    row: Json = case["facts"]["directory"][position]
    return row


def records(**changes: object) -> Callable[[Json], object]:
    """A change of the records of everyone."""

    def change(case: Json) -> None:
        for record in case["facts"]["consents"]:
            if isinstance(record, dict):
                record.update(changes)

    return change


def record(person: str, **changes: object) -> Callable[[Json], object]:
    """A change of the record of one giver."""
    return lambda case: of(case, person).update(changes)


def event(**changes: object) -> Callable[[Json], object]:
    """A change of the event."""
    return lambda case: case["event"].update(changes)


def facts(**changes: object) -> Callable[[Json], object]:
    """A change of the facts."""
    return lambda case: case["facts"].update(changes)


def subject(**changes: object) -> Callable[[Json], object]:
    """A change of the subject."""
    return lambda case: child(case).update(changes)


def exception(**changes: object) -> Callable[[Json], object]:
    """A legal ground asked for."""
    return lambda case: entry(case).update(exception=dict(changes))


def from_the_police(case: Json) -> None:
    """The sender is the police; the consents name it, so that nothing else is wrong."""
    case["event"]["sender"]["kind"] = partner(case, 0)["kind"] = "police"
    records(sender={"kind": "police"})(case)


def against(case: Json) -> None:
    """An objection of a parent to everything, at the level of the kind."""
    case["facts"]["consents"].append(
        a_consent("parent_2", consent_id="against", decision="objection", purpose="any", sections=[])
    )


def custody(**changes: object) -> Callable[[Json], object]:
    """A change of the first entry of custody."""
    return lambda case: child(case)["custody"][:1] and child(case)["custody"][0].update(changes)


def without_parents(case: Json) -> None:
    """Neither parent has said anything."""
    for person in ("parent_1", "parent_2"):
        record(person, function="help")(case)


WRONGS = (
    Wrong("E1 number", "deny_bsn_in_metadata", event(case_ref="case 999900006")),
    Wrong("E2 deliveries", "hold_evaluation_error", facts(deliveries="none")),
    Wrong("E3 setting", "hold_policy_invalid", lambda case: case["policy"].update(k_aggregate=1)),
    Wrong("E4 urgency", "deny_schema", event(urgency="u9")),
    Wrong("E5 sender", "deny_sender", facts(authenticated_org="other_org")),
    Wrong("E6 type", "deny_type_not_allowed", event(type="help.team_changed", purpose="coordination")),
    Wrong("E8 expired", "deny_hold_expired", facts(held_since="2026-10-01T12:00:00+02:00")),
    Wrong("R1 unknown", "deny_recipient_unknown", lambda case: entry(case)["to"].update(org="no_org")),
    Wrong("R2 u0", "deny_emergency_line", event(urgency="u0")),
    Wrong("R3 kind", "deny_route", lambda case: case["policy"].update(aggregate_only_kinds=["gp"])),
    Wrong("R7 police", "deny_police_basis_missing", from_the_police),
    Wrong("R8 onward", "deny_onward", event(data_origin="police")),
    Wrong("R8 origin", "hold_origin_unknown", event(data_origin="unknown")),
    Wrong("R9 ground", "deny_route", exception(ground="no_ground")),
    Wrong("R9 feature", "deny_feature_off", exception(ground="wams")),
    Wrong("R11 purpose", "deny_purpose_unregistered", lambda case: partner(case, 1).update(purposes=[])),
    Wrong("R12 identity", "hold_identity_ambiguous", subject(identity="possible")),
    Wrong("R13 birth", "hold_age_unknown", subject(birth_date="2027-01-01")),
    Wrong("R13 capacity", "hold_capacity_unclear", subject(capacity="unclear")),
    Wrong("R13 custody", "hold_custody_unknown", custody(role="parent_custody_unspecified")),
    Wrong("R13 stale", "hold_custody_stale", custody(checked_on="2026-01-01")),
    Wrong("R14 version", "hold_consent_state_stale", event(consent_version=2)),
    Wrong("C3 unreadable", "hold_consent_unreadable", lambda case: case["facts"]["consents"].append("?")),
    Wrong("K1 child", "deny_child_refused", record("child_1", decision="objection", sections=[])),
    Wrong("K1 conflict", "hold_objection_conflict", against),
    Wrong("K2 withdrawn", "deny_withdrawn", record("parent_1", withdrawn_at="2026-11-01T10:00:00+01:00")),
    Wrong("K expired", "deny_expired", record("parent_1", valid_to="2026-11-20")),
    Wrong("K evidence", "hold_consent_evidence", record("parent_1", evidence_ref="")),
    Wrong("K later", "hold_not_yet_valid", record("parent_1", valid_from="2026-11-22")),
    Wrong("K child silent", "hold_child_consent_missing", record("child_1", function="help")),
    Wrong("K parents", "hold_parent_consent_missing", without_parents),
    Wrong("K second", "hold_second_parent", record("parent_2", function="help")),
    Wrong("K recipient", "deny_recipient_scope", records(recipient={"kind": "youth_care"})),
    Wrong("K purpose", "deny_purpose", records(purpose="coordination")),
    Wrong("K sender", "deny_sender_scope", records(sender={"org": "other_org"})),
    Wrong("K specific", "deny_not_specific", records(recipient={"any": True})),
    Wrong("S8 unknown", "hold_protection_unknown", subject(protected_address=None)),
    Wrong("S scan", "hold_scan_missing", event(scans={"narrative": "not_run"})),
    Wrong("S needs", "deny_nothing_left", lambda case: entry(case).update(needed_sections=["finance"])),
    Wrong("S8 secret", "ok_consent", subject(protected_address=True)),
    Wrong("S9 number in text", "ok_consent", event(scans={"narrative": "identifier_found"})),
    Wrong("S5 others", "ok_consent", event(section_about={"narrative": ["child_2"]})),
)


def combined(wrongs: tuple[Wrong, ...]) -> Json:
    """The lawful case with these things wrong, in this order."""
    case = lawful()
    for wrong in wrongs:
        wrong.change(case)
    return case


def number_of_combinations() -> int:
    """How many cases there are in all."""
    return sum(comb(len(WRONGS), size) for size in range(AT_MOST + 1))


def rule_outcomes(start: int = 0, step: int = 1) -> Iterator[Json]:
    """Every combination of up to four things wrong, none of them among it; every step-th from start."""
    every = chain.from_iterable(combinations(WRONGS, size) for size in range(AT_MOST + 1))
    for wrongs in islice(every, start, None, step):
        yield combined(wrongs)
