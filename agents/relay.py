"""The worker that publishes the outbox to hub.decisions and hub.alerts: at least once, with a stable row id.

One relay is enough; two only repeat each other's rows. A reader drops what carries a row id that it knows.
"""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from agents.driver import HubApp, new_app
from agents.loops import Rest, guarded, patiently
from agents.produce import FaustWriter, LogMessage, LogWriter
from agents.runtime import Runtime
from hub.ledger.interface import LedgerUnavailableError, OutboxRow
from hub.wire.codec import encode_record
from hub.wire.envelope import WireError
from hub.wire.topics import ALERTS, DECISIONS

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
    app = new_app(
        "samenhub-relay",
        bootstrap_servers=runtime.bootstrap_servers,
        security=runtime.security,
        settings=runtime.settings,
    )
    app.producer_only = True
    loop = RelayLoop(runtime, writer or FaustWriter(app, runtime.settings.request_timeout_seconds))
    app.task(guarded(app, loop.run))
    app.before_stop.append(loop.stop)
    app.closers.append(runtime.ledger.close)
    return app


def message_of(row: OutboxRow) -> LogMessage:
    """Return a row in its wire form. Raises WireError, LookupError for a row that fits no schema."""
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
        messages = {row.row_id: message for row in rows if (message := self._message(row)) is not None}
        if messages:
            await self._writer.write(list(messages.values()))
            await patiently(self._runtime, partial(ledger.relayed, list(messages)))
            self._runtime.metrics.relayed(len(messages))
        return len(messages)

    def _message(self, row: OutboxRow) -> LogMessage | None:
        """Return the row's message; a row that fits no schema stays in the outbox, where its age is seen."""
        if row.row_id in self._unfit:
            return None
        try:
            return message_of(row)
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
