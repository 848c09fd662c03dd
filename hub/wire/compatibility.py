"""`hub schema check`: may the working schemas be released beside everything that is on the topics already?"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, TextIO

from hub.wire.avro_model import Node, SchemaError, read_schema
from hub.wire.registry import REGISTRY_FILE, SUBJECTS_FILE, Entry, read_entries
from hub.wire.resolution import SENTENCES, Obstacle, obstacles

WORKING_FOLDERS: Final = ("records", "events")

FILE_PROBLEMS: Final[dict[str, str]] = {
    "unreadable": "the file is not an Avro schema",
    "released_file_changed": "a released version was edited; released files never change",
    "working_file_missing": "a subject that was released has no working schema any more",
}
"""What can be wrong with a file before any comparison."""


@unique
class Level(StrEnum):
    """How far versions must understand each other. Backward: new reads old. Forward: old reads new.

    Without `_transitive` only the newest released version counts, with it every one.
    """

    NONE = "none"
    BACKWARD = "backward"
    BACKWARD_TRANSITIVE = "backward_transitive"
    FORWARD = "forward"
    FORWARD_TRANSITIVE = "forward_transitive"
    FULL = "full"
    FULL_TRANSITIVE = "full_transitive"

    @property
    def backward(self) -> bool:
        """Whether the new version must read the old ones."""
        return self.value.startswith(("backward", "full"))

    @property
    def forward(self) -> bool:
        """Whether the old versions must read the new one."""
        return self.value.startswith(("forward", "full"))

    @property
    def transitive(self) -> bool:
        """Whether every earlier version counts."""
        return self.value.endswith("_transitive")


@dataclass(frozen=True, slots=True, order=True)
class Incompatibility:
    """One thing that stands in the way of a release.

    `version` is the released version (0 where none is concerned), `direction` `backward`, `forward` or `file`,
    `where` a JSON pointer into the reader's schema, or a file.
    """

    subject: str
    version: int
    direction: str
    rule: str
    where: str

    def sentence(self) -> str:
        """Return a line for people."""
        against = f" against version {self.version}" if self.version else ""
        meaning = {**SENTENCES, **FILE_PROBLEMS}[self.rule]
        return f"{self.subject}{against}: {self.direction}: {self.rule} at {self.where}: {meaning}"


def judge(new: Node, released: Sequence[tuple[int, Node]], level: Level) -> list[tuple[int, str, Obstacle]]:
    """Return (version, direction, obstacle) for each obstacle between `new` and the released versions."""
    counted = sorted(released, key=lambda pair: pair[0])
    if not level.transitive:
        counted = counted[-1:]
    result: list[tuple[int, str, Obstacle]] = []
    for version, old in counted:
        if level.backward:
            result += [(version, "backward", obstacle) for obstacle in obstacles(new, old)]
        if level.forward:
            result += [(version, "forward", obstacle) for obstacle in obstacles(old, new)]
    return result


def _load(path: Path) -> Node:
    try:
        return read_schema(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        raise SchemaError(path.name) from None


class _Check:
    def __init__(self, schemas: Path) -> None:
        subjects: dict[str, Any] = tomllib.loads((schemas / SUBJECTS_FILE).read_text(encoding="utf-8"))
        self.schemas = schemas
        self.level = Level(subjects["compatibility"])
        self.entries = read_entries((schemas / REGISTRY_FILE).read_text(encoding="utf-8"))

    def released(self) -> list[Incompatibility]:
        return [
            Incompatibility(entry.subject, entry.version, "file", "released_file_changed", entry.file)
            for entry in self.entries
            if self._hash(entry) != entry.sha256
        ]

    def _hash(self, entry: Entry) -> str:
        path = self.schemas / entry.file
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""

    def working(self, path: Path) -> list[Incompatibility]:
        subject = path.name.removesuffix(".avsc")
        try:
            new = _load(path)
        except SchemaError:
            return [Incompatibility(subject, 0, "file", "unreadable", path.name)]
        versions = [entry for entry in self.entries if entry.subject == subject]
        released = [(entry.version, _load(self.schemas / entry.file)) for entry in versions]
        found = judge(new, released, self.level)
        return [
            Incompatibility(subject, version, side, item.rule, item.where) for version, side, item in found
        ]

    def missing(self, paths: Iterable[Path]) -> list[Incompatibility]:
        present = {path.name.removesuffix(".avsc") for path in paths}
        absent = sorted({entry.subject for entry in self.entries} - present)
        return [Incompatibility(subject, 0, "file", "working_file_missing", "schemas") for subject in absent]


def _check_all(schemas: Path) -> list[Incompatibility]:
    paths = [path for folder in WORKING_FOLDERS for path in sorted((schemas / folder).glob("*.avsc"))]
    check_one = _Check(schemas)
    changed = check_one.released()
    if changed:  # nothing can be compared with a version that is no longer what was released
        return sorted(changed)
    found = [item for path in paths for item in check_one.working(path)]
    return sorted(found + check_one.missing(paths))


def check(paths: Sequence[Path] | None = None, *, schemas: Path | None = None) -> list[Incompatibility]:
    """Judge working schemas against every released version, at the level of `schemas/subjects.toml`.

    `paths` are single .avsc files, named by their subject; None judges all working schemas and that released files
    are untouched. `schemas` is the folder with the registry; None is the packaged one. An empty list means: may be
    released.
    """
    if schemas is None:
        with as_file(files("schemas")) as packaged:
            return check(paths, schemas=packaged)
    if paths is None:
        return _check_all(schemas)
    check_one = _Check(schemas)
    return sorted(item for path in paths for item in check_one.working(path))


def run_check(out: TextIO, paths: Sequence[Path] | None = None, *, schemas: Path | None = None) -> int:
    """Print what stands in the way of a release, one line each. Returns the exit code: 0 free, 1 not."""
    found = check(paths, schemas=schemas)
    for item in found:
        print(item.sentence(), file=out)
    print(
        f"{len(found)} incompatibilities" if found else "schemas: compatible with every released version",
        file=out,
    )
    return 1 if found else 0
