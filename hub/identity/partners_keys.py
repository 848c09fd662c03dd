"""API keys of partners: made once, shown once, kept as a hash.

A key is `<key id>.<secret>`. The secret has 256 random bits, so one SHA-256 suffices: there is nothing to
guess that a slow hash (scrypt, Argon2) would protect, and the door checks a key at every request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

SECRET_BYTES: Final = 32
"""256 bits: beyond guessing, also for who holds the hash."""

KEY_ID_BYTES: Final = 6
"""48 bits name a key; an id is not secret and must only not collide within one city."""

TOKEN_MAX_CHARACTERS: Final = 200
"""Longer tokens are refused unread, so that nobody makes the door hash megabytes."""

HASH_FORM: Final = re.compile(r"sha256:[0-9a-f]{64}")
KEY_ID_FORM: Final = re.compile(r"[A-Za-z0-9_-]{4,64}")

_NO_SUCH_KEY: Final = "sha256:" + "0" * 64


def new_api_key() -> tuple[str, str]:
    """Return a new key and its hash: the first goes to the partner once, the second into the configuration.

    The part before the full stop of the key is the `id` of the configuration's `[[partner.api_key]]`.
    """
    key_id = "key_" + secrets.token_hex(KEY_ID_BYTES)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return f"{key_id}.{secret}", hash_secret(secret)


def hash_secret(secret: str) -> str:
    """Return the stored form of the secret part of a key: `sha256:` and 64 lower-case hexadecimal digits."""
    return "sha256:" + hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def split_token(token: str) -> tuple[str, str] | None:
    """Return (key id, secret), or None when the token has not the form of a key."""
    if len(token) > TOKEN_MAX_CHARACTERS:
        return None
    key_id, point, secret = token.partition(".")
    return (key_id, secret) if point and secret and KEY_ID_FORM.fullmatch(key_id) else None


def secret_fits(secret: str, maybe_hash: str | None) -> bool:
    """Tell in constant time whether the secret belongs to the hash; None stands for an unknown key id.

    An unknown id takes as long as a known one, so the time does not tell which ids exist.
    """
    fits = hmac.compare_digest(hash_secret(secret), maybe_hash or _NO_SUCH_KEY)
    return fits and maybe_hash is not None
