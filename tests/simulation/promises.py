"""The ledger's promises, checked on what each transaction changed. Nothing of the product is imported here.

A transaction is judged by the rows that it changed, and by a model of its own that this module keeps beside the
ledger: a fault is seen in the transaction that made it, not when somebody counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

Change = tuple[str, Any, Any]
Rows = Mapping[str, Any]

REPEATED = frozenset({"duplicate", "conflict", "stale", "rejected"})
"""Verdicts about something that was decided before, or that changes nothing."""

AGAIN = frozenset({"reevaluated", "retracted", "unmatch"})
"""Verdicts that one event can get more than once: it waited, or taking a signal back leaves no memory (DEDUP.md)."""

OPEN = frozenset({"pending", "claimed"})
FIRST_HASH = bytes(32)


class BrokenPromiseError(AssertionError):
    """A promise that does not hold."""


def hold(promise: bool, text: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise unless this promise holds."""
    if not promise:
        raise BrokenPromiseError(text)


class Promises:
    """Everything that must hold after each transaction.

    Args:
        offsets: The ledger's offsets as they are kept, (log, partition) to (next offset, …).
        claimed: Told of each delivery that may leave from now on.
        decided: Told of each record that was decided: (partition, offset), intake row.
        written: Tells whether this row of the outbox is in the log.
    """

    def __init__(
        self,
        offsets: Mapping[tuple[int, int], Any],
        claimed: Callable[[Any], None],
        decided: Callable[[tuple[int, int], Any], None],
        written: Callable[[int], bool],
    ) -> None:
        self._offsets = offsets
        self._claimed = claimed
        self._decided = decided
        self._written = written
        self._next: dict[tuple[int, int], int] = {}
        self._heads: dict[int, tuple[int, bytes]] = {}
        self._first_verdict: dict[str, str] = {}
        self.said: set[tuple[str, ...]] = set()
        self.intake: dict[str, Any] = {}
        self.lines: dict[str, dict[int, Any]] = {}
        self.deliveries: dict[str, dict[str, Any]] = {}
        self.holds: dict[str, str] = {}
        self.parked: dict[str, list[Any]] = {}
        self.numbers: dict[str, dict[int, str]] = {}
        self.arrived: set[str] = set()
        self.granted: dict[str, list[tuple[int, frozenset[str]]]] = {}

    # --- one transaction --------------------------------------------------------------------------
    def committed(self, changes: Iterable[Change]) -> None:
        """Judge one transaction."""
        by_table: dict[str, list[tuple[Any, Any]]] = {}
        for table, before, after in changes:
            by_table.setdefault(table, []).append((before, after))
        decided = self._intake(by_table.get("intake", ()))
        self._offsets_moved(decided)
        touched = set(decided)
        self._chain(by_table.get("decision", ()), by_table.get("chain", ()))
        self._outbox(by_table.get("outbox", ()))
        for before, after in by_table.get("line", ()):
            touched.add(self._line(before, after))
        for before, after in by_table.get("hold", ()):
            touched.add(self._hold(before, after))
        for _, after in by_table.get("parked", ()):
            if after is not None:
                self.parked.setdefault(after.place, []).append(after)
                touched.add(after.place)
        self._freed(by_table.get("delivery", ()))
        for before, after in by_table.get("delivery", ()):
            touched.add(self._delivery(before, after))
        counted = {after.subscription_id: after for _, after in by_table.get("subscription_sequence", ())}
        for sequence in counted.values():  # as it is at the end of the transaction
            self._numbers(sequence)
        for place in touched:
            self._balances(place)

    # --- every record decided once, in the transaction that moves the offset ------------------------
    def _intake(self, changes: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
        decided: dict[str, Any] = {}
        for before, after in changes:
            hold(after is not None, "a decided record is never removed")
            if before is None:
                hold(after.place not in self.intake, f"record {after.place} is decided twice")
                decided[after.place] = after
                if after.uid and after.verdict not in REPEATED | AGAIN:
                    known = self._first_verdict.setdefault(after.uid, after.place)
                    hold(known == after.place, f"event {after.uid} is decided twice")
            self.intake[after.place] = after
        return decided

    def _offsets_moved(self, decided: Mapping[str, Any]) -> None:
        wanted = set()
        for (log, partition), row in self._offsets.items():
            start = self._next.get((log, partition), 0)
            if row.next_offset != start:
                hold(row.next_offset > start, f"the offset of partition {partition} went back")
                wanted |= {f"{log}/{partition}/{offset}" for offset in range(start, row.next_offset)}
                self._next[log, partition] = row.next_offset
        hold(wanted == set(decided), "the offset moves over exactly the records that are decided with it")
        for place, row in decided.items():
            _, in_partition, offset = place.split("/")
            self._decided((int(in_partition), int(offset)), row)

    # --- the audit chain ----------------------------------------------------------------------------
    def _chain(self, rows: Iterable[tuple[Any, Any]], heads: Iterable[tuple[Any, Any]]) -> None:
        for before, row in rows:
            hold(before is None and row is not None, "a decision row is never changed")
            position, previous = self._heads.get(row.partition, (0, FIRST_HASH))
            hold(row.position == position + 1 and row.previous_hash == previous, "a link continues its chain")
            own = sha256(previous + row.document.encode()).digest()
            hold(row.hash == own, "a link holds the hash of what was before and of itself")
            self._heads[row.partition] = (row.position, own)
        for head in {head.partition: head for _, head in heads}.values():
            known = self._heads.get(head.partition, (0, FIRST_HASH))
            hold((head.position, head.hash) == known, "the head of a chain is its last link")

    # --- what the hub sends itself ------------------------------------------------------------------
    def _outbox(self, changes: Iterable[tuple[Any, Any]]) -> None:
        for before, after in changes:
            if after is None:
                hold(self._written(before.row_id), "a message leaves the outbox when the log has it")
                continue
            document = json.loads(after.document)
            if after.topic == "hub.events":
                said: tuple[str, ...] = ("event", document["id"])
            elif after.topic == "hub.alerts":
                said = ("alert", document["alert_id"], document["type"], str(document["level"]))
            else:
                continue
            hold(said not in self.said, f"the hub says each thing once: {said[0]} {document.get('type')}")
            self.said.add(said)

    # --- the balance --------------------------------------------------------------------------------
    def _line(self, before: Any, after: Any) -> str:
        hold(after is not None, "a line is never removed")
        if before is not None and before.state == "delivered":
            hold(after.state in ("delivered", "pending"), "what was delivered stays delivered")
        self.lines.setdefault(after.place, {})[after.line] = after
        return str(after.place)

    def _hold(self, before: Any, after: Any) -> str:
        row = after if after is not None else before
        if after is None:
            self.holds.pop(row.uid, None)
        else:
            self.holds[row.uid] = row.place
        return str(row.place)

    def _freed(self, changes: Iterable[tuple[Any, Any]]) -> None:
        """Take back the numbers that deliveries lost: they may be given again in the same transaction."""
        for before, after in changes:
            if (
                before is not None
                and before.sequence
                and (after is None or after.sequence != before.sequence)
            ):
                hold(before.state != "delivered", "a delivered number is never given back")
                self.numbers[before.subscription_id].pop(before.sequence, None)

    def _delivery(self, before: Any, after: Any) -> str:
        hold(after is not None, "a delivery is never removed")
        if before is not None and before.state == "delivered":
            hold(after.state == "delivered", "a delivered delivery stays delivered")
        self.deliveries.setdefault(after.place, {})[after.delivery_id] = after
        if after.state in ("stopped", "parked"):
            hold(after.sequence == 0, "what no longer goes has given its number back")
        if after.sequence:
            owner = self.numbers.setdefault(after.subscription_id, {}).setdefault(
                after.sequence, after.delivery_id
            )
            hold(owner == after.delivery_id, "a number belongs to one delivery")
        if after.state == "claimed" and (before is None or before.attempt != after.attempt):
            sections = frozenset(json.loads(after.decision)["sections"])
            self.granted.setdefault(after.delivery_id, []).append((after.sequence, sections))
            self._claimed(after)
        if after.state == "delivered" and before is not None and before.state != "delivered":
            hold(after.delivery_id in self.arrived, "what counts as delivered has arrived")
        return str(after.place)

    def _numbers(self, row: Any) -> None:
        used = set(self.numbers.get(row.subscription_id, ()))
        free = json.loads(row.free)
        hold(not used & set(free), "a freed number is not in use")
        hold(used | set(free) == set(range(1, row.last_number + 1)), "numbers have no gap")

    def _balances(self, place: str) -> None:
        """One state for each line, with the rows behind it, and no delivery without a line that waits for it."""
        row, lines = self.intake.get(place), self.lines.get(place, {})
        hold(row is not None and row.line_count == len(lines), f"each line of {place} counts once")
        deliveries = [one for one in self.deliveries.get(place, {}).values() if one.line >= 0]
        for number, line in lines.items():
            mine = [one for one in deliveries if one.line == number]
            waits = any(one.state in OPEN for one in mine)
            hold(
                (line.state == "pending") == waits, f"a line is pending while a delivery waits: {line.state}"
            )
            going = [one.subscription_id for one in mine if one.state not in ("stopped", "parked")]
            hold(len(going) == len(set(going)), "one delivery per recipient and subscription")
            if line.state == "delivered":
                hold(any(one.state == "delivered" for one in mine), "a delivered line has its delivery")
            if line.state == "held":
                hold(place in self.holds.values(), "a held line has its hold")
            if line.state == "parked":
                found = self.parked.get(place, ())
                hold(any(one.line in (number, -1) for one in found), "a parked line is on the list")

    # --- what receivers have ------------------------------------------------------------------------
    def got(self, delivery_id: str, sequence: int, sections: Iterable[str]) -> None:
        """Judge something that reached a receiver: a claim let exactly this go."""
        self.arrived.add(delivery_id)
        granted = self.granted.get(delivery_id, [])
        fits = any(number == sequence and set(sections) <= allowed for number, allowed in granted)
        hold(fits, "nothing leaves but what a claim let go")
