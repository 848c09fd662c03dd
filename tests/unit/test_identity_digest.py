"""Canonical JSON and the digest: the standard's bytes, the same for the same content, never like a number."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from hub.core.model import Json, JsonObject
from hub.core.numbers import metadata_refused
from hub.identity.digest import NotCanonicalError, canonical, canonical_plain, event_digest, is_plain

KEY = bytes(range(32))
VIEW: JsonObject = {
    "id": "e1",
    "source": "urn:nld:test",
    "type": "signal.raised",
    "time": "t",
    "sections": ["meta"],
}

scalars = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8) | st.floats()
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def by_the_library(value: Json) -> bytes | None:
    """Return what the library makes of a value, None when it refuses."""
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    except rfc8785.CanonicalizationError:
        return None


@given(documents)
def test_canonical_is_rfc_8785(value: Json) -> None:
    """For any JSON value the bytes are those of the library for RFC 8785, or both refuse."""
    expected = by_the_library(value)
    if expected is None:
        with pytest.raises(NotCanonicalError) as refused:
            canonical(value)
        assert refused.value.__context__ is None
    else:
        assert canonical(value) == expected
        assert not is_plain(value) or canonical_plain(value) == expected


def test_text_that_is_no_unicode_has_no_canonical_form() -> None:
    """Half a surrogate pair is refused, and the error does not carry the text."""
    with pytest.raises(NotCanonicalError) as refused:
        canonical_plain({"facts": "secret \ud800"})
    assert "secret" not in repr(refused.value)
    assert refused.value.__context__ is None


def digest_of(view: JsonObject, **contents: bytes) -> str:
    """Return the digest with the key of these tests."""
    return event_digest(KEY, view, contents)


def test_the_digest_ignores_what_a_second_sending_changes() -> None:
    """Another id and time, and what the door adds itself, leave the digest as it is."""
    again: JsonObject = {**VIEW, "id": "e2", "time": "later", "scans": {"narrative": "clean"}, "digest": "x"}
    assert digest_of(VIEW, codes=b"{}", area=b"1") == digest_of(again, area=b"1", codes=b"{}")


@pytest.mark.parametrize(
    ("view", "contents"),
    [
        ({**VIEW, "source": "urn:nld:other"}, {"codes": b"{}"}),
        ({**VIEW, "data": {"n": 1.5}}, {"codes": b"{}"}),
        ({**VIEW, "recipients": []}, {"codes": b"{}"}),
        (VIEW, {"codes": b"[]"}),
        (VIEW, {"codes": b"{}", "area": b"{}"}),
        (VIEW, {}),
    ],
)
def test_any_other_difference_gives_another_digest(view: JsonObject, contents: dict[str, bytes]) -> None:
    """Changed metadata, changed content, one section more or less: each shows in the digest."""
    assert event_digest(KEY, view, contents) != digest_of(VIEW, codes=b"{}")


def test_the_digest_is_keyed() -> None:
    """Without the hub's key nobody can test a guess at the content."""
    assert event_digest(bytes(32), VIEW, {}) != digest_of(VIEW)


def test_an_open_part_without_canonical_form_is_refused() -> None:
    """A number that JSON cannot carry exactly is refused instead of rounded."""
    with pytest.raises(NotCanonicalError):
        digest_of({**VIEW, "data": {"n": 2**60}})


@given(st.binary(max_size=8))
def test_a_digest_never_looks_like_a_number(content: bytes) -> None:
    """A digest is made of letters: gate E1 never takes it for a citizen number."""
    digest = digest_of(VIEW, codes=content)
    assert not metadata_refused(digest)
    assert not any(character.isdigit() for character in digest)
