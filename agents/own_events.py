"""An event of the hub itself in the form in which it goes into the log. Pure."""

from __future__ import annotations

from hub.core.codes import HUB_KIND
from hub.core.model import JsonObject
from hub.identity.door import event_uid
from hub.wire.envelope import SealedEvent, WireError
from hub.wire.reasons import WireReason


def sealed_own_event(event: JsonObject, source: str, key: str) -> SealedEvent:
    """Return an event of `hub.core.own_events` with the hub's own source, under the key of whom it is about.

    It carries no sealed content, and counts as accepted at its own time. Raises WireError without id or time.
    """
    event_id, time = event.get("id"), event.get("time")
    if not isinstance(event_id, str) or not isinstance(time, str):
        raise WireError(WireReason.FORM_MISMATCH, "event")
    return SealedEvent(
        uid=event_uid(source, event_id),
        event={**event, "source": source},
        authenticated_org=HUB_KIND,
        accepted_at=time,
        key=key,
    )
