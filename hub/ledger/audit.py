"""The audit chain: decision rows that cannot be edited, removed or inserted unseen.

Per partition each row holds the hash of the one before; `hash` = SHA-256 over the previous hash and the row's
canonical JSON. The chain's head is kept apart, so that a cut-off tail is found too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from hub.core.model import JsonObject
from hub.ledger.interface import ChainBreak
from hub.ledger.rows import ChainRow, DecisionRow
from hub.ledger.texts import from_json, key_text, to_canonical_json

FIRST_HASH: Final = bytes(32)
"""What the first row of a partition has as previous hash."""


@dataclass(frozen=True, slots=True)
class Link:
    """A decision that waits for its place in the chain. `document` holds codes and pseudonyms only."""

    partition: int
    place: str
    uid: str
    outcome: str
    reason: str
    rule_set: str
    document: JsonObject


def link_hash(previous: bytes, document: str) -> bytes:
    """Return the hash of a row."""
    return sha256(previous + document.encode()).digest()


def _row(link: Link, position: int, previous: bytes) -> DecisionRow:
    document = to_canonical_json(
        link.document
        | {
            "partition": link.partition,
            "position": position,
            "place": link.place,
            "uid": link.uid,
            "outcome": link.outcome,
            "reason": link.reason,
            "rule_set": link.rule_set,
        }
    )
    return DecisionRow(
        link.partition,
        position,
        previous,
        link_hash(previous, document),
        link.place,
        link.uid,
        link.outcome,
        key_text(link.reason),
        link.rule_set,
        document,
    )


def append(heads: Iterable[ChainRow], links: Sequence[Link]) -> tuple[list[DecisionRow], list[ChainRow]]:
    """Return the rows for `links`, in their order, and the new heads. Every partition has a head."""
    current = {head.partition: head for head in heads}
    written: list[DecisionRow] = []
    for link in links:
        head = current[link.partition]
        row = _row(link, head.position + 1, head.hash)
        written.append(row)
        current[link.partition] = ChainRow(link.partition, row.position, row.hash)
    return written, list(current.values())


@dataclass(slots=True)
class ChainCheck:
    """Walks one partition's rows in order and collects what does not hold."""

    partition: int
    head: ChainRow | None
    position: int = 0
    previous: bytes = FIRST_HASH
    breaks: list[ChainBreak] = field(default_factory=list)

    def feed(self, row: DecisionRow) -> None:
        """Check one row against the one before."""
        if row.position > self.position + 1:
            self._report(self.position + 1, "removed")
        elif row.previous_hash != self.previous:
            self._report(row.position, "inserted")
        if row.hash != link_hash(row.previous_hash, row.document) or not _columns_agree(row):
            self._report(row.position, "edited")
        self.position, self.previous = row.position, row.hash

    def finish(self) -> list[ChainBreak]:
        """Compare the last row with the head and return everything found."""
        if self.head is None:
            self._report(self.position, "inserted")
        elif self.head.position > self.position:
            self._report(self.position + 1, "removed")
        elif (self.head.position, self.head.hash) != (self.position, self.previous):
            self._report(self.position, "inserted")
        return self.breaks

    def _report(self, position: int, kind: str) -> None:
        self.breaks.append(ChainBreak(self.partition, position, kind))


def _columns_agree(row: DecisionRow) -> bool:
    """Tell whether the columns that people query say what the hashed document says."""
    document = from_json(row.document)
    if not isinstance(document, dict):
        return False
    columns = ("partition", "position", "place", "uid", "outcome", "rule_set")
    same = all(document.get(column) == getattr(row, column) for column in columns)
    return same and key_text(str(document.get("reason"))) == row.reason
