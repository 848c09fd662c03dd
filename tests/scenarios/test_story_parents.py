"""Two parents with custody, of whom one objects."""

from __future__ import annotations

from tests.scenarios.story import Story

TEAM, SCHOOL = "lt_kracht_escamp", "school_1"


def test_parents_of_whom_one_objects(story: Story) -> None:
    """One parent's word is not enough for a whole story, an objection stops it until both agree."""
    # given a child of eight with two parents, of whom one consents
    story.at("2026-11-02 10:00")
    child = story.child(born="2018-02-01", district="escamp", parents=2)
    mother, father = child.parents
    story.consent(child, mother, "school", "local_team")

    # when the school signals, it is asked for the other parent
    signal = story.signals(SCHOOL, child)
    story.is_told(signal, TEAM, "held", "hold_second_parent")
    story.gets(SCHOOL, "completion.requested")
    story.nobody_else_hears()

    # when the father objects, the question changes: talk first
    story.at("2026-11-03 10:00")
    objection = story.objection(child, father, "school", "local_team", "help_request")
    story.is_told(signal, TEAM, "held", "hold_objection_conflict")
    story.gets(SCHOOL, "completion.requested")

    # when he takes his objection back after the talk, he still has to be asked
    story.at("2026-11-04 10:00")
    story.withdrawal(child, objection, "objection.revoked")
    story.is_told(signal, TEAM, "held", "hold_second_parent")
    story.gets(SCHOOL, "completion.requested")
    story.nobody_else_hears()

    # when he consents, the team hears it without anybody sending it again
    story.consent(child, father, "school", "local_team")
    story.gets(TEAM, "signal.raised", sections={"meta", "contact", "codes", "narrative"})
    story.is_told(signal, TEAM, "delivered", "ok_consent")
    story.nobody_else_hears()


def test_one_parent_suffices_for_a_short_message_and_the_other_is_informed(story: Story) -> None:
    """A message without a story goes on one parent's word; the sender must inform the other in five working days."""
    # given two parents, of whom one consents
    story.at("2026-11-02 10:00")
    child = story.child(born="2018-02-01", district="escamp", parents=2)
    story.consent(child, child.parents[0], "school", "local_team", sections=["contact", "codes"])

    # when the school sends codes and its contact card only
    signal = story.signals(
        SCHOOL, child, content={"narrative": None, "codes": {"domains": ["04"], "requested_action": "contact_opnemen",
        "protective_factors": ["support_figure"]}},
    )  # fmt: skip

    # then the team hears it, and the school has a duty with a date
    letter = story.gets(TEAM, "signal.raised", sections={"meta", "contact", "codes"})
    line = story.is_told(signal, TEAM, "delivered", "ok_consent_one_parent")
    assert line["duties"] == [{"duty": "inform_other_parent", "due_at": "2026-11-09T23:59:59+01:00"}]
    story.gets(SCHOOL, "inform_duty.opened")
    story.nobody_else_hears()

    # when the team has seen it and the school informs the other parent in time, no alert ever comes
    story.sees(TEAM, letter, child)
    story.at("2026-11-06 10:00")
    story.records(SCHOOL, signal, "inform_duty.fulfilled", child)
    story.answers(TEAM, letter, "feedback.given", child, purpose="feedback")
    story.gets(SCHOOL, "feedback.given", sections={"meta", "contact"})
    story.at("2026-12-24 10:00")
    story.nobody_else_hears()
