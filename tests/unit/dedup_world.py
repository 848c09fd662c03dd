"""A small world for the tests of deduplication: a few partners, two children, consents, and a play of events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.core.catalogue import CATALOGUE
from hub.core.codes import PURPOSES
from hub.core.defaults import DEFAULT_AREAS, DEFAULTS
from hub.core.facts import Facts, facts_from_document
from hub.core.history import History
from hub.core.judge import judge
from hub.core.judgement import Judgement
from hub.core.model import JsonObject
from hub.core.sequence import extend
from hub.core.standing import Standing, compile_standing

Document = dict[str, Any]

TEAM, OTHER_TEAM = "lt_kracht_escamp", "lt_rondomjou_centrum"
KINDS = {
    "hub": "hub",
    "school_1": "school",
    "school_2": "school",
    "gp_1": "gp",
    "youth_work_2": "youth_work",
    "youth_health_1": "youth_health",
    "supplier_1": "energy_company",
    TEAM: "local_team",
    OTHER_TEAM: "local_team",
}
DISTRICTS = {TEAM: ("kracht", "escamp"), OTHER_TEAM: ("rondomjou", "centrum")}
MONDAY = "2026-11-23T09:00:00+01:00"


def partner(org: str, kind: str) -> Document:
    """Return one active partner with every purpose."""
    entry: Document = {
        "org": org,
        "kind": kind,
        "reach": "city",
        "purposes": sorted(PURPOSES),
        "active_from": "2024-01-01",
        "active_to": None,
        "suspended": False,
    }
    if org in DISTRICTS:
        partnership, district = DISTRICTS[org]
        entry |= {"reach": "districts", "partnership": partnership, "districts": [district]}
    return entry


def standing(suspended: str = "", **policy: Any) -> Standing:
    """Return the compiled configuration of this world, with one partner suspended when named."""
    return compile_standing(
        directory=[{**partner(org, kind), "suspended": org == suspended} for org, kind in KINDS.items()],
        areas=DEFAULT_AREAS,
        policy=policy,
        defaults=DEFAULTS,
    )


STANDING = standing()


def child(**changes: Any) -> Document:
    """Return a child of ten with one parent, living in Escamp."""
    return {
        "birth_date": "2016-03-01",
        "identity": "established",
        "protected_address": False,
        "institution_address": False,
        "residences": [{"district": "escamp", "from": "2020-01-01", "to": None, "basis": "brp"}],
        "custody": [{"person": "parent_1", "role": "parent_with_custody", "checked_on": "2026-10-01"}],
        **changes,
    }


def consent(consent_id: str, sender: str, recipient: str, **changes: Any) -> Document:
    """Return a consent of the parent from one kind of sender to one kind of recipient."""
    return {
        "consent_id": consent_id,
        "version": 1,
        "decision": "consent",
        "function": "disclosure",
        "subject_ref": "child_1",
        "purpose": "help_request",
        "sender": {"kind": sender},
        "recipient": {"kind": recipient},
        "sections": [],
        "case_ref": None,
        "valid_from": "2026-03-01",
        "valid_to": "2027-02-28",
        "withdrawn_at": None,
        "given_by": {
            "person": "parent_1",
            "role": "parent_with_custody",
            "method": "in_person_signed",
            "recorded_by": "professional_9",
            "recorded_at": "2026-03-01T10:00:00+01:00",
        },
        "evidence_ref": f"evidence_{consent_id}",
        **changes,
    }


def to_team(kind: str, **changes: Any) -> Document:
    """Return the consent for signals from this kind of sender to a local team."""
    consent_id = f"{kind}-team-{changes.get('subject_ref', 'child_1')}"
    return consent(consent_id, kind, "local_team", **changes)


def coordination(sender: str, recipient: str, **changes: Any) -> Document:
    """Return the consent for being brought into contact, in one direction."""
    consent_id = f"{sender}-{recipient}-{changes.get('subject_ref', 'child_1')}"
    return consent(consent_id, sender, recipient, **{"purpose": "coordination", **changes})


BOTH_WAYS = [coordination("school", "gp"), coordination("gp", "school")]
SIGNALS = [to_team("school"), to_team("gp"), to_team("youth_work")]


def facts(*consents: Document, **changes: Any) -> Document:
    """Return facts about one child; without consents, those for signals to the local team."""
    return {
        "consent_version": 1,
        "subjects": {"child_1": child()},
        "consents": list(consents or SIGNALS),
        **changes,
    }


def signal(org: str = "school_1", event_id: str = "e1", record: Any = "r1", **changes: Any) -> Document:
    """Return a signal to the local team. The digest follows from id and record unless given."""
    event: Document = {
        "id": event_id,
        "source": f"urn:nld:test:{org}",
        "type": "signal.raised",
        "time": "2026-11-21T11:58:00+01:00",
        "sender": {"org": org, "kind": KINDS[org]},
        "recipients": [{"to": {"org": TEAM}}],
        "sections": ["meta", "contact", "codes"],
        "subject_ref": "child_1",
        "purpose": "help_request",
        "urgency": "u3",
        "domains": ["04"],
        "digest": f"digest-{event_id}",
    }
    if record is not None:
        event["record"] = {"ref": record, "revision": 1} if isinstance(record, str) else record
    event |= changes
    return {name: value for name, value in event.items() if value is not ...}


def fact(type_name: str, data: Document, org: str = "school_1", **changes: Any) -> Document:
    """Return a fact or a notice."""
    event: Document = {
        "id": f"fact-{type_name}",
        "source": f"urn:nld:test:{org}",
        "type": type_name,
        "time": "2026-11-21T11:58:00+01:00",
        "sender": {"org": org, "kind": KINDS[org]},
        "sections": ["meta"],
        "subject_ref": "child_1",
        "data": data,
    }
    assert type_name in CATALOGUE
    return event | changes


def retraction(org: str, record: str, reason: str = "unfounded", event_id: str = "x1") -> Document:
    """Return the retraction of a record."""
    return fact("signal.retracted", {"record_ref": record, "reason": reason}, org, id=event_id)


@dataclass
class Play:
    """Events one after the other, each with the memory of those before it."""

    known: Document = field(default_factory=facts)
    standing: Standing = STANDING
    history: History = field(default_factory=History)
    steps: int = 0

    def facts(self, event: Document, at: str = MONDAY) -> Facts:
        """Return the facts for one event."""
        document: JsonObject = {"authenticated_org": event["sender"]["org"], **self.known}
        return facts_from_document(document, self.standing, at)

    def send(self, event: Document, at: str = MONDAY) -> Judgement:
        """Judge one event and remember what it changes."""
        self.steps += 1
        judgement = judge(event, self.facts(event, at), self.history, f"entry-{self.steps}")
        self.history = extend(self.history, judgement.history)
        return judgement


def receivers(judgement: Judgement) -> list[str]:
    """Return who gets the event at this step."""
    return sorted(recipient.recipient for recipient in judgement.deliver)


def messages(judgement: Judgement) -> list[tuple[str, tuple[str, ...], str | None]]:
    """Return the hub's own messages as (type, to, basis)."""
    return [(emission.type, emission.to, emission.basis) for emission in judgement.emissions]


def clock(days: int = 0, hours: int = 0, seconds: int = 0) -> str:
    """Return an instant so much elapsed time after Monday morning; none of it crosses a clock change."""
    return (datetime.fromisoformat(MONDAY) + timedelta(days=days, hours=hours, seconds=seconds)).isoformat()
