"""Pseudonyms: exact derivation, one per receiver, several keys, and never a likeness to a citizen number."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.numbers import metadata_refused
from hub.identity import pseudonyms as module
from hub.identity.key_material import VersionedKeys
from hub.identity.pseudonyms import Pseudonyms, household_pseudonym, pseudonym

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "domain" / "vectors" / "numbers.json"
KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
NUMBER = "999900006"
HOME = "0518200000123456"


def by_hand(key: bytes, number: str, org: str, scope: str) -> str:
    """Compute a pseudonym with nothing but the standard library, as EVENTS.md section 9 words it."""
    identity = json.dumps({"landCode": "NL", "type": "BSN", "value": number}, separators=(",", ":")).encode()
    extracted = hmac.digest(bytes(32), identity, hashlib.sha256)
    derived = hmac.digest(extracted, f"{org}|{scope}|v1".encode() + b"\x01", hashlib.sha256)
    return hmac.digest(key, derived, hashlib.sha256).hex()


def test_shared_vectors_hold() -> None:
    """Every shared vector of kind pseudonym gives exactly the expected pseudonym."""
    if not SHARED.exists():
        pytest.skip("the shared vectors are not beside this checkout; tests/vectors has our own")
    asked = [v for v in json.loads(SHARED.read_text())["vectors"] if v["op"] == "pseudonym"]
    assert asked
    for vector in asked:
        request = vector["request"]
        given_key = bytes.fromhex(request["key_hex"])
        got = pseudonym(
            given_key,
            request["key_version"],
            request["value"],
            request["recipient_org"],
            request["recipient_scope"],
        )
        assert got == vector["expected"]["pseudonym"]


@given(st.integers(min_value=0, max_value=999_999_999), st.text(alphabet="abc_1", min_size=1, max_size=12))
def test_equal_to_a_derivation_by_hand(number: int, org: str) -> None:
    """The construction is HMAC over HKDF as documented, whatever the number and the organisation."""
    digits = f"{number:09d}"
    assert pseudonym(KEY, "v1", digits, org, "signals") == "ps_v1_" + by_hand(KEY, digits, org, "signals")


def test_eight_digits_are_padded() -> None:
    """A number of eight digits has the pseudonym of the padded one."""
    assert pseudonym(KEY, "v1", "12345678", "gp_1", "signals") == pseudonym(
        KEY, "v1", "012345678", "gp_1", "signals"
    )


@pytest.mark.parametrize(("org", "scope"), [("a|b", "signals"), ("a", "b|signals")])
def test_the_separator_is_refused(org: str, scope: str) -> None:
    """An organisation or scope with the separator could share a pseudonym with another pair, so it is refused."""
    with pytest.raises(ValueError, match="separator"):
        pseudonym(KEY, "v1", NUMBER, org, scope)


def test_every_receiver_and_the_bus_know_another_name() -> None:
    """Pseudonyms for different receivers, and for the bus, differ; for the same receiver they are equal."""
    pseudonyms = Pseudonyms(VersionedKeys({"v1": KEY}))
    names = {
        pseudonyms.bus_pseudonym(NUMBER),
        pseudonyms.receiver_pseudonym(NUMBER, "gp_1"),
        pseudonyms.receiver_pseudonym(NUMBER, "school_1"),
        pseudonyms.bus_pseudonym("999900018"),
    }
    assert len(names) == 4
    assert pseudonyms.receiver_pseudonym(NUMBER, "gp_1") in names


def test_the_newest_key_is_used_and_older_ones_recognised() -> None:
    """With two keys new pseudonyms carry the newest version; the candidates hold both, newest first."""
    before = Pseudonyms(VersionedKeys({"v1": KEY}))
    after = Pseudonyms(VersionedKeys({"v1": KEY, "v2": OTHER_KEY}))
    assert (before.versions, after.versions) == (1, 2)
    assert after.bus_pseudonym(NUMBER).startswith("ps_v2_")
    assert after.bus_candidates(NUMBER) == (after.bus_pseudonym(NUMBER), before.bus_pseudonym(NUMBER))
    assert after.receiver_candidates(NUMBER, "gp_1")[1] == before.receiver_pseudonym(NUMBER, "gp_1")


def test_no_pseudonym_looks_like_a_citizen_number() -> None:
    """Of many persons some would by chance show nine digits that pass the 11-test; none of ours does."""
    pseudonyms = Pseudonyms(VersionedKeys({"v1": KEY}))
    numbers = [f"{number:09d}" for number in range(999_900_000, 999_902_000)]
    unlucky = [n for n in numbers if metadata_refused(pseudonym(KEY, "v1", n, "hub", "bus"))]
    assert unlucky, "the sample must contain the case that this test is about"
    assert not any(metadata_refused(pseudonyms.bus_pseudonym(number)) for number in numbers)
    assert pseudonyms.bus_pseudonym(unlucky[0]) == pseudonym(KEY, "v1", unlucky[0], "hub", "bus.2")


def test_when_no_scope_helps_the_hub_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were every candidate to look like a number, nothing is given out rather than a suspect pseudonym."""
    monkeypatch.setattr(module, "_NINE_DIGITS", re.compile(""))
    monkeypatch.setattr(module, "metadata_refused", lambda _: True)
    with pytest.raises(RuntimeError, match="likeness"):
        Pseudonyms(VersionedKeys({"v1": KEY})).bus_pseudonym(NUMBER)


def test_a_household_has_a_ref_of_its_own() -> None:
    """The ref of a home is keyed, marked, equal for the same home and different for another."""
    pseudonyms = Pseudonyms(VersionedKeys({"v1": KEY}))
    assert pseudonyms.household_pseudonym(HOME) == household_pseudonym(KEY, "v1", HOME)
    assert pseudonyms.household_pseudonym(HOME).startswith("hh_v1_")
    assert pseudonyms.household_pseudonym(HOME) != pseudonyms.household_pseudonym("0518200000123457")


@settings(max_examples=30)
@given(st.text(max_size=20).filter(lambda text: not (len(text) == 16 and text.isdecimal())))
def test_a_home_is_named_by_sixteen_digits(value: str) -> None:
    """Anything but sixteen ASCII digits is refused, and the refusal does not repeat it."""
    with pytest.raises(ValueError, match=r"^an address object has 16 digits$"):
        Pseudonyms(VersionedKeys({"v1": KEY})).household_pseudonym(value)
