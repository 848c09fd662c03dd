"""Room for each receiver, so that one that hangs or fails never delays another. Pure book-keeping, no I/O."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from agents.settings import AgentSettings


@dataclass(slots=True)
class _Receiver:
    gate: asyncio.Semaphore
    present: int = 0
    failures: int = 0
    probe: asyncio.Lock = field(default_factory=asyncio.Lock)


class ReceiverRooms:
    """How many deliveries of each receiver are here, and how it is doing."""

    def __init__(self, settings: AgentSettings) -> None:
        self._settings = settings
        self._receivers: dict[str, _Receiver] = {}

    def _of(self, receiver: str) -> _Receiver:
        found = self._receivers.get(receiver)
        if found is None:
            found = _Receiver(asyncio.Semaphore(self._settings.receiver_parallel_max))
            self._receivers[receiver] = found
        return found

    def enter(self, receiver: str) -> bool:
        """Take a place for one delivery; False when this receiver has no room here now."""
        found = self._of(receiver)
        cautious = found.failures >= self._settings.failures_before_caution
        room = self._settings.cautious_queue_max if cautious else self._settings.receiver_queue_max
        if found.present >= room:
            return False
        found.present += 1
        return True

    def leave(self, receiver: str) -> None:
        """Give the place back."""
        self._of(receiver).present -= 1

    def turn(self, receiver: str) -> asyncio.Semaphore | asyncio.Lock:
        """Return what to hold while sending: many at a time, or one while the receiver fails."""
        found = self._of(receiver)
        return found.probe if found.failures >= self._settings.failures_before_caution else found.gate

    def answered(self, receiver: str) -> None:
        """Note that the receiver took or refused something: it works."""
        self._of(receiver).failures = 0

    def failed(self, receiver: str) -> None:
        """Note that the receiver did not take something."""
        self._of(receiver).failures += 1
