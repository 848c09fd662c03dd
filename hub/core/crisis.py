"""A crisis reaches who must know: ROUTING.md section 5. Crisis teams get the content, parties to the case a warning."""

from __future__ import annotations

from collections.abc import Collection

from hub.core.catalogue import EventClass
from hub.core.codes import HUB_KIND
from hub.core.facts import Situation
from hub.core.routing import fan_out
from hub.core.schema import Entry, Event

VITAL_INTEREST = "vital_interest"


def is_crisis(event: Event) -> bool:
    """Return whether this is a crisis about a person: `crisis.reported`, and every content of urgency u1."""
    return (
        event.treatment is EventClass.CONTENT
        and (event.type == "crisis.reported" or event.urgency == "u1")
        and event.subject_ref is not None
        and event.sender_kind != HUB_KIND
    )


def with_crisis_teams(event: Event, named: Collection[str], situation: Situation) -> Event:
    """Return the event with every active crisis team that the sender did not name, in directory order.

    Each is judged like a named recipient: on the vital interest that the sender accounts for towards somebody
    else, or else on consent. Routing never permits anything.
    """
    ground = next((entry for entry in event.recipients if _on_vital_interest(entry)), Entry())
    teams = fan_out(event.subject_ref or "", event.case_ref, situation).orgs
    others = tuple(
        Entry(org=org, needed_sections=ground.needed_sections, exception=ground.exception)
        for org in teams
        if org not in named and org != event.sender_org
    )
    return event._replace(recipients=(*event.recipients, *others))


def _on_vital_interest(entry: Entry) -> bool:
    """Return whether the sender shares with this recipient to protect life."""
    return entry.exception is not None and entry.exception.get("ground") == VITAL_INTEREST


def warned(event: Event, situation: Situation) -> tuple[str, ...]:
    """Return the parties to the case that get `alert.crisis`."""
    return fan_out(event.subject_ref or "", event.case_ref, situation).alerts


def has_no_team(event: Event, situation: Situation) -> bool:
    """Return whether no crisis team is active: then only the telephone is left."""
    return not fan_out(event.subject_ref or "", event.case_ref, situation).orgs
