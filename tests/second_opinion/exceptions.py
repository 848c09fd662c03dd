"""R9: the exception routes. CONSENT.md section 10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.second_opinion import sections as rules
from tests.second_opinion.givers import domains_inherit, subject_of
from tests.second_opinion.known import names_event_of
from tests.second_opinion.matrix import cell
from tests.second_opinion.stop import Stop
from tests.second_opinion.tables import (
    CAPACITIES,
    CRIMINAL_BASES,
    GOOD_HELPER_REASONS,
    KINDS,
    MEASURES,
    NECESSITIES,
    PRO,
    SECTIONS,
    SIGNAL_PARTNERS,
    SUPPLIER,
    WHY_NO_CONSENT,
    WPG_ARTICLES,
    Json,
)
from tests.second_opinion.values import active_on, age_on, is_given, is_integer, is_one_of, is_text, read_date

ALL_BUT_HUB = [kind for kind in KINDS if kind != "hub"]
MAY_SEE_PROTECTED_ADDRESS = ["veilig_thuis", "certified_institution", "child_protection_board", "crisis_team"]
VITAL = ["meta", "identity", "area", "contact", "codes"]
# ground: (from, to, reason); the kinds of `wgs_zvh` senders are configuration
ROUTES: dict[str, tuple[list[str], list[str], str]] = {
    "wmo_5_2_6": ([k for k in ALL_BUT_HUB if k != "veilig_thuis"], ["veilig_thuis"], "ok_legal_veilig_thuis"),
    "vital_interest": (ALL_BUT_HUB, ["crisis_team", "veilig_thuis", "police"], "ok_vital_interest"),
    "wgs_debt_signal": (SUPPLIER, ["debt_help"], "ok_legal_debt_signal"),
    "jw_7_3_11_4": (
        [kind for kind in PRO if kind != "certified_institution"],
        ["certified_institution"],
        "ok_legal_supervision_order",
    ),
    "bw_1_240": (
        [kind for kind in PRO if kind != "child_protection_board"],
        ["child_protection_board"],
        "ok_legal_child_protection_board",
    ),
    "reporter_feedback": (["veilig_thuis"], KINDS, "ok_feedback_reporter"),
    "police_data_act": (["police"], KINDS, "ok_police_data_act"),
    "wgs_zvh": (KINDS, ["care_and_safety_house"], "ok_care_safety_house"),
    "veilig_thuis_task": (
        ["veilig_thuis"],
        [
            "local_team",
            "youth_care",
            "gp",
            "youth_health",
            "certified_institution",
            "child_protection_board",
            "police",
            "crisis_team",
            "adult_mental_health",
            "addiction_care",
        ],
        "ok_veilig_thuis_task",
    ),
    "good_helper": (
        [
            "gp",
            "youth_health",
            "local_team",
            "youth_care",
            "veilig_thuis",
            "certified_institution",
            "crisis_team",
            "city_expert_team",
        ],
        ["local_team", "youth_care", "gp", "youth_health", "city_expert_team", "crisis_team", "veilig_thuis"],
        "ok_good_helper",
    ),
}
INFORM_VITAL = ["vital_interest"]
INFORM_OTHER = ["wmo_5_2_6", "wgs_debt_signal", "jw_7_3_11_4", "bw_1_240", "wgs_zvh", "veilig_thuis_task"]


def day_not_after_today(value: Any, question: Json) -> bool:
    day = read_date(value)
    return day is not None and day <= question["today"]


def day_not_before_today(value: Any, question: Json) -> bool:
    day = read_date(value)
    return day is not None and day >= question["today"]


def condition_vital(given: Json, question: Json) -> None:
    """`danger`, when given, is in `vital_danger_codes`."""
    codes = question["policy"]["vital_danger_codes"]
    if is_given(given.get("danger")) and not is_one_of(given["danger"], codes):
        raise Stop("deny_route")


def condition_measure(_given: Json, question: Json) -> None:
    """A measure of a listed kind carried out by the recipient, active today."""
    measures = (subject_of(question) or {}).get("measures")
    rows = measures if isinstance(measures, list) else []
    if not any(
        isinstance(row, dict)
        and is_one_of(row.get("kind"), MEASURES)
        and row.get("org") == question["recipient"]["org"]
        and active_on(question["today"], row)
        for row in rows
    ):
        raise Stop("deny_route")


def condition_reporter(_given: Json, question: Json) -> None:
    if not names_event_of(question["recipient"]["org"], question["event"], question["facts"]):
        raise Stop("deny_route")


def condition_good_helper(_given: Json, question: Json) -> None:
    """Subject 12 to 15 and capable."""
    subject = subject_of(question)
    birth = read_date(subject.get("birth_date")) if subject else None
    if subject is None or birth is None or birth > question["today"]:
        raise Stop("hold_age_unknown")
    if not 12 <= age_on(question["today"], birth) <= 15:
        raise Stop("deny_route")
    capacity = subject.get("capacity")
    if capacity is not None and not is_one_of(capacity, CAPACITIES):
        raise Stop("hold_capacity_unclear")
    if capacity not in (None, "capable"):
        raise Stop("deny_route")


CONDITIONS: dict[str, Callable[[Json, Json], None]] = {
    "vital_interest": condition_vital,
    "jw_7_3_11_4": condition_measure,
    "reporter_feedback": condition_reporter,
    "good_helper": condition_good_helper,
}


def steps_taken(steps: Any, question: Json) -> bool:
    """M1: keys 1 to 5 and no other, each a date not after today, or `skipped_acute` while the safety level is acute."""
    acute = question["event"].get("safety_level") == "acute"
    return (
        isinstance(steps, dict)
        and sorted(steps) == list("12345")
        and all(
            day_not_after_today(steps.get(step), question) or (acute and steps.get(step) == "skipped_acute")
            for step in "12345"
        )
    )


def assessed(answers: Any) -> bool:
    """M1: yes or no to 1 and 2; when 2 is no also to 3, 4 and 5."""
    if not isinstance(answers, dict):
        return False
    asked = "12345" if answers.get("2") == "no" else "12"
    return all(is_one_of(answers.get(number), ("yes", "no")) for number in asked)


def talked(conversation: Any, question: Json) -> bool:
    """M1: held on a day not after today, or deferred with a reason."""
    if not isinstance(conversation, dict):
        return False
    if sorted(conversation) == ["held_on"]:
        return day_not_after_today(conversation["held_on"], question)
    return sorted(conversation) == ["deferred"] and is_one_of(conversation["deferred"], WHY_NO_CONSENT)


def m1_meldcode(given: Json, question: Json) -> bool:
    return (
        steps_taken(given.get("steps"), question)
        and assessed(given.get("assessment"))
        and talked(given.get("conversation"), question)
        and is_one_of(given.get("why_no_consent"), WHY_NO_CONSENT)
        and is_text(given.get("decided_by"))
    )


def needed(question: Json) -> bool:
    return "needed_sections" in question["entry"]


def justification_complete(ground: str, given: Json, question: Json) -> bool:
    """The column `required justification`."""
    match ground:
        case "wmo_5_2_6":
            return m1_meldcode(given, question)
        case "vital_interest":
            return (
                is_given(given.get("danger"))
                and is_one_of(given.get("why_no_consent"), WHY_NO_CONSENT)
                and is_text(given.get("consulted"))
                and day_not_before_today(given.get("inform_by"), question)
            )
        case "wgs_debt_signal":
            return (
                is_one_of(given.get("signal_partner"), SIGNAL_PARTNERS)
                and day_not_after_today(given.get("arrears_since"), question)
                and is_integer(given.get("reminder_efforts"), 1)
            )
        case "jw_7_3_11_4":
            return needed(question) and (is_text(given.get("order_ref")) or is_text(given.get("request_ref")))
        case "bw_1_240":
            necessary = is_one_of(given.get("necessity"), NECESSITIES)
            return needed(question) and (is_text(given.get("case_ref")) or necessary)
        case "police_data_act":
            return is_one_of(given.get("article"), WPG_ARTICLES) and is_text(given.get("decision_ref"))
        case "wgs_zvh":
            return needed(question) and is_text(given.get("intake_ref")) and is_text(given.get("criterion"))
        case "veilig_thuis_task":
            return needed(question) and is_one_of(given.get("task"), ("d", "e"))
        case "good_helper":
            known = is_one_of(given.get("reason"), GOOD_HELPER_REASONS)
            return needed(question) and known and is_text(given.get("colleague_consulted"))
        case _:
            return True


def deferral_complete(given: Json) -> bool:
    """`inform_deferral` `{reason, reviewer}`: not given, or complete."""
    deferral = given.get("inform_deferral")
    return not is_given(deferral) or (
        isinstance(deferral, dict)
        and is_one_of(deferral.get("reason"), WHY_NO_CONSENT)
        and is_text(deferral.get("reviewer"))
    )


def walk_the_route(ground: str, given: Json, question: Json) -> None:
    """The order of section 10, up to and including the justification."""
    if ground in ("risk_index", "wams"):
        raise Stop("deny_route" if question["policy"]["feature_" + ground] else "deny_feature_off")
    if ground not in ROUTES:
        raise Stop("deny_route")
    senders, recipients, _reason = ROUTES[ground]
    if ground == "wgs_zvh":
        senders = question["policy"]["wgs_sender_kinds"]
    if question["sender"]["kind"] not in senders or question["recipient"]["kind"] not in recipients:
        raise Stop("deny_route")
    if ground in CONDITIONS:
        CONDITIONS[ground](given, question)
    if not justification_complete(ground, given, question) or not deferral_complete(given):
        advice = ["call_veilig_thuis_for_advice"] if ground == "wmo_5_2_6" else []
        raise Stop("hold_justification_missing", *advice)


def m2_decision(given: Json, question: Json) -> Json:
    """M2: the first decision on record that fits reference, article and day; it must list the recipient kind."""
    rows = question["facts"].get("police_decisions")
    for row in rows if isinstance(rows, list) else []:
        if (
            isinstance(row, dict)
            and row.get("decision_ref") == given["decision_ref"]
            and row.get("article") == given["article"]
            and active_on(question["today"], row)
        ):
            kinds = row.get("recipient_kinds")
            if not isinstance(kinds, list) or question["recipient"]["kind"] not in kinds:
                raise Stop("deny_route")
            return row
    raise Stop("deny_police_basis_missing")


def sections_of_ground(ground: str, given: Json, question: Json) -> list[str]:
    """The column `sections`."""
    match ground:
        case "wmo_5_2_6" if question["sender"]["kind"] in SUPPLIER:
            return [name for name in SECTIONS if name != "finance"]
        case "vital_interest" if question["recipient"]["kind"] == "police":
            return VITAL
        case "vital_interest":
            return [*VITAL, "narrative", "health", "protected_address"]
        case "wgs_debt_signal":
            return ["meta", "identity", "contact", "finance"]
        case "reporter_feedback":
            return ["meta", "contact", "codes"]
        case "police_data_act":
            listed = m2_decision(given, question).get("sections")
            return listed if isinstance(listed, list) else []
        case _:
            return SECTIONS


def criminal_has_basis(ground: str, given: Json) -> bool:
    return ground == "police_data_act" or is_one_of(given.get("criminal_basis"), CRIMINAL_BASES)


def codes_may_go(ground: str, given: Json, listed: list[str], question: Json) -> bool:
    """`codes` only when each inherited section could go on this ground (not asked for police_data_act)."""
    kind = question["recipient"]["kind"]
    return ground == "police_data_act" or all(
        name in listed
        and cell(kind, name) != "N"
        and (name != "criminal" or criminal_has_basis(ground, given))
        for name in domains_inherit(question)
    )


def goes_on_ground(section: str, ground: str, given: Json, listed: list[str], question: Json) -> bool:
    """The allow set on a legal route, before the secret address and the scans."""
    kind = question["recipient"]["kind"]
    wanted = question["entry"].get("needed_sections")
    if section not in listed or cell(kind, section) == "N":
        return False
    if wanted is not None and section != "meta" and section not in wanted:
        return False
    match section:
        case "criminal":
            return criminal_has_basis(ground, given)
        case "protected_address":
            return kind in MAY_SEE_PROTECTED_ADDRESS and section in (wanted or [])
        case "reporter_identity":
            return ground == "wmo_5_2_6" and kind == "veilig_thuis" and section in (wanted or [])
        case "codes":
            return codes_may_go(ground, given, listed, question)
        case _:
            return True


def duties_of_ground(ground: str, given: Json) -> list[str]:
    """Inform duties and the contact person."""
    duties = []
    if ground in INFORM_VITAL:
        duties.append("inform_subject:inform_subject_vital")
    if ground in INFORM_OTHER:
        duties.append("inform_subject:inform_subject_other")
    if is_given(given.get("inform_deferral")):
        duties.append("review_inform_deferral")
    if ground in ("wmo_5_2_6", "vital_interest") and not is_text(given.get("contact_person")):
        duties.append("name_contact_person")
    return duties


def legal_route(ground: str, given: Json, question: Json) -> Json:
    """The answer on a ground that needs no consent."""
    listed = sections_of_ground(ground, given, question)
    allowed = [x for x in question["sections"] if goes_on_ground(x, ground, given, listed, question)]
    duties = duties_of_ground(ground, given)
    outsider = question["recipient"]["kind"] not in MAY_SEE_PROTECTED_ADDRESS
    if outsider and rules.protected(question) is not False:
        allowed = [name for name in allowed if name not in rules.s8_hidden(question)]
        duties.append("omit_household_ref")
    unsafe = [
        name
        for name in allowed
        if name in rules.TEXTS and rules.scan_status(name, question) not in ("clean", "masked")
    ]
    allowed = [name for name in allowed if name not in unsafe]
    rules.stop_when_nothing_left(allowed, question)
    duties += ["dlp_alert"] if unsafe else []
    return {"reason": ROUTES[ground][2], "allow": allowed, "duties": duties, "consents": []}


def r9_exception(question: Json) -> Json | None:
    """R9: the answer, or None when the gates go on (no exception, or `good_helper`)."""
    given = question["entry"].get("exception")
    if given is None:
        return None
    ground = given["ground"]
    walk_the_route(ground, given, question)
    return None if ground == "good_helper" else legal_route(ground, given, question)
