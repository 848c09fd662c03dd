"""The closing gate: long-term help ends only when the Big 5 is in order or the next provider took over.

Source: EVENTS.md section 5, policy of the work agenda.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.core.model import Json

IN_ORDER = "ok"
"""The only status of the Big 5 that counts: CODES.md section 2."""


def may_close(data: Mapping[str, Any], big5_items: tuple[str, ...]) -> bool:
    """Return whether help may close.

    The gate is passed over only when `long_term` is false; missing or unreadable counts as long-term.

    Args:
        data: The `data` of `closing.requested`, of any form.
        big5_items: The items of the setting `big5_items`.
    """
    if data.get("long_term") is False:
        return True
    return has_landed(data.get("handover")) or is_big5_in_order(data.get("big5"), big5_items)


def has_landed(handover: Json) -> bool:
    """Return whether the next provider has taken over: `landed` is true and nothing else will do."""
    return isinstance(handover, dict) and handover.get("landed") is True


def is_big5_in_order(big5: Json, big5_items: tuple[str, ...]) -> bool:
    """Return whether each item occurs exactly once, with status ok. An item that is named twice has no one status."""
    entries = [entry for entry in big5 if isinstance(entry, dict)] if isinstance(big5, list) else []
    return all(
        [entry.get("status") for entry in entries if entry.get("item") == item] == [IN_ORDER]
        for item in big5_items
    )
