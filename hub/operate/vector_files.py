"""Vector files: found, read strictly and checked against the schema that lies beside them. CONSENT.md appendix A."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

from jsonschema import Draft202012Validator

from hub.core.defaults import DEFAULTS
from hub.core.model import Json

SCHEMA_NAME = "vector.schema.json"
DEFAULTS_NAME = "defaults.json"
_FOLDERS_UPWARDS = 2
"""The schema lies in the folder of the vectors or in the one above; further up it would belong to others."""


class VectorFileError(Exception):
    """A file that cannot be read or breaks the schema. The text names file and place."""


@dataclass(frozen=True, slots=True)
class VectorFile:
    """One file of vectors with the defaults that hold for it."""

    path: Path
    vectors: list[dict[str, Any]]
    defaults: Mapping[str, Json]


def read_all(paths: list[Path]) -> list[VectorFile]:
    """Return the vector files of these paths; a folder means its `*.json` in name order.

    Raises:
        VectorFileError: A file cannot be read or breaks the schema.
    """
    return [_read(path) for path in _files_of(paths)]


def _files_of(paths: list[Path]) -> Iterator[Path]:
    """Yield files, folders opened."""
    for path in paths:
        if path.is_dir():
            yield from sorted(path.glob("*.json"))
        else:
            yield path


def _read(path: Path) -> VectorFile:
    """Return one checked file."""
    document = _load(path)
    error = next(_validator(_nearest(path, SCHEMA_NAME)).iter_errors(document), None)
    if error is not None:
        raise VectorFileError(f"{path}: {error.json_path}: {error.message[:200]}")
    found = _nearest(path, DEFAULTS_NAME)
    defaults = DEFAULTS if found is None else _load(found)
    return VectorFile(path, document["vectors"], defaults)


def _nearest(path: Path, name: str) -> Path | None:
    """Return the file of this name in the folder of the vectors or the one above, or None."""
    for folder in list(path.resolve().parents)[:_FOLDERS_UPWARDS]:
        if (folder / name).is_file():
            return folder / name
    return None


def _validator(schema: Path | None) -> Draft202012Validator:
    """Return the validator of a schema file, or of the one that ships with the hub."""
    if schema is None:
        text = files("hub.operate").joinpath(SCHEMA_NAME).read_text("utf-8")
        return Draft202012Validator(json.loads(text))
    return Draft202012Validator(_load(schema))


def _load(path: Path) -> dict[str, Any]:
    """Return a JSON object from a file; a member that is named twice, or NaN, is an error."""
    try:
        document = json.loads(
            path.read_bytes().decode("utf-8"), object_pairs_hook=_members, parse_constant=_refuse_constant
        )
    except (OSError, ValueError) as error:
        raise VectorFileError(f"{path}: cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise VectorFileError(f"{path}: is not a JSON object")
    return document


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of an object; raise ValueError where one is named twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is named twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    """Raise ValueError for NaN and Infinity, which JSON does not have."""
    raise ValueError(f"{name} is not JSON")
