"""Closed lists that occur only inside sealed content (CODES.md section 2): the deciding core never needs them."""

from __future__ import annotations

NATURES = frozenset({"question", "concern", "strength"})
TRACKS = frozenset({"voluntary", "protection", "criminal"})
STEERINGS = frozenset({"family", "together", "professional"})
OFFER_TYPES = frozenset({"individual", "collective", "consultation"})
SAFETY_CONTEXTS = frozenset({"home", "street", "school", "online"})
PLACEMENTS = frozenset({"home", "foster_family", "residential"})
FEEDBACK_OUTCOMES = frozenset(
    {
        "taken_up",
        "own_network",
        "collective_offer",
        "school_support",
        "specialist_help",
        "passed_on",
        "already_known",
        "no_care_answer",
        "family_declines",
        "no_contact",
        "vt_status",
        "unfounded_signal",
        "moved_away",
    }
)
NATIONAL_STATUSES = frozenset(
    {
        "VT-00",
        "VT-01-01",
        "VT-01-02",
        "VT-01-03",
        "VT-01-04",
        "VT-02",
        "VT-03",
        "VT-99",
        "ZVH-01",
        "ZVH-02",
        "ZVH-03",
    }
)
"""National status codes of Veilig Thuis and the care and safety house, given with outcome `vt_status`."""

PROTECTIVE_FACTORS = frozenset(
    {
        "social_bonding",
        "involvement_chances",
        "prosocial_norms",
        "recognition",
        "adult_support",
        "constructive_time",
        "competences",
        "cognitive_skills",
        "school_motivation",
        "positive_identity",
        "support_figure",
        "own_family_plan",
        "not_yet_discussed",
    }
)
