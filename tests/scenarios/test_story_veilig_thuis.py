"""A report to Veilig Thuis, where the family is informed late."""

from __future__ import annotations

from hub.core.model import JsonObject
from tests.scenarios.story import Story

SCHOOL, VEILIG_THUIS = "school_1", "vt_1"


def reporting_code(story: Story) -> JsonObject:
    """Return the answers of the five steps of the reporting code (CONSENT.md section 10, M1)."""
    return {
        "ground": "wmo_5_2_6",
        "steps": {str(step): story.day(-2) for step in range(1, 6)},
        "assessment": {"1": "yes", "2": "yes"},
        "conversation": {"deferred": "danger_to_child"},
        "why_no_consent": "danger_to_child",
        "decided_by": "prof_3",
        "contact_person": "prof_4",
    }


def test_report_with_late_informing(story: Story) -> None:
    """Reporting without consent is not without account: the school is reminded, missed, and closes it by informing."""
    # given a child of nine about whom nobody consented to anything
    story.at("2026-11-02 10:00")
    child = story.child(born="2017-03-01", district="escamp")

    # when the school reports on its legal ground
    report = story.signals(
        SCHOOL, child, [{"to": {"kind": "veilig_thuis"}, "exception": reporting_code(story)}],
        purpose="safety_report", urgency="u2", domains=("J2",), safety_level="suspected_unsafe",
    )  # fmt: skip

    # then Veilig Thuis has it, and the school owes the family an explanation within four weeks
    letter = story.gets(VEILIG_THUIS, "signal.raised", sections={"meta", "contact", "codes", "narrative"})
    line = story.is_told(report, VEILIG_THUIS, "delivered", "ok_legal_veilig_thuis")
    assert line["duties"] == [{"duty": "inform_subject", "due_at": "2026-11-30T23:59:59+01:00"}]
    story.gets(SCHOOL, "inform_duty.opened")
    story.raises("alert.safety", to=[VEILIG_THUIS])
    story.nobody_else_hears()

    # when Veilig Thuis does its part in time
    story.at("2026-11-02 15:00")
    story.sees(VEILIG_THUIS, letter, child)
    feedback: JsonObject = {"ground": "reporter_feedback"}
    for stage, moment in (("safety_assessment", "2026-11-06 15:00"), ("investigation", "2026-11-27 15:00")):
        story.at(moment)
        story.answers(
            VEILIG_THUIS, letter, "feedback.given", child, {"to": {"org": SCHOOL}, "exception": feedback},
            purpose="feedback", data={"stage": stage}, domains=("J2",),
        )  # fmt: skip
        story.gets(SCHOOL, "feedback.given", sections={"meta", "contact", "codes"})
    story.records(VEILIG_THUIS, letter, "inform_duty.fulfilled", child)
    story.nobody_else_hears()

    # when the last day begins, the school is reminded once; when it is over, missed once
    story.at("2026-11-30 08:59")
    story.nobody_else_hears()
    story.at("2026-11-30 09:00")
    near = story.raises("alert.deadline_near", to=[SCHOOL])
    assert (near["due_at"], near["uid"]) == ("2026-11-30T23:59:59+01:00", report.uid)
    story.at("2026-11-30 23:59:59")
    story.nobody_else_hears()
    story.at("2026-12-01 00:00")
    missed = story.raises("alert.deadline_missed", to=[SCHOOL])
    assert story.alert_state(missed) == "raised"
    story.nobody_else_hears()

    # when the school has informed the family, both alerts are closed and nothing follows
    story.at("2026-12-02 10:00")
    story.records(SCHOOL, report, "inform_duty.fulfilled", child)
    assert story.alert_state(near) == story.alert_state(missed) == "closed"
    story.at("2027-02-15 10:00")
    story.nobody_else_hears()
