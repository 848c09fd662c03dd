"""Canonical JSON (RFC 8785) and the keyed digest by which the hub knows a repeat (DEDUP.md section 1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import rfc8785
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from hub.core.model import Json, JsonObject

WITHOUT = frozenset({"id", "time", "digest", "scans"})
"""Left out of the digest: what differs between two sendings of the same content, and what the door itself adds."""

_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")

_fast = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


class NotCanonicalError(ValueError):
    """A value without canonical form: a number out of range or a text that is not Unicode."""


def canonical(value: Json) -> bytes:
    """Return the RFC 8785 form.

    The standard encoder gives the same bytes wherever neither fractions nor names beyond the basic plane
    occur, ten times as fast; the rest goes through the library `rfc8785`.

    Raises:
        NotCanonicalError: see the class; the value is not in the text.
    """
    try:
        if _plain(value):
            return _fast.encode(value).encode()
        return rfc8785.dumps(cast("Any", value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        pass
    raise NotCanonicalError("a value has no canonical form")


def _plain(value: Json) -> bool:
    """Return whether the standard encoder and RFC 8785 agree on this value."""
    if isinstance(value, dict):
        return all(name.isascii() and _plain(inner) for name, inner in value.items())
    if isinstance(value, list):
        return all(map(_plain, value))
    if isinstance(value, int):
        return -(2**53) < value < 2**53
    return not isinstance(value, float)


def event_digest(key: bytes, view: JsonObject, contents: Mapping[str, bytes]) -> str:
    """Return the keyed digest of an event: HMAC-SHA-256 over the canonical JSON of metadata and plain sections.

    Written in letters only (`a` to `p` for the sixteen half bytes): a digest in hexadecimal would now and then
    look like a citizen number and stop its own event at gate E1.

    Args:
        key: the hub's digest key. It stays the same while entries are remembered: with another key every repeat
            would look like a conflict.
        view: the decision view.
        contents: per section the canonical JSON of what the sender wrote.

    Raises:
        NotCanonicalError: the metadata have no canonical form.
    """
    metadata = canonical({name: value for name, value in view.items() if name not in WITHOUT})
    sections = b",".join(b'"%b":%b' % (name.encode(), contents[name]) for name in sorted(contents))
    code = HMAC(key, SHA256())
    code.update(b'{"metadata":%b,"sections":{%b}}' % (metadata, sections))
    return "dg_" + code.finalize().hex().translate(_LETTERS)
