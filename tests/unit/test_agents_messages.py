"""The hub's own messages as a receiver gets them: agents/egress_messages.py."""

from __future__ import annotations

import json

import pytest

from agents.opening import OpeningError
from connectors.contract import OpenedDelivery
from hub.core.model import Emission, JsonObject
from hub.core.questions import question
from tests.unit.opening_world import CHILD, NARRATIVE, SIBLING, SIBLING_NUMBER, World, claimed

HUB: JsonObject = {"org": "hub", "kind": "hub", "name": "Test hub"}


async def told(emission: Emission, receiver: str = "school_test", **event: object) -> OpenedDelivery:
    """Return a message that follows from the school's signal."""
    world = World()
    sealed = await world.sealed(**event)
    return await world.opening().open_delivery(
        claimed(sealed, emission=emission, sections=("meta",), receiver=receiver)
    )


async def test_a_match_holds_contact_cards_basis_and_date_and_nothing_else() -> None:
    """Each side hears of its own child; the sections and metadata of the signal stay inside."""
    world = World()
    await world.ring.data_key(SIBLING, SIBLING_NUMBER)
    emission = Emission(
        "match.reported",
        ("gp_test", "school_test"),
        "ok_match",
        "same_household",
        (("gp_test", SIBLING), ("school_test", CHILD)),
    )
    opening, sealed = world.opening(), await world.sealed()
    opened = await opening.open_delivery(claimed(sealed, emission=emission, sections=("meta",)))
    assert opened.data == {
        "event_type": "match.reported",
        "basis": "same_household",
        "date": "2026-03-03",
        "contacts": [
            {"organisation": "Test gp_test"},
            {"organisation": "Test school_test", "telephone": "+31701234501"},
        ],
    }
    assert opened.attributes["subject"] == world.pseudonyms.receiver_pseudonym(SIBLING_NUMBER, "gp_test")
    assert opened.attributes["type"] == "nl.jeugdigen.match.reported.v1"
    again = await opening.open_delivery(claimed(sealed, emission=emission, sections=("meta",)))
    other = await opening.open_delivery(
        claimed(sealed, emission=emission, sections=("meta",), receiver="school_test")
    )
    assert opened.attributes["id"] == again.attributes["id"]
    assert len({"uid-1", opened.attributes["id"], other.attributes["id"]}) == 3


async def test_a_lapsed_match_gives_no_reason() -> None:
    """The other organisation hears that it ended, and when."""
    world = World()
    emission = Emission("match.lapsed", ("gp_test",), "ok_match_lapsed", None, (("gp_test", "ps_1_nobody"),))
    opened = await world.opening().open_delivery(
        claimed(await world.sealed(), emission=emission, sections=("meta",))
    )
    assert opened.data == {"event_type": "match.lapsed", "date": "2026-03-03"}
    assert "subject" not in opened.attributes


async def test_a_conflict_tells_the_sender_its_own_id() -> None:
    """So that it can find which of its messages differs."""
    world = World()
    emission = Emission("conflict.reported", ("school_test",), "deny_conflict")
    opened = await world.opening().open_delivery(
        claimed(await world.sealed(), emission=emission, sections=("meta",), receiver="school_test")
    )
    assert (opened.data["event_id"], opened.data["reason"]) == ("event-1", "deny_conflict")


async def test_a_question_comes_with_words_the_event_and_the_term() -> None:
    """Whoever must complete something reads in Dutch and English what, of which message, before when."""
    emission = Emission(
        "completion.requested",
        ("school_test",),
        "hold_age_unknown",
        None,
        (("school_test", CHILD),),
        (("hold_until", "2026-03-16T23:59:59+01:00"), ("reasons", "hold_age_unknown hold_no_owner")),
    )
    opened = await told(emission)
    asked = question("hold_age_unknown")
    assert asked is not None
    assert opened.data == {
        "event_type": "completion.requested",
        "sender": HUB,
        "date": "2026-03-03",
        "reason": "hold_age_unknown",
        "reasons": ["hold_age_unknown", "hold_no_owner"],
        "hold_until": "2026-03-16T23:59:59+01:00",
        "event_id": "event-1",
        "question": {"nl": asked.nl, "en": asked.en},
        "cure": list(asked.cure),
        "record_ref": "record-1",
        "revision": 2,
    }
    assert "subject" in opened.attributes


async def test_a_hold_that_nobody_can_cure_comes_without_a_question() -> None:
    """No question is made up for a reason that has none."""
    opened = await told(Emission("completion.requested", ("school_test",), "deny_match_onesided"))
    assert "question" not in opened.data


async def test_an_acknowledgement_names_what_it_answers() -> None:
    """The sender of an offer hears that it was received, in reply to its own id."""
    opened = await told(Emission("acknowledgement.received", ("school_test",), "ok_acknowledgement"))
    assert (opened.data["in_reply_to"], opened.data["status"]) == ("event-1", "received")
    assert opened.data["sender"] == HUB


async def test_a_duty_says_what_and_until_when() -> None:
    """The details of the core go along, each under its name."""
    emission = Emission(
        "inform_duty.opened",
        ("school_test",),
        "ok_recorded",
        details=(("duty", "inform_subject"), ("due_at", "2026-03-30T23:59:59+02:00")),
    )
    opened = await told(emission)
    assert (opened.data["duty"], opened.data["due_at"]) == ("inform_subject", "2026-03-30T23:59:59+02:00")
    assert opened.data["event_id"] == "event-1"


async def test_two_duties_of_one_event_are_two_messages() -> None:
    """Their ids differ, so that a receiver does not drop the second as a repeat of the first."""
    duties = [
        Emission("inform_duty.opened", ("school_test",), "ok_recorded", details=(("duty", duty),))
        for duty in ("inform_subject", "inform_other_parent")
    ]
    ids = {(await told(duty)).attributes["id"] for duty in (*duties, *duties)}
    assert len(ids) == 2


async def test_the_senders_own_id_is_told_to_the_sender_alone() -> None:
    """Others would learn how the sender numbers its messages."""
    emission = Emission("closing.approved", ("gp_test",), "ok_recorded")
    opened = await told(emission, receiver="gp_test")
    assert "event_id" not in opened.data
    assert "event-1" not in json.dumps(opened.data)


async def test_a_second_source_is_named() -> None:
    """Whoever got a signal hears which organisation saw the same; nothing of what it wrote."""
    opened = await told(Emission("signal.source_added", ("gp_test",), "ok_source_added"), receiver="gp_test")
    assert opened.data["sender"] == {"org": "school_test", "kind": "school", "name": "Test school_test"}
    assert NARRATIVE not in json.dumps(opened.data)


async def test_a_message_about_an_erased_child_is_not_sent() -> None:
    """Without the key nobody can be named."""
    world = World()
    sealed = await world.sealed()
    await world.ring.erase(CHILD)
    emission = Emission(
        "inform_duty.opened", ("school_test",), "ok_recorded", None, (("school_test", CHILD),)
    )
    with pytest.raises(OpeningError):
        await world.opening().open_delivery(
            claimed(sealed, emission=emission, sections=("meta",), receiver="school_test")
        )
