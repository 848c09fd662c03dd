"""What must be so when every fault is over and the hub has come to rest."""

from __future__ import annotations

from typing import Any

from tests.simulation.consent_held import LEAVES, facts_of, second_opinion
from tests.simulation.family import DEFAULTS
from tests.simulation.log_broker import PARTITIONS
from tests.simulation.promises import OPEN, hold
from tests.simulation.world import World


def is_at_rest(world: World) -> bool:
    """Return whether nothing is left to do now."""
    shelves = world.store.shelves
    now = world.instant()
    return (
        all(world.decided_up_to(partition) == world.log.end(partition) for partition in range(PARTITIONS))
        and not len(shelves["outbox"])
        and not any(row.state in OPEN and not world.waits_in_feed(row) for row in shelves["delivery"])
        and not any(
            row.is_open and row.next_at is not None and row.next_at <= now for row in shelves["thread"]
        )
        and not len(shelves["hold_wake"])
        and not any(row.wake_at <= now for row in shelves["hold"])
    )


def check_at_rest(world: World) -> None:
    """Raise when something was lost, or something waits for what is there."""
    shelves = world.store.shelves
    decided = {row.uid for row in shelves["intake"]}
    hold(world.acknowledged <= decided, "an acknowledged publish is never lost")
    records = sum(world.log.end(partition) for partition in range(PARTITIONS))
    hold(len(shelves["intake"]) == records, "each record of the log is decided")
    balance = world.loop.finish(world.ledger.balance())
    hold(balance.difference == 0, f"the balance balances: {balance}")
    hold(
        balance.accepted == sum(len(lines) for lines in world.promises.lines.values()), "it counts every line"
    )
    hold(world.loop.finish(world.ledger.verify_chain()) == [], "the audit chain holds")
    _own_events_decided(world)
    for row in list(shelves["hold"]):
        _rightly_held(world, row)


def _own_events_decided(world: World) -> None:
    """What the hub said in the outbox, it said in the log, and it was decided once."""
    for said in world.promises.said:
        if said[0] == "event":
            hold(said[1] in world.own_decided, "what the hub sends itself is decided")


def _rightly_held(world: World, row: Any) -> None:
    """Judge what is held by the second opinion: with the facts of now it still waits."""
    _, partition, offset = row.place.split("/")
    sealed = world.event_at((int(partition), int(offset)))
    event: Any = sealed.event
    facts = facts_of(world.store.shelves, [event["subject_ref"]])
    facts["held_since"] = row.held_since
    opinion = second_opinion(event, sealed.authenticated_org, facts, world.now(), DEFAULTS)
    hold(opinion["event"]["outcome"] in LEAVES, f"a held event is not overdue: {opinion['event']['reason']}")
    for line in world.promises.lines[row.place].values():
        found = opinion["recipients"][line.line] if line.line < len(opinion["recipients"]) else None
        if line.state == "held" and found is not None:
            hold(found["outcome"] == "hold", f"nothing is held that may leave: {found['reason']}")
