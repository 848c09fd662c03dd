"""Adults: arrears of rent on their own legal ground, and worries about somebody who has children at home."""

from __future__ import annotations

from tests.scenarios.story import Story
from tests.scenarios.story_people import duties_of

HOUSING, DEBT_HELP, MENTAL_HEALTH, TEAM = "housing_1", "debt_1", "mental_1", "lt_kracht_escamp"


def test_early_debt_signal_on_its_own_ground(story: Story) -> None:
    """Arrears go to debt help by law, nothing but what that needs; a first talk is due in four weeks."""
    # given a tenant with arrears, who consented to nothing
    story.at("2026-11-02 10:00")
    tenant = story.child(born="1985-05-01", parents=0)

    # when the landlord signals after reminding twice
    ground = {
        "ground": "wgs_debt_signal",
        "signal_partner": "rent",
        "arrears_since": story.day(-90),
        "reminder_efforts": 2,
    }
    signal = story.signals(
        HOUSING, tenant, [{"to": {"kind": "debt_help"}, "exception": ground}], type_name="early_signal.raised",
        purpose="debt_early_signal", early_kind="payment_arrears", domains=("01",),
    )  # fmt: skip
    letter = story.gets(DEBT_HELP, "early_signal.raised", sections={"meta", "contact", "finance"})
    line = story.is_told(signal, DEBT_HELP, "delivered", "ok_legal_debt_signal")
    assert duties_of(line) == ["inform_subject"]
    story.gets(HOUSING, "inform_duty.opened")
    story.records(HOUSING, signal, "inform_duty.fulfilled", tenant)
    story.sees(DEBT_HELP, letter, tenant)

    # when debt help gives feedback, the landlord hears no more than that it was taken up
    story.at("2026-11-13 10:00")
    story.answers(DEBT_HELP, letter, "feedback.given", tenant, purpose="feedback")
    story.gets(HOUSING, "feedback.given", sections={"contact"})
    story.at("2026-12-01 10:00")
    story.nobody_else_hears()


def test_a_debt_signal_without_its_ground_needs_consent(story: Story) -> None:
    """Without the ground the landlord's signal goes nowhere."""
    story.at("2026-11-02 10:00")
    tenant = story.child(born="1985-05-01", parents=0)
    signal = story.signals(
        HOUSING, tenant, "debt_help", type_name="early_signal.raised", purpose="debt_early_signal",
        early_kind="payment_arrears", domains=("01",),
    )  # fmt: skip
    story.is_told(signal, DEBT_HELP, "withheld", "deny_no_consent")
    story.nobody_else_hears()


def test_adult_signal_with_kindcheck(story: Story) -> None:
    """Children at home and acute danger without Veilig Thuis: the sender is told to consider a report."""
    # given an adult in treatment, who consents to tell the local team
    story.at("2026-11-02 10:00")
    adult = story.child(born="1985-05-01", parents=0)
    story.consent(adult, adult, "adult_mental_health", "local_team")

    # when the treatment asks the team to come along, with two children at home
    signal = story.signals(
        MENTAL_HEALTH, adult, type_name="adult_signal.raised", domains=("07",), safety_level="acute",
        kindcheck={"done": True, "children_present": "yes", "minor_count": 2},
    )  # fmt: skip
    story.gets(TEAM, "adult_signal.raised", sections={"meta", "contact", "codes", "narrative"})
    receipt = story.is_answered(signal, "ok_accepted")
    assert duties_of(receipt) == ["consider_veilig_thuis_report"]
    story.nobody_else_hears()

    # when nobody at home depends on the adult, there is no such duty
    story.at("2026-11-09 10:00")
    signal = story.signals(
        MENTAL_HEALTH, adult, type_name="adult_signal.raised", domains=("06",), safety_level="acute",
        kindcheck={"done": True, "children_present": "no", "minor_count": 0},
    )  # fmt: skip
    assert story.is_answered(signal, "ok_accepted")["duties"] == []
