"""Look-up tables of a batch: what belongs to these keys, in the order in which it came."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from hub.core.history import Entry
from hub.core.matching import households_of, parents_of
from hub.core.threads import Thread

Item = TypeVar("Item")


class OrderedIndex(Generic[Item]):
    """Items in order, found by any of their keys."""

    def __init__(self, keys_of_item: Callable[[Item], Iterable[Hashable]], items: Iterable[Item]) -> None:
        self._keys_of_item = keys_of_item
        self._items: list[Item | None] = []
        self._places: dict[Hashable, list[int]] = {}
        for item in items:
            self.append(item)

    def append(self, item: Item) -> int:
        """Add an item at the end; returns its place."""
        place = len(self._items)
        self._items.append(item)
        self._file(item, place)
        return place

    def put(self, place: int, item: Item | None) -> None:
        """Put another item, or nothing, in a place. Look-ups by the old keys may still find the new item."""
        self._items[place] = item
        if item is not None:
            self._file(item, place)

    def _file(self, item: Item, place: int) -> None:
        for key in self._keys_of_item(item):
            self._places.setdefault(key, []).append(place)

    def select(self, keys: Iterable[Hashable]) -> list[Item]:
        """Return the items under any of these keys, each once, in order."""
        places = {place for key in keys for place in self._places.get(key, ())}
        found = (self._items[place] for place in sorted(places))
        return [item for item in found if item is not None]

    def all(self) -> list[Item]:
        """Return everything in order."""
        return [item for item in self._items if item is not None]


class EntryIndex:
    """The memory: entries by subject, (source, id), record and event id; an entry is replaced by its entry id."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._index: OrderedIndex[Entry] = OrderedIndex(_entry_keys, ())
        self._latest: dict[str, tuple[int, str]] = {}
        for entry in entries:
            self.put(entry)

    def put(self, entry: Entry) -> None:
        """Insert or replace. What is processed as new under an old id takes its place at the end."""
        place, at = self._latest.get(entry.entry_id, (None, None))
        if place is not None and at == entry.at:
            self._index.put(place, entry)
            return
        if place is not None:
            self._index.put(place, None)
        self._latest[entry.entry_id] = (self._index.append(entry), entry.at)

    def select(self, keys: Iterable[Hashable]) -> tuple[Entry, ...]:
        """Return the entries under any of these keys, in processing order."""
        return tuple(self._index.select(keys))

    def all(self) -> tuple[Entry, ...]:
        """Return the whole memory."""
        return tuple(self._index.all())


def _entry_keys(entry: Entry) -> Iterable[Hashable]:
    yield ("id", entry.source, entry.event_id)
    # A receiver knows an event by the hub's id of it, its sender by the sender's own.
    for known_id in {entry.event_id, entry.entry_id, entry.record_ref} - {None}:
        yield ("event", known_id)
    if entry.record_ref is not None:
        yield ("record", entry.org, entry.record_ref)
    if entry.subject_ref is not None:
        yield ("subject", entry.subject_ref)


class ThreadIndex:
    """What goes on: open threads by subject, all threads by the event that they are about."""

    def __init__(self, threads: Iterable[Thread]) -> None:
        self._threads: dict[str, Thread] = {}
        self._ids: dict[Hashable, dict[str, None]] = {}
        for thread in threads:
            self.put(thread)

    def put(self, thread: Thread) -> None:
        """Insert or replace. A thread never changes its subject or its event."""
        self._threads[thread.thread_id] = thread
        for key in (("subject", thread.subject_ref), ("uid", thread.uid)):
            self._ids.setdefault(key, {})[thread.thread_id] = None

    def select(self, subject_ref: str, uids: Iterable[str]) -> tuple[Thread, ...]:
        """Return the open threads of this subject and all that are about these events, each once."""
        found = {
            name: self._threads[name]
            for name in self._ids.get(("subject", subject_ref), ())
            if self._threads[name].is_open
        }
        for uid in uids:
            found.update((name, self._threads[name]) for name in self._ids.get(("uid", uid), ()))
        return tuple(found.values())

    def all(self) -> tuple[Thread, ...]:
        """Return every thread."""
        return tuple(self._threads.values())


class KinIndex:
    """Who shares a household or a parent with whom, as far as that may make a match (DEDUP.md section 5)."""

    def __init__(self, subjects: Mapping[str, Mapping[str, Any]]) -> None:
        self._ties: dict[str, frozenset[Hashable]] = {}
        self._members: dict[Hashable, set[str]] = {}
        for subject_ref, subject in subjects.items():
            self.put(subject_ref, subject)

    def put(self, subject_ref: str, subject: Mapping[str, Any]) -> None:
        """File a person under its households and parents of now."""
        for tie in self._ties.get(subject_ref, ()):
            self._members[tie].discard(subject_ref)
        self._ties[subject_ref] = _ties_of(subject)
        for tie in self._ties[subject_ref]:
            self._members.setdefault(tie, set()).add(subject_ref)

    def kin_of(self, subject_ref: str) -> set[str]:
        """Return the other persons with a common tie."""
        ties = self._ties.get(subject_ref, ())
        return {member for tie in ties for member in self._members[tie]} - {subject_ref}


def _ties_of(subject: Mapping[str, Any]) -> frozenset[Hashable]:
    """Return the ties of one person; none while the address is or may be secret."""
    if subject.get("protected_address") is not False:
        return frozenset()
    households = (("household", household) for household in households_of(subject))
    return frozenset((*households, *(("parent", person) for person in parents_of(subject))))
