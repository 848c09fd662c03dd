"""What the clock does to one thread that is due. A fault in one must not keep the others from being rung."""

from __future__ import annotations

from dataclasses import replace

import structlog

from agents.runtime import Runtime
from agents.settling import later
from hub.core.ring import Rung, ring
from hub.ledger.interface import DueThread

log = structlog.get_logger("hub.agents.ringing")


class Ringer:
    """Rings threads with the configuration of one process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def ring(self, due: DueThread, now: str) -> Rung:
        """Return the thread as it is from now on, and what the hub sends because of it.

        INVARIANT: never raises, and what it returns is not due again without having changed: otherwise one thread
        would stop the watch, or be rung without end. Such a thread waits, logged and counted, for a person.
        """
        try:
            rung = ring(due.thread, now, self._runtime.standing, due.delivered)
        except Exception:
            log.exception("thread_not_rung", type=due.thread.kind, uid=due.thread.uid)
            return self._postponed(due, now)
        if rung.thread == due.thread:
            log.error("thread_stands_still", type=due.thread.kind, uid=due.thread.uid)
            return self._postponed(due, now)
        return rung

    def _postponed(self, due: DueThread, now: str) -> Rung:
        self._runtime.metrics.parked("evaluation_error")
        again = later(now, self._runtime.settings.ring_again_seconds)
        return Rung(replace(due.thread, next_at=again), ())
