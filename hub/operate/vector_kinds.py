"""Running one vector through the pure core, by kind. CONSENT.md appendix A."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from hub.core import alert_lifecycle, lifecycle_referral
from hub.core.deadlines import age_boundary, due_at, escalation, public_holidays, term_due
from hub.core.decision import decide
from hub.core.facts import facts_from_document
from hub.core.inspection import inspect
from hub.core.lifecycle import StateT, StepResult
from hub.core.model import Json, JsonObject
from hub.core.numbers import eleven_test, in_test_range, metadata_refused, scan_text
from hub.core.policy import Policy, Term
from hub.core.routing import answer_request
from hub.core.sequence import dedup_results
from hub.core.standing import Standing, compile_standing, patch_directory
from hub.core.times import age_on, amsterdam_date, amsterdam_text, parse_instant
from hub.identity.pseudonyms import pseudonym


class UnsupportedKindError(Exception):
    """A vector of a kind that this version of the hub cannot run."""


def run_vector(vector: Mapping[str, Any], defaults: Mapping[str, Json]) -> Json:
    """Return the result of one vector, in the form of its `expected`.

    Raises:
        UnsupportedKindError: The kind cannot be run yet.
        KeyError, ValueError: The request lacks something that its operation needs.
    """
    runner = _RUNNERS.get(vector["kind"])
    if runner is None:
        raise UnsupportedKindError(vector["kind"])
    return runner(vector, defaults)


def standing_for(facts: Json, policy: Json, defaults: Mapping[str, Json]) -> Standing:
    """Return the configuration of a facts document; what it leaves out comes from the defaults."""
    given: Mapping[str, Json] = facts if isinstance(facts, dict) else {}
    directory = given.get("directory", defaults.get("directory"))
    if "directory_patch" in given:
        directory = patch_directory(directory, given["directory_patch"])
    return compile_standing(
        directory=directory,
        areas=given.get("areas", defaults.get("areas")),
        policy=policy,
        defaults=defaults,
        fixed_protectors=given.get("fixed_protectors"),
    )


def _standing_of(vector: Mapping[str, Any], defaults: Mapping[str, Json]) -> Standing:
    """Return the configuration of a vector."""
    return standing_for(vector.get("facts"), vector.get("policy", {}), defaults)


def _run_decision(vector: Mapping[str, Any], defaults: Mapping[str, Json]) -> Json:
    """Decide one event without history."""
    facts = facts_from_document(vector["facts"], _standing_of(vector, defaults), vector["now"])
    return decide(vector["event"], facts).as_json()


def _run_dedup(vector: Mapping[str, Any], defaults: Mapping[str, Json]) -> Json:
    """Judge a sequence of events."""
    policy = vector.get("policy", {})
    return dedup_results(
        vector["facts"],
        vector["steps"],
        _standing_of(vector, defaults),
        lambda facts: standing_for(facts, policy, defaults),
    )


def _run_routing(vector: Mapping[str, Any], defaults: Mapping[str, Json]) -> Json:
    """Answer one routing request."""
    facts = facts_from_document(vector["facts"], _standing_of(vector, defaults), vector["now"])
    return answer_request(vector["op"], vector["request"], facts).as_json()


def _run_number(vector: Mapping[str, Any], _defaults: Mapping[str, Json]) -> Json:
    """Test, scan or replace one number."""
    request = vector["request"]
    match vector["op"]:
        case "eleven_test":
            value = request["value"]
            return {"valid": eleven_test(value), "test_range": in_test_range(value)}
        case "scan":
            return {"hits": scan_text(request["text"])}
        case "metadata":
            return {"refused": metadata_refused(request["value"])}
        case _:
            return {"pseudonym": _pseudonym(request)}


def _pseudonym(request: Mapping[str, Any]) -> str:
    """Return the pseudonym that a request asks for."""
    return pseudonym(
        bytes.fromhex(request["key_hex"]),
        request["key_version"],
        request["value"],
        request["recipient_org"],
        request["recipient_scope"],
    )


def _run_deadline(vector: Mapping[str, Any], defaults: Mapping[str, Json]) -> Json:
    """Count one response time, holiday list or age."""
    standing = _standing_of({**vector, "facts": {}}, defaults)
    if standing.policy is None:
        raise ValueError("the settings are not valid")
    request = vector["request"]
    if vector["op"] == "rule":
        return {"due_at": due_at(request["rule"], request["received_at"], standing)}
    return _DEADLINES[vector["op"]](request, standing.policy)


def _term(request: Mapping[str, Any], policy: Policy) -> JsonObject:
    """Return when a term is due."""
    received = parse_instant(request["received_at"])
    if received is None:
        raise ValueError("received_at is not an instant")
    return {"due_at": amsterdam_text(term_due(Term(request["unit"], request["count"]), received, policy))}


def _escalation(request: Mapping[str, Any], policy: Policy) -> JsonObject:
    """Return the ladder of the human acknowledgement."""
    received = parse_instant(request["received_at"])
    if received is None:
        raise ValueError("received_at is not an instant")
    ladder = escalation(request["urgency"], received, policy)
    return {"level_1": ladder.level_1, "level_2": ladder.level_2, "level_3": ladder.level_3}


def _holidays(request: Mapping[str, Any], policy: Policy) -> JsonObject:
    """Return the holidays of a year in order, extra holidays among them."""
    extra = {day for day in policy.extra_holidays if day.year == request["year"]}
    return {"holidays": [day.isoformat() for day in sorted({*public_holidays(request["year"]), *extra})]}


def _age_boundary(request: Mapping[str, Any], policy: Policy) -> JsonObject:
    """Return when an age is reached, and when to warn."""
    warn_on, reached = age_boundary(date.fromisoformat(request["birth_date"]), request["boundary"], policy)
    return {"warn_on": warn_on.isoformat(), "boundary_at": amsterdam_text(reached)}


def _age_at(request: Mapping[str, Any], _policy: Policy) -> JsonObject:
    """Return the age at an instant."""
    instant = parse_instant(request["at"])
    if instant is None:
        raise ValueError("at is not an instant")
    return {"age": age_on(amsterdam_date(instant), date.fromisoformat(request["birth_date"]))}


def _run_lifecycle(vector: Mapping[str, Any], defaults: Mapping[str, Json]) -> Json:
    """Take the steps of one referral or alert, from the state `none`."""
    policy = _standing_of({**vector, "facts": {}}, defaults).policy
    steps = vector["steps"]
    if vector["machine"] == "referral":
        return _taken(
            lifecycle_referral.Referral(), lifecycle_referral.step, lifecycle_referral.tick, steps, policy
        )
    return _taken(alert_lifecycle.Alert(), alert_lifecycle.step, alert_lifecycle.tick, steps, policy)


def _taken(
    state: StateT,
    take: Callable[[StateT, Json, Json, Json, Json, Policy | None], StepResult[StateT]],
    tick: Callable[[StateT, Json, Policy | None], StepResult[StateT]],
    steps: list[dict[str, Any]],
    policy: Policy | None,
) -> list[JsonObject]:
    """Return the result of each step in turn."""
    results = []
    for step in steps:
        if "tick" in step:
            result = tick(state, step["at"], policy)
        else:
            result = take(state, step["event"], step["actor"], step.get("data"), step["at"], policy)
        state = result.state
        results.append(result.as_json())
    return results


def _run_inspection(vector: Mapping[str, Any], defaults: Mapping[str, Json]) -> Json:
    """Answer one request of the family, or one to send again."""
    facts = vector["facts"]
    standing = _standing_of(vector, defaults)
    return inspect(
        vector["request"],
        facts.get("log_lines", []),
        facts_from_document(facts, standing, vector["now"]),
    ).as_json()


_DEADLINES: Mapping[str, Callable[[Mapping[str, Any], Policy], JsonObject]] = {
    "term": _term,
    "escalation": _escalation,
    "holidays": _holidays,
    "age_boundary": _age_boundary,
    "age_at": _age_at,
}
_RUNNERS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Json]], Json]] = {
    "decision": _run_decision,
    "dedup": _run_dedup,
    "routing": _run_routing,
    "number": _run_number,
    "deadline": _run_deadline,
    "lifecycle": _run_lifecycle,
    "inspection": _run_inspection,
}
