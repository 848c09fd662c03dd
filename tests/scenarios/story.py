"""The language of the stories: given, when, then, in the words of the field.

A story plays at stated Amsterdam times. Everything a partner does is published over HTTP; everything that must follow
is seen where partners see it (their own systems, their receipts) or on the hub's own topic for alerts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from hub.core.model import Json, JsonObject
from hub.core.threads import Thread
from hub.ledger.documents import thread_from
from tests.scenarios.city import AMSTERDAM, City, Sent
from tests.scenarios.contents import content_of
from tests.scenarios.story_people import (
    CONSENT_DAYS,
    HEALTH,
    RELATED,
    Child,
    Heard,
    Someone,
    To,
    recipient_of,
    selector_of,
)
from tests.system.hub_world import Letter


@dataclass(slots=True)
class Story:
    """One story in the shared city. People, records and cases are its own; what happened before is not its concern."""

    city: City
    children: list[Child] = field(default_factory=list)
    uids: set[str] = field(default_factory=set)
    letters_seen: int = 0
    letters: list[Letter] = field(default_factory=list)
    alerts_seen: int = 0
    alerts: list[JsonObject] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)
    registrations: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin where the others ended."""
        self.city.rest()
        self.letters_seen = len(self.city.mailbox.letters)
        self.alerts_seen = len(self.city.watcher.alerts())

    # --- time -----------------------------------------------------------------------------------------
    def at(self, moment: str) -> None:
        """Let the clock say this: `2026-11-02 10:00`, in Amsterdam; what is due by then happens."""
        self.city.rest()
        self.city.set_clock(datetime.fromisoformat(moment).replace(tzinfo=AMSTERDAM))
        self.city.rest()

    @property
    def today(self) -> date:
        """The Amsterdam date."""
        return self.city.now.astimezone(AMSTERDAM).date()

    def day(self, days: int = 0) -> str:
        """Return the date so many days from today."""
        return (self.today + timedelta(days=days)).isoformat()

    # --- people and facts -------------------------------------------------------------------------------
    def someone(self, role: str) -> Someone:
        """Return a person whom no other story knows."""
        return Someone(next(self.city.numbers), role)

    def child(
        self,
        born: str,
        district: str = "escamp",
        parents: int = 1,
        related: Sequence[str] = RELATED,
        **facts: Json,
    ) -> Child:
        """Register a young person with an own home and parents with custody."""
        adults = tuple(self.someone("parent_with_custody") for _number in range(parents))
        child = Child(next(self.city.numbers), "youth", adults)
        data: JsonObject = {
            "birth_date": born,
            "identity": "established",
            "protected_address": False,
            "institution_address": False,
            "related_orgs": list(related),
            "residences": [{"district": district, "from": "2020-01-01", "to": None, "basis": "brp"}],
            "custody": self.custody_of(child),
            **facts,
        }
        self.children.append(child)
        registered = self.fact(HEALTH, "subject.registered", child, **data)
        self.registrations[child.number] = registered.uid
        return child

    def custody_of(self, child: Child) -> list[Json]:
        """Return who has custody, checked today."""
        return [
            {"person": parent.reference, "role": parent.role, "checked_on": self.day()}
            for parent in child.parents
        ]

    def custody_checked(self, child: Child) -> None:
        """Let the youth health service look custody up again."""
        self.fact(HEALTH, "custody.changed", child, persons=self.custody_of(child))

    def fact(self, org: str, type_name: str, child: Someone, /, **data: Json) -> Sent:
        """Record a fact about somebody."""
        return self.publish(org, type_name, {"subject": child.reference, "data": data})

    def consent(
        self,
        child: Someone,
        by: Someone,
        sender: To,
        recipient: To,
        purpose: str = "help_request",
        sections: Iterable[str] = ("narrative",),
        valid_to: str | None = None,
        decision: str = "consent",
    ) -> str:
        """Record that somebody consents (or objects) to one kind of sharing; returns the number of the record."""
        consent_id = f"c-{next(self.city.counter)}"
        record: JsonObject = {
            "consent_id": consent_id,
            "version": 1,
            "decision": decision,
            "function": "disclosure",
            "purpose": purpose,
            "sender": selector_of(sender),
            "recipient": selector_of(recipient),
            "sections": list(sections),
            "case_ref": None,
            "valid_from": self.day(),
            "valid_to": valid_to or self.day(CONSENT_DAYS),
            "withdrawn_at": None,
            "given_by": {
                "person": by.reference,
                "role": by.role,
                "method": "in_person_signed",
                "recorded_by": "prof_7",
                "recorded_at": self.city.instant(),
            },
            "evidence_ref": f"evidence-{consent_id}",
        }
        type_name = "consent.given" if decision == "consent" else "objection.recorded"
        self.fact(HEALTH, type_name, child, record=record)
        return consent_id

    def objection(self, child: Someone, by: Someone, sender: To, recipient: To, purpose: str) -> str:
        """Record that somebody objects to this kind of sharing as a whole."""
        return self.consent(child, by, sender, recipient, purpose, (), decision="objection")

    def has_fixed_face(self, child: Someone, org: str, professional: str) -> Sent:
        """Record who is the one professional whom the family knows."""
        faces: JsonObject = {
            "old": {"org": org, "professional": "prof_before"},
            "new": {"org": org, "professional": professional},
        }
        return self.sends(
            org, "fixed_face.changed", child, HEALTH, purpose="coordination", urgency="u4",
            data={**faces, "warm_handover_done": True},
        )  # fmt: skip

    def withdrawal(self, child: Someone, consent_id: str, type_name: str = "consent.withdrawn") -> Sent:
        """Record that a consent (or an objection) is withdrawn as of now."""
        return self.fact(
            HEALTH, type_name, child, consent_id=consent_id, by="parent", effective_at=self.city.instant()
        )

    # --- what partners do ---------------------------------------------------------------------------------
    def record(self) -> str:
        """Return a record number that no other story uses."""
        return f"story-record-{next(self.city.counter)}"

    def case(self) -> str:
        """Return a case number that no other story uses."""
        return f"story-case-{next(self.city.counter)}"

    def sends(
        self,
        org: str,
        type_name: str,
        child: Someone | None,
        to: Sequence[JsonObject] | To,
        *,
        domains: tuple[str, ...] = ("04",),
        content: JsonObject | None = None,
        **fields: Json,
    ) -> Sent:
        """Let a partner send something: the least content of its type, with `content` over it (None leaves out)."""
        whole = {**content_of(type_name, self.today, domains), **(content or {})}
        data: JsonObject = {
            "recipients": [recipient_of(to)] if isinstance(to, str | dict) else list(to),
            "content": {name: value for name, value in whole.items() if value is not None},
            **fields,
        }
        if child is not None:
            data["subject"] = child.reference
        return self.publish(org, type_name, data)

    def signals(
        self,
        org: str,
        child: Someone,
        to: Sequence[JsonObject] | To = "local_team",
        *,
        type_name: str = "signal.raised",
        purpose: str = "help_request",
        urgency: str = "u3",
        record: str | None = None,
        **more: Any,
    ) -> Sent:
        """Let a partner raise a signal under a record of its own."""
        return self.sends(
            org, type_name, child, to, purpose=purpose, urgency=urgency,
            record={"ref": record or self.record(), "revision": 1}, **more,
        )  # fmt: skip

    def answers(
        self,
        org: str,
        letter: Heard | Sent,
        type_name: str,
        child: Someone,
        to: To | None = None,
        **more: Any,
    ) -> Sent:
        """Let a partner reply to what it knows by the hub's id."""
        sender = letter.org if isinstance(letter, Sent) else str(self._sender(letter))
        return self.sends(org, type_name, child, to or sender, in_reply_to=letter.uid, **more)

    def sees(self, org: str, letter: Heard | Sent, child: Someone) -> None:
        """Let a person at this partner look at it in time; the sender hears so."""
        answer = self.answers(org, letter, "acknowledgement.seen", child)
        sender = letter.org if isinstance(letter, Sent) else str(self._sender(letter))
        assert self.gets(sender, "acknowledgement.seen").uid == answer.uid

    def records(
        self,
        org: str,
        about: Heard | Sent,
        type_name: str,
        child: Someone,
        /,
        case_ref: str | None = None,
        **data: Json,
    ) -> Sent:
        """Let a partner record a fact in reply to what it knows by the hub's id: it goes to nobody."""
        form: JsonObject = {"subject": child.reference, "in_reply_to": about.uid, "data": data}
        if case_ref is not None:
            form["case_ref"] = case_ref
        return self.publish(org, type_name, form)

    def _sender(self, letter: Heard) -> Json:
        sender = letter.data["sender"]
        assert isinstance(sender, dict)
        return sender["org"]

    def publish(self, org: str, type_name: str, data: JsonObject) -> Sent:
        """Publish, and remember that it belongs to this story."""
        sent = self.city.publish(org, type_name, data)
        self.uids.add(sent.uid)
        return sent

    # --- what follows -------------------------------------------------------------------------------------
    def gets(
        self, org: str, type_name: str, *, sections: set[str] | None = None, withheld: set[str] | None = None
    ) -> Heard:
        """This partner's system received this, with exactly these sections, or without those withheld."""
        self._hear()
        wire_name = f"nl.jeugdigen.{type_name}.v1"
        for letter in self.letters:
            if letter.receiver == org and letter.event["type"] == wire_name:
                self.letters.remove(letter)
                heard = Heard(letter)
                assert sections is None or set(heard.sections) == sections, sorted(heard.sections)
                assert withheld is None or not withheld & set(heard.sections), sorted(heard.sections)
                return heard
        raise AssertionError(f"{org} did not get {type_name}; not yet told: {self._untold()}")

    def raises(self, type_name: str, **expected: Json) -> JsonObject:
        """The hub raised this alert about a child of the story, on its topic, with these fields."""
        self._hear()
        for alert in self.alerts:
            if alert["type"] == type_name and all(alert.get(key) == value for key, value in expected.items()):
                self.alerts.remove(alert)
                return alert
        raise AssertionError(f"no {type_name} with {expected}; not yet told: {self._untold()}")

    def nobody_else_hears(self) -> None:
        """Everything that partners received and every alert was told in the story."""
        self._hear()
        assert self._untold() == []

    def silence(self) -> None:
        """What was told so far does not matter to the rest of the story."""
        self._hear()
        self.letters.clear()
        self.alerts.clear()

    def line(self, sent: Sent, recipient: str) -> JsonObject:
        """Return the line of a recipient on the receipt that the sender sees."""
        self.city.rest()
        lines = self.city.receipt(sent)["recipients"]
        assert isinstance(lines, list)
        found = [line for line in lines if isinstance(line, dict) and line["recipient"] == recipient]
        assert len(found) == 1, lines
        return found[0]

    def is_told(self, sent: Sent, recipient: str, state: str, reason: str) -> JsonObject:
        """The sender's receipt says this of a recipient; returns the line."""
        line = self.line(sent, recipient)
        assert (line["state"], line["reason"]) == (state, reason), line
        return line

    def is_answered(self, sent: Sent, reason: str) -> JsonObject:
        """The sender's receipt gives this reason for the event as a whole; returns the receipt."""
        self.city.rest()
        receipt = self.city.receipt(sent)
        assert receipt["reason"] == reason, receipt
        return receipt

    def threads(self, kind: str, sent: Sent | None = None, child: Child | None = None) -> list[Thread]:
        """Return what goes on in the ledger, by event or by child."""
        self.city.rest()
        key, value = ("uid", sent.uid) if sent else ("subject_key", self.ref(child or self.children[0]))
        query = f"select document from thread where kind = $1 and {key} = $2 order by ordinal"  # noqa: S608 - two names
        return [thread_from(row["document"]) for row in self.city.watcher.rows(query, kind, value)]

    def referral(self, offer: Sent) -> str:
        """Return the state of a referral: offered, accepted, waiting_list and so on."""
        (thread,) = self.threads("referral", offer)
        referral: Any = thread.document["referral"]
        return str(referral["state"])

    def alert_state(self, alert: JsonObject) -> str:
        """Return what has become of an alert: raised, seen, taken up, answered, closed."""
        self.city.rest()
        rows = self.city.watcher.rows(
            "select t.document from thread t join entry e on e.entry_id = t.uid "
            "where t.kind = 'alert' and e.document like '%' || $1 || '%'",
            alert["alert_id"],
        )
        assert len(rows) == 1, rows
        alert_document: Any = thread_from(rows[0]["document"]).document["alert"]
        return str(alert_document["state"])

    def hub_events(self, child: Child, type_name: str) -> list[JsonObject]:
        """Return the hub's own events of this type about a child, as the log has them."""
        self.city.rest()
        return [
            event
            for event in self.city.watcher.own_events(type_name)
            if event.get("subject_ref") == self.ref(child)
        ]

    def all_letters(self, org: str, type_name: str) -> list[Letter]:
        """Return everything of a type that this partner's system received since the story began."""
        self._hear()
        wire_name = f"nl.jeugdigen.{type_name}.v1"
        return [letter for letter in self.city.mailbox.of(org) if letter.event["type"] == wire_name]

    def ref(self, child: Child) -> str:
        """Return the pseudonym of a child on the hub's own bus."""
        if child.number not in self.refs:
            rows = self.city.watcher.rows(
                "select subject_key from entry where entry_id = $1", self.registrations[child.number]
            )
            self.refs[child.number] = str(rows[0]["subject_key"])
        return self.refs[child.number]

    def _hear(self) -> None:
        """Take over what came since the last look and belongs to this story."""
        self.city.rest()
        arrived = self.city.mailbox.letters[self.letters_seen :]
        self.letters_seen += len(arrived)
        mine = {self.ref(child) for child in self.children} | self.uids
        rows = self.city.watcher.rows(
            "select delivery_id, subject_key, uid from delivery where delivery_id = any($1::text[])",
            [letter.message_id for letter in arrived],
        )
        about = {row["delivery_id"]: {row["subject_key"], row["uid"]} for row in rows}
        self.letters += [letter for letter in arrived if about[letter.message_id] & mine]
        alerts = self.city.watcher.alerts()[self.alerts_seen :]
        self.alerts_seen += len(alerts)
        self.alerts += [alert for alert in alerts if alert.get("subject_ref") in mine]

    def _untold(self) -> list[str]:
        letters = [f"{letter.receiver}: {letter.event['type']}" for letter in self.letters]
        alerts = [
            f"alert {alert['type']} {alert.get('rule')} level {alert['level']} to {alert['to']}"
            for alert in self.alerts
        ]
        return letters + alerts
