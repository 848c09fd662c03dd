"""What stands for all events: partners, areas and settings, compiled once. Faults are remembered, not raised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hub.core.codes import PARTNER_KINDS, REACHES, is_code, is_text, is_text_list
from hub.core.model import Json
from hub.core.policy import Policy, read_policy
from hub.core.times import parse_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """One organisation of the directory: ROUTING.md section 3.

    `readable` is false when something that tells whether and where it works cannot be read; such a partner
    is never active, and no other partner of its kind is found by leaving it out.
    """

    org: str
    kind: str
    readable: bool
    partnership: str | None
    reach: str | None
    districts: frozenset[str]
    purposes: frozenset[str]
    active_from: date | None
    active_to: date | None

    def active(self, today: date) -> bool:
        """Return whether the organisation takes part today; without a readable start it never does."""
        if self.active_from is None or self.active_from > today:
            return False
        return self.active_to is None or today < self.active_to


@dataclass(frozen=True, slots=True)
class AreaRow:
    """One row of the area table: which partnership holds a district, and when."""

    district: str
    partnership: str
    start: Json
    end: Json


@dataclass(frozen=True, slots=True)
class ProtectorRow:
    """One fixed protector: ROUTING.md section 6. Without neighbourhood it counts for the whole district."""

    district: str
    neighbourhood: str | None
    org: str
    professional: str
    start: Json
    end: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Partners, areas (by district) and settings. Compile it once per configuration, never per event.

    `directory_fault` makes gate E2 stop every event; a `policy` of None is the fault of gate E3.
    """

    partners: Mapping[str, Partner] = field(default_factory=dict)
    by_kind: Mapping[str, tuple[Partner, ...]] = field(default_factory=dict)
    unreadable_kinds: frozenset[str] = frozenset()
    areas: Mapping[str, tuple[AreaRow, ...]] = field(default_factory=dict)
    protectors: tuple[ProtectorRow, ...] = ()
    policy: Policy | None = None
    directory_fault: bool = False


def compile_standing(
    *, directory: Json, areas: Json, policy: Json, defaults: Mapping[str, Json], fixed_protectors: Json = None
) -> Standing:
    """Compile the configuration.

    Args:
        directory: The list of partners (ROUTING.md section 3), changes already applied.
        areas: The area table (ROUTING.md section 1); rows of another form count as absent.
        policy: Settings that override the defaults by key, `deadlines` by rule; `{}` for none.
        defaults: A document with `policy` and `deadlines`, such as `hub.core.defaults.DEFAULTS`.
        fixed_protectors: Rows of ROUTING.md section 6; rows of another form count as absent.

    Returns:
        A value that remembers faults: `decide` then holds every event (gates E2 and E3).
    """
    partners = _read_directory(directory)
    known = partners or ()
    return Standing(
        partners={partner.org: partner for partner in known},
        by_kind={kind: tuple(partner for partner in known if partner.kind == kind) for kind in PARTNER_KINDS},
        unreadable_kinds=frozenset(partner.kind for partner in known if not partner.readable),
        areas=_read_areas(areas),
        protectors=_read_protectors(fixed_protectors),
        policy=read_policy(policy, defaults),
        directory_fault=partners is None,
    )


def patch_directory(directory: Json, patch: Json) -> Json:
    """Return the directory with each entry of the patch laid over the entry with that `org`, or added at the end.

    A patch or a directory that cannot be read gives a directory that gate E2 refuses (None).
    """
    if not isinstance(directory, list) or not isinstance(patch, list):
        return None
    result = list(directory)
    for change in patch:
        org = change.get("org") if isinstance(change, dict) else None
        places = [i for i, entry in enumerate(result) if isinstance(entry, dict) and entry.get("org") == org]
        if is_text(org) and places:
            result[places[0]] = {**result[places[0]], **change}
        else:
            result.append(change)
    return result


def _read_directory(directory: Json) -> tuple[Partner, ...] | None:
    """Return the partners, or None when the list or an entry breaks gate E2."""
    if not isinstance(directory, list):
        return None
    for entry in directory:
        if not (
            isinstance(entry, dict)
            and is_text(entry.get("org"))
            and is_code(entry.get("kind"), PARTNER_KINDS)
        ):
            return None
    times = Counter(entry["org"] for entry in directory)
    # An organisation that is listed twice has no one state: neither entry may be relied on.
    return tuple(_read_partner(entry, alone=times[entry["org"]] == 1) for entry in directory)


def _read_partner(entry: dict[str, Any], *, alone: bool) -> Partner:
    """Return one entry as a partner."""
    reach, districts, purposes = entry.get("reach"), entry.get("districts"), entry.get("purposes")
    suspended = entry.get("suspended", False)
    active_from, active_to = parse_date(entry.get("active_from")), parse_date(entry.get("active_to"))
    has_readable_end = active_to is not None or entry.get("active_to") is None
    readable = (
        alone
        and active_from is not None
        and has_readable_end
        and isinstance(suspended, bool)
        and ("reach" not in entry or is_code(reach, REACHES))
        and (reach != "districts" or is_text_list(districts))
    )
    takes_part = alone and suspended is False and has_readable_end
    return Partner(
        org=entry["org"],
        kind=entry["kind"],
        readable=readable,
        partnership=entry["partnership"] if is_text(entry.get("partnership")) else None,
        reach=reach if is_code(reach, REACHES) else None,
        districts=frozenset(districts) if is_text_list(districts) else frozenset(),
        purposes=frozenset(purposes) if is_text_list(purposes) else frozenset(),
        active_from=active_from if takes_part else None,
        active_to=active_to,
    )


def _objects(rows: Json) -> list[dict[str, Any]]:
    """Return the objects in a list; anything of another form counts as absent."""
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _read_areas(areas: Json) -> Mapping[str, tuple[AreaRow, ...]]:
    """Return, by district, the rows of the area table that have a district and a partnership."""
    rows = [
        AreaRow(row["district"], row["partnership"], row.get("from"), row.get("to"))
        for row in _objects(areas)
        if is_text(row.get("district")) and is_text(row.get("partnership"))
    ]
    return {
        name: tuple(row for row in rows if row.district == name) for name in {row.district for row in rows}
    }


def _read_protectors(rows: Json) -> tuple[ProtectorRow, ...]:
    """Return the fixed protectors that can be read."""
    return tuple(
        ProtectorRow(
            row["district"],
            row.get("neighbourhood"),
            row["org"],
            row["professional"],
            row.get("from"),
            row.get("to"),
        )
        for row in _objects(rows)
        if is_text(row.get("district"))
        and is_text(row.get("org"))
        and is_text(row.get("professional"))
        and (row.get("neighbourhood") is None or is_text(row.get("neighbourhood")))
    )
