"""What partners of two families send, drawn by dice: facts, consents and withdrawals, signals, referrals, replies.

Each choice leans only on what was sent before, never on what the hub made of it: so the same seed sends the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from hub.identity.door import event_uid
from hub.wire.envelope import SealedEvent, SealedSection

Document = dict[str, Any]

DEFAULTS: Document = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "defaults.json").read_text("utf-8")
)
KIND_OF = {str(entry["org"]): str(entry["kind"]) for entry in DEFAULTS["directory"]}

SCHOOL, OTHER_SCHOOL, GP, CARE, CRISIS = "school_a", "school_b", "gp_a", "youth_care_a", "crisis_a"
TEAM_OF = {"escamp": "team_escamp", "laak": "team_rand"}
RECEIVERS = (SCHOOL, GP, CARE, CRISIS, "report_point", *TEAM_OF.values())

YOUTH, CHILD, NEARLY = "ps_1_youth", "ps_1_child", "ps_1_nearly"
PARENTS = ("ps_1_parent_a", "ps_1_parent_b")
BIRTHS = {YOUTH: "2010-05-01", CHILD: "2018-04-01", NEARLY: "2010-11-20"}
"""One decides alone; for one two parents decide; one becomes sixteen within the weeks that are played."""

SEALED = {
    name: SealedSection("key-1", b"n" * 12, b"ciphertext and tag of a section")
    for name in ("contact", "narrative", "health")
}

REPLIES = (
    "referral.received", "referral.accepted", "referral.declined", "referral.redirected", "waiting_list.placed",
    "waiting_list.contact_made", "help.started", "closing.requested", "pilot_light.set", "referral.withdrawn",
)  # fmt: skip
REPLY_DATA: dict[str, Document] = {
    "referral.declined": {"reason": "no_capacity", "suggested_partner_kind": "local_team"},
    "referral.redirected": {"new_owner": "team_escamp"},
    "waiting_list.placed": {"expected_wait_weeks": 8},
    "closing.requested": {"long_term": False},
    "pilot_light.set": {"until": "2027-02-01", "contact": "prof_9"},
}
PURPOSES = {
    "waiting_list": "waiting_list_support",
    "pilot_light": "aftercare_pilot_light",
    "help": "feedback",
}


@dataclass(frozen=True, slots=True)
class Route:
    """From what kind of partner to what kind, and for what."""

    purpose: str
    sender: str
    recipient: str
    recorder: str


ROUTES = (
    Route("help_request", "school", "local_team", SCHOOL),
    Route("help_request", "school", "local_team", SCHOOL),
    Route("coordination", "school", "gp", SCHOOL),
    Route("referral", "gp", "youth_care", GP),
    Route("waiting_list_support", "youth_care", "gp", CARE),
    Route("feedback", "youth_care", "gp", CARE),
)


LACKING_AT_FIRST = 0.2
"""Of so many givers the consent lacks at first: the events that need it are held."""

LACKING_FIRST = 0.8
"""So often somebody gives what lacks, which releases what is held."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent as it was sent."""

    consent_id: str
    subject: str
    valid_to: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that was sent and can be replied to, revised or taken back."""

    subject: str
    event_id: str
    source: str
    sender: str
    record: tuple[str, int]
    to: str


@dataclass(slots=True)
class Family:
    """Partners that send. `today` gives the date on which they do."""

    dice: Random
    now: Callable[[], str]
    count: int = 0
    consents: list[Consent] = field(default_factory=list)
    signals: list[Reference] = field(default_factory=list)
    offers: list[Reference] = field(default_factory=list)
    lacking: list[tuple[str, Route, str]] = field(default_factory=list)
    asked: set[tuple[str, str]] = field(default_factory=set)
    alerts: list[tuple[str, str]] = field(default_factory=list)
    sent: list[SealedEvent] = field(default_factory=list)

    def children(self) -> Document:
        """Return what the city knows of the children before anything is sent."""
        custody = [
            {"person": person, "role": "parent_with_custody", "checked_on": "2026-10-20"}
            for person in PARENTS
        ]
        return {
            child: {
                "birth_date": born,
                "identity": "established",
                "protected_address": False,
                "residences": [{"district": "escamp", "from": "2020-01-01", "to": None, "basis": "brp"}],
                "custody": custody if child != YOUTH else [],
            }
            for child, born in BIRTHS.items()
        }

    def next(self) -> SealedEvent:
        """Return one thing that a partner sends now."""
        makers: list[tuple[Callable[[], SealedEvent | None], int]] = [
            (self.consent, 12),
            (self.signal, 16), (self.withdrawal, 9), (self.offer, 6), (self.reply, 12), (self.acknowledge, 5),
            (self.revision, 3), (self.retraction, 3), (self.move, 5), (self.crisis, 2), (self.again, 6),
            (self.conflict, 1), (self.alert_step, 3),
        ]  # fmt: skip
        while True:
            (maker,) = self.dice.choices([one for one, _ in makers], [weight for _, weight in makers])
            made = maker()
            if made is not None:
                self.sent.append(made)
                return made

    def child(self) -> str:
        """Return one of the children; of some more is sent than of others."""
        return self.dice.choice((YOUTH, YOUTH, CHILD, CHILD, CHILD, NEARLY))

    def event(self, type_name: str, org: str, subject: str | None, **fields: Any) -> SealedEvent:
        """Return an event as the door would have sealed it."""
        self.count += 1
        event_id = fields.pop("id", f"event-{self.count}")
        source = f"urn:nld:test:{org}"
        now = self.now()
        document: Document = {
            "id": event_id,
            "source": source,
            "type": type_name,
            "time": now,
            "sender": {"org": org, "kind": KIND_OF[org]},
            "sections": ["meta"],
            "digest": str(uuid5(NAMESPACE_URL, f"{self.count}")),
            **fields,
        }
        if subject is not None:
            document["subject_ref"] = subject
            self.asked.add((subject, document.get("purpose", "")))
        sealed = {name: SEALED[name] for name in document["sections"] if name in SEALED}
        uid = event_uid(source, event_id)
        return SealedEvent(uid, document, org, now, subject or uid, sealed)

    # --- facts -------------------------------------------------------------------------------------
    def consent(self) -> SealedEvent | None:
        """Give a consent that lacks, of the young person or of one parent, or one beside those that are there."""
        wanted = [one for one in self.lacking if (one[0], one[1].purpose) in self.asked] or self.lacking
        if wanted and self.dice.random() < LACKING_FIRST:
            subject, route, person = lacking = self.dice.choice(wanted)
            self.lacking.remove(lacking)
        else:
            subject, route = self.child(), self.dice.choice(ROUTES)
            person = self.dice.choice(self._givers(subject))
        valid_to = self.dice.choice(("2027-10-01", "2027-10-01", "2026-11-04", "2026-11-20"))
        record = self._record(subject, route, person, valid_to)
        return self.event("consent.given", route.recorder, subject, data={"record": record})

    def _givers(self, subject: str) -> list[str]:
        """Return whose consent counts: alone, both parents, or both parents and the young person."""
        return [subject] if subject == YOUTH else [*PARENTS, *([subject] if subject == NEARLY else [])]

    def known_consents(self) -> list[Document]:
        """Return the consents that were given before anything is sent: most of those that a family can give."""
        found = []
        for subject in BIRTHS:
            for route in dict.fromkeys(ROUTES):
                for person in self._givers(subject):
                    if self.dice.random() < LACKING_AT_FIRST:
                        self.lacking.append((subject, route, person))
                    else:
                        found.append(self._record(subject, route, person, "2027-10-01"))
        return found

    def _record(self, subject: str, route: Route, person: str, valid_to: str) -> Document:
        consent_id = f"consent-{len(self.consents)}"
        self.consents.append(Consent(consent_id, subject, valid_to))
        role = "parent_with_custody" if person in PARENTS else "youth"
        return {
            "consent_id": consent_id, "version": 1, "decision": "consent", "function": "disclosure",
            "subject_ref": subject, "purpose": route.purpose, "sender": {"kind": route.sender},
            "recipient": {"kind": route.recipient}, "case_ref": None, "withdrawn_at": None,
            "sections": self.dice.choice((["narrative"], ["contact", "narrative"], [])),
            "valid_from": "2026-11-01", "valid_to": valid_to, "evidence_ref": "evidence-1",
            "given_by": {
                "person": person, "role": role, "method": "in_person_signed", "recorded_by": "prof_9",
                "recorded_at": "2026-11-01T10:00:00+01:00",
            },
        }  # fmt: skip

    def withdrawal(self) -> SealedEvent | None:
        """Take a consent back."""
        if not self.consents:
            return None
        consent = self.dice.choice(self.consents)
        data = {"consent_id": consent.consent_id, "by": consent.subject, "effective_at": self.now()}
        return self.event("consent.withdrawn", GP, consent.subject, data=data)

    def move(self) -> SealedEvent | None:
        """Let a family move."""
        data = {"district": self.dice.choice(tuple(TEAM_OF)), "from": self.now()[:10], "basis": "brp"}
        return self.event("address.changed", SCHOOL, self.child(), data=data)

    # --- content -----------------------------------------------------------------------------------
    def signal(self) -> SealedEvent | None:
        """Raise a signal, to whichever team serves the child or to the GP."""
        subject = self.child()
        to: Document = self.dice.choice(({"kind": "local_team"}, {"kind": "local_team"}, {"org": GP}))
        purpose = "coordination" if to.get("org") == GP else "help_request"
        record = (f"record-{self.count}", 1)
        made = self.event(
            "signal.raised",
            SCHOOL,
            subject,
            recipients=[{"to": to}],
            sections=["meta", "contact", "codes", *self.dice.choice(((), ("narrative",)))],
            purpose=purpose,
            urgency=self.dice.choice(("u2", "u3", "u3", "u4")),
            domains=self.dice.choice((["04"], ["01"])),
            scans={"narrative": "clean"},
            record={"ref": record[0], "revision": record[1]},
            case_ref="case-1",
        )
        self.signals.append(self._reference(made, record, str(to.get("org", ""))))
        return made

    def _reference(self, made: SealedEvent, record: tuple[str, int], to: str) -> Reference:
        event: Document = dict(made.event)
        return Reference(
            event["subject_ref"], event["id"], event["source"], event["sender"]["org"], record, to
        )

    def revision(self) -> SealedEvent | None:
        """Revise a signal."""
        if not self.signals:
            return None
        place = self.dice.randrange(len(self.signals))
        old = self.signals[place]
        record = (old.record[0], old.record[1] + 1)
        made = self.event(
            "signal.revised",
            SCHOOL,
            old.subject,
            recipients=[{"to": {"org": old.to} if old.to else {"kind": "local_team"}}],
            sections=["meta", "contact", "codes"],
            purpose="coordination" if old.to else "help_request",
            urgency="u3",
            domains=["04"],
            record={"ref": record[0], "revision": record[1]},
        )
        self.signals[place] = self._reference(made, record, old.to)
        return made

    def retraction(self) -> SealedEvent | None:
        """Take a signal back."""
        if not self.signals:
            return None
        old = self.dice.choice(self.signals)
        return self.event(
            "signal.retracted", SCHOOL, old.subject, data={"record_ref": old.record[0], "reason": "unfounded"}
        )

    def crisis(self) -> SealedEvent | None:
        """Report a crisis."""
        exception = {"ground": "vital_danger"} if self.dice.random() < 0.3 else None
        entry: Document = {"to": {"org": CRISIS}}
        if exception is not None:
            entry["exception"] = exception
        return self.event(
            "crisis.reported", GP, self.child(), recipients=[entry], sections=["meta", "contact", "codes"],
            purpose="crisis", urgency=self.dice.choice(("u0", "u1")), domains=["01"],
        )  # fmt: skip

    # --- what goes on ------------------------------------------------------------------------------
    def offer(self) -> SealedEvent | None:
        """Offer a referral."""
        record = (f"dossier-{self.count}", 1)
        made = self.event(
            "referral.offered", GP, self.child(), recipients=[{"to": {"org": CARE}}],
            sections=["meta", "contact", "codes"], purpose="referral", urgency=self.dice.choice(("u2", "u3")),
            domains=["04"], record={"ref": record[0], "revision": 1}, case_ref="case-1",
        )  # fmt: skip
        self.offers.append(self._reference(made, record, CARE))
        return made

    def reply(self) -> SealedEvent | None:
        """Take a step of a referral, mostly the next one, sometimes one out of order."""
        if not self.offers:
            return None
        offer = self.dice.choice(self.offers)
        taken = sum(1 for one in self.sent if one.event.get("in_reply_to") == offer.record[0])
        step = min(taken, len(REPLIES) - 1) if self.dice.random() < 0.5 else self.dice.randrange(len(REPLIES))
        type_name = REPLIES[step]
        fields: Document = {"in_reply_to": offer.record[0], "case_ref": "case-1"}
        if type_name in REPLY_DATA:
            fields["data"] = dict(REPLY_DATA[type_name])
        if type_name == "referral.withdrawn":
            return self.event(
                type_name, GP, offer.subject, **fields | {"data": {"record_ref": offer.record[0]}}
            )
        if type_name != "closing.requested":
            fields["recipients"] = [{"to": {"org": GP}}]
        purpose = PURPOSES.get(type_name.partition(".")[0])
        if purpose is not None:
            fields |= {"purpose": purpose, "urgency": "u3"}
        return self.event(type_name, CARE, offer.subject, **fields)

    def acknowledge(self) -> SealedEvent | None:
        """Say that a person saw a signal or took it up."""
        if not self.signals:
            return None
        signal = self.dice.choice(self.signals)
        org = signal.to or self.dice.choice(tuple(TEAM_OF.values()))
        type_name = self.dice.choice(("acknowledgement.seen", "acknowledgement.picked_up"))
        names = (signal.event_id, signal.record[0], event_uid(signal.source, signal.event_id))
        return self.event(
            type_name,
            org,
            signal.subject,
            recipients=[{"to": {"org": signal.sender}}],
            in_reply_to=self.dice.choice(names),
        )

    def alert_step(self) -> SealedEvent | None:
        """See, take up or close an alert of the hub."""
        if not self.alerts:
            return None
        alert, subject = self.dice.choice(self.alerts)
        type_name = self.dice.choice(("alert.seen", "alert.taken_up", "alert.closed"))
        data = {"reason": "solved"}
        return self.event(
            type_name, self.dice.choice((GP, CARE, SCHOOL)), subject, in_reply_to=alert, data=data
        )

    # --- repeats -----------------------------------------------------------------------------------
    def again(self) -> SealedEvent | None:
        """Send something a second time, exactly as it was."""
        return self.dice.choice(self.sent) if self.sent else None

    def conflict(self) -> SealedEvent | None:
        """Send something else under an id that was used; not that of a record, which can be forgotten (AVG 17)."""
        others = [one for one in self.sent if "record" not in one.event]
        if not others:
            return None
        old: Document = dict(self.dice.choice(others).event)
        return self.event("learning.recorded", old["sender"]["org"], old.get("subject_ref"), id=old["id"])
