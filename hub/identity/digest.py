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


OPEN_PARTS = ("data", "recipients", "cells")
"""Parts of the decision view that can hold any JSON; all others are texts and small integers under plain names."""


def canonical(value: Json) -> bytes:
    """Return the RFC 8785 form of any JSON value.

    Raises:
        NotCanonicalError: see the class; the value is not in the text.
    """
    return canonical_plain(value) if is_plain(value) else _canonical_any(value)


def canonical_plain(value: Json) -> bytes:
    """Return the RFC 8785 form of a value for which `is_plain` holds, ten times as fast as the general way.

    Raises:
        NotCanonicalError: a text is not Unicode.
    """
    try:
        return _fast.encode(value).encode()
    except UnicodeEncodeError:
        pass  # the error holds the text, and must not travel as our context
    raise NotCanonicalError("a text has no canonical form")


def _canonical_any(value: Json) -> bytes:
    try:
        return rfc8785.dumps(cast("Any", value))
    except rfc8785.CanonicalizationError:
        pass  # as above
    raise NotCanonicalError("a value has no canonical form")


def is_plain(value: Json) -> bool:
    """Return whether the standard encoder gives the bytes of RFC 8785.

    They differ in fractions, in names beyond ASCII (another order) and in integers that RFC 8785 refuses.
    """
    if isinstance(value, dict):
        return all(name.isascii() and is_plain(inner) for name, inner in value.items())
    if isinstance(value, list):
        return all(map(is_plain, value))
    if isinstance(value, int):
        return -(2**53) < value < 2**53
    return not isinstance(value, float)


def parts_without_form(view: JsonObject) -> tuple[str, ...]:
    """Return pointers to the open parts of a decision view that have no canonical form."""
    return tuple(f"/{part}" for part in OPEN_PARTS if part in view and not _has_form(view[part]))


def _has_form(value: Json) -> bool:
    try:
        canonical(value)
    except NotCanonicalError:
        return False
    return True


def event_digest(key: bytes, view: JsonObject, contents: Mapping[str, bytes]) -> str:
    """Return the keyed digest of an event: HMAC-SHA-256 over the canonical JSON of metadata and plain sections.

    Written in letters only (`a` to `p` for the sixteen half bytes): a digest in hexadecimal would now and then
    look like a citizen number and stop its own event at gate E1.

    Args:
        key: the hub's digest key. It stays the same while entries are remembered: with another key every repeat
            would look like a conflict.
        view: the decision view, made from a checked publish form.
        contents: per section the canonical JSON of what the sender wrote.

    Raises:
        NotCanonicalError: the metadata have no canonical form.
    """
    stated = {name: value for name, value in view.items() if name not in WITHOUT}
    plain = all(is_plain(stated[part]) for part in OPEN_PARTS if part in stated)
    metadata = canonical_plain(stated) if plain else canonical(stated)
    sections = b",".join(b'"%b":%b' % (name.encode(), contents[name]) for name in sorted(contents))
    code = HMAC(key, SHA256())
    code.update(b'{"metadata":%b,"sections":{%b}}' % (metadata, sections))
    return "dg_" + code.finalize().hex().translate(_LETTERS)
