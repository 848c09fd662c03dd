"""What one receiver gets: agents/opening.py and agents/egress_data.py, with real keys and real permits."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from agents.opening import VOID_TYPE, DeliveryOpening, OpeningError, number_lookup
from hub.core.model import Duty, Emission, JsonObject, Outcome, RecipientDecision
from hub.core.permit import permit_of, redact
from hub.identity.key_material import VersionedKeys
from hub.identity.keys import KeyRing, LocalKeyProvider, MemoryDataKeyStore
from hub.identity.pseudonyms import Pseudonyms
from hub.identity.sealing import Opener, Sealer
from hub.ledger.interface import Candidate, ClaimedDelivery, Ledger, Subscription
from hub.wire.envelope import SealedEvent

NOW = "2026-03-02T23:30:00Z"
SOURCE = "urn:nld:oin:00000000000000000000:systeem:samenhub"
NUMBER = "999990019"
SIBLING_NUMBER = "999992661"
CHILD, SIBLING = "ps_1_child", "ps_1_sibling"
NARRATIVE = "een verhaal dat niemand anders mag lezen"
CONTENT: dict[str, Any] = {
    "meta": {"event_type": "signal.raised", "status": "received"},
    "contact": {"sender": {"name": "Test Leerkracht"}},
    "narrative": {"facts": NARRATIVE},
}


class World:
    """A child with a key, a sealed signal, and an opening as deliver has it."""

    def __init__(self) -> None:
        self.store = MemoryDataKeyStore()
        self.keys = VersionedKeys({"k1": b"k" * 32})
        self.ring = KeyRing(LocalKeyProvider(VersionedKeys({"m1": b"m" * 32})), self.store)
        self.remembered: list[tuple[str, str, str]] = []
        self.data_keys = self.store
        self.pseudonyms = Pseudonyms(self.keys)

    async def remember_pseudonym(self, org: str, pseudonym: str, subject_ref: str) -> None:
        self.remembered.append((org, pseudonym, subject_ref))

    def by_org(self, org: str) -> Any:
        class Named:
            kind = "school"
            name = f"Test {org}"

        return Named() if org != "unknown" else None

    def contact_card(self, org: str) -> dict[str, str] | None:
        return {"organisation": f"Test {org}", "telephone": "+31701234501"} if org == "school_test" else None

    def opening(self) -> DeliveryOpening:
        ledger = cast("Ledger", self)
        return DeliveryOpening(
            opener=Opener(self.ring),
            number_of=number_lookup(self.ring, ledger),
            pseudonyms=self.pseudonyms,
            ledger=ledger,
            book=self,
            source=SOURCE,
        )

    async def sealed(self, **changes: Any) -> SealedEvent:
        event: JsonObject = {
            "id": "event-1",
            "source": "urn:nld:brin:99AA:systeem:test",
            "type": "signal.raised",
            "time": "2026-03-02T23:00:00Z",
            "sender": {"org": "school_test", "kind": "school", "professional": "employee-7"},
            "recipients": [{"to": {"org": "gp_test"}}],
            "sections": ["meta", "contact", "narrative"],
            "subject_ref": CHILD,
            "purpose": "help_request",
            "urgency": "u3",
            "domains": ["09"],
            "safety_level": "acute",
            "case_ref": "case-1",
            "record": {"ref": "record-1", "revision": 2},
            **changes,
        }
        plain = {name: json.dumps(content).encode() for name, content in CONTENT.items()}
        subject = cast("str | None", event["subject_ref"])
        content = await Sealer(self.ring).seal_event("uid-1", subject, NUMBER if subject else None, plain)
        return SealedEvent("uid-1", event, "school_test", NOW, CHILD, content, "00-trace")


def claimed(
    sealed: SealedEvent,
    *,
    sections: tuple[str, ...] = ("meta", "contact"),
    outcome: Outcome = Outcome.REDACT,
    emission: Emission | None = None,
    receiver: str = "gp_test",
    duties: tuple[Duty, ...] = (),
) -> ClaimedDelivery:
    decision = RecipientDecision(receiver, outcome, "ok_consent", ("narrative",), duties, ("c-1",), sections)
    leaving = permit_of(
        sealed.event, RecipientDecision(receiver, Outcome.ALLOW, "ok_consent", sections=sections)
    )
    assert leaving is not None
    return ClaimedDelivery(
        delivery_id="delivery-1",
        lease="lease",
        subscription=Subscription("sub-1", receiver, "memory", {}),
        sequence=41,
        attempt=2,
        first_attempt_at=NOW,
        accepted_at=NOW,
        candidate=Candidate("delivery-1", receiver, sealed, 0, emission, None),
        decision=decision,
        delivery=redact(leaving, sealed.sealed),
    )


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
