"""Texts as the database can hold them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ledger.texts import (
    KEY_LENGTH_MAXIMUM_CHARACTERS,
    amsterdam_day,
    end_of_validity,
    from_json,
    instant,
    key_text,
    maybe_instant,
    pack_sections,
    pair_key,
    to_canonical_json,
    to_json,
    triple_key,
    unpack_sections,
)
from hub.wire.envelope import SealedSection

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=400)


@given(ANY_TEXT, ANY_TEXT)
def test_keys_are_storable_and_tell_texts_apart(one: str, two: str) -> None:
    """Any text becomes a key that PostgreSQL can hold and index; different texts have different keys."""
    key = key_text(one)
    assert "\x00" not in key
    assert len(key.encode()) <= 4 * KEY_LENGTH_MAXIMUM_CHARACTERS
    assert (key == key_text(two)) == (one == two)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_pairs_and_triples_are_told_apart(a: str, b: str, c: str, d: str) -> None:
    """Two pairs have one key only when they are equal; so have triples."""
    assert (pair_key(a, b) == pair_key(c, d)) == ((a, b) == (c, d))
    assert (triple_key(a, b, c) == triple_key(b, c, d)) == ((a, b, c) == (b, c, d))


def test_ordinary_keys_stay_readable() -> None:
    """An operator who looks in the database sees ids as they are."""
    assert key_text("ps_1_ab12") == "ps_1_ab12"
    assert key_text("#1").startswith("#sha256:")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=20,
)


@given(JSON)
def test_json_comes_back(value: object) -> None:
    """JSON comes back as it was, in ASCII and without a NUL, whatever its strings hold."""
    text = to_json(value)
    assert from_json(text) == value
    assert text.isascii()
    assert "\x00" not in text


def test_canonical_json_ignores_the_order_of_keys() -> None:
    """Two documents that are equal have one canonical text."""
    assert to_canonical_json({"b": 1, "a": [2]}) == to_canonical_json({"a": [2], "b": 1}) == '{"a":[2],"b":1}'


SECTIONS = st.dictionaries(
    st.text(max_size=20).filter(lambda name: name.isprintable()),
    st.builds(
        SealedSection,
        st.text(max_size=40).filter(lambda name: name.isprintable()),
        st.binary(max_size=16),
        st.binary(max_size=300),
    ),
    max_size=6,
)


@given(SECTIONS)
def test_sections_come_back(sealed: dict[str, SealedSection]) -> None:
    """Sealed sections come back byte for byte."""
    assert unpack_sections(pack_sections(sealed)) == sealed


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-30", datetime(2026, 11, 30, 23, tzinfo=UTC)),
        ("2026-07-31", datetime(2026, 7, 31, 22, tzinfo=UTC)),
        ("2026-11-30T12:00:00+01:00", datetime(2026, 11, 30, 11, tzinfo=UTC)),
        ("2026-11-30T12:00:00", None),
        ("2026-13-01", None),
        ("9999-12-31", None),
        ("soon", None),
        (None, None),
        (20261130, None),
    ],
)
def test_end_of_validity(value: object, expected: datetime | None) -> None:
    """A date includes its whole day in Amsterdam; what cannot be read has no end to announce."""
    assert end_of_validity(value) == expected


def test_day_of_a_record_is_that_of_amsterdam() -> None:
    """A record is counted under the Amsterdam day of its acceptance."""
    assert amsterdam_day("2026-11-23T23:30:00+00:00") == date(2026, 11, 24)


@pytest.mark.parametrize(
    "value", ["", "2026-11-23", "2026-11-23T09:00:00", "nonsense of some length", 7, None]
)
def test_what_is_no_instant(value: object) -> None:
    """Only RFC 3339 instants with an offset are instants."""
    assert maybe_instant(value) is None


def test_instant_refuses_a_local_time() -> None:
    """A time without an offset is no instant."""
    with pytest.raises(ValueError, match="offset"):
        instant("2026-11-23T09:00:00")
