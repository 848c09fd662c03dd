"""Which gate gave a reason: the whole table, exact or narrowed by what is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.core.explaining import State, explain_event, explain_recipient
from hub.core.explaining_gates import Known, deciding_gates, known_of_recipient
from hub.core.explaining_words import EVENT_GATES, ORDER, RECIPIENT_GATES, law_of
from hub.core.model import JsonObject
from hub.core.reasons import Reason

_OF_OTHER_ORIGIN = {
    reason
    for reason in Reason
    if reason in {Reason.DENY_MATCH_ONESIDED, Reason.DENY_RETENTION, Reason.HOLD_INSPECTION_REVIEW}
    or reason.value.startswith(("deny_inspection", "ok_inspection", "ok_match"))
    or reason in {Reason.OK_SOURCE_ADDED, Reason.OK_LINKED_INTERNALLY, Reason.OK_REPLAY}
}
"""Reasons of matches, inspection and replay: no gate of an event gives them."""


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_of_a_gate_is_explained(reason: Reason) -> None:
    """Every reason that a gate can give names at least one gate; the others name none."""
    assert bool(deciding_gates(reason.value)) is (reason not in _OF_OTHER_ORIGIN)


_CONTENT = Known(type="signal.raised", anonymous=False, excepted=False, may_be_taken=False, may_be_team=False)
_ASKED = replace(_CONTENT, type="consultation.requested", anonymous=None)
_FEEDBACK = replace(_CONTENT, type="feedback.given")
_GROUND = replace(_CONTENT, excepted=True, ground="wmo_5_2_6")
_HELPER = replace(_CONTENT, excepted=True, ground="good_helper")
_NARROWED: list[tuple[str, Known, str, str]] = [
    ("deny_schema", _CONTENT, "", "E4"),
    ("deny_schema", Known(), "", "E4 L"),
    ("deny_schema", Known(type="referral.declined"), "", "E4 L"),
    ("deny_schema", Known(type="alert.answered"), "", "E4 L"),
    ("deny_schema", Known(type="referral.accepted"), "", "E4"),
    ("ok_recorded", Known(), "", "E10 E11"),
    ("ok_recorded", Known(type="consent.withdrawn"), "", "E11"),
    ("ok_recorded", Known(type="custody.changed"), "", "E10"),
    ("deny_route", _CONTENT, "gp_1", "R3"),
    ("deny_route", replace(_CONTENT, may_be_taken=True), "gp_1", "R1 R3"),
    ("deny_route", replace(_CONTENT, excepted=None), "gp_1", "R3 R9"),
    ("deny_route", _GROUND, "gp_1", "R3 R9"),
    ("deny_route", _FEEDBACK, "gp_1", "R3"),
    ("deny_route", replace(_FEEDBACK, excepted=True), "gp_1", "R3 R9"),
    ("deny_route", replace(_ASKED, excepted=True), "gp_1", "R3 R4 R9"),
    ("deny_route", replace(_ASKED, excepted=True, anonymous=True), "gp_1", "R3 R4"),
    ("deny_route", replace(_ASKED, excepted=True, anonymous=False), "gp_1", "R3 R9"),
    ("deny_route", replace(_CONTENT, type="referral.accepted", excepted=True), "gp_1", "R3 R5"),
    ("deny_route", replace(_CONTENT, type="alert.safety", excepted=True), "gp_1", "R3 R6"),
    ("deny_route", replace(_CONTENT, type="prevention.picture_published", may_be_taken=True), "gp_1", "R1"),
    ("deny_route", Known(), "gp_1", "R1 R3 R4 R5 R6 R9"),
    ("hold_identity_ambiguous", _CONTENT, "kind:local_team", "R1"),
    ("hold_identity_ambiguous", _CONTENT, "team_1", "R1 R12"),
    ("hold_identity_ambiguous", _HELPER, "team_1", "R12"),
    ("hold_identity_ambiguous", _FEEDBACK, "team_1", "R12"),
    ("hold_identity_ambiguous", replace(_ASKED, anonymous=True), "team_1", "R1"),
    ("hold_identity_ambiguous", Known(), "team_1", "R1 R12"),
    ("deny_police_basis_missing", _CONTENT, "team_1", "R7"),
    ("deny_police_basis_missing", _GROUND, "team_1", "R7"),
    ("deny_police_basis_missing", replace(_GROUND, ground="police_data_act"), "team_1", "R9"),
    ("deny_police_basis_missing", Known(), "team_1", "R7 R9"),
    ("hold_justification_missing", _GROUND, "team_1", "R9"),
    ("hold_justification_missing", _CONTENT, "team_1", "R10"),
    ("hold_justification_missing", Known(), "team_1", "R9 R10"),
    ("hold_age_unknown", _HELPER, "team_1", "R9"),
    ("hold_age_unknown", _CONTENT, "team_1", "R13"),
    ("hold_capacity_unclear", Known(), "team_1", "R9 R13"),
    ("hold_protection_unknown", _CONTENT, "team_1", "R16"),
    ("hold_protection_unknown", replace(_CONTENT, may_be_team=True), "team_1", "R10 R16"),
    ("hold_protection_unknown", replace(_HELPER, may_be_team=True), "team_1", "R16"),
    ("hold_scan_missing", _CONTENT, "team_1", "R16"),
    ("hold_scan_missing", _ASKED, "team_1", "R4 R16"),
    ("hold_scan_missing", replace(_ASKED, anonymous=True), "team_1", "R4"),
    ("hold_scan_missing", replace(_ASKED, anonymous=False), "team_1", "R16"),
    ("deny_nothing_left", _CONTENT, "team_1", "R16"),
    ("deny_nothing_left", _GROUND, "team_1", "R9"),
    ("deny_nothing_left", _HELPER, "team_1", "R16"),
    ("deny_nothing_left", replace(_CONTENT, excepted=None), "team_1", "R9 R16"),
    ("deny_nothing_left", replace(_CONTENT, may_be_team=True), "team_1", "R10 R16"),
    ("deny_nothing_left", _FEEDBACK, "team_1", "R16 R17"),
    ("deny_nothing_left", replace(_CONTENT, type="referral.accepted"), "team_1", "R5"),
    ("deny_nothing_left", replace(_CONTENT, type="alert.safety"), "team_1", "R6"),
    ("deny_nothing_left", replace(_CONTENT, type="prevention.picture_published"), "team_1", "R3"),
    ("deny_nothing_left", Known(), "team_1", "R3 R5 R6 R9 R10 R16 R17"),
]


@pytest.mark.parametrize(("reason", "known", "recipient", "gates"), _NARROWED)
def test_reasons_of_several_gates_are_narrowed_by_what_is_known(
    reason: str, known: Known, recipient: str, gates: str
) -> None:
    """What is known of the event leaves exactly the gates that can have given the reason, in their order."""
    assert " ".join(deciding_gates(reason, known, recipient)) == gates


def test_an_error_that_no_rule_foresees_can_be_anywhere() -> None:
    """An evaluation error names every gate in their order, for the event as for a recipient."""
    assert deciding_gates("hold_evaluation_error") == tuple(ORDER)
    steps = (*explain_event("hold_evaluation_error"), *explain_recipient("hold_evaluation_error", "gp_1"))
    assert {step.state for step in steps} == {State.ONE_OF}


_EXACT = {
    "E1": "deny_bsn_in_metadata",
    "E3": "hold_policy_invalid",
    "E5": "deny_sender",
    "E6": "deny_type_not_allowed",
    "E7": "deny_conflict deny_duplicate deny_stale",
    "E8": "deny_hold_expired",
    "E9": "deny_use_corv",
    "E11": "ok_withdrawal_notice ok_retraction_notice",
    "E12": "deny_k_anonymity",
    "L": "deny_lifecycle_actor deny_lifecycle_order hold_closing_gate",
    "E13": "ok_accepted",
    "R1": "deny_recipient_unknown hold_area_unknown hold_no_owner hold_ambiguous_owner hold_area_mismatch",
    "R2": "deny_emergency_line",
    "R3": "ok_aggregate",
    "R4": "deny_anonymity_leak ok_anonymous_consultation",
    "R5": "ok_acknowledgement",
    "R6": "ok_alert",
    "R8": "deny_onward hold_origin_unknown",
    "R9": "deny_feature_off ok_legal_veilig_thuis ok_vital_interest ok_legal_debt_signal ok_feedback_reporter"
    " ok_legal_supervision_order ok_legal_child_protection_board ok_police_data_act ok_care_safety_house"
    " ok_veilig_thuis_task",
    "R10": "ok_same_team",
    "R11": "deny_purpose_unregistered",
    "R13": "hold_custody_unknown hold_representative_unknown hold_custody_stale",
    "R14": "hold_consent_state_stale",
    "R15": "hold_consent_unreadable deny_child_refused hold_objection_conflict deny_objection deny_withdrawn"
    " deny_expired hold_consent_evidence hold_not_yet_valid hold_child_consent_missing hold_second_parent"
    " hold_parent_consent_missing hold_age_lapsed deny_not_entitled hold_recipient_scope deny_recipient_scope"
    " deny_purpose deny_sender_scope deny_not_specific deny_no_consent",
    "R16": "ok_good_helper ok_consent ok_consent_one_parent ok_consent_representative ok_child_only_law",
    "R17": "ok_minimal_feedback",
}


def test_every_other_reason_belongs_to_one_gate_whatever_is_known() -> None:
    """The reasons of one gate name it; with those of several gates and of other origin these are all reasons."""
    exact = {reason: gate for gate, reasons in _EXACT.items() for reason in reasons.split()}
    for reason, gate in exact.items():
        for known in (Known(), _CONTENT, _ASKED, _FEEDBACK, _GROUND):
            assert deciding_gates(reason, known, "gp_1") == (gate,)
    several = {reason for reason, *_ in _NARROWED} | {"hold_evaluation_error"}
    assert exact.keys() | several | _OF_OTHER_ORIGIN == set(Reason)


_LAW = {
    "E1": "UAVG 46", "E4": "NL GOV profile for CloudEvents", "E5": "AVG 32",
    "E9": "CORV (article to be confirmed by counsel)", "E11": "AVG 7(3), 19", "E12": "AVG recital 26",
    "R4": "Wmo 4.1.1(3)", "R7": "Wpg 16, 18-20", "R8": "Wpg 18-20", "R10": "Jeugdwet 7.3.11(2)",
    "R11": "AVG 5(1)(b), 6; AP 2016 guidance", "R12": "Jeugdwet 7.2.1", "R13": "Jeugdwet 7.3.15; BW 1:245",
    "R15": "Jeugdwet 7.3.11, BW 7:457", "R16": "AVG 5(1)(c), 9, 10",
}  # fmt: skip


def test_each_gate_names_its_articles() -> None:
    """The law that a gate names is that of CONSENT.md; gates of policy alone name none."""
    assert {gate.gate: law_of(gate.basis) for gate in (*EVENT_GATES, *RECIPIENT_GATES)} == {
        gate: _LAW.get(gate) for gate in ORDER
    }


def test_a_step_as_json_has_codes_and_sentences() -> None:
    """A step is an object with the gate, its state, two sentences and the law."""
    step = explain_recipient("deny_onward", "gp_1")[7]
    assert step.as_json() == {
        "gate": "R8",
        "state": "decided",
        "nl": "Gegevens van de politie mogen niet worden doorgegeven.",
        "en": "Data that came from the police may not be passed on.",
        "law": "Wpg 18-20",
    }
    assert [state.value for state in State] == [
        "passed", "not_asked", "decided", "one_of", "unsure", "not_reached",
    ]  # fmt: skip


def test_what_an_event_tells_of_its_recipient() -> None:
    """Exception, ground, place and professionals of the entry are read; beyond the entries nothing is known."""
    entry: JsonObject = {"to": {"org": "gp_1"}, "professional": "p2", "exception": {"ground": "wmo_5_2_6"}}
    event: JsonObject = {
        "type": "signal.raised",
        "sender": {"org": "school_1", "professional": "p1"},
        "case_ref": "case_1",
        "recipients": [entry],
    }
    known = Known(
        type="signal.raised", anonymous=False, excepted=True, ground="wmo_5_2_6", may_be_taken=False
    )
    assert known_of_recipient(event, 0, "gp_1", ()) == known
    assert known_of_recipient(event, 0, "gp_1", ("gp_1",)).may_be_taken
    assert known_of_recipient(event, 0, "school_1", ()).may_be_taken
    assert known_of_recipient(event, 1, "gp_1", ()) == Known(type="signal.raised", anonymous=False)
    for missing in ("case_ref", "sender", "recipients"):
        less = {name: value for name, value in event.items() if name != missing}
        if missing == "recipients":
            less["recipients"] = [{"to": {"org": "gp_1"}}]
        assert not known_of_recipient(less, 0, "gp_1", ()).may_be_team
    odd: JsonObject = {
        **event,
        "recipients": [{**entry, "exception": {"ground": 3}}],
        "mode": "anonymous",
        "type": 3,
    }
    assert known_of_recipient(odd, 0, "gp_1", ()) == replace(known, type=None, anonymous=True, ground=None)
