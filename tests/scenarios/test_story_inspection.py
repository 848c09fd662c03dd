"""The family asks who shared what about it."""

from __future__ import annotations

from typing import Any

import httpx

from tests.scenarios.story import Story
from tests.scenarios.story_people import Child, Someone
from tests.scenarios.test_story_veilig_thuis import reporting_code

SCHOOL, TEAM, SUPPORT = "school_1", "lt_kracht_escamp", "support_1"


def asks(story: Story, org: str, child: Child, requester: Someone, **judged: bool) -> httpx.Response:
    """Let an organisation with the family at the table ask."""
    story.city.rest()
    body = {"subject": child.reference, "requester": requester.reference, **judged}
    address = f"{story.city.address}/inspections"
    return story.city.client.post(address, json=body, headers=story.city.headers(org))


def test_a_parent_sees_who_shared_what(story: Story) -> None:
    """A parent sees each sharing with its ground; what Veilig Thuis got is left out and cannot be inferred."""
    # given a child about whom the school told the team with consent, and Veilig Thuis without
    story.at("2026-11-02 10:00")
    child = story.child(born="2018-02-01", district="escamp")
    (parent,) = child.parents
    story.consent(child, parent, "school", "local_team")
    story.signals(SCHOOL, child)
    story.gets(TEAM, "signal.raised")
    story.signals(
        SCHOOL, child, [{"to": {"kind": "veilig_thuis"}, "exception": reporting_code(story)}],
        purpose="safety_report", urgency="u2", domains=("J2",), safety_level="suspected_unsafe",
    )  # fmt: skip
    story.gets("vt_1", "signal.raised")

    # when the parent asks with client support, a professional must first weigh the child's interest
    story.at("2026-11-03 10:00")
    assert asks(story, SUPPORT, child, parent).json()["reason"] == "hold_inspection_review"

    # when it was weighed, the parent sees what the team got, on which ground, and nothing of the report
    answer: Any = asks(story, SUPPORT, child, parent, child_interest_opposes=False)
    assert answer.status_code == httpx.codes.OK
    seen = answer.json()
    assert seen["reason"] == "ok_inspection_limited"
    assert [(line["recipient"]["organisation"], line["ground"]["reason"]) for line in seen["lines"]] == [
        ("Testteam Kracht Escamp", "ok_consent")
    ]
    (line,) = seen["lines"]
    assert {section["section"] for section in line["sections"]} == {"meta", "contact", "codes", "narrative"}

    # when somebody else asks, or a school does, nothing is shown
    stranger = asks(story, SUPPORT, child, story.someone("parent_with_custody"), child_interest_opposes=False)
    assert (stranger.status_code, stranger.json()["reason"]) == (403, "deny_inspection_not_entitled")
    assert asks(story, SCHOOL, child, parent, child_interest_opposes=False).status_code == 403
