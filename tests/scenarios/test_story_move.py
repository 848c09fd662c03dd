"""A family moves from Laak to Escamp while a signal is under way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scenarios.city import City
from tests.scenarios.story import Story
from tests.scenarios.story_people import To

OLD_TEAM, NEW_TEAM, SCHOOL = "lt_rondomjou_rand", "lt_kracht_escamp", "school_1"


@pytest.fixture
def old_team_is_down(city: City) -> Iterator[None]:
    """The system of the old team answers nothing for now."""
    city.mailbox.shut.add(OLD_TEAM)
    yield
    city.mailbox.shut.discard(OLD_TEAM)


def kracht_or_rondomjou(partnership: str) -> To:
    """Return the local teams of one partnership, as a consent names them."""
    return {"kind": "local_team", "partnership": partnership}


@pytest.mark.usefixtures("old_team_is_down")
def test_consent_that_names_the_old_team_is_asked_again(story: Story, city: City) -> None:
    """The waiting delivery to the old team is dropped; the new one gets it once the consent covers it."""
    # given a family in Laak that lets the school tell its own team, whose system is down today
    story.at("2026-11-02 10:00")
    child = story.child(born="2016-05-01", district="laak")
    story.consent(child, child.parents[0], "school", kracht_or_rondomjou("rondomjou"))
    signal = story.signals(SCHOOL, child)
    story.is_told(signal, OLD_TEAM, "pending", "ok_consent")

    # when the family moves to Escamp, and the old team's system is back
    story.at("2026-11-03 09:00")
    story.fact("youth_health_1", "address.changed", child, **{"district": "escamp", "from": "2026-11-03"})
    city.rest()
    city.mailbox.shut.discard(OLD_TEAM)
    story.at("2026-11-03 09:30")

    # then the school knows that its signal did not arrive in time
    story.raises("alert.deadline_missed", rule="u3_technical_ack", to=[SCHOOL])

    # and the old team gets nothing, and the school is asked for consent that covers the new one
    story.is_told(signal, NEW_TEAM, "held", "hold_recipient_scope")
    story.gets(SCHOOL, "completion.requested")
    story.nobody_else_hears()

    # when the parent consents for the new team, it hears what the school wrote the day before
    story.at("2026-11-04 10:00")
    story.consent(child, child.parents[0], "school", kracht_or_rondomjou("kracht"))
    story.gets(NEW_TEAM, "signal.raised", sections={"meta", "contact", "codes", "narrative"})
    story.is_told(signal, NEW_TEAM, "delivered", "ok_consent")
    story.nobody_else_hears()


@pytest.mark.usefixtures("old_team_is_down")
def test_consent_for_whichever_local_team_follows_the_family(story: Story, city: City) -> None:
    """Where the consent names local teams in general, the new team gets it by itself and the old one never."""
    # given a family in Laak that lets the school tell the local team, whichever that is
    story.at("2026-11-02 10:00")
    child = story.child(born="2016-05-01", district="laak")
    story.consent(child, child.parents[0], "school", "local_team")
    signal = story.signals(SCHOOL, child)
    story.is_told(signal, OLD_TEAM, "pending", "ok_consent")

    # when the family moves to Escamp before the old team's system is back
    story.at("2026-11-03 09:00")
    story.fact("youth_health_1", "address.changed", child, **{"district": "escamp", "from": "2026-11-03"})
    city.rest()
    city.mailbox.shut.discard(OLD_TEAM)
    story.at("2026-11-03 09:30")

    # then the new team gets it, the school heard that this took long, and nobody else hears anything
    story.raises("alert.deadline_missed", rule="u3_technical_ack", to=[SCHOOL])
    story.gets(NEW_TEAM, "signal.raised", sections={"meta", "contact", "codes", "narrative"})
    story.is_told(signal, NEW_TEAM, "delivered", "ok_consent")
    story.nobody_else_hears()
