"""Key material, the local key provider, and the ring of data keys with its bounded memory."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from hub.identity.key_material import KEY_BYTES, KeyMaterialError, VersionedKeys
from hub.identity.keys import (
    DataKey,
    KeyErased,
    KeyRing,
    KeyUnusable,
    LocalKeyProvider,
    MemoryDataKeyStore,
    WrappedKey,
)

ONE, TWO = bytes(range(32)), bytes(range(32, 64))
LINE = f"v1 {base64.b64encode(ONE).decode()}"
CHILD = "ps_v1_child"


class CountingStore(MemoryDataKeyStore):
    """A store that counts how often it is asked."""

    fetches = 0

    async def fetch(self, subject_ref: str) -> WrappedKey | None:
        self.fetches += 1
        return await super().fetch(subject_ref)


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def ring_of(store: MemoryDataKeyStore, masters: VersionedKeys | None = None, **options: object) -> KeyRing:
    """Return a ring over a store, with a fixed master key unless given."""
    provider = LocalKeyProvider(masters or VersionedKeys({"m1": ONE}))
    return KeyRing(provider, store, **options)  # type: ignore[arg-type]


def test_keys_are_read_from_a_file_and_written_back(tmp_path: Path) -> None:
    """A key file gives its versions, the last line newest; comments and empty lines do not count."""
    path = tmp_path / "pseudonym.keys"
    path.write_text(f"# first\n{LINE}\n\nv2 {base64.b64encode(TWO).decode()}\n")
    path.chmod(0o600)
    keys = VersionedKeys.from_file(path)
    assert keys.newest_first() == (("v2", TWO), ("v1", ONE))
    assert (keys.get("v1"), keys.get("v9")) == (ONE, None)
    path.write_text(keys.to_text())
    assert VersionedKeys.from_file(path).newest_first() == keys.newest_first()


def test_a_key_file_open_to_everyone_is_refused(tmp_path: Path) -> None:
    """A key that every user of the machine can read is no key; the message says which mode to use."""
    path = tmp_path / "open.keys"
    path.write_text(LINE)
    path.chmod(0o644)
    with pytest.raises(KeyMaterialError, match="0600"):
        VersionedKeys.from_file(path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "at least one key"),
        ("v1 !!", "line 1: the key is not base64"),
        ("v1 AAAA", "does not have 32 bytes"),
        (f"{LINE}\n{LINE}", "line 2: this version occurs twice"),
        (LINE.replace("v1", "V1"), "letter"),
        (LINE.replace("v1", "v_1"), "letter"),
    ],
)
def test_ill_formed_keys_are_named_without_showing_them(tmp_path: Path, text: str, problem: str) -> None:
    """Every fault of a key file is told with file and line, never with a secret."""
    path = tmp_path / "bad.keys"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyMaterialError, match=problem) as refused:
        VersionedKeys.from_file(path)
    assert LINE.split()[1] not in str(refused.value)
    assert str(path) in str(refused.value)


def test_an_unreadable_key_file_is_an_error(tmp_path: Path) -> None:
    """A missing file and a file that is no text are both refused."""
    with pytest.raises(KeyMaterialError, match="FileNotFoundError"):
        VersionedKeys.from_file(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(KeyMaterialError, match="UnicodeDecodeError"):
        VersionedKeys.from_file(tmp_path / "binary")


def test_keys_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable holds keys separated by commas or lines; one that is not set is an error."""
    text = f"{LINE},v2 {base64.b64encode(TWO).decode()}"
    assert VersionedKeys.from_environment("KEYS", {"KEYS": text}).newest_first()[0] == ("v2", TWO)
    monkeypatch.setenv("SAMENHUB_KEYS_OF_THIS_TEST", LINE)
    assert VersionedKeys.from_environment("SAMENHUB_KEYS_OF_THIS_TEST").get("v1") == ONE
    with pytest.raises(KeyMaterialError, match="KEYS: not set"):
        VersionedKeys.from_environment("KEYS", {})


def test_no_secret_shows_in_a_representation() -> None:
    """Printing keys, wrapped keys or data keys shows names only."""
    shown = repr(VersionedKeys({"v1": ONE})) + repr(DataKey("k1", ONE, "999900006"))
    shown += repr(WrappedKey("k1", "m1", b"secret-bytes"))
    assert "v1" in shown
    assert not any(secret in shown for secret in (repr(ONE), "999900006", "secret-bytes"))


def test_a_generated_key_is_new_each_time() -> None:
    """Generated keys have full length and differ."""
    first, second = VersionedKeys.generate("v1").get("v1"), VersionedKeys.generate("v1").get("v1")
    assert first is not None
    assert len(first) == KEY_BYTES
    assert first != second


async def test_a_wrapped_secret_opens_only_in_its_place() -> None:
    """Another context, altered bytes and an unknown master key are all refused, without the cause's text."""
    provider = LocalKeyProvider(VersionedKeys({"m1": ONE}))
    master, wrapped = await provider.wrap(b"secret", b"here")
    assert await provider.unwrap(master, wrapped, b"here") == b"secret"
    for broken in (
        (master, wrapped, b"there"),
        (master, wrapped[:-1] + b"x", b"here"),
        (master, b"", b"here"),
    ):
        with pytest.raises(KeyUnusable, match="altered"):
            await provider.unwrap(*broken)
    with pytest.raises(KeyUnusable, match="not held"):
        await provider.unwrap("m9", wrapped, b"here")


async def test_master_keys_rotate() -> None:
    """After a new master key is added old data keys open still, and new ones are wrapped under the new master."""
    store = MemoryDataKeyStore()
    before = await ring_of(store).data_key(CHILD)
    rotated = ring_of(store, VersionedKeys({"m1": ONE, "m2": TWO}))
    assert (await rotated.data_key(CHILD)).key == before.key
    await rotated.data_key("ps_v1_other")
    wrapped = await store.fetch("ps_v1_other")
    assert wrapped is not None
    assert wrapped.master_key_id == "m2"
    with pytest.raises(KeyUnusable):
        await ring_of(store, VersionedKeys({"m2": TWO})).data_key(CHILD)


async def test_one_key_per_child_also_when_two_doors_make_one_at_once() -> None:
    """The key that was stored first is the one that everybody uses."""
    store = MemoryDataKeyStore()
    first = await ring_of(store).data_key(CHILD, "999900006")
    loser = WrappedKey("late", "m1", b"")
    assert (await store.insert_if_absent(CHILD, loser)).key_id == first.key_id
    again = await ring_of(store).data_key(CHILD)
    assert (again.key, again.number) == (first.key, "999900006")
    assert (await ring_of(store).data_key("ps_v1_other")).key != first.key


async def test_a_wrapped_key_cannot_serve_another_child() -> None:
    """A row copied to another child's name does not unwrap."""
    store = MemoryDataKeyStore()
    await ring_of(store).data_key(CHILD)
    row = await store.fetch(CHILD)
    assert row is not None
    await store.insert_if_absent("ps_v1_other", row)
    with pytest.raises(KeyUnusable):
        await ring_of(store).data_key("ps_v1_other")


async def test_erasing_takes_effect_at_once_here_and_in_time_elsewhere() -> None:
    """The process that erases refuses at once; another one when its memory of the key ends, not later."""
    store, clock = MemoryDataKeyStore(), Clock()
    here, elsewhere = ring_of(store), ring_of(store, cache_seconds=60.0, clock=clock)
    key_id = (await here.data_key(CHILD)).key_id
    await elsewhere.existing_key(CHILD, key_id)
    await here.erase(CHILD)
    with pytest.raises(KeyErased):
        await here.existing_key(CHILD, key_id)
    clock.now = 59.9
    assert (await elsewhere.existing_key(CHILD, key_id)).key_id == key_id
    clock.now = 60.0
    with pytest.raises(KeyErased):
        await elsewhere.existing_key(CHILD, key_id)
    await here.erase(CHILD)


async def test_a_child_that_comes_back_has_a_new_key() -> None:
    """After erasure new content gets a new key, and that key does not open old content."""
    store = MemoryDataKeyStore()
    ring = ring_of(store)
    old = await ring.data_key(CHILD)
    await ring.erase(CHILD)
    new = await ring.data_key(CHILD)
    assert (new.key_id, new.key) != (old.key_id, old.key)
    with pytest.raises(KeyErased):
        await ring.existing_key(CHILD, old.key_id)


async def test_the_memory_of_keys_is_bounded_and_used() -> None:
    """A key in memory is not fetched again; the least recently used one goes when the bound is reached."""
    store = CountingStore()
    ring = ring_of(store, cache_keys=2)
    for child in ("a", "b", "a", "c", "a"):
        await ring.data_key(child)
    assert store.fetches == 3
    await ring.data_key("b")
    assert store.fetches == 4
