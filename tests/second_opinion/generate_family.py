"""A family and its records, to compare two readings on."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

from tests.second_opinion.tables import CAPACITIES, DISTRICTS, KINDS, METHODS, PURPOSES, ROLES, SECTIONS, Json

BIRTHS = [
    "2018-05-01",
    "2014-11-21",
    "2014-11-22",
    "2013-01-05",
    "2012-02-29",
    "2011-06-30",
    "2010-11-21",
    "2009-04-04",
    "2008-11-21",
    "2008-02-29",
    "1985-07-07",
    "2027-01-01",
]
INSTANTS = [
    "2026-03-01T10:00:00+01:00",
    "2026-10-01T10:00:00+02:00",
    "2026-11-20T23:30:00+01:00",
    "2026-11-21T12:00:00+01:00",
    "2027-05-05T00:00:00Z",
    "2023-02-28T09:00:00+01:00",
]
DATES = ["2020-01-01", "2026-03-01", "2026-11-20", "2026-11-21", "2026-11-22", "2027-02-28", "2025-06-30"]
PEOPLE = ["child_1", "parent_1", "parent_2", "child_2", "aunt_1", "stranger_1"]


def chance(random: Random, percent: int) -> bool:
    return random.randrange(100) < percent


def some(random: Random, items: list[Any], most: int) -> list[Any]:
    """Distinct items in a random order."""
    return random.sample(items, min(len(items), random.randint(0, most)))


def a_residence(random: Random) -> Json:
    return {
        "district": random.choice([*DISTRICTS, *["escamp"] * 30, "outside_city"]),
        "from": random.choice(["2020-01-01"] * 15 + ["2026-11-21", "2026-11-22"]),
        "to": random.choice([None] * 15 + ["2026-11-21", "2030-01-01"]),
        "basis": random.choice(["brp"] * 12 + ["stay"]),
    }


def a_custody_entry(random: Random, person: str) -> Json:
    roles = (
        ["parent_with_custody"] * 90 + ["co_custodian", "guardian", "mentor", "partner", "proxy"] * 3 + ROLES
    )
    entry = {
        "person": person,
        "role": random.choice(roles),
        "checked_on": random.choice(["2026-10-01"] * 25 + ["2026-08-23", "2026-08-22", "2026-11-22"]),
    }
    if chance(random, 30):
        entry["reason_ref"] = "reason_1"
    return entry


def a_subject(random: Random) -> Json:
    """One person with everything the gates look at."""
    parents = random.choice([["parent_1"], ["parent_1", "parent_2"], ["parent_1", "parent_2", "aunt_1"]])
    related = [*some(random, ["school_a", "gp_a", "institution_a", "mental_a", "youth_care_a"], 5)]
    measures = [
        {
            "kind": random.choice(["supervision_order", "guardianship", "other"]),
            "org": random.choice(["institution_a", "institution_a", "institution_b"]),
            "order_ref": "order_1",
            "from": "2026-01-01",
            "to": random.choice([None, "2026-11-21", "2027-11-21"]),
        }
    ]
    subject: Json = {
        "birth_date": random.choice(BIRTHS),
        "identity": random.choice(["established"] * 30 + ["probable", "ambiguous"]),
        "custody": [a_custody_entry(random, person) for person in parents],
        "residences": [a_residence(random) for _ in range(random.choice([1, 1, 1, 1, 1, 1, 2]))],
        "protected_address": random.choice([False, False, False, True, None]),
        "related_orgs": random.choice([related, related, None]),
        "measures": random.choice([[], measures]),
    }
    if chance(random, 25):
        subject["capacity"] = random.choice([*CAPACITIES, "capable", "incapable", None])
    return subject


def a_selector(random: Random, org: str, kind: str, *, team: bool) -> Json:
    options: list[Json] = [{"org": org}, {"kind": kind}, {"kind": kind}, {"any": True}]
    options += [{"org": random.choice(["gp_b", "team_kust", "report_point"])}, {"kind": random.choice(KINDS)}]
    if team:
        options += [{"kind": "local_team", "partnership": random.choice(["kracht", "rondomjou"])}]
    return random.choice(options if chance(random, 45) else options[:3])


def a_record(random: Random, number: int, event: Json, people: list[str], partner: Json) -> Json:
    """A consent or objection that mostly fits the event and the recipient, by one of the people."""
    decision = "objection" if chance(random, 22) else "consent"
    present = event["sections"]
    sections: Any = random.choice([present, present, SECTIONS, some(random, SECTIONS, 6), [], "all"])
    if decision == "objection" and chance(random, 60):
        sections = random.choice([[], "all", some(random, present, 3)])
    withdrawn = random.choice(INSTANTS) if chance(random, 18) else None
    return {
        "consent_id": f"c{number}" if chance(random, 97) else "c0",
        "version": random.choice([1, 1, 1, 2]),
        "decision": decision,
        "function": random.choice(["disclosure"] * 14 + ["help", "data_processing"]),
        "subject_ref": event.get("subject_ref") or "child_1",
        "purpose": event.get("purpose", "coordination")
        if chance(random, 85)
        else random.choice([*PURPOSES, "any"]),
        "sender": a_selector(random, event["sender"]["org"], event["sender"]["kind"], team=False),
        "recipient": a_selector(random, partner["org"], partner["kind"], team=True),
        "sections": copy.copy(sections),
        "case_ref": random.choice([None, None, None, event.get("case_ref"), "case_1", "case_9"]),
        "valid_from": random.choice(["2026-03-01"] * 10 + DATES + INSTANTS),
        "valid_to": random.choice(
            ["2027-02-28"] * 10 + DATES + INSTANTS + ([None] * 6 if decision != "consent" else [])
        ),
        "withdrawn_at": withdrawn,
        "given_by": {
            "person": random.choice(people),
            "role": random.choice(["parent_with_custody"] * 3 + ["youth", *ROLES]),
            "method": random.choice(METHODS),
            "recorded_by": "prof_9",
            "recorded_at": random.choice(INSTANTS),
        },
        "evidence_ref": "evidence_1",
    }


def records_for(random: Random, event: Json, subjects: Json, partner: Json) -> list[Json]:
    """Records of everybody who may have to consent, and of some who may not."""
    made: list[Json] = []
    for person in [event.get("subject_ref") or "child_1", "child_2"]:
        family = [entry["person"] for entry in subjects.get(person, {}).get("custody", [])]
        givers = [person, *family] if chance(random, 65) else some(random, PEOPLE, 4)
        for giver in givers:
            for _ in range(random.choice([1, 1, 1, 1, 2])):
                record = a_record(random, len(made), event, [giver], partner)
                made.append({**record, "subject_ref": person})
    return made


def agreeing(random: Random, records: list[Json], event: Json, partner: Json) -> None:
    """In half of the cases all consents fit, so that the gates after R15 are reached."""
    if chance(random, 50):
        return
    for record in records:
        record.update(
            decision="consent",
            function="disclosure",
            purpose=event.get("purpose", "coordination"),
            sender={"kind": event["sender"]["kind"]},
            recipient=random.choice([{"kind": partner["kind"]}, {"org": partner["org"]}]),
            sections=some(random, SECTIONS, 15) if chance(random, 50) else SECTIONS.copy(),
            valid_from="2026-03-01",
            valid_to="2028-12-31",
            withdrawn_at=None,
            case_ref=None,
        )
