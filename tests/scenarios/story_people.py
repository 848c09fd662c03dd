"""Who and what the stories are about: people, what arrives, whom partners address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from hub.core.model import JsonObject
from tests.scenarios.city_partners import KINDS
from tests.system.hub_world import Letter

HEALTH = "youth_health_1"
"""Who records facts and consents in these stories, unless a story says otherwise."""

CONSENT_DAYS = 300
"""A consent of these stories lasts ten months: less than the year that is allowed."""

RELATED = ("school_1", "school_2", "gp_1", "youth_care_1", "ci_1", "housing_1", "mental_1")
"""Where children of these stories are pupil, patient, client or tenant."""

To: TypeAlias = str | JsonObject


@dataclass(frozen=True, slots=True)
class Someone:
    """A person, known to the partners by a number of the test range."""

    number: str
    role: str

    @property
    def reference(self) -> JsonObject:
        """Return how a partner names this person."""
        return {"bsn": self.number}


@dataclass(frozen=True, slots=True)
class Child(Someone):
    """The young person whom a story is about, with the parents."""

    parents: tuple[Someone, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that arrived at a partner's own system."""

    letter: Letter

    @property
    def uid(self) -> str:
        """Return the id under which the receiver knows the event."""
        return self.letter.uid

    @property
    def data(self) -> JsonObject:
        """Return the body."""
        data = self.letter.event["data"]
        assert isinstance(data, dict)
        return data

    @property
    def sections(self) -> JsonObject:
        """Return the sections that came along, opened."""
        sections = self.data.get("sections", {})
        assert isinstance(sections, dict)
        return sections


def duties_of(document: JsonObject) -> list[str]:
    """Return the codes of the duties on a receipt, a line of it, or a letter."""
    duties = document["duties"]
    assert isinstance(duties, list)
    return [str(duty["duty"]) for duty in duties if isinstance(duty, dict)]


def recipient_of(to: To) -> JsonObject:
    """Return a recipient: an organisation by its code name, a kind by its name, or a whole entry as it is given."""
    return {"to": selector_of(to)} if isinstance(to, str) else to


def selector_of(who: To) -> JsonObject:
    """Return whom a consent names: an organisation, a kind, or as it is given."""
    if isinstance(who, str):
        return {"org": who} if who in KINDS else {"kind": who}
    return dict(who)
