"""Alerts of the hub on hub.alerts: each told once, with codes only. For the database and its twin."""

from __future__ import annotations

from dataclasses import replace

from hub.core.judgement import Judgement
from hub.core.model import JsonObject
from hub.core.own_events import alert_event, own_event
from hub.wire.envelope import SealedEvent
from tests.conformance.ledger_world import (
    CHILD,
    LATER,
    NOW,
    TEAM,
    World,
    allow,
    judged,
    record,
    refuse,
    repeated,
    sealed_event,
    wait,
)


def an_alert(cause: str = "cause", subject: str = CHILD) -> JsonObject:
    """Return an alert of the hub."""
    return alert_event(
        "alert.deadline_near",
        cause,
        subject_ref=subject,
        owner=TEAM,
        now=NOW,
        urgency="u2",
        uid="uid-of-the-referral",
        case_ref="case-1",
        level=1,
        rule="first_response",
        due_at=LATER,
        reason="hold_no_owner",
    )


def from_hub(event: JsonObject) -> SealedEvent:
    """Return an event of the hub as it comes over the log."""
    return replace(sealed_event(), event={**event, "source": "urn:hub"}, traceparent="00-trace")


async def told(world: World) -> list[JsonObject]:
    """Return what waits for hub.alerts."""
    return [row.document for row in await world.ledger.outbox(100) if row.topic == "hub.alerts"]


async def test_alert_of_the_hub_is_told_once(world: World) -> None:
    """An alert event of the hub is told on hub.alerts with what it says in the clear; its repeat is not."""
    alert = an_alert()
    sealed = from_hub(alert)
    await world.commit(record(0, sealed, judged(sealed, allow())))
    await world.commit(record(1, sealed, repeated()))
    assert await told(world) == [
        {
            "alert_id": alert["id"],
            "type": "alert.deadline_near",
            "raised_at": NOW,
            "to": [TEAM],
            "level": 1,
            "reason": "hold_no_owner",
            "rule": "first_response",
            "due_at": LATER,
            "uid": "uid-of-the-referral",
            "subject_ref": CHILD,
            "case_ref": "case-1",
            "urgency": "u2",
            "traceparent": "00-trace",
        }
    ]


async def test_escalation_is_told_under_the_same_alert(world: World) -> None:
    """An escalation of the hub is told under the id of the alert that it takes up, at its level."""
    escalation = own_event("alert.escalated", "cause", CHILD, NOW, {"uid": "u1"}, in_reply_to="alert-1")
    sealed = from_hub(escalation)
    await world.commit(record(0, sealed, judged(sealed)))
    assert await told(world) == [
        {
            "alert_id": "alert-1",
            "type": "alert.escalated",
            "raised_at": NOW,
            "to": [],
            "level": 3,
            "uid": "u1",
            "subject_ref": CHILD,
            "traceparent": "00-trace",
        }
    ]


async def test_refused_alert_is_not_told(world: World) -> None:
    """What somebody else calls an alert and the gates refuse is on hub.decisions only."""
    sealed = from_hub(an_alert())
    refused = judged(sealed, refuse())
    stop = replace(refused.decision, event=replace(refused.decision.event, outcome=refuse().outcome))
    await world.commit(record(0, sealed, replace(refused, decision=stop)))
    assert await told(world) == []
    assert [row.topic for row in await world.ledger.outbox(10)] == ["hub.decisions"]


async def test_referral_without_owner_and_crisis_are_no_alerts_by_themselves(world: World) -> None:
    """The hub raises its alerts as events: nothing is told on hub.alerts because of another's event."""
    referral = sealed_event("evt-0", type_name="referral.offered")
    await world.commit(record(0, referral, judged(referral, wait(reason="hold_no_owner"))))
    crisis = sealed_event("evt-1", urgency="u1", type_name="crisis.reported")
    await world.commit(record(1, crisis, judged(crisis, allow())))
    assert await told(world) == []


async def test_damaged_level_counts_as_the_last(world: World) -> None:
    """An alert whose level cannot be read is told at the highest level, so that nobody overlooks it."""
    alert = an_alert()
    sealed = from_hub(
        {**alert, "data": {"level": "two"}, "recipients": [None, {"to": "x"}, {"to": {"kind": "gp"}}]}
    )
    judgement: Judgement = judged(sealed, allow())
    await world.commit(record(0, sealed, judgement))
    (found,) = await told(world)
    assert (found["level"], found["to"]) == (3, [])
