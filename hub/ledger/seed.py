"""A first filling: facts in the form of CONSENT.md section 2, stored as the ledger keeps them.

Used to take over a register, and by the tests that run the decision vectors through the ledger. What the ledger
cannot hold (a list of consents that is no list, a record that names nobody) is returned by name, never dropped
in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from hub.core.model import FactChange, Json

LISTED_FACTS: Final = {
    "known_events": "known_event",
    "deliveries": "delivered",
    "police_decisions": "police_decision",
}
"""Facts that are lists of objects, each with the table that keeps them."""

CONFIGURATION: Final = frozenset({"directory", "directory_patch", "areas", "fixed_protectors", "policy"})
"""Facts that are configuration: they are compiled, not stored."""

OF_THE_EVENT: Final = frozenset({"authenticated_org", "now", "held_since"})
"""Facts that come with each event."""


class TakesFacts(Protocol):
    """A ledger that stores facts from elsewhere."""

    async def apply_facts(
        self, changes: Sequence[FactChange], consent_versions: Mapping[str, int] | None = None
    ) -> None:
        """Store them."""
        ...


@dataclass(slots=True)
class Seed:
    """What a facts document becomes."""

    changes: list[FactChange] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    unholdable: list[str] = field(default_factory=list)


async def seed_facts(ledger: TakesFacts, facts_document: Mapping[str, Json]) -> tuple[str, ...]:
    """Store a facts document; return the names of the facts that the ledger cannot hold."""
    seed = seed_of(facts_document)
    await ledger.apply_facts(seed.changes, seed.versions)
    return tuple(seed.unholdable)


def seed_of(facts: Mapping[str, Json]) -> Seed:
    """Return the changes that store a facts document."""
    seed = Seed()
    known = {"subjects", "consents", "help_teams", "case_parties", "consent_version", *LISTED_FACTS}
    seed.unholdable += sorted(facts.keys() - known - CONFIGURATION - OF_THE_EVENT)
    _subjects(seed, facts.get("subjects", {}))
    _consents(seed, facts.get("consents", []))
    _help_teams(seed, facts.get("help_teams", []))
    _case_parties(seed, facts.get("case_parties", {}))
    for name, table in LISTED_FACTS.items():
        _listed(seed, name, table, facts.get(name, []))
    _version(seed, facts.get("consent_version"))
    return seed


def _subjects(seed: Seed, subjects: Json) -> None:
    if not isinstance(subjects, dict):
        seed.unholdable.append("subjects")
        return
    for ref, document in subjects.items():
        seed.changes.append(FactChange("subject", ref, document, ref))


def _consents(seed: Seed, consents: Json) -> None:
    """Store each record under a key of its own: two records may carry one consent id (C1)."""
    if not isinstance(consents, list):
        seed.unholdable.append("consents")
        return
    for number, record in enumerate(consents):
        subject = record.get("subject_ref") if isinstance(record, dict) else None
        if isinstance(subject, str):
            seed.changes.append(FactChange("consent", f"seed:{number}", record, subject))
        else:
            seed.unholdable.append(f"consents[{number}]")


def _help_teams(seed: Seed, teams: Json) -> None:
    if not isinstance(teams, list):
        seed.unholdable.append("help_teams")
        return
    for number, team in enumerate(teams):
        if isinstance(team, dict) and isinstance(team.get("case_ref"), str):
            seed.changes.append(FactChange("help_team", f"{team['case_ref']}\nseed:{number}", team))
        else:
            seed.unholdable.append(f"help_teams[{number}]")


def _case_parties(seed: Seed, parties: Json) -> None:
    if not isinstance(parties, dict):
        seed.unholdable.append("case_parties")
        return
    for case, orgs in parties.items():
        if isinstance(orgs, list):
            seed.changes.append(FactChange("case_party", case, orgs))
        else:
            seed.unholdable.append(f"case_parties.{case}")


def _listed(seed: Seed, name: str, table: str, items: Any) -> None:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        seed.unholdable.append(name)
        return
    for number, item in enumerate(items):
        seed.changes.append(FactChange(table, f"seed:{number}", item))


def _version(seed: Seed, version: Json) -> None:
    """State the consent version of every subject: a document has one for the child it is about."""
    if isinstance(version, bool) or not isinstance(version, int):
        seed.unholdable.append("consent_version")
        return
    subjects = {change.subject_ref for change in seed.changes if change.table in ("subject", "consent")}
    seed.versions = {subject: version for subject in subjects if subject is not None}
