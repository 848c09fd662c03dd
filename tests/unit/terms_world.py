"""Cases for the tests of what goes on over time: one event at a moment, who gets it, and what went on before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.core.catalogue import CATALOGUE, EventClass
from hub.core.course_terms import start_responses
from hub.core.course_terms_steps import Deadline
from hub.core.course_terms_thread import response_of
from hub.core.dedup_case import Case
from hub.core.event_gates import Admitted, admit
from hub.core.history import History
from hub.core.judge import open_case
from hub.core.judgement import Judgement
from hub.core.model import Decision, Duty, EventDecision, JsonObject, Outcome, RecipientDecision
from hub.core.ring import Rung, ring
from hub.core.standing import Standing
from hub.core.threads import Thread
from tests.unit.core_world import NOW, an_event, some_facts

UID = "0f0e6b0a-0000-5000-8000-000000000001"
"""The hub's id of the event that the threads are about."""

KINDS = {
    "hub": "hub",
    "school_a": "school",
    "school_b": "school",
    "gp_a": "gp",
    "team_escamp": "local_team",
    "team_kust": "local_team",
    "report_point": "veilig_thuis",
    "crisis_a": "crisis_team",
    "police_a": "police",
    "energy_a": "energy_company",
    "debt_a": "debt_help",
    "youth_care_a": "youth_care",
    "expert_a": "city_expert_team",
}


def a_case(
    event: dict[str, Any],
    *,
    now: str = NOW,
    uid: str = UID,
    threads: Iterable[Thread] = (),
    policy: Any = None,
    **facts: Any,
) -> Case:
    """Return an admitted event with facts; the sender is who it says."""
    known = some_facts(now=now, policy=policy, authenticated_org=event["sender"]["org"], **facts)
    admitted = admit(event, known)
    assert isinstance(admitted, Admitted), admitted
    return open_case(admitted, known, History(threads=tuple(threads)), uid)


def sent(type_name: str = "signal.raised", org: str = "school_a", **changes: Any) -> dict[str, Any]:
    """Return an event of one organisation; a change of ... leaves the field out."""
    event = an_event(type=type_name, sender={"org": org, "kind": KINDS[org]}, **changes)
    return {name: value for name, value in event.items() if value is not ...}


def reply(
    type_name: str, org: str = "team_escamp", in_reply_to: Any = "event-1", **changes: Any
) -> dict[str, Any]:
    """Return a reply of a receiver to the sender of the event."""
    treatment = CATALOGUE[type_name].treatment
    base: dict[str, Any] = {
        "id": "reply-1",
        "in_reply_to": in_reply_to,
        "sections": ["meta"],
        "purpose": ...,
        "urgency": ...,
        "domains": ...,
        "recipients": [{"to": {"org": "school_a"}}],
    }
    if treatment is EventClass.FEEDBACK:
        base["purpose"] = "feedback"
    if treatment is EventClass.CONSULTATION:
        base |= {"purpose": "consultation", "urgency": "u3", "mode": "identified"}
    if treatment is EventClass.CONTENT:
        base |= {"purpose": min(CATALOGUE[type_name].purposes), "urgency": "u3"}
    if treatment is EventClass.FACT:
        base["recipients"] = ...
    return sent(type_name, org, **{**base, **changes})


def goes_to(*receivers: str | RecipientDecision) -> Judgement:
    """Return a judgement that delivers to these."""
    decisions = tuple(
        RecipientDecision(item, Outcome.ALLOW, "ok_consent", position=place)
        if isinstance(item, str)
        else item
        for place, item in enumerate(receivers)
    )
    decision = Decision(EventDecision(Outcome.ALLOW, "ok_accepted"), decisions)
    return Judgement(verdict="unique", reason=None, decision=decision, deliver=decisions)


def allowed(
    org: str, reason: str = "ok_consent", position: int = 0, duties: tuple[Duty, ...] = ()
) -> RecipientDecision:
    """Return one receiver that gets the event on this reason, with these duties of the sender."""
    return RecipientDecision(org, Outcome.ALLOW, reason, duties=duties, position=position)


def begun(event: dict[str, Any], *receivers: str | RecipientDecision, **case: Any) -> tuple[Thread, ...]:
    """Return the response threads that an event begins."""
    return start_responses(a_case(event, **case), goes_to(*(receivers or ("team_escamp",))))


def deadlines(thread: Thread) -> dict[str, Deadline]:
    """Return the deadlines of a response thread by rule."""
    return {deadline.rule: deadline for deadline in response_of(thread).deadlines}


def settings(**policy: Any) -> Standing:
    """Return the configuration."""
    return some_facts(policy=policy).standing


def rung(thread: Thread, now: str, delivered: dict[str, str] | None = None) -> Rung:
    """Return what the clock does to a thread."""
    return ring(thread, now, settings(), {} if delivered is None else delivered)


def told(events: Iterable[JsonObject]) -> list[tuple[Any, ...]]:
    """Return type, rule and level of the hub's own events, in order; what is not stated is None."""
    return [
        (event["type"], data.get("rule"), data.get("level"))
        for event in events
        if isinstance(data := event["data"], dict)
    ]
