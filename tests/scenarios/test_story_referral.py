"""A referral from offer to pilot light, with a waiting list on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub.core.model import JsonObject
from tests.scenarios.city import Sent
from tests.scenarios.story import Story
from tests.scenarios.story_people import Child, Heard

GP, CARE, SCHOOL = "gp_1", "youth_care_1", "school_1"
BIG_FIVE = ("support_person", "housing", "school_or_work", "income", "wellbeing")
WAITING: dict[str, Any] = {"purpose": "waiting_list_support", "urgency": "u3"}
AFTERCARE: dict[str, Any] = {"purpose": "aftercare_pilot_light", "urgency": "u4"}


def big_five(**other: str) -> list[dict[str, str]]:
    """Return the Big 5, in order but for what is said otherwise."""
    return [{"item": item, "status": other.get(item, "ok")} for item in BIG_FIVE]


@dataclass(frozen=True, slots=True)
class Referral:
    """The referral of this story: the GP's offer, and what youth care received."""

    story: Story
    child: Child
    case: str
    offer: Sent
    letter: Heard

    @property
    def state(self) -> str:
        """Return where it stands."""
        return self.story.referral(self.offer)

    def step(self, type_name: str, **more: Any) -> None:
        """Let youth care take a step of the life cycle; the GP hears of it."""
        self.story.answers(CARE, self.letter, type_name, self.child, **more)
        self.story.gets(GP, type_name)

    def asks_to_close(self, **data: Any) -> Sent:
        """Let youth care ask whether help may end."""
        return self.story.records(
            CARE, self.letter, "closing.requested", self.child, case_ref=self.case, **data
        )


def test_referral_from_offer_to_pilot_light(story: Story) -> None:
    """Nobody falls between two stools: waiting, help, closing and the pilot light each have their owner and term."""
    referral = is_offered(story)
    is_accepted(story, referral)
    waits_with_support(story, referral)
    waits_in_silence(story, referral)
    is_helped_and_closes(story, referral)
    flares_up(story, referral)
    burns_out(story, referral)


def is_offered(story: Story) -> Referral:
    """Somebody of seventeen lets GP and youth care work together."""
    # given all consents, and a case of GP and youth care
    story.at("2026-11-02 10:00")
    child = story.child(born="2009-05-01", district="laak")
    story.consent(child, child, GP, CARE, "referral")
    for purpose in ("waiting_list_support", "aftercare_pilot_light"):
        story.consent(child, child, CARE, GP, purpose, ["narrative", "contact"])
    case = story.case()
    team = [{"professional": f"prof_{org}", "org": org} for org in (CARE, GP)]
    story.fact(CARE, "help_team.changed", child, case_ref=case, professionals=team)

    # when the GP offers a referral, youth care has it and the GP knows that it was received
    record: JsonObject = {"ref": story.record(), "revision": 1}
    offer = story.sends(
        GP, "referral.offered", child, CARE, purpose="referral", urgency="u3", case_ref=case, record=record
    )
    letter = story.gets(CARE, "referral.offered", sections={"meta", "contact", "codes", "narrative"})
    story.gets(GP, "acknowledgement.received")
    assert story.referral(offer) == "offered"
    return Referral(story, child, case, offer, letter)


def is_accepted(story: Story, referral: Referral) -> None:
    """Step by step, in order."""
    # when youth care accepts before it received, the step is refused and nothing changes
    early = story.answers(CARE, referral.letter, "referral.accepted", referral.child)
    story.is_answered(early, "deny_lifecycle_order")
    assert referral.state == "offered"

    # when somebody else accepts, that is refused too
    stranger = story.answers(SCHOOL, referral.offer, "referral.received", referral.child)
    story.is_answered(stranger, "deny_lifecycle_actor")

    # when it receives and accepts, the GP hears each step
    story.at("2026-11-03 10:00")
    referral.step("referral.received")
    referral.step("referral.accepted")
    assert referral.state == "accepted"
    story.nobody_else_hears()


def waits_with_support(story: Story, referral: Referral) -> None:
    """Waiting is no empty time."""
    # when youth care places the young person on the waiting list
    story.at("2026-11-04 10:00")
    referral.step("waiting_list.placed", data={"expected_wait_weeks": 12}, **WAITING)
    assert referral.state == "waiting_list"

    # when rights are explained, a buddy is linked and the chosen mentor supports, all of it is on record
    referral.step("waiting_list.rights_explained", **WAITING)
    referral.step("waiting_list.buddy_linked", **WAITING)
    referral.step("waiting_list.support_assigned", **WAITING)
    referral.step("feedback.given", purpose="feedback")
    story.at("2026-11-18 10:00")
    referral.step("waiting_list.contact_made", **WAITING)
    (thread,) = story.threads("referral", referral.offer)
    ticked: Any = thread.document["ticked"]
    assert set(ticked) == {"rights_explained", "buddy_linked", "support_assigned", "contact_made"}
    story.nobody_else_hears()


def waits_in_silence(story: Story, referral: Referral) -> None:
    """Five weeks without a word do not go unseen."""
    # when four weeks pass without contact, the check-in is asked for and missed
    story.at("2026-12-16 08:59")
    story.nobody_else_hears()
    story.at("2026-12-16 09:00")
    story.raises("alert.deadline_near", rule="waiting_list_check_in", due_at="2026-12-16T23:59:59+01:00")
    story.gets(CARE, "alert.deadline_near", sections={"meta", "contact", "codes"})
    story.at("2026-12-17 00:00")
    story.raises("alert.deadline_missed", rule="waiting_list_check_in")
    story.gets(CARE, "alert.deadline_missed")

    # when five weeks have passed, silence is an alert, once
    story.at("2026-12-23 23:59:59")
    story.nobody_else_hears()
    story.at("2026-12-24 00:00")
    silence = story.raises("alert.waiting_list_silence", to=[CARE])
    told = story.gets(CARE, "alert.waiting_list_silence", sections={"meta", "contact", "codes"})
    story.at("2026-12-25 00:00")
    story.nobody_else_hears()

    # when youth care sees, takes up, answers and closes the alert, each step counts; out of order none does
    out_of_order = story.records(CARE, told, "alert.answered", referral.child, outcome="contact_made")
    story.is_answered(out_of_order, "deny_lifecycle_order")
    for step, state in (("alert.seen", "seen"), ("alert.taken_up", "taken_up")):
        story.records(CARE, told, step, referral.child)
        assert story.alert_state(silence) == state
    story.records(CARE, told, "alert.answered", referral.child, outcome="contact_made")
    story.records(CARE, told, "alert.closed", referral.child)
    assert story.alert_state(silence) == "closed"


def is_helped_and_closes(story: Story, referral: Referral) -> None:
    """Help ends when life is in order."""
    # when help starts, waiting is over
    story.at("2027-01-11 10:00")
    referral.step("waiting_list.contact_made", **WAITING)
    referral.step("help.started", purpose="feedback")
    assert referral.state == "started"

    # when youth care wants to close while income is not in order, the gate stays shut
    story.at("2027-05-03 10:00")
    blocked = referral.asks_to_close(long_term=True, big5=big_five(income="not_ok"))
    story.is_answered(blocked, "hold_closing_gate")
    story.gets(CARE, "closing.blocked")
    story.gets(CARE, "completion.requested")
    story.raises("alert.closing_blocked", to=[CARE])
    story.gets(CARE, "alert.closing_blocked")
    assert referral.state == "started"

    # when all five are in order, help may close
    story.at("2027-05-17 10:00")
    referral.asks_to_close(long_term=True, big5=big_five())
    story.gets(CARE, "closing.approved")
    assert referral.state == "closed"
    story.nobody_else_hears()


def flares_up(story: Story, referral: Referral) -> None:
    """The same organisation is there again, without a new referral."""
    # when the pilot light is set, and the family asks for help again through the GP
    referral.step("pilot_light.set", data={"until": "2027-11-17", "contact": "prof_1"}, **AFTERCARE)
    assert referral.state == "pilot_light"
    story.at("2027-06-14 10:00")
    child = referral.child
    story.consent(child, child, GP, CARE, "aftercare_pilot_light", ["narrative", "contact"])
    family: JsonObject = {"on_behalf_of": "family"}
    story.sends(
        GP, "pilot_light.flared", child, CARE, in_reply_to=referral.offer.uid, data=family, **AFTERCARE
    )
    flare = story.gets(CARE, "pilot_light.flared")
    assert referral.state == "accepted"
    story.sees(CARE, flare, child)

    # when help starts again, waiting lists and offers play no part
    referral.step("help.started", purpose="feedback")
    story.answers(CARE, flare, "feedback.given", child, purpose="feedback")
    story.gets(GP, "feedback.given")
    assert referral.state == "started"


def burns_out(story: Story, referral: Referral) -> None:
    """A light that nobody needs goes out by itself."""
    story.at("2027-07-05 10:00")
    referral.asks_to_close(long_term=False)
    story.gets(CARE, "closing.approved")
    referral.step("pilot_light.set", data={"until": "2027-08-16", "contact": "prof_1"}, **AFTERCARE)
    story.at("2027-08-16 23:59:59")
    assert referral.state == "pilot_light"
    assert story.hub_events(referral.child, "pilot_light.ended") == []
    story.at("2027-08-17 00:00")
    assert referral.state == "closed"
    assert len(story.hub_events(referral.child, "pilot_light.ended")) == 1
    story.nobody_else_hears()
