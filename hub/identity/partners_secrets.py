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
    if reference.startswith("env:"):
        found = environment.get(reference.removeprefix("env:"), "").strip()
        what = f"environment variable {reference.removeprefix('env:')}"
    elif reference.startswith("file:"):
        path = folder / reference.removeprefix("file:")
        found, what = _file_text(path), f"file {path}"
    else:
        found, what = reference.strip(), "the secret"
    if not found:
        raise SecretError(f"{what} is missing or empty")
    return Secret(found)


def is_literal(reference: str) -> bool:
    """Tell whether the configuration holds the secret itself."""
    return not reference.startswith(("env:", "file:"))


def _file_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError:
        return ""
    if len(content) > SECRET_FILE_MAX_BYTES:
        raise SecretError(f"file {path} has more than {SECRET_FILE_MAX_BYTES} bytes")
    try:
        return content.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise SecretError(f"file {path} is not plain ASCII text") from error
