"""Life cycles as tables: the one order in which a step is judged. EVENTS.md sections 5 and 6."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from hub.core.model import Json, JsonObject
from hub.core.reasons import Reason

START = "none"
"""The state of what has not begun yet."""

SAME = "same"
"""In the column `to`: the step leaves the state as it is."""


class State(Protocol):
    """What a life cycle remembers; its place in the table is `state`."""

    @property
    def state(self) -> str:
        """Return the name of the state, as EVENTS.md writes it."""
        ...


StateT = TypeVar("StateT", bound=State)


@dataclass(frozen=True, slots=True)
class StepResult(Generic[StateT]):
    """What one step did. `state` is the new state, unchanged when refused; `reason` says why it was refused.

    `emits` are the types of the hub's own messages that follow. They tell others; they are not fed back.
    """

    accepted: bool
    state: StateT
    reason: Reason | None = None
    emits: tuple[str, ...] = ()

    def as_json(self) -> JsonObject:
        """Return the form of the vectors."""
        return {
            "accepted": self.accepted,
            "state": self.state.state,
            "reason": None if self.reason is None else self.reason.value,
            "emits": list(self.emits),
        }


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a life cycle's table."""

    event: str
    actors: frozenset[str]
    states: frozenset[str]
    to: str
    required: tuple[str, ...]
    emits: tuple[str, ...]

    def target(self, state: str) -> str:
        """Return the state after the step."""
        return state if self.to == SAME else self.to


def read_table(table: str) -> Mapping[str, tuple[Row, ...]]:
    """Return the rows of a table by event; cells are `event | actors | from | to | required | emits`, `-` is empty."""
    rows = [_read_row(line) for line in table.strip().splitlines()]
    return {row.event: tuple(other for other in rows if other.event == row.event) for row in rows}


def _read_row(line: str) -> Row:
    """Return one line of a table as a row."""
    event, actors, states, to, required, emits = (cell.strip() for cell in line.split("|"))
    return Row(
        event, frozenset(_words(actors)), frozenset(_words(states)), to, _words(required), _words(emits)
    )


def _words(cell: str) -> tuple[str, ...]:
    """Return the words of a cell."""
    return () if cell == "-" else tuple(cell.split())


def fitting_row(table: Mapping[str, tuple[Row, ...]], event: Json, actor: Json, state: str) -> Row | Reason:
    """Return the row that lets this actor take this step from this state, or why there is none.

    The actor is judged first, against all rows of the event; then the state. An event without any row never
    fits the state.
    """
    rows = table.get(event, ()) if isinstance(event, str) else ()
    if not rows:
        return Reason.DENY_LIFECYCLE_ORDER
    open_to_actor = [row for row in rows if isinstance(actor, str) and actor in row.actors]
    if not open_to_actor:
        return Reason.DENY_LIFECYCLE_ACTOR
    return next((row for row in open_to_actor if state in row.states), Reason.DENY_LIFECYCLE_ORDER)


def has_required(data: Mapping[str, Any], names: Collection[str]) -> bool:
    """Return whether each of these fields is present, not null and not an empty string."""
    return all(data.get(name) is not None and data[name] != "" for name in names)


def refused(state: StateT, reason: Reason, *emits: str) -> StepResult[StateT]:
    """Return a refused step: it changes nothing."""
    return StepResult(accepted=False, state=state, reason=reason, emits=emits)
