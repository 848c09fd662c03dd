"""Feeds: the receiver reads. Reading is the claim, so consent is checked then and there."""

from __future__ import annotations

from collections.abc import Sequence

from hub.ledger import rows
from hub.ledger.claiming import Claim, carry_out, claimed_delivery
from hub.ledger.examining import Examined, due_of, examine, redecided
from hub.ledger.interface import ClaimedDelivery, FeedPage, KeysOf, Recheck, Subscription
from hub.ledger.lines import refresh_lines
from hub.ledger.subscribing import subscription_from
from hub.ledger.tables import Tables
from hub.ledger.texts import instant
from hub.ledger.writing import write_links


async def read_feed(
    tables: Tables,
    circumstances: Claim,
    subscription_id: str,
    after: int,
    limit: int,
    recheck: Recheck,
    keys_of: KeysOf,
) -> FeedPage:
    """Return the items after a number. Asking for what comes after an item says that the item arrived."""
    found = await tables.read(rows.SUBSCRIPTION, {"subscription_id": [subscription_id]})
    # One reader at a time: the numbers are given in the order in which they are read.
    sequence = await tables.read(rows.SEQUENCE, {"subscription_id": [subscription_id]}, lock=True)
    if not found or not sequence:
        return FeedPage((), 0)
    subscription = subscription_from(found[0])
    await _confirm(tables, subscription_id, min(after, sequence[0].last_number), circumstances.now)
    numbered = await tables.feed_numbered(subscription_id, after, limit)
    items = await _again(tables, circumstances, subscription, numbered, recheck, keys_of)
    if subscription.active and len(items) < limit:
        items += await _new(tables, circumstances, subscription, limit - len(items), recheck, keys_of)
    last = await tables.read(rows.SEQUENCE, {"subscription_id": [subscription_id]})
    return FeedPage(tuple(items), last[0].last_number)


async def _confirm(tables: Tables, subscription_id: str, up_to: int, now: str) -> None:
    """Settle what the reader has."""
    got = await tables.feed_read(subscription_id, up_to) if up_to > 0 else []
    if not got:
        return
    settled = [
        row._replace(state="delivered", reason="read", lease="", settled_at=instant(now)) for row in got
    ]
    await tables.upsert(rows.DELIVERY, settled)
    await refresh_lines(tables, {row.place: now for row in got if row.emission is None}, {})


async def _again(
    tables: Tables,
    circumstances: Claim,
    subscription: Subscription,
    numbered: Sequence[rows.DeliveryRow],
    recheck: Recheck,
    keys_of: KeysOf,
) -> list[ClaimedDelivery]:
    """Hand out items that were read before; one whose consent ended keeps its number and loses its sections."""
    examined = await examine(tables, await due_of(tables, numbered), recheck, keys_of)
    changed = [
        redecided(item, circumstances.rule_set, circumstances.now) for item in examined if item.differs
    ]
    await write_links(tables, changed)
    return [_item(item, subscription) for item in examined]


def _item(item: Examined, subscription: Subscription) -> ClaimedDelivery:
    return claimed_delivery(item.row, item, subscription)


async def _new(
    tables: Tables,
    circumstances: Claim,
    subscription: Subscription,
    limit: int,
    recheck: Recheck,
    keys_of: KeysOf,
) -> list[ClaimedDelivery]:
    """Give numbers to what may leave, until the page is full; what may not is stopped and gets none."""
    items: list[ClaimedDelivery] = []
    while len(items) < limit:
        found = await tables.feed_new(subscription.subscription_id, limit - len(items))
        if not found:
            break
        examined = await examine(tables, await due_of(tables, found), recheck, keys_of)
        leased = await carry_out(tables, circumstances, examined, keys_of)
        items += [claimed_delivery(row, item, subscription) for row, item in leased]
    return items
