"""R10: the same help team. CONSENT.md section 11."""

from __future__ import annotations

from typing import Any

from tests.second_opinion import sections
from tests.second_opinion.tables import Json
from tests.second_opinion.values import active_on, is_text


def holds(members: Any, professional: str, org: str) -> bool:
    return isinstance(members, list) and any(
        isinstance(member, dict) and member.get("professional") == professional and member.get("org") == org
        for member in members
    )


def organisations_belong_together(question: Json) -> bool:
    """The same organisation, or (while the scope is partnership) the same non-empty partnership."""
    sender, recipient = question["sender"], question["recipient"]
    if sender["org"] == recipient["org"]:
        return True
    shared = question["policy"]["same_team_scope"] == "partnership" and is_text(sender.get("partnership"))
    return shared and sender["partnership"] == recipient.get("partnership")


def is_same_team(question: Json) -> bool:
    event = question["event"]
    mine, theirs = event["sender"].get("professional"), question["entry"].get("professional")
    if not (is_text(event.get("case_ref")) and is_text(mine) and is_text(theirs)):
        return False
    teams = question["facts"].get("help_teams")
    return organisations_belong_together(question) and any(
        isinstance(team, dict)
        and team.get("case_ref") == event["case_ref"]
        and team.get("subject_ref") == question["subject_ref"]
        and active_on(question["today"], team)
        and holds(team.get("professionals"), mine, question["sender"]["org"])
        and holds(team.get("professionals"), theirs, question["recipient"]["org"])
        for team in (teams if isinstance(teams, list) else [])
    )


def r10_same_team(question: Json) -> Json | None:
    """R10: the answer to a colleague who was told what is needed; None when the gates go on."""
    if not question["same_team"] or "needed_sections" not in question["entry"]:
        return None
    allowed, duties = sections.r16_sections(question)
    return {"reason": "ok_same_team", "allow": allowed, "duties": duties, "consents": []}
