"""A crisis in the night from Friday to Saturday."""

from __future__ import annotations

from hub.core.model import JsonObject
from tests.scenarios.city import Sent
from tests.scenarios.story import Story
from tests.scenarios.story_people import Child, Heard

CARE, CRISIS, OTHER_CRISIS = "youth_care_1", "crisis_1", "crisis_2"
TEAMS = (CRISIS, OTHER_CRISIS)
TEAM, OLD_TEAM, INSTITUTION = "lt_kracht_escamp", "lt_kracht_kust", "ci_1"


def danger_to_life(story: Story) -> JsonObject:
    """Return what a crisis without consent must answer (CONSENT.md section 10)."""
    return {
        "ground": "vital_interest",
        "danger": "suicide_risk",
        "why_no_consent": "not_reachable",
        "consulted": "prof_4",
        "inform_by": story.day(1),
        "contact_person": "prof_4",
    }


def test_crisis_at_night(story: Story) -> None:
    """Every crisis team and every party to the case hears at once; nobody's silence goes unseen."""
    # given somebody with a measure, a fixed face at the team of the former home, and a case they all belong to
    story.at("2026-11-06 16:00")
    child = story.child(born="2011-09-01", district="escamp")
    case = story.case()
    parties = (CARE, TEAM, OLD_TEAM, INSTITUTION)
    story.fact(
        CARE, "help_team.changed", child, case_ref=case,
        professionals=[{"professional": f"prof_{org}", "org": org} for org in parties],
    )  # fmt: skip
    story.fact(
        INSTITUTION, "measure.changed", child, kind="supervision_order", org=INSTITUTION, order_ref="order-1",
        **{"from": "2026-01-01", "to": None},
    )  # fmt: skip
    story.has_fixed_face(child, OLD_TEAM, "prof_face")

    # when youth care reports danger to life in the night, naming one crisis team
    story.at("2026-11-07 02:14")
    crisis = story.signals(
        CARE, child, [{"to": {"org": CRISIS}, "exception": danger_to_life(story)}], type_name="crisis.reported",
        purpose="crisis", urgency="u1", domains=("J2",), safety_level="acute", case_ref=case,
    )  # fmt: skip

    # then both crisis teams have it, and each party to the case is warned without the story
    letters = {team: story.gets(team, "crisis.reported") for team in TEAMS}
    for team in TEAMS:
        assert "narrative" in letters[team].sections
        story.is_told(crisis, team, "delivered", "ok_vital_interest")
    for party in (TEAM, OLD_TEAM, INSTITUTION):
        story.gets(party, "alert.crisis", sections={"meta", "contact", "codes"})
        story.raises("alert.crisis", to=[party], level=0)
    story.gets(CARE, "inform_duty.opened")
    story.nobody_else_hears()

    goes_up_the_ladder(story, child, letters)
    is_followed_up(story, child, case, crisis, letters[CRISIS])


def goes_up_the_ladder(story: Story, child: Child, letters: dict[str, Heard]) -> None:
    """Nobody looks for ten, fifteen, thirty minutes."""
    # when nobody has looked after ten minutes, both teams are reminded; after a quarter of an hour it is late
    story.at("2026-11-07 02:23:59")
    story.nobody_else_hears()
    story.at("2026-11-07 02:24")
    for team in TEAMS:
        story.raises("alert.deadline_near", to=[team], rule="u1_human_ack", level=1)
    story.at("2026-11-07 02:29")
    story.nobody_else_hears()
    story.at("2026-11-07 02:29:01")
    missed = {
        team: story.raises("alert.deadline_missed", to=[team], rule="u1_human_ack", level=2) for team in TEAMS
    }
    story.nobody_else_hears()

    # when one team is on its way, its alerts end; the silence of the other goes up to the network coordinator
    story.at("2026-11-07 02:35")
    story.answers(CRISIS, letters[CRISIS], "crisis.confirmed", child)
    story.gets(CARE, "crisis.confirmed")
    assert story.alert_state(missed[CRISIS]) == "closed"
    assert story.alert_state(missed[OTHER_CRISIS]) == "raised"
    story.at("2026-11-07 02:44:01")
    escalated = story.raises("alert.escalated", level=3)
    assert escalated["alert_id"] == missed[OTHER_CRISIS]["alert_id"]
    story.answers(OTHER_CRISIS, letters[OTHER_CRISIS], "crisis.confirmed", child)
    story.gets(CARE, "crisis.confirmed")
    assert story.alert_state(missed[OTHER_CRISIS]) == "closed"
    story.nobody_else_hears()


def is_followed_up(story: Story, child: Child, case: str, crisis: Sent, letter: Heard) -> None:
    """What follows is agreed late."""
    # when nobody agrees on what follows within a day, the connection is at risk
    story.at("2026-11-07 18:14")
    story.raises("alert.deadline_near", to=[CRISIS], rule="u1_follow_up")
    story.at("2026-11-08 02:14")
    story.nobody_else_hears()
    story.at("2026-11-08 02:14:01")
    at_risk = story.raises("alert.connection_at_risk", to=[CRISIS], rule="u1_follow_up")
    story.nobody_else_hears()

    # when the follow-up is agreed and the family is informed, nothing is left open
    story.at("2026-11-08 11:00")
    story.answers(
        CRISIS, letter, "crisis.follow_up_agreed", child, purpose="crisis", urgency="u2",
        domains=("J2",), case_ref=case,
    )  # fmt: skip
    assert story.alert_state(at_risk) == "closed"
    story.records(CARE, crisis, "inform_duty.fulfilled", child)
    story.at("2027-01-04 09:00")
    story.nobody_else_hears()
