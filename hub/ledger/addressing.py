"""Which subscriptions a delivery goes to: those of the receiver whose types and filter match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from hub.core.model import JsonObject
from hub.ledger.rows import SubscriptionRow
from hub.ledger.texts import from_json
from hub.wire.envelope import WireError
from hub.wire.filters import Filter, compile_filters

TYPE_PREFIX: Final = "nl.jeugdigen."
"""EVENTS.md section 1: `nl.jeugdigen.<name>.v<major>`."""

TYPE_SUFFIX: Final = ".v1"
"""The only released major version."""

CONFIGURED: Final = "configuration"
"""Origin of the subscription that takes what no other subscription of an organisation asked for."""


@lru_cache(maxsize=1024)
def _compiled(document: str) -> Filter | None:
    """Return the filter, or None when it cannot be read: such a subscription then matches nothing.

    The default subscription still takes the delivery, so that an unreadable filter loses nothing.
    """
    try:
        return compile_filters(from_json(document))
    except WireError:
        return None


def full_type(name: str) -> str:
    """Return the type attribute at egress of a code name."""
    return f"{TYPE_PREFIX}{name}{TYPE_SUFFIX}"


class Matcher:
    """The active subscriptions of some organisations."""

    def __init__(self, found: Iterable[SubscriptionRow]) -> None:
        self._by_org: dict[str, list[SubscriptionRow]] = {}
        for row in found:
            if row.active:
                self._by_org.setdefault(row.org, []).append(row)

    def subscriptions(self, org: str, event: JsonObject, type_name: str) -> list[str]:
        """Return the ids of the subscriptions that match, or the default one; empty when there is none."""
        candidates = self._by_org.get(org, [])
        attributes = _attributes(event, type_name)
        matching = [row.subscription_id for row in candidates if _matches(row, attributes, type_name)]
        if matching:
            return matching
        return [row.subscription_id for row in candidates if row.origin == CONFIGURED][:1]


def _attributes(event: JsonObject, type_name: str) -> Mapping[str, str]:
    """Return the context attributes that a filter may look at."""
    known = {name: value for name in ("id", "source", "time") if isinstance(value := event.get(name), str)}
    return known | {"specversion": "1.0", "type": full_type(type_name), "domain": "nl.jeugdigen"}


def _matches(row: SubscriptionRow, attributes: Mapping[str, str], type_name: str) -> bool:
    types = from_json(row.types)
    if isinstance(types, list) and types and type_name not in types and attributes["type"] not in types:
        return False
    if row.filter_document == "null":
        return True
    compiled = _compiled(row.filter_document)
    return compiled is not None and compiled.matches(attributes)
