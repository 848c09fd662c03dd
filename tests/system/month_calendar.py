"""An own, naive reading of the response times: which alerts a month must raise (EVENTS.md sections 7 and 8).

Nothing here comes from the hub: the due instants are those of the second opinion, the rest follows the document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.second_opinion.deadlines import due, nth_working_day, written
from tests.second_opinion.tables import Json

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SECOND = timedelta(seconds=1)
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "domain" / "defaults.json"
BOUNDARIES = (12, 16, 18)
WARNING_DAYS = 60

HUMAN = {
    "acknowledgement.seen", "acknowledgement.picked_up", "acknowledgement.not_picked_up", "referral.received",
    "referral.accepted", "referral.declined", "referral.redirected", "crisis.confirmed", "feedback.given",
    "crisis.follow_up_agreed", "consultation.answered", "help.started",
}  # fmt: skip
STOPS = {
    "human_ack": HUMAN,
    "on_site": {"crisis.confirmed", "crisis.follow_up_agreed"},
    "follow_up": {"crisis.follow_up_agreed"},
    "decision": {"referral.accepted", "referral.declined", "referral.redirected"},
    "feedback": {"feedback.given", "help.started", "referral.declined", "referral.redirected"},
    "vt_safety_assessment": {"feedback.given safety_assessment"},
    "vt_investigation": {"feedback.given investigation"},
    "vt_inform_subjects": {"inform_duty.fulfilled"},
    "debt_first_talk": {"feedback.given", "help.started", "acknowledgement.picked_up"},
    "inform": {"inform_duty.fulfilled"},
    "waiting_list": {"waiting_list.contact_made", "help.started", "referral.withdrawn"},
}
"""What ends a term, by the name of its rule or the end of it. A stage of Veilig Thuis is named by its feedback."""

NETWORK_AFTER = {"u2": 1, "u3": 2, "u4": 5}
"""Working days after the due date at which a missing human answer goes to the network coordinator."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody did about an event, and when."""

    org: str
    word: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Term:
    """A response time: who owes it, about which event of the script, from when; `ends_at` when it no longer counts."""

    rule: str
    urgency: str
    owner: str
    about: str
    received_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class Alert:
    """One alert that must be raised, exactly once."""

    about: str
    type: str
    owner: str
    rule: str
    level: int
    due_at: str


def defaults() -> Json:
    """Return the settings of the domain's own file."""
    content: Json = json.loads(SHARED.read_text(encoding="utf-8"))
    return {**content["policy"], "deadlines": content["deadlines"]}


def stopped_at(term: Term, replies: list[Reply]) -> datetime | None:
    """Return when a term ended: by the first reply that counts, or because its event no longer does."""
    name = next(name for name in (term.rule, *STOPS) if name in STOPS and name in term.rule)
    anybody = name == "follow_up"
    ends = [
        reply.at
        for reply in replies
        if {reply.word, reply.word.split()[0]} & STOPS[name]
        and (anybody or reply.org == term.owner)
        and reply.at > term.received_at
    ]
    return min([*ends, *([term.ends_at] if term.ends_at else [])], default=None)


def steps_of(term: Term, policy: Json) -> Iterator[tuple[datetime, str, int]]:
    """Yield when the clock tells what about a term: instant, alert, level."""
    due_at = due(term.rule, term.received_at, policy)
    due_on = due_at.astimezone(AMSTERDAM).date()
    morning = datetime.combine(due_on, time(9), AMSTERDAM)
    if term.rule == "waiting_list_alarm":
        yield due_at + SECOND, "alert.waiting_list_silence", 0
        return
    if term.rule == "u1_human_ack":
        yield term.received_at + timedelta(minutes=10), "alert.deadline_near", 1
    elif policy["deadlines"][term.rule]["unit"] in ("hours", "minutes"):
        yield term.received_at + (due_at - term.received_at) * 2 / 3, "alert.deadline_near", 1
    elif morning > term.received_at:
        yield morning, "alert.deadline_near", 1
    missed = "alert.connection_at_risk" if term.rule == "u1_follow_up" else "alert.deadline_missed"
    yield due_at + SECOND, missed, 2
    if term.rule == "u1_human_ack":
        yield term.received_at + timedelta(minutes=30) + SECOND, "alert.escalated", 3
    elif term.rule.endswith("human_ack"):
        last = nth_working_day(due_on, NETWORK_AFTER[term.urgency], policy)
        yield datetime.combine(last, time(23, 59, 59), AMSTERDAM) + SECOND, "alert.escalated", 3


def alerts_of(term: Term, replies: list[Reply], end: datetime, policy: Json) -> Iterator[Alert]:
    """Yield what a term raises until the end of the month's telling."""
    stop = stopped_at(term, replies)
    due_at = written(due(term.rule, term.received_at, policy))
    for at, type_name, level in steps_of(term, policy):
        if at <= end and (stop is None or at <= stop):
            yield Alert(term.about, type_name, term.owner, term.rule, level, due_at)


def birthday(born: date, age: int) -> date:
    """Return the day on which somebody reaches an age; somebody of 29 February on 1 March in other years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def age_events(born: date, known_at: datetime, end: datetime) -> Iterator[tuple[str, int, str]]:
    """Yield what the hub must tell about somebody's birthdays: type, age, boundary."""
    for age in BOUNDARIES:
        day = birthday(born, age)
        boundary = datetime.combine(day, time(0), AMSTERDAM)
        warned = datetime.combine(day - timedelta(days=WARNING_DAYS), time(0), AMSTERDAM)
        if boundary <= known_at:
            continue
        if warned <= end:
            yield "consent.reconfirmation_requested", age, boundary.isoformat()
        if boundary <= end:
            yield "consent.age_boundary_reached", age, boundary.isoformat()
