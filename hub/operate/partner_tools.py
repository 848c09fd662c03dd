"""`hub partner check` and `hub partner key`."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from connectors.catalogue import target_forms
from hub.identity.partners import ConfigurationError, load_partners, new_api_key


def check(path: Path, out: TextIO) -> int:
    """Print every problem with file and line; return 1 when there is any."""
    try:
        book = load_partners(path, target_forms=target_forms())
    except ConfigurationError as error:
        for problem in error.problems:
            print(problem, file=out)
        return 1
    for warning in book.warnings:
        print(f"warning: {warning}", file=out)
    print(f"{len(book.partners)} partners, no problems", file=out)
    return 0


def new_key(out: TextIO) -> int:
    """Print a new key and its configuration lines; the key itself is kept nowhere."""
    token, digest = new_api_key()
    key_id = token.partition(".")[0]
    print(f"for the partner, once: {token}", file=out)
    print(f'\n[[partner.api_key]]\nid = "{key_id}"\nhash = "{digest}"', file=out)
    print("not_before = …  # fill in\nexpires_at = …  # fill in, at most two keys valid at a time", file=out)
    return 0
