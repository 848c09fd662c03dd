"""Closed lists that the configuration is checked against: GLOSSARY.md sections 2 and 5, CODES.md section 2."""

from __future__ import annotations

from typing import Final

HUB_KIND: Final = "hub"
LOCAL_TEAM_KIND: Final = "local_team"
CERTIFIED_INSTITUTION_KIND: Final = "certified_institution"

PARTNER_KINDS: Final = frozenset(
    [
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
        "safety_department",
        "adult_mental_health",
        "addiction_care",
        "housing_corporation",
        "energy_company",
        "debt_help",
        "municipal_desk",
        "client_support",
        "municipality",
        "hub",
    ],
)
PURPOSES: Final = frozenset(
    [
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
    ],
)
DISTRICTS: Final = frozenset(
    [
        "centrum",
        "laak",
        "haagse_hout",
        "leidschenveen_ypenburg",
        "escamp",
        "scheveningen",
        "segbroek",
        "loosduinen",
    ],
)
