"""Names of one vector's persons, records, cases and events that no other vector has, so that one hub can serve all.

A person of a vector ("child_1") becomes a citizen number of the test range: partners state the number, facts and the
log hold the pseudonym that the hub's own key gives it. Ids get an ending of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.core.model import Json, JsonObject
from hub.identity.pseudonyms import Pseudonyms

LONGEST_OWN_NAME: Final = 80
"""A longer id is in the vector for its length: an ending would change what is tested."""

_HUB_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""An id that the hub gave is unique by itself."""

Change = Callable[[Json], Json]


@dataclass(slots=True)
class Names:
    """The names of one vector. `ending` is unique; `numbers` gives citizen numbers that nobody else uses."""

    ending: str
    numbers: Iterator[str]
    pseudonyms: Pseudonyms
    known: dict[str, str] = field(default_factory=dict)

    def number(self, person: str) -> str:
        """Return the citizen number of a person."""
        if person not in self.known:
            self.known[person] = next(self.numbers)
        return self.known[person]

    def pseudonym(self, person: Json) -> Json:
        """Return a person as facts and the log name it; what is no name stays what it is."""
        is_name = isinstance(person, str) and person != ""
        return self.pseudonyms.bus_pseudonym(self.number(str(person))) if is_name else person

    def reference(self, person: Json) -> Json:
        """Return a person as a partner names it."""
        is_name = isinstance(person, str) and person != ""
        return {"bsn": self.number(str(person))} if is_name else person

    def ident(self, name: Json) -> Json:
        """Return an id that no other vector has."""
        if not isinstance(name, str) or not name or len(name) > LONGEST_OWN_NAME or _HUB_ID.fullmatch(name):
            return name
        return f"{name}.{self.ending}"

    def original(self, name: str) -> str:
        """Return an id as the vector has it."""
        return name.removesuffix(f".{self.ending}")

    # --- facts ----------------------------------------------------------------------------------------
    def facts(self, facts: Mapping[str, Json]) -> JsonObject:
        """Return the facts of a vector with its own names."""
        return {name: self._fact(name, value) for name, value in facts.items()}

    def _fact(self, name: str, value: Json) -> Json:
        match name:
            case "subjects" | "case_parties" if isinstance(value, dict):
                rename = self.pseudonym if name == "subjects" else self.ident
                return {str(rename(key)): self._deep(inner, self.pseudonym) for key, inner in value.items()}
            case "consents" | "help_teams" | "known_events" | "deliveries" | "police_decisions":
                return self._deep(value, self.pseudonym)
            case _:
                return value

    # --- events ---------------------------------------------------------------------------------------
    def view(self, event: Mapping[str, Json]) -> JsonObject:
        """Return an event as it lies in the log."""
        renamed = self._deep(dict(event), self.pseudonym)
        assert isinstance(renamed, dict)
        return renamed

    def stated(self, event: Mapping[str, Json]) -> JsonObject:
        """Return the same event with persons as a partner names them."""
        renamed = self._deep(dict(event), self.reference)
        assert isinstance(renamed, dict)
        return renamed

    def _deep(self, value: Json, person: Change) -> Json:
        if isinstance(value, list):
            return [self._deep(item, person) for item in value]
        if not isinstance(value, dict):
            return value
        return {str(key): self._field(str(key), inner, person) for key, inner in value.items()}

    def _field(self, name: str, value: Json, person: Change) -> Json:
        if name in _ID_FIELDS:
            return self.ident(value)
        if name in _ID_LISTS and isinstance(value, list):
            return [self.ident(item) for item in value]
        if name in _PERSON_FIELDS:
            return person(value)
        if name == "section_about" and isinstance(value, dict):
            return {
                key: [person(item) for item in inner] if isinstance(inner, list) else inner
                for key, inner in value.items()
            }
        return self._deep(value, person)


_ID_FIELDS: Final = frozenset(
    {
        "id", "consent_id", "case_ref", "record_ref", "ref", "in_reply_to", "origin_id", "causation_id",
        "decision_ref",
    }
)  # fmt: skip
_ID_LISTS: Final = frozenset({"consent_ids", "households"})
_PERSON_FIELDS: Final = frozenset({"subject_ref", "person"})
