"""How a sender names persons and homes, and how those names become pseudonyms of the bus.

In the publish form a person is `{"bsn": "…"}`, `{"pseudonym": "ps_…"}` (the receiver pseudonym that the hub gave
this sender) or a string of the sender's own choice; a home is `{"address_object": "…"}` (BAG identification).
Such objects stand alone: another field beside them is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import StringConstraints

from hub.core.model import Json
from hub.identity.content_fields import Form, Reference

MAX_DEPTH = 16
"""Deepest nesting of open objects: consent records nest four deep; more is a mistake or an attack."""

MAX_PERSONS = 100
"""Most persons and homes named in one part of an event: each costs a derivation or a question to the ledger."""

LARGEST_INTEGER = 2**53 - 1
"""RFC 8785 takes integers up to here; larger ones lose digits in other JSON readers."""


class ByNumber(Form):
    """A person by citizen service number: eight or nine digits."""

    bsn: str


class ByPseudonym(Form):
    """A person by the pseudonym under which the hub told the sender about this person."""

    pseudonym: Reference


Subject: TypeAlias = ByNumber | ByPseudonym
Person: TypeAlias = ByNumber | ByPseudonym | Annotated[Reference, StringConstraints(strict=True)]
"""A person: by number, by pseudonym, or by a reference of the sender's own."""

NAMING_FIELDS = frozenset({"bsn", "pseudonym", "address_object"})


@dataclass(frozen=True, slots=True)
class Named:
    """A person or home as the sender names it: `by` is the one field of the naming object."""

    by: str
    value: str


class OpenObjectError(ValueError):
    """An open object that cannot be taken: too deep, a number out of range, or an ill-formed naming object."""


def named(value: Json) -> Named | None:
    """Return what a naming object names, or None for any other value.

    Raises:
        OpenObjectError: a naming field with other fields beside it, or whose value is not a string.
    """
    if not isinstance(value, dict) or NAMING_FIELDS.isdisjoint(value):
        return None
    by, inner = next(iter(value.items()))
    if len(value) != 1 or not isinstance(inner, str) or not inner:
        raise OpenObjectError("a naming object has one field, a string")
    return Named(by, inner)


def named_in(value: Json, depth: int = 0) -> Iterator[Named]:
    """Yield every person and home named anywhere in an open object, checking its form on the way.

    Raises:
        OpenObjectError: see the class.
    """
    if depth > MAX_DEPTH:
        raise OpenObjectError("nested too deep")
    if isinstance(value, dict):
        found = named(value)
        if found is not None:
            yield found
            return
        yield from _named_in_each(value.values(), depth)
    elif isinstance(value, list):
        yield from _named_in_each(value, depth)
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise OpenObjectError("an integer out of range")


def _named_in_each(values: Iterable[Json], depth: int) -> Iterator[Named]:
    for value in values:
        if not isinstance(value, str):
            yield from named_in(value, depth + 1)


def replaced(value: Json, refs: dict[Named, str]) -> Json:
    """Return a copy of an open object in which every naming object is its ref on the bus."""
    if isinstance(value, dict):
        found = named(value)
        if found is not None:
            return refs[found]
        return {key: replaced(inner, refs) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, refs) for inner in value]
    return value


def without_named(value: Json, depth: int = 0) -> Json:
    """Return a copy in which well-formed naming objects are empty: what is left is shown in the clear."""
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, dict):
        if len(value) == 1 and not NAMING_FIELDS.isdisjoint(value):
            return {}
        return {key: without_named(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_named(inner, depth + 1) for inner in value]
    return value
