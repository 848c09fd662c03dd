"""The one professional whom the family knows, when the family moves."""

from __future__ import annotations

from hub.core.model import JsonObject
from tests.scenarios.story import Story

OLD_TEAM, NEW_TEAM, SCHOOL = "lt_rondomjou_rand", "lt_kracht_escamp", "school_1"


def test_warm_handover_of_the_fixed_face(story: Story) -> None:
    """Each team that hears of the family sees its fixed face; after a move the old face stays until the hand-over."""
    # given a family in Laak with a fixed face at its local team
    story.at("2026-11-02 10:00")
    child = story.child(born="2016-05-01", district="laak")
    story.consent(child, child.parents[0], "school", "local_team")
    story.has_fixed_face(child, OLD_TEAM, "prof_old")

    # when the school signals, the team sees who stays with the family
    story.signals(SCHOOL, child)
    letter = story.gets(OLD_TEAM, "signal.raised")
    assert letter.data["fixed_face"] == {
        "organisation": "Testteam rondomJou Rand",
        "professional": "prof_old",
    }
    assert letter.data["notes"] == []

    # when the family moves and the school signals again, the new team sees the old face and that a hand-over is due
    story.at("2026-11-03 10:00")
    story.fact("youth_health_1", "address.changed", child, **{"district": "escamp", "from": "2026-11-03"})
    signal = story.signals(SCHOOL, child, domains=("J1",))
    letter = story.gets(NEW_TEAM, "signal.raised")
    assert letter.data["fixed_face"] == {
        "organisation": "Testteam rondomJou Rand",
        "professional": "prof_old",
    }
    assert letter.data["notes"] == ["fixed_face_handover"]
    (duty,) = story.threads("duty", signal)
    assert (duty.document["duty"], duty.document["org"], duty.is_open) == ("warm_handover", OLD_TEAM, True)

    # when the old team hands over in person, the duty ends and the next letter shows the new face
    story.at("2026-11-04 08:00")
    faces: JsonObject = {
        "old": {"org": OLD_TEAM, "professional": "prof_old"},
        "new": {"org": NEW_TEAM, "professional": "prof_new"},
        "warm_handover_done": True,
    }
    story.sends(
        NEW_TEAM, "fixed_face.changed", child, OLD_TEAM, purpose="coordination", urgency="u4", data=faces
    )
    (duty,) = story.threads("duty", signal)
    assert (duty.document["state"], duty.is_open) == ("fulfilled", False)
    story.signals(SCHOOL, child, domains=("J2",))
    letter = story.gets(NEW_TEAM, "signal.raised")
    assert letter.data["fixed_face"] == {"organisation": "Testteam Kracht Escamp", "professional": "prof_new"}
    assert letter.data["notes"] == []
