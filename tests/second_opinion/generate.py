"""Families, records and events to compare two readings on, from a seed; and hostile values at every field."""

from __future__ import annotations

import copy
from random import Random

from tests.second_opinion.generate_family import (
    BIRTHS,
    DATES,
    INSTANTS,
    PEOPLE,
    a_custody_entry,
    a_record,
    a_subject,
    agreeing,
    chance,
    records_for,
    some,
)
from tests.second_opinion.generate_grounds import exception_for
from tests.second_opinion.generate_hostile import HOSTILE, spoil
from tests.second_opinion.generate_policy import a_policy
from tests.second_opinion.matrix import CATALOGUE
from tests.second_opinion.tables import (
    CAPACITIES,
    DISTRICTS,
    DOMAINS,
    PRO,
    SAFETY_LEVELS,
    SECTIONS,
    URGENCIES,
    Json,
)

NOWS = [
    "2026-11-21T12:00:00+01:00",
    "2026-11-20T23:00:00Z",
    "2026-11-20T22:59:59.999Z",
    "2028-02-29T08:00:00+01:00",
    "2027-03-01T00:00:00+01:00",
    "2026-10-25T02:30:00+02:00",
]


def an_entry(random: Random, event: Json, directory: list[Json]) -> Json:
    """A recipient, by name or by kind, perhaps with a ground."""
    others = [row for row in directory if row["kind"] in PRO and row["org"] != event["sender"]["org"]]
    partner = random.choice(others if chance(random, 93) else directory)
    if chance(random, 45):
        partner = random.choice([row for row in others if row.get("districts", ["escamp"]) == ["escamp"]])
    exception, kinds = exception_for(random, event["sender"]["kind"]) if chance(random, 28) else (None, [])
    fitting = [row for row in directory if row["kind"] in kinds]
    if fitting:
        partner = random.choice(fitting)
    to: Json = {"org": partner["org"]} if chance(random, 70) else {"kind": partner["kind"]}
    if partner["kind"] == "local_team" and "kind" in to and chance(random, 40):
        to["partnership"] = random.choice(["kracht", "rondomjou"])
    entry: Json = {"to": to}
    if exception is not None:
        entry["exception"] = exception
    if chance(random, 45):
        entry["needed_sections"] = (
            some(random, SECTIONS, 8) if chance(random, 50) else list(event["sections"])
        )
    if chance(random, 25):
        entry["professional"] = random.choice(["prof_1", "prof_2"])
    return entry


def sections_of(random: Random, row: Json) -> list[str]:
    chosen = [name for name in row["sections"] if name == "meta" or chance(random, 55)]
    if chance(random, 20):
        random.shuffle(chosen)
    return chosen


def an_event(random: Random, directory: list[Json]) -> Json:
    """An event of one type with the fields its class asks for."""
    contents = [
        "signal.raised",
        "referral.offered",
        "feedback.given",
        "consultation.requested",
        "help.started",
    ]
    event_type = random.choice(contents if chance(random, 60) else list(CATALOGUE))
    row = CATALOGUE[event_type]
    senders = [partner for partner in directory if partner["kind"] in row["senders"]]
    sender = random.choice(senders) if senders and chance(random, 97) else random.choice(directory)
    event: Json = {
        "id": "event_1",
        "source": "urn:nld:test",
        "type": event_type,
        "time": "2026-11-21T11:58:00+01:00",
        "sender": {"org": sender["org"], "kind": sender["kind"]},
        "sections": sections_of(random, row),
        "urgency": random.choice(["u3"] * 15 + URGENCIES),
        "subject_ref": "child_1",
    }
    if row["purposes"]:
        event["purpose"] = random.choice(row["purposes"])
    if row["class"] == "consultation":
        event["mode"] = random.choice(["anonymous", "identified"])
        event["subject_ref"] = "child_1" if event["mode"] == "identified" or chance(random, 10) else None
    add_fields(random, event, row)
    if row["class"] in ("content", "consultation", "ack", "feedback", "alert", "aggregate"):
        event["recipients"] = [an_entry(random, event, directory) for _ in range(random.choice([1, 1, 2, 3]))]
    return event


def add_fields(random: Random, event: Json, row: Json) -> None:
    """The optional fields, each present in part of the cases."""
    offered: Json = {
        "case_ref": "case_1",
        "in_reply_to": random.choice(["old_1", "old_2", "old_3"]),
        "origin_id": random.choice(["old_1", "old_3", "new_1"]),
        "causation_id": random.choice(["old_1", "old_2"]),
        "data_origin": random.choice(["own", "own", "own", "police", "unknown", "x"]),
        "safety_level": random.choice(SAFETY_LEVELS),
        "domains": some(random, DOMAINS, 3)
        if chance(random, 60)
        else some(random, ["04", "J4", "01", "06"], 2),
        "consent_version": random.choice([0, 6, 7, 7, 7, 7, 8]),
        "identity_contains_address": chance(random, 50),
        "anonymity_check": random.choice(
            ["clean", "clean", "clean", "identifier_found", "rare_combination", "x"]
        ),
        "area_precision": random.choice(["district", "district", "neighbourhood"]),
        "kindcheck": {
            "done": True,
            "children_present": random.choice(["yes", "yes", "no", "unknown"]),
            "minor_count": random.choice([None, 0, 2]),
        },
        "early_kind": "payment_arrears",
        "data": data_for(random, event),
        "cells": [
            {"n": random.choice([10, 9, 11, 0, True]), "area": "escamp"} for _ in range(random.randint(0, 2))
        ],
    }
    often = {"area_precision", "anonymity_check", "domains", "data", "cells", "kindcheck", "early_kind"}
    rare = {"data_origin", "origin_id", "causation_id"}
    for name, value in offered.items():
        if chance(random, 90 if name in often else 5 if name in rare else 40):
            event[name] = value
    if row["class"] == "ack" or event["type"] == "consultation.answered":
        event["in_reply_to"] = offered["in_reply_to"]
    if event.get("mode") == "anonymous":
        event["district"] = random.choice(DISTRICTS)
    statuses = ["clean"] * 6 + ["masked", "identifier_found", "not_run", "x"]
    event["scans"] = {
        name: random.choice(statuses) for name in ("narrative", "perspectives") if chance(random, 88)
    }
    about = {name: some(random, PEOPLE, 2) for name in event["sections"] if chance(random, 8)}
    if "household" in event["sections"] and chance(random, 70):
        about["household"] = random.choice([["child_1"], ["child_2"], []])
    if about:
        event["section_about"] = about


def data_for(random: Random, event: Json) -> Json:
    """Data of fact and notice events; a record in the form of section 7."""
    subject: Json = {"org": "gp_a", "kind": "gp"}
    record = a_record(random, 7, {**event, "sections": ["meta", "codes"]}, ["parent_1"], subject)
    return {
        "birth_date": random.choice(BIRTHS),
        "record": record,
        "consent_id": random.choice(["c0", "c1"]),
        "by": "parent_1",
        "effective_at": random.choice(INSTANTS),
        "record_ref": random.choice(["rec_1", "rec_2"]),
        "reason": random.choice(["unfounded", "risk_gone", "x"]),
        "persons": [a_custody_entry(random, "parent_1")],
        "value": random.choice(CAPACITIES),
        "judged_by": "prof_1",
        "district": random.choice([*DISTRICTS, "outside_city"]),
        "from": random.choice(DATES),
        "protected": chance(random, 50),
        "kind": random.choice(["guardianship", "gp"]),
        "org": "gp_a",
        "case_ref": "case_1",
        "professionals": [],
        "partnership": "kracht",
    }


def facts_for(random: Random, event: Json, directory: list[Json], now: str) -> Json:
    """Everything the hub knows at that moment."""
    subjects = {"child_1": a_subject(random), "child_2": a_subject(random)}
    if chance(random, 3):
        del subjects["child_1"]
    targets = [entry["to"] for entry in event.get("recipients", [])] or [{"org": "gp_a"}]
    wanted = random.choice(targets)
    fits = [row for row in directory if row["org"] == wanted.get("org") or row["kind"] == wanted.get("kind")]
    partner = random.choice(fits)
    records = records_for(random, event, subjects, partner)
    agreeing(random, records, event, partner)
    known = [
        {
            "id": old,
            "org": random.choice([partner["org"], "gp_a"]),
            "kind": random.choice(["signal", "gp", "police"]),
        }
        for old in some(random, ["old_1", "old_2", "old_3"], 3)
    ]
    professionals = [
        {"professional": name, "org": random.choice([event["sender"]["org"], partner["org"]])}
        for name in ("prof_1", "prof_2", "prof_1")
    ]
    if chance(random, 30):
        event["sender"]["professional"] = random.choice(["prof_1", "prof_2"])
    facts: Json = {
        "authenticated_org": event["sender"]["org"],
        "consent_version": random.choice([7] * 9 + [6, 8, 8, 8, 8]),
        "subjects": subjects,
        "consents": records,
        "known_events": known,
        "deliveries": [
            {
                "recipient": random.choice(["gp_a", "report_point", partner["org"]]),
                "consent_ids": some(random, ["c0", "c1", "c2"], 3),
                "record_ref": random.choice(["rec_1", "rec_2", None]),
                "org": random.choice([event["sender"]["org"], "gp_a"]),
            }
            for _ in range(random.randint(0, 3))
        ],
        "case_parties": {"case_1": some(random, [partner["org"], "gp_a"], 2)},
        "help_teams": [
            {
                "case_ref": "case_1",
                "subject_ref": "child_1",
                "professionals": professionals,
                "from": "2026-01-01",
                "to": random.choice([None, None, "2026-11-21"]),
            }
        ],
        "police_decisions": [
            {
                "decision_ref": "decision_1",
                "article": random.choice(["wpg_20", "wpg_16"]),
                "recipient_kinds": some(random, [partner["kind"], "gp"], 2),
                "sections": some(random, SECTIONS, 12),
                "from": "2026-01-01",
                "to": random.choice([None, "2026-11-21"]),
            }
            for _ in range(random.randint(0, 2))
        ],
    }
    if chance(random, 5):
        facts["held_since"] = random.choice(
            [None, "2026-11-06T12:00:00+01:00", "2026-11-09T08:00:00+01:00", now]
        )
    return facts


def a_case(seed: str, defaults: Json) -> Json:
    """One case in the form of a vector: `{event, facts, policy, now}`. Equal seeds give equal cases."""
    random = Random(seed)
    directory = defaults["directory"]
    event = an_event(random, directory)
    now = random.choice(NOWS[:1] * 6 + NOWS)
    facts = facts_for(random, event, directory, now)
    case: Json = copy.deepcopy({"event": event, "facts": facts, "policy": a_policy(random), "now": now})
    if chance(random, 15):
        case["facts"]["directory"] = copy.deepcopy(directory)
    if chance(random, 10):
        case["facts"]["areas"] = copy.deepcopy(defaults["areas"])
    for _ in range(random.choice([0, 0, 0, 1, 1, 2])):
        spoil(random, case)
    if chance(random, 1):
        case[random.choice(["now", "event", "facts", "policy"])] = random.choice(HOSTILE)
    return case
