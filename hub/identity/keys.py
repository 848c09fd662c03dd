"""Data keys: one per child, wrapped under a master key, erasable (AVG article 17, article 32).

Each child's sections are sealed with the child's own data key. The key rests wrapped; erasing that one row makes
every copy of the content unreadable, in topics, tables and backups alike.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.identity.key_material import KEY_BYTES, VersionedKeys

NONCE_BYTES = 12
"""96 bits: the nonce length of AES-GCM for which NIST SP 800-38D sets no extra hashing."""

CACHE_SECONDS = 60.0
"""How long an opened data key stays in memory: erasing a child takes effect everywhere within this time."""

CACHE_KEYS = 10_000
"""Opened data keys held at once: a busy hour of a large city, about 5 MB."""


class KeyErased(Exception):  # noqa: N818  (an expected answer: the child was erased)
    """The data key of this content no longer exists: the content can never be read again."""


class KeyUnusable(Exception):  # noqa: N818  (names the state an operator sees)
    """A wrapped key cannot be opened: its master key version is not held, or it was altered or moved."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key at rest. `key_id` is random and names this key; `wrapped` can be read only by the provider.

    `wrapped` also holds the citizen number of the child where the hub was told it: erasing the row erases both.
    """

    key_id: str
    master_key_id: str
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key in memory. `number` is the subject's citizen number, or None where there is no subject."""

    key_id: str
    key: bytes = field(repr=False)
    number: str | None = field(default=None, repr=False)
    cipher: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cipher", AESGCM(self.key))


class KeyProvider(Protocol):
    """Wraps and unwraps small secrets under master keys. Vault or an HSM can stand behind it.

    `context` binds a wrapped secret to its place: a secret unwraps only with the context it was wrapped with.
    """

    async def wrap(self, secret: bytes, context: bytes) -> tuple[str, bytes]:
        """Return the id of the master key used (the newest) and the wrapped secret."""
        ...

    async def unwrap(self, master_key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """Return the secret.

        Raises:
            KeyUnusable: unknown master key, altered bytes or another context.
        """
        ...


class LocalKeyProvider:
    """Master keys held in this process, read from a file or the environment (`VersionedKeys`)."""

    def __init__(self, masters: VersionedKeys) -> None:
        self._newest = masters.newest_first()[0][0]
        self._ciphers = {version: AESGCM(key) for version, key in masters.newest_first()}

    async def wrap(self, secret: bytes, context: bytes) -> tuple[str, bytes]:
        """See KeyProvider."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return self._newest, nonce + self._ciphers[self._newest].encrypt(nonce, secret, context)

    async def unwrap(self, master_key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """See KeyProvider."""
        cipher = self._ciphers.get(master_key_id)
        if cipher is None:
            raise KeyUnusable("the master key of this data key is not held")
        try:
            return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise KeyUnusable("a wrapped data key was altered or belongs elsewhere") from None


class DataKeyStore(Protocol):
    """Where wrapped data keys rest: the ledger, or memory in tests and simulation."""

    async def fetch(self, subject_ref: str) -> WrappedKey | None:
        """Return the wrapped key, or None when there is none (never made, or erased)."""
        ...

    async def insert_if_absent(self, subject_ref: str, key: WrappedKey) -> WrappedKey:
        """Store the key unless there is one, and return the one that is stored."""
        ...

    async def erase(self, subject_ref: str) -> None:
        """Remove the key for good. Removing what is not there is no error."""
        ...


class MemoryDataKeyStore:
    """Wrapped data keys in memory, with the promises of DataKeyStore."""

    def __init__(self) -> None:
        self._keys: dict[str, WrappedKey] = {}

    async def fetch(self, subject_ref: str) -> WrappedKey | None:
        """See DataKeyStore."""
        return self._keys.get(subject_ref)

    async def insert_if_absent(self, subject_ref: str, key: WrappedKey) -> WrappedKey:
        """See DataKeyStore."""
        return self._keys.setdefault(subject_ref, key)

    async def erase(self, subject_ref: str) -> None:
        """See DataKeyStore."""
        self._keys.pop(subject_ref, None)


class KeyRing:
    """Data keys by subject ref (or `event:<uid>` for an event without subject), opened on demand.

    Opened keys stay in a bounded memory for `cache_seconds` and no longer: an erased key is refused everywhere
    after that time, in this process at once after `erase`.

    Content that another process seals for an erased child within that time is sealed with the erased key, and can
    never be read: the erasure wins over the newcomer.
    """

    def __init__(
        self,
        provider: KeyProvider,
        store: DataKeyStore,
        *,
        cache_keys: int = CACHE_KEYS,
        cache_seconds: float = CACHE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._store = store
        self._cache_keys = cache_keys
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._cache: OrderedDict[str, tuple[float, DataKey]] = OrderedDict()

    async def data_key(self, subject_ref: str, number: str | None = None) -> DataKey:
        """Return the key to seal with, made when there is none. `number` is stored with a new key only.

        Raises:
            KeyUnusable: the stored key cannot be unwrapped; nothing is made in its place.
        """
        cached = self._cached(subject_ref)
        if cached is not None:
            return cached
        wrapped = await self._store.fetch(subject_ref)
        if wrapped is None:
            wrapped = await self._store.insert_if_absent(subject_ref, await self._make(subject_ref, number))
        return await self._unwrapped(subject_ref, wrapped)

    async def existing_key(self, subject_ref: str, key_id: str) -> DataKey:
        """Return the key to open with.

        Raises:
            KeyErased: the key was erased. A child that came back has a new key, which does not open old content.
            KeyUnusable: the stored key cannot be unwrapped.
        """
        cached = self._cached(subject_ref)
        if cached is not None and cached.key_id == key_id:
            return cached
        wrapped = await self._store.fetch(subject_ref)
        if wrapped is None or wrapped.key_id != key_id:
            raise KeyErased("the data key of this content was erased")
        return await self._unwrapped(subject_ref, wrapped)

    async def erase(self, subject_ref: str) -> None:
        """Erase a child's key: everything sealed with it is unreadable from now on (AVG article 17)."""
        await self._store.erase(subject_ref)
        self._cache.pop(subject_ref, None)

    def _cached(self, subject_ref: str) -> DataKey | None:
        entry = self._cache.get(subject_ref)
        if entry is None:
            return None
        if self._clock() >= entry[0]:
            del self._cache[subject_ref]
            return None
        self._cache.move_to_end(subject_ref)
        return entry[1]

    async def _make(self, subject_ref: str, number: str | None) -> WrappedKey:
        key_id = secrets.token_urlsafe(9)
        secret = secrets.token_bytes(KEY_BYTES) + (number or "").encode("ascii")
        master_key_id, wrapped = await self._provider.wrap(secret, _context(subject_ref, key_id))
        return WrappedKey(key_id, master_key_id, wrapped)

    async def _unwrapped(self, subject_ref: str, wrapped: WrappedKey) -> DataKey:
        context = _context(subject_ref, wrapped.key_id)
        secret = await self._provider.unwrap(wrapped.master_key_id, wrapped.wrapped, context)
        number = secret[KEY_BYTES:].decode("ascii") or None
        data_key = DataKey(wrapped.key_id, secret[:KEY_BYTES], number)
        self._cache[subject_ref] = (self._clock() + self._cache_seconds, data_key)
        self._cache.move_to_end(subject_ref)
        while len(self._cache) > self._cache_keys:
            self._cache.popitem(last=False)
        return data_key


def _context(subject_ref: str, key_id: str) -> bytes:
    # A line feed occurs in neither part: the pair is unambiguous.
    return f"samenhub data key\n{subject_ref}\n{key_id}".encode()
