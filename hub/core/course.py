"""What goes on over time because of one event: referrals, alerts, response terms, duties, ages.

`judge` asks `move` before anybody is told (a step that the life cycle refuses stops the event), and `follow` when it
is known who gets what. Pure; the clock's part is `ring.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from hub.core import course_messages
from hub.core.course_ages import age_threads
from hub.core.course_alert import is_about_alert, move_alert
from hub.core.course_alerts import raised_alerts
from hub.core.course_duties import fulfil_duties, open_duties
from hub.core.course_move import Move
from hub.core.course_referral import OFFER, is_about_referral, move_referral, offered
from hub.core.course_terms import answer_responses, drop_responses, start_responses
from hub.core.dedup_case import Case
from hub.core.event_gates import stopped
from hub.core.judgement import Judgement
from hub.core.model import LEAVES, Decision, JsonObject
from hub.core.threads import RESPONSE, Thread, referral_id

NO_MOVE = Move()
"""The event takes no step of a life cycle."""


def move(case: Case, decision: Decision) -> Move:
    """Return the step that an event takes, or why it may not (EVENTS.md sections 5 and 6).

    The life cycle is judged after the event gates and before any recipient (ranks 13 to 15 of CODES.md).
    """
    if decision.event.outcome not in LEAVES:
        return NO_MOVE
    if is_about_alert(case):
        return move_alert(case) or NO_MOVE
    if is_about_referral(case):
        return move_referral(case) or NO_MOVE
    return NO_MOVE


def after_move(case: Case, decision: Decision, moved: Move) -> Decision:
    """Return the decision, or the refusal of the whole event when its step was refused."""
    if moved.refusal is None:
        return decision
    return Decision(stopped(moved.refusal, {"urgency": case.event.urgency}))


def follow(case: Case, judgement: Judgement, moved: Move) -> Judgement:
    """Return the judgement with what goes on from now, what the hub sends itself, and whom it tells what.

    Args:
        case: The event with the facts and the memory of this moment.
        judgement: Who gets it, what is remembered.
        moved: The step of a life cycle that was taken or refused, `NO_MOVE` when none.
    """
    begun = _begin_referral(case, judgement, moved)
    threads: dict[str, Thread] = {}
    own_events: list[JsonObject] = []
    for changed, events in _changes(case, judgement, begun):
        threads.update((thread.thread_id, thread) for thread in changed)
        own_events += events
    opened, duty_messages = open_duties(case, judgement)
    threads.update((thread.thread_id, thread) for thread in opened if thread.thread_id not in threads)
    return replace(
        judgement,
        threads=tuple(threads.values()),
        own_events=(*own_events, *raised_alerts(case, judgement, begun)),
        messages=(*course_messages.about(case, judgement, begun.emits), *duty_messages),
    )


def _begin_referral(case: Case, judgement: Judgement, moved: Move) -> Move:
    """Return the step; for a first offer the referral that begins once somebody got it."""
    if case.event.type != OFFER or moved.thread is not None or not judgement.deliver:
        return moved
    begun = referral_id(case.entry_id)
    if any(thread.thread_id == begun for thread in case.threads):
        return moved
    return offered(case, judgement.deliver[0])


def _changes(
    case: Case, judgement: Judgement, moved: Move
) -> Iterator[tuple[Iterable[Thread], Iterable[JsonObject]]]:
    """Yield threads as they are from now on, with the hub's own events that come along; the last of a thread counts."""
    if moved.thread is not None:
        yield (moved.thread,), moved.own_events
    if judgement.decision.event.outcome in LEAVES:
        yield answer_responses(case)
        yield fulfil_duties(case)
    ended = {entry.entry_id for entry in judgement.history.entries if entry.superseded or entry.retracted}
    yield drop_responses(
        [
            thread
            for thread in case.threads
            if thread.kind == RESPONSE and thread.is_open and thread.uid in ended
        ],
        case.at,
    )
    yield start_responses(case, judgement), ()
    for change in judgement.facts:
        if change.table == "subject":
            person: Any = change.document
            yield age_threads(change.key, person, case.at, case.situation.standing, case.threads), ()
