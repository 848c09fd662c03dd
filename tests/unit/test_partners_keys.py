"""API keys: made, hashed, compared."""

from __future__ import annotations

import pytest

from hub.identity.partners_keys import HASH_FORM, hash_secret, new_api_key, secret_fits, split_token


def test_a_new_key_fits_its_hash_and_no_other() -> None:
    """The key that is handed out opens exactly the hash that is written down."""
    plain, stored = new_api_key()
    other, _ = new_api_key()
    split = split_token(plain)
    other_split = split_token(other)
    assert split is not None
    assert other_split is not None
    assert HASH_FORM.fullmatch(stored)
    assert secret_fits(split[1], stored)
    assert not secret_fits(other_split[1], stored)
    assert split[1] not in stored


def test_the_hash_is_sha256_of_the_secret() -> None:
    """The stored form is the published SHA-256 of the secret, so that other tools can make it."""
    assert hash_secret("abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    "token",
    ["", ".", "key_1", "key_1.", ".secret", "k.secret", "key 1.secret", "kéy1.secret", "key_1." + "x" * 200],
)
def test_what_is_no_key_is_not_split(token: str) -> None:
    """A token that has not the form of a key is refused before anything is hashed."""
    assert split_token(token) is None


def test_an_unknown_id_costs_a_comparison_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of an answer does not tell whether a key id exists: the comparison is made in both cases."""
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("hub.identity.partners_keys.hmac.compare_digest", compare)
    assert not secret_fits("secret", None)
    assert not secret_fits("secret", hash_secret("other"))
    assert [len(one) == len(other) for one, other in compared] == [True, True]


def test_a_hostile_secret_is_only_wrong() -> None:
    """Characters that cannot be encoded make a key wrong, not the door fail."""
    assert not secret_fits("\ud800", hash_secret("x"))
