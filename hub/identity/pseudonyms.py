"""Keyed pseudonyms: one per person for the bus, another for every receiver (EVENTS.md section 9).

The number itself never travels: the bus, the ledger and every receiver know a person by an HMAC that nobody
without the key can compute or reverse, and that differs per receiver, so that two receivers cannot compare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.core.numbers import metadata_refused
from hub.identity.key_material import VersionedKeys

BUS_ORGANISATION = "hub"
BUS_SCOPE = "bus"
RECEIVER_SCOPE = "signals"
HOUSEHOLD_SCOPE = "household"
DERIVED_BYTES = 32

MAX_SCOPES = 16
"""Scopes tried before giving up. One pseudonym in a hundred needs a second scope, one in 10^32 all sixteen."""


_NINE_DIGITS = re.compile(r"[0-9][0-9]{8}")


def _keyed(key: bytes, derived_from: str, recipient_org: str, recipient_scope: str) -> str:
    if "|" in recipient_org or "|" in recipient_scope:
        raise ValueError("organisation and scope may not contain the separator of the derivation")
    info = f"{recipient_org}|{recipient_scope}|v1".encode()
    derived = HKDF(algorithm=SHA256(), length=DERIVED_BYTES, salt=None, info=info).derive(
        derived_from.encode()
    )
    code = HMAC(key, SHA256())
    code.update(derived)
    return code.finalize().hex()


def pseudonym(key: bytes, version: str, number: str, recipient_org: str, recipient_scope: str) -> str:
    """Return the pseudonym of a citizen number for one recipient, exactly as EVENTS.md section 9 defines it.

    Args:
        key: the secret of this version.
        version: the key version, part of the result (`ps_<version>_…`).
        number: nine digits; eight are padded with one leading zero.
        recipient_org: organisation the pseudonym is for.
        recipient_scope: what it is used for, `signals` for receivers.

    Raises:
        ValueError: organisation or scope contain `|`, which would make two derivations equal.
    """
    # RFC 8785 form: keys sorted, no spaces; the digits need no escaping.
    identity = f'{{"landCode":"NL","type":"BSN","value":"{number.zfill(9)}"}}'
    return f"ps_{version}_{_keyed(key, identity, recipient_org, recipient_scope)}"


def household_pseudonym(key: bytes, version: str, address_object: str, scope: str = HOUSEHOLD_SCOPE) -> str:
    """Return the keyed pseudonym of an address object (the BAG identification of the home) for the bus.

    The same construction as for persons, over `{"type":"address_object","value":…}`, marked `hh_`.
    """
    identity = f'{{"type":"address_object","value":"{address_object}"}}'
    return f"hh_{version}_{_keyed(key, identity, BUS_ORGANISATION, scope)}"


class Pseudonyms:
    """The pseudonyms that this hub gives out, under its newest key and, to recognise, its older ones.

    A pseudonym is hexadecimal, and by chance about one in a hundred contains nine digits that pass the 11-test;
    gate E1 would then refuse every event of that child. Therefore a pseudonym that gate E1 refuses is derived
    again with the scope `<scope>.2`, `<scope>.3` …: still one fixed pseudonym per person, key and receiver.
    """

    def __init__(self, keys: VersionedKeys) -> None:
        self._keys = keys

    @property
    def versions(self) -> int:
        """Return how many key versions are held: more than one while keys are being rotated."""
        return len(self._keys.newest_first())

    def bus_pseudonym(self, number: str) -> str:
        """Return the subject ref of a person on the bus, under the newest key."""
        return next(self._candidates(number, BUS_ORGANISATION, BUS_SCOPE))

    def bus_candidates(self, number: str) -> tuple[str, ...]:
        """Return the subject refs under every key held, newest first: a known person keeps the one known."""
        return tuple(self._candidates(number, BUS_ORGANISATION, BUS_SCOPE))

    def receiver_pseudonym(self, number: str, org: str) -> str:
        """Return the pseudonym under which one receiver knows this person, under the newest key."""
        return next(self._candidates(number, org, RECEIVER_SCOPE))

    def receiver_candidates(self, number: str, org: str) -> tuple[str, ...]:
        """Return the receiver's pseudonyms of this person under every key held, newest first."""
        return tuple(self._candidates(number, org, RECEIVER_SCOPE))

    def household_pseudonym(self, address_object: str) -> str:
        """Return the household ref of an address object, under the newest key.

        Raises:
            ValueError: the identification is not 16 digits (BAG object identification). It is not in the text.
        """
        if not (address_object.isascii() and address_object.isdigit() and len(address_object) == 16):
            raise ValueError("an address object has 16 digits")
        version, key = self._keys.newest_first()[0]
        return _first_unsuspected(
            household_pseudonym(key, version, address_object, scope) for scope in _scopes(HOUSEHOLD_SCOPE)
        )

    def _candidates(self, number: str, org: str, scope: str) -> Iterator[str]:
        for version, key in self._keys.newest_first():
            yield _first_unsuspected(pseudonym(key, version, number, org, tried) for tried in _scopes(scope))


def _scopes(scope: str) -> Iterator[str]:
    yield scope
    for attempt in range(2, MAX_SCOPES + 1):
        yield f"{scope}.{attempt}"


def _first_unsuspected(candidates: Iterator[str]) -> str:
    for candidate in candidates:
        # The full test is slow; without nine digits in a row there is nothing to find.
        if _NINE_DIGITS.search(candidate) is None or not metadata_refused(candidate):
            return candidate
    raise RuntimeError("no pseudonym without a likeness to a citizen number was found")
