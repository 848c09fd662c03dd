"""R15: combining the stances of the required givers. CONSENT.md section 8, K0 to K6."""

from __future__ import annotations

from tests.second_opinion import records, stance
from tests.second_opinion.givers import known_birth_date, subject_of
from tests.second_opinion.stop import Stop
from tests.second_opinion.tables import MINORS_REPRESENTATIVES, Json
from tests.second_opinion.values import age_on, amsterdam_date, read_instant

ENDED_OR_NOT_READY = {
    "expired": "deny_expired",
    "evidence": "hold_consent_evidence",
    "not_yet_valid": "hold_not_yet_valid",
}
RANK = {
    "hold_recipient_scope": 50,
    "deny_recipient_scope": 51,
    "deny_purpose": 52,
    "deny_sender_scope": 53,
    "deny_not_specific": 54,
}


def required(question: Json) -> list[str]:
    """R: the child when it must consent, and the representatives."""
    givers = question["givers"]
    return [*([question["subject_ref"]] if givers["child"] else []), *givers["representatives"]]


def k1_objection(stances: dict[str, str], question: Json) -> None:
    objecting = [person for person, said in stances.items() if said == "objection"]
    if not objecting:
        return
    child_objects = question["givers"]["child"] and question["subject_ref"] in objecting
    if child_objects and question["givers"]["age"] < 16:
        raise Stop("deny_child_refused")
    if "consent" in stances.values():
        raise Stop("hold_objection_conflict")
    raise Stop("deny_objection")


def k3_enough(stances: dict[str, str], question: Json) -> bool:
    """K3: the child when required, and all representatives, or one of them in a low payload."""
    givers = question["givers"]
    said = [stances[person] for person in givers["representatives"]]
    child_ready = not givers["child"] or stances[question["subject_ref"]] == "consent"
    return child_ready and (
        all(item == "consent" for item in said) or (not givers["full"] and "consent" in said)
    )


def k4_someone_said_something(stances: dict[str, str], question: Json) -> None:
    givers = question["givers"]
    parents = [stances[person] for person in givers["representatives"]]
    child = [stances[question["subject_ref"]]] if givers["child"] else []
    asked = child if not givers["full"] and "consent" in parents else child + parents
    for said, reason in ENDED_OR_NOT_READY.items():
        if said in asked:
            raise Stop(reason)
    if "none" in child:
        raise Stop("hold_child_consent_missing")
    if "consent" not in parents:
        raise Stop("hold_parent_consent_missing")
    raise Stop("hold_second_parent")


def k5a_giver_not_recorded(question: Json) -> None:
    for record in question["records"]:
        if (
            record["decision"] == "consent"
            and records.giver(record) is None
            and records.c6_in_scope(record, question)
            and not records.withdrawn(record, question["now"])
            and records.valid_now(record, question["now"])
        ):
            raise Stop("hold_consent_evidence")


def consents_of_others(question: Json) -> list[Json]:
    """In-scope consents, usable, valid, not withdrawn, of persons outside R."""
    others = {records.giver(record) for record in question["records"]} - {None, *required(question)}
    return [record for person in others if person for record in stance.consents_in_force(person, question)]


def k5b_parents_answered_for_the_child(question: Json) -> None:
    if required(question) != [question["subject_ref"]]:
        return
    consents = [x for x in consents_of_others(question) if x["given_by"]["role"] in MINORS_REPRESENTATIVES]
    age = question["givers"]["age"]
    if consents and 12 <= age <= 15:
        raise Stop("hold_child_consent_missing")
    if age >= 16 and any(recorded_before_sixteen(record, question) for record in consents):
        raise Stop("hold_age_lapsed")


def recorded_before_sixteen(record: Json, question: Json) -> bool:
    """The Amsterdam date of `recorded_at` lies before the 16th birthday."""
    recorded_at = read_instant(record["given_by"]["recorded_at"])
    birth = known_birth_date(subject_of(question), question["today"])
    return recorded_at is not None and age_on(amsterdam_date(recorded_at), birth) < 16


def k5c_not_entitled(question: Json) -> None:
    if consents_of_others(question):
        raise Stop("deny_not_entitled")


def names_a_local_team(record: Json, question: Json) -> bool:
    selector = record["recipient"]
    teams = [entry["org"] for entry in question["directory"] if entry["kind"] == "local_team"]
    return selector.get("kind") == "local_team" or selector.get("org") in teams


def near_miss(record: Json, question: Json) -> str | None:
    """K5d: what alone keeps this consent out of scope."""
    if not records.c5_specific(record):
        return "deny_not_specific"
    misses = [
        name
        for name, matches in (
            ("recipient", records.recipient_matches(record, question)),
            ("purpose", records.purpose_matches(record, question)),
            ("sender", records.sender_matches(record, question)),
            ("case", records.case_matches(record, question)),
        )
        if not matches
    ]
    if misses == ["recipient"]:
        to_team = question["recipient"]["kind"] == "local_team" and names_a_local_team(record, question)
        return "hold_recipient_scope" if to_team else "deny_recipient_scope"
    return (
        {"purpose": "deny_purpose", "sender": "deny_sender_scope"}.get(misses[0])
        if len(misses) == 1
        else None
    )


def k5d_near_miss(question: Json) -> None:
    """K5d: the near miss of the lowest rank."""
    found = [
        near_miss(record, question)
        for person in required(question)
        for record in stance.open_consents(person, question)
        if records.c2_scope_well_formed(record) and records.not_ended(record, question["now"])
    ]
    reasons = [reason for reason in found if reason]
    if reasons:
        raise Stop(min(reasons, key=lambda reason: RANK[reason]))


def k5_nobody_said_anything(question: Json) -> None:
    k5a_giver_not_recorded(question)
    k5b_parents_answered_for_the_child(question)
    k5c_not_entitled(question)
    k5d_near_miss(question)
    raise Stop("deny_no_consent")


def k6_reason(stances: dict[str, str], question: Json) -> str:
    givers = question["givers"]
    if question["good_helper"]:
        return "ok_good_helper"
    if givers["child_only"]:
        return "ok_child_only_law"
    if any(stances[person] != "consent" for person in givers["representatives"]):
        return "ok_consent_one_parent"
    return "ok_consent_representative" if givers["incapable"] else "ok_consent"


def r15_consent(question: Json) -> tuple[str, list[str]]:
    """R15: the reason of the permission and its duties, or a stop."""
    if question["unreadable"]:
        raise Stop("hold_consent_unreadable")
    stances = {person: stance.c8_stance(person, question) for person in required(question)}
    k1_objection(stances, question)
    if "withdrawn" in stances.values():
        raise Stop("deny_withdrawn")
    if not k3_enough(stances, question):
        if set(stances.values()) != {"none"}:
            k4_someone_said_something(stances, question)
        k5_nobody_said_anything(question)
    reason = k6_reason(stances, question)
    return reason, consent_duties(reason, question)


def consent_duties(reason: str, question: Json) -> list[str]:
    """K6, and the whole objection of a child that is not among the required givers."""
    duties = ["inform_other_parent"] if reason == "ok_consent_one_parent" else []
    if not question["givers"]["child"] and stance.whole_objections(question["subject_ref"], question):
        duties.append("discuss_child_objection")
    return duties
