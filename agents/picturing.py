"""Publishes the prevention picture of each month once, over machines and restarts (EVENTS.md section 7)."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import structlog

from agents.loops import patiently
from agents.own_events import sealed_own_event
from agents.produce import LogMessage, LogWriter
from agents.runtime import Runtime
from hub.core.model import JsonObject
from hub.core.own_events import own_event_id
from hub.core.picture import PICTURE, Period, due_period, picture_event
from hub.identity.door import event_uid
from hub.wire.codec import encode

log = structlog.get_logger("hub.agents.picturing")


class Picturing:
    """The monthly counts, from the ledger to the log."""

    def __init__(self, runtime: Runtime, writer: LogWriter) -> None:
        self._runtime = runtime
        self._writer = writer
        self._done: Period | None = None

    async def once(self) -> int:
        """Publish the month that is due, if nobody did; returns how many events were written, 0 or 1.

        The log has it before it is remembered: a crash in between, or another machine, writes it twice, under one
        event id and one digest, and the second is a duplicate. Raises LogUnavailableError.
        """
        now = datetime.fromisoformat(self._runtime.clock())
        period = due_period(now)
        if period == self._done:
            return 0
        written = 0
        key = own_event_id(PICTURE, period.name)
        if not await patiently(self._runtime, partial(self._runtime.ledger.is_announced, key)):
            written = await self._publish(period, now)
            at = self._runtime.clock()
            await patiently(self._runtime, partial(self._runtime.ledger.consent_announced, key, at))
        self._done = period
        return written

    async def _publish(self, period: Period, now: datetime) -> int:
        ledger = self._runtime.ledger
        counts = await patiently(self._runtime, partial(ledger.signal_counts, period.start, period.end))
        event = picture_event(counts, period, self._runtime.standing, now)
        if event is None:
            log.info("picture_not_published", reason="deny_k_anonymity", count=len(counts))
            return 0
        await self._writer.write([self._message(event)])
        log.info("picture_published", count=len(counts))
        return 1

    def _message(self, event: JsonObject) -> LogMessage:
        source = self._runtime.settings.source
        sealed = sealed_own_event(event, source, event_uid(source, str(event["id"])))
        return LogMessage(self._runtime.topic, sealed.key, encode(sealed))
