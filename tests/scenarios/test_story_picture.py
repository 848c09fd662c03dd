"""The prevention picture of a month: counts per district and life domain, never persons."""

from __future__ import annotations

from hub.core.model import JsonObject
from tests.scenarios.story import Story
from tests.scenarios.story_people import Child
from tests.system.hub_world import until

SCHOOL, POLICY = "school_1", "municipality_1"
CROWD = 10
"""`k_aggregate` of CONSENT.md section 14."""


def a_child_of_whom_the_school_may_signal(story: Story, district: str) -> Child:
    """A child with a parent who consents."""
    child = story.child(born="2021-05-01", district=district)
    story.consent(child, child.parents[0], "school", "local_team")
    return child


def pictures(story: Story) -> list[JsonObject]:
    """Return the prevention pictures published so far in the year of the clock."""
    story.city.rest()
    found = story.city.watcher.own_events("prevention.picture_published")
    return [event for event in found if str(event["time"]).startswith(str(story.today.year))]


def test_only_cells_of_ten_children_are_published(story: Story) -> None:
    """A cell needs ten signals about ten children; one child with many signals is no crowd; once a month."""
    # given ten children in Segbroek with one signal each, nine in Centrum, and one in Loosduinen with ten
    story.at("2031-04-10 10:00")
    for district, children in (("segbroek", CROWD), ("centrum", CROWD - 1)):
        for _number in range(children):
            story.signals(SCHOOL, a_child_of_whom_the_school_may_signal(story, district), domains=("04",))
    busy = a_child_of_whom_the_school_may_signal(story, "loosduinen")
    for other in ("01", "02", "03", "05", "06", "07", "11", "J1", "J2", "J3"):
        story.signals(SCHOOL, busy, domains=("04", other))
    story.silence()

    # when the month is over, the municipality gets one cell, and the next day nothing more
    story.at("2031-05-01 01:59")
    assert pictures(story) == []
    story.at("2031-05-01 02:00")
    until(lambda: bool(pictures(story)), "the prevention picture of April")
    (picture,) = pictures(story)
    assert picture["cells"] == [{"area": "segbroek", "domain": "04", "n": CROWD}]
    assert picture["data"] == {"period_from": "2031-04-01", "period_to": "2031-04-30"}
    story.at("2031-05-02 02:00")
    (letter,) = story.all_letters(POLICY, "prevention.picture_published")
    assert "subject" not in letter.event
    assert len(pictures(story)) == 1
