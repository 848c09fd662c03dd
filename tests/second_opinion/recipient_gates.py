"""The recipient gates in their order: CONSENT.md section 5."""

from __future__ import annotations

from typing import Any

from tests.second_opinion import exceptions, givers, records, routing, sections, stance, team
from tests.second_opinion.anonymous import r4_anonymous
from tests.second_opinion.combining import r15_consent, required
from tests.second_opinion.known import names_event_of, names_police_event
from tests.second_opinion.matrix import CATALOGUE, cell
from tests.second_opinion.stop import Stop
from tests.second_opinion.tables import LOW, MINIMAL, Json
from tests.second_opinion.values import is_integer


def answer(reason: str, allowed: list[str]) -> Json:
    """R3, R5, R6, R17: an empty allow set leaves nothing."""
    if not allowed:
        raise Stop("deny_nothing_left")
    return {"reason": reason, "allow": allowed, "duties": [], "consents": []}


def is_original_sender(question: Json) -> bool:
    return names_event_of(question["recipient"]["org"], question["event"], question["facts"])


def r2_emergency(question: Json) -> None:
    event, kinds = question["event"], question["policy"]["u0_recipient_kinds"]
    to_a_helper = question["class"] in ("content", "consultation")
    if event.get("urgency") == "u0" and to_a_helper and question["recipient"]["kind"] not in kinds:
        raise Stop("deny_emergency_line")


def r3_kind_may_receive(question: Json) -> None:
    kind, event_type, policy = question["recipient"]["kind"], question["event"]["type"], question["policy"]
    process_only = question["class"] == "ack" or event_type == "feedback.given"
    if (
        kind in policy["aggregate_only_kinds"]
        or (kind in policy["feedback_only_kinds"] and not process_only)
        or (event_type == "placement.considered" and kind not in ("local_team", "certified_institution"))
    ):
        raise Stop("deny_route")


def r5_acknowledgement(question: Json) -> Json:
    if not is_original_sender(question):
        raise Stop("deny_route")
    kind = question["recipient"]["kind"]
    allowed = [x for x in question["sections"] if x in MINIMAL and cell(kind, x) != "N"]
    return answer("ok_acknowledgement", allowed)


def r6_alert(question: Json) -> Json:
    parties = question["facts"].get("case_parties")
    case: Any = parties.get(question["case_ref"]) if isinstance(parties, dict) else None
    if not routing.are_strings(case) or question["recipient"]["org"] not in case:
        raise Stop("deny_route")
    kind = question["recipient"]["kind"]
    allowed = [x for x in question["sections"] if x in LOW and cell(kind, x) != "N"]
    if givers.effective_codes_cell(question) != "Y" or not sections.condition_holds("codes", question):
        allowed = [name for name in allowed if name != "codes"]
    secret = sections.protected(question) is not False
    if secret:
        allowed = [name for name in allowed if name not in sections.s8_hidden(question)]
    return {**answer("ok_alert", allowed), "duties": ["omit_household_ref"] if secret else []}


def ground(question: Json) -> str | None:
    given = question["entry"].get("exception")
    return given["ground"] if given else None


def r7_police_sends(question: Json) -> None:
    if question["sender"]["kind"] == "police" and ground(question) != "police_data_act":
        raise Stop("deny_police_basis_missing")


def r8_police_data(question: Json) -> None:
    """R8: what came from the police does not go on."""
    if question["sender"]["kind"] == "police" or ground(question) == "vital_interest":
        return
    origin = question["event"].get("data_origin", "own")
    if origin == "police" or names_police_event(question["event"], question["facts"]):
        raise Stop("deny_onward")
    if origin != "own":
        raise Stop("hold_origin_unknown")


def r11_purpose(question: Json) -> None:
    if not question["policy"]["require_registered_purpose"]:
        return
    for partner in (question["sender"], question["recipient"]):
        purposes = partner.get("purposes")
        registered = routing.are_strings(purposes) and question["purpose"] in purposes
        if partner["kind"] != "hub" and not registered:
            raise Stop("deny_purpose_unregistered")


def r12_identity(question: Json) -> None:
    subject = givers.subject_of(question)
    if subject is None or subject.get("identity") != "established":
        raise Stop("hold_identity_ambiguous")


def r14_consent_state(question: Json) -> None:
    known, seen = question["facts"].get("consent_version"), question["event"].get("consent_version", 0)
    if not is_integer(known) or known < seen:
        raise Stop("hold_consent_state_stale")


def r11_to_r16(question: Json) -> Json:
    """The gates of consent; a stop here can be rescued (R17) or renamed (R10)."""
    r11_purpose(question)
    r12_identity(question)
    question["givers"] = givers.r13_required_givers(question)
    r14_consent_state(question)
    reason, duties = r15_consent(question)
    allowed, more_duties = sections.r16_sections(question)
    consents = {
        record["consent_id"] for person in required(question) for record in stance.effective(person, question)
    }
    by_law = exceptions.duties_of_ground("good_helper", question["entry"].get("exception", {}))
    return {
        "reason": reason,
        "allow": allowed,
        "duties": duties + more_duties + by_law,
        "consents": sorted(consents),
    }


def r17_minimal_feedback(question: Json) -> Json | None:
    if question["class"] != "feedback" or not is_original_sender(question):
        return None
    kind, needed = question["recipient"]["kind"], question["entry"].get("needed_sections")
    about = question["event"].get("section_about", {}).get("contact")
    with_contact = (needed is None or "contact" in needed) and not about
    names = MINIMAL if with_contact else ["meta"]
    return answer(
        "ok_minimal_feedback", [x for x in question["sections"] if x in names and cell(kind, x) != "N"]
    )


def by_consent(question: Json) -> Json:
    """R10 to R17."""
    question["same_team"] = ground(question) is None and team.is_same_team(question)
    colleague = team.r10_same_team(question)
    if colleague is not None:
        return colleague
    was_team, question["same_team"] = question["same_team"], False
    try:
        return r11_to_r16(question)
    except Stop:
        rescued = r17_minimal_feedback(question)
        if rescued is not None:
            return rescued
        if was_team:
            raise Stop("hold_justification_missing") from None
        raise


def gates_after_r1(question: Json) -> Json:
    """R2 to R17 for one resolved recipient."""
    r2_emergency(question)
    if question["class"] == "aggregate":
        return answer("ok_aggregate", [name for name in question["sections"] if name == "meta"])
    r3_kind_may_receive(question)
    if question["event"].get("mode") == "anonymous":
        return r4_anonymous(question)
    if question["class"] == "ack":
        return r5_acknowledgement(question)
    if question["class"] == "alert":
        return r6_alert(question)
    r7_police_sends(question)
    r8_police_data(question)
    by_law = exceptions.r9_exception(question)
    return by_law if by_law is not None else by_consent(question)


def question_for(entry: Json, recipient: Json, world: Json) -> Json:
    """Everything the gates ask about one recipient."""
    event, facts = world["event"], world["facts"]
    subject_ref = event.get("subject_ref")
    about, unreadable = records.c1_records_of(subject_ref, facts.get("consents", []))
    return {
        **world,
        "entry": entry,
        "recipient": recipient,
        "class": CATALOGUE[event["type"]]["class"],
        "sections": event["sections"],
        "subject_ref": subject_ref,
        "purpose": event.get("purpose"),
        "case_ref": event.get("case_ref"),
        "good_helper": entry.get("exception", {}).get("ground") == "good_helper",
        "same_team": False,
        "records": about,
        "unreadable": unreadable,
    }
