"""All decision and dedup vectors of one collection through one running hub, and what is said about the result."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hub.core.model import Json
from hub.core.times import parse_instant
from hub.ledger.seed import seed_of
from tests.system.vector_configuration import Configuration, configuration_of, is_refused, write_partners
from tests.system.vector_names import Names
from tests.system.vector_run import Course, Timeline, course_of, kinds_of
from tests.system.vector_world import DECIDING, DELIVERING, Refused, VectorHub

PROJECT: Final = Path(__file__).resolve().parents[2]
SHARED: Final = PROJECT.parent / "shared" / "domain"
OWN: Final = PROJECT / "tests" / "vectors"

DOOR_ANSWERS: Final[Mapping[str, frozenset[str]]] = {
    "deny_bsn_in_metadata": frozenset({"deny_bsn_in_metadata"}),
    "deny_schema": frozenset(
        {
            "publish_form_invalid", "section_content_invalid", "type_unknown", "type_not_allowed",
            "not_a_cloudevent", "missing_attribute", "invalid_attribute_value", "invalid_id", "invalid_source",
            "invalid_time", "form_mismatch",
        }
    ),
    "deny_sender": frozenset({"source_not_yours", "credentials_missing", "credentials_invalid"}),
    "deny_type_not_allowed": frozenset({"type_not_allowed"}),
}  # fmt: skip
"""What the doors (gateway, publish form, wire) answer where the decision would refuse the whole event."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Vectors of one folder with their defaults."""

    vectors: Sequence[Mapping[str, Any]]
    defaults: Mapping[str, Any]

    def of(self, *kinds: str) -> list[Mapping[str, Any]]:
        """Return the vectors of these kinds."""
        return [vector for vector in self.vectors if vector["kind"] in kinds]

    @property
    def configuration(self) -> Configuration:
        """Return the configuration of a vector that states none."""
        return configuration_of({}, self.defaults)


def collection(folder: Path, vectors: str) -> Collection:
    """Read the vectors of a folder; its `defaults.json` lies beside the folder of the vectors."""
    found = [
        vector
        for path in sorted((folder / vectors).glob("*.json"))
        for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]
    ]
    return Collection(found, json.loads((folder / "defaults.json").read_text(encoding="utf-8")))


@dataclass(slots=True)
class Report:
    """What became of the vectors of one collection.

    Attributes:
        wrong: Those whose result differs: id, expected, got.
        passed: How many gave the same result, per kind.
        roads: Per road how many events took it: `http`, or why an event went straight into the log.
        refused: Ids of those that a door refused with the reason that stands for the expected one.
        unstartable: Ids of those under whose configuration no process starts; nothing of them may leave.
        unholdable: Ids of those whose facts no ledger holds, with the facts.
        around: Ids of those that went straight into the log, as over HTTP they do not give the same.
    """

    wrong: list[tuple[str, Json, Json]] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    roads: Counter[str] = field(default_factory=Counter)
    refused: set[str] = field(default_factory=set)
    unstartable: set[str] = field(default_factory=set)
    unholdable: dict[str, list[str]] = field(default_factory=dict)
    around: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[str]:
        """Yield the counts, for people."""
        yield f"{sum(self.passed.values())} vectors gave the same result: {dict(self.passed)}"
        yield f"{len(self.wrong)} gave another: {[vector_id for vector_id, _, _ in self.wrong]}"
        yield f"of these a door refused {len(self.refused)} with the reason that stands for the expected one"
        yield f"events by road: {dict(self.roads)}"
        yield f"{len(self.unstartable)} configurations start no hub: {sorted(self.unstartable)}"
        yield f"{len(self.unholdable)} with facts that no ledger holds: {self.unholdable}"


@dataclass(slots=True)
class Suite:
    """One run of a collection on a hub. `numbers` gives citizen numbers that nobody else uses."""

    hub: VectorHub
    numbers: Iterator[str]
    report: Report = field(default_factory=Report)
    _count: int = 0

    async def run(self, given: Collection, kinds: Sequence[str]) -> None:
        """Run the vectors of these kinds, the largest group of one configuration first."""
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for vector in given.of(*kinds):
            if not self._unholdable(vector):
                groups.setdefault(configuration_of(vector, given.defaults).label, []).append(vector)
        current = given.configuration.label
        for label, vectors in sorted(groups.items(), key=lambda item: item[0] != current):
            configuration = configuration_of(vectors[0], given.defaults)
            if label == current or await self._configured(configuration, vectors):
                await self._take(vectors, configuration)

    async def _configured(self, configuration: Configuration, vectors: Sequence[Mapping[str, Any]]) -> bool:
        """Start the hub with another configuration. False when it refuses: then none of these may leave."""
        draft = self.hub.stack.settings.state / "draft.toml"
        write_partners(draft, configuration, self.hub.access, self.hub.webhooks)
        if is_refused(draft):
            self.report.unstartable |= {str(vector["id"]) for vector in vectors}
            return False
        sent_too = any(vector["kind"] == "dedup" for vector in vectors)
        await self.hub.configure(configuration, DECIDING + DELIVERING if sent_too else DECIDING)
        return True

    async def _take(self, vectors: Sequence[Mapping[str, Any]], configuration: Configuration) -> None:
        courses = [course_of(vector, self._names()) for vector in vectors]
        kinds = kinds_of(configuration.directory)
        await Timeline(self.hub, kinds).run(courses)
        around = [course.vector for course in courses if course.kind == "decision" and course.is_around]
        tried = [course_of(vector, self._names()) for vector in around]
        await Timeline(self.hub, kinds, force=True).run(tried)
        at_the_door = {course.vector_id: course for course in tried if not _differences(course)}
        for course in courses:
            self._judge(at_the_door.get(course.vector_id, course))

    def _names(self) -> Names:
        self._count += 1
        return Names(f"v{self._count}", self.numbers, self.hub.pseudonyms)

    def _unholdable(self, vector: Mapping[str, Any]) -> bool:
        lost = lost_facts(vector, self._names())
        if lost:
            self.report.unholdable[str(vector["id"])] = lost
        return bool(lost)

    def _judge(self, course: Course) -> None:
        self.report.roads.update(course.roads)
        if course.is_around:
            self.report.around.add(course.vector_id)
        different = _differences(course)
        self.report.wrong += [(course.vector_id, expected, got) for expected, got in different]
        if not different:
            self.report.passed[course.kind] += 1
            if any(isinstance(result, Refused) for result in course.results):
                self.report.refused.add(course.vector_id)


def lost_facts(vector: Mapping[str, Any], names: Names) -> list[str]:
    """Return the facts of a vector that no ledger can hold, and `now` where it is no instant."""
    facts = vector["facts"]
    lost = list(seed_of(names.facts(facts)).unholdable) if isinstance(facts, dict) else ["facts"]
    if vector["kind"] == "decision" and parse_instant(vector["now"]) is None:
        lost.append("now")
    if not _whole_history(facts):
        lost.append("known_events: without organisation or kind")
    if _moved_consent(facts):
        lost.append("consents: one id, two persons")
    return lost


def _whole_history(facts: Json) -> bool:
    """Return whether what the hub carried before has its form: it writes that itself, for every event."""
    known = facts.get("known_events") if isinstance(facts, dict) else None
    fields = ("id", "org", "kind")
    return all(
        isinstance(item.get(name), str)
        for item in (known if isinstance(known, list) else ())
        if isinstance(item, dict)
        for name in fields
    )


def _moved_consent(facts: Json) -> bool:
    """Return whether two records of one id are about two persons: a register keeps one record per id."""
    consents = facts.get("consents") if isinstance(facts, dict) else None
    owners: dict[str, set[str]] = {}
    for record in consents if isinstance(consents, list) else ():
        if isinstance(record, dict):
            owners.setdefault(str(record.get("consent_id")), set()).add(str(record.get("subject_ref")))
    return any(len(found) > 1 for found in owners.values())


def _differences(course: Course) -> list[tuple[Json, Json]]:
    """Return (expected, got) of each step that came out otherwise."""
    pairs = zip((step.expected for step in course.steps), course.results, strict=True)
    return [(expected, got) for expected, got in pairs if not is_same(expected, got)]


def is_same(expected: Any, got: Any) -> bool:
    """Return whether a result is the expected one: a refusal at a door stands for the refusal of the whole event."""
    if isinstance(got, Refused):
        reason = expected["event"]["reason"] if "event" in expected else expected["reason"]
        return got.reason in DOOR_ANSWERS.get(str(reason), ())
    return bool(expected == got)
