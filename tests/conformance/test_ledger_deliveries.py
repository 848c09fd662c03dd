"""The ledger's promises about deliveries, for the database and its twin alike."""

from __future__ import annotations

from ledger_world import World, allow, judged, record, sealed_event, subscription


async def test_first(world: World) -> None:
    """An allowed event is claimed once, with the permitted sections only."""
    await world.ledger.put_subscription(subscription())
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, allow())))
    claimed = await world.deliver()
    assert [item.sequence for item in claimed] == [1]
    assert await world.claim() == []
    b = await world.ledger.balance()
    assert b.delivered == b.accepted == 1
    assert await world.ledger.verify_chain() == []
    print(await world.ledger.receipt(sealed.uid))
