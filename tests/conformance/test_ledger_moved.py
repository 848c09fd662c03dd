"""A family that moves between the decision and the delivery: the new team instead of the old (ROUTING.md section 4).

The rules of the core decide here, on facts that the ledger keeps: the whole path but for the processes.
"""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.batch import judge_batch
from hub.core.defaults import DEFAULT_AREAS, DEFAULTS
from hub.core.judgement import Judgement
from hub.core.keys import keys_of
from hub.core.model import FactChange, RecipientDecision
from hub.core.recheck import LastLook
from hub.core.rejudge import next_boundary, rejudge_held
from hub.core.ring import ring
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing, compile_standing
from hub.ledger.interface import Candidate, ClaimedDelivery, JudgedRecord
from hub.ledger.ledger import StoredLedger
from hub.wire.envelope import SealedEvent, SealedSection
from tests.conformance.ledger_world import CHILD, END, LATER, LOG, NOW, SCHOOL, settled, subscription

OLD, NEW = "team_laak", "team_escamp"
GP = "gp_1"
DISTRICTS = {OLD: ("rondomjou", "laak"), NEW: ("kracht", "escamp")}
NEXT_DAY = "2026-11-24T09:00:00+00:00"


def a_partner(org: str, kind: str) -> dict[str, Any]:
    """Return one active partner."""
    entry: dict[str, Any] = {
        "org": org,
        "kind": kind,
        "reach": "city",
        "purposes": ["help_request"],
        "active_from": "2024-01-01",
        "active_to": None,
    }
    if org in DISTRICTS:
        partnership, district = DISTRICTS[org]
        entry |= {"reach": "districts", "partnership": partnership, "districts": [district]}
    return entry


def a_standing(*away: str) -> Standing:
    """Return the configuration, without the organisations that are away."""
    kinds = {"hub": "hub", SCHOOL: "school", GP: "gp", OLD: "local_team", NEW: "local_team"}
    return compile_standing(
        directory=[a_partner(org, kind) for org, kind in kinds.items() if org not in away],
        areas=DEFAULT_AREAS,
        policy={},
        defaults=DEFAULTS,
    )


def a_child(district: str) -> FactChange:
    """Return a child of ten with one parent who lives in a district."""
    document: dict[str, Any] = {
        "birth_date": "2016-03-01",
        "identity": "established",
        "protected_address": False,
        "institution_address": False,
        "residences": [{"district": district, "from": "2020-01-01", "to": None, "basis": "brp"}],
        "custody": [{"person": "parent_1", "role": "parent_with_custody", "checked_on": "2026-10-01"}],
    }
    return FactChange("subject", CHILD, document, CHILD)


def a_consent(consent_id: str = "c1", **recipient: str) -> FactChange:
    """Return the parent's consent for signals of the school to this recipient."""
    document: dict[str, Any] = {
        "consent_id": consent_id,
        "version": 1,
        "decision": "consent",
        "function": "disclosure",
        "subject_ref": CHILD,
        "purpose": "help_request",
        "sender": {"kind": "school"},
        "recipient": recipient or {"kind": "local_team"},
        "sections": [],
        "case_ref": None,
        "valid_from": "2026-03-01",
        "valid_to": "2027-02-28",
        "withdrawn_at": None,
        "given_by": {
            "person": "parent_1",
            "role": "parent_with_custody",
            "method": "in_person_signed",
            "recorded_by": "professional_9",
            "recorded_at": "2026-03-01T10:00:00+01:00",
        },
        "evidence_ref": "evidence_1",
    }
    return FactChange("consent", consent_id, document, CHILD)


def a_signal(*recipients: dict[str, str]) -> SealedEvent:
    """Return a signal of the school, to the local team of the child when nobody else is named."""
    event: dict[str, Any] = {
        "id": "evt-1",
        "source": "urn:nld:test:school_1",
        "type": "signal.raised",
        "time": NOW,
        "sender": {"org": SCHOOL, "kind": "school"},
        "recipients": [{"to": to} for to in recipients or ({"kind": "local_team"},)],
        "sections": ["meta", "contact", "codes"],
        "subject_ref": CHILD,
        "purpose": "help_request",
        "urgency": "u3",
        "domains": ["04"],
        "occurred_at": NOW,
        "digest": "digest-1",
    }
    sealed = {name: SealedSection("key-1", b"n" * 12, b"sealed") for name in ("contact", "codes")}
    return SealedEvent("uid-1", event, SCHOOL, NOW, CHILD, sealed)


class Hub:
    """Decide, deliver and watch, one after the other, over one ledger."""

    def __init__(self, ledger: StoredLedger) -> None:
        self.ledger = ledger
        self.standing = a_standing()

    async def decide(self, sealed: SealedEvent, offset: int = 0) -> str:
        """Judge one event; returns the verdict."""
        claim = (await self.ledger.claim_partitions(LOG, {0: END}, "decide"))[0]
        async with self.ledger.batch(LOG, [claim], {0: offset + 1}) as batch:
            snapshot = await batch.gather(keys_of(sealed.event), NOW)
            items = [(sealed.uid, sealed.authenticated_org, sealed.event)]
            (judgement,) = judge_batch(items, snapshot, self.standing, NOW)
            await batch.record([JudgedRecord(0, offset, sealed, judgement, NOW)])
        return judgement.verdict

    async def claim(self, now: str = NOW) -> list[ClaimedDelivery]:
        """Claim what is due, decided anew by the core."""
        look = LastLook(self.standing, now)

        def recheck(candidate: Candidate, snapshot: Snapshot) -> RecipientDecision:
            return look.recheck(
                candidate.sealed.event,
                candidate.sealed.authenticated_org,
                candidate.position,
                candidate.receiver,
                candidate.emission,
                snapshot,
                candidate.held_since,
            )

        return await self.ledger.claim("deliver", 100, 30.0, recheck, keys_of, now)

    async def deliver(self, now: str = NOW) -> list[str]:
        """Deliver what is due; returns who got the event itself."""
        claimed = await self.claim(now)
        await self.ledger.settle([settled(item, at_instant=now) for item in claimed])
        return [item.candidate.receiver for item in claimed if item.candidate.emission is None]

    async def watch(self, now: str = NOW) -> list[str]:
        """Judge again what is held and due; returns the verdicts."""
        verdicts = []
        async with self.ledger.due_holds(10, now) as holds:
            for held in holds.held:
                event, org = held.sealed.event, held.sealed.authenticated_org
                snapshot = await holds.gather(keys_of(event), now)
                found = rejudge_held(event, org, held.sealed.uid, snapshot, self.standing, now)
                await holds.rejudged(held, found, next_boundary(event, snapshot, now), now)
                verdicts.append(found.verdict)
        return verdicts

    async def move(self, district: str = "escamp") -> None:
        """Let the family live elsewhere."""
        await self.ledger.apply_facts([a_child(district)])

    async def states(self) -> list[tuple[str, str, str]]:
        """Return what became of each line of the signal."""
        receipt = await self.ledger.receipt("uid-1")
        assert receipt is not None
        return [(line.recipient, line.state, line.reason) for line in receipt.lines]

    async def settled_books(self) -> bool:
        """Return whether the books balance, the chain is whole and nothing is held."""
        balance = await self.ledger.balance()
        chain = await self.ledger.verify_chain()
        return balance.difference == 0 and chain == [] and (await self.ledger.statistics(NOW)).held == 0


@pytest.fixture
async def hub(ledger: StoredLedger) -> Hub:
    """Give a hub with a family in Laak and subscriptions of everybody."""
    await ledger.apply_facts([a_child("laak"), a_consent()])
    for org in (OLD, NEW, GP, SCHOOL):
        await ledger.put_subscription(subscription(org))
    return Hub(ledger)


async def test_signal_follows_the_family(hub: Hub) -> None:
    """The waiting delivery to the old team is dropped and the new team gets the signal."""
    assert await hub.decide(a_signal()) == "unique"
    await hub.move()
    assert await hub.deliver() == []
    assert await hub.states() == [(OLD, "withheld", "deny_route")]
    assert await hub.watch() == ["reevaluated"]
    assert await hub.deliver() == [NEW]
    assert await hub.states() == [(NEW, "delivered", "ok_consent")]
    assert await hub.watch(LATER) == []
    assert await hub.settled_books()


async def test_consent_must_cover_the_new_team(hub: Hub) -> None:
    """A consent that names the old team does not carry the signal to the new one: it is held, and can be cured."""
    await hub.ledger.apply_facts([a_consent(org=OLD)])
    await hub.decide(a_signal())
    await hub.move()
    assert await hub.deliver() == []
    assert await hub.watch() == ["reevaluated"]
    assert await hub.states() == [(NEW, "held", "hold_recipient_scope")]
    (question,) = await hub.claim()
    assert question.candidate.emission is not None
    assert (question.candidate.receiver, question.candidate.emission.type) == (SCHOOL, "completion.requested")
    await hub.ledger.settle([settled(question)])
    await hub.ledger.wake_all_holds()
    assert await hub.watch() == ["duplicate"]
    await hub.ledger.apply_facts([a_consent(org=NEW)])
    assert await hub.watch(LATER) == ["reevaluated"]
    assert await hub.deliver(LATER) == [NEW]
    assert await hub.settled_books()


async def test_moved_while_others_are_named(hub: Hub) -> None:
    """Another recipient of the same signal keeps what it got, and gets nothing twice."""
    await hub.ledger.apply_facts([a_consent("c2", kind="gp")])
    await hub.decide(a_signal({"kind": "local_team"}, {"org": GP}))
    await hub.move()
    assert await hub.deliver() == [GP]
    assert await hub.watch() == ["reevaluated"]
    assert await hub.deliver() == [NEW]
    assert [(org, state) for org, state, _ in await hub.states()] == [(NEW, "delivered"), (GP, "delivered")]
    assert await hub.settled_books()


async def test_move_and_back(hub: Hub) -> None:
    """Who moves and is back before anything was sent gets the signal at the first team, once."""
    await hub.decide(a_signal())
    await hub.move()
    assert await hub.deliver() == []
    await hub.move("laak")
    assert await hub.watch() == ["reevaluated"]
    assert await hub.deliver() == [OLD]
    assert await hub.settled_books()


async def test_move_twice(hub: Hub) -> None:
    """A second move before the new team has the signal sends it back again; nobody gets it twice."""
    await hub.decide(a_signal())
    await hub.move()
    await hub.deliver()
    await hub.watch()
    await hub.move("laak")
    assert await hub.deliver() == []
    assert await hub.watch() == ["reevaluated"]
    assert await hub.deliver() == [OLD]
    assert await hub.deliver() == []
    assert await hub.settled_books()


async def test_nobody_owns_the_new_area(hub: Hub) -> None:
    """Without a team in the new district the signal is held until there is one."""
    await hub.decide(a_signal())
    hub.standing = a_standing(NEW)
    await hub.move()
    assert await hub.deliver() == []
    await hub.watch()
    assert [found[1:] for found in await hub.states()] == [("held", "hold_no_owner")]
    hub.standing = a_standing()
    await hub.ledger.wake_all_holds()
    assert await hub.watch(LATER) == ["reevaluated"]
    assert await hub.deliver(LATER) == [NEW]
    assert await hub.settled_books()


async def test_team_named_by_itself_is_not_replaced(hub: Hub) -> None:
    """Who named the old team by its name meant that team: the signal is held for its sender to say."""
    await hub.decide(a_signal({"org": OLD}))
    await hub.move()
    assert await hub.deliver() == []
    await hub.watch()
    assert [state for _, state, _ in await hub.states()] == ["held"]
    assert await hub.deliver() == []


async def test_route_that_stays_closed_ends_the_look(hub: Hub) -> None:
    """When the repeated judgement finds nothing new and nothing is held, the look ends: no loop, no hold left."""
    await hub.decide(a_signal())
    await hub.move()
    await hub.deliver()
    async with hub.ledger.due_holds(10, NOW) as holds:
        (held,) = holds.held
        (known,) = (await holds.gather(keys_of(held.sealed.event), NOW)).entries
        unchanged = Judgement(verdict="duplicate", reason="deny_duplicate", decision=known.decision)
        await holds.rejudged(held, unchanged, NEXT_DAY, NOW)
    assert await hub.watch(NEXT_DAY) == []
    assert await hub.states() == [(OLD, "withheld", "deny_route")]
    assert await hub.settled_books()


async def test_signal_sent_again_after_the_move(hub: Hub) -> None:
    """The sender repeats its signal between the drop and the look: the new team gets it once."""
    await hub.decide(a_signal())
    await hub.move()
    assert await hub.deliver() == []
    assert await hub.decide(a_signal(), 1) == "reevaluated"
    assert await hub.deliver() == [NEW]
    await hub.watch(LATER)
    assert await hub.deliver(LATER) == []
    assert await hub.settled_books()


async def owed(hub: Hub) -> list[tuple[str, bool]]:
    """Return who owes the signal an answer, and whether it still does."""
    found = [thread for thread in await hub.ledger.threads(CHILD) if thread.kind == "response"]
    return [(str(thread.document["org"]), thread.is_open) for thread in found]


async def test_who_got_nothing_owes_nothing(hub: Hub) -> None:
    """What was stopped at the claim asks its receiver for no answer; the team that got it owes one."""
    await hub.decide(a_signal())
    assert await owed(hub) == [(OLD, True)]
    await hub.move()
    await hub.deliver()
    assert await owed(hub) == [(OLD, False)]
    await hub.watch()
    await hub.deliver()
    assert await owed(hub) == [(OLD, False), (NEW, True)]


async def test_alerts_about_what_never_left_are_closed(hub: Hub) -> None:
    """Alerts that the clock raised while it waited are closed when nothing may leave any more."""
    await hub.decide(a_signal())
    late = "2026-11-30T09:00:00+00:00"
    async with hub.ledger.due_threads(10, late) as transaction:
        for due in transaction.due:
            rung = ring(due.thread, late, hub.standing, due.delivered)
            await transaction.rung(rung.thread, rung.own_events, late)
    raised = {row.document["id"] for row in await hub.ledger.outbox(1000) if row.topic == "hub.events"}
    assert raised
    await hub.move()
    assert await hub.deliver(late) == []
    sent = [row.document for row in await hub.ledger.outbox(1000) if row.topic == "hub.events"]
    closed = {item["in_reply_to"] for item in sent if item["type"] == "alert.closed"}
    assert closed == {item["id"] for item in sent if str(item["type"]).startswith("alert.deadline")}
