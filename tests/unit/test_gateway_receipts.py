"""Receipts: what became of my event, for its sender only, in codes and plain words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.core.explaining_gates import Known, deciding_gates
from hub.core.model import JsonObject
from hub.core.reasons import Reason
from hub.core.sentences_dutch import DUTCH
from hub.core.sentences_english import ENGLISH
from hub.gateway.receipts import MANY_GATES, _line, explained, explanation_of, question_of
from hub.gateway.recent import RecentAcceptances
from hub.gateway.routes_events import ReceiptView
from hub.identity.door import event_uid
from hub.ledger.interface import Receipt, ReceiptLine
from hub.wire.envelope import SealedEvent
from tests.unit.gateway_world import NOW, SCHOOL, SCHOOL_SOURCE, SIGNAL, World, build_world, publish

UID = event_uid(SCHOOL_SOURCE, "2026-000123")
DUTY: JsonObject = {"duty": "inform_other_parent", "due_at": "2026-03-09T23:59:59+01:00"}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path)


def decided(org: str = SCHOOL, event_type: str = "signal.raised") -> Receipt:
    """Return the receipt of an event that went to one of two recipients."""
    lines = (
        ReceiptLine("gp_1", "redact", "ok_consent", "delivered", ("health",), (DUTY,), NOW),
        ReceiptLine("kind:local_team", "hold", "hold_second_parent", "held", ("meta",), (), NOW),
    )
    return Receipt(
        UID, org, event_type, NOW, "decided", "allow", "ok_accepted", (), "2026-03-16T23:59:59+01:00",
        lines, ((NOW, "unique", None), (NOW, "duplicate", "deny_duplicate")),
    )  # fmt: skip


async def test_decided_event_is_told_per_recipient(world: World) -> None:
    """The sender reads state, reason in code and words, withheld sections, duties and the end of the hold."""
    world.ledger.receipts[UID] = decided()
    async with world.client() as client:
        response = await client.get(f"/receipts/{UID}")
    receipt = response.json()
    ReceiptView.model_validate(receipt)
    assert response.status_code == 200
    assert (receipt["status"], receipt["type"]) == ("decided", "nl.jeugdigen.signal.raised.v1")
    first, second = receipt["recipients"]
    assert (first["state"], first["withheld"], first["duties"]) == ("delivered", ["health"], [DUTY])
    assert second["message"] == "Another parent with custody must consent too."
    assert second["message_nl"] == "Ook de andere ouder met gezag moet instemmen."
    assert receipt["hold_until"] == "2026-03-16T23:59:59+01:00"
    assert [verdict["verdict"] for verdict in receipt["verdicts"]] == ["unique", "duplicate"]


async def test_each_recipient_is_explained_to_the_sender(world: World) -> None:
    """The sender reads per recipient which rule decided with its law article, and what could cure a hold."""
    world.ledger.receipts[UID] = decided()
    async with world.client() as client:
        receipt = (await client.get(f"/receipts/{UID}")).json()
    went, waits = receipt["recipients"]
    assert went["explanation"] == {
        "gates": ["R16"],
        "law": "Jeugdwet 7.3.11",
        "nl": "Iedereen die moet instemmen, deed dat. Grond: Jeugdwet 7.3.11.",
        "en": "Everyone who must consent did. Basis: Jeugdwet 7.3.11.",
    }
    assert went["question"] is None
    assert (waits["explanation"]["gates"], waits["explanation"]["law"]) == (["R15"], "BW 1:253i")
    assert waits["question"]["send"] == ["nl.jeugdigen.consent.given.v1"]
    assert waits["question"]["send_again"] is False
    assert waits["question"]["nl"].startswith("Heeft u het de andere ouder met gezag gevraagd?")
    assert receipt["explanation"]["gates"] == ["E13"]
    assert receipt["question"] is None


@pytest.mark.parametrize("reason", list(Reason))
def test_explanation_tells_a_sender_no_more_than_the_reason(reason: Reason) -> None:
    """Beside rule and article a sender reads only the sentence that every receipt with this reason shows."""
    told = explanation_of(reason.value, Known(type="signal.raised"), "gp_1")
    if told is None:
        assert not deciding_gates(reason.value)
        return
    assert set(told) == {"gates", "law", "nl", "en"}
    assert str(told["nl"]).startswith(DUTCH[reason])
    assert str(told["en"]).startswith(ENGLISH[reason])
    assert isinstance(told["gates"], list)
    assert len(told["gates"]) < MANY_GATES


def test_a_one_sided_match_is_not_asked_about() -> None:
    """Nothing is explained or asked about a match to which not everybody agreed."""
    assert explanation_of("deny_match_onesided", Known()) is None
    assert question_of("deny_match_onesided") is None


def test_what_was_delivered_asks_nothing() -> None:
    """Of a delivery that would be refused today the receiver keeps what it has: there is nothing to ask."""
    line = ReceiptLine("gp_1", "deny", "deny_withdrawn", "delivered", (), (), NOW)
    assert _line(line, Known())["question"] is None
    assert _line(replace(line, state="withheld"), Known())["question"] is not None


def test_unknown_reasons_are_not_explained() -> None:
    """A code that is no reason of a rule, and no reason, have neither explanation nor question."""
    for reason in ("no_subscription", None):
        assert explanation_of(reason, Known()) is None
        assert question_of(reason) is None


async def test_event_not_yet_decided_is_accepted(world: World) -> None:
    """Between acceptance and decision the receipt says `accepted`, and after a repeat still the first instant."""
    await publish(world, SIGNAL)
    async with world.client() as client:
        receipt = (await client.get(f"/receipts/{UID}")).json()
    ReceiptView.model_validate(receipt)
    assert (receipt["status"], receipt["accepted_at"], receipt["recipients"]) == ("accepted", NOW, [])


async def test_another_partners_receipt_looks_unknown(world: World) -> None:
    """A receipt of another sender and a receipt that does not exist give the same answer."""
    world.ledger.receipts[UID] = decided(org="gp_1")
    async with world.client() as client:
        other = await client.get(f"/receipts/{UID}")
        unknown = await client.get(f"/receipts/{event_uid('urn:nld:x', 'y')}")
        garbage = await client.get("/receipts/999990019")
        foreign_spelling = await client.get(f"/receipts/{{{UID}}}")
    for response in (other, unknown, garbage, foreign_spelling):
        assert (response.status_code, response.json()["reason"]) == (404, "receipt_unknown")
        assert "999990019" not in response.text


async def test_acceptance_of_another_partner_is_not_shown(world: World) -> None:
    """What this door remembers of an acceptance is told to its sender only."""
    await publish(world, SIGNAL)
    acceptance = world.app.state.services.receipts._recent.find(UID)
    assert acceptance.org == SCHOOL
    world.app.state.services.receipts._recent.add(SealedEvent(UID, {}, "gp_1", NOW, "key"), "signal.raised")
    async with world.client() as client:
        assert (await client.get(f"/receipts/{UID}")).status_code == 404


async def test_type_of_another_time_is_shown_as_it_is(world: World) -> None:
    """A type that left the catalogue is shown by its old name, not guessed."""
    world.ledger.receipts[UID] = decided(event_type="old.type")
    async with world.client() as client:
        assert (await client.get(f"/receipts/{UID}")).json()["type"] == "old.type"


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_sentences(reason: Reason) -> None:
    """Each code of CODES.md is explained in English and Dutch."""
    told = explained(reason.value)
    assert told["message"]
    assert told["message_nl"]
    assert told["message"] != told["message_nl"]


def test_unknown_and_absent_reasons_stand_alone() -> None:
    """A code without sentences is shown as code; no reason is no reason."""
    assert explained("no_subscription") == {"reason": "no_subscription"}
    assert explained(None) == {"reason": None}


def test_memory_of_acceptances_is_bounded_and_keeps_the_first_instant() -> None:
    """The oldest acceptance is forgotten first; a repeat keeps the instant of the first."""
    recent = RecentAcceptances(maximum=2)
    for uid, at in (("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")):
        recent.add(SealedEvent(uid, {}, SCHOOL, at, "key"), "signal.raised")
    assert recent.find("b") is None
    first = recent.find("a")
    assert first is not None
    assert first.accepted_at == "1"
