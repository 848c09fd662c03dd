"""The issuer's public keys (JWKS, RFC 7517): from a file or an https address, cached, bounded."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import httpx
import jwt

from hub.gateway.limits import (
    KEY_SET_FETCH_SECONDS,
    KEY_SET_FRESH_SECONDS,
    KEY_SET_MAX_BYTES,
    KEY_SET_RETRY_SECONDS,
    KEY_SET_STALE_SECONDS,
)
from hub.identity.partners import OauthSettings


class KeysUnavailableError(Exception):
    """The keys cannot be had now, so no token can be judged."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """One public key of the issuer. `maybe_algorithm` is the only algorithm it may be used with, where stated."""

    key_id: str | None
    key: Any
    maybe_algorithm: str | None = None


class TokenKeys(Protocol):
    """Finds the key with which a token says that it is signed."""

    async def find(self, maybe_key_id: str | None) -> TokenKey | None:
        """Return the key, or None when there is no such key; KeysUnavailableError when nobody can tell."""
        ...


KeySet: TypeAlias = tuple[TokenKey, ...]


def parse_key_set(body: bytes) -> KeySet:
    """Return the public signature keys of a JWKS document.

    Symmetric keys (`oct`) are left out: whoever may read such a key could write tokens with it. Keys of kinds
    that this door cannot use are left out too. Raises ValueError when the document is no JWKS.
    """
    document = json.loads(body)
    items = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(items, list):
        # The content is wrong, whatever its type.
        raise ValueError("not a JSON Web Key Set")  # noqa: TRY004
    return tuple(key for item in items if (key := _usable(item)) is not None)


def _usable(item: object) -> TokenKey | None:
    if not isinstance(item, dict) or item.get("kty") == "oct" or item.get("use", "sig") != "sig":
        return None
    try:
        found = jwt.PyJWK.from_dict(item)
    except (jwt.PyJWTError, ValueError):
        # RFC 7517 section 5: keys that are not understood are ignored, the others still count.
        return None
    return TokenKey(found.key_id, found.key, item.get("alg"))


def select_key(keys: KeySet, maybe_key_id: str | None) -> TokenKey | None:
    """Return the key with this id; without an id only a key that stands alone is meant."""
    if maybe_key_id is None:
        return keys[0] if len(keys) == 1 else None
    found = [key for key in keys if key.key_id == maybe_key_id]
    return found[0] if len(found) == 1 else None


class FileTokenKeys:
    """Keys in a file, read again when the file changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, int] | None = None
        self._keys: KeySet = ()

    async def find(self, maybe_key_id: str | None) -> TokenKey | None:
        """See TokenKeys."""
        try:
            state = self._path.stat()
            if self._read != (state.st_mtime_ns, state.st_size):
                self._keys = parse_key_set(self._path.read_bytes()[: KEY_SET_MAX_BYTES + 1])
                self._read = (state.st_mtime_ns, state.st_size)
        except (OSError, ValueError) as error:
            raise KeysUnavailableError from error
        return select_key(self._keys, maybe_key_id)


class UrlTokenKeys:
    """Keys at the issuer's address. The last good set serves for an hour while the issuer is away."""

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._client = client or httpx.AsyncClient(
            timeout=KEY_SET_FETCH_SECONDS, follow_redirects=False, trust_env=False
        )
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._keys: KeySet = ()
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")

    async def find(self, maybe_key_id: str | None) -> TokenKey | None:
        """See TokenKeys. An unknown key id fetches anew, at most every half minute: issuers rotate keys."""
        found = select_key(self._keys, maybe_key_id)
        if found is None or self._age() > KEY_SET_FRESH_SECONDS:
            await self._refresh()
            found = select_key(self._keys, maybe_key_id)
        # Too old to trust, or old and without this key: perhaps the issuer has a new one that we cannot fetch.
        if self._age() > (KEY_SET_FRESH_SECONDS if found is None else KEY_SET_STALE_SECONDS):
            raise KeysUnavailableError
        return found

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()

    def _age(self) -> float:
        return self._monotonic() - self._fetched_at

    async def _refresh(self) -> None:
        async with self._lock:
            if self._monotonic() - self._tried_at < KEY_SET_RETRY_SECONDS:
                return
            self._tried_at = self._monotonic()
            try:
                self._keys = await self._fetch()
                self._fetched_at = self._monotonic()
            except (httpx.HTTPError, ValueError):
                # The last good set serves on; find() says so when it has become too old.
                return

    async def _fetch(self) -> KeySet:
        async with self._client.stream("GET", self._url, headers={"Accept": "application/json"}) as response:
            response.raise_for_status()
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > KEY_SET_MAX_BYTES:
                    raise ValueError("the key set is too large")
        return parse_key_set(bytes(body))


def token_keys_for(settings: OauthSettings) -> TokenKeys:
    """Return the source of keys that the partner configuration names. Connects at the first token, not now."""
    if settings.jwks_file is not None:
        return FileTokenKeys(Path(settings.jwks_file))
    if settings.jwks_url is None:
        raise ValueError("the configuration names no JWKS")
    return UrlTokenKeys(settings.jwks_url)
