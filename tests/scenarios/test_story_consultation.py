"""A question about a case without identifiable data."""

from __future__ import annotations

from tests.scenarios.story import Story

SCHOOL, EXPERTS, TEAM = "school_1", "expert_1", "lt_kracht_escamp"


def test_anonymous_consultation_is_answered_and_never_linked(story: Story) -> None:
    """The answer goes to the asker only; the hub keeps nothing that ties the question to a child."""
    # when a school asks the experts about somebody whom it does not name
    story.at("2026-11-02 10:00")
    question = story.sends(
        SCHOOL, "consultation.requested", None, EXPERTS, mode="anonymous", purpose="consultation", urgency="u4",
        anonymity_check="clean", domains=("J4",), district="escamp", age_band="12_15",
    )  # fmt: skip

    # then the experts have the question, and their answer comes back to the asker alone
    asked = story.gets(EXPERTS, "consultation.requested", sections={"meta", "contact", "narrative"})
    assert "subject" not in asked.letter.event
    answer = story.sends(
        EXPERTS, "consultation.answered", None, SCHOOL, mode="anonymous", purpose="consultation", urgency="u4",
        anonymity_check="clean", in_reply_to=asked.uid,
    )  # fmt: skip
    story.gets(SCHOOL, "consultation.answered", sections={"meta", "contact", "narrative"})
    story.nobody_else_hears()

    # when the school signals about the child after all, with consent, that is a new matter
    child = story.child(born="2012-09-01", district="escamp")
    for giver in (child, *child.parents):
        story.consent(child, giver, "school", "local_team")
    story.signals(SCHOOL, child, domains=("J4",))
    story.gets(TEAM, "signal.raised")
    story.nobody_else_hears()

    # then nothing in the ledger ties question or answer to a person, and no term runs for them
    for sent in (question, answer):
        assert (
            story.city.watcher.rows(
                "select 1 from entry where entry_id = $1 and subject_key is not null", sent.uid
            )
            == []
        )
        assert story.city.watcher.rows("select 1 from thread where uid = $1", sent.uid) == []


def test_only_the_original_asker_gets_an_answer(story: Story) -> None:
    """An answer to somebody who did not ask goes nowhere."""
    story.at("2026-11-02 10:00")
    story.sends(
        SCHOOL, "consultation.requested", None, EXPERTS, mode="anonymous", purpose="consultation", urgency="u4",
        anonymity_check="clean",
    )  # fmt: skip
    asked = story.gets(EXPERTS, "consultation.requested")
    answer = story.sends(
        EXPERTS, "consultation.answered", None, "school_2", mode="anonymous", purpose="consultation",
        urgency="u4", anonymity_check="clean", in_reply_to=asked.uid,
    )  # fmt: skip
    story.is_told(answer, "school_2", "withheld", "deny_route")
    story.nobody_else_hears()
