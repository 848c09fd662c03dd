"""The gateway over the real ledger (twin in memory), the real core and the real opening: publish, decide, read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agents.deliver import recheck_at
from agents.intake import LogRecord
from agents.judging import ReadBatch
from agents.opening import DeliveryOpening, number_lookup
from hub.core.defaults import DEFAULTS
from hub.core.keys import keys_of
from hub.core.model import JsonObject
from hub.core.standing import Standing, compile_standing
from hub.identity.key_material import VersionedKeys
from hub.identity.pseudonyms import Pseudonyms
from hub.identity.sealing import Opener
from hub.ledger.interface import LogIdentity, Subscription
from hub.ledger.ledger import StoredLedger
from hub.ledger.open import open_ledger
from tests.unit.gateway_world import (
    BSN,
    NOW,
    SCHOOL,
    STRUCTURED,
    TEAM,
    World,
    build_world,
    live,
    publish,
    signal,
)

LOG = LogIdentity("cluster-test", "hub.events")
PERSON = {"bsn": BSN}
REGISTRATION: JsonObject = {
    "birth_date": "2009-01-01",
    "identity": "established",
    "protected_address": False,
    "institution_address": False,
    "residences": [{"district": "escamp", "from": "2020-01-01", "to": None, "basis": "brp"}],
}
CONSENT: JsonObject = {
    "record": {
        "consent_id": "consent-1",
        "version": 1,
        "decision": "consent",
        "function": "disclosure",
        "purpose": "help_request",
        "sender": {"org": SCHOOL},
        "recipient": {"org": TEAM},
        "sections": ["meta", "contact", "codes"],
        "case_ref": None,
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-01",
        "withdrawn_at": None,
        "given_by": {
            "person": PERSON,
            "role": "youth",
            "method": "in_person_signed",
            "recorded_by": "prof_1",
            "recorded_at": NOW,
        },
        "evidence_ref": "evidence-1",
    }
}
WITHDRAWAL: JsonObject = {"consent_id": "consent-1", "by": "youth", "effective_at": "2026-03-01T00:00:00Z"}


@dataclass
class Hub:
    """A gateway, a ledger and what stands between them."""

    world: World
    ledger: StoredLedger
    standing: Standing
    decided: int = 0

    async def fact(self, name: str, data: JsonObject) -> Any:
        """Publish a fact about the child."""
        event = signal(id=name, type=f"nl.jeugdigen.{name}.v1", data={"subject": PERSON, "data": data})
        return await publish(self.world, event)

    async def decide(self) -> None:
        """Do what the deciding worker does with the new records of the log."""
        new = self.world.log.records[self.decided :]
        records = [LogRecord(0, self.decided + index, record[2]) for index, record in enumerate(new)]
        end = self.decided + len(records)
        claims = await self.ledger.claim_partitions(LOG, {0: end}, "test")
        batch = ReadBatch(records)
        async with self.ledger.batch(LOG, [claims[0]], {0: end}) as transaction:
            snapshot = await transaction.gather(batch.keys, NOW)
            await transaction.record(batch.judge(snapshot, self.standing, NOW))
        self.decided = end


@pytest.fixture
async def hub(tmp_path: Path) -> Hub:
    ledger = await open_ledger("memory:", owner="test")
    plain = build_world(tmp_path)
    book = plain.parts.partners
    standing = compile_standing(
        directory=book.directory(), areas=book.areas(), policy=book.policy(), defaults=DEFAULTS
    )
    opening = DeliveryOpening(
        opener=Opener(plain.ring),
        number_of=number_lookup(plain.ring, ledger),
        pseudonyms=Pseudonyms(VersionedKeys.generate("k1")),
        ledger=ledger,
        book=book,
        source="urn:nld:oin:00000000000000000000:systeem:samenhub",
    )
    world = build_world(
        tmp_path,
        ledger=ledger,
        door=plain.parts.door,
        recheck=recheck_at(standing, NOW),
        keys_of=keys_of,
        open_delivery=opening.open_delivery,
    )
    await ledger.put_subscription(Subscription("default", TEAM, "feed", {}))
    return Hub(world, ledger, standing)


async def test_signal_reaches_the_feed_of_its_receiver(hub: Hub) -> None:
    """A consented signal is told in the receipt and read in the feed: permitted sections, own pseudonym, no number."""
    await hub.fact("subject.registered", REGISTRATION)
    await hub.fact("consent.given", CONSENT)
    event: Any = signal()
    event["data"]["content"]["health"] = {"description": "Een testdiagnose."}
    sent = await publish(hub.world, event)
    async with hub.world.client() as client:
        before = (await client.get(sent.headers["location"])).json()
        await hub.decide()
        receipt = (await client.get(sent.headers["location"])).json()
    assert before["status"] == "accepted"
    [line] = receipt["recipients"]
    assert (line["recipient"], line["outcome"], line["reason"]) == (TEAM, "redact", "ok_consent")
    assert line["withheld"] == ["health"]
    async with hub.world.client(TEAM) as client:
        response = await client.get("/subscriptions/default/events")
        page = response.json()
        foreign = await client.get(sent.headers["location"])
    [event] = page["items"]
    assert page["last_sequence"] == 1
    assert event["type"] == "nl.jeugdigen.signal.raised.v1"
    assert set(event["data"]["sections"]) == {"meta", "contact", "codes", "narrative"}
    assert event["subject"].startswith("ps_k1_")
    assert BSN not in response.text
    assert "testdiagnose" not in response.text
    assert foreign.status_code == 403


async def test_live_feed_wakes_up_when_the_ledger_decides(hub: Hub) -> None:
    """A live feed that is open gets the signal when it is decided, and only then."""
    await hub.fact("subject.registered", REGISTRATION)
    await hub.fact("consent.given", CONSENT)
    await publish(hub.world, signal())
    async with live(hub.world, "/subscriptions/default/feed") as stream:
        assert (await stream.next()).data == {"last_sequence": 0}
        await hub.decide()
        said = await stream.item()
    assert (said.id, said.data["type"]) == ("1", "nl.jeugdigen.signal.raised.v1")


async def test_withdrawn_consent_empties_what_was_read(hub: Hub) -> None:
    """After a withdrawal a reader that asks again gets the bare number of the signal, and the notice under its own."""
    await hub.fact("subject.registered", REGISTRATION)
    await hub.fact("consent.given", CONSENT)
    await publish(hub.world, signal())
    await hub.decide()
    async with hub.world.client(TEAM) as client:
        first = (await client.get("/subscriptions/default/events")).json()
        await hub.fact("consent.withdrawn", WITHDRAWAL)
        await hub.decide()
        again = (await client.get("/subscriptions/default/events")).json()
    assert [item["sequence"] for item in first["items"]] == ["1"]
    assert again["withdrawn"] == [1]
    assert [item["type"] for item in again["items"]] == ["nl.jeugdigen.consent.withdrawn.v1"]


async def test_signal_without_consent_reaches_nobody(hub: Hub) -> None:
    """Without consent the receipt gives the sender the reason; the receiver's feed does not move."""
    await hub.fact("subject.registered", REGISTRATION)
    sent = await publish(hub.world, signal())
    await hub.decide()
    async with hub.world.client() as client:
        receipt = (await client.get(sent.headers["location"])).json()
    async with hub.world.client(TEAM) as client:
        page = (await client.get("/subscriptions/default/events")).json()
    [line] = receipt["recipients"]
    assert (line["outcome"], line["reason"]) == ("deny", "deny_no_consent")
    assert line["message_nl"].startswith("Er is geen toestemming")
    assert page == {"items": [], "withdrawn": [], "next_after": 0, "last_sequence": 0}


async def test_repeat_and_conflict_are_told_in_the_receipt(hub: Hub) -> None:
    """The same event twice is accepted as the first time; a different one under the same number becomes a conflict."""
    await hub.fact("subject.registered", REGISTRATION)
    first = await publish(hub.world, signal())
    await hub.decide()
    again = await publish(hub.world, signal())
    other: Any = signal()
    other["data"]["urgency"] = "u4"
    await publish(hub.world, other)
    await hub.decide()
    async with hub.world.client() as client:
        receipt = (await client.get(first.headers["location"])).json()
    assert again.headers["location"] == first.headers["location"]
    assert [verdict["verdict"] for verdict in receipt["verdicts"]] == ["unique", "duplicate", "conflict"]
    assert receipt["verdicts"][2]["reason"] == "deny_conflict"


async def test_own_subscription_narrows_by_filter(hub: Hub) -> None:
    """A feed made through the API with a filter gets what matches and nothing else."""
    async with hub.world.client(TEAM) as client:
        made = []
        for source in (signal()["source"], "urn:nld:other"):
            response = await client.post("/subscriptions", json={"protocol": "FEED", "source": source})
            made.append(response.json()["id"])
        await hub.fact("subject.registered", REGISTRATION)
        await hub.fact("consent.given", CONSENT)
        await publish(hub.world, signal())
        await hub.decide()
        pages = [(await client.get(f"/subscriptions/{one}/events")).json() for one in made]
    assert [len(page["items"]) for page in pages] == [1, 0]


async def test_batch_of_facts_and_signal_is_decided_in_order(hub: Hub) -> None:
    """Registration, consent and signal in one batch: the signal is judged with the facts before it."""
    events = [
        signal(
            id="1", type="nl.jeugdigen.subject.registered.v1", data={"subject": PERSON, "data": REGISTRATION}
        ),
        signal(id="2", type="nl.jeugdigen.consent.given.v1", data={"subject": PERSON, "data": CONSENT}),
        signal(id="3"),
    ]
    headers = {**STRUCTURED, "Content-Type": "application/cloudevents-batch+json"}
    async with hub.world.client() as client:
        answer = (await client.post("/events", content=json.dumps(events), headers=headers)).json()
        await hub.decide()
        receipt = (await client.get(answer["results"][2]["receipt"])).json()
    assert [result["status"] for result in answer["results"]] == [200, 200, 200]
    assert receipt["recipients"][0]["reason"] == "ok_consent"
