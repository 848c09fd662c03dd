"""Every combination of a few rule outcomes: what the givers say, what is in the message, who asks whom."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from tests.second_opinion.exceptions import ROUTES
from tests.second_opinion.generate_grounds import ANSWERS
from tests.second_opinion.tables import KINDS, SECTIONS, Json

NOW = "2026-11-21T12:00:00+01:00"
LOW_PAYLOAD = ["meta", "area", "contact", "codes"]
FULL_PAYLOAD = [*LOW_PAYLOAD, "identity", "narrative", "health"]
# stance: what differs from a consent in force
STANCES: dict[str, Json | None] = {
    "none": None,
    "consent": {},
    "objection": {"decision": "objection", "sections": []},
    "withdrawn": {"withdrawn_at": "2026-11-01T10:00:00+01:00"},
    "not_yet_valid": {"valid_from": "2026-11-22"},
    "evidence": {"evidence_ref": ""},
    "expired": {"valid_to": "2026-11-20"},
}
AGES = {"8": "2018-05-01", "14": "2012-05-01", "17": "2009-05-01", "20": "2006-05-01"}
ROLE_OF_PARENT = {"20": "mentor"}


def a_consent(person: str, **changes: Any) -> Json:
    """A consent of one giver that fits everything, but for the changes."""
    return {
        "consent_id": f"of_{person}",
        "version": 1,
        "decision": "consent",
        "function": "disclosure",
        "subject_ref": "child_1",
        "purpose": "help_request",
        "sender": {"kind": "school"},
        "recipient": {"kind": "gp"},
        "sections": list(SECTIONS),
        "case_ref": None,
        "valid_from": "2026-03-01",
        "valid_to": "2027-02-28",
        "withdrawn_at": None,
        "given_by": {
            "person": person,
            "role": "parent_with_custody",
            "method": "in_person_signed",
            "recorded_by": "prof_9",
            "recorded_at": "2026-03-01T10:00:00+01:00",
        },
        "evidence_ref": "evidence_1",
        **changes,
    }


def a_family(age: str, capacity: str | None, **changes: Any) -> Json:
    """A subject with two representatives, checked lately."""
    role = ROLE_OF_PARENT.get(age, "parent_with_custody")
    return {
        "birth_date": AGES[age],
        "identity": "established",
        "capacity": capacity,
        "protected_address": False,
        "related_orgs": ["asked_org"],
        "residences": [{"district": "escamp", "from": "2020-01-01", "to": None, "basis": "brp"}],
        "custody": [
            {"person": person, "role": role, "checked_on": "2026-10-01"}
            for person in ("parent_1", "parent_2")
        ],
        **changes,
    }


def a_partner(org: str, kind: str) -> Json:
    purposes = ["help_request", "crisis"]
    return {
        "org": org,
        "kind": kind,
        "reach": "city",
        "purposes": purposes,
        "active_from": "2024-01-01",
        "active_to": None,
    }


def a_question(sender_kind: str, recipient_kind: str, sections: list[str], **changes: Any) -> Json:
    """One sender, one recipient: a case without family and without records."""
    event = {
        "id": "event_1",
        "source": "urn:nld:test",
        "type": "crisis.reported",
        "purpose": "crisis",
        "time": NOW,
        "sender": {"org": "asking_org", "kind": sender_kind},
        "recipients": [{"to": {"org": "asked_org"}}],
        "sections": list(sections),
        "subject_ref": "child_1",
        "urgency": "u3",
        "domains": ["04"],
        "scans": {"narrative": "clean", "perspectives": "clean"},
        **changes,
    }
    facts: Json = {
        "authenticated_org": "asking_org",
        "consent_version": 1,
        "directory": [a_partner("asking_org", sender_kind), a_partner("asked_org", recipient_kind)],
        "subjects": {},
        "consents": [],
    }
    return {"event": event, "facts": facts, "policy": {}, "now": NOW}


def saying(stances: dict[str, str], kinds: tuple[str, str]) -> list[Json]:
    """The records with which every giver takes a stance towards this purpose, sender and recipient."""
    fits = {"purpose": "crisis", "sender": {"kind": kinds[0]}, "recipient": {"kind": kinds[1]}}
    changes = [(person, STANCES[stance]) for person, stance in stances.items()]
    return [a_consent(person, **{**fits, **change}) for person, change in changes if change is not None]


def stances_of_givers(start: int = 0, step: int = 1) -> Iterator[Json]:
    """Child by parent by other parent by age and capacity by payload, all stances of C8."""
    families = [("8", None), ("14", None), ("14", "incapable"), ("17", None), ("20", "incapable")]
    combinations = product(
        STANCES, STANCES, STANCES, families, (LOW_PAYLOAD, FULL_PAYLOAD), ("both", "child_only")
    )
    for child, one, other, (age, capacity), sections, mode in islice(combinations, start, None, step):
        case = a_question("school", "gp", sections)
        case["facts"]["subjects"]["child_1"] = a_family(age, capacity)
        givers = {"child_1": child, "parent_1": one, "parent_2": other}
        case["facts"]["consents"] = saying(givers, ("school", "gp"))
        case["policy"] = {"consent_12_15": mode}
        yield case


def section_objections(sections: list[str], recipient_kind: str) -> list[Json]:
    """An objection to some sections, at the level of the kind."""
    fits = {"purpose": "crisis", "sender": {"kind": "school"}, "recipient": {"kind": recipient_kind}}
    if not sections:
        return []
    return [a_consent("child_1", consent_id="against", decision="objection", sections=sections, **fits)]


def sections_of_message(start: int = 0, step: int = 1) -> Iterator[Json]:
    """Section objection by secret address by scan by domains by named or not by kind of recipient."""
    combinations = product(
        ([], ["narrative"], ["area", "codes"]),
        (True, False, None),
        ("clean", "identifier_found", "not_run"),
        (["04"], ["08", "12"]),
        (SECTIONS, LOW_PAYLOAD),
        KINDS,
    )
    for against, protected, status, domains, named, kind in islice(combinations, start, None, step):
        scans = {"narrative": status, "perspectives": "clean"}
        case = a_question("school", kind, SECTIONS, scans=scans, domains=domains)
        case["facts"]["subjects"]["child_1"] = a_family("17", None, protected_address=protected)
        consents = saying({"child_1": "consent"}, ("school", kind))
        consents[0]["sections"] = list(named)
        case["facts"]["consents"] = [*consents, *section_objections(against, kind)]
        yield case


def levels_of_records(start: int = 0, step: int = 1) -> Iterator[Json]:
    """C7 to C9: a consent at every level against an objection, a section objection or a withdrawal at every level."""
    senders: list[Json] = [{"org": "asking_org"}, {"kind": "school"}]
    recipients: list[Json] = [
        {"org": "asked_org"},
        {"kind": "local_team", "partnership": "kracht"},
        {"kind": "local_team"},
    ]
    everyone: Json = {"any": True}
    against: list[Json] = [
        {"decision": "objection", "sections": []},
        {"decision": "objection", "sections": ["narrative"]},
        {"withdrawn_at": "2026-03-01T10:00:00+01:00"},
        {"withdrawn_at": "2026-02-28T10:00:00+01:00"},
    ]
    of_consent = product(senders, recipients, (None, "case_1"))
    of_other = product([*senders, everyone], [*recipients, everyone], (None, "case_1"), against)
    for mine, theirs in islice(product(of_consent, list(of_other)), start, None, step):
        case = a_question("school", "local_team", FULL_PAYLOAD, case_ref="case_1")
        case["facts"]["directory"][1]["partnership"] = "kracht"
        case["facts"]["subjects"]["child_1"] = a_family("17", None)
        case["facts"]["consents"] = [at_level("mine", mine, {}), at_level("theirs", theirs[:3], theirs[3])]
        yield case


def birthdays(start: int = 0, step: int = 1) -> Iterator[Json]:
    """T4 and T5: dates of birth around a birthday by moments around midnight by capacity by who consents."""
    combinations = product(
        ("2008-02-28", "2008-02-29", "2008-03-01", "2010-02-28", "2010-03-01", "2014-02-28", "2014-03-01"),
        ("2026-02-27T23:00:00Z", "2026-02-28T22:59:59Z", "2026-02-28T23:00:00Z", "2026-03-01T12:00:00+01:00"),
        (None, "incapable"),
        ("none", "consent"),
        ("none", "consent"),
        ("mentor", "parent_with_custody"),
    )
    for birth, now, capacity, child, parent, role in islice(combinations, start, None, step):
        case = {**a_question("school", "gp", LOW_PAYLOAD), "now": now}
        family = a_family("17", capacity, birth_date=birth)
        family["custody"] = [{"person": "parent_1", "role": role, "checked_on": "2026-02-01"}]
        case["facts"]["subjects"]["child_1"] = family
        records = saying({"child_1": child, "parent_1": parent}, ("school", "gp"))
        case["facts"]["consents"] = [{**record, "valid_from": "2025-06-01"} for record in records]
        for record in case["facts"]["consents"]:
            record["given_by"]["recorded_at"] = now
        yield case


def at_level(consent_id: str, levels: tuple[Json, Json, str | None], changes: Json) -> Json:
    """A record of the young person at some level of sender, recipient and case."""
    sender, recipient, case_ref = levels
    scope = {"purpose": "crisis", "sender": sender, "recipient": recipient, "case_ref": case_ref}
    return a_consent("child_1", **{"consent_id": consent_id, **scope, **changes})


def a_full_exception(ground: str) -> Json:
    """An exception with every answer there is, all good."""
    answers = {name: values[0] for name, values in ANSWERS.items() if name != "inform_deferral"}
    return {"ground": ground, **answers, "steps": dict.fromkeys("12345", "2026-11-20")}


def grounds_between_kinds(start: int = 0, step: int = 1) -> Iterator[Json]:
    """Ground by kind of sender by kind of recipient by secret address."""
    grounds = [*ROUTES, "risk_index", "wams"]
    combinations = product(grounds, KINDS, KINDS, (True, False))
    for ground, sender, recipient, protected in islice(combinations, start, None, step):
        case = a_question(sender, recipient, SECTIONS, in_reply_to="old_1", safety_level="acute")
        entry = case["event"]["recipients"][0]
        entry["exception"] = a_full_exception(ground)
        entry["needed_sections"] = list(SECTIONS)
        measure = {"kind": "guardianship", "org": "asked_org", "from": "2026-01-01", "to": None}
        case["facts"]["subjects"]["child_1"] = a_family(
            "14", None, protected_address=protected, measures=[measure]
        )
        case["facts"]["consents"] = saying({"child_1": "consent"}, (sender, recipient))
        case["facts"]["known_events"] = [{"id": "old_1", "org": "asked_org", "kind": "gp"}]
        case["facts"]["police_decisions"] = [
            {
                "decision_ref": "decision_1",
                "article": "wpg_20",
                "recipient_kinds": [recipient],
                "sections": list(FULL_PAYLOAD),
                "from": "2026-01-01",
                "to": None,
            }
        ]
        yield case


ENUMERATIONS = {
    "birthdays": birthdays,
    "levels_of_records": levels_of_records,
    "stances_of_givers": stances_of_givers,
    "sections_of_message": sections_of_message,
    "grounds_between_kinds": grounds_between_kinds,
}
