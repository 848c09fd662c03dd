"""The live feed: server-sent events with numbers, heartbeats and no gaps.

`id:` is the sequence number, so a client that reconnects with `Last-Event-ID` goes on where it was. A stream ends
by itself after an hour, or when the credential ends; the client comes back and is judged anew.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from sse_starlette import EventSourceResponse, ServerSentEvent

from hub.core.model import JsonObject
from hub.gateway.authentication import Caller
from hub.gateway.feed import FeedReader, Item, Page
from hub.gateway.limits import (
    STREAM_PAGE,
    STREAM_PAUSE_SECONDS,
    STREAM_RETRY_MILLISECONDS,
    STREAM_SECONDS_MAX,
    STREAM_SEND_SECONDS,
    STREAMS_PER_PARTNER_MAX,
)
from hub.gateway.mapping import EXPECTED_ERRORS, problem_of
from hub.gateway.parts import GatewayParts
from hub.gateway.problems import ProblemError
from hub.gateway.reasons import GatewayReason
from hub.ledger.interface import Subscription

HEARTBEAT = "heartbeat"

DELIVERIES = "deliveries"
"""The ledger's channel for new deliveries."""


LINE_END = "\n"
"""Plain line ends: readable with `curl -N`."""


def said(document: JsonObject, *, event: str | None = None, number: int | None = None) -> ServerSentEvent:
    """Return one server-sent event with a JSON document on one line."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    retry = STREAM_RETRY_MILLISECONDS if event == HEARTBEAT else None
    return ServerSentEvent(
        body, event=event, id=None if number is None else str(number), retry=retry, sep=LINE_END
    )


def item_event(item: Item) -> ServerSentEvent:
    """Return one number of the feed: a CloudEvent, or `withdrawn` with the bare number."""
    if item.maybe_event is None:
        return said({"sequence": item.sequence}, event="withdrawn", number=item.sequence)
    return said(item.maybe_event, number=item.sequence)


def heartbeat(last_sequence: int) -> ServerSentEvent:
    """Return a heartbeat. It has no `id:`, so it does not move the reader's place."""
    return said({"last_sequence": last_sequence}, event=HEARTBEAT)


class LiveFeeds:
    """The open streams of one gateway."""

    def __init__(
        self,
        parts: GatewayParts,
        reader: FeedReader,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parts = parts
        self._reader = reader
        self._monotonic = monotonic
        self._open: Counter[str] = Counter()

    async def answer(self, subscription_id: str, after: int, caller: Caller) -> EventSourceResponse:
        """Open a stream. What is wrong from the start is answered as a problem, before the first byte."""
        subscription = await self._reader.own_feed(subscription_id, caller)
        if self._open[caller.org] >= STREAMS_PER_PARTNER_MAX:
            raise ProblemError(GatewayReason.TOO_MANY_STREAMS, retry_after_seconds=1)
        first = await self._reader.page(subscription, after, STREAM_PAGE)
        # The library's own pings are comments without a number; our heartbeats carry the last number.
        return EventSourceResponse(
            self._counted(self._events(subscription, first, caller), caller),
            ping=0,
            sep=LINE_END,
            send_timeout=STREAM_SEND_SECONDS,
        )

    async def _counted(
        self, events: AsyncIterator[ServerSentEvent], caller: Caller
    ) -> AsyncIterator[ServerSentEvent]:
        self._open[caller.org] += 1
        self._parts.metrics.streams(1)
        try:
            async for event in events:
                yield event
        except EXPECTED_ERRORS as error:
            # The stream has begun: say why it ends; the client comes back with its last number.
            yield said({"reason": problem_of(error).reason}, event="problem")
        finally:
            self._open[caller.org] -= 1
            self._parts.metrics.streams(-1)

    async def _events(
        self, subscription: Subscription, first: Page, caller: Caller
    ) -> AsyncIterator[ServerSentEvent]:
        ends_at = self._monotonic() + self._seconds_left(caller)
        page = first
        yield heartbeat(page.last_sequence)
        beats_at = self._monotonic() + self._parts.settings.heartbeat_seconds
        while self._monotonic() < ends_at:
            for item in page.items:
                yield item_event(item)
            if self._monotonic() >= beats_at:
                subscription = await self._reader.own_feed(subscription.subscription_id, caller)
                yield heartbeat(page.last_sequence)
                beats_at = self._monotonic() + self._parts.settings.heartbeat_seconds
            if not page.items:
                await self._wait(min(beats_at, ends_at))
            page = await self._reader.page(subscription, page.next_after, STREAM_PAGE)

    async def _wait(self, until: float) -> None:
        """Sleep until the ledger has news or it is time to speak; never spin on a busy channel."""
        left = until - self._monotonic()
        if left > 0:
            await self._parts.ledger.wait_for_work(DELIVERIES, left)
            await asyncio.sleep(STREAM_PAUSE_SECONDS)

    def _seconds_left(self, caller: Caller) -> float:
        if caller.expires_at is None:
            return STREAM_SECONDS_MAX
        return min(STREAM_SECONDS_MAX, caller.expires_at - datetime.now(UTC).timestamp())
