"""Outbound connector whose receivers are lists in memory, with answers that a test sets."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.contract import (
    SEND_TIME_LIMIT_SECONDS,
    Delivered,
    DeliveryResult,
    OpenedDelivery,
    Refused,
    RetryAfter,
)
from hub.core.model import Json


class MemoryTarget(BaseModel):
    """The target: which inbox, and what it answers when no answer was set for the next delivery."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    inbox: Annotated[str, Field(min_length=1)]
    answer: Literal["deliver", "retry", "refuse"] = "deliver"
    retry_after_seconds: Annotated[float, Field(ge=0)] | None = None


class MemoryConnector:
    """Keeps what it delivers in `inboxes`, per inbox in the order of delivery.

    `attempts` counts every call of `send` per inbox, whatever the answer.
    """

    def __init__(self, *, time_limit_seconds: float = SEND_TIME_LIMIT_SECONDS) -> None:
        self.time_limit_seconds = time_limit_seconds
        self.inboxes: defaultdict[str, list[OpenedDelivery]] = defaultdict(list)
        self.attempts: defaultdict[str, int] = defaultdict(int)
        self.is_closed = False
        self._answers: defaultdict[str, deque[DeliveryResult]] = defaultdict(deque)

    def answer_next(self, inbox: str, *answers: DeliveryResult) -> None:
        """Set the answers to the next deliveries to this inbox, in order; afterwards the target's own holds."""
        self._answers[inbox].extend(answers)

    async def send(self, delivery: OpenedDelivery, target: Mapping[str, Json]) -> DeliveryResult:
        """Deliver to the target's inbox, or answer as the test wants. `target` has the form `MemoryTarget`."""
        try:
            form = MemoryTarget.model_validate(dict(target))
        except ValidationError:
            return RetryAfter("target_invalid", nothing_sent=True)
        if self.is_closed:
            return RetryAfter("connector_closed", nothing_sent=True)
        self.attempts[form.inbox] += 1
        set_answers = self._answers[form.inbox]
        answer = set_answers.popleft() if set_answers else _standing_answer(form)
        if isinstance(answer, Delivered):
            self.inboxes[form.inbox].append(delivery)
        return answer

    async def close(self) -> None:
        """Refuse further deliveries; what was delivered stays readable."""
        self.is_closed = True


def _standing_answer(form: MemoryTarget) -> DeliveryResult:
    if form.answer == "deliver":
        return Delivered()
    if form.answer == "refuse":
        return Refused("receiver_refused")
    return RetryAfter("receiver_asked_to_wait", form.retry_after_seconds)
