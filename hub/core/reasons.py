"""Reason codes in their one order of precedence: CODES.md section 4. A code is never used for anything else."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Self

from hub.core.model import Outcome

_OUTCOME_OF_CODE = {"ok_inspection_limited": Outcome.REDACT}
_OUTCOME_OF_PREFIX = {"ok": Outcome.ALLOW, "hold": Outcome.HOLD, "deny": Outcome.DENY}


@unique
class Reason(StrEnum):
    """Why something goes or stays, declared in rank order: where one gate finds several, the lowest rank counts.

    `rank` is the place in that order; `outcome` what follows (`allow` becomes `redact` when a section stays
    behind); `transient` says that the unchanged event can succeed later, because the cause lies in facts the
    hub holds or in time; `basis` names the law (L) or policy (P).
    """

    rank: int
    outcome: Outcome
    transient: bool
    basis: str

    def __new__(cls, code: str, rank: int, retry: str, basis: str) -> Self:
        """Build a member from its code, rank, whether time or facts can cure it, and its basis."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.rank = rank
        member.outcome = _OUTCOME_OF_CODE.get(code) or _OUTCOME_OF_PREFIX[code.split("_", 1)[0]]
        member.transient = retry == "transient"
        member.basis = basis
        return member

    DENY_BSN_IN_METADATA = "deny_bsn_in_metadata", 1, "final", "P; UAVG 46"
    HOLD_EVALUATION_ERROR = "hold_evaluation_error", 2, "transient", "P"
    HOLD_POLICY_INVALID = "hold_policy_invalid", 3, "transient", "P"
    DENY_SCHEMA = "deny_schema", 4, "final", "P; NL GOV profile for CloudEvents"
    DENY_SENDER = "deny_sender", 5, "final", "L AVG 32"
    DENY_TYPE_NOT_ALLOWED = "deny_type_not_allowed", 6, "final", "P"
    DENY_CONFLICT = "deny_conflict", 7, "final", "P"
    DENY_DUPLICATE = "deny_duplicate", 8, "final", "P"
    DENY_STALE = "deny_stale", 9, "final", "P"
    DENY_HOLD_EXPIRED = "deny_hold_expired", 10, "final", "P"
    DENY_USE_CORV = "deny_use_corv", 11, "final", "P; CORV (article to be confirmed by counsel)"
    DENY_K_ANONYMITY = "deny_k_anonymity", 12, "final", "P; AVG recital 26"
    DENY_LIFECYCLE_ACTOR = "deny_lifecycle_actor", 13, "final", "P"
    DENY_LIFECYCLE_ORDER = "deny_lifecycle_order", 14, "final", "P"
    HOLD_CLOSING_GATE = "hold_closing_gate", 15, "transient", "P; work agenda"
    DENY_RECIPIENT_UNKNOWN = "deny_recipient_unknown", 16, "transient", "P"
    HOLD_IDENTITY_AMBIGUOUS = "hold_identity_ambiguous", 17, "transient", "L Jeugdwet 7.2.1"
    HOLD_AREA_UNKNOWN = "hold_area_unknown", 18, "transient", "P"
    HOLD_NO_OWNER = "hold_no_owner", 19, "transient", "P"
    HOLD_AMBIGUOUS_OWNER = "hold_ambiguous_owner", 20, "transient", "P"
    HOLD_AREA_MISMATCH = "hold_area_mismatch", 21, "transient", "P"
    DENY_EMERGENCY_LINE = "deny_emergency_line", 22, "final", "P"
    DENY_ROUTE = "deny_route", 23, "final", "L/P, see CONSENT.md section 10"
    DENY_ANONYMITY_LEAK = "deny_anonymity_leak", 24, "final", "L AVG 4(1)"
    DENY_FEATURE_OFF = "deny_feature_off", 25, "final", "P"
    DENY_POLICE_BASIS_MISSING = "deny_police_basis_missing", 26, "final", "L Wpg 16, 18-20; UAVG 31-33"
    DENY_ONWARD = "deny_onward", 27, "final", "L Wpg 18-20"
    HOLD_ORIGIN_UNKNOWN = "hold_origin_unknown", 28, "final", "P"
    HOLD_JUSTIFICATION_MISSING = "hold_justification_missing", 29, "final", "L Besluit meldcode 2; P"
    DENY_PURPOSE_UNREGISTERED = (
        "deny_purpose_unregistered",
        30,
        "transient",
        "L AVG 5(1)(b), 6; AP 2016 guidance",
    )
    HOLD_AGE_UNKNOWN = "hold_age_unknown", 31, "transient", "L Jeugdwet 7.3.15"
    HOLD_CAPACITY_UNCLEAR = "hold_capacity_unclear", 32, "transient", "L Jeugdwet 7.3.15(2)"
    HOLD_CUSTODY_UNKNOWN = "hold_custody_unknown", 33, "transient", "L BW 1:245"
    HOLD_REPRESENTATIVE_UNKNOWN = "hold_representative_unknown", 34, "transient", "L Jeugdwet 7.3.15(3)"
    HOLD_CUSTODY_STALE = "hold_custody_stale", 35, "transient", "P"
    HOLD_CONSENT_STATE_STALE = "hold_consent_state_stale", 36, "transient", "P"
    HOLD_CONSENT_UNREADABLE = "hold_consent_unreadable", 37, "transient", "P"
    DENY_CHILD_REFUSED = "deny_child_refused", 38, "transient", "L Jeugdwet 7.3.11, BW 7:457"
    HOLD_OBJECTION_CONFLICT = "hold_objection_conflict", 39, "transient", "L BW 1:253i; P at 12-15"
    DENY_OBJECTION = "deny_objection", 40, "transient", "L AVG 21; P"
    DENY_WITHDRAWN = "deny_withdrawn", 41, "transient", "L AVG 7(3)"
    DENY_EXPIRED = "deny_expired", 42, "transient", "L AVG 7; P"
    HOLD_CONSENT_EVIDENCE = "hold_consent_evidence", 43, "transient", "L AVG 7(1)"
    HOLD_NOT_YET_VALID = "hold_not_yet_valid", 44, "transient", "L AVG 7"
    HOLD_CHILD_CONSENT_MISSING = "hold_child_consent_missing", 45, "transient", "L Jeugdwet 7.3.11"
    HOLD_PARENT_CONSENT_MISSING = "hold_parent_consent_missing", 46, "transient", "P; L UAVG 5(1)"
    HOLD_SECOND_PARENT = "hold_second_parent", 47, "transient", "P; L BW 1:253i"
    HOLD_AGE_LAPSED = "hold_age_lapsed", 48, "transient", "L Jeugdwet 7.3.15"
    DENY_NOT_ENTITLED = "deny_not_entitled", 49, "transient", "L BW 1:245; Jeugdwet 7.3.15"
    HOLD_RECIPIENT_SCOPE = "hold_recipient_scope", 50, "transient", "L AVG 4(11)"
    DENY_RECIPIENT_SCOPE = "deny_recipient_scope", 51, "transient", "L AVG 4(11)"
    DENY_PURPOSE = "deny_purpose", 52, "transient", "L AVG 5(1)(b)"
    DENY_SENDER_SCOPE = "deny_sender_scope", 53, "transient", "L AVG 4(11)"
    DENY_NOT_SPECIFIC = "deny_not_specific", 54, "transient", "L AVG 4(11)"
    DENY_NO_CONSENT = "deny_no_consent", 55, "transient", "L Jeugdwet 7.3.11, BW 7:457, Wmo 5.3.3"
    HOLD_PROTECTION_UNKNOWN = "hold_protection_unknown", 56, "transient", "P"
    HOLD_SCAN_MISSING = "hold_scan_missing", 57, "final", "P"
    DENY_NOTHING_LEFT = "deny_nothing_left", 58, "transient", "L AVG 5(1)(c)"
    DENY_MATCH_ONESIDED = "deny_match_onesided", 59, "transient", "P"
    DENY_RETENTION = "deny_retention", 60, "final", "P"
    DENY_INSPECTION_VIA_REPRESENTATIVE = "deny_inspection_via_representative", 61, "final", "L Wmo 5.3.2"
    HOLD_INSPECTION_REVIEW = "hold_inspection_review", 62, "transient", "L Wmo 5.3.2(3)"
    DENY_INSPECTION_CHILD_INTEREST = "deny_inspection_child_interest", 63, "transient", "L Wmo 5.3.2(3)"
    DENY_INSPECTION_NOT_ENTITLED = "deny_inspection_not_entitled", 64, "final", "L Wmo 5.3.2; Jeugdwet 7.3.10"
    OK_RECORDED = "ok_recorded", 70, "final", "P"
    OK_ACCEPTED = "ok_accepted", 71, "final", "P"
    OK_AGGREGATE = "ok_aggregate", 72, "final", "P"
    OK_ANONYMOUS_CONSULTATION = "ok_anonymous_consultation", 73, "final", "L Wmo 4.1.1(3)"
    OK_ACKNOWLEDGEMENT = "ok_acknowledgement", 74, "final", "P"
    OK_ALERT = "ok_alert", 75, "final", "P"
    OK_LEGAL_VEILIG_THUIS = "ok_legal_veilig_thuis", 76, "final", "L Wmo 5.2.6"
    OK_VITAL_INTEREST = "ok_vital_interest", 77, "final", "L AVG 6(1)(d), 9(2)(c)"
    OK_LEGAL_DEBT_SIGNAL = "ok_legal_debt_signal", 78, "final", "L Wgs (article to be confirmed by counsel)"
    OK_LEGAL_SUPERVISION_ORDER = "ok_legal_supervision_order", 79, "final", "L Jeugdwet 7.3.11(4)"
    OK_LEGAL_CHILD_PROTECTION_BOARD = "ok_legal_child_protection_board", 80, "final", "L BW 1:240"
    OK_FEEDBACK_REPORTER = "ok_feedback_reporter", 81, "final", "L Wmo 4.1.1(2)(g)"
    OK_POLICE_DATA_ACT = "ok_police_data_act", 82, "final", "L Wpg"
    OK_CARE_SAFETY_HOUSE = "ok_care_safety_house", 83, "final", "L WGS"
    OK_VEILIG_THUIS_TASK = "ok_veilig_thuis_task", 84, "final", "L Wmo 4.1.1(2)(d),(e)"
    OK_GOOD_HELPER = "ok_good_helper", 85, "final", "L Jeugdwet 7.3.11(3)"
    OK_SAME_TEAM = "ok_same_team", 86, "final", "L Jeugdwet 7.3.11(2)"
    OK_CONSENT = "ok_consent", 87, "final", "L Jeugdwet 7.3.11"
    OK_CONSENT_ONE_PARENT = "ok_consent_one_parent", 88, "final", "L BW 1:253i; P"
    OK_CONSENT_REPRESENTATIVE = "ok_consent_representative", 89, "final", "L Jeugdwet 7.3.15(2),(3)"
    OK_CHILD_ONLY_LAW = "ok_child_only_law", 90, "final", "L Jeugdwet 7.3.11, BW 7:457"
    OK_MINIMAL_FEEDBACK = "ok_minimal_feedback", 91, "final", "P"
    OK_WITHDRAWAL_NOTICE = "ok_withdrawal_notice", 92, "final", "L AVG 7(3), 19"
    OK_RETRACTION_NOTICE = "ok_retraction_notice", 93, "final", "P"
    OK_MATCH = "ok_match", 94, "final", "P; precedent Jeugdwet 7.1.4.3(2)"
    OK_MATCH_LAPSED = "ok_match_lapsed", 95, "final", "P"
    OK_SOURCE_ADDED = "ok_source_added", 96, "final", "P"
    OK_LINKED_INTERNALLY = "ok_linked_internally", 97, "final", "P"
    OK_INSPECTION = "ok_inspection", 98, "final", "L Jeugdwet 7.3.10; AVG 15"
    OK_INSPECTION_LIMITED = "ok_inspection_limited", 99, "final", "L Wmo 5.3.1(3), 5.3.2(4)"
    OK_REPLAY = "ok_replay", 100, "final", "P"
