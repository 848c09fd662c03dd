"""A parent takes consent back after something was shared."""

from __future__ import annotations

from tests.scenarios.story import Story
from tests.scenarios.story_people import duties_of

TEAM, SCHOOL = "lt_kracht_escamp", "school_1"


def test_receivers_are_told_to_stop_and_nothing_more_leaves(story: Story) -> None:
    """Who got something on a consent hears that it ended, once; what comes later goes nowhere."""
    # given a signal that the team got on the parent's consent
    story.at("2026-11-02 10:00")
    child = story.child(born="2016-05-01")
    consent = story.consent(child, child.parents[0], "school", "local_team")
    story.signals(SCHOOL, child)
    story.sees(TEAM, story.gets(TEAM, "signal.raised"), child)

    # when the parent withdraws, the team is told to stop using it
    story.at("2026-11-03 10:00")
    story.withdrawal(child, consent)
    notice = story.gets(TEAM, "consent.withdrawn", sections={"meta"})
    assert notice.data["consent_id"] == consent
    assert duties_of(notice.data) == ["stop_further_use"]

    # when the school signals again, nothing leaves; a second withdrawal tells nobody anything new
    signal = story.signals(SCHOOL, child, domains=("J1",))
    story.is_told(signal, TEAM, "withheld", "deny_withdrawn")
    story.nobody_else_hears()

    # when the parent consents anew, the next signal arrives
    story.at("2026-11-04 10:00")
    story.consent(child, child.parents[0], "school", "local_team")
    story.signals(SCHOOL, child, domains=("J2",))
    story.gets(TEAM, "signal.raised")
    story.gets(SCHOOL, "signal.linked_internally")
    story.nobody_else_hears()


def test_a_consent_that_ends_is_announced_once(story: Story) -> None:
    """The day after the last day of a consent its receivers are told, once."""
    # given a signal that the team got, and saw, on a consent that lasts until Thursday
    story.at("2026-11-02 10:00")
    child = story.child(born="2016-05-01")
    consent = story.consent(child, child.parents[0], "school", "local_team", valid_to="2026-11-05")
    story.signals(SCHOOL, child)
    story.sees(TEAM, story.gets(TEAM, "signal.raised"), child)

    # when Thursday's last minute passes nothing happens; at 00:00 the team is told
    story.at("2026-11-05 23:59")
    story.nobody_else_hears()
    story.at("2026-11-06 00:00")
    assert story.gets(TEAM, "consent.expired").data["consent_id"] == consent
    story.at("2026-11-09 10:00")
    story.nobody_else_hears()
