"""Lines of keys in TOML documents."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.identity.partners_positions import Path as TomlPath
from hub.identity.partners_positions import Positions

DOCUMENT = '''# first line
top = 1
"quoted key" = "a # not a comment"
'literal' = 'x'

[table] # comment
text = """
[[partner]]
fake = 1
"""
after = """a "quoted" \\\\"""
raw = \'\'\'
it's = fine
\'\'\'

[[partner]]
org = "a"
list = [
  1, # one
  "two, with ] and }",
  { inner = 3, more = [4] },
]
  [partner.delivery]
  url = "u"
  [[partner.key]]
  id = "k1"
  [[partner.key]]
  id = "k2"
  [partner.key.sub]
  deep.er = true

[[partner]]
org = "b"
[[partner.key]]
id = "k3"
[a.b."c d"]
e = 2026-01-01T00:00:00Z
empty = []
nothing = {}
last = 1'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted key",), 3),
        (("literal",), 4),
        (("table",), 6),
        (("table", "text"), 7),
        (("table", "after"), 11),
        (("table", "raw"), 12),
        (("partner", 0), 16),
        (("partner", 0, "org"), 17),
        (("partner", 0, "list"), 18),
        (("partner", 0, "list", 1), 20),
        (("partner", 0, "list", 2, "inner"), 21),
        (("partner", 0, "list", 2, "more", 0), 21),
        (("partner", 0, "delivery"), 23),
        (("partner", 0, "delivery", "url"), 24),
        (("partner", 0, "key", 0, "id"), 26),
        (("partner", 0, "key", 1), 27),
        (("partner", 0, "key", 1, "sub"), 29),
        (("partner", 0, "key", 1, "sub", "deep"), 30),
        (("partner", 0, "key", 1, "sub", "deep", "er"), 30),
        (("partner", 1, "org"), 33),
        (("partner", 1, "key", 0, "id"), 35),
        (("a", "b", "c d", "e"), 37),
        (("a", "b", "c d", "last"), 40),
    ],
)
def test_each_key_has_its_line(path: TomlPath, line: int) -> None:
    """Every table, key and array item is found on the line where a reader sees it."""
    tomllib.loads(DOCUMENT)
    assert Positions(DOCUMENT).line(path) == line


def test_a_missing_key_has_the_line_of_its_table() -> None:
    """What is not in the document is reported where its nearest parent stands."""
    positions = Positions(DOCUMENT)
    assert positions.line(("partner", 1, "telephone")) == 32
    assert positions.line(("partner", 7, "org")) == 1
    assert positions.line(()) == 1


def test_what_is_no_toml_is_not_walked_for_ever() -> None:
    """The scanner asks for a document that tomllib accepts and says so when it gets another."""
    with pytest.raises(ValueError, match="not a key"):
        Positions("= 1")


def test_the_example_is_walked_to_its_end() -> None:
    """In the shipped example every value of the document has a line, in the order of the text."""
    text = (Path(__file__).resolve().parents[2] / "deploy" / "partners.example.toml").read_text("utf-8")
    positions = Positions(text)
    lines = text.splitlines()
    for path, _ in _leaves(tomllib.loads(text), ()):
        name = next(part for part in reversed(path) if isinstance(part, str))
        line = lines[positions.line(path) - 1]
        assert name in line or path[-1] != name


def _leaves(value: object, path: TomlPath) -> list[tuple[TomlPath, object]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in _leaves(item, (*path, index))]
    return [(path, value)]


NAMES = st.text("abcdefgh-_19", min_size=1, max_size=5)
SCALARS = st.sampled_from(
    ["1", "-3.5", "true", '"a # b"', "'c ] d'", '"""x\ny"""', "2026-01-01", '"esc \\" }"', "'''q\n'r'''"],
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ",\n ".join(items) + "]"),
        st.dictionaries(NAMES, inner.filter(lambda text: "\n" not in text), max_size=2).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}",
        ),
    ),
    max_leaves=5,
)


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.dictionaries(NAMES, VALUES, max_size=4))
def test_generated_documents_keep_their_lines(top: dict[str, str], table: dict[str, str]) -> None:
    """Whatever values stand before it, a key is found on the line where it was written."""
    text = ""
    expected: dict[TomlPath, int] = {}
    for key, value in top.items():
        expected[key,] = text.count("\n") + 1
        text += f"{key} = {value}\n"
    text += "[[zz-items]]\n"
    for key, value in table.items():
        expected["zz-items", 0, key] = text.count("\n") + 1
        text += f"{key} = {value} # {key}\n"
    tomllib.loads(text)
    positions = Positions(text)
    assert {path: positions.line(path) for path in expected} == expected
