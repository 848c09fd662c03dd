"""A school and a GP worry about the same child."""

from __future__ import annotations

from tests.scenarios.story import Story
from tests.scenarios.story_people import Child

TEAM, SCHOOL, GP = "lt_kracht_escamp", "school_1", "gp_1"


def a_child_of_whom_both_may_signal(story: Story) -> Child:
    """The parent lets school and GP signal to the local team."""
    story.at("2026-11-02 10:00")
    child = story.child(born="2016-05-01", district="escamp")
    for sender in ("school", "gp"):
        story.consent(child, child.parents[0], sender, "local_team")
    return child


def test_both_are_brought_into_contact_and_told_when_it_lapses(story: Story) -> None:
    """With consent both ways each gets the other's contact card, once; a retraction ends it for the other."""
    # given a parent who lets school and GP coordinate, both ways
    child = a_child_of_whom_both_may_signal(story)
    story.consent(child, child.parents[0], "school", GP, "coordination", ["contact"])
    story.consent(child, child.parents[0], "gp", SCHOOL, "coordination", ["contact"])

    # when the school signals, only the team hears
    record = story.record()
    story.signals(SCHOOL, child, record=record)
    story.gets(TEAM, "signal.raised", sections={"meta", "contact", "codes", "narrative"})
    story.nobody_else_hears()

    # when the GP signals too, the team hears that as well, and both get a contact card and nothing else
    story.signals(GP, child, domains=("J1",))
    story.gets(TEAM, "signal.raised")
    for org in (SCHOOL, GP):
        card = story.gets(org, "match.reported")
        assert set(card.data) == {"event_type", "basis", "date", "contacts"}
        assert card.data["basis"] == "same_subject"
    story.nobody_else_hears()

    # when the GP signals again, nobody is told of the match a second time
    story.signals(GP, child, domains=("J2",))
    story.gets(TEAM, "signal.raised")
    story.gets(GP, "signal.linked_internally")
    story.nobody_else_hears()

    # when the school retracts, the team must know, and only the GP hears that the match lapsed, without a reason
    story.fact(SCHOOL, "signal.retracted", child, record_ref=record, reason="error")
    assert story.gets(TEAM, "signal.retracted").data["record_ref"] == record
    assert set(story.gets(GP, "match.lapsed").data) == {"event_type", "date"}
    story.nobody_else_hears()


def test_when_one_side_may_not_coordinate_nobody_learns_of_the_other(story: Story) -> None:
    """Consent in one direction only tells nobody anything: one-sided silence would itself reveal something."""
    # given a parent who lets the GP tell the school, but not the school tell the GP
    child = a_child_of_whom_both_may_signal(story)
    story.consent(child, child.parents[0], "gp", SCHOOL, "coordination", ["contact"])

    # when both signal
    story.signals(SCHOOL, child)
    story.signals(GP, child, domains=("J1",))

    # then the team hears both, and nobody else hears anything
    story.gets(TEAM, "signal.raised")
    story.gets(TEAM, "signal.raised")
    story.nobody_else_hears()
