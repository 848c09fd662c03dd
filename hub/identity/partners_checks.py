"""Checks that need more than one table: nothing twice, nobody without what their role needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from hub.core.codes import HUB_KIND
from hub.core.model import Json
from hub.identity.partners_findings import Findings, suggestion
from hub.identity.partners_forms import ApiKeyForm, AreaForm, PartnerForm
from hub.identity.partners_positions import Path
from hub.identity.partners_rows import EVERY_TYPE, types_of

LOCAL_TEAM_KIND: Final = "local_team"

KEYS_AT_ONCE_MAX: Final = 2
"""One in use and its successor: more keys that open the same door are only forgotten keys."""

Placed = tuple[Path, PartnerForm]
"""A partner and where it stands in the file."""


def check_partners(partners: Sequence[Placed], findings: Findings, now: datetime) -> None:
    """Check every partner by itself and against the others."""
    for path, partner in partners:
        _check_role(path, partner, findings)
        _check_publishing(path, partner, findings)
        _check_keys(path, partner, findings, now)
    _check_unique(partners, findings)


def _check_role(path: Path, partner: PartnerForm, findings: Findings) -> None:
    label = f"partner {partner.org}"
    if partner.active_to is not None and partner.active_to <= partner.active_from:
        findings.error((*path, "active_to"), f"{label}: 'active_to' is not after 'active_from'")
    if partner.kind == LOCAL_TEAM_KIND and not (partner.partnership and partner.districts):
        findings.error(path, f"{label}: a local team needs 'partnership' and 'districts'")
    if partner.reach == "districts" and not partner.districts:
        findings.error((*path, "reach"), f"{label}: reach 'districts' needs 'districts'")
    if (partner.telephone is None) != (partner.role is None):
        findings.error(path, f"{label}: a contact card needs both 'telephone' and 'role'")
    if partner.kind == HUB_KIND and (partner.api_key or partner.oauth_client or partner.delivery):
        findings.error(path, f"{label}: the hub itself has no credentials and receives nothing")


def _check_publishing(path: Path, partner: PartnerForm, findings: Findings) -> None:
    label = f"partner {partner.org}"
    may_send = "events.publish" in partner.scopes
    if partner.may_publish and not may_send:
        findings.error((*path, "may_publish"), f"{label}: 'may_publish' needs the scope 'events.publish'")
    if may_send and not partner.sources:
        findings.error(
            path, f"{label}: scope 'events.publish' needs 'sources', the systems it publishes from"
        )
    known = types_of(partner.kind)
    for index, name in enumerate(partner.may_publish):
        if name != EVERY_TYPE and name not in known:
            message = f"{label}: '{name}' is not a type that a {partner.kind} sends{suggestion(name, known)}"
            findings.error((*path, "may_publish", index), message)


def _check_keys(path: Path, partner: PartnerForm, findings: Findings, now: datetime) -> None:
    label = f"partner {partner.org}"
    for index, key in enumerate(partner.api_key):
        place = (*path, "api_key", index)
        if key.expires_at <= key.not_before:
            findings.error(place, f"{label}: key {key.id} expires before it begins")
        elif key.expires_at <= now:
            findings.warn(place, f"{label}: key {key.id} has expired; remove it")
        if _valid_beside(key, partner.api_key) > KEYS_AT_ONCE_MAX:
            findings.error(
                place, f"{label}: more than {KEYS_AT_ONCE_MAX} keys are valid when {key.id} begins"
            )


def _valid_beside(key: ApiKeyForm, keys: Iterable[ApiKeyForm]) -> int:
    """Count the keys valid at the moment this one begins: the number only rises at such moments."""
    return sum(other.not_before <= key.not_before < other.expires_at for other in keys)


def _check_unique(partners: Sequence[Placed], findings: Findings) -> None:
    first: dict[tuple[str, str], Path] = {}
    for path, partner in partners:
        for what, value, place in _names(path, partner):
            earlier = first.setdefault((what, value), place)
            if earlier != place:
                message = f"{what} '{value}' is already used on line {findings.line(earlier)}"
                findings.error(place, f"partner {partner.org}: {message}")


def _names(path: Path, partner: PartnerForm) -> Iterator[tuple[str, str, Path]]:
    """Give everything of a partner by which the hub tells it from others. A key's hash is not repeated aloud."""
    yield "org", partner.org, (*path, "org")
    for index, source in enumerate(partner.sources):
        yield "source", source, (*path, "sources", index)
    for index, key in enumerate(partner.api_key):
        yield "key", key.id, (*path, "api_key", index, "id")
    for index, client in enumerate(partner.oauth_client):
        yield "client", client.client_id, (*path, "oauth_client", index, "client_id")


def check_areas(areas: Sequence[tuple[Path, AreaForm]], findings: Findings) -> None:
    """Check that no district has two owners at one time (ROUTING.md section 4: `hold_ambiguous_owner`)."""
    for index, (path, area) in enumerate(areas):
        if area.to is not None and area.to <= area.from_:
            findings.error((*path, "to"), f"area {area.district}: 'to' is not after 'from'")
        if any(other.district == area.district and _overlap(other, area) for _, other in areas[:index]):
            findings.error(path, f"area {area.district}: this period overlaps an earlier row of the district")


def _overlap(one: AreaForm, other: AreaForm) -> bool:
    return one.from_ < (other.to or date.max) and other.from_ < (one.to or date.max)


def check_owned(
    areas: Sequence[tuple[Path, AreaForm]], partners: Sequence[Placed], findings: Findings
) -> None:
    """Warn of an area whose partnership has no local team there: everything for it would wait."""
    owned = {
        (partner.partnership, district)
        for _, partner in partners
        if partner.kind == LOCAL_TEAM_KIND
        for district in partner.districts
    }
    for path, area in areas:
        if (area.partnership, area.district) not in owned:
            findings.warn(path, f"area {area.district}: no local team of {area.partnership} works there")


def check_mentions(
    mentions: Sequence[tuple[Path, str, str | None]],
    kinds: Mapping[str, Json],
    findings: Findings,
) -> None:
    """Check organisations that other tables name.

    A mention is (place, org, the kind it must have or None); `kinds` holds the kind of every org in the file,
    also of those whose table has other faults.
    """
    for path, org, kind in mentions:
        if org not in kinds:
            findings.error(path, f"'{org}' is not a partner in this file{suggestion(org, frozenset(kinds))}")
        elif kind is not None and kinds[org] != kind:
            findings.error(path, f"'{org}' must be of kind {kind}")
