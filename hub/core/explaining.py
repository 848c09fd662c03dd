"""Why an event, or one of its recipients, got this verdict: gate by gate, from the verdict alone.

A reason belongs to one gate, or to a few; what is known of the event narrows them down. Where it stays uncertain
which of them decided, the steps say so. Nothing is judged again: facts may have changed since.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from hub.core.explaining_gates import NOTHING_KNOWN, STEPS_OF_LIFE_CYCLES, Known, concerns, deciding_gates
from hub.core.explaining_words import EVENT_GATES, LIFE_CYCLE, ORDER, RECIPIENT_GATES, Gate, law_of
from hub.core.grounds import GROUND_TABLE
from hub.core.model import JsonObject
from hub.core.reasons import Reason
from hub.core.sentences_dutch import DUTCH
from hub.core.sentences_english import ENGLISH

_BY_CODE = {reason.value: reason for reason in Reason}


@unique
class State(StrEnum):
    """What is known of one gate."""

    PASSED = "passed"
    NOT_ASKED = "not_asked"
    """Its rule is about other messages than this one."""
    DECIDED = "decided"
    ONE_OF = "one_of"
    """It, or another gate with this state, decided."""
    UNSURE = "unsure"
    """Passed or not reached, depending on which gate decided."""
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Step:
    """One gate. `nl` and `en` give the reason where this gate decided, else its rule. `law` None is: policy."""

    gate: str
    state: State
    nl: str
    en: str
    law: str | None

    def as_json(self) -> JsonObject:
        """Return the step as an object of codes and sentences."""
        return {
            "gate": self.gate,
            "state": self.state.value,
            "nl": self.nl,
            "en": self.en,
            "law": self.law,
        }


def explain_event(reason: str, known: Known = NOTHING_KNOWN) -> tuple[Step, ...]:
    """Return gates E1 to E13 with what each did to an event whose verdict has this reason."""
    return _steps(EVENT_GATES, reason, known, deciding_gates(reason, known))


def explain_recipient(reason: str, recipient: str, known: Known = NOTHING_KNOWN) -> tuple[Step, ...]:
    """Return gates R1 to R17 with what each did to this recipient.

    A verdict of the delivery can rest on an event gate; none of these gates was reached then.
    """
    return _steps(RECIPIENT_GATES, reason, known, deciding_gates(reason, known, recipient))


def _steps(
    gates: tuple[Gate, ...], reason: str, known: Known, candidates: tuple[str, ...]
) -> tuple[Step, ...]:
    """Return a step per gate; nothing when the reason belongs to no gate."""
    if not candidates:
        return ()
    return tuple(_step(row, _state(row.gate, reason, known, candidates), reason, known) for row in gates)


def _state(gate: str, reason: str, known: Known, candidates: tuple[str, ...]) -> State:
    """Return what is known of one gate, given those of which one decided."""
    place, first, last = ORDER[gate], ORDER[candidates[0]], ORDER[candidates[-1]]
    if gate in candidates:
        return State.DECIDED if len(candidates) == 1 else State.ONE_OF
    if gate == LIFE_CYCLE and reason == Reason.OK_RECORDED and known.type in STEPS_OF_LIFE_CYCLES:
        return State.PASSED  # a recorded step was looked at all the same
    if reason == Reason.OK_MINIMAL_FEEDBACK and ORDER["R11"] <= place <= ORDER["R16"]:
        return State.ONE_OF  # one of them stopped; R17 lets the least go all the same
    if place < first:
        return State.PASSED if concerns(gate, known) else State.NOT_ASKED
    return State.UNSURE if place < last else State.NOT_REACHED


def _step(row: Gate, state: State, reason: str, known: Known) -> Step:
    """Return one gate with its words."""
    if state is not State.DECIDED:
        return Step(row.gate, state, row.nl, row.en, law_of(row.basis))
    code = _BY_CODE[reason]
    return Step(row.gate, state, DUTCH[code], ENGLISH[code], law_of_verdict(reason, known))


def law_of_verdict(reason: str, known: Known = NOTHING_KNOWN) -> str | None:
    """Return the law articles on which a verdict rests, None when it is policy or no reason of CODES.md.

    A stated ground whose conditions are not met is told with the article of that ground.
    """
    code = _BY_CODE.get(reason)
    if code is None:
        return None
    ground = GROUND_TABLE.get(known.ground or "")
    if code is Reason.DENY_ROUTE and ground is not None:
        return law_of(ground.reason.basis)
    return law_of(code.basis)
