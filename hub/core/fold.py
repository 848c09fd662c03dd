"""What fact events change: EVENTS.md section 4. Pure, so that a batch can go on from one event to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from hub.core.catalogue import CATALOGUE
from hub.core.codes import RESIDENCE_BASES, is_code, is_text
from hub.core.facts import Facts
from hub.core.fold_consent import CONSENT_TYPES, consent_changes
from hub.core.model import FactChange, Json, JsonObject
from hub.core.schema import Event
from hub.core.times import amsterdam_date, parse_date, parse_instant

Document: TypeAlias = Mapping[str, Any]

UNSTATED_IDENTITY = "probable"
"""A registration that does not say how sure the identity is does not establish it: gate R12 holds (fail closed)."""

_REGISTERED_FIELDS = {
    "identity": "subject.registered",
    "related_orgs": "subject.registered",
    "households": "subject.registered",
    "institution_address": "subject.registered",
    "residences": "address.changed",
    "protected_address": "address_protection.changed",
    "custody": "custody.changed",
}
"""Fields that a registration may state, each with the type whose senders may state it."""


def fact_changes(event: Event, facts: Facts) -> tuple[FactChange, ...]:
    """Return what an accepted event changes in the facts, each as the whole new document.

    `facts` holds the subject, the help teams of the case, and for consent events every stored document with
    that consent id. A type that states no fact changes nothing; so does a fact about nobody (see
    `lacks_subject`).
    """
    if event.type in CONSENT_TYPES:
        return consent_changes(event, facts)
    if event.type == "area.assigned":
        return (_whole_city("area", event.data["district"], event.data),)
    if event.type == "partner.changed":
        return (_whole_city("partner", event.data["org"], event.data),)
    if event.subject_ref is None:
        return ()
    if event.type == "help_team.changed":
        return _help_team(event, event.subject_ref, facts)
    change = _SUBJECT_CHANGES.get(event.type)
    if change is None:
        return ()
    known = _known_subject(event.subject_ref, facts)
    document = {**known, **change(event, known)}
    if document == known:
        return ()
    return (FactChange("subject", event.subject_ref, document, event.subject_ref),)


def lacks_subject(event: Event) -> bool:
    """Return whether this states a fact about a person but names none: a person of the hub must look."""
    return event.subject_ref is None and (event.type in _SUBJECT_CHANGES or event.type == "help_team.changed")


def _known_subject(subject_ref: str, facts: Facts) -> JsonObject:
    """Return what is known of the person, empty when nothing is."""
    found = facts.subjects.get(subject_ref) if isinstance(facts.subjects, dict) else None
    return dict(found) if isinstance(found, dict) else {}


def _whole_city(table: str, key: str, data: Document) -> FactChange:
    """Return a fact of the whole city."""
    return FactChange(table, key, dict(data), None)


def _registered(event: Event, known: Document) -> JsonObject:
    """Return the birth date and whatever else this sender may state.

    A field that has an event type of its own is taken only from who may send that type. The identity of an
    unknown person is `probable` unless stated.
    """
    stated: JsonObject = {"birth_date": event.data["birth_date"]}
    if "identity" not in known:
        stated["identity"] = UNSTATED_IDENTITY
    for name, type_name in _REGISTERED_FIELDS.items():
        if name in event.data and event.sender_kind in CATALOGUE[type_name].senders:
            stated[name] = event.data[name]
    return stated


def _custody(event: Event, _known: Document) -> JsonObject:
    return {"custody": event.data["persons"]}


def _capacity(event: Event, _known: Document) -> JsonObject:
    return {"capacity": event.data["value"]}


def _protection(event: Event, _known: Document) -> JsonObject:
    return {"protected_address": event.data["protected"]}


def _address(event: Event, known: Document) -> JsonObject:
    """Return the residences with a new row: it ends the open rows of its basis, and any later row ends it.

    A notice that comes late so finds its place among the rows and does not undo a newer move.
    """
    start = event.data["from"]
    basis = event.data.get("basis")
    basis = basis if is_code(basis, RESIDENCE_BASES) else "brp"
    rows = known.get("residences")
    kept: list[Json] = []
    later: list[str] = []
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict) or row.get("basis") != basis or parse_date(row.get("from")) is None:
            kept.append(row)
        elif row["from"] < start:
            kept.append(_ended(row, start))
        elif row["from"] > start:
            kept.append(row)
            later.append(row["from"])
        # A row from this very day is what this event corrects: it is left out.
    new = {"district": event.data["district"], "from": start, "to": min(later, default=None), "basis": basis}
    return {"residences": [*kept, new]}


def _ended(row: JsonObject, day: str) -> JsonObject:
    """Return the row, ended on this day when it would last longer."""
    end = row.get("to")
    lasts = end is None or (isinstance(end, str) and end > day)
    return {**row, "to": day} if lasts else row


def _measure(event: Event, known: Document) -> JsonObject:
    """Return the measures with this one: the same order, or the same kind, organisation and day, is replaced."""
    new = {name: event.data.get(name) for name in ("kind", "org", "order_ref", "from", "to")}
    measures = known.get("measures")
    kept = [row for row in measures if not _is_same_measure(row, new)] if isinstance(measures, list) else []
    return {"measures": [*kept, new]}


def _is_same_measure(row: Json, new: JsonObject) -> bool:
    """Return whether two rows are about one measure."""
    if not isinstance(row, dict) or (row.get("kind"), row.get("org")) != (new["kind"], new["org"]):
        return False
    if is_text(row.get("order_ref")) and is_text(new["order_ref"]):
        return bool(row["order_ref"] == new["order_ref"])
    return bool(row.get("from") == new["from"])


def _fixed_face(event: Event, _known: Document) -> JsonObject:
    """Return the new fixed face; the old one stays when the new one is not fully named."""
    new = event.data.get("new")
    if not isinstance(new, dict) or not is_text(new.get("org")) or not is_text(new.get("professional")):
        return {}
    return {"fixed_face": {"org": new["org"], "professional": new["professional"]}}


_SUBJECT_CHANGES: Mapping[str, Callable[[Event, Document], JsonObject]] = {
    "subject.registered": _registered,
    "custody.changed": _custody,
    "capacity.judged": _capacity,
    "address.changed": _address,
    "address_protection.changed": _protection,
    "measure.changed": _measure,
    "fixed_face.changed": _fixed_face,
}


def _help_team(event: Event, subject_ref: str, facts: Facts) -> tuple[FactChange, ...]:
    """Return the new team, and the parties to the case: the organisations of all its teams."""
    case_ref = event.data["case_ref"]
    now = parse_instant(facts.now)
    today = None if now is None else amsterdam_date(now).isoformat()
    team: JsonObject = {
        "case_ref": case_ref,
        "subject_ref": subject_ref,
        "professionals": event.data["professionals"],
        "from": event.data.get("from", today),
        "to": event.data.get("to"),
    }
    others = [row for row in _teams_of(case_ref, facts) if row.get("subject_ref") != subject_ref]
    parties: list[Json] = list(dict.fromkeys(org for row in [*others, team] for org in _organisations(row)))
    return (
        FactChange("help_team", f"{case_ref}\n{subject_ref}", team, subject_ref),
        FactChange("case_party", case_ref, parties, subject_ref),
    )


def _teams_of(case_ref: str, facts: Facts) -> list[dict[str, Any]]:
    """Return the known teams of a case."""
    teams = facts.help_teams if isinstance(facts.help_teams, list) else []
    return [row for row in teams if isinstance(row, dict) and row.get("case_ref") == case_ref]


def _organisations(team: Document) -> list[str]:
    """Return the organisations of a team's professionals, in order."""
    professionals = team.get("professionals")
    rows = professionals if isinstance(professionals, list) else []
    return [row["org"] for row in rows if isinstance(row, dict) and is_text(row.get("org"))]
