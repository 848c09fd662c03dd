"""Exceptions to compare two readings on: a ground with most of its answers."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.second_opinion.exceptions import ROUTES
from tests.second_opinion.tables import CRIMINAL_BASES, SECTIONS, Json

STEPS = ["2026-11-20", "2026-11-20", "2026-11-21", "skipped_acute", "2026-11-22"]
# field: values, the first of which are good
ANSWERS: dict[str, list[Any]] = {
    "why_no_consent": ["danger_to_child", "refused", "x"],
    "decided_by": ["prof_1", "prof_2", ""],
    "danger": ["overdose", "own_code", None],
    "consulted": ["prof_3", "prof_4", 5],
    "inform_by": ["2026-11-28", "2029-11-28", "2026-11-20"],
    "signal_partner": ["rent", "energy", "x"],
    "arrears_since": ["2026-08-01", "2026-11-21", "2026-11-22"],
    "reminder_efforts": [1, 3, 0],
    "order_ref": ["order_1", "order_2", ""],
    "request_ref": ["request_1", "request_2", None],
    "case_ref": ["case_1", "case_2", ""],
    "necessity": ["active_investigation", "threat_to_development", "x"],
    "article": ["wpg_20", "wpg_16", "wpg_17"],
    "decision_ref": ["decision_1", "decision_1", "decision_2"],
    "intake_ref": ["intake_1", "intake_2", ""],
    "criterion": ["criterion_1", "criterion_2", None],
    "task": ["d", "e", "f"],
    "reason": ["danger_from_parent", "other_recorded", "x"],
    "colleague_consulted": ["prof_5", "prof_6", ""],
    "criminal_basis": [*CRIMINAL_BASES, "x"],
    "contact_person": ["prof_7", "prof_8", ""],
    "conversation": [{"held_on": "2026-11-20"}, {"deferred": "refused"}, {"held_on": "2026-11-22"}, {}],
    "assessment": [
        {"1": "yes", "2": "yes"},
        {"1": "yes", "2": "no", "3": "no", "4": "yes", "5": "no"},
        {"1": "no", "2": "no", "3": "no"},
    ],
    "inform_deferral": [
        None,
        {"reason": "refused", "reviewer": "prof_8"},
        {"reason": "x", "reviewer": "prof_8"},
    ],
}


def exception_for(random: Random, sender_kind: str) -> tuple[Json, list[str]]:
    """An exception, and the kinds of recipients it is for."""
    open_grounds = [name for name, (senders, _to, _reason) in ROUTES.items() if sender_kind in senders]
    every = [*ROUTES, "risk_index", "wams", "x"]
    ground = random.choice(open_grounds if open_grounds and random.random() < 0.85 else every)
    given: Json = {"ground": ground}
    for name, values in ANSWERS.items():
        if random.random() < 0.93 and name != "inform_deferral":
            given[name] = random.choice(values[:2] if random.random() < 0.93 else values)
    if random.random() < 0.2:
        given["inform_deferral"] = random.choice(ANSWERS["inform_deferral"])
    if random.random() < 0.95:
        given["steps"] = {
            step: random.choice(STEPS if random.random() < 0.2 else STEPS[:3]) for step in "12345"
        }
    if random.random() < 0.05:
        given.pop(random.choice(list(given)))
        given.setdefault("ground", ground)
    kinds = ROUTES[ground][1] if ground in ROUTES else []
    return given, kinds if len(kinds) < len(SECTIONS) else []
