"""Codes on which the life cycles judge, taken from the sealed part into the clear `data` (EVENTS.md 5, 10 and 11).

A partner states them once, in the sealed `meta` that section 11 asks for and that receivers read. The deciding code
sees no sealed part: what a step of its life cycle requires is therefore copied here, and only that. Codes alone are
copied; the one thing that is no code, the contact of a pilot light, becomes the word for where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from hub.core import alert_lifecycle, lifecycle_referral
from hub.core.model import Json, JsonObject

META_OF_DATA: Final = {
    "reason": "reason_code",
    "suggested_partner_kind": "suggested_partner_kind",
    "new_owner": "new_owner",
    "expected_wait_weeks": "expected_wait_weeks",
}
"""Field of `data` as the life cycle names it, and the field of `meta` that says the same (EVENTS.md section 10)."""

CONTACT: Final = "contact"
FIXED_FACE: Final = "fixed_face"
"""`pilot_light.set` requires a contact. The card names a person and stays sealed; `data` says which card it is."""

REQUIRED_DATA: Final[Mapping[str, frozenset[str]]] = {
    event: frozenset(field for row in rows for field in row.required)
    for table in (lifecycle_referral.ROWS, alert_lifecycle.ROWS)
    for event, rows in table.items()
}
"""What the steps of each type in a life cycle require in `data`."""


def with_lifecycle_codes(name: str, data: JsonObject, content: JsonObject) -> JsonObject:
    """Return the `data` of an event, completed with what its life cycle requires and the content states.

    Args:
        name: Code name of the event type; types outside the life cycles come back unchanged.
        data: The clear `data`, empty when the sender gave none. What it states is never changed.
        content: The sections in plain form.
    """
    required = REQUIRED_DATA.get(name, frozenset())
    meta, contact = _section(content, "meta"), _section(content, CONTACT)
    found: JsonObject = {
        field: meta[stated]
        for field, stated in META_OF_DATA.items()
        if field in required and meta.get(stated) is not None
    }
    if CONTACT in required and FIXED_FACE in contact:
        found[CONTACT] = FIXED_FACE
    return {**found, **data}


def lifecycle_contradictions(name: str, data: JsonObject, content: JsonObject) -> Iterator[str]:
    """Yield pointers to fields of `data` that say otherwise than `meta`, for types of a life cycle."""
    if name not in REQUIRED_DATA:
        return
    meta = _section(content, "meta")
    for field, stated in META_OF_DATA.items():
        if field in data and stated in meta and not _same(data[field], meta[stated]):
            yield f"/data/{field}"


def _same(left: Json, right: Json) -> bool:
    # 1 and true are equal in Python and different in JSON.
    return type(left) is type(right) and left == right


def _section(content: JsonObject, name: str) -> JsonObject:
    section = content.get(name)
    return section if isinstance(section, dict) else {}
