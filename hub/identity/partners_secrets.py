"""Secrets of deliveries: named in the configuration, read when the process starts, never shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

SECRET_FILE_MAX_BYTES: Final = 4096
"""A webhook secret has at most 64 bytes; a larger file is the wrong file."""


class Secret(str):
    """A text that does not show itself in `repr`, and so not in logs, assertions and tracebacks of containers."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(…)"


class SecretError(ValueError):
    """A secret cannot be read. The text names the variable or file, never its content."""


def read_secret(reference: str, *, folder: Path, environment: Mapping[str, str]) -> Secret:
    """Return the secret that a reference names.

    `env:NAME` is an environment variable, `file:PATH` a file (relative to the configuration's folder, the form in
    which container platforms mount secrets), anything else the secret itself, for development.

    Raises:
        SecretError: the variable or file is missing, empty or too large.
    """
    kind, _, name = reference.partition(":")
    if is_literal(reference):
        found, what = reference.strip(), "the secret"
    elif kind == "env":
        found, what = environment.get(name, "").strip(), f"environment variable {name}"
    else:
        found, what = _file_text(folder / name, name), f"file {name}"
    if not found:
        raise SecretError(f"{what} is missing or empty")
    return Secret(found)


def is_literal(reference: str) -> bool:
    """Tell whether the configuration holds the secret itself."""
    return not reference.startswith(("env:", "file:"))


def _file_text(path: Path, name: str) -> str:
    try:
        content = path.read_bytes()
    except OSError:
        return ""
    if len(content) > SECRET_FILE_MAX_BYTES:
        raise SecretError(f"file {name} has more than {SECRET_FILE_MAX_BYTES} bytes")
    if not content.isascii():
        raise SecretError(f"file {name} is not plain ASCII text")
    return content.decode("ascii").strip()
