"""Sealing: what was closed opens only in its place, its length is rounded, and an erased child is gone."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.codes import SECTIONS
from hub.identity.key_material import VersionedKeys
from hub.identity.keys import KeyErased, KeyRing, LocalKeyProvider, MemoryDataKeyStore
from hub.identity.sealing import PADDING_BYTES, Opener, SealBroken, Sealer, key_reference, open_section, seal
from hub.wire.envelope import SUBJECT_NUMBER, SealedEvent, SealedSection

KEY = bytes(range(32))
UID = "2f1c1c52-5a0e-5b7e-9d4c-0f6a52b1c7de"
names = st.sampled_from([*SECTIONS, SUBJECT_NUMBER])


@pytest.fixture
def ring() -> KeyRing:
    """Return a ring with a new master key and an empty store."""
    return KeyRing(LocalKeyProvider(VersionedKeys.generate("m1")), MemoryDataKeyStore())


def event_with(sealed: dict[str, SealedSection], subject_ref: str | None) -> SealedEvent:
    """Return an event that carries these sealed sections."""
    view: dict[str, object] = {"sections": list(sealed)}
    if subject_ref is not None:
        view["subject_ref"] = subject_ref
    return SealedEvent(UID, view, "school_1", "2026-11-21T10:00:00Z", subject_ref or UID, sealed)


@given(st.binary(max_size=2000), names, st.uuids())
def test_what_was_sealed_opens_again(plain: bytes, section: str, uid: object) -> None:
    """Any bytes come back exactly, for any section and event."""
    sealed = seal(KEY, "k1", str(uid), section, plain)
    assert open_section(KEY, str(uid), section, sealed) == plain
    assert sealed.key_id == "k1"


@given(st.binary(max_size=600), names, st.data())
def test_it_opens_nowhere_else(plain: bytes, section: str, data: st.DataObject) -> None:
    """Another section, event or key, and any altered byte, give SealBroken and nothing else."""
    sealed = seal(KEY, "k1", UID, section, plain)
    other = data.draw(names.filter(lambda name: name != section))
    place = data.draw(st.integers(0, len(sealed.ciphertext) - 1))
    altered = bytearray(sealed.ciphertext)
    altered[place] ^= data.draw(st.integers(1, 255))
    for key, uid, name, box in (
        (KEY, UID, other, sealed),
        (KEY, UID[:-1] + "f", section, sealed),
        (bytes(32), UID, section, sealed),
        (KEY, UID, section, dataclasses.replace(sealed, ciphertext=bytes(altered))),
        (KEY, UID, section, dataclasses.replace(sealed, ciphertext=sealed.ciphertext[:place])),
        (KEY, UID, section, dataclasses.replace(sealed, nonce=b"")),
    ):
        with pytest.raises(SealBroken):
            open_section(key, uid, name, box)


def test_parts_of_the_place_cannot_be_shifted() -> None:
    """The event id and the section name are bound apart: moving a letter from one to the other breaks the seal."""
    sealed = seal(KEY, "k1", UID + "m", "eta", b"x")
    with pytest.raises(SealBroken):
        open_section(KEY, UID, "meta", sealed)


@given(st.binary(max_size=1500))
def test_lengths_are_rounded(plain: bytes) -> None:
    """The sealed length tells only in which step of 256 bytes the content falls."""
    sealed = seal(KEY, "k1", UID, "narrative", plain)
    assert (len(sealed.ciphertext) - 16) % PADDING_BYTES == 0
    assert len(sealed.ciphertext) - 16 < len(plain) + 4 + PADDING_BYTES


def test_equal_content_is_sealed_differently() -> None:
    """Nobody can see that two sections hold the same."""
    first, second = (seal(KEY, "k1", UID, "codes", b"same") for _ in range(2))
    assert first.nonce != second.nonce
    assert first.ciphertext != second.ciphertext


async def test_an_event_opens_for_the_delivering_side(ring: KeyRing) -> None:
    """The opener gives the sections asked for that have content, and the subject's number apart."""
    plain = {"meta": b"{}", "narrative": b'{"facts":"x"}'}
    sealed = await Sealer(ring).seal_event(UID, "ps_v1_child", "999900006", plain)
    event = event_with(sealed, "ps_v1_child")
    opener = Opener(ring)
    assert await opener.open_sections(event, ["meta", "narrative", "health"]) == plain
    assert await opener.open_sections(event, ["meta"]) == {"meta": b"{}"}
    assert await opener.subject_number(event) == "999900006"


async def test_a_subject_known_by_pseudonym_keeps_its_number(ring: KeyRing) -> None:
    """The number told once is sealed with later events whose sender only knows a pseudonym."""
    sealer = Sealer(ring)
    await sealer.seal_event(UID, "ps_v1_child", "999900006", {})
    later = event_with(await sealer.seal_event(UID, "ps_v1_child", None, {}), "ps_v1_child")
    assert await Opener(ring).subject_number(later) == "999900006"


async def test_an_event_without_subject_has_a_key_of_its_own(ring: KeyRing) -> None:
    """An anonymous question is sealed with a key for that event alone, and holds no number."""
    event = event_with(await Sealer(ring).seal_event(UID, None, None, {"meta": b"{}"}), None)
    assert key_reference(UID, None) == f"event:{UID}"
    assert await Opener(ring).open_sections(event, ["meta"]) == {"meta": b"{}"}
    assert await Opener(ring).subject_number(event) is None
    await ring.erase(f"event:{UID}")
    with pytest.raises(KeyErased):
        await Opener(ring).open_sections(event, ["meta"])


async def test_erasing_the_key_makes_every_copy_unreadable(ring: KeyRing) -> None:
    """After erasure neither sections nor number open, also when the child has a new key since."""
    sealer, opener = Sealer(ring), Opener(ring)
    event = event_with(
        await sealer.seal_event(UID, "ps_v1_child", "999900006", {"meta": b"{}"}), "ps_v1_child"
    )
    await ring.erase("ps_v1_child")
    with pytest.raises(KeyErased):
        await opener.open_sections(event, ["meta"])
    await sealer.seal_event(UID, "ps_v1_child", "999900006", {"meta": b"{}"})
    with pytest.raises(KeyErased):
        await opener.subject_number(event)
