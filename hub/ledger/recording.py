"""Writing judgements: records of a batch, and held events that were judged again. One transaction, few statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hub.core.judgement import Judgement
from hub.core.model import JsonObject
from hub.ledger import rows
from hub.ledger.addressing import Matcher
from hub.ledger.intake import (
    decision_links,
    intake_row,
    rejudged_intake,
    unreadable_intake,
    unreadable_line,
    unreadable_link,
)
from hub.ledger.interface import BatchItem, JudgedRecord, RetryBatchError, UnreadableRecord
from hub.ledger.messages import alert_messages, decision_message
from hub.ledger.planning import (
    REPEATS,
    Plan,
    Target,
    parked_row,
    plan_deliveries,
    plan_lines,
    plan_parked,
    plan_repeat_line,
    plan_whole,
)
from hub.ledger.planning_state import plan_course, plan_history, plan_hold
from hub.ledger.tables import Tables
from hub.ledger.texts import key_text, pair_key, triple_key
from hub.ledger.writing import write_plan

SUPERSEDED_REASON: Final = "deny_stale"
"""What becomes of a held revision when a newer one came or it was retracted."""


@dataclass(slots=True)
class Memory:
    """What this transaction knows of earlier records: from the gathered entries and from its own writing."""

    places: dict[str, str] = field(default_factory=dict)
    by_source: dict[str, str] = field(default_factory=dict)
    by_record: dict[str, str] = field(default_factory=dict)
    entries: dict[str, rows.EntryRow] = field(default_factory=dict)
    threads: dict[str, rows.ThreadRow] = field(default_factory=dict)

    def learn(self, found: Iterable[rows.EntryRow]) -> None:
        """Remember entries."""
        for row in found:
            self.entries[row.entry_id] = row
            self.places[row.entry_id] = row.place
            self.by_source[row.source_key] = row.entry_id
            if row.record_key is not None:
                self.by_record[row.record_key] = row.entry_id

    def origin_of(self, event: JsonObject) -> str | None:
        """Return the entry id of the record that this event repeats."""
        source_key = pair_key(str(event.get("source")), str(event.get("id")))
        found = self.by_source.get(source_key)
        record, sender = event.get("record"), event.get("sender")
        if found is None and isinstance(record, dict) and isinstance(sender, dict):
            org, ref = sender.get("org"), record.get("ref")
            if isinstance(org, str) and isinstance(ref, str):
                found = self.by_record.get(triple_key(org, ref, record.get("revision")))
        return found


class Recorder:
    """Collects the judgements of one transaction and writes them at once."""

    def __init__(self, tables: Tables, memory: Memory, rule_set: str) -> None:
        self._tables = tables
        self._memory = memory
        self._gathered = dict(memory.entries)
        self._rule_set = rule_set
        self._plan = Plan()
        self._targets: list[Target] = []
        self._before: dict[tuple[str, int], rows.LineRow] = {}
        self._holds: dict[str, rows.HoldRow] = {}
        self._matcher = Matcher(())

    async def batch(self, log_id: int, items: Sequence[BatchItem]) -> None:
        """Write the records of a batch."""
        judged = [item for item in items if isinstance(item, JudgedRecord)]
        await self._prepare([item.judgement for item in judged])
        for item in items:
            place = f"{log_id}/{item.partition}/{item.offset}"
            if place in self._plan.intake:
                raise ValueError("one place of the log is twice in a batch")
            if isinstance(item, JudgedRecord):
                await self._judged(place, item)
            else:
                self._unreadable(place, item)
        await self._refuse_overtaken_threads()
        await self._finish()

    async def _refuse_overtaken_threads(self) -> None:
        """Raise RetryBatchError when a thread is not any more as the judging saw it.

        Events about one child stand in one order. A reply that names no child lies in another partition: without
        this look, two replies at the same moment could undo each other's step.
        """
        seen = {key: self._memory.threads[key] for key in self._plan.threads if key in self._memory.threads}
        found = await self._tables.read(rows.THREAD, {"thread_id": seen}, lock=True) if seen else []
        if any(row != seen[row.thread_id] for row in found):
            raise RetryBatchError("ThreadOvertaken")

    async def held(self, target: Target, wake_at: str | None, hold: rows.HoldRow) -> None:
        """Write the new verdict on a held event."""
        await self._prepare([target.judgement])
        self._holds[hold.uid] = hold
        await self._know_place(target.place)
        await self._know_entries(target.judgement)
        judgement = target.judgement
        self._plan_lines_again(target)
        plan_deliveries(self._plan, target, self._matcher)
        plan_history(self._plan, judgement, lambda entry_id: self._place_of(entry_id, target), target.at)
        plan_course(self._plan, target)
        self._plan.facts += judgement.facts
        self._close_superseded(judgement)
        if judgement.hold_until is None:
            self._plan.holds[hold.uid] = None
            if judgement.decision.event.reason == "deny_hold_expired":
                self._plan.destroyed.add(hold.payload_uid)
        else:
            plan_hold(self._plan, target, hold, wake_at)
        self._tell(target)
        await self._finish()

    async def beside(self, target: Target) -> None:
        """Write what follows from a look at a held event that changed nothing about it: messages, what goes on."""
        await self._prepare([target.judgement])
        plan_deliveries(self._plan, target, self._matcher)
        plan_course(self._plan, target)
        await self._finish()

    async def _prepare(self, judgements: Sequence[Judgement]) -> None:
        """Read, for all records together, what planning must know: subscriptions and holds."""
        receivers = {item.recipient for judgement in judgements for item in judgement.deliver}
        receivers |= {
            org
            for item in judgements
            for emission in (*item.emissions, *item.messages)
            for org in emission.to
        }
        if receivers:
            found = await self._tables.shared_subscriptions([key_text(org) for org in receivers])
            self._matcher = Matcher(found)

    async def _know_holds(self, uids: Iterable[str]) -> None:
        unknown = [uid for uid in uids if uid not in self._holds and uid not in self._plan.holds]
        for row in await self._tables.read(rows.HOLD, {"uid": unknown}) if unknown else []:
            self._holds[row.uid] = row

    async def _know_place(self, place: str) -> None:
        """Read the record and the lines of an earlier event."""
        if place in self._plan.intake:
            return
        self._plan.known_places.add(place)
        for record in await self._tables.read(rows.INTAKE, {"place": [place]}):
            self._plan.intake[place] = record
        for row in await self._tables.read(rows.LINE, {"place": [place]}, lock=True):
            self._before[row.place, row.line] = row

    async def _know_entries(self, judgement: Judgement) -> None:
        """Read the entries that a held event changes, where the judging did not gather them here."""
        unknown = [item.entry_id for item in judgement.history.entries if item.entry_id not in self._gathered]
        found = await self._tables.read(rows.ENTRY, {"entry_id": unknown}) if unknown else []
        self._memory.learn(found)
        self._gathered |= {row.entry_id: row for row in found}

    def _plan_lines_again(self, target: Target) -> None:
        """Plan the record and the lines of an event that was judged before."""
        record = self._plan.intake.get(target.place)
        if record is not None:
            self._plan.intake[target.place] = rejudged_intake(record, target.judgement)
        if target.judgement.decision.recipients:
            plan_lines(self._plan, target, self._line_before)
        else:
            plan_whole(self._plan, target, self._lines_before(target.place))

    def _lines_before(self, place: str) -> Iterator[rows.LineRow]:
        number = 0
        while (line := self._line_before(place, number)) is not None:
            yield line
            number += 1

    def _line_before(self, place: str, number: int) -> rows.LineRow | None:
        return self._plan.lines.get((place, number)) or self._before.get((place, number))

    async def _judged(self, place: str, item: JudgedRecord) -> None:
        judgement, sealed = item.judgement, item.sealed
        own = Target(place, sealed.uid, item.partition, sealed, judgement, item.decided_at)
        target = self._origin(own) if judgement.verdict in REPEATS else own
        if judgement.verdict not in REPEATS:
            count = plan_lines(self._plan, own, lambda _place, _number: None)
        else:
            count = 1
            plan_repeat_line(self._plan, own, judgement.reason or "deny_duplicate")
            if judgement.verdict == "reevaluated":
                await self._know_place(target.place)
                self._plan_lines_again(target)
        plan_deliveries(self._plan, target, self._matcher)
        plan_course(self._plan, target)
        self._plan.intake[place] = intake_row(own, target.place, item.partition, item.offset, count)
        await self._remember(target, item)
        self._tell(own)

    async def _remember(self, target: Target, item: JudgedRecord) -> None:
        """Plan entries, pairs, facts and holds."""
        judgement = item.judgement
        plan_history(
            self._plan, judgement, lambda entry_id: self._place_of(entry_id, target), item.decided_at
        )
        self._memory.learn(self._plan.entries[entry.entry_id] for entry in judgement.history.entries)
        self._plan.facts += judgement.facts
        ended = [entry.entry_id for entry in judgement.history.entries if entry.superseded or entry.retracted]
        if judgement.hold_until is not None or judgement.verdict == "reevaluated":
            await self._know_holds([target.uid])
            await self._end_first_look(target.uid)
        if ended:
            await self._know_holds(ended)
            for place in {hold.place for uid in ended if (hold := self._hold(uid)) is not None}:
                await self._know_place(place)
        self._close_superseded(judgement)
        if judgement.hold_until is not None:
            plan_hold(self._plan, target, self._hold(target.uid), item.wake_at)
        elif judgement.verdict == "reevaluated" and self._hold(target.uid) is not None:
            self._plan.holds[target.uid] = None

    async def _end_first_look(self, uid: str) -> None:
        """End the hold of a sending that was parked and released, when it comes again before it was looked at."""
        hold = self._hold(uid)
        if hold is not None and hold.first_look:
            await self._know_place(hold.place)
            self._end_hold(hold)

    def _place_of(self, entry_id: str, target: Target) -> str:
        return self._memory.places.get(entry_id, target.place)

    def _hold(self, uid: str) -> rows.HoldRow | None:
        return self._plan.holds[uid] if uid in self._plan.holds else self._holds.get(uid)

    def _origin(self, own: Target) -> Target:
        """Return the record that a repeat is about."""
        entry_id = self._memory.origin_of(own.event)
        if entry_id is None:
            return own
        return replace(own, place=self._memory.places[entry_id], uid=entry_id)

    def _close_superseded(self, judgement: Judgement) -> None:
        """End the hold of a revision that was superseded or retracted: it must never be released later."""
        for entry in judgement.history.entries:
            hold = self._hold(entry.entry_id)
            if hold is None or not (entry.superseded or entry.retracted):
                continue
            self._end_hold(hold)

    def _end_hold(self, hold: rows.HoldRow) -> None:
        self._plan.holds[hold.uid] = None
        for line in self._lines_before(hold.place):
            if line.state == "held":
                changed = line._replace(state="withheld", reason=SUPERSEDED_REASON)
                self._plan.lines[line.place, line.line] = changed

    def _tell(self, target: Target) -> None:
        """Plan the audit rows and the messages about one judgement."""
        self._targets.append(target)
        self._plan.links += decision_links(target, self._rule_set)
        if target.judgement.parked is not None:
            plan_parked(self._plan, target, target.judgement.parked)

    def _unreadable(self, place: str, item: UnreadableRecord) -> None:
        """Park a record that is no event: its place, size and digest, never its bytes."""
        self._plan.lines[place, 0] = unreadable_line(place, item)
        row = parked_row(place, 0, "", item.reason, item.decided_at)
        self._plan.parked.append(row._replace(size_bytes=item.size_bytes, digest=key_text(item.digest)))
        self._plan.intake[place] = unreadable_intake(place, item)
        self._plan.links.append(unreadable_link(place, item, self._rule_set))

    async def _finish(self) -> None:
        hashes = await write_plan(self._tables, self._plan, self._gathered)
        for target in self._targets:
            message = decision_message(target, self._rule_set, hashes[target.place].hex())
            self._plan.outbox += [message, *alert_messages(target)]
        await self._tables.insert(rows.OUTBOX, self._plan.outbox)
        await self._tables.notify(self._plan.channels)
