"""Sending once more what a receiver had already: the same delivery, id and number, one more attempt.

The receiver knows the repeat by the delivery's id. Consent is looked at again inside the claim; what may no longer
leave is not sent, and stays what it was: delivered. So does a replay that its receiver does not take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeAlias, TypeVar

from hub.core.model import JsonObject
from hub.ledger import rows
from hub.ledger.addressing import TYPE_PREFIX, TYPE_SUFFIX
from hub.ledger.audit import Link
from hub.ledger.documents import emission_from, recipient_from
from hub.ledger.operators import REPLAYED
from hub.ledger.parking import Act
from hub.ledger.tables import Store, Tables
from hub.ledger.texts import from_json, instant, instant_text, key_text
from hub.ledger.writing import write_links

Answer = TypeVar("Answer")

SENT: Final = "ok_replay"
NOT_KEPT: Final = "deny_retention"
NO_SUBSCRIPTION: Final = "no_subscription"
READS_ITSELF: Final = "feed"
"""What becomes of a delivery: sent once more, kept no longer, nowhere to go, or read again by its reader itself."""

REPLAY_MAXIMUM: Final = 100_000
"""Deliveries of one replay: their ids fit in memory, and a receiver can take them within a day at two a second."""

PART: Final = 500
"""Deliveries handled in one transaction: nobody waits long for their locks."""

Within: TypeAlias = Callable[[str], bool]
"""Tells whether what was delivered at an instant is still kept (`replay_days`)."""


class Again(Protocol):
    """Does something in a transaction, and in a new one when it met another."""

    async def __call__(self, work: Callable[[Tables], Awaitable[Answer]]) -> Answer:
        """Return what it returns."""
        ...


class ReplayTooLargeError(ValueError):
    """The window holds more deliveries than one replay may; a shorter one is needed."""


@dataclass(frozen=True, slots=True)
class ReplayAsked:
    """Which deliveries: those of `receiver` settled from `start` (included) to `end` (excluded), RFC 3339 instants.

    `types` are names such as `signal.raised`, or type attributes; empty means all.
    """

    receiver: str
    start: str
    end: str
    types: tuple[str, ...] = ()

    def takes(self, type_name: str) -> bool:
        """Tell whether messages of this type are asked for."""
        asked = {name.removeprefix(TYPE_PREFIX).removesuffix(TYPE_SUFFIX) for name in self.types}
        return not asked or type_name in asked


@dataclass(frozen=True, slots=True)
class ReplayCount:
    """So many messages of a type, and what becomes of them."""

    type: str
    reason: str
    count: int


async def replay(
    store: Store, again: Again, asked: ReplayAsked, within: Within, now: str, act: Act | None
) -> list[ReplayCount]:
    """Count what is asked for by type and reason; with an act, let what is still kept wait for one more attempt.

    Raises:
        ReplayTooLargeError: more than `REPLAY_MAXIMUM` deliveries.
    """
    async with store.statement() as tables:
        window = instant(asked.start), instant(asked.end)
        ids = await tables.delivered_between(key_text(asked.receiver), *window, REPLAY_MAXIMUM + 1)
    if len(ids) > REPLAY_MAXIMUM:
        raise ReplayTooLargeError(f"more than {REPLAY_MAXIMUM} deliveries: ask for a shorter time")
    counted: Counter[tuple[str, str]] = Counter()
    for first in range(0, len(ids), PART):
        counted += await again(partial(_part, ids[first : first + PART], asked, within, now, act))
    return [ReplayCount(*key, count) for key, count in sorted(counted.items())]


async def _part(
    ids: Sequence[str], asked: ReplayAsked, within: Within, now: str, act: Act | None, tables: Tables
) -> Counter[tuple[str, str]]:
    known = {
        row.subscription_id: row for row in await tables.shared_subscriptions([key_text(asked.receiver)])
    }
    found = await tables.read(rows.DELIVERY, {"delivery_id": ids}, lock=act is not None)
    there = [row for row in found if row.state == "delivered"]
    types = await _types(tables, there)
    there = [row for row in there if asked.takes(types[row.delivery_id])]
    kept = set(await tables.kept_payloads({row.uid for row in there}))
    reasons = {row.delivery_id: _reason(row, known, kept, within) for row in there}
    if act is not None:
        await _send(tables, [row for row in there if reasons[row.delivery_id] == SENT], now, act)
    return Counter((types[row.delivery_id], reasons[row.delivery_id]) for row in there)


async def _types(tables: Tables, found: Sequence[rows.DeliveryRow]) -> dict[str, str]:
    records = await tables.read(rows.INTAKE, {"place": {row.place for row in found}})
    of_place = {row.place: row.type for row in records}
    return {
        row.delivery_id: of_place.get(row.place, "")
        if row.emission is None
        else emission_from(row.emission).type
        for row in found
    }


def _reason(
    row: rows.DeliveryRow, known: Mapping[str, rows.SubscriptionRow], kept: set[str], within: Within
) -> str:
    subscription = known.get(row.subscription_id)
    if row.uid not in kept or row.settled_at is None or not within(instant_text(row.settled_at)):
        return NOT_KEPT
    if subscription is None or not subscription.active:
        return NO_SUBSCRIPTION
    return READS_ITSELF if subscription.connector == "feed" else SENT


async def _send(tables: Tables, going: Sequence[rows.DeliveryRow], now: str, act: Act) -> None:
    waiting = [
        row._replace(
            state="pending",
            lease="",
            due_at=instant(now),
            first_attempt_at="",
            settled_at=None,
            delivered_at=row.settled_at,
        )
        for row in going
    ]
    await tables.upsert(rows.DELIVERY, waiting)
    await write_links(tables, [_link(row, now, act) for row in going])
    if waiting:
        await tables.notify(["deliveries"])


def _link(row: rows.DeliveryRow, now: str, act: Act) -> Link:
    about: JsonObject = {
        "at": now,
        "verdict": REPLAYED,
        "delivery_id": row.delivery_id,
        "receiver": row.receiver,
    }
    return act.operator.link(
        partition=row.partition,
        place=row.place,
        uid=row.uid,
        outcome=recipient_from(from_json(row.decision)).outcome.value,
        reason=SENT,
        rule_set=act.rule_set,
        about=about,
    )
