"""The closed lists of CODES.md, GLOSSARY.md and EVENTS.md section 3, copied as they stand."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SECTIONS = [
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
]
LOW = ["meta", "area", "contact", "codes"]
MINIMAL = ["meta", "contact"]
TALK = ["meta", "identity", "area", "contact", "codes", "narrative", "perspectives"]
SECTION_SETS = {"ALL": SECTIONS, "LOW": LOW, "MIN": MINIMAL, "META": ["meta"], "TALK": TALK}

PRO = [
    "school",
    "school_alliance",
    "attendance_officer",
    "childcare",
    "gp",
    "youth_health",
    "local_team",
    "youth_care",
    "veilig_thuis",
    "certified_institution",
    "child_protection_board",
    "police",
    "crisis_team",
    "youth_work",
    "city_expert_team",
    "care_and_safety_house",
    "adult_mental_health",
    "addiction_care",
    "debt_help",
    "municipal_desk",
    "client_support",
]
SUPPLIER = ["housing_corporation", "energy_company"]
SENDER_SETS = {
    "PRO": PRO,
    "SUPPLIER": SUPPLIER,
    "ADULT": [
        "adult_mental_health",
        "addiction_care",
        "debt_help",
        "municipal_desk",
        "gp",
        "local_team",
        *SUPPLIER,
    ],
    "REFERRER": [
        "gp",
        "youth_health",
        "local_team",
        "youth_care",
        "certified_institution",
        "veilig_thuis",
        "crisis_team",
        "child_protection_board",
    ],
    "HELPER": [
        "local_team",
        "youth_care",
        "certified_institution",
        "crisis_team",
        "youth_work",
        "adult_mental_health",
        "addiction_care",
    ],
    "HUB": ["hub"],
}
KINDS = [*PRO, *SUPPLIER, "safety_department", "municipality", "hub"]

PURPOSES = [
    "help_request",
    "referral",
    "coordination",
    "consultation",
    "waiting_list_support",
    "feedback",
    "safety_report",
    "crisis",
    "debt_early_signal",
    "aftercare_pilot_light",
    "prevention_picture",
]
DOMAINS = [
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "07",
    "08",
    "09",
    "10",
    "11",
    "12",
    "J1",
    "J2",
    "J3",
    "J4",
    "J5",
]
DISTRICTS = [
    "centrum",
    "laak",
    "haagse_hout",
    "leidschenveen_ypenburg",
    "escamp",
    "scheveningen",
    "segbroek",
    "loosduinen",
]
ROLES = [
    "youth",
    "adult_subject",
    "parent_with_custody",
    "co_custodian",
    "guardian",
    "institution_guardian",
    "parent_custody_unspecified",
    "parent_without_custody",
    "parent_not_legal",
    "foster_parent",
    "stepparent",
    "caregiver",
    "sibling",
    "half_sibling",
    "step_sibling",
    "foster_sibling",
    "grandparent",
    "other_relative",
    "child_of_youth",
    "reporter",
    "informant",
    "contact_person",
    "helper",
    "medical_professional",
    "teacher",
    "other_professional",
    "chosen_mentor",
    "curator",
    "mentor",
    "proxy",
    "partner",
    "family_representative",
]
MINORS_REPRESENTATIVES = ["parent_with_custody", "co_custodian", "guardian", "institution_guardian"]
ADULTS_REPRESENTATIVES = [["curator", "mentor"], ["proxy"], ["partner"], ["family_representative"]]

URGENCIES = ["u0", "u1", "u2", "u3", "u4"]
SETTINGS = [
    "home",
    "school",
    "childcare",
    "gp",
    "youth_health",
    "sport",
    "neighbourhood_centre",
    "street",
    "online",
    "home_visit",
    "police_contact",
    "other",
]
SAFETY_LEVELS = ["none", "concern", "suspected_unsafe", "acute", "structural"]
EARLY_KINDS = ["payment_arrears", "neglect", "domestic_violence"]
SIGNAL_PARTNERS = [
    "energy",
    "rent",
    "mortgage",
    "health_insurance",
    "water",
    "tax",
    "benefits",
    "student_finance",
    "other",
]
METHODS = ["in_person_signed", "in_person_oral", "phone", "portal", "digid", "letter"]
FUNCTIONS = ["disclosure", "help", "data_processing"]
CAPACITIES = ["capable", "incapable", "unclear"]
MEASURES = ["supervision_order", "guardianship"]
AGE_BANDS = ["0_3", "4_7", "8_11", "12_15", "16_17", "18_22"]
WHY_NO_CONSENT = [
    "danger_to_child",
    "danger_to_other",
    "danger_to_reporter",
    "refused",
    "not_reachable",
    "other_recorded",
]
CRIMINAL_BASES = ["uavg_32a", "uavg_32b", "uavg_33"]
GOOD_HELPER_REASONS = [
    "danger_from_parent",
    "parent_is_subject_of_worry",
    "serious_harm_to_trust",
    "other_recorded",
]
NECESSITIES = ["active_investigation", "threat_to_development"]
WPG_ARTICLES = ["wpg_16", "wpg_18", "wpg_19", "wpg_20"]
RETRACTION_REASONS = ["unfounded", "risk_gone", "error"]
EXCEPTION_KEYS = [
    "ground",
    "steps",
    "assessment",
    "conversation",
    "why_no_consent",
    "decided_by",
    "danger",
    "consulted",
    "inform_by",
    "signal_partner",
    "arrears_since",
    "reminder_efforts",
    "order_ref",
    "request_ref",
    "case_ref",
    "necessity",
    "article",
    "decision_ref",
    "intake_ref",
    "criterion",
    "task",
    "reason",
    "colleague_consulted",
    "risk_letter",
    "criminal_basis",
    "contact_person",
    "inform_deferral",
]
