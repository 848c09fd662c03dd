"""Whether consent holds when a delivery may leave: recomputed from what was decided, without the product's rules.

Two looks: a short model of our own for every claim (was this consent withdrawn, did it end, was the signal taken
back, did the family move), and for a sample of claims the whole second opinion of tests/second_opinion.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.second_opinion.decision import decide
from tests.simulation.promises import REPEATED, hold

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOTICES = frozenset({"consent.withdrawn", "consent.expired", "signal.retracted", "referral.withdrawn"})
"""Told to whoever got something earlier, whatever the consent is now (CONSENT.md gate E11)."""

LEAVES = frozenset({"allow", "redact"})

Document = dict[str, Any]


class ConsentModel:
    """What was decided about consents, homes and signals, in the order in which it was decided."""

    def __init__(self, team_of: dict[str, str], children: Document) -> None:
        self._team_of = team_of
        self._ends: dict[str, str] = {}
        self._withdrawn: dict[str, datetime] = {}
        self._records: set[tuple[str, str]] = set()
        self._retracted: set[tuple[str, str]] = set()
        self._homes: dict[str, dict[str, str]] = {
            child: {facts["residences"][0]["from"]: facts["residences"][0]["district"]}
            for child, facts in children.items()
        }

    def known(self, record: Document) -> None:
        """Take over a consent that was given before the first event."""
        self._ends[record["consent_id"]] = record["valid_to"]

    def decided(self, event: Document, intake: Any) -> None:
        """Take over what one decided record states."""
        if intake.verdict in REPEATED or intake.outcome not in LEAVES:
            return
        data, record = event.get("data", {}), event.get("record")
        if record is not None:
            self._records.add((event["sender"]["org"], record["ref"]))
        match event["type"]:
            case "consent.given":
                self._ends[data["record"]["consent_id"]] = data["record"]["valid_to"]
            case "consent.withdrawn":
                since = datetime.fromisoformat(data["effective_at"])
                self._withdrawn[data["consent_id"]] = min(
                    since, self._withdrawn.get(data["consent_id"], since)
                )
            case "signal.retracted":
                taken_back = (event["sender"]["org"], data["record_ref"])
                if (
                    taken_back in self._records
                ):  # of a record that nobody knows it has no effect (DEDUP.md section 6)
                    self._retracted.add(taken_back)
            case "address.changed":
                self._homes[event["subject_ref"]][data["from"]] = data["district"]

    def may_leave(self, event: Document, row: Any, now: str) -> None:
        """Raise when this delivery should not have been claimed at this instant."""
        if row.emission is not None or event["type"] in NOTICES:
            return
        moment = datetime.fromisoformat(now)
        today = moment.astimezone(AMSTERDAM).date().isoformat()
        for consent_id in json.loads(row.decision)["consents"]:
            withdrawn = self._withdrawn.get(consent_id)
            hold(
                withdrawn is None or moment < withdrawn, "nothing is claimed on a consent that was withdrawn"
            )
            hold(consent_id in self._ends, "nothing is claimed on a consent that nobody gave")
            hold(today <= self._ends[consent_id], "nothing is claimed on a consent that ended")
        record = event.get("record")
        if record is not None:
            taken_back = (event["sender"]["org"], record["ref"]) in self._retracted
            hold(not taken_back, "nothing of a signal that was taken back is claimed")
        self._right_team(event, row, today)

    def _right_team(self, event: Document, row: Any, today: str) -> None:
        listed = event.get("recipients", [])
        if row.position >= len(listed) or listed[row.position]["to"] != {"kind": "local_team"}:
            return
        homes = self._homes[event["subject_ref"]]
        current = homes[max(day for day in homes if day <= today)]
        hold(row.receiver == self._team_of[current], "a signal goes to the team of where the child lives now")


def second_opinion(event: Document, org: str, facts: Document, now: str, defaults: Document) -> Any:
    """Return what the naive reading of the documents says about an event with the facts of this moment."""
    case = {"event": event, "facts": {"authenticated_org": org, **facts}, "policy": {}, "now": now}
    return decide(case, defaults)


def agrees(opinion: Any, row: Any) -> None:
    """Raise unless the second opinion lets the same sections go to the same receiver."""
    if opinion["event"]["outcome"] not in LEAVES:
        hold(False, f"the second opinion stops the event: {opinion['event']['reason']}")  # noqa: FBT003
    if row.position >= len(opinion["recipients"]):
        return
    found = opinion["recipients"][row.position]
    decision = json.loads(row.decision)
    hold(found["recipient"] == row.receiver, "the second opinion names another receiver")
    hold(found["outcome"] in LEAVES, f"the second opinion stops it: {found['reason']}")
    hold(found["withheld"] == decision["withheld"], "the second opinion withholds other sections")


def facts_of(shelves: Any, subjects: Iterable[str]) -> Document:
    """Return the facts that the ledger keeps, in the form of a vector."""
    wanted = set(subjects)
    people = {row.subject_key: row for row in shelves["subject"] if row.subject_key in wanted}
    consents = [json.loads(row.document) for row in shelves["consent"] if row.subject_key in wanted]
    entries = [json.loads(row.document) for row in shelves["entry"]]
    return {
        "subjects": {
            ref: json.loads(row.document) for ref, row in people.items() if row.document is not None
        },
        "consents": [document for document in consents if "pending_withdrawal_at" not in document],
        "consent_version": max((row.version for row in people.values()), default=0),
        "known_events": [known for entry in entries for known in _known(entry)],
    }


def _known(entry: Any) -> list[Document]:
    named = [entry.get("event_id"), entry.get("record_ref"), entry.get("entry_id")]
    return [{"id": one, "org": entry["org"], "kind": entry["kind"]} for one in named if one is not None]
