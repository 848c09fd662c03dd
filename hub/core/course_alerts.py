"""Alerts that an event raises at once: crisis, safety, a referral without owner, a closing that was blocked.

Those that time raises (terms, silence) are the ring's. Source: EVENTS.md sections 5 and 7, ROUTING.md sections 4 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hub.core.area import LOCAL_TEAM, candidates, district_of
from hub.core.course_move import Move
from hub.core.crisis import is_crisis, warned
from hub.core.dedup_case import Case
from hub.core.judgement import Judgement
from hub.core.model import JsonObject
from hub.core.own_events import alert_event
from hub.core.reasons import Reason
from hub.core.threads import Thread

CLOSING_BLOCKED = "alert.closing_blocked"
WITHOUT_OWNER = frozenset({Reason.HOLD_NO_OWNER.value, Reason.HOLD_AMBIGUOUS_OWNER.value})
"""Nothing is sent to a guess; such a hold on a referral goes to the city's coordinator (ROUTING.md section 4)."""

WITHOUT_OWNER_ALERT = "alert.referral_without_owner"
CITY_COORDINATOR = "city_coordinator"
REGULAR = "u3"
"""The urgency of an alert about something that states none (EVENTS.md section 2: only content must)."""


def raised_alerts(case: Case, judgement: Judgement, moved: Move) -> tuple[JsonObject, ...]:
    """Return the alerts that follow at once. The same cause gives the same alert, so that it is raised once."""
    event = case.event
    if CLOSING_BLOCKED in moved.emits and moved.about is not None:
        return (_closing_blocked(case, judgement, moved.about),)
    if event.subject_ref is None or event.anonymous:
        return ()
    return (*_crisis(case, judgement), *_safety(case, judgement), *_without_owner(case, judgement))


def _closing_blocked(case: Case, judgement: Judgement, referral: Thread) -> JsonObject:
    """Tell who wanted to end the help; the referral knows person and case where the request names none."""
    return _alert(
        case,
        CLOSING_BLOCKED,
        case.event.sender_org,
        reason=judgement.decision.event.reason,
        subject_ref=referral.subject_ref,
        case_ref=case.event.case_ref or referral.document["case_ref"],
    )


def _alert(case: Case, type_name: str, owner: str, **stated: Any) -> JsonObject:
    """Return one alert about this event for one organisation."""
    event = case.event
    about = {"subject_ref": event.subject_ref, "case_ref": event.case_ref, **stated}
    return alert_event(
        type_name,
        f"{case.entry_id}\n{owner}",
        owner=owner,
        now=case.at,
        urgency=event.urgency or REGULAR,
        uid=case.entry_id,
        **about,
    )


def _crisis(case: Case, judgement: Judgement) -> Iterator[JsonObject]:
    """Warn the parties to the case; with none, the crisis team that got the content, so that it is on the register."""
    if not is_crisis(case.event) or not judgement.decision.recipients:
        return
    parties = warned(case.event, case.situation)
    first = [recipient.recipient for recipient in judgement.deliver][:1]
    for org in parties or first or [case.event.sender_org]:
        yield _alert(case, "alert.crisis", org)


def _safety(case: Case, judgement: Judgement) -> Iterator[JsonObject]:
    """Put a safety report on the register of whoever got it; a crisis is there already."""
    if case.event.purpose != "safety_report" or is_crisis(case.event):
        return
    for recipient in judgement.deliver:
        yield _alert(case, "alert.safety", recipient.recipient, reason=recipient.reason)


def _without_owner(case: Case, judgement: Judgement) -> Iterator[JsonObject]:
    """Raise a referral that nobody, or more than one, is responsible for."""
    if case.event.type != "referral.offered":
        return
    held = [item for item in judgement.decision.recipients if item.reason in WITHOUT_OWNER]
    if not held:
        return
    alert = _alert(
        case, WITHOUT_OWNER_ALERT, case.event.sender_org, reason=held[0].reason, audience=CITY_COORDINATOR
    )
    data: Any = alert["data"]
    entry = case.event.recipients[held[0].position]
    yield {**alert, "data": {**data, "candidates": _candidates(entry.kind, case)}}


def _candidates(kind: str | None, case: Case) -> list[str]:
    """Return who fits the kind, for a person to choose from; of local teams those that work in the child's district."""
    if kind is None:
        return []
    found = candidates(kind, case.situation)
    if kind == LOCAL_TEAM:
        district = district_of(case.event.subject_ref, case.situation)
        found = [team for team in found if district in team.districts]
    return [partner.org for partner in found]
