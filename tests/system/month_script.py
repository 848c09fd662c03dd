"""The script of a month: matters of all kinds, drawn from a seed; what is sent when, and which terms that begins."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from hub.core.model import Json, JsonObject
from tests.system.hub_world import domain_sets
from tests.system.month_calendar import AMSTERDAM, Reply, Term

SCHOOL, GP, CARE, TEAM = "school_1", "gp_1", "youth_care_1", "lt_kracht_escamp"
VEILIG_THUIS, CRISIS_TEAMS = "vt_1", ("crisis_1", "crisis_2")
HOUSING, DEBT_HELP, EXPERTS, HEALTH = "housing_1", "debt_1", "expert_1", "youth_health_1"

FIRST_DAY = datetime(2027, 4, 12, tzinfo=AMSTERDAM)
"""The month holds King's Day, 5 May, Ascension and, in its aftermath, Whit Monday."""

DAYS = 30
AFTERMATH = (5, 17, 40, 61, 75)
"""Days after the month at which the clock is set once more: the longest term is ten weeks."""

NIGHT_MINUTES = (4, 12, 18, 42)
"""When somebody answers a crisis: before, on and after the steps of its ladder."""


@dataclass(frozen=True, slots=True)
class Act:
    """One event of the script. `about` is the key of the event that it answers; `form` the rest of the publish form."""

    key: str
    at: datetime
    org: str
    type: str
    child: str | None
    form: JsonObject
    about: str | None = None


@dataclass(slots=True)
class Matter:
    """One matter of one child: its acts, the terms that begin, the replies to them, the end of its lines."""

    name: str
    child: str
    acts: list[Act] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    at_once: list[tuple[str, str, str]] = field(default_factory=list)
    """Alerts that come at once: (about, type, owner)."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Of the one line of an event, or of the event as a whole: the reason that must be on record in the end."""
    known_at: datetime | None = None
    born: date | None = None

    def act(self, at: datetime, org: str, type_name: str, form: JsonObject, **more: Json) -> Act:
        """Add an event about the child."""
        key = f"{self.name}.{len(self.acts)}"
        act = Act(key, at, org, type_name, self.child, form, **more)  # type: ignore[arg-type]
        self.acts.append(act)
        return act

    def replied(self, about: Act, org: str, word: str, at: datetime) -> None:
        """Note a reply."""
        self.replies.setdefault(about.key, []).append(Reply(org, word, at))


class Writer:
    """Draws matters from a seed. `moments` are the instants at which partners are at work."""

    def __init__(self, seed: int, moments_a_day: int) -> None:
        self.random = random.Random(seed)
        self._domains = domain_sets()
        self._count = itertools.count(1)
        self._hours = sorted(self.random.sample(range(8, 19), moments_a_day))

    def moment(self, first: int = 0, last: int = DAYS - 1) -> datetime:
        """Return a moment of the month, from a day to a day."""
        day = self.random.randint(first, max(first, last))
        return FIRST_DAY + timedelta(days=day, hours=self.random.choice(self._hours))

    def later(self, at: datetime, days: int) -> datetime:
        """Return a working moment within so many days after another, never at the same time."""
        day = datetime.combine(at.date(), datetime.min.time(), AMSTERDAM)
        return day + timedelta(days=self.random.randint(1, days), hours=self.random.choice(self._hours))

    def chance(self, part: float) -> bool:
        """Return whether something happens that happens in this part of cases."""
        return self.random.random() < part

    def matter(self, kind: str) -> Matter:
        """Begin a matter of a child."""
        name = f"{kind}{next(self._count)}"
        return Matter(name, name)

    def domains(self) -> list[Json]:
        """Return domains that no other signal of the month has lately."""
        return list(next(self._domains))

    # --- what begins a matter ----------------------------------------------------------------------------
    def registered(
        self, matter: Matter, at: datetime, born: date | None = None, *, adult: bool = False
    ) -> None:
        """Register the child (or adult) of a matter, at home in Escamp."""
        years = self.random.randint(30, 50) if adult else self.random.randint(3, 10)
        # From 11 on a child decides too; matters of teenagers say so themselves.
        matter.born = born or FIRST_DAY.date() - timedelta(days=365 * years + self.random.randint(5, 360))
        matter.known_at = at
        matter.act(
            at,
            HEALTH,
            "subject.registered",
            {"born": matter.born.isoformat(), "custody": not adult},
        )

    def consented(self, matter: Matter, at: datetime, sender: str, recipient: str, **more: Json) -> str:
        """Record a consent of the parent; returns its key."""
        form: JsonObject = {"consent": {"sender": sender, "recipient": recipient, "by": "parent", **more}}
        return matter.act(at, HEALTH, "consent.given", form).key

    def signalled(
        self,
        matter: Matter,
        at: datetime,
        org: str,
        to: JsonObject,
        type_name: str = "signal.raised",
        **more: Json,
    ) -> Act:
        """Let a partner signal."""
        form: JsonObject = {
            "purpose": "help_request",
            "urgency": "u3",
            "domains": self.domains(),
            "recipients": [to],
            "record": True,
            **more,
        }
        return matter.act(at, org, type_name, form)

    def terms(self, matter: Matter, about: Act, owner: str, at: datetime, urgency: str, *rules: str) -> None:
        """Note which response times begin."""
        matter.terms += [Term(rule, urgency, owner, about.key, at) for rule in rules]

    def reply(
        self, matter: Matter, about: Act, org: str, type_name: str, at: datetime, word: str = "", **form: Json
    ) -> None:
        """Let a partner reply with an event that goes back to the sender."""
        matter.act(at, org, type_name, {"recipients": [{"to": {"org": about.org}}], **form}, about=about.key)
        matter.replied(about, org, word or type_name, at)

    def noted(self, matter: Matter, about: Act, org: str, type_name: str, at: datetime, **data: Json) -> None:
        """Let a partner record a fact in reply."""
        matter.act(at, org, type_name, {"data": data}, about=about.key)
        matter.replied(about, org, type_name, at)

    def handled(self, matter: Matter, about: Act, org: str, at: datetime) -> None:
        """Let a receiver see and answer in time, late, or never."""
        if self.chance(0.7):
            at = self.later(at, 6)
            word = self.random.choice(("acknowledgement.seen", "acknowledgement.picked_up"))
            self.reply(matter, about, org, word, at)
        if self.chance(0.6):
            self.reply(matter, about, org, "feedback.given", self.later(at, 18), purpose="feedback")


def write_month(seed: int, events: int, moments_a_day: int) -> list[Matter]:
    """Return matters of all kinds with at least so many events."""
    from tests.system.month_matters import KINDS

    writer = Writer(seed, moments_a_day)
    # Each kind once, so that even a small month has them all; then by weight.
    kinds: Iterator[Callable[[Writer], Matter]] = itertools.chain(
        (kind for kind, _weight in KINDS), iter(lambda: _drawn(writer, KINDS), None)
    )
    matters: list[Matter] = []
    while sum(len(matter.acts) for matter in matters) < events:
        matters.append(next(kinds)(writer))
    return matters


def _drawn(
    writer: Writer, kinds: tuple[tuple[Callable[[Writer], Matter], int], ...]
) -> Callable[[Writer], Matter]:
    return writer.random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]


def last_moment() -> datetime:
    """Return the last instant to which the clock is set."""
    return FIRST_DAY + timedelta(days=DAYS + AFTERMATH[-1], hours=12)
