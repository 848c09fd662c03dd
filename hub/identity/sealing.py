"""Sealing: each section of an event closed on its own with the child's data key (AVG article 32).

AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D). The associated data bind the ciphertext to its event and
its section: a sealed narrative cannot be passed off as a contact card, nor moved to another event. The plain bytes
are padded to a multiple of 256, because the length of a narrative tells something too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.core.model import JsonObject
from hub.identity.keys import NONCE_BYTES, DataKey, KeyRing
from hub.wire.envelope import SUBJECT_NUMBER, SealedEvent, SealedSection

PADDING_BYTES = 256
"""Sealed lengths are rounded up to this: a word more or less, or which of two codes, cannot be told apart."""

_LENGTH_BYTES = 4


class SealBroken(Exception):  # noqa: N818  (names what was found)
    """A sealed section does not open: altered, moved to another event or section, or closed with another key."""


def _bound_to(uid: str, section: str) -> bytes:
    # Lengths before the parts: no other pair of uid and section gives the same bytes.
    uid_bytes, section_bytes = uid.encode(), section.encode()
    lengths = len(uid_bytes).to_bytes(2, "big") + len(section_bytes).to_bytes(2, "big")
    return b"samenhub section 1" + lengths + uid_bytes + section_bytes


def _padded(plain: bytes) -> bytes:
    length = _LENGTH_BYTES + len(plain)
    return len(plain).to_bytes(_LENGTH_BYTES, "big") + plain + bytes(-length % PADDING_BYTES)


def _seal(cipher: AESGCM, key_id: str, uid: str, section: str, plain: bytes) -> SealedSection:
    nonce = os.urandom(NONCE_BYTES)
    return SealedSection(key_id, nonce, cipher.encrypt(nonce, _padded(plain), _bound_to(uid, section)))


def _open(cipher: AESGCM, uid: str, section: str, sealed: SealedSection) -> bytes:
    try:
        padded = cipher.decrypt(sealed.nonce, sealed.ciphertext, _bound_to(uid, section))
    except (InvalidTag, ValueError):
        raise SealBroken("a sealed section does not open") from None
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    return padded[_LENGTH_BYTES : _LENGTH_BYTES + length]


def seal(key: bytes, key_id: str, uid: str, section: str, plain: bytes) -> SealedSection:
    """Close one section of one event.

    Args:
        key: the data key, 32 bytes.
        key_id: the name of that key, kept in clear beside the ciphertext.
        uid: the hub's id of the event (`SealedEvent.uid`).
        section: the section name, or `subject_number`.
        plain: the content as bytes, up to 4 GiB.
    """
    return _seal(AESGCM(key), key_id, uid, section, plain)


def open_section(key: bytes, uid: str, section: str, sealed: SealedSection) -> bytes:
    """Return the plain bytes of one section of one event.

    Raises:
        SealBroken: another key, event or section than it was sealed for, or altered bytes.
    """
    return _open(AESGCM(key), uid, section, sealed)


def key_reference(uid: str, subject_ref: str | None) -> str:
    """Return under which name the data key of an event rests: the subject's ref, else the event's own."""
    return f"event:{uid}" if subject_ref is None else subject_ref


class Sealer:
    """The door's side: closes what it is given under the subject's data key."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    async def data_key(self, uid: str, subject_ref: str | None, number: str | None) -> DataKey:
        """Return the key of the subject, or of this one event when it has no subject.

        Raises:
            KeyUnusable: the stored key cannot be unwrapped.
        """
        return await self._ring.data_key(key_reference(uid, subject_ref), number)

    async def seal_event(
        self, uid: str, subject_ref: str | None, number: str | None, plain: Mapping[str, bytes]
    ) -> dict[str, SealedSection]:
        """Return the sealed sections, and the sealed subject number where the hub knows it.

        A subject given by pseudonym has no number in the message; the one kept with its data key is used.

        Raises:
            KeyUnusable: the stored key cannot be unwrapped.
        """
        key = await self.data_key(uid, subject_ref, number)
        sealed = {name: _seal(key.cipher, key.key_id, uid, name, content) for name, content in plain.items()}
        known_number = number or key.number
        if known_number is not None:
            content = known_number.encode("ascii")
            sealed[SUBJECT_NUMBER] = _seal(key.cipher, key.key_id, uid, SUBJECT_NUMBER, content)
        return sealed


class Opener:
    """The delivering side: opens permitted sections of a claimed delivery. INVARIANT: decide never holds one."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    async def open_sections(self, event: SealedEvent, sections: Iterable[str]) -> dict[str, bytes]:
        """Return the plain bytes (JSON, UTF-8) of those named sections that have content.

        Raises:
            KeyErased: the child was erased.
            KeyUnusable: the stored key cannot be unwrapped.
            SealBroken: a section was altered or moved.
        """
        opened = {}
        for name in sections:
            sealed = event.sealed.get(name)
            if sealed is not None:
                opened[name] = await self._open(event, name, sealed)
        return opened

    async def subject_number(self, event: SealedEvent) -> str | None:
        """Return the citizen number of the subject, only to make a receiver's own pseudonym; None without subject.

        Raises:
            KeyErased, KeyUnusable, SealBroken: see open_sections.
        """
        sealed = event.sealed.get(SUBJECT_NUMBER)
        return None if sealed is None else (await self._open(event, SUBJECT_NUMBER, sealed)).decode("ascii")

    async def _open(self, event: SealedEvent, name: str, sealed: SealedSection) -> bytes:
        reference = key_reference(event.uid, _subject_ref(event.event))
        key = await self._ring.existing_key(reference, sealed.key_id)
        return _open(key.cipher, event.uid, name, sealed)


def _subject_ref(event: JsonObject) -> str | None:
    subject_ref = event.get("subject_ref")
    return subject_ref if isinstance(subject_ref, str) else None
