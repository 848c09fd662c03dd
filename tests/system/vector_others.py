"""Number, routing and inspection vectors through a running hub, where there is a door that shows their result.

A number is stated as somebody's citizen number, or stands in a text or in the clear part of an event; a route shows in
the decision on an event that is sent that way; a log is inspected with `POST /inspections`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import httpx

from hub.core.model import Json, JsonObject
from hub.ledger import rows
from hub.ledger.texts import key_text
from tests.system.vector_configuration import configuration_of, sources_of
from tests.system.vector_door import publication_of
from tests.system.vector_names import Names
from tests.system.vector_run import kinds_of
from tests.system.vector_suite import Collection
from tests.system.vector_world import PATIENCE_SECONDS, POLL_SECONDS, Refused, Sent, VectorHub

RowT = TypeVar("RowT", rows.ProcessingRow, rows.DeliveryRow)

SOMEBODY: Final = "somebody"

AT: Final = "2026-11-21T12:00:00+01:00"
"""Numbers have no instant of their own."""


@dataclass(slots=True)
class OtherReport:
    """What became of these vectors: ids that passed, what came out otherwise, and why some have no door."""

    passed: set[str] = field(default_factory=set)
    wrong: dict[str, tuple[Json, Json]] = field(default_factory=dict)
    doorless: dict[str, set[str]] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield the counts, for people."""
        kinds = "number, routing and inspection vectors"
        yield f"{len(self.passed)} {kinds} gave the same result, {len(self.wrong)} another"
        for reason, found in self.doorless.items():
            yield f"no door for {len(found)}: {reason}: {sorted(found)}"

    def add(self, vector: Mapping[str, Any], expected: Json, got: Json) -> None:
        """Note one result."""
        if expected == got:
            self.passed.add(str(vector["id"]))
        else:
            self.wrong[str(vector["id"])] = (expected, got)


@dataclass(slots=True)
class Others:
    """One run of the other kinds on a hub with the default configuration of a collection."""

    hub: VectorHub
    given: Collection
    numbers: Iterator[str]
    report: OtherReport = field(default_factory=OtherReport)
    _count: int = 0

    async def run(self) -> OtherReport:
        """Run every vector that has a door; say of the others why they have none."""
        for vector in self.given.of("number", "routing", "inspection", "deadline"):
            reason = doorless(vector, self.given)
            if reason is not None:
                self.report.doorless.setdefault(reason, set()).add(str(vector["id"]))
                continue
            self.hub.set_clock(str(vector.get("now", AT)))
            self._count += 1
            names = Names(f"o{self._count}", self.numbers, self.hub.pseudonyms)
            kind = {"number": self._number, "routing": self._route, "inspection": self._inspect}
            expected, got = await kind[vector["kind"]](vector, names)
            self.report.add(vector, expected, got)
        return self.report

    def _first(self, kind: str) -> str:
        """Return the first organisation of a kind."""
        return next(org for org, found in self._kinds.items() if found == kind)

    @property
    def _kinds(self) -> dict[str, str]:
        return kinds_of(self.given.configuration.directory)

    async def _judged(self, event: JsonObject, names: Names, at: str) -> Any:
        """Publish an event and return its first audit row, or what the door answered."""
        sender: Any = event["sender"]
        text = f"Testverhaal {names.ending}"
        sent = await self.hub.publish(publication_of(event, sender["org"], names, at[:10], text))
        if isinstance(sent, Refused):
            return sent
        await self.hub.decided([sent])
        return (await self.hub.judged(sent))[0]

    def _event(self, type_name: str, org: str, at: str, **fields: Json) -> JsonObject:
        return {
            "id": "event",
            "source": sources_of(org)[0],
            "type": type_name,
            "time": at,
            "sender": {"org": org, "kind": self._kinds[org]},
            "sections": ["meta"],
            **fields,
        }

    # --- numbers --------------------------------------------------------------------------------------
    async def _number(self, vector: Mapping[str, Any], names: Names) -> tuple[Json, Json]:
        ask = {"eleven_test": self._eleven_test, "metadata": self._metadata, "scan": self._scan}
        return await ask[vector["op"]](vector, names)

    async def _eleven_test(self, vector: Mapping[str, Any], names: Names) -> tuple[Json, Json]:
        """State the number as the one of the person an event is about."""
        wanted = vector["expected"]
        expected = "bsn_invalid" if not wanted["valid"] else "bsn_outside_environment"
        event = self._event("learning.recorded", self._first("school"), AT)
        publication = publication_of(event, self._first("school"), names, AT[:10], "")
        body: Any = publication.body
        body["data"]["subject"] = {"bsn": vector["request"]["value"]}
        return "accepted" if wanted["test_range"] else expected, _door(await self.hub.publish(publication))

    async def _metadata(self, vector: Mapping[str, Any], names: Names) -> tuple[Json, Json]:
        """State the value in the open data of an event."""
        org = self._first("school")
        event = self._event("learning.recorded", org, AT, data={"noted": vector["request"]["value"]})
        expected = "deny_bsn_in_metadata" if vector["expected"]["refused"] else "accepted"
        return expected, _door(await self.hub.publish(publication_of(event, org, names, AT[:10], "")))

    async def _scan(self, vector: Mapping[str, Any], names: Names) -> tuple[Json, Json]:
        """Let the text be the facts of a signal; the event says whether something was masked in it."""
        org, text = self._first("school"), vector["request"]["text"]
        event = self._event(
            "signal.raised", org, AT, sections=["meta", "contact", "codes", "narrative"], domains=["04"],
            subject_ref=SOMEBODY, purpose="help_request", urgency="u3", recipients=[{"to": {"kind": "local_team"}}],
        )  # fmt: skip
        publication = publication_of(event, org, names, AT[:10], "Testverhaal")
        body: Any = publication.body
        body["data"]["content"]["narrative"] = {"facts": text}
        sent = await self.hub.publish(publication)
        if isinstance(sent, Refused):
            return vector["expected"], sent
        await self.hub.decided([sent])
        found = await self.hub.database.fetchval("select document from payload where uid = $1", sent.uid)
        scans: Any = json.loads(found)[0]["scans"]
        return "masked" if vector["expected"]["hits"] else "clean", scans["narrative"]

    # --- routing --------------------------------------------------------------------------------------
    async def _route(self, vector: Mapping[str, Any], names: Names) -> tuple[Json, Json]:
        """Send something that way; the first line of the decision tells who it is for, or why nobody."""
        if vector["op"] == "crisis_fan_out":
            return await self._fan_out(vector, names)
        request, facts, expected = vector["request"], dict(vector["facts"]), vector["expected"]
        if vector["op"] == "owner":
            home = {"district": request["district"], "from": "2020-01-01", "to": None, "basis": "brp"}
            facts["subjects"] = {SOMEBODY: {"identity": "established", "residences": [home]}}
            request = {
                "to": {"kind": "local_team"},
                "subject_ref": SOMEBODY,
                "sender_org": self._first("school"),
            }
        await self.hub.seed([(names.ending, names.facts({"consent_version": 1, **facts}))])
        gated = vector["op"] == "gated_recipient"
        fields: JsonObject = {
            "sections": ["meta", "contact", "codes"],
            "domains": ["04"],
            "safety_level": "concern",
        }
        type_name, purpose = ("signal.raised", "help_request") if gated else ("crisis.reported", "crisis")
        event = self._event(
            type_name, request["sender_org"], vector["now"], urgency="u3", purpose=purpose,
            subject_ref=request["subject_ref"], recipients=[{"to": request["to"]}], **fields,
        )  # fmt: skip
        row = await self._judged(event, names, vector["now"])
        if isinstance(row, Refused):
            return expected, row
        if "recipient" not in row:
            return expected, row["event_reason"]
        line: Any = row["recipient"]
        resolved = expected["status"] == "resolved"
        return expected["orgs"][0] if resolved else expected["reason"], line[
            "recipient" if resolved else "reason"
        ]

    async def _fan_out(self, vector: Mapping[str, Any], names: Names) -> tuple[Json, Json]:
        """Report a crisis to somebody else; who is warned beside them are crisis teams, and parties by an alert."""
        request, expected, now = vector["request"], vector["expected"], vector["now"]
        await self.hub.seed([(names.ending, names.facts({"consent_version": 1, **vector["facts"]}))])
        sender, named = self._first("gp"), self._first("veilig_thuis")
        event = self._event(
            "crisis.reported", sender, now, urgency="u1", purpose="crisis", domains=["04"], safety_level="acute",
            subject_ref=request["subject_ref"], case_ref=request["case_ref"], recipients=[{"to": {"org": named}}],
            sections=["meta", "contact", "codes"],
        )  # fmt: skip
        sent = await self.hub.publish(publication_of(event, sender, names, now[:10], names.ending))
        if isinstance(sent, Refused):
            return expected, sent
        await self.hub.decided([sent])
        judged: list[Any] = await self.hub.judged(sent)
        told = [row["recipient"]["recipient"] for row in judged]
        wanted = sorted(expected["alerts"])
        warned = await self._warned(str(names.pseudonym(request["subject_ref"])), len(wanted))
        return [expected["orgs"], wanted], [[org for org in told if org != named], warned]

    async def _warned(self, subject: str, count: int) -> list[str]:
        """Return who gets `alert.crisis` about this person, once so many do."""
        query = """
            select distinct d.document::jsonb -> 'recipient' ->> 'recipient' as org
            from intake i join decision d using (place)
            where i.type = 'alert.crisis' and d.document::jsonb ->> 'subject' = $1"""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = sorted(row["org"] for row in await self.hub.database.fetch(query, subject))
            if len(found) >= count or time.monotonic() > deadline:
                return found
            await asyncio.sleep(POLL_SECONDS)

    # --- inspection -----------------------------------------------------------------------------------
    async def _inspect(self, vector: Mapping[str, Any], names: Names) -> tuple[Json, Json]:
        """Put the lines into the processing log and ask for the family, as its local team does."""
        request, facts = vector["request"], vector["facts"]
        await self.hub.seed(
            [(names.ending, names.facts({"consent_version": 1, "subjects": facts["subjects"]}))]
        )
        subject = str(names.pseudonym(request["subject_ref"]))
        shared = await self._log(facts["log_lines"], subject, names)
        body: JsonObject = {
            "subject": names.reference(request["subject_ref"]),
            "requester": names.reference(request["requester"]["person"]),
        }
        if "child_interest_opposes" in request:
            body["child_interest_opposes"] = request["child_interest_opposes"]
        answer = await self.hub.client.post(
            f"{self.hub.stack.settings.public_url}/inspections",
            json=body,
            headers={"Authorization": f"Bearer {self.hub.access.api_keys[self._first('local_team')]}"},
        )
        return vector["expected"], inspection_result(answer, shared)

    async def _log(self, lines: list[Any], subject: str, names: Names) -> dict[str, datetime]:
        """Write the lines as delivered; return the instant of each."""
        shared: dict[str, datetime] = {}
        processing, deliveries = [], []
        for number, line in enumerate(lines):
            at = FIRST_LINE_AT + timedelta(minutes=number)
            shared[line["line"]] = at
            common = {
                "delivery_id": f"{names.ending}-{number}",
                "subject_key": key_text(subject),
                "ordinal": 0,
            }
            common["receiver"] = self._first(line["recipient_kind"])
            sender = {"sender": self._first(line["sender_kind"]), "sender_kind": line["sender_kind"]}
            marks = {mark: line[mark] for mark in MARKS}
            processing.append(_row(rows.ProcessingRow, _SHARED, common, sender, marks))
            at_once = {
                "due_at": at,
                "settled_at": at,
                "accepted_at": at.isoformat(),
                "uid": common["delivery_id"],
            }
            at_once |= {"first_attempt_at": at.isoformat(), "subscription_id": common["delivery_id"]}
            deliveries.append(_row(rows.DeliveryRow, _DELIVERED, common, at_once))
        async with self.hub.ledger._store.transaction() as tables:
            await tables.insert(rows.DELIVERY, deliveries)
            await tables.insert(rows.PROCESSING, processing)
        return shared


FIRST_LINE_AT: Final = datetime.fromisoformat("2026-11-02T10:00:00+00:00")
"""Each line of a log has an instant of its own, by which it is known again in the answer."""

MARKS: Final = ("third_person", "reporter_anonymous", "released")

_SHARED: Final[Mapping[str, object]] = {
    "type": "signal.raised",
    "purpose": "help_request",
    "reason": "ok_consent",
    "sections": '["meta"]',
}
_DELIVERED: Final[Mapping[str, object]] = {
    "place": "0/0/0", "line": 0, "partition": 0, "position": 0, "crisis": False, "state": "delivered", "reason": "",
    "decision": "{}", "sequence": 1, "attempt": 1, "lease": "",
}  # fmt: skip


def _row(kind: type[RowT], *parts: Mapping[str, object]) -> RowT:
    """Return a row of these columns; what is not said is empty."""
    values: dict[str, Any] = dict.fromkeys(kind._fields)
    for part in parts:
        values.update(part)
    return kind(**values)


def inspection_result(answer: httpx.Response, shared: Mapping[str, datetime]) -> JsonObject:
    """Return an answer in the form of the vectors; a refusal has no outcome of its own on the wire."""
    body: Any = answer.json()
    if answer.status_code != httpx.codes.OK:
        outcome = "hold" if str(body["reason"]).startswith("hold_") else "deny"
        return {"outcome": outcome, "reason": body["reason"], "shown": [], "masked": [], "withheld": []}
    found = {datetime.fromisoformat(line["shared_at"]): line["sender"] for line in body["lines"]}
    there = {name: found[at] for name, at in shared.items() if at in found}
    return {
        "outcome": body["outcome"],
        "reason": body["reason"],
        "shown": [name for name, sender in there.items() if sender is not None],
        "masked": [name for name, sender in there.items() if sender is None],
        "withheld": [name for name in shared if name not in there],
    }


def doorless(vector: Mapping[str, Any], given: Collection) -> str | None:
    """Return why no door shows the result of a vector, or None when one does."""
    if vector["kind"] == "deadline":
        return "pure counting; the accelerated month compares due times on the running hub"
    if configuration_of(vector, given.defaults).label != given.configuration.label:
        return "another directory or area table"
    match vector["kind"], vector.get("op"):
        case "number", "pseudonym":
            return "pure arithmetic with a key that no hub has"
        case "routing", "fixed_protector":
            return "no message asks for it"
        case "inspection", _:
            return _uninspectable(vector)
    return None


def _uninspectable(vector: Mapping[str, Any]) -> str | None:
    request, lines = vector["request"], vector["facts"].get("log_lines")
    if request["kind"] == "replay":
        return "sending again is not asked for by a partner"
    if "child_interest_opposes" in request and not isinstance(request["child_interest_opposes"], bool):
        return (
            "whether the child's interest opposes is yes, no or not stated: the form refuses another answer"
        )
    if not isinstance(lines, list) or not all(
        isinstance(line, dict) and all(isinstance(line.get(mark), bool) for mark in MARKS) for line in lines
    ):
        return "the ledger's log has every mark"
    return None


def _door(sent: Sent | Refused) -> str:
    return sent.reason if isinstance(sent, Refused) else "accepted"
