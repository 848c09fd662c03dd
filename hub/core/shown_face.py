"""Who stays with the family, shown on each delivery to a local team and on each alert: ROUTING.md section 6."""

from __future__ import annotations

from hub.core.area import LOCAL_TEAM
from hub.core.catalogue import CATALOGUE, EventClass
from hub.core.facts import Facts, Situation, read_situation
from hub.core.model import FixedFace, JsonObject
from hub.core.resolving import Inquiry, owning_team
from hub.core.routing import fixed_face_of
from hub.core.snapshot import Snapshot
from hub.core.standing import Partner, Standing


def shown_face(
    event: JsonObject, receiver: str, snapshot: Snapshot, standing: Standing, now: str
) -> FixedFace | None:
    """Return the fixed face that a delivery of this event to this receiver names, or None.

    Args:
        event: The event that is delivered.
        receiver: The organisation that gets it.
        snapshot: The facts of this moment, gathered with `keys_of(event)`.
        standing: The configuration of this moment.
        now: RFC 3339 instant.
    """
    subject_ref = event.get("subject_ref")
    if not isinstance(subject_ref, str) or subject_ref not in snapshot.subjects:
        return None
    situation = read_situation(Facts(standing=standing, now=now, subjects=snapshot.subjects))
    if not isinstance(situation, Situation) or not _is_shown(event, receiver, situation):
        return None
    return _face(subject_ref, situation)


def _is_shown(event: JsonObject, receiver: str, situation: Situation) -> bool:
    """Return whether this is an alert, or a delivery to a local team."""
    event_type = CATALOGUE.get(str(event.get("type")))
    if event_type is not None and event_type.treatment is EventClass.ALERT:
        return True
    partner = situation.partner(receiver)
    return partner is not None and partner.kind == LOCAL_TEAM


def _face(subject_ref: str, situation: Situation) -> FixedFace | None:
    """Return the registered face; another owner of the area means that a hand-over is due."""
    face = fixed_face_of(subject_ref, situation)
    if face is None:
        return None
    org, professional = face
    owner = owning_team(Inquiry(sender_org="", subject_ref=subject_ref, area_gated=False), situation)
    return FixedFace(org, professional, handover=isinstance(owner, Partner) and owner.org != org)
