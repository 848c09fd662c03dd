"""Where in a TOML document each key stands, so that a message can name the line.

`tomllib` gives values without positions. This scanner walks over a document that `tomllib` has already
accepted, therefore it need not judge: it only keeps account of tables, keys and the ends of values.
"""

from __future__ import annotations

import re
import tomllib
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""The way to a value: names of tables and keys, and the index in an array."""

_KEY_PART: Final = re.compile(
    r"""[ \t]*(?:"(?P<basic>(?:[^"\\]|\\.)*)"|'(?P<literal>[^']*)'|(?P<bare>[\w-]+))[ \t]*"""
)
_STRING: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR: Final = re.compile(r"[^,\]}#\r\n]+")


class Positions:
    """The lines of a TOML document's tables and keys."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        _Scanner(text, self._lines).document()

    def line(self, path: Path) -> int:
        """Return the line (from 1) of the longest known beginning of `path`; line 1 when nothing is known."""
        for length in range(len(path), 0, -1):
            found = self._lines.get(path[:length])
            if found is not None:
                return found
        return 1


class _Scanner:
    """One pass over the text. `_at` is the index of the next character."""

    def __init__(self, text: str, lines: dict[Path, int]) -> None:
        self._text = text
        self._lines = lines
        self._at = 0
        self._array_lengths: dict[Path, int] = {}
        self._line_at = 0
        self._line = 1

    def document(self) -> None:
        """Record every table header and every key."""
        table: Path = ()
        self._blank()
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._blank()

    def _blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _record(self, path: Path) -> None:
        self._line += self._text.count("\n", self._line_at, self._at)
        self._line_at = self._at
        self._lines.setdefault(path, self._line)

    def _header(self) -> Path:
        is_array = self._text.startswith("[[", self._at)
        start = self._at
        self._at += 2 if is_array else 1
        names = self._key()
        self._at += 2 if is_array else 1
        path: Path = (*self._resolved(names[:-1]), names[-1])
        if is_array:
            index = self._array_lengths.get(path, 0)
            self._array_lengths[path] = index + 1
            path = (*path, index)
        else:
            path = self._latest(path)
        end, self._at = self._at, start
        self._record(path)
        self._at = end
        return path

    def _resolved(self, names: tuple[str, ...]) -> Path:
        path: Path = ()
        for name in names:
            path = self._latest((*path, name))
        return path

    def _latest(self, path: Path) -> Path:
        """Return `path`, pointed at the newest item when it names an array of tables."""
        count = self._array_lengths.get(path)
        return path if count is None else (*path, count - 1)

    def _key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while True:
            match = _KEY_PART.match(self._text, self._at)
            if match is None:  # the caller promised a document that tomllib accepts
                raise ValueError("not a key")
            self._at = match.end()
            parts.append(_name(match))
            if not self._text.startswith(".", self._at):
                return tuple(parts)
            self._at += 1

    def _pair(self, table: Path) -> None:
        start = self._at
        names = self._key()
        path = (*table, *names)
        end, self._at = self._at, start
        for length in range(len(table) + 1, len(path) + 1):
            self._record(path[:length])
        self._at = end + 1
        self._value(path)

    def _value(self, path: Path) -> None:
        self._blank()
        opening = self._text[self._at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            match = _STRING.match(self._text, self._at) or _SCALAR.match(self._text, self._at)
            self._at = match.end() if match else len(self._text)

    def _array(self, path: Path) -> None:
        self._at += 1
        self._blank()
        index = 0
        while self._text[self._at] != "]":
            self._record((*path, index))
            self._value((*path, index))
            self._separator()
            index += 1
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        self._blank()
        while self._text[self._at] != "}":
            self._pair(path)
            self._separator()
        self._at += 1

    def _separator(self) -> None:
        self._blank()
        if self._text[self._at] == ",":
            self._at += 1
            self._blank()


def _name(match: re.Match[str]) -> str:
    basic = match["basic"]
    if basic is not None:
        return str(tomllib.loads(f'name = "{basic}"')["name"])
    literal = match["literal"]
    return str(literal if literal is not None else match["bare"])
