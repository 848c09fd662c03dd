"""Who owns an area: ROUTING.md sections 1, 2 and 4. The district of a person and the local team of a district."""

from __future__ import annotations

from typing import Any

from hub.core.codes import DISTRICTS, RESIDENCE_BASES, is_code
from hub.core.facts import Situation
from hub.core.model import Json
from hub.core.reasons import Reason
from hub.core.standing import Partner
from hub.core.times import active_on, parse_date

LOCAL_TEAM = "local_team"


def district_of(subject_ref: str | None, situation: Situation) -> str | Reason:
    """Return the district where a person lives today, or why it is not known (ROUTING.md section 2)."""
    subject = situation.subject(subject_ref)
    if subject is None:
        return Reason.HOLD_IDENTITY_AMBIGUOUS
    rows = subject.get("residences")
    if not isinstance(rows, list) or not all(map(_is_residence, rows)):
        return Reason.HOLD_AREA_UNKNOWN
    basis = situation.policy.area_address_basis
    districts = {row["district"] for row in rows if row["basis"] == basis and _lives_there(row, situation)}
    if len(districts) != 1:
        return Reason.HOLD_AREA_UNKNOWN
    district: str = districts.pop()
    return district if district in DISTRICTS else Reason.HOLD_AREA_UNKNOWN


def _is_residence(row: Json) -> bool:
    """Return whether a row has a district, dates and a known basis."""
    return (
        isinstance(row, dict)
        and isinstance(row.get("district"), str)
        and parse_date(row.get("from")) is not None
        and (row.get("to") is None or parse_date(row["to"]) is not None)
        and is_code(row.get("basis"), RESIDENCE_BASES)
    )


def _lives_there(row: dict[str, Any], situation: Situation) -> bool:
    """Return whether a residence holds today."""
    return active_on(situation.today, row["from"], row.get("to"))


def owner_of(district: str, situation: Situation, *, partnership: str | None = None) -> Partner | Reason:
    """Return the local team of a district today, or why there is not exactly one.

    With `partnership`, a district that another partnership holds is a mismatch (ROUTING.md section 4).
    """
    listed = situation.standing.areas.get(district, ())
    rows = [row for row in listed if active_on(situation.today, row.start, row.end)]
    if len(rows) != 1:
        return Reason.HOLD_AMBIGUOUS_OWNER if rows else Reason.HOLD_NO_OWNER
    if partnership is not None and partnership != rows[0].partnership:
        return Reason.HOLD_AREA_MISMATCH
    return the_one(
        [
            team
            for team in candidates(LOCAL_TEAM, situation)
            if team.partnership == rows[0].partnership and district in team.districts
        ]
    )


def candidates(kind: str, situation: Situation) -> list[Partner]:
    """Return the active partners of a kind that can be reached by kind, in directory order."""
    return [
        partner
        for partner in situation.standing.by_kind[kind]
        if partner.reach is not None and partner.active(situation.today)
    ]


def the_one(partners: list[Partner]) -> Partner | Reason:
    """Return the only partner, or the reason that there is none or more than one."""
    if len(partners) == 1:
        return partners[0]
    return Reason.HOLD_AMBIGUOUS_OWNER if partners else Reason.HOLD_NO_OWNER
