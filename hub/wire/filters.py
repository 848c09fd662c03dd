"""Subscription filters: the dialects all, any, not, exact, prefix and suffix.

Source: CloudEvents Subscriptions API (working draft) and VNG Notification API 0.1.5, `filters_schema.json`. A
subscription's `filters` is a list; an event passes when every filter in it holds. Pure and total: a filter that
cannot be read is refused when the subscription is made, so that matching never fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from hub.core.model import Json
from hub.core.numbers import metadata_refused
from hub.wire.envelope import WireError
from hub.wire.reasons import WireReason

MAXIMUM_DEPTH: Final = 8
"""Nesting of all, any and not. Real subscriptions use two levels; each event walks the whole filter."""

MAXIMUM_NODES: Final = 100
"""Filters in one subscription, counted at all levels: matching stays far below the cost of a delivery."""

MAXIMUM_VALUE_CHARACTERS: Final = 200
"""The longest attribute value of the profile; a longer value could never match."""

Attributes: TypeAlias = Mapping[str, str]
Predicate: TypeAlias = Callable[[Attributes], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled filter. `matches` looks at context attributes only, never at data."""

    predicate: Predicate
    document: Json

    def matches(self, attributes: Attributes) -> bool:
        """Say whether an event with these context attributes passes. An absent attribute equals nothing."""
        return self.predicate(attributes)


def _bad(detail: str) -> WireError:
    return WireError(WireReason.INVALID_FILTER, detail)


def _every(predicates: list[Predicate]) -> Predicate:
    return lambda attributes: all(predicate(attributes) for predicate in predicates)


def _some(predicates: list[Predicate]) -> Predicate:
    return lambda attributes: any(predicate(attributes) for predicate in predicates)


def _exact(name: str, value: str) -> Predicate:
    return lambda attributes: attributes.get(name) == value


def _prefix(name: str, value: str) -> Predicate:
    return lambda attributes: name in attributes and attributes[name].startswith(value)


def _suffix(name: str, value: str) -> Predicate:
    return lambda attributes: name in attributes and attributes[name].endswith(value)


_COMPARISONS: Final[dict[str, Callable[[str, str], Predicate]]] = {
    "exact": _exact,
    "prefix": _prefix,
    "suffix": _suffix,
}


def _comparison(dialect: str, operand: Json) -> Predicate:
    if not isinstance(operand, dict) or not operand:
        raise _bad(f"{dialect} takes an object with at least one attribute")
    for name, value in operand.items():
        if not name or not isinstance(value, str) or not value:
            raise _bad(f"{dialect} compares an attribute with a text that is not empty")
        if len(value) > MAXIMUM_VALUE_CHARACTERS:
            raise _bad(f"a value has at most {MAXIMUM_VALUE_CHARACTERS} characters")
    return _every([_COMPARISONS[dialect](name, value) for name, value in operand.items()])


class _Compiler:
    def __init__(self) -> None:
        self.nodes = 0

    def compile(self, entry: Json, depth: int) -> Predicate:
        self.nodes += 1
        if self.nodes > MAXIMUM_NODES or depth > MAXIMUM_DEPTH:
            raise _bad(f"at most {MAXIMUM_NODES} filters, nested at most {MAXIMUM_DEPTH} deep")
        if not isinstance(entry, dict) or len(entry) != 1:
            raise _bad("a filter is an object with exactly one dialect")
        ((dialect, operand),) = entry.items()
        if dialect in _COMPARISONS:
            return _comparison(dialect, operand)
        if dialect == "not":
            inner = self.compile(operand, depth + 1)
            return lambda attributes: not inner(attributes)
        if dialect in {"all", "any"}:
            return self._combination(dialect, operand, depth)
        raise _bad("the dialects are all, any, not, exact, prefix and suffix")

    def _combination(self, dialect: str, operand: Json, depth: int) -> Predicate:
        if not isinstance(operand, list) or not operand:
            raise _bad(f"{dialect} takes a list with at least one filter")
        predicates = [self.compile(entry, depth + 1) for entry in operand]
        return _every(predicates) if dialect == "all" else _some(predicates)


def compile_filters(document: Json) -> Filter:
    """Compile the `filters` of a subscription: a list of filters that must all hold; an empty list lets all pass.

    Raises `WireError`: `invalid_filter`; `deny_bsn_in_metadata` when a value holds nine digits that pass the
    11-test: a filter is stored in clear, and no attribute of an accepted event can equal such a value.
    """
    if not isinstance(document, list):
        raise _bad("filters is a list")
    compiler = _Compiler()
    predicates = [compiler.compile(entry, 1) for entry in document]
    if metadata_refused(document):
        raise WireError(WireReason.DENY_BSN_IN_METADATA)
    return Filter(predicate=_every(predicates), document=document)
