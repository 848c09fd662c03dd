"""What one receiver gets: agents/opening.py and agents/egress_data.py, with real keys and real permits."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest

from agents.opening import VOID_TYPE, OpeningError
from hub.core.model import Duty, FixedFace, JsonObject, Outcome
from hub.identity.key_material import VersionedKeys
from hub.identity.keys import KeyRing, LocalKeyProvider
from hub.wire.envelope import SealedEvent
from tests.unit.opening_world import CHILD, CONTENT, NARRATIVE, NOW, NUMBER, SOURCE, World, claimed


async def test_a_receiver_gets_its_own_pseudonym_and_the_permitted_sections() -> None:
    """Attributes are CloudEvents with the receiver's pseudonym; only permitted sections are opened."""
    world = World()
    opened = await world.opening().open_delivery(claimed(await world.sealed()))
    pseudonym = world.pseudonyms.receiver_pseudonym(NUMBER, "gp_test")
    assert opened.attributes == {
        "specversion": "1.0",
        "id": "uid-1",
        "source": SOURCE,
        "type": "nl.jeugdigen.signal.raised.v1",
        "time": "2026-03-02T23:00:00Z",
        "datacontenttype": "application/json",
        "domain": "nl.jeugdigen",
        "subscription": "sub-1",
        "sequence": "41",
        "sequencetype": "Integer",
        "subject": pseudonym,
        "traceparent": "00-trace",
    }
    meta = {**CONTENT["meta"], "subject_pseudonym": pseudonym}
    assert opened.data["sections"] == {"meta": meta, "contact": CONTENT["contact"]}
    assert (opened.delivery_id, opened.sequence, opened.attempt) == ("delivery-1", 41, 2)


async def test_nothing_leaves_that_is_not_named() -> None:
    """No withheld text, no number, no bus pseudonym, no life domain, no consent id, no professional, no case."""
    world = World()
    opened = await world.opening().open_delivery(claimed(await world.sealed()))
    leaving = json.dumps([dict(opened.attributes), opened.data])
    for kept in (NARRATIVE, NUMBER, CHILD, '"09"', "acute", "c-1", "employee-7", "case-1", "withheld"):
        assert kept not in leaving


async def test_the_metadata_that_a_receiver_needs_is_there() -> None:
    """Who sent it, which record and revision, how urgent, what for, since when, and on which ground."""
    world = World()
    duties = (Duty("inform_subject", NOW), Duty("stop_further_use"), Duty("omit_household_ref"))
    data = (await world.opening().open_delivery(claimed(await world.sealed(), duties=duties))).data
    assert data["sender"] == {"org": "school_test", "kind": "school", "name": "Test school_test"}
    assert (data["record_ref"], data["revision"]) == ("record-1", 2)
    assert (data["urgency"], data["purpose"], data["reason"]) == ("u3", "help_request", "ok_consent")
    assert data["registered_at"] == "2026-03-02T23:00:00Z"
    assert data["duties"] == [
        {"duty": "stop_further_use", "due_at": None},
        {"duty": "omit_household_ref", "due_at": None},
    ]


async def test_two_receivers_know_a_child_by_different_names() -> None:
    """Receivers cannot join what they hold; each pseudonym can be resolved for its receiver."""
    world = World()
    opening, sealed = world.opening(), await world.sealed()
    one = await opening.open_delivery(claimed(sealed, receiver="gp_test"))
    other = await opening.open_delivery(claimed(sealed, receiver="team_test"))
    assert one.attributes["subject"] != other.attributes["subject"]
    assert world.remembered == [
        ("gp_test", one.attributes["subject"], CHILD),
        ("team_test", other.attributes["subject"], CHILD),
    ]


async def test_a_known_pseudonym_costs_no_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way back is written once per receiver and child; the memory of that is bounded."""
    world = World()
    opening, sealed = world.opening(), await world.sealed()
    for _ in range(3):
        await opening.open_delivery(claimed(sealed))
    assert len(world.remembered) == 1
    monkeypatch.setattr("agents.opening.REMEMBERED_MAX", 1)
    await opening.open_delivery(claimed(sealed, receiver="team_test"))
    await opening.open_delivery(claimed(sealed))
    assert len(world.remembered) == 3


async def test_an_event_without_subject_names_nobody() -> None:
    """An anonymous question carries no pseudonym."""
    world = World()
    opened = await world.opening().open_delivery(claimed(await world.sealed(subject_ref=None)))
    assert "subject" not in opened.attributes
    assert world.remembered == []


async def test_a_retraction_says_which_record_and_why() -> None:
    """Whoever received the signal must be able to find it; of a notice's data nothing else leaves."""
    world = World()
    data = {"record_ref": "record-1", "reason": "unfounded", "remark": "internal"}
    sealed = await world.sealed(type="signal.retracted", data=data, sections=["meta"])
    opened = await world.opening().open_delivery(claimed(sealed, sections=("meta",)))
    assert (opened.data["record_ref"], opened.data["reason_code"]) == ("record-1", "unfounded")
    assert "internal" not in json.dumps(opened.data)


async def test_facts_in_data_do_not_leave_with_other_types() -> None:
    """The `data` of an event is the hub's; only notices tell what they are about."""
    world = World()
    sealed = await world.sealed(data={"consent_id": "c-9"}, record=None)
    assert "c-9" not in json.dumps((await world.opening().open_delivery(claimed(sealed))).data)


async def test_an_item_that_may_no_longer_be_read_keeps_its_number_alone() -> None:
    """A feed has no gap: the number stays, without subject, type or content of the message."""
    world = World()
    opened = await world.opening().open_delivery(claimed(await world.sealed(), outcome=Outcome.DENY))
    assert opened.data == {}
    assert opened.sequence == 41
    assert opened.attributes["type"] == f"nl.jeugdigen.{VOID_TYPE}.v1"
    assert "subject" not in opened.attributes
    assert opened.attributes["id"] == "delivery-1"


async def test_an_erased_child_cannot_be_opened() -> None:
    """Once the key is gone the delivery is never possible again."""
    world = World()
    sealed = await world.sealed()
    await world.ring.erase(CHILD)
    with pytest.raises(OpeningError) as raised:
        await world.opening().open_delivery(claimed(sealed))
    assert (raised.value.reason, raised.value.transient) == ("key_erased", False)


async def test_a_moved_section_cannot_be_opened() -> None:
    """Content that was sealed for another event does not open, now or later."""
    world = World()
    sealed = await world.sealed()
    moved = SealedEvent("uid-2", sealed.event, "school_test", NOW, CHILD, sealed.sealed)
    with pytest.raises(OpeningError) as raised:
        await world.opening().open_delivery(claimed(moved))
    assert (raised.value.reason, raised.value.transient) == ("seal_broken", False)


async def test_a_missing_master_key_may_come_back() -> None:
    """A key that cannot be unwrapped here and now is tried again."""
    world = World()
    sealed = await world.sealed()
    world.ring = KeyRing(LocalKeyProvider(VersionedKeys({"m2": b"x" * 32})), world.store)
    with pytest.raises(OpeningError) as raised:
        await world.opening().open_delivery(claimed(sealed))
    assert (raised.value.reason, raised.value.transient) == ("key_unusable", True)


async def test_an_unknown_sender_is_named_by_its_code() -> None:
    """A partner that left the configuration is still named."""
    world = World()
    sealed = await world.sealed(sender={"org": "unknown", "kind": "school"})
    opened = await world.opening().open_delivery(claimed(sealed))
    assert opened.data["sender"] == {"org": "unknown", "kind": "school", "name": "unknown"}


ALERT = {
    "id": "3d4c2a39-5f9e-5d43-9c4b-9d2f0a5a7a01",
    "type": "alert.deadline_missed",
    "time": NOW,
    "sender": {"org": "hub", "kind": "hub"},
    "recipients": [{"to": {"org": "team_test"}}],
    "sections": ["meta", "contact", "codes"],
    "purpose": None,
    "record": None,
    "urgency": "u2",
    "data": {
        "uid": "uid-0",
        "owner": "school_test",
        "level": 2,
        "audience": "team_coordinator",
        "rule": "u2_human_ack",
        "due_at": "2026-03-02T23:59:59+01:00",
        "reason": "ok_consent",
        "remark": "internal",
    },
}


async def an_alert(world: World, **changes: Any) -> SealedEvent:
    """Return an alert as the hub sends it: about a child that the hub knows, without sealed content."""
    sealed = await world.sealed(**{**ALERT, **changes})
    return replace(sealed, sealed={}, authenticated_org="hub", traceparent=None)


async def test_an_alert_says_when_what_and_whom_to_call() -> None:
    """The hub puts it together: due time, cause, step of the ladder, card of who must act, and no narrative."""
    world = World()
    sections = ("meta", "contact", "codes")
    delivery = claimed(await an_alert(world), sections=sections, receiver="team_test")
    opened = await world.opening().open_delivery(delivery)
    pseudonym = world.pseudonyms.receiver_pseudonym(NUMBER, "team_test")
    assert opened.attributes["subject"] == pseudonym
    assert opened.data["sections"] == {
        "meta": {
            "event_type": "alert.deadline_missed",
            "registered_at": NOW,
            "urgency": "u2",
            "due_at": "2026-03-02T23:59:59+01:00",
            "subject_pseudonym": pseudonym,
        },
        "contact": {"owner": {"organisation": "Test school_test", "telephone": "+31701234501"}},
        "codes": {
            "cause": "alert.deadline_missed",
            "rule": "u2_human_ack",
            "level": 2,
            "audience": "team_coordinator",
        },
    }
    assert opened.data["about"] == "uid-0"
    assert "internal" not in json.dumps(opened.data)


async def test_an_alert_without_a_term_leaves_out_what_it_has_not() -> None:
    """A crisis has no due time and no rule; an owner without a card is named."""
    world = World()
    sealed = await an_alert(world, type="alert.crisis", data={"uid": "uid-0", "owner": "team_test"})
    opened = await world.opening().open_delivery(claimed(sealed, sections=("meta", "contact", "codes")))
    sections = cast("dict[str, JsonObject]", opened.data["sections"])
    assert "due_at" not in sections["meta"]
    assert sections["codes"] == {"cause": "alert.crisis"}
    assert sections["contact"] == {"owner": {"organisation": "Test team_test"}}


async def test_of_an_alert_only_permitted_sections_leave() -> None:
    """What a decision cuts is not put together either."""
    world = World()
    opened = await world.opening().open_delivery(claimed(await an_alert(world), sections=("meta",)))
    assert list(cast("JsonObject", opened.data["sections"])) == ["meta"]


async def test_the_hub_composes_sections_of_its_own_events_alone() -> None:
    """A partner's message whose section has no content stays without it."""
    world = World()
    sealed = replace(await world.sealed(data=ALERT["data"]), sealed={})
    opened = await world.opening().open_delivery(claimed(sealed))
    assert opened.data["sections"] == {}
    assert "about" not in opened.data


async def test_another_event_of_the_hub_tells_its_meta() -> None:
    """A pilot light that went out by itself names its type, the child, and in answer to which offer."""
    world = World()
    sealed = await an_alert(
        world, type="pilot_light.ended", sections=["meta"], in_reply_to="offer-1", urgency="u3"
    )
    opened = await world.opening().open_delivery(claimed(sealed, sections=("meta",)))
    assert opened.data["sections"] == {
        "meta": {
            "event_type": "pilot_light.ended",
            "registered_at": NOW,
            "urgency": "u3",
            "subject_pseudonym": opened.attributes["subject"],
        }
    }
    assert opened.data["in_reply_to"] == "offer-1"
    assert "about" not in opened.data


async def test_the_fixed_face_is_shown_where_the_last_look_says_so() -> None:
    """Organisation and professional who stay with the family, and that a warm hand-over is due."""
    world = World()
    opening, sealed = world.opening(), await world.sealed()
    stays = await opening.open_delivery(claimed(sealed, face=FixedFace("team_test", "prof-1")))
    assert stays.data["fixed_face"] == {"organisation": "Test team_test", "professional": "prof-1"}
    assert stays.data["notes"] == []
    goes = await opening.open_delivery(claimed(sealed, face=FixedFace("unknown", "prof-2", handover=True)))
    assert goes.data["fixed_face"] == {"organisation": "unknown", "professional": "prof-2"}
    assert goes.data["notes"] == ["fixed_face_handover"]
    assert "fixed_face" not in (await opening.open_delivery(claimed(sealed))).data


async def test_a_prevention_picture_carries_its_counts_and_period() -> None:
    """Cells of area, domain and number, and nothing that points to a person."""
    world = World()
    cells = [{"area": "escamp", "domain": "04", "n": 12}]
    sealed = await world.sealed(
        type="prevention.picture_published",
        subject_ref=None,
        sections=["meta"],
        cells=cells,
        data={"period_from": "2026-02-01", "period_to": "2026-02-28"},
    )
    opened = await world.opening().open_delivery(claimed(sealed, sections=("meta",)))
    assert (opened.data["cells"], opened.data["period_from"], opened.data["period_to"]) == (
        cells,
        "2026-02-01",
        "2026-02-28",
    )
    assert "subject" not in opened.attributes


async def test_counts_of_other_types_do_not_leave() -> None:
    """Cells belong to the prevention picture alone."""
    world = World()
    sealed = await world.sealed(cells=[{"area": "escamp", "domain": "04", "n": 12}])
    assert "cells" not in (await world.opening().open_delivery(claimed(sealed))).data
