"""A person of the hub who acts by hand: who, and why in a few words. Both stand in the audit chain for ever."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hub.core.model import JsonObject
from hub.core.numbers import scan_text
from hub.ledger.audit import Link
from hub.ledger.texts import key_text

_ACTOR: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
"""A code of the city for its employee, as in `professional` refs: short, and no name is written this way by mistake."""

_STATED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.,:;()/-]{2,119}")
"""A few words: no sentence about a family fits, and nothing that a spreadsheet or a page would take for a command."""

_DIGITS_MAXIMUM: Final = 6
"""A ticket's number may be named; a citizen number, telephone number or date with its year may not."""

RELEASED: Final = "parked_released"
REJECTED: Final = "parked_rejected"
REPLAYED: Final = "replayed"

BY_HAND: Final = frozenset({RELEASED, REJECTED, REPLAYED})
"""Verdicts on the audit rows of what a person did: none of them decides about an event."""

_DIGIT_RUN: Final = re.compile(r"[0-9](?:[ .,:;()/_-]*[0-9])*")


class OperatorError(ValueError):
    """Who or why is not stated in the form that may be kept. The text never repeats what was stated."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts and why. Raises OperatorError for what could hold personal data (AVG 5(1)(c))."""

    actor: str
    reason: str

    def __post_init__(self) -> None:
        if _ACTOR.fullmatch(self.actor) is None:
            raise OperatorError(
                "an actor is a code: up to 40 small letters, digits, dots, hyphens, underscores"
            )
        if _STATED.fullmatch(self.reason) is None:
            raise OperatorError("a reason is 3 to 120 letters, digits, spaces and . , : ; ( ) / - _")
        if any(_holds_long_number(text) or scan_text(text) for text in (self.actor, self.reason)):
            raise OperatorError("a long number may not be in an actor or a reason: it could be a person's")

    def link(
        self,
        *,
        partition: int,
        place: str,
        uid: str,
        outcome: str,
        reason: str,
        rule_set: str,
        about: JsonObject,
    ) -> Link:
        """Return the audit row of something that this person did. `about` has `at` and `verdict`, and codes."""
        document = about | {"actor": self.actor, "stated_reason": self.reason}
        return Link(partition, place, uid, outcome, key_text(reason), rule_set, document)


def _holds_long_number(text: str) -> bool:
    return any(
        sum(character.isdigit() for character in run) > _DIGITS_MAXIMUM for run in _DIGIT_RUN.findall(text)
    )
