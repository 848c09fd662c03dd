"""From the checked tables to the values the hub works with."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import Final

from hub.core.catalogue import CATALOGUE
from hub.core.codes import HUB_KIND
from hub.core.model import JsonObject
from hub.identity.partners_book import ApiKey, OauthClient, Partner
from hub.identity.partners_forms import AreaForm, FixedProtectorForm, PartnerForm

HUB_SINCE: Final = date(2024, 1, 1)
"""The hub is a sender of its own messages since before any of them."""

EVERY_TYPE: Final = "*"
"""In `may_publish`: all types that EVENTS.md section 3 lets this kind of partner send."""

_DIRECTORY_FIELDS: Final = ("oin", "agb", "brin", "kvk", "partnership", "reach")


def partner_from(form: PartnerForm) -> Partner:
    """Return the partner that a `[[partner]]` table describes."""
    return Partner(
        org=form.org,
        kind=form.kind,
        name=form.name,
        sources=tuple(form.sources),
        scopes=frozenset(form.scopes),
        publishes=_publishes(form),
        active_from=form.active_from,
        active_to=form.active_to,
        suspended=form.suspended,
        document=MappingProxyType(directory_row(form)),
        contact_card=_contact_card(form),
        api_keys=tuple(ApiKey(key.id, key.hash, key.not_before, key.expires_at) for key in form.api_key),
        oauth_clients=tuple(OauthClient(client.client_id, client.subject) for client in form.oauth_client),
    )


def types_of(kind: str) -> frozenset[str]:
    """Return the code names of the event types that a kind of partner may send: EVENTS.md section 3."""
    return frozenset(name for name, event_type in CATALOGUE.items() if kind in event_type.senders)


def _publishes(form: PartnerForm) -> frozenset[str]:
    allowed = types_of(form.kind)
    return allowed if EVERY_TYPE in form.may_publish else allowed & frozenset(form.may_publish)


def directory_row(form: PartnerForm) -> JsonObject:
    """Return the partner in the form of ROUTING.md section 3; what is not stated is absent."""
    row: JsonObject = {"org": form.org, "kind": form.kind, "name": form.name}
    if form.sources:
        row["source"] = form.sources[0]
    row.update({name: value for name in _DIRECTORY_FIELDS if (value := getattr(form, name)) is not None})
    if form.districts:
        row["districts"] = list(form.districts)
    row["purposes"] = list(form.purposes)
    row["active_from"] = form.active_from.isoformat()
    row["active_to"] = form.active_to.isoformat() if form.active_to else None
    row["suspended"] = form.suspended
    return row


def hub_itself() -> Partner:
    """Return the hub's own entry: it sends alerts and notices, and is never a recipient (GLOSSARY section 2)."""
    return partner_from(
        PartnerForm(org=HUB_KIND, kind=HUB_KIND, name="De hub", reach="city", active_from=HUB_SINCE),
    )


def area_row(form: AreaForm) -> JsonObject:
    """Return the row in the form of ROUTING.md section 1."""
    return {"district": form.district, "partnership": form.partnership, **_period(form.from_, form.to)}


def fixed_protector_row(form: FixedProtectorForm) -> JsonObject:
    """Return the row in the form of ROUTING.md section 6."""
    return {
        "district": form.district,
        "neighbourhood": form.neighbourhood,
        "org": form.org,
        "professional": form.professional,
        **_period(form.from_, form.to),
    }


def _period(start: date, end: date | None) -> JsonObject:
    return {"from": start.isoformat(), "to": end.isoformat() if end else None}


def _contact_card(form: PartnerForm) -> MappingProxyType[str, str] | None:
    if form.telephone is None or form.role is None:
        return None
    card = {"organisation": form.name, "role": form.role, "telephone": form.telephone}
    return MappingProxyType(card | ({"reachable": form.reachable} if form.reachable else {}))
