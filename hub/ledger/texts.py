"""Text as the database can hold and index it: keys, JSON, sealed sections, instants."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from hub.core.model import Json
from hub.wire.envelope import SealedSection

KEY_LENGTH_MAXIMUM_CHARACTERS: Final = 300
"""An index row of PostgreSQL holds about 2,700 bytes; 300 characters stay below that in any alphabet."""

HASHED_KEY_PREFIX: Final = "#sha256:"

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")

_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode
_ENCODE_CANONICAL = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, sort_keys=True).encode


def key_text(value: str) -> str:
    """Return `value` as a text that can be stored and indexed; equal values give equal texts.

    Ordinary strings stay themselves. Strings that PostgreSQL cannot hold (a NUL, half a surrogate pair) or
    index (too long) become a digest: a partner's malformed string must never stop a partition.
    """
    if len(value) <= KEY_LENGTH_MAXIMUM_CHARACTERS and value.isprintable() and value[:1] != "#":
        return value
    return HASHED_KEY_PREFIX + sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def pair_key(first: str, second: str) -> str:
    """Return one key for two strings; no other pair has the same key."""
    return key_text(f"{len(first)}|{first}|{second}")


def triple_key(first: str, second: str, third: object) -> str:
    """Return one key for three values; no other triple has the same key."""
    return key_text(f"{len(first)}|{len(second)}|{first}|{second}|{third}")


def to_json(value: Json) -> str:
    """Return compact JSON in ASCII: what cannot be stored as text (a NUL) is an escape sequence there."""
    return "[]" if value == [] else _ENCODE(value)


def to_canonical_json(value: Json) -> str:
    """Return JSON whose form depends on the value alone: sorted keys, no spaces, ASCII."""
    return _ENCODE_CANONICAL(value)


def from_json(text: str) -> Json:
    """Return the value that `to_json` wrote."""
    return json.loads(text)


@lru_cache(maxsize=4096)
def instant(text: str) -> datetime:
    """Return an RFC 3339 instant as an aware datetime. Raises ValueError for anything else."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return value


def maybe_instant(value: Json) -> datetime | None:
    """Return the instant, or None for any other value."""
    if not isinstance(value, str) or len(value) <= len("2026-01-01"):
        return None
    try:
        return instant(value)
    except (ValueError, OverflowError):
        return None


def instant_text(value: datetime) -> str:
    """Return an aware datetime as an RFC 3339 instant in UTC."""
    return value.astimezone(UTC).isoformat()


def amsterdam_day(text: str) -> date:
    """Return the calendar day in Amsterdam of an RFC 3339 instant: the day under which a record is counted."""
    return instant(text).astimezone(AMSTERDAM).date()


def end_of_validity(value: Json) -> datetime | None:
    """Return the first instant at which a `valid_to` has passed (CONSENT.md T2), or None when it is unreadable.

    A date includes its whole day in Amsterdam; an instant is the last that counts.
    """
    if not isinstance(value, str):
        return None
    try:
        if len(value) == len("2026-01-01"):
            following = date.fromisoformat(value) + timedelta(days=1)
            return datetime.combine(following, time(), AMSTERDAM)
        return instant(value)
    except (ValueError, OverflowError):
        return None


_LENGTHS = struct.Struct(">HHI")


def pack_sections(sealed: Mapping[str, SealedSection]) -> bytes:
    """Return sealed sections as one byte string: per section the lengths, name, key id, nonce and ciphertext."""
    parts: list[bytes] = []
    for name, section in sealed.items():
        encoded, key_id = name.encode(), section.key_id.encode()
        parts += (
            _LENGTHS.pack(len(encoded), len(key_id), len(section.ciphertext)),
            bytes((len(section.nonce),)),
            encoded,
            key_id,
            section.nonce,
            section.ciphertext,
        )
    return b"".join(parts)


def unpack_sections(packed: bytes) -> dict[str, SealedSection]:
    """Return what `pack_sections` packed."""
    sealed: dict[str, SealedSection] = {}
    at = 0
    while at < len(packed):
        name_length, key_length, cipher_length = _LENGTHS.unpack_from(packed, at)
        nonce_length = packed[at + _LENGTHS.size]
        at += _LENGTHS.size + 1
        pieces = []
        for length in (name_length, key_length, nonce_length, cipher_length):
            pieces.append(packed[at : at + length])
            at += length
        sealed[pieces[0].decode()] = SealedSection(pieces[1].decode(), pieces[2], pieces[3])
    return sealed
