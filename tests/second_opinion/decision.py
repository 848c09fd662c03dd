"""A second, naive reading of the decision procedure, written from the documents only.

`decide(case, defaults)` takes `{event, facts, policy, now}` as a vector file holds them and gives the result of
CONSENT.md section 2. It is slow and plain on purpose: one function per rule, beside the document.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.second_opinion import routing
from tests.second_opinion.configuration import e3_configuration_valid, merged
from tests.second_opinion.deadlines import due, written
from tests.second_opinion.matrix import CATALOGUE
from tests.second_opinion.numbers import e1_shows_a_citizen_number
from tests.second_opinion.recipient_gates import gates_after_r1, question_for
from tests.second_opinion.schema import e4_follows_the_agreed_form
from tests.second_opinion.stop import Stop
from tests.second_opinion.tables import KINDS, SECTIONS, Json
from tests.second_opinion.values import (
    AMSTERDAM,
    amsterdam_date,
    is_integer,
    is_one_of,
    is_text,
    read_instant,
)

END_OF_CALENDAR = datetime(9999, 12, 31, 23, 59, 59, tzinfo=AMSTERDAM)
RULE_OF_DUTY = {
    "inform_other_parent": "inform_other_parent",
    "review_inform_deferral": "inform_review",
    "name_contact_person": "name_contact_person",
}


def patched_directory(facts: Json, defaults: Json) -> Any:
    """Appendix A: `directory_patch` replaces fields of the entry with that `org`, or adds an entry."""
    directory: Any = facts.get("directory", defaults["directory"])
    for patch in facts.get("directory_patch", []):
        if any(entry["org"] == patch["org"] for entry in directory):
            directory = [{**entry, **patch} if entry["org"] == patch["org"] else entry for entry in directory]
        else:
            directory = [*directory, patch]
    return directory


def is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def e2_facts_can_be_read(facts: Any, directory: Any) -> bool:
    """E2: the form of the facts that restrict."""
    known = facts.get("known_events", [])
    return (
        is_list_of_objects(directory)
        and all(is_text(row.get("org")) and is_one_of(row.get("kind"), KINDS) for row in directory)
        and isinstance(facts.get("subjects", {}), dict)
        and is_list_of_objects(known)
        and all(isinstance(row.get(name), str) for row in known for name in ("id", "org", "kind"))
        and is_list_of_objects(facts.get("deliveries", []))
    )


def e5_sender(world: Json) -> Json:
    """E5: who is authenticated is the sender, active, and of the kind stated."""
    event, facts = world["event"], world["facts"]
    sender = routing.find(event["sender"]["org"], world["directory"])
    if (
        facts.get("authenticated_org") != event["sender"]["org"]
        or sender is None
        or not routing.is_active(sender, world["today"])
        or sender["kind"] != event["sender"]["kind"]
    ):
        raise Stop("deny_sender")
    return sender


def e8_hold(world: Json) -> None:
    held_since = world["facts"].get("held_since")
    if held_since is None:
        return
    first = read_instant(held_since)
    if first is None or world["now"] > due("hold_expiry", first, world["policy"]):
        raise Stop("deny_hold_expired")


def is_addressed(delivery: Json, event: Json) -> bool:
    """E11: the earlier delivery to which the notice belongs."""
    if event["type"] in ("consent.withdrawn", "consent.expired"):
        consent_ids = delivery.get("consent_ids")
        found = isinstance(consent_ids, list) and event["data"]["consent_id"] in consent_ids
        return bool(found)
    same_record = delivery.get("record_ref") == event["data"]["record_ref"]
    return bool(same_record and delivery.get("org") == event["sender"]["org"])


def e11_notice(event: Json, facts: Json) -> list[Json]:
    consent_ended = event["type"] in ("consent.withdrawn", "consent.expired")
    reason = "ok_withdrawal_notice" if consent_ended else "ok_retraction_notice"
    duties = [{"duty": "stop_further_use", "due_at": None}] if consent_ended else []
    earlier = [x.get("recipient") for x in facts.get("deliveries", []) if is_addressed(x, event)]
    return [
        {
            "recipient": org,
            "outcome": "allow",
            "reason": reason,
            "withheld": [],
            "duties": duties,
            "consents": [],
        }
        for org in dict.fromkeys(org for org in earlier if is_text(org))
    ]


def e12_k_anonymity(world: Json) -> None:
    cells, smallest = world["event"].get("cells"), world["policy"]["k_aggregate"]
    if not cells or not all(isinstance(row, dict) and is_integer(row.get("n"), smallest) for row in cells):
        raise Stop("deny_k_anonymity")


def event_result(reason: str, duties: list[str]) -> Json:
    outcome = "allow" if reason.startswith("ok_") else reason.partition("_")[0]
    return {
        "outcome": outcome,
        "reason": reason,
        "duties": [{"duty": duty, "due_at": None} for duty in sorted(duties)],
    }


def dated(duties: list[str], world: Json) -> list[Json]:
    """Duties with their due instant, sorted by code."""
    result = []
    for duty in duties:
        code, _, rule = duty.partition(":")
        rule = rule or RULE_OF_DUTY.get(code, "")
        due_at = written_due(rule, world) if rule else None
        result.append({"duty": code, "due_at": due_at})
    return sorted(result, key=lambda item: str(item["duty"]))


def written_due(rule: str, world: Json) -> str:
    """A term that ends beyond the calendar ends with it."""
    try:
        return written(due(rule, world["now"], world["policy"]))
    except (OverflowError, ValueError):
        return written(END_OF_CALENDAR)


def in_order(names: set[str]) -> list[str]:
    return [name for name in SECTIONS if name in names]


def stopped(name: str, stop: Stop, event: Json) -> Json:
    """A hold or deny: nothing leaves; a hold in a crisis points to the telephone."""
    duties = list(stop.duties)
    if stop.reason.startswith("hold_") and event.get("urgency") in ("u0", "u1"):
        duties.append("phone_route")
    return {
        **event_result(stop.reason, duties),
        "recipient": name,
        "withheld": in_order(set(event["sections"])),
        "consents": [],
    }


def permitted(name: str, found: Json, world: Json) -> Json:
    withheld = in_order(set(world["event"]["sections"]) - set(found["allow"]))
    return {
        "recipient": name,
        "outcome": "redact" if withheld else "allow",
        "reason": found["reason"],
        "withheld": withheld,
        "duties": dated(found["duties"], world),
        "consents": found["consents"],
    }


def decide_recipient(entry: Json, world: Json) -> Json:
    """R1 to R17 for one entry; a resolved organisation is remembered for the next entries."""
    name = routing.name_of(entry["to"])
    try:
        recipient = routing.r1_resolve(entry, world)
        name = recipient["org"]
        routing.r1_not_the_sender_nor_twice(entry, recipient, world)
        world["seen"].append(name)
        world["seen_kinds"].append(recipient["kind"])
        return permitted(name, gates_after_r1(question_for(entry, recipient, world)), world)
    except Stop as stop:
        return stopped(name, stop, world["event"])


def event_duties(world: Json) -> list[str]:
    """E13 and the theme of adult signals (EVENTS.md section 7)."""
    event = world["event"]
    duties = ["call_112"] if event.get("urgency") == "u0" else []
    worrying = event.get("safety_level") in ("acute", "structural")
    children = event.get("kindcheck", {}).get("children_present") == "yes"
    if event["type"] == "adult_signal.raised" and worrying and children:
        duties += [] if "veilig_thuis" in world["seen_kinds"] else ["consider_veilig_thuis_report"]
    return duties


def gates_e1_to_e4(case: Json, defaults: Json) -> Json:
    """E1 to E4: the world that the other gates look at."""
    event, facts, policy = case["event"], case["facts"], case.get("policy", {})
    if e1_shows_a_citizen_number(event):
        raise Stop("deny_bsn_in_metadata")
    now = read_instant(case["now"])
    if now is None or not isinstance(facts, dict):
        raise Stop("hold_evaluation_error")
    directory = patched_directory(facts, defaults)
    if not e2_facts_can_be_read(facts, directory):
        raise Stop("hold_evaluation_error")
    if not e3_configuration_valid(policy, defaults):
        raise Stop("hold_policy_invalid")
    policy = merged(policy, defaults)
    if not e4_follows_the_agreed_form(event, now, policy):
        raise Stop("deny_schema")
    return {
        "event": event,
        "facts": {"areas": defaults["areas"], **facts},
        "directory": directory,
        "policy": policy,
        "now": now,
        "today": amsterdam_date(now),
        "seen": [],
        "seen_kinds": [],
    }


def event_gates(case: Json, defaults: Json) -> Json:
    """E1 to E13 in their order."""
    world = gates_e1_to_e4(case, defaults)
    event = world["event"]
    row = CATALOGUE[event["type"]]
    world["sender"] = e5_sender(world)
    world["area_gated"] = row["area_gated"]
    if event["sender"]["kind"] not in row["senders"]:
        raise Stop("deny_type_not_allowed")
    e8_hold(world)
    if row["class"] == "never":
        raise Stop("deny_use_corv")
    if row["class"] in ("fact", "match", "governance"):
        raise Stop("ok_recorded")
    if row["class"] == "notice":
        return {"event": event_result("ok_recorded", []), "recipients": e11_notice(event, world["facts"])}
    if row["class"] == "aggregate":
        e12_k_anonymity(world)
    recipients = [decide_recipient(entry, world) for entry in event["recipients"]]
    return {"event": event_result("ok_accepted", event_duties(world)), "recipients": recipients}


def whole_event(reason: str, event: Any) -> Json:
    """An event gate stops: no recipients. A hold in a crisis points to the telephone (CODES.md section 3)."""
    crisis = isinstance(event, dict) and is_one_of(event.get("urgency"), ("u0", "u1"))
    duties = ["phone_route"] if reason.startswith("hold_") and crisis else []
    return {"event": event_result(reason, duties), "recipients": []}


def decide(case: Json, defaults: Json) -> Json:
    """The whole decision; any error not foreseen is `hold_evaluation_error` for the whole event."""
    try:
        return event_gates(case, defaults)
    except Stop as stop:
        return whole_event(stop.reason, case["event"])
    except Exception:  # noqa: BLE001 - section 1, principle 4
        return whole_event("hold_evaluation_error", case["event"])
