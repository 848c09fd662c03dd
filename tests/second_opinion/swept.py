"""Lawful cases, one for each way through the gates, with one field at a time taken away or replaced."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from tests.second_opinion.enumerated import (
    FULL_PAYLOAD,
    NOW,
    a_consent,
    a_family,
    a_full_exception,
    a_question,
    saying,
)
from tests.second_opinion.tables import SECTIONS, Json

REPLACEMENTS: list[Any] = [
    None,
    "",
    0,
    1,
    True,
    1.0,
    "x",
    [],
    {},
    ["x"],
    {"x": 1},
    "2026-11-21",
    "2026-11-21T12:00:00+01:00",
    "all",
    "any",
    "meta",
    ["meta"],
]
KNOWN_EVENTS = [{"id": "old_1", "org": "asked_org", "kind": "gp"}]
KINDS_OF_GROUND = {
    "wmo_5_2_6": ("school", "veilig_thuis"),
    "vital_interest": ("school", "crisis_team"),
    "wgs_debt_signal": ("energy_company", "debt_help"),
    "jw_7_3_11_4": ("school", "certified_institution"),
    "bw_1_240": ("school", "child_protection_board"),
    "reporter_feedback": ("veilig_thuis", "school"),
    "police_data_act": ("police", "gp"),
    "wgs_zvh": ("youth_care", "care_and_safety_house"),
    "veilig_thuis_task": ("veilig_thuis", "gp"),
    "good_helper": ("gp", "youth_care"),
}
REACHES = {"local_team": "districts", "gp": "relation", "youth_work": "districts"}
DATA: Json = {
    "consent.given": {"record": a_consent("parent_1")},
    "objection.recorded": {"record": a_consent("parent_1", decision="objection")},
    "custody.changed": {"persons": [{"person": "parent_1", "role": "guardian", "checked_on": "2026-01-01"}]},
    "consent.withdrawn": {"consent_id": "consent_1", "by": "parent_1", "effective_at": NOW},
    "signal.retracted": {"record_ref": "record_1", "reason": "error"},
    "subject.registered": {"birth_date": "2020-01-01"},
    "area.assigned": {"district": "escamp", "partnership": "kracht", "from": "2026-01-01"},
    "measure.changed": {"kind": "guardianship", "org": "asked_org", "from": "2026-01-01"},
    "help_team.changed": {"case_ref": "case_1", "professionals": []},
    "address.changed": {"district": "escamp", "from": "2026-01-01"},
    "address_protection.changed": {"protected": True},
    "capacity.judged": {"value": "capable", "judged_by": "prof_1"},
    "partner.changed": {"org": "asked_org", "kind": "gp"},
}


def consented(kind: str, sections: list[str], age: str, sender: str, **changes: Any) -> Json:
    """Everybody who may have to consent does."""
    case = a_question(sender, kind, sections, **changes)
    case["facts"]["subjects"]["child_1"] = a_family(age, None)
    case["facts"]["consents"] = saying(
        dict.fromkeys(("child_1", "parent_1", "parent_2"), "consent"), (sender, kind)
    )
    return case


def a_family_with_history() -> Json:
    """Another person in the narrative, an old withdrawal and an objection to one section."""
    sections = [*FULL_PAYLOAD, "household", "perspectives"]
    about = {"narrative": ["child_2", "child_1"]}
    case = consented("youth_care", sections, "14", "school", domains=["08"], section_about=about)
    facts = case["facts"]
    facts["subjects"]["child_2"] = a_family("8", None)
    siblings = [
        {**record, "subject_ref": "child_2", "consent_id": record["consent_id"] + "_2"}
        for record in facts["consents"]
    ]
    ended = a_consent("parent_1", consent_id="ended", purpose="crisis", recipient={"kind": "youth_care"})
    ended["withdrawn_at"] = "2026-02-01T10:00:00+01:00"
    against = a_consent("parent_1", consent_id="against", purpose="crisis", recipient={"any": True})
    against.update(decision="objection", sections=["health"], valid_to=None)
    facts["consents"] += [*siblings, ended, against]
    return case


def a_team(*, stating_needs: bool) -> Json:
    """Two professionals of one partnership in the same help."""
    sections = ["meta", "contact", "codes"]
    case = consented("gp", sections, "17", "school", case_ref="case_1")
    case["event"]["sender"]["professional"] = "prof_1"
    entry = case["event"]["recipients"][0]
    entry["professional"] = "prof_2"
    members = [
        {"professional": "prof_1", "org": "asking_org"},
        {"professional": "prof_2", "org": "asked_org"},
    ]
    team = {"case_ref": "case_1", "subject_ref": "child_1", "professionals": members}
    case["facts"]["help_teams"] = [{**team, "from": "2026-01-01", "to": None}]
    for partner in case["facts"]["directory"]:
        partner["partnership"] = "kracht"
    if stating_needs:
        entry["needed_sections"] = sections
    else:
        case["facts"]["consents"] = []
    return case


def on_ground(ground: str) -> Json:
    """An exception with all its answers."""
    sender, kind = KINDS_OF_GROUND[ground]
    case = consented(kind, SECTIONS, "14", sender, in_reply_to="old_1", safety_level="acute")
    entry = case["event"]["recipients"][0]
    entry["exception"] = a_full_exception(ground)
    entry["exception"]["inform_deferral"] = {"reason": "refused", "reviewer": "prof_8"}
    entry["needed_sections"] = list(SECTIONS)
    measure = {"kind": "guardianship", "org": "asked_org", "from": "2026-01-01", "to": None}
    case["facts"]["subjects"]["child_1"]["measures"] = [measure]
    case["facts"]["known_events"] = copy.deepcopy(KNOWN_EVENTS)
    case["facts"]["police_decisions"] = [
        {
            "decision_ref": "decision_1",
            "article": "wpg_20",
            "recipient_kinds": [kind],
            "sections": list(FULL_PAYLOAD),
            "from": "2026-01-01",
            "to": None,
        }
    ]
    return case


def routed(kind: str, *, by_name: bool) -> Json:
    """A recipient found by kind, or a local team by name for an area-gated type."""
    case = consented(kind, FULL_PAYLOAD, "17", "school")
    partner = case["facts"]["directory"][1]
    partner.update(reach=REACHES[kind], districts=["escamp"], partnership="kracht")
    case["facts"]["areas"] = [
        {"district": district, "partnership": "kracht", "from": "2024-01-01", "to": None}
        for district in ("escamp", "laak")
    ]
    if by_name:
        case["event"]["type"] = "signal.raised"
    else:
        case["event"]["recipients"] = [{"to": {"kind": kind}}]
    return case


def an_anonymous_question() -> Json:
    sections = ["meta", "area", "contact", "codes", "narrative"]
    case = consented("gp", sections, "17", "youth_health", section_about={})
    case["event"].update(type="consultation.requested", purpose="consultation", mode="anonymous")
    case["event"].update(subject_ref=None, anonymity_check="clean", area_precision="district")
    case["event"]["district"] = "escamp"
    case["policy"] = {"advice_kinds": ["gp"]}
    return case


def an_alert() -> Json:
    case = consented("gp", ["meta", "area", "contact", "codes"], "17", "hub", case_ref="case_1")
    case["event"]["type"] = "alert.crisis"
    del case["event"]["purpose"]
    case["facts"]["case_parties"] = {"case_1": ["asked_org"]}
    return case


def a_feedback() -> Json:
    case = consented("gp", ["meta", "contact", "codes", "narrative"], "17", "school", in_reply_to="old_1")
    case["event"].update(type="feedback.given", purpose="feedback")
    case["facts"]["known_events"] = copy.deepcopy(KNOWN_EVENTS)
    return case


def a_fact(event_type: str) -> Json:
    """An event that is recorded, or a notice to an earlier recipient."""
    of_the_hub = event_type in ("area.assigned", "partner.changed")
    case = consented("gp", ["meta"], "17", "hub" if of_the_hub else "certified_institution")
    del case["event"]["recipients"], case["event"]["purpose"]
    case["event"].update(type=event_type, data=copy.deepcopy(DATA[event_type]))
    earlier = {"recipient": "asked_org", "consent_ids": ["consent_1"], "record_ref": "record_1"}
    case["facts"]["deliveries"] = [{**earlier, "org": "asking_org"}]
    return case


BASES: dict[str, Callable[[], Json]] = {
    "consent": partial(consented, "gp", FULL_PAYLOAD, "17", "school", domains=["08"]),
    "family": a_family_with_history,
    "team": partial(a_team, stating_needs=True),
    "team without needs": partial(a_team, stating_needs=False),
    **{ground: partial(on_ground, ground) for ground in KINDS_OF_GROUND},
    **{f"{kind} by kind": partial(routed, kind, by_name=False) for kind in REACHES},
    **{f"{kind} by name": partial(routed, kind, by_name=True) for kind in REACHES},
    "anonymous": an_anonymous_question,
    "alert": an_alert,
    "feedback": a_feedback,
    **{event_type: partial(a_fact, event_type) for event_type in DATA},
}


def places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every key and position inside a value."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield (*before, key)
            yield from places(value[key], (*before, key))


def changed(case: Json, place: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Json:
    """A copy of the case with one change at a place."""
    result = copy.deepcopy(case)
    inside: Any = result
    for key in place[:-1]:
        inside = inside[key]
    change(inside, place[-1])
    return result


def remove(inside: Any, key: Any) -> None:
    del inside[key]


def put(value: Any, inside: Any, key: Any) -> None:
    inside[key] = value


def add_a_key(inside: Any, key: Any) -> None:
    """One key more in an object; anything else becomes an object."""
    value = inside[key]
    inside[key] = {**value, "x": "x"} if isinstance(value, dict) else {"extra": value}


def add_an_item(inside: Any, key: Any) -> None:
    """A list with one item more, or with its last item twice; anything else becomes a list of itself."""
    value = inside[key]
    inside[key] = [*value, *value[-1:]] if isinstance(value, list) else [value]


def changes(case: Json) -> Iterator[tuple[str, tuple[Any, ...], Callable[[Any, Any], None]]]:
    """Every field removed, and replaced by each hostile value: what it is called, where, and the change."""
    for place in places(case):
        if len(place) > 1:
            yield f"{place} removed", place, remove
            yield f"{place} with a key more", place, add_a_key
            yield f"{place} with an item more", place, add_an_item
            for value in REPLACEMENTS:
                yield f"{place} = {value!r}", place, partial(put, copy.deepcopy(value))


def sweep(case: Json, step: int = 1) -> Iterator[tuple[str, Json]]:
    """The case itself, and with one change at a time; every step-th of them."""
    yield "unchanged", case
    for name, place, change in islice(changes(case), 0, None, step):
        yield name, changed(case, place, change)
