"""The worker that publishes the outbox to the hub's own topics and to `hub.events`: at least once, with a stable id.

What goes to `hub.events` are events of the hub itself: alerts, and what follows from a step of a life cycle. Decide
takes a repeated one for a duplicate, because its id and digest are the same; a reader of the other topics drops what
carries a row id that it knows. One relay is enough; two only repeat each other's rows.
"""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from agents.driver import HubApp
from agents.loops import Rest, loop_app, patiently, run_in
from agents.own_events import sealed_own_event
from agents.produce import FaustWriter, LogMessage, LogWriter
from agents.runtime import Runtime
from hub.ledger.interface import LedgerUnavailableError, OutboxRow
from hub.wire.codec import encode, encode_record
from hub.wire.envelope import WireError
from hub.wire.topics import ALERTS, DECISIONS, EVENTS

log = structlog.get_logger("hub.agents.relay")

PART = "relay"
"""The name of this worker in metrics."""

CHANNEL = "outbox"
"""The ledger's channel on which new rows announce themselves."""

RECORD_OF_TOPIC = {DECISIONS: "decision", ALERTS: "alert"}
"""Which schema each topic carries."""

ROW_ID_HEADER = "row_id"
"""The header by which a reader knows a repeat."""


def build(runtime: Runtime, writer: LogWriter | None = None) -> HubApp:
    """Return the Faust app of relay; nothing connects before it starts."""
    app = loop_app("samenhub-relay", runtime)
    writer = writer or FaustWriter(app, runtime.settings.request_timeout_seconds)
    return run_in(app, RelayLoop(runtime, writer), runtime)


def message_of(row: OutboxRow, source: str) -> LogMessage:
    """Return a row in its wire form. Raises WireError, LookupError for a row that fits no schema.

    A row for `hub.events` is an event of the hub itself, to which only its `source` is added.
    """
    if row.topic == EVENTS:
        value = encode(sealed_own_event(row.document, source, row.key))
    else:
        value = encode_record(RECORD_OF_TOPIC[row.topic], row.document)
    return LogMessage(row.topic, row.key, value, ((ROW_ID_HEADER, str(row.row_id)),))


class RelayLoop:
    """Reads the outbox in its order, publishes, and marks what is safely in the log."""

    def __init__(self, runtime: Runtime, writer: LogWriter) -> None:
        self._runtime = runtime
        self._writer = writer
        self._stopping = asyncio.Event()
        self._unfit: set[int] = set()

    async def run(self) -> None:
        """Work until `stop`. Raises LedgerUnavailableError, LogUnavailableError when either stays away."""
        rest = Rest(self._runtime.settings.relay_every_seconds)
        while not self._stopping.is_set():
            await rest.take()
            relayed = await self.relay_once()
            self._runtime.metrics.progress(PART)
            if not relayed:
                await self._wait()

    async def stop(self) -> None:
        """Take no further rows."""
        self._stopping.set()

    async def relay_once(self) -> int:
        """Publish one batch; returns how many rows were published."""
        ledger = self._runtime.ledger
        limit = self._runtime.settings.outbox_batch_max + len(self._unfit)
        rows = await patiently(self._runtime, partial(ledger.outbox, limit))
        known = set(self._unfit)
        messages = {row.row_id: message for row in rows if (message := self._message(row)) is not None}
        for row_id in sorted(self._unfit - known):
            await patiently(self._runtime, partial(ledger.park_unfit, row_id, self._runtime.clock()))
        if messages:
            await self._writer.write(list(messages.values()))
            await patiently(self._runtime, partial(ledger.relayed, list(messages)))
            self._runtime.metrics.relayed(len(messages))
        return len(messages)

    def _message(self, row: OutboxRow) -> LogMessage | None:
        """Return the row's message; a row that fits no schema stays in the outbox, and is parked for a person."""
        if row.row_id in self._unfit:
            return None
        try:
            return message_of(row, self._runtime.settings.source)
        except (WireError, LookupError):
            log.exception("outbox_row_unfit", topic=row.topic, count=len(self._unfit) + 1)
            self._runtime.metrics.parked("evaluation_error")
            self._unfit.add(row.row_id)
            return None

    async def _wait(self) -> None:
        pause = self._runtime.settings.idle_wait_seconds
        try:
            await self._runtime.ledger.wait_for_work(CHANNEL, pause)
        except LedgerUnavailableError:
            await asyncio.sleep(pause)
