"""Colleagues in the same help, gate R10: CONSENT.md section 11. Jeugdwet 7.3.11(2)."""

from __future__ import annotations

from typing import Any

from hub.core.question import Question
from hub.core.times import active_on


def in_same_team(question: Question) -> bool:
    """Return whether sender and addressed professional both help this subject in this case today."""
    event, entry = question.event, question.entry
    if event.case_ref is None or event.sender_professional is None or entry.professional is None:
        return False
    if not _organisations_belong_together(question):
        return False
    teams = question.situation.facts.help_teams
    sending = event.sender_professional, event.sender_org
    receiving = entry.professional, question.recipient.org
    return any(
        _is_this_case(team, question) and _holds(team, *sending) and _holds(team, *receiving)
        for team in (teams if isinstance(teams, list) else ())
        if isinstance(team, dict)
    )


def _organisations_belong_together(question: Question) -> bool:
    """Return whether both organisations are one, or work in one partnership while the setting allows that."""
    sender = question.situation.standing.partners[question.event.sender_org]  # there: gate E5
    if sender.org == question.recipient.org:
        return True
    if question.situation.policy.same_team_scope != "partnership" or sender.partnership is None:
        return False
    return sender.partnership == question.recipient.partnership


def _is_this_case(team: dict[str, Any], question: Question) -> bool:
    """Return whether a help team is for this case and subject, and active today."""
    return (
        team.get("case_ref") == question.event.case_ref
        and team.get("subject_ref") == question.event.subject_ref
        and active_on(question.situation.today, team.get("from"), team.get("to"))
    )


def _holds(team: dict[str, Any], professional: str, org: str) -> bool:
    """Return whether a professional of an organisation is in the team."""
    members = team.get("professionals")
    return isinstance(members, list) and any(
        isinstance(member, dict) and member.get("professional") == professional and member.get("org") == org
        for member in members
    )
