"""Facts and events for tests of the core: the organisations of tests/vectors/defaults.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hub.core.facts import Facts, facts_from_document
from hub.operate.vector_kinds import standing_for

DEFAULTS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "defaults.json").read_text("utf-8")
)
NOW = "2026-11-21T12:00:00+01:00"


def a_child(**changes: Any) -> dict[str, Any]:
    """Return a young person of 16 who decides alone."""
    return {
        "birth_date": "2010-05-01",
        "identity": "established",
        "protected_address": False,
        "residences": [{"district": "escamp", "from": "2020-01-01", "to": None, "basis": "brp"}],
        "custody": [{"person": "parent_1", "role": "parent_with_custody", "checked_on": "2026-10-01"}],
        **changes,
    }


def a_consent(**changes: Any) -> dict[str, Any]:
    """Return the young person's consent for signals of schools to local teams."""
    return {
        "consent_id": "consent_1",
        "version": 1,
        "decision": "consent",
        "function": "disclosure",
        "subject_ref": "child_1",
        "purpose": "help_request",
        "sender": {"kind": "school"},
        "recipient": {"kind": "local_team"},
        "sections": [],
        "case_ref": None,
        "valid_from": "2026-03-01",
        "valid_to": "2027-02-28",
        "withdrawn_at": None,
        "given_by": {
            "person": "child_1",
            "role": "youth",
            "method": "portal",
            "recorded_by": "prof_9",
            "recorded_at": "2026-03-01T10:00:00+01:00",
        },
        "evidence_ref": "evidence_1",
        **changes,
    }


def an_event(**changes: Any) -> dict[str, Any]:
    """Return a signal of a school to the local team."""
    return {
        "id": "event-1",
        "source": "urn:nld:test:school_a",
        "type": "signal.raised",
        "time": "2026-11-21T11:58:00+01:00",
        "sender": {"org": "school_a", "kind": "school"},
        "recipients": [{"to": {"org": "team_escamp"}}],
        "sections": ["meta", "area", "contact", "codes"],
        "subject_ref": "child_1",
        "purpose": "help_request",
        "urgency": "u3",
        "domains": ["04"],
        **changes,
    }


def some_facts(*, now: Any = NOW, policy: Any = None, **changes: Any) -> Facts:
    """Return facts with one child who consented; a change of None leaves the fact as null."""
    document: dict[str, Any] = {
        "authenticated_org": "school_a",
        "consent_version": 7,
        "subjects": {"child_1": a_child()},
        "consents": [a_consent()],
        **changes,
    }
    standing = standing_for(document, {} if policy is None else policy, DEFAULTS)
    return facts_from_document(document, standing, now)
