"""Subscriptions: where each partner wants its deliveries, and what happens to waiting ones when that changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.ledger import rows
from hub.ledger.addressing import CONFIGURED
from hub.ledger.interface import Subscription
from hub.ledger.lines import OPEN, refresh_lines
from hub.ledger.numbering import renumber
from hub.ledger.planning import NO_SUBSCRIPTION, parked_row
from hub.ledger.rows import DeliveryRow, SubscriptionRow
from hub.ledger.tables import Tables
from hub.ledger.texts import from_json, instant_text, to_json


def subscription_row(subscription: Subscription) -> SubscriptionRow:
    """Return a subscription as it is stored."""
    return SubscriptionRow(
        subscription.subscription_id,
        subscription.org,
        subscription.connector,
        to_json(subscription.target),
        to_json(subscription.filter_document),
        to_json(list(subscription.types)),
        subscription.reference,
        subscription.active,
        subscription.origin,
    )


def subscription_from(row: SubscriptionRow) -> Subscription:
    """Return what `subscription_row` stored."""
    target: Any = from_json(row.target)
    types: Any = from_json(row.types)
    return Subscription(
        subscription_id=row.subscription_id,
        org=row.org,
        connector=row.connector,
        target=target,
        filter_document=from_json(row.filter_document),
        types=tuple(types),
        reference=row.reference,
        active=row.active,
        origin=row.origin,
    )


async def put_subscription(tables: Tables, subscription: Subscription) -> None:
    """Insert or replace; deliveries that were parked for want of a subscription go to a default one."""
    await tables.upsert(rows.SUBSCRIPTION, [subscription_row(subscription)])
    await tables.insert_missing(rows.SEQUENCE, [rows.SequenceRow(subscription.subscription_id, 0, "[]")])
    if subscription.active and subscription.origin == CONFIGURED:
        parked = await tables.read(rows.DELIVERY, {"receiver": [subscription.org]}, lock=True)
        waiting = [row for row in parked if row.state == "parked" and row.reason == NO_SUBSCRIPTION]
        await _assign(tables, waiting, subscription.subscription_id)
    await tables.notify(["deliveries"])


async def _assign(tables: Tables, waiting: list[DeliveryRow], subscription_id: str) -> None:
    """Let these deliveries wait for another subscription, where they get new numbers."""
    moved = [
        row._replace(
            subscription_id=subscription_id, state="pending", reason="", lease="", sequence=0, settled_at=None
        )
        for row in waiting
    ]
    await tables.upsert(rows.DELIVERY, moved)
    await tables.delete(rows.PARKED, "delivery_id", [row.delivery_id for row in moved])
    await refresh_lines(tables, {row.place: instant_text(row.due_at) for row in moved}, {})


async def remove_subscription(tables: Tables, subscription_id: str, now: datetime) -> bool:
    """Remove; its open deliveries move to the organisation's default subscription, or are parked."""
    found = await tables.read(rows.SUBSCRIPTION, {"subscription_id": [subscription_id]}, lock=True)
    if not found:
        return False
    deliveries = await tables.read(rows.DELIVERY, {"subscription_id": [subscription_id]}, lock=True)
    waiting = [row for row in deliveries if row.state in OPEN]
    await tables.delete(rows.SUBSCRIPTION, "subscription_id", [subscription_id])
    others = await tables.read(rows.SUBSCRIPTION, {"org": [found[0].org]})
    default = [row.subscription_id for row in others if row.active and row.origin == CONFIGURED]
    waiting, _ = await renumber(tables, waiting, [])
    if default:
        await _assign(tables, waiting, default[0])
    else:
        await _park(tables, waiting, now)
    await tables.notify(["deliveries"])
    return True


async def _park(tables: Tables, waiting: list[DeliveryRow], now: datetime) -> None:
    at = instant_text(now)
    parked = [
        row._replace(subscription_id="", state="parked", reason=NO_SUBSCRIPTION, lease="", settled_at=now)
        for row in waiting
    ]
    await tables.upsert(rows.DELIVERY, parked)
    found = [parked_row(row.place, row.line, row.delivery_id, NO_SUBSCRIPTION, at) for row in parked]
    await tables.insert(rows.PARKED, found)
    await refresh_lines(tables, {row.place: at for row in parked if row.emission is None}, {})
