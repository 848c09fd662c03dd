"""Reading a feed: the items of one subscription in the order of their numbers, opened for their receiver.

Reading is the claim: consent is judged at that moment, every time. A number that was given out stays given out:
an item whose consent ended since, whose child was erased, or that was read longer ago than `replay_days`, comes back
as a bare number under `withdrawn`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.core.model import LEAVES, JsonObject
from hub.gateway.authentication import Caller
from hub.gateway.limits import RETRY_AFTER_SECONDS
from hub.gateway.parts import GatewayParts, Opened, OpeningFault
from hub.gateway.problems import ProblemError
from hub.gateway.publishing import DOMAIN
from hub.gateway.reasons import GatewayReason
from hub.gateway.retention import standing_of_book, within_retention
from hub.gateway.subscription_forms import CONNECTORS, Protocol
from hub.gateway.subscriptions import Subscriptions
from hub.identity.keys import KeyErased
from hub.ledger.interface import ClaimedDelivery, Subscription

SEQUENCE_TYPE: Final = "Integer"
"""CloudEvents extension Sequence; the VNG Notification API knows this value only."""


@dataclass(frozen=True, slots=True)
class Item:
    """One number of a feed with its event, or None when the event may no longer be read."""

    sequence: int
    maybe_event: JsonObject | None


@dataclass(frozen=True, slots=True)
class Page:
    """Items in the order of their numbers. `last_sequence` is the last number given out at all."""

    items: tuple[Item, ...]
    last_sequence: int
    after: int

    @property
    def next_after(self) -> int:
        """The number with which to ask for the next page."""
        return self.items[-1].sequence if self.items else self.after

    def document(self) -> JsonObject:
        """Return the answer of `GET /subscriptions/{id}/events`."""
        return {
            "items": [item.maybe_event for item in self.items if item.maybe_event is not None],
            "withdrawn": [item.sequence for item in self.items if item.maybe_event is None],
            "next_after": self.next_after,
            "last_sequence": self.last_sequence,
        }


def structured_event(opened: Opened, subscription: Subscription) -> JsonObject:
    """Return a delivery as a CloudEvent in JSON, with the attributes of the VNG API and the sequence extension."""
    event: JsonObject = {
        "specversion": "1.0",
        "domain": DOMAIN,
        "datacontenttype": "application/json",
        **opened.attributes,
        "sequence": str(opened.sequence),
        "sequencetype": SEQUENCE_TYPE,
        "subscription": subscription.subscription_id,
        "data": opened.data,
    }
    if subscription.reference is not None:
        event["subscriberReference"] = subscription.reference
    return event


class FeedReader:
    """Reads the feeds of one gateway."""

    def __init__(self, parts: GatewayParts, subscriptions: Subscriptions) -> None:
        self._parts = parts
        self._subscriptions = subscriptions
        self._standing = standing_of_book(parts.partners)

    async def own_feed(self, subscription_id: str, caller: Caller) -> Subscription:
        """Return the caller's subscription when it is a feed; 404 or 409 otherwise."""
        subscription = await self._subscriptions.own(subscription_id, caller)
        if subscription.connector != CONNECTORS[Protocol.FEED]:
            raise ProblemError(GatewayReason.NOT_A_FEED)
        return subscription

    async def page(self, subscription: Subscription, after: int, limit: int) -> Page:
        """Return the items after a number. A number beyond the last is refused: the reader knows another feed.

        That happens when the ledger was restored from an older copy; going on silently would skip what is new.
        """
        now = self._parts.clock()
        found = await self._parts.ledger.feed(
            subscription.subscription_id,
            after,
            limit,
            within_retention(self._parts.recheck, self._standing, now),
            self._parts.keys_of,
            now,
        )
        if after > found.last_sequence:
            raise ProblemError(GatewayReason.CURSOR_AHEAD)
        items = [await self._item(claimed, subscription) for claimed in found.items]
        return Page(tuple(items), found.last_sequence, after)

    async def _item(self, claimed: ClaimedDelivery, subscription: Subscription) -> Item:
        if claimed.decision.outcome not in LEAVES:
            return Item(claimed.sequence, None)
        try:
            opened = await self._parts.open_delivery(claimed)
        except KeyErased:
            # The child was erased (AVG article 17) after the number was given out.
            return Item(claimed.sequence, None)
        except Exception as error:  # noqa: BLE001 - told apart by its form; any other is raised again
            _require_unreadable(error)
            return Item(claimed.sequence, None)
        return Item(claimed.sequence, structured_event(opened, subscription))


def _require_unreadable(error: Exception) -> None:
    """Return when the content can never be read; raise a problem, or the error itself, for any other fault."""
    if not isinstance(error, OpeningFault):
        raise error
    if error.transient:
        raise ProblemError(
            GatewayReason.CONTENT_UNAVAILABLE, retry_after_seconds=RETRY_AFTER_SECONDS
        ) from None
