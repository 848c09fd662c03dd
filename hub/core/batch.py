"""Judging many events in a row: the facts and the memory of one event are there before the next is judged.

A `Batch` is a snapshot with look-up tables, so that each event is given only its own persons, their kin and its
own memory: the work grows with the number of events, not with its square. It is filled from one snapshot, used
by one caller and dropped; the functions of this module are pure.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeAlias

from hub.core.batch_index import EntryIndex, KinIndex, OrderedIndex, ThreadIndex
from hub.core.codes import is_code
from hub.core.dedup_case import is_held
from hub.core.facts import Facts
from hub.core.fold_consent import CONSENT_TYPES, is_pending_withdrawal
from hub.core.history import History, Pair
from hub.core.judge import judge
from hub.core.judgement import Judgement
from hub.core.keys import keys_of
from hub.core.matching import PairKey, pair_key
from hub.core.model import FactChange, Json, JsonObject
from hub.core.snapshot import FactKeys, Snapshot
from hub.core.standing import Standing

BatchInput: TypeAlias = tuple[str, str, Json]
"""(the hub's own id of the event, who the door authenticated, the event)."""

UNREMEMBERED = frozenset({"rejected", "duplicate", "conflict", "stale"})
"""Verdicts after which the hub has carried nothing new (DEDUP.md section 1)."""

NOBODY = ""
"""Whose documents those are that name no subject: withdrawals of consents that nobody gave yet."""


def judge_batch(
    items: Sequence[BatchInput], snapshot: Snapshot, standing: Standing, now: str
) -> list[Judgement]:
    """Judge events in the order of the log, all at `now`; each sees what the ones before it changed."""
    batch = Batch(snapshot, standing, now)
    return [batch.judge(entry_id, org, event) for entry_id, org, event in items]


def facts_for(event: Json, authenticated_org: str, snapshot: Snapshot, standing: Standing, now: str) -> Facts:
    """Return the facts for one event, cut to its own persons and their kin."""
    return Batch(snapshot, standing, now).facts(event, authenticated_org)


def history_for(event: Json, snapshot: Snapshot, standing: Standing, now: str) -> History:
    """Return the memory that concerns one event, in processing order."""
    return Batch(snapshot, standing, now).history(event)


def next_snapshot(snapshot: Snapshot, event: Json, judgement: Judgement, entry_id: str, now: str) -> Snapshot:
    """Return the snapshot after one event that was judged at `now`; `entry_id` is the hub's own id of it."""
    batch = Batch(snapshot, Standing(), now)
    batch.fold(event, judgement, entry_id)
    return batch.snapshot()


class Batch:
    """A snapshot that goes along with the events that are judged."""

    def __init__(self, snapshot: Snapshot, standing: Standing, now: str) -> None:
        self._standing = standing
        self._now = now
        self._subjects = dict(snapshot.subjects)
        self._consents = {subject: list(documents) for subject, documents in snapshot.consents.items()}
        self._consent_subjects: dict[Hashable, set[str]] = {}
        for subject, documents in snapshot.consents.items():
            for document in documents:
                self._consent_subjects.setdefault(_consent_id(document), set()).add(subject)
        self._consent_versions = dict(snapshot.consent_versions)
        self._help_teams = dict(snapshot.help_teams)
        self._case_parties = dict(snapshot.case_parties)
        self._known_events = OrderedIndex(_known_event_keys, snapshot.known_events)
        self._deliveries = OrderedIndex(_delivery_keys, snapshot.deliveries)
        self._police_decisions = list(snapshot.police_decisions)
        self._held_since = dict(snapshot.held_since)
        self._entries = EntryIndex(snapshot.entries)
        self._kin = KinIndex(snapshot.subjects)
        self._threads = ThreadIndex(snapshot.threads)
        self._pairs: dict[PairKey, Pair] = {}
        self._pairs_of_subject: dict[str, dict[PairKey, Pair]] = {}
        for pair in snapshot.pairs:
            self._tell(pair)

    def judge(self, entry_id: str, authenticated_org: str, event: Json) -> Judgement:
        """Judge one event and take over what it changes."""
        keys = keys_of(event)
        facts = self.facts(event, authenticated_org, keys)
        judgement = judge(event, facts, self.history(event, keys), entry_id)
        self.fold(event, judgement, entry_id)
        return judgement

    def facts(self, event: Json, authenticated_org: str, known_keys: FactKeys | None = None) -> Facts:
        """Return the facts for one event, cut to its own persons and their kin; its keys when worked out before."""
        keys = known_keys or keys_of(event)
        about = _subject_ref(event)
        persons = self._persons(keys, about)
        return Facts(
            standing=self._standing,
            now=self._now,
            authenticated_org=authenticated_org,
            consent_version=self._consent_versions.get(about, 0),
            subjects={ref: self._subjects[ref] for ref in persons if ref in self._subjects},
            consents=self._consents_for(event, keys, persons),
            help_teams=[team for case in sorted(keys.case_refs) for team in self._help_teams.get(case, ())],
            case_parties={
                case: list(self._case_parties[case]) for case in keys.case_refs if case in self._case_parties
            },
            known_events=self._known_events.select(keys.event_ids),
            deliveries=self._deliveries.select((*keys.event_ids, *keys.consent_ids, *_record_refs(keys))),
            police_decisions=self._police_decisions,
            held_since=next((self._held_since.get(source_id) for source_id in keys.source_ids), None),
        )

    def _persons(self, keys: FactKeys, about: str) -> list[str]:
        """Return the persons of an event and the kin of its subject, in a fixed order."""
        return sorted(keys.subjects | self._kin.kin_of(about))

    def _consents_for(self, event: Json, keys: FactKeys, persons: Iterable[str]) -> list[JsonObject]:
        """Return the records of these persons; for consent events, all that is stored under the id they name."""
        if not (isinstance(event, dict) and is_code(event.get("type"), CONSENT_TYPES)):
            return [
                document
                for person in persons
                for document in self._consents.get(person, ())
                if not is_pending_withdrawal(document)
            ]
        holders = {holder for named in keys.consent_ids for holder in self._consent_subjects.get(named, ())}
        return [
            document
            for holder in sorted(holders)
            for document in self._consents.get(holder, ())
            if document.get("consent_id") in keys.consent_ids
        ]

    def history(self, event: Json, known_keys: FactKeys | None = None) -> History:
        """Return the memory that concerns one event, in processing order; its keys when worked out before."""
        keys = known_keys or keys_of(event)
        about = _subject_ref(event)
        wanted: list[Hashable] = [("subject", about)]
        wanted += [("subject", kin) for kin in self._kin.kin_of(about)]
        wanted += [("id", *source_id) for source_id in keys.source_ids]
        wanted += [("event", event_id) for event_id in keys.event_ids]
        wanted += [("record", *record) for record in keys.records]
        pairs = self._pairs_of_subject.get(about, {})
        entries = self._entries.select(wanted)
        threads = self._threads.select(about, (entry.entry_id for entry in entries))
        return History(entries, tuple(sorted(pairs.values())), threads)

    def fold(self, event: Json, judgement: Judgement, entry_id: str) -> None:
        """Take over what one judged event changes in facts and memory."""
        for thread in judgement.threads:
            self._threads.put(thread)
        for change in judgement.facts:
            self._change(change)
        for entry in judgement.history.entries:
            self._entries.put(entry)
        for pair in judgement.history.told:
            self._tell(pair)
        for pair in judgement.history.lapsed:
            self._lapse(pair)
        if judgement.verdict not in UNREMEMBERED and isinstance(event, dict):
            self._carry(event, judgement, entry_id)

    def _change(self, change: FactChange) -> None:
        """Take over one changed fact. Areas and partners belong to the configuration, not to the batch."""
        document: Any = change.document
        if change.table == "subject":
            self._subjects[change.key] = document
            self._kin.put(change.key, document)
        elif change.table == "consent":
            self._store_consent(change.key, document, change.subject_ref or NOBODY)
        elif change.table == "help_team":
            self._store_team(document)
        elif change.table == "case_party":
            self._case_parties[change.key] = tuple(document)
        if change.table in _COUNTED_TABLES and change.subject_ref is not None:
            version = self._consent_versions.get(change.subject_ref, 0)
            self._consent_versions[change.subject_ref] = version + 1

    def _store_consent(self, key: str, document: JsonObject, holder: str) -> None:
        """Store a document under its key, for whoever holds it now; a new version may be about somebody else."""
        consent_id = _consent_id(document)
        holders = self._consent_subjects.setdefault(consent_id, set())
        for earlier in holders:
            kept = [stored for stored in self._consents.get(earlier, ()) if stored_key(stored) != key]
            self._consents[earlier] = kept
        holders.add(holder)
        self._consents.setdefault(holder, []).append(document)

    def _store_team(self, team: JsonObject) -> None:
        """Store a help team in the place of the earlier team of this case and subject."""
        case_ref = str(team["case_ref"])
        others = [
            row for row in self._help_teams.get(case_ref, ()) if row.get("subject_ref") != team["subject_ref"]
        ]
        self._help_teams[case_ref] = (*others, team)

    def _tell(self, pair: Pair) -> None:
        self._pairs[pair_key(pair)] = pair
        for subject in (pair.subject_a, pair.subject_b):
            self._pairs_of_subject.setdefault(subject, {})[pair_key(pair)] = pair

    def _lapse(self, pair: Pair) -> None:
        self._pairs.pop(pair_key(pair), None)
        for subject in (pair.subject_a, pair.subject_b):
            self._pairs_of_subject.get(subject, {}).pop(pair_key(pair), None)

    def _carry(self, event: dict[str, Any], judgement: Judgement, entry_id: str) -> None:
        """Remember that the hub carried this event, to whom it went, and since when it is held."""
        org, kind = event["sender"]["org"], event["sender"]["kind"]
        record_ref = event["record"]["ref"] if "record" in event else None
        for known_id in (event["id"], record_ref, entry_id):
            known: JsonObject = {"id": known_id, "org": org, "kind": kind}
            if known_id is not None and known not in self._known_events.select((known_id,)):
                self._known_events.append(known)
        for recipient in judgement.deliver:
            self._deliveries.append(
                {
                    "recipient": recipient.recipient,
                    "consent_ids": list(recipient.consents),
                    "record_ref": record_ref,
                    "org": org,
                }
            )
        if is_held(judgement.decision):
            self._held_since.setdefault((event["source"], event["id"]), self._now)

    def snapshot(self) -> Snapshot:
        """Return the state as a snapshot."""
        return Snapshot(
            subjects=dict(self._subjects),
            consents={
                subject: tuple(documents) for subject, documents in self._consents.items() if documents
            },
            consent_versions=dict(self._consent_versions),
            help_teams=dict(self._help_teams),
            case_parties=dict(self._case_parties),
            known_events=tuple(self._known_events.all()),
            deliveries=tuple(self._deliveries.all()),
            police_decisions=tuple(self._police_decisions),
            held_since=dict(self._held_since),
            entries=self._entries.all(),
            pairs=tuple(sorted(self._pairs.values())),
            threads=self._threads.all(),
        )


_COUNTED_TABLES = frozenset({"subject", "consent"})
"""Tables whose changes raise the consent version of their subject."""


def stored_key(document: JsonObject) -> str:
    """Return the key under which a consent document is stored: its consent id, or that of a clash."""
    consent_id = str(_consent_id(document))
    is_clash = "version" in document and document.get("decision") is None
    return f"{consent_id}\n{document.get('subject_ref')}" if is_clash else consent_id


def _consent_id(document: JsonObject) -> Hashable:
    return str(document.get("consent_id"))


def _subject_ref(event: Json) -> str:
    """Return the subject of an event, or nobody."""
    found = event.get("subject_ref") if isinstance(event, dict) else None
    return found if isinstance(found, str) else NOBODY


def _known_event_keys(known: JsonObject) -> Iterable[Hashable]:
    return (str(known.get("id")),)


def _delivery_keys(delivery: JsonObject) -> Iterable[Hashable]:
    """Yield the consent ids and the record that an earlier delivery is asked for by."""
    consent_ids = delivery.get("consent_ids")
    yield from (str(consent_id) for consent_id in (consent_ids if isinstance(consent_ids, list) else ()))
    if delivery.get("record_ref") is not None:
        yield str(delivery["record_ref"])


def _record_refs(keys: FactKeys) -> list[str]:
    return [record_ref for _, record_ref in keys.records]
