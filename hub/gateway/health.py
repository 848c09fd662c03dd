"""`/healthz` and `/readyz`: ready means that Kafka and the ledger answered a moment ago, not that a process runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from hub.core.model import JsonObject
from hub.gateway.limits import READY_PROBE_SECONDS, READY_SECONDS
from hub.gateway.parts import Publisher, PublishUnavailableError
from hub.ledger.interface import Ledger, LedgerUnavailableError

NO_EVENT: Final = "00000000-0000-0000-0000-000000000000"
"""A receipt that cannot exist: asking for it costs one look-up by key."""

PROBE_ERRORS: Final = (PublishUnavailableError, LedgerUnavailableError, TimeoutError, OSError)


class _Part:
    """One thing the gateway depends on, and when it last answered."""

    def __init__(self, probe: Callable[[], Awaitable[object]], monotonic: Callable[[], float]) -> None:
        self._probe = probe
        self._monotonic = monotonic
        self._answered_at = float("-inf")
        self._lock = asyncio.Lock()

    async def answers(self) -> bool:
        """Return whether it answered within `READY_SECONDS`; asks again when it did not. One question at a time."""
        async with self._lock:
            if self._monotonic() - self._answered_at < READY_SECONDS / 2:
                return True
            try:
                async with asyncio.timeout(READY_PROBE_SECONDS):
                    await self._probe()
            except PROBE_ERRORS:
                return self._monotonic() - self._answered_at < READY_SECONDS
            self._answered_at = self._monotonic()
            return True


class Readiness:
    """Whether this gateway can accept events now."""

    def __init__(
        self, publisher: Publisher, ledger: Ledger, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._parts = {
            "log": _Part(publisher.check, monotonic),
            "ledger": _Part(lambda: ledger.receipt(NO_EVENT), monotonic),
        }

    async def report(self) -> tuple[bool, JsonObject]:
        """Return whether all parts answer, and each part's state: `ready` or `away`."""
        names = list(self._parts)
        answers = await asyncio.gather(*(self._parts[name].answers() for name in names))
        states: JsonObject = {
            name: "ready" if fine else "away" for name, fine in zip(names, answers, strict=True)
        }
        ready = all(answers)
        return ready, {"status": "ready" if ready else "not_ready", "parts": states}
