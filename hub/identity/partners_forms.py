"""The tables of the partner configuration, one pydantic model each: names, types and forms of single values.

What needs more than one table (an organisation named twice, two rows for one district) is in
`partners_checks.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from hub.core.codes import DISTRICTS, PARTNER_KINDS, PURPOSES, REACHES
from hub.core.model import Json
from hub.core.times import parse_date

SCOPES: Final = ("events.publish", "events.consume")
"""What a partner's credentials may do: scopes of the VNG Notification API."""

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Asymmetric signatures only: with a shared secret a partner could write its own tokens (RFC 8725, 3.1)."""

CODE_NAME: Final = r"^[a-z][a-z0-9_]{0,63}$"
"""Organisation codes stand in metrics and logs: short, lower case, nothing to escape."""

URN: Final = r"^urn:nld:[A-Za-z0-9()+,\-.:=@;$_!*'%/?#]+$"
"""EVENTS.md section 1: `urn:nld:…` of organisation and system."""

E164: Final = r"^\+[1-9][0-9]{6,14}$"
"""Telephone numbers in the form of ITU-T E.164."""


def _known(values: frozenset[str] | tuple[str, ...], what: str) -> AfterValidator:
    def check(value: str) -> str:
        if value not in values:
            raise ValueError(f"is not a known {what}")
        return value

    return AfterValidator(check)


def _date_text(value: object) -> object:
    """Accept a date as text too: people write "2026-01-01" with quotes as often as without."""
    date_or_none = parse_date(value)
    return value if date_or_none is None else date_or_none


Day = Annotated[date, BeforeValidator(_date_text)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Org = Annotated[str, Field(pattern=CODE_NAME)]
Kind = Annotated[str, _known(PARTNER_KINDS, "partner kind (GLOSSARY section 2)")]
Purpose = Annotated[str, _known(PURPOSES, "purpose (CODES section 2)")]
District = Annotated[str, _known(DISTRICTS, "district (GLOSSARY section 5)")]
Source = Annotated[str, Field(pattern=URN, max_length=200)]
Scope = Annotated[str, _known(SCOPES, "scope")]


class _Form(BaseModel):
    """Every table is closed: a key that is misspelled must not be a setting that silently does nothing."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class ApiKeyForm(_Form):
    """`[[partner.api_key]]`: only the hash of the secret is written down."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{4,64}$")]
    hash: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    not_before: AwareDatetime
    expires_at: AwareDatetime


class OauthClientForm(_Form):
    """`[[partner.oauth_client]]`: the client id of the token, and its subject where the issuer sets one."""

    client_id: Text
    subject: Text | None = None


class PartnerForm(_Form):
    """`[[partner]]`: ROUTING.md section 3, with credentials and delivery."""

    org: Org
    kind: Kind
    name: Text
    sources: list[Source] = []
    oin: Annotated[str, Field(pattern=r"^[0-9]{20}$")] | None = None
    agb: Annotated[str, Field(pattern=r"^[0-9]{8}$")] | None = None
    brin: Annotated[str, Field(pattern=r"^[0-9]{2}[A-Z]{2}([0-9]{2})?$")] | None = None
    kvk: Annotated[str, Field(pattern=r"^[0-9]{8}$")] | None = None
    partnership: Org | None = None
    reach: Annotated[str, _known(REACHES, "reach (city, districts or relation)")] | None = None
    districts: list[District] = []
    purposes: list[Purpose] = []
    active_from: Day
    active_to: Day | None = None
    suspended: bool = False
    telephone: Annotated[str, Field(pattern=E164)] | None = None
    role: Text | None = None
    reachable: Text | None = None
    may_publish: list[Text] = []
    scopes: list[Scope] = []
    api_key: list[ApiKeyForm] = []
    oauth_client: list[OauthClientForm] = []
    delivery: dict[str, Json] | None = None


class AreaForm(_Form):
    """`[[area]]`: ROUTING.md section 1. A missing `to` is open."""

    district: District
    partnership: Org
    from_: Annotated[Day, Field(alias="from")]
    to: Day | None = None


class FixedProtectorForm(_Form):
    """`[[fixed_protector]]`: ROUTING.md section 6. A missing `neighbourhood` is the whole district."""

    district: District
    neighbourhood: Text | None = None
    org: Org
    professional: Text
    from_: Annotated[Day, Field(alias="from")]
    to: Day | None = None


class CityForm(_Form):
    """`[city]`: who watches over the whole."""

    name: Text
    coordinator: Org
    telephone: Annotated[str, Field(pattern=E164)] | None = None


class OauthForm(_Form):
    """`[oauth]`: whose tokens the door believes (RFC 6749 client credentials, RFC 9068 tokens)."""

    issuer: Text
    audience: Text
    jwks_url: Annotated[str, Field(pattern=r"^https://[^\s#]+$")] | None = None
    jwks_file: Text | None = None
    algorithms: list[Annotated[str, _known(ALGORITHMS, "asymmetric signature algorithm")]] = [
        "RS256",
        "PS256",
        "ES256",
    ]
    client_claim: Text = "client_id"
    leeway_seconds: Annotated[int, Field(ge=0, le=300)] = 30
