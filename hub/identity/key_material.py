"""Versioned secrets from a file or from the environment: the pseudonym keys, the digest key, the master keys."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

KEY_BYTES = 32
"""AES-256 and HMAC-SHA-256 both take 256 bits."""

_VERSION = re.compile(r"[a-z][a-z0-9]{0,15}\Z")


class KeyMaterialError(ValueError):
    """Secrets that cannot be used. The text names the source and the line, never a secret."""


class VersionedKeys:
    """Secrets of 32 bytes under short version names. The newest is used for new work, all for old work.

    Text form, in a file or an environment variable: one key a line (in an environment variable also separated
    by commas), `<version> <base64 of 32 bytes>`; the last is the newest, so rotating is adding a line. Empty
    lines and lines that start with `#` do not count. Versions are lower-case letters and digits, at most 16.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise KeyMaterialError("at least one key is needed")
        for version, key in keys.items():
            if not _VERSION.match(version):
                raise KeyMaterialError("a key version is a letter followed by at most 15 letters or digits")
            if len(key) != KEY_BYTES:
                raise KeyMaterialError(f"key {version} does not have {KEY_BYTES} bytes")
        self._keys = dict(keys)
        self._newest_first = tuple(reversed(self._keys.items()))

    def __repr__(self) -> str:
        return f"VersionedKeys({', '.join(self._keys)})"

    def newest_first(self) -> tuple[tuple[str, bytes], ...]:
        """Return (version, key) pairs, the newest first."""
        return self._newest_first

    def get(self, version: str) -> bytes | None:
        """Return the key of a version, or None when it is not held."""
        return self._keys.get(version)

    @classmethod
    def generate(cls, version: str) -> VersionedKeys:
        """Return one new random key: for a first start in development, and for tests."""
        return cls({version: secrets.token_bytes(KEY_BYTES)})

    @classmethod
    def from_file(cls, path: Path) -> VersionedKeys:
        """Read the text form from a file.

        Raises:
            KeyMaterialError: unreadable, ill-formed, or readable by every user of the machine.
        """
        try:
            mode = path.stat().st_mode
            text = path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise KeyMaterialError(f"{path}: cannot be read as a key file ({type(error).__name__})") from None
        if mode & stat.S_IRWXO:
            raise KeyMaterialError(
                f"{path}: other users of this machine can reach the keys; use mode 0600 or 0640"
            )
        return cls._parse(text.splitlines(), str(path))

    @classmethod
    def from_environment(cls, variable: str, environment: Mapping[str, str] | None = None) -> VersionedKeys:
        """Read the text form from an environment variable.

        Raises:
            KeyMaterialError: the variable is not set or is ill-formed.
        """
        text = (os.environ if environment is None else environment).get(variable)
        if text is None:
            raise KeyMaterialError(f"{variable}: not set")
        return cls._parse(text.replace(",", "\n").splitlines(), variable)

    def to_text(self) -> str:
        """Return the text form, for writing a new key file with mode 0600."""
        lines = (f"{version} {base64.b64encode(key).decode()}\n" for version, key in self._keys.items())
        return "".join(lines)

    @classmethod
    def _parse(cls, lines: list[str], source: str) -> VersionedKeys:
        keys: dict[str, bytes] = {}
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            version, _, encoded = line.strip().partition(" ")
            if version in keys:
                raise KeyMaterialError(f"{source}, line {number}: this version occurs twice")
            keys[version] = _decode(encoded, f"{source}, line {number}")
        try:
            return cls(keys)
        except KeyMaterialError as error:
            raise KeyMaterialError(f"{source}: {error}") from None


def _decode(encoded: str, place: str) -> bytes:
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise KeyMaterialError(f"{place}: the key is not base64") from None
