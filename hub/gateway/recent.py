"""Events accepted moments ago: lets a receipt say `accepted` before the event is decided. Ids and codes only."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from hub.gateway.limits import RECENT_ACCEPTED_MAX
from hub.wire.envelope import SealedEvent


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What this door itself knows of an event before the ledger does."""

    uid: str
    org: str
    type_name: str
    accepted_at: str


class RecentAcceptances:
    """The last acceptances of this process, bounded. Another gateway process does not know them: it says 404."""

    def __init__(self, maximum: int = RECENT_ACCEPTED_MAX) -> None:
        self._maximum = maximum
        self._items: OrderedDict[str, Acceptance] = OrderedDict()

    def add(self, sealed: SealedEvent, type_name: str) -> None:
        """Remember an acceptance and forget the oldest above the maximum. A repeat keeps its first instant."""
        known = self._items.pop(sealed.uid, None)
        accepted_at = known.accepted_at if known else sealed.accepted_at
        self._items[sealed.uid] = Acceptance(sealed.uid, sealed.authenticated_org, type_name, accepted_at)
        while len(self._items) > self._maximum:
            self._items.popitem(last=False)

    def find(self, uid: str) -> Acceptance | None:
        """Return the acceptance, or None when it is unknown or forgotten."""
        return self._items.get(uid)
