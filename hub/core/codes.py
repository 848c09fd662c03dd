"""The closed lists: CODES.md sections 1 to 3 and GLOSSARY.md sections 2 to 5. A value outside its list is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TypeGuard

from hub.core.model import Json
from hub.core.reasons import Reason as Reason  # noqa: PLC0414 - readers look for it among the codes


def _listed(words: str) -> frozenset[str]:
    """Return a closed list written as words."""
    return frozenset(words.split())


SECTIONS = (
    "meta",
    "identity",
    "area",
    "contact",
    "codes",
    "narrative",
    "health",
    "criminal",
    "finance",
    "household",
    "perspectives",
    "reporter_identity",
    "legal_status",
    "school",
    "protected_address",
)
"""F1 to F15, in the order in which every list of sections is written."""

SECTION_SET = frozenset(SECTIONS)
SECTION_ORDER = {section: position for position, section in enumerate(SECTIONS)}
_COMBINATIONS_KEPT = 1024
"""Combinations of sections that are remembered in order: partners send the same few all the time."""

LOW_SECTIONS = frozenset({"meta", "area", "contact", "codes"})
MINIMAL_SECTIONS = frozenset({"meta", "contact"})
TEXT_SECTIONS = ("narrative", "perspectives")
"""The sections whose scan status the sender's edge states."""

PRO_KINDS = _listed(
    "school school_alliance attendance_officer childcare gp youth_health local_team youth_care veilig_thuis "
    "certified_institution child_protection_board police crisis_team youth_work city_expert_team "
    "care_and_safety_house adult_mental_health addiction_care debt_help municipal_desk client_support"
)
SUPPLIER_KINDS = frozenset({"housing_corporation", "energy_company"})
HUB_KIND = "hub"
PARTNER_KINDS = PRO_KINDS | SUPPLIER_KINDS | {"safety_department", "municipality", HUB_KIND}

PURPOSES = _listed(
    "help_request referral coordination consultation waiting_list_support feedback safety_report crisis "
    "debt_early_signal aftercare_pilot_light prevention_picture"
)
URGENCIES = ("u0", "u1", "u2", "u3", "u4")
"""From danger to life to preventive: earlier in the list is more urgent."""

URGENCY_SET = frozenset(URGENCIES)
CRISIS_URGENCIES = frozenset({"u0", "u1"})
MODES = frozenset({"anonymous", "identified"})
SETTINGS = _listed(
    "home school childcare gp youth_health sport neighbourhood_centre street online home_visit police_contact "
    "other"
)
SAFETY_LEVELS = frozenset({"none", "concern", "suspected_unsafe", "acute", "structural"})
DOMAINS = _listed("01 02 03 04 05 06 07 08 09 10 11 12 J1 J2 J3 J4 J5")
DISTRICTS = _listed("centrum laak haagse_hout leidschenveen_ypenburg escamp scheveningen segbroek loosduinen")
OUTSIDE_CITY = "outside_city"
AREA_PRECISIONS = frozenset({"district", "neighbourhood"})
AGE_BANDS = frozenset({"0_3", "4_7", "8_11", "12_15", "16_17", "18_22"})
EARLY_KINDS = frozenset({"payment_arrears", "neglect", "domestic_violence"})
CHILDREN_PRESENT = frozenset({"yes", "no", "unknown"})
DATA_ORIGINS = frozenset({"own", "police", "unknown"})
RETRACTION_REASONS = frozenset({"unfounded", "risk_gone", "error"})

IGNORED_FUNCTIONS = frozenset({"help", "data_processing"})
"""Consent to receive help and consent to process are not consent to disclose (CONSENT.md section 1)."""

CONSENT_METHODS = frozenset({"in_person_signed", "in_person_oral", "phone", "portal", "digid", "letter"})
CAPACITIES = frozenset({"capable", "incapable", "unclear"})
MEASURES = frozenset({"supervision_order", "guardianship"})
RESIDENCE_BASES = frozenset({"brp", "stay"})
SCAN_SAFE = frozenset({"clean", "masked"})
SCAN_JUDGED = SCAN_SAFE | {"identifier_found"}
ANONYMITY_LEAKS = frozenset({"identifier_found", "rare_combination"})
REACHES = frozenset({"city", "districts", "relation"})

WHY_NO_CONSENT = _listed(
    "danger_to_child danger_to_other danger_to_reporter refused not_reachable other_recorded"
)
SIGNAL_PARTNERS = _listed("energy rent mortgage health_insurance water tax benefits student_finance other")
CRIMINAL_BASES = frozenset({"uavg_32a", "uavg_32b", "uavg_33"})
GOOD_HELPER_REASONS = frozenset(
    {"danger_from_parent", "parent_is_subject_of_worry", "serious_harm_to_trust", "other_recorded"}
)
NECESSITIES = frozenset({"active_investigation", "threat_to_development"})
POLICE_ARTICLES = frozenset({"wpg_16", "wpg_18", "wpg_19", "wpg_20"})
VEILIG_THUIS_TASKS = frozenset({"d", "e"})

MINOR_REPRESENTATIVE_ROLES = frozenset(
    {"parent_with_custody", "co_custodian", "guardian", "institution_guardian"}
)
"""Who may consent for a minor: BW 1:245, 1:253i, 1:253t."""

UNSPECIFIED_PARENT = "parent_custody_unspecified"
ADULT_REPRESENTATIVE_GROUPS = (
    frozenset({"curator", "mentor"}),
    frozenset({"proxy"}),
    frozenset({"partner"}),
    frozenset({"family_representative"}),
)
"""Who may consent for an incapable adult, in the order of Jeugdwet 7.3.15(3); the first group with members counts."""

RECORDED_REASON_ROLES = frozenset({"partner", "family_representative"})
ROLES = (
    MINOR_REPRESENTATIVE_ROLES
    | frozenset().union(*ADULT_REPRESENTATIVE_GROUPS)
    | _listed(
        "youth adult_subject parent_custody_unspecified parent_without_custody parent_not_legal foster_parent "
        "stepparent caregiver sibling half_sibling step_sibling foster_sibling grandparent other_relative "
        "child_of_youth reporter informant contact_person helper medical_professional teacher "
        "other_professional chosen_mentor"
    )
)

GROUNDS = _listed(
    "wmo_5_2_6 vital_interest wgs_debt_signal jw_7_3_11_4 bw_1_240 reporter_feedback police_data_act wgs_zvh "
    "veilig_thuis_task good_helper risk_index wams"
)
EXCEPTION_KEYS = _listed(
    "ground steps assessment conversation why_no_consent decided_by danger consulted inform_by signal_partner "
    "arrears_since reminder_efforts order_ref request_ref case_ref necessity article decision_ref intake_ref "
    "criterion task reason colleague_consulted risk_letter criminal_basis contact_person "
    "inform_deferral"
)
DUTIES = _listed(
    "call_112 phone_route call_veilig_thuis_for_advice inform_other_parent inform_subject "
    "review_inform_deferral name_contact_person discuss_child_objection omit_household_ref dlp_alert "
    "consider_veilig_thuis_report stop_further_use"
)


def is_code(value: Json, codes: frozenset[str]) -> TypeGuard[str]:
    """Return whether `value` is one of `codes`. Any JSON value may be asked, also one that cannot be hashed."""
    return isinstance(value, str) and value in codes


def is_text(value: Json) -> TypeGuard[str]:
    """Return whether `value` is a non-empty string: a reference, an organisation, a person."""
    return isinstance(value, str) and value != ""


def is_integer(value: Json) -> TypeGuard[int]:
    """Return whether `value` is an integer; `true` and `false` are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_code_list(value: Json, codes: frozenset[str]) -> TypeGuard[list[str]]:
    """Return whether `value` is a list of `codes`, possibly empty, possibly with repeats."""
    try:
        return isinstance(value, list) and codes.issuperset(value)
    except TypeError:  # an item that cannot be hashed is no code
        return False


def is_text_list(value: Json) -> TypeGuard[list[str]]:
    """Return whether `value` is a list of strings, possibly empty."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def in_section_order(sections: Iterable[str]) -> tuple[str, ...]:
    """Return the sections in the order F1 to F15."""
    return _ordered(tuple(sections))


@lru_cache(_COMBINATIONS_KEPT)
def _ordered(sections: tuple[str, ...]) -> tuple[str, ...]:
    """Return known sections in their order."""
    return tuple(sorted(sections, key=SECTION_ORDER.__getitem__))
