"""Which response times an event begins, and which replies stop them: EVENTS.md sections 7 and 8 as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ASKING = frozenset(
    {
        "signal.raised",
        "signal.revised",
        "adult_signal.raised",
        "early_signal.raised",
        "referral.offered",
        "crisis.reported",
        "pilot_light.flared",
        "consultation.requested",
    }
)
"""The types that ask their receiver for an answer; an anonymous question leaves no thread behind (section 7)."""

_TABLE = """
u1_delivery          | u1 | ASKING              | -               | TECHNICAL
u1_human_ack         | u1 | ASKING              | -               | HUMAN
u1_on_site           | u1 | crisis.reported     | to_crisis_team  | ON_SITE
u1_follow_up         | u1 | crisis.reported     | follows_up      | crisis.follow_up_agreed
u2_technical_ack     | u2 | ASKING              | -               | TECHNICAL
u2_human_ack         | u2 | ASKING              | -               | HUMAN
vt_safety_assessment | u2 | ASKING              | report          | feedback.given
vt_investigation     | u2 | ASKING              | report          | feedback.given
vt_inform_subjects   | u2 | ASKING              | report_informs  | inform_duty.fulfilled
vt_inform_extension  | u2 | ASKING              | report_deferred | inform_duty.fulfilled
debt_threatened      | u2 | early_signal.raised | arrears         | DEBT
debt_first_talk      | u3 | early_signal.raised | arrears         | DEBT
u3_technical_ack     | u3 | ASKING              | -               | TECHNICAL
u3_human_ack         | u3 | ASKING              | -               | HUMAN
u3_decision          | u3 | referral.offered    | -               | DECISION
u3_feedback          | u3 | ASKING              | -               | FEEDBACK
u4_human_ack         | u4 | ASKING              | -               | HUMAN
u4_feedback          | u4 | ASKING              | -               | FEEDBACK
"""
"""One rule a line: rule | urgency | event types | condition | stopped by. `-` is always."""


def _types(words: str) -> frozenset[str]:
    """Return the event types written as words."""
    return frozenset(words.split())


_HUMAN = _types(
    "acknowledgement.seen acknowledgement.picked_up acknowledgement.not_picked_up referral.received "
    "referral.accepted referral.declined referral.redirected crisis.confirmed crisis.follow_up_agreed "
    "feedback.given consultation.answered help.started"
)
"""Replies that only a person gives."""

_SETS: Mapping[str, frozenset[str]] = {
    "ASKING": ASKING,
    "HUMAN": _HUMAN,
    "TECHNICAL": _HUMAN | {"acknowledgement.received"},
    "ON_SITE": _types("crisis.confirmed crisis.follow_up_agreed"),
    "DECISION": _types("referral.accepted referral.declined referral.redirected"),
    "FEEDBACK": _types(
        "feedback.given help.started referral.declined referral.redirected experience.returned "
        "consultation.answered"
    ),
    "DEBT": _types("feedback.given help.started acknowledgement.picked_up"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    name: str
    urgency: str
    types: frozenset[str]
    condition: str
    stopped_by: frozenset[str]


def _read_row(line: str) -> Rule:
    """Return one line of the table as a rule."""
    name, urgency, types, condition, stops = (cell.strip() for cell in line.split("|"))
    return Rule(name, urgency, _SETS.get(types, _types(types)), condition, _SETS.get(stops, _types(stops)))


RULES = {rule.name: rule for rule in map(_read_row, _TABLE.strip().splitlines())}
"""The response times of a receiver, by name."""

STAGES: Mapping[str, str] = {
    "vt_safety_assessment": "safety_assessment",
    "vt_investigation": "investigation",
}
"""Rules of which one reply meets one: `data.stage` of the feedback says which (Uitvoeringsbesluit Wmo 2015)."""
