"""What the hub knows of its partners while it runs: immutable answers from a checked configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from hub.core.model import JsonObject
from hub.identity.partners_keys import secret_fits, split_token
from hub.identity.partners_problems import Problem

FEED: Final = "feed"
"""The delivery of a partner that fetches: nothing is pushed, the gateway offers the feed."""

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def origin(url: str) -> str | None:
    """Return scheme, host and port of an address in one spelling, or None when it has no such form."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None or parts.username is not None:
        return None
    return f"{parts.scheme}://{parts.hostname}:{port}"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One API key of a partner: `not_before` is included, `expires_at` excluded."""

    id: str
    hash: str = field(repr=False)
    not_before: datetime
    expires_at: datetime

    def valid_at(self, now: datetime) -> bool:
        """Tell whether the key opens the door at this instant."""
        return self.not_before <= now < self.expires_at


@dataclass(frozen=True, slots=True)
class OauthClient:
    """A client of the token issuer. `subject`, where set, must be the token's subject too."""

    client_id: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """One organisation. `document` is its row in the form of ROUTING.md section 3."""

    org: str
    kind: str
    name: str
    sources: tuple[str, ...]
    scopes: frozenset[str]
    publishes: frozenset[str]
    active_from: date
    active_to: date | None
    suspended: bool
    document: Mapping[str, object] = field(repr=False, compare=False)
    contact_card: Mapping[str, str] | None = field(default=None, repr=False, compare=False)
    api_keys: tuple[ApiKey, ...] = ()
    oauth_clients: tuple[OauthClient, ...] = ()

    def active_on(self, day: date) -> bool:
        """Tell whether this partner takes part on this day: ROUTING.md section 3."""
        return (
            not self.suspended
            and self.active_from <= day
            and (self.active_to is None or day < self.active_to)
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a partner receives. `connector` names a connector or is `feed`; `target` is the connector's form.

    `target` holds secrets (shown as `Secret(…)` only): give it to the connector, never write it down.
    """

    connector: str
    target: JsonObject = field(repr=False)
    allowed_origins: tuple[str, ...] = ()

    def target_at(self, url: str) -> JsonObject | None:
        """Return the target with another address, or None when the configuration does not allow its origin.

        A subscription may name its own address (VNG Notification API, `sink`). Whoever stole a partner's
        credentials must not be able to have that partner's messages sent elsewhere, so only the origin of the
        configured `url` and the `allowed_origins` are taken.
        """
        allowed = {origin(str(self.target.get("url", ""))), *map(origin, self.allowed_origins)} - {None}
        return {**self.target, "url": url} if origin(url) in allowed else None


@dataclass(frozen=True, slots=True)
class City:
    """`coordinator` is the organisation that hears of referrals without owner (ROUTING.md section 4)."""

    name: str
    coordinator: str
    telephone: str | None = None


@dataclass(frozen=True, slots=True)
class OauthSettings:
    """Whose tokens the door believes. Exactly one of `jwks_url` and `jwks_file` is set."""

    issuer: str
    audience: str
    jwks_url: str | None
    jwks_file: str | None
    algorithms: tuple[str, ...]
    client_claim: str
    leeway_seconds: int


@dataclass(frozen=True, slots=True)
class BookContent:
    """What a checked configuration file holds."""

    partners: tuple[Partner, ...]
    deliveries: Mapping[str, Delivery]
    areas: tuple[JsonObject, ...]
    fixed_protectors: tuple[JsonObject, ...]
    policy: JsonObject
    city: City | None = None
    oauth: OauthSettings | None = None
    warnings: tuple[Problem, ...] = ()


class PartnerBook:
    """The checked configuration. Immutable; a changed file needs a new book."""

    def __init__(self, content: BookContent, *, clock: Clock = utc_now) -> None:
        self._content = content
        self._clock = clock
        self._by_org = {partner.org: partner for partner in content.partners}
        self._keys = {key.id: (partner, key) for partner in content.partners for key in partner.api_keys}
        self._clients = {
            client.client_id: (partner, client)
            for partner in content.partners
            for client in partner.oauth_clients
        }

    @property
    def partners(self) -> tuple[Partner, ...]:
        """All partners, in the order of the file; the hub itself first."""
        return self._content.partners

    @property
    def city(self) -> City | None:
        """The `[city]` table."""
        return self._content.city

    @property
    def oauth(self) -> OauthSettings | None:
        """The `[oauth]` table."""
        return self._content.oauth

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What an operator should know although the hub can start: write them to the log at start."""
        return self._content.warnings

    def directory(self) -> list[JsonObject]:
        """Return the partner directory in the form of ROUTING.md section 3, for `compile_standing`."""
        return [dict(partner.document) for partner in self.partners]

    def areas(self) -> list[JsonObject]:
        """Return the area table: ROUTING.md section 1."""
        return [dict(row) for row in self._content.areas]

    def fixed_protectors(self) -> list[JsonObject]:
        """Return the fixed protectors: ROUTING.md section 6."""
        return [dict(row) for row in self._content.fixed_protectors]

    def policy(self) -> JsonObject:
        """Return the deviations from the defaults: CONSENT.md section 14."""
        return dict(self._content.policy)

    def by_org(self, org: str) -> Partner | None:
        """Return the partner with this code name."""
        return self._by_org.get(org)

    def by_api_key(self, token: str) -> Partner | None:
        """Return the active partner whose key `<key id>.<secret>` this is, now; else None, in the same time."""
        found = self.find_api_key(token)
        return found[0] if found else None

    def find_api_key(self, token: str) -> tuple[Partner, ApiKey] | None:
        """Return partner and key as `by_api_key` finds them: for who must know when the key ends (a live feed)."""
        split = split_token(token)
        if split is None:
            return None
        key_id, secret = split
        found = self._keys.get(key_id)
        fits = secret_fits(secret, found[1].hash if found else None)
        if not fits or found is None:
            return None
        partner, key = found
        return found if key.valid_at(self._clock()) and self._is_active(partner) else None

    def by_client(self, client_id: str, subject: str | None = None) -> Partner | None:
        """Return the active partner of an OAuth client whose token has already been verified.

        Where the configuration names a subject, the token must carry it.
        """
        found = self._clients.get(client_id)
        if found is None:
            return None
        partner, client = found
        if client.subject is not None and client.subject != subject:
            return None
        return partner if self._is_active(partner) else None

    def may_publish(self, org: str, type_name: str) -> bool:
        """Tell whether this partner may send this type (code name, e.g. `signal.raised`): EVENTS.md section 3."""
        partner = self._by_org.get(org)
        return partner is not None and not partner.publishes.isdisjoint((type_name, "*"))

    def delivery(self, org: str) -> Delivery | None:
        """Return how this partner receives, or None: nothing was configured."""
        return self._content.deliveries.get(org)

    def contact_card(self, org: str) -> dict[str, str] | None:
        """Return the organisation's contact card for match cards: organisation, role, telephone (GLOSSARY)."""
        partner = self._by_org.get(org)
        card = partner.contact_card if partner else None
        return dict(card) if card else None

    def _is_active(self, partner: Partner) -> bool:
        return partner.active_on(self._clock().astimezone(AMSTERDAM).date())
