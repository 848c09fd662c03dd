"""Hand-made records and answers for the ledger's tests: no rule of the core is involved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import NAMESPACE_URL, uuid5

from hub.core.history import Entry, HistoryChanges
from hub.core.judgement import Judgement
from hub.core.model import (
    Decision,
    Emission,
    EventDecision,
    FactChange,
    Json,
    JsonObject,
    Outcome,
    RecipientDecision,
)
from hub.core.snapshot import FactKeys, Snapshot
from hub.ledger.interface import (
    BatchItem,
    Candidate,
    ClaimedDelivery,
    JudgedRecord,
    LogIdentity,
    PartitionClaim,
    Settlement,
    Subscription,
)
from hub.ledger.ledger import StoredLedger
from hub.wire.envelope import SealedEvent, SealedSection

LOG = LogIdentity("cluster-1", "hub.events")
NOW = "2026-11-23T09:00:00+00:00"
LATER = "2026-11-23T10:00:00+00:00"
HOLD_UNTIL = "2026-12-07T23:59:59+01:00"
SCHOOL = "school_1"
TEAM = "team_1"
CHILD = "ps_1_child_one"
END = 1_000_000
"""A high-water mark beyond every offset of these tests."""


def at(minute: int, second: int = 0) -> str:
    """Return an instant of the test day."""
    return f"2026-11-23T{9 + minute // 60:02}:{minute % 60:02}:{second:02}+00:00"


def sealed_event(
    name: str = "evt-1",
    *,
    subject: str | None = CHILD,
    recipients: Sequence[str] = (TEAM,),
    urgency: str = "u3",
    org: str = SCHOOL,
    record: tuple[str, int] | None = None,
    accepted_at: str = NOW,
    type_name: str = "signal.raised",
) -> SealedEvent:
    """Return an event as the door would have sealed it."""
    source = f"urn:nld:test:{org}"
    event: JsonObject = {
        "id": name,
        "source": source,
        "type": type_name,
        "time": accepted_at,
        "sender": {"org": org, "kind": "school"},
        "recipients": [{"to": {"org": recipient}} for recipient in recipients],
        "sections": ["meta", "contact", "narrative"],
        "subject_ref": subject,
        "urgency": urgency,
    }
    if record is not None:
        event["record"] = {"ref": record[0], "revision": record[1]}
    uid = str(uuid5(NAMESPACE_URL, ascii((source, name))))
    sealed = {
        section: SealedSection("key-1", b"n" * 12, f"sealed {section}".encode())
        for section in ("contact", "narrative")
    }
    return SealedEvent(uid, event, org, accepted_at, subject or uid, sealed)


def allow(org: str = TEAM, position: int = 0, consents: Sequence[str] = ("c1",)) -> RecipientDecision:
    """Return a decision that lets everything but the narrative go."""
    return RecipientDecision(
        org, Outcome.REDACT, "ok_consent", ("narrative",), (), tuple(consents), ("meta", "contact"), position
    )


def refuse(org: str = TEAM, position: int = 0, reason: str = "deny_no_consent") -> RecipientDecision:
    """Return a refusal."""
    return RecipientDecision(org, Outcome.DENY, reason, ("meta", "contact", "narrative"), position=position)


def wait(org: str = TEAM, position: int = 0, reason: str = "hold_second_parent") -> RecipientDecision:
    """Return a hold."""
    return RecipientDecision(org, Outcome.HOLD, reason, ("meta", "contact", "narrative"), position=position)


def decision(*recipients: RecipientDecision) -> Decision:
    """Return the decision on an event that passed the event gates."""
    return Decision(EventDecision(Outcome.ALLOW, "ok_accepted"), recipients)


def entry(sealed: SealedEvent, whole: Decision, when: str = NOW) -> Entry:
    """Return the memory of an event."""
    event, record = sealed.event, sealed.event.get("record")
    sender = event["sender"]
    assert isinstance(sender, dict)
    return Entry(
        entry_id=sealed.uid,
        source=str(event["source"]),
        event_id=str(event["id"]),
        org=str(sender["org"]),
        kind=str(sender["kind"]),
        type=str(event["type"]),
        at=when,
        record_ref=str(record["ref"]) if isinstance(record, dict) else None,
        revision=int(str(record["revision"])) if isinstance(record, dict) else None,
        subject_ref=str(event["subject_ref"]) if event["subject_ref"] is not None else None,
        decision=whole,
        delivered_to=tuple(
            item.recipient for item in whole.recipients if item.outcome in (Outcome.ALLOW, Outcome.REDACT)
        ),
        semantic=True,
    )


def judged(
    sealed: SealedEvent,
    *recipients: RecipientDecision,
    verdict: str = "unique",
    emissions: Iterable[Emission] = (),
    facts: Iterable[FactChange] = (),
    when: str = NOW,
) -> Judgement:
    """Return what the core would say: those allowed are delivered, those held are watched."""
    whole = decision(*recipients)
    going = tuple(item for item in recipients if item.outcome in (Outcome.ALLOW, Outcome.REDACT))
    held = any(item.outcome is Outcome.HOLD for item in recipients)
    subject = sealed.event["subject_ref"]
    return Judgement(
        verdict=verdict,
        reason=None,
        decision=whole,
        deliver=going,
        emissions=tuple(emissions),
        history=HistoryChanges(entries=(entry(sealed, whole, when),)),
        facts=tuple(facts),
        hold_until=HOLD_UNTIL if held else None,
        watches=(str(subject),) if held and subject is not None else (),
    )


def repeated(verdict: str = "duplicate", reason: str | None = "deny_duplicate") -> Judgement:
    """Return the judgement on a repeat."""
    return Judgement(verdict=verdict, reason=reason, decision=decision(allow()))


def record(
    offset: int, sealed: SealedEvent, judgement: Judgement, *, partition: int = 0, when: str = NOW
) -> JudgedRecord:
    """Return one record of the log."""
    return JudgedRecord(partition, offset, sealed, judgement, when)


def subscription(
    org: str = TEAM, connector: str = "webhook", name: str = "", origin: str = "configuration"
) -> Subscription:
    """Return a subscription."""
    target: JsonObject = {"url": "https://receiver.test/hook"}
    return Subscription(name or f"sub-{org}", org, connector, target, origin=origin)


def keys_of(event: JsonObject) -> FactKeys:
    """Return the subject and the ids of an event, like the core's own function."""
    subject, data, sender = event.get("subject_ref"), event.get("data"), event.get("sender")
    consent = data.get("consent_id") if isinstance(data, dict) else None
    record_of = event.get("record")
    org = sender.get("org") if isinstance(sender, dict) else None
    return FactKeys(
        subjects=frozenset({subject} if isinstance(subject, str) else ()),
        source_ids=frozenset({(str(event.get("source")), str(event.get("id")))}),
        records=frozenset({(str(org), str(record_of["ref"]))} if isinstance(record_of, dict) else ()),
        consent_ids=frozenset({consent} if isinstance(consent, str) else ()),
    )


@dataclass
class Answers:
    """A recheck that answers as told: `by_receiver` replaces the standing permission."""

    by_receiver: dict[str, RecipientDecision] = field(default_factory=dict)
    asked: list[Candidate] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)

    def __call__(self, candidate: Candidate, snapshot: Snapshot) -> RecipientDecision:
        self.asked.append(candidate)
        self.snapshots.append(snapshot)
        if candidate.emission is not None:
            return RecipientDecision(
                candidate.receiver, Outcome.ALLOW, candidate.emission.reason, sections=("meta",)
            )
        standing = self.by_receiver.get(candidate.receiver, allow(candidate.receiver))
        return replace(standing, position=candidate.position)


class World:
    """One worker with one ledger."""

    def __init__(self, ledger: StoredLedger, partitions: Sequence[int] = (0,)) -> None:
        self.ledger = ledger
        self.partitions = partitions
        self.claims: dict[int, PartitionClaim] = {}
        self.answers = Answers()

    async def own(self, owner: str = "worker-1") -> World:
        """Claim the partitions."""
        self.claims = await self.ledger.claim_partitions(LOG, dict.fromkeys(self.partitions, END), owner)
        return self

    async def commit(self, *items: BatchItem) -> None:
        """Write a batch and move on."""
        touched = {item.partition for item in items}
        following = {
            partition: max(item.offset for item in items if item.partition == partition) + 1
            for partition in touched
        }
        keys = FactKeys()
        for item in items:
            if isinstance(item, JudgedRecord):
                keys |= keys_of(item.sealed.event)
        async with self.ledger.batch(LOG, [self.claims[one] for one in sorted(touched)], following) as batch:
            await batch.gather(keys, NOW)
            await batch.record(items)
        for partition, offset in following.items():
            self.claims[partition] = replace(self.claims[partition], next_offset=offset)

    async def commit_unseen(self, item: JudgedRecord) -> None:
        """Write one record without looking at what is known."""
        claims = [self.claims[item.partition]]
        async with self.ledger.batch(LOG, claims, {item.partition: item.offset + 1}) as batch:
            await batch.record([item])

    async def claim(
        self, now: str = NOW, limit: int = 100, lease_seconds: float = 30.0
    ) -> list[ClaimedDelivery]:
        """Claim what is due."""
        return await self.ledger.claim("deliver-1", limit, lease_seconds, self.answers, keys_of, now)

    async def deliver(self, now: str = NOW) -> list[ClaimedDelivery]:
        """Claim what is due and deliver it."""
        claimed = await self.claim(now)
        await self.ledger.settle([settled(item, at_instant=now) for item in claimed])
        return claimed


def settled(
    claimed: ClaimedDelivery,
    state: str = "delivered",
    *,
    at_instant: str = NOW,
    again: str | None = None,
    reason: str = "ok",
) -> Settlement:
    """Return the outcome of an attempt."""
    return Settlement(claimed.delivery_id, claimed.lease, state, reason, at_instant, again)


def consent_change(consent_id: str = "c1", subject: str = CHILD, **fields: Json) -> FactChange:
    """Return a stored consent."""
    document: JsonObject = {
        "consent_id": consent_id,
        "version": 1,
        "decision": "consent",
        "subject_ref": subject,
        "valid_from": "2026-01-01",
        "valid_to": "2026-11-30",
        "withdrawn_at": None,
    }
    return FactChange("consent", consent_id, document | fields, subject)


def subject_change(subject: str = CHILD, **fields: Json) -> FactChange:
    """Return the facts of a subject."""
    return FactChange("subject", subject, {"birth_date": "2016-03-01", **fields}, subject)
