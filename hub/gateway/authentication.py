"""Who is calling: OAuth 2 client credentials (a signed token) or an API key. Anything unclear is nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any, Final

import jwt
from starlette.datastructures import Headers

from hub.gateway.limits import RETRY_AFTER_SECONDS, TOKEN_MAX_BYTES
from hub.gateway.problems import ProblemError
from hub.gateway.reasons import GatewayReason
from hub.gateway.token_keys import KeysUnavailableError, TokenKey, TokenKeys
from hub.identity.partners import OauthSettings, Partner, PartnerBook

REALM: Final = 'Bearer realm="samenhub"'
API_KEY_HEADER: Final = "x-api-key"
TOKEN_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""RFC 9068 section 2.1; many issuers still write plain JWT. An ID token or a logout token is not for us."""


@unique
class Scope(StrEnum):
    """What a credential may do: scopes of the VNG Notification API."""

    PUBLISH = "events.publish"
    CONSUME = "events.consume"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated partner. `expires_at` is the Unix second at which the credential ends, None when unknown."""

    partner: Partner
    scopes: frozenset[str]
    expires_at: float | None = None

    @property
    def org(self) -> str:
        """The organisation's code name."""
        return self.partner.org

    def require(self, *any_of: Scope) -> None:
        """Refuse with 403 unless the caller has one of these scopes."""
        if self.scopes.isdisjoint(any_of):
            wanted = " ".join(any_of)
            challenge = f'{REALM}, error="insufficient_scope", scope="{wanted}"'
            raise ProblemError(GatewayReason.SCOPE_MISSING, headers={"WWW-Authenticate": challenge})


def _refused(reason: GatewayReason) -> ProblemError:
    error = "" if reason is GatewayReason.CREDENTIALS_MISSING else ', error="invalid_token"'
    return ProblemError(reason, headers={"WWW-Authenticate": f"{REALM}{error}"})


def read_credential(headers: Headers) -> str:
    """Return the one credential of a request: `Authorization: Bearer …` or `X-API-Key: …`; 401 otherwise."""
    authorizations, keys = headers.getlist("authorization"), headers.getlist(API_KEY_HEADER)
    if not authorizations and not keys:
        raise _refused(GatewayReason.CREDENTIALS_MISSING)
    if len(authorizations) + len(keys) != 1:
        raise _refused(GatewayReason.CREDENTIALS_AMBIGUOUS)
    if keys:
        return keys[0].strip()
    scheme, _, value = authorizations[0].strip().partition(" ")
    if scheme.lower() != "bearer" or not value.strip():
        raise _refused(GatewayReason.CREDENTIALS_MISSING)
    return value.strip()


def token_scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the scopes a token grants (`scope` as text, or `scp` as text or list). A token without grants none."""
    value = claims.get("scope", claims.get("scp", ""))
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list):
        return frozenset(item for item in value if isinstance(item, str))
    return frozenset()


class Authenticator:
    """Turns the headers of a request into a caller. Holds no session; every request is judged anew."""

    def __init__(self, partners: PartnerBook, keys: TokenKeys | None) -> None:
        self._partners = partners
        self._keys = keys

    async def authenticate(self, headers: Headers) -> Caller:
        """Return the caller; ProblemError 401, or 503 when the issuer's keys cannot be had."""
        credential = read_credential(headers)
        if len(credential) > TOKEN_MAX_BYTES:
            raise _refused(GatewayReason.CREDENTIALS_INVALID)
        # A signed token has three parts, an API key two: the partner book refuses every other form.
        if credential.count(".") == 2:
            return await self._by_token(credential)
        partner = self._partners.by_api_key(credential)
        if partner is None:
            raise _refused(GatewayReason.CREDENTIALS_INVALID)
        return Caller(partner, partner.scopes)

    async def _by_token(self, token: str) -> Caller:
        settings = self._partners.oauth
        if settings is None or self._keys is None:
            raise _refused(GatewayReason.CREDENTIALS_INVALID)
        claims = await self._verified(token, settings, self._keys)
        client_id, subject = claims.get(settings.client_claim), claims.get("sub")
        partner = None
        if isinstance(client_id, str):
            partner = self._partners.by_client(client_id, subject if isinstance(subject, str) else None)
        if partner is None:
            raise _refused(GatewayReason.CREDENTIALS_INVALID)
        expires_at: float = claims["exp"] + settings.leeway_seconds
        return Caller(partner, partner.scopes & token_scopes(claims), expires_at)

    async def _verified(self, token: str, settings: OauthSettings, keys: TokenKeys) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            key = await keys.find(header.get("kid"))
            if key is None:
                raise _refused(GatewayReason.CREDENTIALS_INVALID)
            return _decode(token, header, key, settings)
        except KeysUnavailableError:
            raise ProblemError(
                GatewayReason.KEYS_UNAVAILABLE, retry_after_seconds=RETRY_AFTER_SECONDS
            ) from None
        except (jwt.PyJWTError, ValueError, OverflowError):
            # The library's text can quote claims; only the reason leaves.
            raise _refused(GatewayReason.CREDENTIALS_INVALID) from None


def _decode(token: str, header: Mapping[str, Any], key: TokenKey, settings: OauthSettings) -> dict[str, Any]:
    """Check signature, issuer, audience, expiry and not-before; the algorithm comes from the allow-list only."""
    if str(header.get("typ", "jwt")).lower() not in TOKEN_TYPES:
        raise _refused(GatewayReason.CREDENTIALS_INVALID)
    allowed = [name for name in settings.algorithms if key.maybe_algorithm in {None, name}]
    claims = jwt.decode(
        token,
        key=key.key,
        algorithms=allowed,
        issuer=settings.issuer,
        audience=settings.audience,
        leeway=settings.leeway_seconds,
        options={"require": ["exp", "iss", "aud"]},
    )
    return {**claims, "exp": float(claims["exp"])}
