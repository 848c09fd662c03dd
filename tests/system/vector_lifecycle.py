"""Life-cycle vectors through a running hub: each step is a real event over HTTP, each tick the watch at that instant.

The vectors know roles, not organisations. Here a certified institution refers a child of seventeen, who consents, to
the local team of its district; the family speaks through another partner; what the hub does itself is written straight
into the log, or left to the watch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from hub.core.catalogue import CATALOGUE, RECORDED_CLASSES, EventClass
from hub.core.model import Json, JsonObject
from hub.core.own_events import alert_event, own_event
from hub.core.times import amsterdam_date, parse_instant
from tests.system.vector_configuration import sources_of
from tests.system.vector_door import publication_of
from tests.system.vector_names import Names
from tests.system.vector_pace import Pace
from tests.system.vector_world import Refused, Sent, VectorHub

CHILD, OFFER, RECORD, CARRIED = "child_1", "offer", "record_1", "carried"

LIFECYCLE_MESSAGES: Final = frozenset({"acknowledgement.received", "closing.approved", "closing.blocked"})
"""What the hub tells because of a step."""

LIFECYCLE_EVENTS: Final = frozenset(
    {"alert.closing_blocked", "alert.waiting_list_silence", "pilot_light.ended"}
)
"""What the hub sends into the log because of a step or a tick."""

DOOR_ANSWERS: Final[Mapping[str, frozenset[str]]] = {
    "deny_schema": frozenset({"section_content_invalid", "publish_form_invalid"}),
    "deny_lifecycle_actor": frozenset({"type_not_allowed"}),
    "deny_lifecycle_order": frozenset({"type_unknown", "type_not_allowed"}),
}
"""What a door answers where the table would refuse the step."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Who plays which role."""

    referrer: str
    owner: str
    family: str
    stranger: str
    kinds: Mapping[str, str]

    @classmethod
    def of(cls, kinds: Mapping[str, str]) -> Parties:
        """Return the first organisation of each kind; the local team is the one of Escamp."""
        first = {kind: org for org, kind in reversed(list(kinds.items()))}
        team = next(org for org, kind in kinds.items() if kind == "local_team" and "escamp" in org)
        return cls(first["certified_institution"], team, first["youth_health"], first["school"], kinds)


@dataclass(slots=True)
class Matter:
    """One vector on its way: a referral or an alert. `owner` changes with a redirection."""

    vector: Mapping[str, Any]
    names: Names
    owner: str
    steps: list[Mapping[str, Any]]
    uid: str | None = None
    state: str = "none"
    told: dict[str, int] = field(default_factory=dict)
    results: list[Json] = field(default_factory=list)
    count: int = 0

    @property
    def expected(self) -> Mapping[str, Any]:
        """Return what must come of the step that is being taken."""
        return dict(self.vector["expected"][len(self.results)])

    @property
    def vector_id(self) -> str:
        """Return the vector's id."""
        return str(self.vector["id"])

    @property
    def is_referral(self) -> bool:
        """Return which of the two machines it is."""
        return bool(self.vector["machine"] == "referral")

    @property
    def subject(self) -> str:
        """Return the child's ref on the bus."""
        return str(self.names.pseudonym(CHILD))


@dataclass(slots=True)
class Lifecycles:
    """All life-cycle vectors on one hub. The watch rests, but at the ticks."""

    hub: VectorHub
    pace: Pace
    parties: Parties

    async def run(self, matters: Sequence[Matter]) -> None:
        """Take every step of every vector at its instant."""
        await self.hub.seed((matter.names.ending, self._facts(matter)) for matter in matters)
        while waiting := [matter for matter in matters if matter.steps]:
            now = min(_moment(matter) for matter in waiting)
            taking = [matter for matter in waiting if _moment(matter) == now]
            at = str(taking[0].steps[0]["at"])
            self.hub.set_clock(at)
            await self._round([(matter, matter.steps.pop(0)) for matter in taking], at)

    async def _round(self, taken: Sequence[tuple[Matter, Mapping[str, Any]]], at: str) -> None:
        sent = [
            (matter, step, None if "tick" in step else await self._step(matter, step))
            for matter, step in taken
        ]
        await self.hub.decided([item for _, _, item in sent if isinstance(item, Sent)])
        await self.hub.delivered()
        if any("tick" in step for _, step, _ in sent):
            await self.pace.let_the_watch_work(at)
        await self.pace.quiet()
        for matter, step, item in sent:
            matter.results.append(await self._result(matter, step, item))

    def _facts(self, matter: Matter) -> JsonObject:
        """Return the facts under which an offer is delivered: the child alone decides, and consents."""
        record: JsonObject = {
            "consent_id": "c1", "version": 1, "decision": "consent", "function": "disclosure", "subject_ref": CHILD,
            "purpose": "referral", "sender": {"org": self.parties.referrer}, "recipient": {"org": self.parties.owner},
            "sections": ["narrative"], "case_ref": None, "valid_from": "2026-01-01", "valid_to": "2030-12-31",
            "withdrawn_at": None, "evidence_ref": "ev_1",
            "given_by": {
                "person": CHILD, "role": "youth", "method": "in_person_signed", "recorded_by": "prof_9",
                "recorded_at": "2026-01-01T10:00:00+01:00",
            },
        }  # fmt: skip
        child: JsonObject = {
            "birth_date": "2009-05-01",
            "identity": "established",
            "protected_address": False,
            "residences": [{"district": "escamp", "from": "2020-01-01", "to": None, "basis": "brp"}],
        }
        facts: JsonObject = {"consent_version": 1, "subjects": {CHILD: child}, "consents": [record]}
        return matter.names.facts(facts)

    # --- one step -------------------------------------------------------------------------------------
    async def _step(self, matter: Matter, step: Mapping[str, Any]) -> Sent | Refused | None:
        """Send what a step stands for; None when the watch did it already."""
        matter.count += 1
        begins = "referral.offered" if matter.is_referral else "alert.raised"
        if matter.uid is None and step["event"] != begins:
            await self._carry_something(matter, step)
        if step["actor"] == "hub":
            return await self._by_the_hub(matter, step)
        event = self._event(matter, step)
        sent = await self._publish(matter, event, str(step["at"]))
        if event["id"] == OFFER and isinstance(sent, Sent):
            matter.uid = sent.uid
        return sent

    async def _publish(self, matter: Matter, event: JsonObject, at: str) -> Sent | Refused:
        sender: Any = event["sender"]
        today = amsterdam_date(datetime.fromisoformat(at)).isoformat()
        text = f"Testverhaal {event['id']} {matter.names.ending}"
        return await self.hub.publish(publication_of(event, sender["org"], matter.names, today, text))

    async def _carry_something(self, matter: Matter, step: Mapping[str, Any]) -> None:
        """Let the hub carry an event that offers nothing, for a reply where no referral is."""
        event = self._view(matter, CARRIED, "learning.recorded", self.parties.stranger, str(step["at"]))
        await self._publish(matter, event, str(step["at"]))

    def _org(self, matter: Matter, actor: Json) -> str:
        roles = {"owner": matter.owner, "referrer": self.parties.referrer, "family": self.parties.family}
        return roles.get(str(actor), self.parties.stranger)

    def _view(self, matter: Matter, event_id: str, type_name: str, org: str, at: str) -> JsonObject:
        kind = self.parties.kinds.get(org, "")
        event: JsonObject = {
            "id": event_id,
            "source": sources_of(org)[0],
            "type": type_name,
            "time": at,
            "sender": {"org": org, "kind": kind},
            "sections": _sections(type_name),
            "subject_ref": CHILD,
        }
        row = CATALOGUE.get(type_name)
        if row is not None and row.purposes:
            event |= {"purpose": min(row.purposes), "urgency": "u3"}
        if row is not None and row.treatment not in RECORDED_CLASSES | {EventClass.NOTICE}:
            other = self.parties.referrer if org == matter.owner else matter.owner
            event["recipients"] = [{"to": {"org": other}}]
        return event

    def _event(self, matter: Matter, step: Mapping[str, Any]) -> JsonObject:
        """Return the event of a step as its sender means it."""
        type_name, is_offer = str(step["event"]), step["event"] == "referral.offered"
        org = self._org(matter, step["actor"])
        is_first = is_offer and matter.uid is None
        event = self._view(matter, OFFER if is_first else f"step-{matter.count}", type_name, org, step["at"])
        data: Any = step.get("data")
        if is_first:
            event |= {"domains": ["04"], "record": {"ref": RECORD, "revision": 1}}
        else:
            event["in_reply_to"] = matter.uid or CARRIED
        own: JsonObject = {"on_behalf_of": "family"} if step["actor"] == "family" else {}
        own |= _OWN_DATA.get(type_name, {})
        if "data" not in step and matter.expected["reason"] != "deny_schema":
            own |= _WHOLE_DATA.get(type_name, {})
        if isinstance(data, dict) or own:
            event["data"] = own | (data if isinstance(data, dict) else {})
        elif data is not None:
            event["data"] = data
        return event

    async def _by_the_hub(self, matter: Matter, step: Mapping[str, Any]) -> Sent | Refused | None:
        """Write what the hub does itself into the log, unless the watch did it before."""
        type_name, at = str(step["event"]), str(step["at"])
        if (
            type_name == "pilot_light.ended"
            and matter.state == "pilot_light"
            and await self._state(matter) == "closed"
        ):
            return None
        cause = f"{matter.names.ending} {matter.count}"
        raised = "alert.safety" if type_name == "alert.raised" else type_name
        if matter.uid is None and _raises(raised):
            event = alert_event(
                raised, cause, subject_ref=matter.subject, owner=matter.owner, now=at, urgency="u3", uid=cause
            )
        else:
            view = self._view(matter, cause, type_name, "hub", at)
            fields = {name: view[name] for name in ("purpose", "urgency", "recipients") if name in view}
            data: Any = step.get("data") or {}
            event = own_event(
                type_name,
                cause,
                matter.subject,
                at,
                data,
                in_reply_to=matter.uid or matter.names.ident(CARRIED),
                **fields,
            )
        sent = await self.hub.write({**event, "source": self.hub.stack.settings.source}, "hub", at)
        if matter.uid is None and _raises(raised) and isinstance(sent, Sent):
            matter.uid = sent.uid
        return sent

    # --- what became of it ----------------------------------------------------------------------------
    async def _result(self, matter: Matter, step: Mapping[str, Any], sent: Sent | Refused | None) -> Json:
        emits = await self._told(matter)
        matter.state = await self._state(matter)
        if isinstance(sent, Refused):
            return sent
        if sent is None:
            return {"accepted": True, "state": matter.state, "reason": None, "emits": emits}
        row: Any = (await self.hub.judged(sent))[0]
        accepted = row["event_outcome"] == "allow"
        told = {*emits, *(item["type"] for item in row["emissions"])} & LIFECYCLE_TOLD
        emits = sorted(told - ({step["event"]} if step["actor"] == "hub" else set()))
        if accepted and step["event"] in _OWNER_CHANGES and matter.uid is not None:
            matter.owner = str(step["data"]["new_owner"])
        reason = None if accepted else row["event_reason"]
        return {"accepted": accepted, "state": matter.state, "reason": reason, "emits": emits}

    async def _told(self, matter: Matter) -> list[str]:
        """Return what the hub sent into the log about this child since the last look."""
        query = """
            select i.type, count(distinct i.place) as times from intake i join decision d using (place)
            where i.sender = 'hub' and d.document::jsonb ->> 'subject' = $1 group by i.type"""
        found = {row["type"]: row["times"] for row in await self.hub.database.fetch(query, matter.subject)}
        new = [name for name, times in found.items() if times > matter.told.get(name, 0)]
        matter.told = found
        return sorted(set(new) & LIFECYCLE_EVENTS)

    async def _state(self, matter: Matter) -> str:
        kind = "referral" if matter.is_referral else "alert"
        query = (
            f"select document::jsonb -> 'document' -> '{kind}' ->> 'state' from thread where thread_id = $1"  # noqa: S608
        )
        state = await self.hub.database.fetchval(query, f"{kind}:{matter.uid}")
        return "none" if state is None else str(state)


LIFECYCLE_TOLD: Final = LIFECYCLE_MESSAGES | LIFECYCLE_EVENTS

_OWNER_CHANGES: Final = frozenset({"referral.redirected", "alert.handed_over"})

_OWN_DATA: Final[Mapping[str, JsonObject]] = {
    "fixed_face.changed": {"old": "prof_1", "new": "prof_2", "warm_handover_done": True},
    "referral.withdrawn": {"record_ref": RECORD},
}
"""Data that the door or the hub asks for and the tables of the life cycles do not look at."""


_WHOLE_DATA: Final[Mapping[str, JsonObject]] = {
    "pilot_light.set": {"until": "2027-05-01", "contact": "prof_1"},
    "waiting_list.placed": {"expected_wait_weeks": 12},
}
"""What the door asks for where a vector leaves the data out because the step is refused for another reason."""


def _raises(type_name: str) -> bool:
    row = CATALOGUE.get(type_name)
    return row is not None and row.treatment is EventClass.ALERT


def _sections(type_name: str) -> list[Json]:
    """Return the sections that an event of this type has at least."""
    row = CATALOGUE.get(type_name)
    wanted = (
        ("meta", "contact", "codes", "narrative") if type_name == "referral.offered" else ("meta", "contact")
    )
    return [name for name in wanted if row is None or name in row.sections]


def _moment(matter: Matter) -> datetime:
    moment = parse_instant(matter.steps[0]["at"])
    assert moment is not None
    return moment


def is_as_expected(expected: Mapping[str, Any], got: Any, before: str) -> bool:
    """Return whether a step came out as the table says; what a door refuses changes nothing."""
    if isinstance(got, Refused):
        fits = got.reason in DOOR_ANSWERS.get(str(expected["reason"]), ())
        return fits and expected["state"] == before
    wanted = {**expected, "emits": sorted(expected["emits"])}
    if wanted["reason"] == "deny_lifecycle_actor" and got["reason"] == "deny_type_not_allowed":
        wanted["reason"] = "deny_type_not_allowed"  # gate E6 comes before the life cycle
    return bool(wanted == got)
