"""The decision and dedup vectors through the ledger: seeded, gathered, judged, recorded and read back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hub.core.batch import judge_batch
from hub.core.keys import keys_of
from hub.core.model import Emission, Json, JsonObject
from hub.core.standing import Standing
from hub.ledger import rows
from hub.ledger.documents import recipient_from
from hub.ledger.interface import JudgedRecord
from hub.ledger.ledger import StoredLedger
from hub.ledger.open import MEMORY_DSN, open_ledger
from hub.ledger.seed import seed_facts
from hub.ledger.texts import from_json, instant, instant_text, pair_key
from hub.operate.vector_kinds import standing_for
from hub.wire.envelope import SealedEvent
from tests.conformance.ledger_world import END, LOG, settled, subscription

DOMAIN = Path(__file__).resolve().parents[2].parent / "shared" / "domain"

UNHOLDABLE = {
    "U01": ["now"],
    "U02": ["now"],
    "U03": ["subjects"],
    "U04": ["known_events"],
    "U15": ["event"],
    "U18": ["authenticated_org"],
    "U34": ["consent_version"],
    "U39": ["consents"],
    "U40": ["consents[1]"],
}
"""Vectors whose facts no ledger can hold, with the fact: what reaches `decide` from a ledger always has a form."""


def vectors(kind: str) -> list[Any]:
    """Return the shared vectors of a kind."""
    found = []
    for path in sorted((DOMAIN / "vectors").glob("*.json")):
        found += [item for item in json.loads(path.read_text())["vectors"] if item["kind"] == kind]
    return found


def defaults() -> Any:
    """Return the shared default configuration."""
    return json.loads((DOMAIN / "defaults.json").read_text())


def standing_of(facts: Json, vector: Mapping[str, Any]) -> Standing:
    """Return the configuration of a vector."""
    return standing_for(facts, vector.get("policy", {}), defaults())


class Run:
    """One vector in a ledger of its own."""

    def __init__(self, ledger: StoredLedger) -> None:
        self.ledger = ledger
        self.offset = 0

    async def judge(self, event: JsonObject, org: str, standing: Standing, now: str) -> JudgedRecord:
        """Take one event over the whole path: claim, gather, judge, record."""
        claim = (await self.ledger.claim_partitions(LOG, {0: END}, "vectors"))[0]
        uid = f"vector-{event.get('source')}-{event.get('id')}"
        async with self.ledger.batch(LOG, [claim], {0: self.offset + 1}) as batch:
            snapshot = await batch.gather(keys_of(event), now)
            (judgement,) = judge_batch([(uid, org, event)], snapshot, standing, now)
            sealed = SealedEvent(uid, event, org, now, "key")
            at = now if is_instant(now) else "2026-11-23T09:00:00+01:00"
            item = JudgedRecord(0, self.offset, sealed, judgement, at)
            await batch.record([item])
        self.offset += 1
        return item

    async def decision_on_record(self) -> dict[str, Any]:
        """Read the last decision back from the audit rows."""
        async with self.ledger._store.transaction() as tables:
            found = await tables.chain_part(0, 0, 1000)
        documents = [json.loads(row.document) for row in found]
        last = [item for item in documents if item["place"] == documents[-1]["place"]]
        names = ("recipient", "outcome", "reason", "withheld", "duties", "consents")
        return {
            "event": {
                "outcome": last[0]["event_outcome"],
                "reason": last[0]["event_reason"],
                "duties": last[0]["duties"],
            },
            "recipients": [
                {name: item["recipient"][name] for name in names} for item in last if "recipient" in item
            ],
        }

    async def hold(self, event: JsonObject, held_since: Json, now: str) -> None:
        """Say that this event was held before."""
        row = rows.HoldRow(
            uid="held", payload_uid="held", place="0/0/0", partition=0,
            source_key=pair_key(str(event["source"]), str(event["id"])), held_since=str(held_since),
            hold_until=now, hold_until_at=instant(now), wake_at=instant(now),
        )  # fmt: skip
        async with self.ledger._store.transaction() as tables:
            await tables.upsert(rows.HOLD, [row])


def is_instant(text: Json) -> bool:
    """Tell whether this is an instant."""
    try:
        instant_text(instant(str(text)))
    except ValueError:
        return False
    return True


@pytest.fixture
async def fresh(ledger_dsn: str) -> AsyncIterator[Any]:
    """Give a function that empties the ledger and returns it."""
    if not DOMAIN.exists():
        pytest.skip("the shared vectors are not beside this project")
    opened: list[StoredLedger] = []

    async def empty() -> StoredLedger:
        if ledger_dsn != MEMORY_DSN and opened:
            await clear(ledger_dsn)
            return opened[0]
        opened.append(await open_ledger(ledger_dsn, owner="vectors"))
        return opened[-1]

    yield empty
    for ledger in opened:
        await ledger.close()


async def clear(dsn: str) -> None:
    """Empty every table."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("alter table decision disable trigger decision_is_final")
    await connection.execute("alter table inspection_log disable trigger inspection_log_is_final")
    names = ", ".join(table.name for table in rows.ALL_TABLES)
    await connection.execute(f"truncate {names}, log_offset")
    await connection.close()


async def test_decision_vectors(fresh: Any) -> None:
    """Every decision vector whose facts a ledger can hold is decided there as in the pure core."""
    unholdable, wrong = {}, []
    for vector in vectors("decision"):
        facts = vector["facts"]
        run = Run(await fresh())
        lost = list(await seed_facts(run.ledger, facts)) if isinstance(facts, dict) else ["facts"]
        org = facts.get("authenticated_org") if isinstance(facts, dict) else None
        if not isinstance(org, str):
            lost.append("authenticated_org")
        if not is_instant(vector["now"]):
            lost.append("now")
        if not isinstance(vector["event"], dict):
            lost.append("event")
        if lost:
            unholdable[vector["id"]] = lost
            continue
        if facts.get("held_since") is not None:
            await run.hold(vector["event"], facts["held_since"], vector["now"])
        await run.judge(vector["event"], str(org), standing_of(facts, vector), vector["now"])
        got = await run.decision_on_record()
        # The running hub also judges the crisis teams that the sender did not name; the vectors do not.
        named = len(vector["expected"]["recipients"])
        if got | {"recipients": got["recipients"][:named]} != vector["expected"]:
            wrong.append((vector["id"], vector["expected"], got))
    assert wrong == []
    assert unholdable == UNHOLDABLE


async def test_dedup_vectors(fresh: Any) -> None:
    """Every dedup vector gives the same results when each step is a transaction of the ledger."""
    wrong = []
    for vector in vectors("dedup"):
        results = await dedup_results(Run(await fresh()), vector)
        if results != vector["expected"]:
            wrong.append((vector["id"], vector["expected"], results))
    assert wrong == []


async def dedup_results(run: Run, vector: Mapping[str, Any]) -> list[JsonObject]:
    """Run the steps of one vector; deliveries are made at once, as the vectors take for granted."""
    facts = dict(vector["facts"])
    assert await seed_facts(run.ledger, facts) == ()
    results = []
    for step in vector["steps"]:
        if "set" in step:
            facts |= step["set"]
            assert await seed_facts(run.ledger, facts) == ()
            continue
        event = step["event"]
        for recipient in event.get("recipients", []):
            org = recipient["to"].get("org", "lt_kracht_escamp")
            await run.ledger.put_subscription(subscription(org))
        item = await run.judge(
            await with_subject(run.ledger, event),
            event["sender"]["org"],
            standing_of(facts, vector),
            step["at"],
        )
        await deliver(run.ledger, step["at"])
        assert (await run.ledger.balance()).difference == 0
        results.append(result_of(event, item))
    assert await run.ledger.verify_chain() == []
    return results


async def with_subject(ledger: StoredLedger, event: JsonObject) -> JsonObject:
    """Say whom a retraction is about, as the door does, so that it joins the child's order."""
    data, sender = event.get("data"), event["sender"]
    if event["type"] != "signal.retracted" or not isinstance(data, dict) or not isinstance(sender, dict):
        return event
    subject = await ledger.subject_of_record(str(sender["org"]), str(data["record_ref"]))
    return event if subject is None else {**event, "subject_ref": subject}


async def deliver(ledger: StoredLedger, now: str) -> None:
    """Deliver everything: what the core decided stands."""
    async with ledger._store.transaction() as tables:
        known = {row.delivery_id: row for row in (await tables.due(100, instant(now))).deliveries}

    claimed = await ledger.claim(
        "vectors", 100, 60, lambda candidate, _: recipient_from(from_json(known[candidate.delivery_id].decision)),
        keys_of, now,
    )  # fmt: skip
    await ledger.settle([settled(item, at_instant=now) for item in claimed])


def result_of(event: JsonObject, item: JudgedRecord) -> JsonObject:
    """Return the result in the form of the vectors (DEDUP.md section 8)."""
    judgement = item.judgement
    receivers = sorted({recipient.recipient for recipient in judgement.deliver})
    emits = list(judgement.emissions)
    if event["type"] == "signal.retracted":
        if receivers:
            emits.append(Emission("signal.retracted", tuple(receivers), "ok_retraction_notice"))
        receivers = []
    return {
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "delivered_to": receivers,
        "emits": ordered(emits),
        "suppressed": ordered(judgement.suppressed),
    }


def ordered(emissions: Any) -> list[JsonObject]:
    """Return messages by type, then receivers."""
    stated = [replace(emission, to=tuple(sorted(emission.to))).as_json() for emission in emissions]
    return sorted(stated, key=lambda item: (str(item["type"]), str(item["to"])))
