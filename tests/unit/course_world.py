"""A family with help that goes on: partners of every side, one child, and events judged one after the other."""

from __future__ import annotations

from typing import Any

from hub.core.batch import Batch
from hub.core.codes import PURPOSES
from hub.core.defaults import DEFAULT_AREAS, DEFAULTS
from hub.core.judgement import Judgement
from hub.core.rejudge import rejudge_held
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing, compile_standing
from hub.core.threads import Thread

Document = dict[str, Any]

TEAM, CARE, GP, SCHOOL = "lt_kracht_escamp", "youth_care_1", "gp_1", "school_1"
CRISIS_1, CRISIS_2, VEILIG_THUIS, POLICE = "crisis_1", "crisis_2", "vt_1", "police_1"
KINDS = {
    "hub": "hub",
    SCHOOL: "school",
    GP: "gp",
    CARE: "youth_care",
    "youth_care_2": "youth_care",
    TEAM: "local_team",
    "lt_rondomjou_centrum": "local_team",
    CRISIS_1: "crisis_team",
    CRISIS_2: "crisis_team",
    VEILIG_THUIS: "veilig_thuis",
    "ci_1": "certified_institution",
    POLICE: "police",
    "energy_1": "energy_company",
    "debt_1": "debt_help",
}
DISTRICTS = {TEAM: ("kracht", "escamp"), "lt_rondomjou_centrum": ("rondomjou", "centrum")}
MONDAY = "2026-11-02T10:00:00+01:00"
CHILD = "child_1"


def directory(suspended: tuple[str, ...] = ()) -> list[Document]:
    """Return the partners, some of them suspended."""
    entries: list[Document] = []
    for org, kind in KINDS.items():
        entry: Document = {
            "org": org,
            "kind": kind,
            "reach": "city",
            "purposes": sorted(PURPOSES),
            "active_from": "2024-01-01",
            "active_to": None,
            "suspended": org in suspended,
        }
        if org in DISTRICTS:
            partnership, district = DISTRICTS[org]
            entry |= {"reach": "districts", "partnership": partnership, "districts": [district]}
        entries.append(entry)
    return entries


def standing(suspended: tuple[str, ...] = (), **policy: Any) -> Standing:
    """Return the compiled configuration."""
    return compile_standing(
        directory=directory(suspended), areas=DEFAULT_AREAS, policy=policy, defaults=DEFAULTS
    )


def child(**changes: Any) -> Document:
    """Return a young person of 16 in Escamp, who decides alone."""
    return {
        "birth_date": "2010-05-01",
        "identity": "established",
        "protected_address": False,
        "residences": [{"district": "escamp", "from": "2020-01-01", "to": None, "basis": "brp"}],
        "custody": [],
        **changes,
    }


def consent(sender: str, recipient: str, purpose: str, **changes: Any) -> Document:
    """Return the young person's consent for one purpose between two kinds of partners."""
    return {
        "consent_id": f"{sender}-{recipient}-{purpose}",
        "version": 1,
        "decision": "consent",
        "function": "disclosure",
        "subject_ref": CHILD,
        "purpose": purpose,
        "sender": {"kind": sender},
        "recipient": {"kind": recipient},
        "sections": ["narrative"],
        "case_ref": None,
        "valid_from": "2026-03-01",
        "valid_to": "2027-02-28",
        "withdrawn_at": None,
        "given_by": {
            "person": CHILD,
            "role": "youth",
            "method": "portal",
            "recorded_by": "prof_9",
            "recorded_at": "2026-03-01T10:00:00+01:00",
        },
        "evidence_ref": "evidence_1",
        **changes,
    }


REFERRALS = (
    consent("gp", "youth_care", "referral"),
    consent("youth_care", "gp", "waiting_list_support"),
    consent("youth_care", "gp", "feedback"),
    consent("youth_care", "gp", "aftercare_pilot_light"),
)


def event(type_name: str, org: str, event_id: str = "", **changes: Any) -> Document:
    """Return an event with nothing but what every event has."""
    document: Document = {
        "id": event_id or f"{type_name}-{org}",
        "source": f"urn:nld:test:{org}",
        "type": type_name,
        "time": "2026-11-01T11:58:00+01:00",
        "sender": {"org": org, "kind": KINDS[org]},
        "sections": ["meta"],
        "subject_ref": CHILD,
        **changes,
    }
    return {name: value for name, value in document.items() if value is not ...}


def offer(**changes: Any) -> Document:
    """Return the offer of a referral by the GP to youth care."""
    return event(
        "referral.offered",
        GP,
        "offer",
        **{
            "recipients": [{"to": {"org": CARE}}],
            "purpose": "referral",
            "urgency": "u3",
            "record": {"ref": "dossier-1", "revision": 1},
            "digest": "digest-offer",
            **changes,
        },
    )


ACKS = frozenset({"referral.received", "referral.accepted", "referral.declined", "referral.redirected"})
PURPOSE_OF = {
    "waiting_list": "waiting_list_support",
    "pilot_light": "aftercare_pilot_light",
    "help": "feedback",
}


def answer(type_name: str, org: str = CARE, to: str = GP, data: Any = None, **changes: Any) -> Document:
    """Return a step of the referral: an event in reply to the offer."""
    document: Document = {"in_reply_to": "dossier-1", **changes}
    if data is not None:
        document["data"] = data
    if type_name not in ("closing.requested", "referral.withdrawn"):
        document.setdefault("recipients", [{"to": {"org": to}}])
    if type_name not in ACKS:
        purpose = PURPOSE_OF.get(type_name.split(".", maxsplit=1)[0])
        if purpose is not None:
            document.setdefault("purpose", purpose)
        if type_name.startswith(("waiting_list", "pilot_light")):
            document.setdefault("urgency", "u3")
    return event(type_name, org, **document)


class World:
    """The state that judged events leave behind."""

    def __init__(self, *consents: Document, subject: Document | None = None, **facts: Any) -> None:
        self.snapshot = Snapshot(subjects={CHILD: subject or child()}, consents={CHILD: consents}, **facts)
        self.standing = standing()
        self.count = 0

    def send(self, event: Document, at: str = MONDAY) -> Judgement:
        """Judge one event; each has an id of its own, unless it is the offer."""
        self.count += 1
        if event["id"] != "offer" and "digest" not in event:
            event = {**event, "id": f"{event['id']}-{self.count}"}
        batch = Batch(self.snapshot, self.standing, at)
        judgement = batch.judge(f"uid-{event['id']}", event["sender"]["org"], event)
        self.snapshot = batch.snapshot()
        return judgement

    def rejudge(self, event: Document, at: str = MONDAY) -> Judgement:
        """Judge a held event anew."""
        uid = f"uid-{event['id']}"
        org = event["sender"]["org"]
        judgement = rejudge_held(event, org, uid, self.snapshot, self.standing, at)
        batch = Batch(self.snapshot, self.standing, at)
        batch.fold(event, judgement, uid)
        self.snapshot = batch.snapshot()
        return judgement

    def own(self, judgement: Judgement, at: str = MONDAY) -> list[Judgement]:
        """Judge the hub's own events that followed, as the log brings them."""
        return [self.send({**sent, "source": "urn:nld:test:hub"}, at) for sent in judgement.own_events]

    def threads(self, kind: str) -> list[Thread]:
        """Return what goes on of one kind."""
        return [thread for thread in self.snapshot.threads if thread.kind == kind]


def state_of(world: World) -> str:
    """Return the state of the one referral."""
    (thread,) = world.threads("referral")
    referral: Any = thread.document["referral"]
    return str(referral["state"])


def sent(judgement: Judgement) -> list[tuple[str, str]]:
    """Return the hub's own events as (type, first receiver)."""
    found = []
    for own in judgement.own_events:
        recipients: Any = own["recipients"]
        found.append((str(own["type"]), recipients[0]["to"]["org"] if recipients else ""))
    return found


def told(judgement: Judgement) -> list[tuple[str, tuple[str, ...], str]]:
    """Return the hub's short messages as (type, to, reason)."""
    return [(message.type, message.to, message.reason) for message in judgement.messages]
