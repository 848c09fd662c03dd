"""Who waits for work, and who is woken: shared by the database's notices and the twin."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any
from weakref import WeakKeyDictionary

from hub.ledger.tables import CHANNELS


class Waker:
    """Counts notices per channel. A task that looks again after it missed a notice returns at once."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(CHANNELS, 0)
        self._waiting: dict[str, set[asyncio.Future[None]]] = {channel: set() for channel in CHANNELS}
        self._seen: WeakKeyDictionary[asyncio.Task[Any], dict[str, int]] = WeakKeyDictionary()

    def wake(self, channels: Collection[str]) -> None:
        """Wake everyone who waits on these channels."""
        for channel in channels:
            self._counts[channel] += 1
            for waiting in self._waiting[channel]:
                if not waiting.done():
                    waiting.set_result(None)

    async def wait(self, channel: str, timeout_seconds: float) -> bool:
        """Sleep until a notice that this task has not seen yet; its first call returns at once."""
        seen = self._seen_by_this_task()
        if seen.get(channel) == self._counts[channel]:
            await self._sleep(channel, timeout_seconds)
        woken = seen.get(channel) != self._counts[channel]
        seen[channel] = self._counts[channel]
        return woken

    def _seen_by_this_task(self) -> dict[str, int]:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (a coroutine runs in a task)
        return self._seen.setdefault(task, {})

    async def _sleep(self, channel: str, timeout_seconds: float) -> None:
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[channel].add(waiting)
        try:
            async with asyncio.timeout(timeout_seconds):
                await waiting
        except TimeoutError:
            return
        finally:
            self._waiting[channel].discard(waiting)
