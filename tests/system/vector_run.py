"""Decision and dedup vectors through a running hub: published over HTTP at their own instants, then read back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from hub.core.codes import HUB_KIND
from hub.core.model import Json, JsonObject
from hub.core.times import amsterdam_date, parse_instant
from tests.system.vector_door import publication_of, unsayable
from tests.system.vector_names import Names
from tests.system.vector_world import Refused, Sent, VectorHub

HTTP: Final = "http"
"""The road of a partner."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a vector with what must come of it. `facts` change before it; None = they stay."""

    at: str
    event: Json
    expected: JsonObject
    facts: Mapping[str, Json] | None = None

    @property
    def moment(self) -> datetime | None:
        """Return the instant, or None when it is none."""
        return parse_instant(self.at)


@dataclass(slots=True)
class Course:
    """One vector on its way through the hub."""

    vector: Mapping[str, Any]
    names: Names
    steps: list[Step]
    results: list[Json] = field(default_factory=list)
    roads: list[str] = field(default_factory=list)
    """Per step how it went in: `http`, or why it went straight into the log."""

    @property
    def vector_id(self) -> str:
        """Return the vector's id."""
        return str(self.vector["id"])

    @property
    def is_around(self) -> bool:
        """Return whether an event of it went around the door."""
        return set(self.roads) != {HTTP}

    @property
    def kind(self) -> str:
        """Return the kind of vector."""
        return str(self.vector["kind"])

    @property
    def org(self) -> Json:
        """Return who is authenticated in a decision vector."""
        facts = self.vector["facts"]
        return facts.get("authenticated_org") if isinstance(facts, dict) else None


def course_of(vector: Mapping[str, Any], names: Names) -> Course:
    """Return a vector with its steps, each with its expected result and its facts."""
    if vector["kind"] == "decision":
        step = Step(vector["now"], vector["event"], vector["expected"], _object(vector["facts"]))
        return Course(vector, names, [step])
    return Course(vector, names, list(_dedup_steps(vector)))


def _dedup_steps(vector: Mapping[str, Any]) -> Iterator[Step]:
    facts: JsonObject = dict(vector["facts"])
    changed, expected = True, iter(vector["expected"])
    for step in vector["steps"]:
        if "set" in step:
            facts, changed = facts | step["set"], True
            continue
        yield Step(step["at"], step["event"], next(expected), dict(facts) if changed else None)
        changed = False


def _object(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


@dataclass(slots=True)
class Timeline:
    """All courses on one hub, instant by instant. `kinds` gives the kind of each organisation."""

    hub: VectorHub
    kinds: Mapping[str, str]
    force: bool = False
    """Whether everything is published over HTTP, also what cannot be stated there: to see that it cannot."""

    async def run(self, courses: Sequence[Course]) -> None:
        """Take every step of every course at its instant; courses that share an instant go together."""
        waiting = {id(course): list(course.steps) for course in courses}
        while any(waiting.values()):
            moments = {key: (steps[0].moment, steps[0].at) for key, steps in waiting.items() if steps}
            earliest = min(moment for moment, _ in moments.values() if moment is not None)
            taking = [course for course in courses if moments.get(id(course), (None,))[0] == earliest]
            at = next(text for moment, text in moments.values() if moment == earliest)
            self.hub.set_clock(at)
            await self._round([(course, waiting[id(course)].pop(0)) for course in taking])

    async def _round(self, taken: Sequence[tuple[Course, Step]]) -> None:
        """Take one step of each of these courses, and wait until all is decided and delivered."""
        facts = [(course, step.facts) for course, step in taken if step.facts is not None]
        await self.hub.seed((course.names.ending, course.names.facts(given)) for course, given in facts)
        sent = [(course, step, await self._send(course, step)) for course, step in taken]
        await self.hub.decided([item for _, _, item in sent if isinstance(item, Sent)])
        if any(course.kind == "dedup" for course, _, _ in sent):
            await self.hub.delivered()
        for course, step, item in sent:
            course.results.append(await self._result(course, step, item))

    async def _result(self, course: Course, step: Step, sent: Sent | Refused) -> Json:
        if isinstance(sent, Refused):
            return sent
        rows = await self.hub.judged(sent)
        if rows[0]["verdict"] == "unreadable":
            return Refused(0, str(rows[0]["reason"]))
        if course.kind == "decision":
            return decision_result(course.names, self._named(_object(step.event), rows))
        return dedup_result(_object(step.event), rows)

    async def _send(self, course: Course, step: Step) -> Sent | Refused:
        event, names = step.event, course.names
        org = course.org if course.kind == "decision" else _object(_object(event).get("sender")).get("org")
        held_since = _object(step.facts).get("held_since")
        if held_since is not None and isinstance(event, dict):
            await self.hub.hold(names.ending, names.view(event), held_since)
        reason = None if self.force else unsayable(event, org, self.kinds)
        course.roads.append(reason or HTTP)
        if reason is None:
            today = amsterdam_date(datetime.fromisoformat(step.at)).isoformat()
            publication = publication_of(event, org, names, today, text_of(event, names, len(course.roads)))
            return await self.hub.publish(publication)
        view = names.view(_object(event))
        if view.get("digest"):
            view["digest"] = f"{view['digest']}.{names.ending}"
        return await self.hub.write(view, str(org), step.at)

    def _named(self, event: Mapping[str, Json], rows: Sequence[JsonObject]) -> list[JsonObject]:
        """Return the rows without those of the crisis teams that the hub warns on its own account (ROUTING.md 5)."""
        stated = event.get("recipients")
        count = len(stated) if isinstance(stated, list) else 0
        urgent = event.get("type") == "crisis.reported" or event.get("urgency") == "u1"
        return [row for row in rows if not (urgent and self._is_beside(row.get("recipient"), count))]

    def _is_beside(self, recipient: Any, named: int) -> bool:
        return recipient is not None and (
            recipient["position"] >= named and self.kinds.get(recipient["recipient"]) == "crisis_team"
        )


def text_of(event: Json, names: Names, number: int) -> str:
    """Return the text of an event's content: equal for the events of a vector whose digests are equal."""
    mark = _object(event).get("digest", f"number {number}")
    return f"Testverhaal {mark} {names.ending}"


def decision_result(names: Names, rows: Sequence[JsonObject]) -> JsonObject:
    """Return a decision in the form of the vectors (CONSENT.md section 2), with the vector's own names."""
    first = rows[0]
    recipients: list[Any] = [row["recipient"] for row in rows if "recipient" in row]
    return {
        "event": {
            "outcome": first["event_outcome"],
            "reason": first["event_reason"],
            "duties": first["duties"],
        },
        "recipients": [
            {name: item[name] for name in ("recipient", "outcome", "reason", "withheld", "duties")}
            | {"consents": [names.original(consent) for consent in item["consents"]]}
            for item in recipients
        ],
    }


DEDUP_MESSAGES: Final = frozenset(
    {"match.reported", "match.lapsed", "signal.source_added", "signal.linked_internally", "conflict.reported"}
)
"""Messages that DEDUP.md speaks of; what the hub asks or tells besides (a question, a duty) is no part of a vector."""


def dedup_result(event: Mapping[str, Json], rows: Sequence[JsonObject]) -> JsonObject:
    """Return a judgement in the form of the vectors (DEDUP.md section 8)."""
    first: Any = rows[0]
    sent: list[Any] = [row["recipient"] for row in rows if row.get("sent")]
    receivers = sorted({item["recipient"] for item in sent})
    emits = [item for item in first["emissions"] if item["type"] in DEDUP_MESSAGES]
    if event.get("type") == "signal.retracted":
        if receivers:
            emits.append(_message("signal.retracted", receivers, "ok_retraction_notice"))
        receivers = []
    return {
        "verdict": first["verdict"],
        "reason": first["verdict_reason"],
        "delivered_to": receivers,
        "emits": _ordered(emits),
        "suppressed": _ordered(first["suppressed"]),
    }


def _message(type_name: str, to: list[str], reason: str) -> JsonObject:
    return {"type": type_name, "to": to, "reason": reason, "basis": None}


def _ordered(messages: Iterable[Any]) -> list[JsonObject]:
    stated = [{**message, "to": sorted(message["to"])} for message in messages]
    return sorted(stated, key=lambda item: (str(item["type"]), str(item["to"])))


def kinds_of(directory: Iterable[Any]) -> dict[str, str]:
    """Return the kind of each organisation of a directory; the hub among them."""
    return {HUB_KIND: HUB_KIND} | {
        row["org"]: row.get("kind", "") for row in directory if isinstance(row, dict)
    }
