"""The settings of CONSENT.md section 14 as they are when nobody sets anything: our own constants."""

from __future__ import annotations

from hub.core.codes import SECTIONS
from hub.core.model import Json, JsonObject

_FULL_PAYLOAD = [section for section in SECTIONS if section not in {"meta", "area", "contact", "codes"}]

DEFAULT_POLICY: JsonObject = {
    "consent_12_15": "both",
    "consent_12_15_routes": [],
    "two_parent_sections": _FULL_PAYLOAD,
    "custody_max_age_days": 90,
    "k_aggregate": 10,
    "u0_recipient_kinds": ["veilig_thuis", "crisis_team"],
    "advice_kinds": [
        "veilig_thuis",
        "city_expert_team",
        "crisis_team",
        "youth_health",
        "local_team",
        "adult_mental_health",
        "addiction_care",
        "care_and_safety_house",
    ],
    "aggregate_only_kinds": ["safety_department", "municipality"],
    "feedback_only_kinds": ["housing_corporation", "energy_company"],
    "wgs_sender_kinds": [
        "local_team",
        "youth_care",
        "veilig_thuis",
        "certified_institution",
        "child_protection_board",
        "crisis_team",
        "attendance_officer",
        "city_expert_team",
        "adult_mental_health",
        "addiction_care",
    ],
    "same_team_scope": "partnership",
    "area_address_basis": "brp",
    "feature_risk_index": False,
    "feature_wams": False,
    "require_registered_purpose": True,
    "protected_address_hides_area": True,
    "sensitive_domains": {"08": "health", "09": "health", "10": "health", "12": "criminal"},
    "vital_danger_codes": [
        "suicide_risk",
        "serious_injury",
        "abduction",
        "abandonment",
        "overdose",
        "weapon_threat",
        "medical_emergency",
        "other_life_threat",
    ],
    "near_duplicate_hours": 72,
    "technical_window_days": 30,
    "match_window_days": 365,
    "match_max_age": 23,
    "big5_items": ["support_person", "housing", "school_or_work", "income", "wellbeing"],
    "consent_max_months": 12,
    "pilot_light_max_months": 24,
    "replay_days": 7,
    "reconfirm_warning_days": 60,
    "extra_holidays": [],
}

_TERMS = {
    "u1_delivery": ("seconds", 60),
    "u1_human_ack": ("minutes", 15),
    "u1_on_site": ("hours", 2),
    "u1_follow_up": ("hours", 24),
    "u2_technical_ack": ("minutes", 5),
    "u2_human_ack": ("working_days", 1),
    "vt_safety_assessment": ("working_days", 5),
    "vt_investigation": ("weeks", 10),
    "vt_inform_subjects": ("weeks", 4),
    "vt_inform_extension": ("weeks", 2),
    "debt_first_talk": ("weeks", 4),
    "debt_threatened": ("working_days", 3),
    "u3_technical_ack": ("minutes", 5),
    "u3_human_ack": ("working_days", 2),
    "u3_decision": ("working_days", 5),
    "u3_feedback": ("working_days", 10),
    "u4_human_ack": ("working_days", 5),
    "u4_feedback": ("working_days", 20),
    "waiting_list_check_in": ("weeks", 4),
    "waiting_list_alarm": ("weeks", 5),
    "hold_expiry": ("working_days", 10),
    "inform_other_parent": ("working_days", 5),
    "inform_subject_vital": ("working_days", 5),
    "inform_subject_other": ("weeks", 4),
    "inform_review": ("weeks", 2),
    "name_contact_person": ("working_days", 2),
}
DEFAULT_DEADLINES: JsonObject = {
    rule: {"unit": unit, "count": count} for rule, (unit, count) in _TERMS.items()
}
DEADLINE_RULES = frozenset(_TERMS)

_PARTNERSHIP_OF_DISTRICT = {
    "centrum": "rondomjou",
    "laak": "rondomjou",
    "haagse_hout": "rondomjou",
    "leidschenveen_ypenburg": "rondomjou",
    "escamp": "kracht",
    "scheveningen": "kracht",
    "segbroek": "kracht",
    "loosduinen": "kracht",
}
DEFAULT_AREAS: list[Json] = [
    {"district": district, "partnership": partnership, "from": "2024-01-01", "to": "2032-01-01"}
    for district, partnership in _PARTNERSHIP_OF_DISTRICT.items()
]

DEFAULTS: JsonObject = {"policy": DEFAULT_POLICY, "deadlines": DEFAULT_DEADLINES, "areas": DEFAULT_AREAS}
"""In the form of a defaults document, without a directory: partners are never a default."""
