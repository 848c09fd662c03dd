"""A fifteen-year-old turns sixteen while a signal waits."""

from __future__ import annotations

from tests.scenarios.story import Story

TEAM, SCHOOL = "lt_kracht_escamp", "school_1"


def test_turning_sixteen_in_the_middle(story: Story) -> None:
    """The birthday is announced sixty days before; from 00:00 the parents' consent lapses and the own one counts."""
    # given somebody who turns sixteen on 15 December 2026, whose parent lets the school tell the local team
    story.at("2026-10-12 10:00")
    child = story.child(born="2010-12-15", district="escamp")
    story.consent(child, child.parents[0], "school", "local_team")

    # when sixty days are left, the reconfirmation is asked for, once, at 00:00
    story.at("2026-10-15 23:59")
    assert story.hub_events(child, "consent.reconfirmation_requested") == []
    story.at("2026-10-16 00:00")
    (request,) = story.hub_events(child, "consent.reconfirmation_requested")
    assert request["data"] == {"age": 16, "boundary_at": "2026-12-15T00:00:00+01:00"}

    # when the school signals at fifteen, the young person must be asked beside the parent
    story.at("2026-12-10 10:00")
    story.custody_checked(child)
    signal = story.signals(SCHOOL, child)
    story.is_told(signal, TEAM, "held", "hold_child_consent_missing")
    story.gets(SCHOOL, "completion.requested")

    # when the last minute of fifteen passes, nothing changes
    story.at("2026-12-14 23:59")
    story.is_told(signal, TEAM, "held", "hold_child_consent_missing")
    assert story.hub_events(child, "consent.age_boundary_reached") == []

    # when it is 00:00, the parent's consent no longer counts, and the school is asked anew
    story.at("2026-12-15 00:00")
    assert len(story.hub_events(child, "consent.age_boundary_reached")) == 1
    story.is_told(signal, TEAM, "held", "hold_age_lapsed")
    story.gets(SCHOOL, "completion.requested")
    story.nobody_else_hears()

    # when the young person consents alone, the team hears
    story.at("2026-12-15 11:00")
    story.consent(child, child, "school", "local_team")
    story.gets(TEAM, "signal.raised", sections={"meta", "contact", "codes", "narrative"})
    story.is_told(signal, TEAM, "delivered", "ok_consent")
    story.nobody_else_hears()
    assert len(story.hub_events(child, "consent.reconfirmation_requested")) == 1
