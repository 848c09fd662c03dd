"""Permits and redaction: there is no way to build a delivery without having asked, and without having cut.

`permits` turns a decision into permits; only `redact` turns a permit and sealed sections into a `Delivery`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, TypeVar

from hub.core.model import LEAVES, Decision, JsonObject, RecipientDecision

T = TypeVar("T")

_TOKEN = object()
"""INVARIANT: known to this module alone, so that permits and deliveries are made here alone."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to send one recipient exactly these sections. Made by `permits` and `permit_of` only."""

    recipient: str
    sections: tuple[str, ...]
    reason: str
    position: int
    token: object

    def __post_init__(self) -> None:
        """Refuse a permit that no decision gave."""
        _refuse_unless_ours(self.token)


@dataclass(frozen=True, slots=True)
class Delivery(Generic[T]):
    """What goes to one recipient, cut to the permitted sections. Made by `redact` only.

    `sections` names what may go; `sealed` holds those of them that have content.
    """

    recipient: str
    sections: tuple[str, ...]
    sealed: Mapping[str, T]
    reason: str
    position: int
    token: object

    def __post_init__(self) -> None:
        """Refuse a delivery that was not cut."""
        _refuse_unless_ours(self.token)


def _refuse_unless_ours(token: object) -> None:
    """Raise PermissionError for a value that was not made here."""
    if token is not _TOKEN:
        raise PermissionError("only hub.core.permit makes permits and deliveries")


def permit_of(event: JsonObject, decision: RecipientDecision) -> Permit | None:
    """Return the permit that one recipient's decision gives, or None when nothing leaves.

    Sections that are not in the event are never permitted, whatever the decision says.
    """
    if decision.outcome not in LEAVES:
        return None
    present = event.get("sections")
    sections = tuple(name for name in decision.sections if isinstance(present, list) and name in present)
    return Permit(decision.recipient, sections, decision.reason, decision.position, _TOKEN)


def permits(event: JsonObject, decision: Decision) -> tuple[Permit, ...]:
    """Return the permits that a decision gives, in the order of its recipients."""
    found = (permit_of(event, recipient) for recipient in decision.recipients)
    return tuple(permit for permit in found if permit is not None)


def redact(permit: Permit, sealed: Mapping[str, T]) -> Delivery[T]:
    """Return what the permit lets go of an event's sealed sections: never more than is permitted."""
    cut = {name: sealed[name] for name in permit.sections if name in sealed}
    return Delivery(
        permit.recipient, permit.sections, MappingProxyType(cut), permit.reason, permit.position, _TOKEN
    )
