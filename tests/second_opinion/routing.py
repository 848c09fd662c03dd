"""R1: who is the recipient. ROUTING.md sections 2 to 4."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.second_opinion.stop import Stop
from tests.second_opinion.tables import DISTRICTS, Json
from tests.second_opinion.values import is_text, read_date


def is_active(partner: Json, today: date) -> bool:
    """Section 3: since `active_from`, until before `active_to`, and not suspended."""
    start, end = read_date(partner.get("active_from")), read_date(partner.get("active_to"))
    ends_well = partner.get("active_to") is None or (end is not None and end > today)
    return start is not None and start <= today and ends_well and partner.get("suspended", False) is False


def are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_unreadable(partner: Json) -> bool:
    """Section 3: a row of the directory that cannot be read."""
    return (
        read_date(partner.get("active_from")) is None
        or (partner.get("active_to") is not None and read_date(partner["active_to"]) is None)
        or not isinstance(partner.get("suspended", False), bool)
        or ("reach" in partner and partner["reach"] not in ("city", "districts", "relation"))
        or (partner.get("reach") == "districts" and not are_strings(partner.get("districts")))
    )


def find(org: Any, directory: list[Json]) -> Json | None:
    """The one partner of this name; two rows of one name are nobody (unknown never allows)."""
    found = [partner for partner in directory if partner["org"] == org]
    return found[0] if len(found) == 1 else None


def person(routing: Json) -> Json:
    """The subject's facts; an anonymous question has no subject."""
    subject = routing["facts"].get("subjects", {}).get(routing["event"].get("subject_ref"))
    if routing["event"].get("mode") == "anonymous" or not isinstance(subject, dict):
        raise Stop("hold_identity_ambiguous")
    return subject


def is_residence(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("district"), str)
        and read_date(row.get("from")) is not None
        and (row.get("to") is None or read_date(row["to"]) is not None)
        and row.get("basis") in ("brp", "stay")
    )


def lasts(row: Json, today: date) -> bool:
    start, end = read_date(row["from"]), read_date(row.get("to"))
    return start is not None and start <= today and (end is None or today < end)


def district(routing: Json) -> str:
    """Section 2: the one district of the subject today."""
    if routing["event"].get("mode") == "anonymous":
        found = {routing["event"].get("district")}
    else:
        rows = person(routing).get("residences")
        if not isinstance(rows, list) or not all(is_residence(row) for row in rows):
            raise Stop("hold_area_unknown")
        basis, today = routing["policy"]["area_address_basis"], routing["today"]
        found = {row["district"] for row in rows if row["basis"] == basis and lasts(row, today)}
    if len(found) != 1 or not found <= set(DISTRICTS):
        raise Stop("hold_area_unknown")
    return str(found.pop())


def candidates(kind: str, routing: Json) -> list[Json]:
    """By kind, 1: the active partners; one unreadable partner of the kind makes it ambiguous."""
    partners = [partner for partner in routing["directory"] if partner["kind"] == kind]
    if any(is_unreadable(partner) for partner in partners):
        raise Stop("hold_ambiguous_owner")
    return [partner for partner in partners if is_active(partner, routing["today"])]


def owner_row(where: str, routing: Json) -> Json:
    """The one row of the area table active today for this district."""
    table = routing["facts"].get("areas")
    rows = [
        row
        for row in (table if isinstance(table, list) else [])
        if isinstance(row, dict) and row.get("district") == where
        if read_date(row.get("from")) is not None
        and (row.get("to") is None or read_date(row["to"]) is not None)
        and lasts(row, routing["today"])
    ]
    if not rows:
        raise Stop("hold_no_owner")
    if len(rows) > 1:
        raise Stop("hold_ambiguous_owner")
    return rows[0]


def local_team(to: Json, routing: Json) -> list[Json]:
    """By kind, 2: the teams of the partnership that holds the district."""
    teams = candidates("local_team", routing)
    where = district(routing)
    row = owner_row(where, routing)
    if "partnership" in to and to["partnership"] != row.get("partnership"):
        raise Stop("hold_area_mismatch")
    return [
        team
        for team in teams
        if team.get("reach") is not None
        and is_text(row.get("partnership"))
        and team.get("partnership") == row["partnership"]
        and are_strings(team.get("districts"))
        and where in team["districts"]
    ]


def by_reach(kind: str, routing: Json) -> list[Json]:
    """By kind, 3: city, districts, relation."""
    partners = [partner for partner in candidates(kind, routing) if "reach" in partner]
    if any(partner["reach"] == "districts" for partner in partners):
        where = district(routing)
        partners = [x for x in partners if x["reach"] != "districts" or where in x["districts"]]
    if any(partner["reach"] == "relation" for partner in partners):
        related = person(routing).get("related_orgs")
        if related is not None and not are_strings(related):
            raise Stop("hold_no_owner")
        partners = [x for x in partners if x["reach"] != "relation" or x["org"] in (related or [])]
    return partners


def the_one(to: Json, routing: Json) -> Json:
    """By kind, 1 to 4; the hub is never a recipient (GLOSSARY.md section 2)."""
    if to["kind"] == "hub":
        raise Stop("deny_recipient_unknown")
    left = local_team(to, routing) if to["kind"] == "local_team" else by_reach(to["kind"], routing)
    if not left:
        raise Stop("hold_no_owner")
    if len(left) > 1:
        raise Stop("hold_ambiguous_owner")
    return left[0]


def is_other_professional(entry: Json, event: Json) -> bool:
    mine, theirs = event["sender"].get("professional"), entry.get("professional")
    return isinstance(mine, str) and isinstance(theirs, str) and mine != theirs


def r1_not_the_sender_nor_twice(entry: Json, found: Json, routing: Json) -> None:
    """By organisation 2 and 3, by kind 5: not the sender itself (but for a colleague, by name), not twice."""
    colleague = "org" in entry["to"] and is_other_professional(entry, routing["event"])
    if found["org"] == routing["event"]["sender"]["org"] and not colleague:
        raise Stop("deny_route")
    if found["org"] in routing["seen"]:
        raise Stop("deny_route")


def by_organisation(entry: Json, routing: Json) -> Json:
    org = entry["to"]["org"]
    found = find(org, routing["directory"])
    if found is None or not is_active(found, routing["today"]) or found["kind"] == "hub":
        raise Stop("deny_recipient_unknown")
    r1_not_the_sender_nor_twice(entry, found, routing)
    if routing["area_gated"] and found["kind"] == "local_team" and "exception" not in entry:
        team = the_one({"kind": "local_team"}, routing)
        if team["org"] != org:
            raise Stop("hold_area_mismatch")
    return found


def r1_resolve(entry: Json, routing: Json) -> Json:
    """R1: the partner, or a stop."""
    if "org" in entry["to"]:
        return by_organisation(entry, routing)
    return the_one(entry["to"], routing)


def name_of(to: Json) -> str:
    """The recipient as it is called when it could not be resolved."""
    return str(to["org"]) if "org" in to else f"kind:{to['kind']}"
