"""What the door makes fits the rooms beside it: the wire carries it whole, and the decision can judge it."""

from __future__ import annotations

import pytest

from hub.core.decision import decide
from hub.core.defaults import DEFAULTS
from hub.core.facts import Facts
from hub.core.model import Json, JsonObject
from hub.core.standing import compile_standing
from hub.wire.codec import decode, encode
from tests.unit.door_world import CHILD, CHILD_REF, HOME, PARENT, PARENT_REF, admitted, signal

NOW = "2026-11-21T10:00:00Z"
DIRECTORY: Json = [
    {"org": "school_1", "kind": "school", "active_from": "2020-01-01", "purposes": ["help_request"]},
    {"org": "gp_1", "kind": "gp", "active_from": "2020-01-01", "purposes": ["help_request"]},
]
STANDING = compile_standing(directory=DIRECTORY, areas=[], policy={}, defaults=DEFAULTS)
SUBJECTS: Json = {
    CHILD_REF: {
        "birth_date": "2009-01-01",
        "identity": "established",
        "protected_address": False,
        "residences": [{"district": "laak", "from": "2020-01-01", "to": None, "basis": "brp"}],
        "custody": [{"person": PARENT_REF, "role": "parent_with_custody", "checked_on": "2026-11-01"}],
    }
}
RECORD: JsonObject = {
    "consent_id": "c1",
    "version": 1,
    "decision": "consent",
    "function": "disclosure",
    "purpose": "help_request",
    "sender": {"org": "school_1"},
    "recipient": {"org": "gp_1"},
    "sections": ["narrative"],
    "case_ref": None,
    "valid_from": "2026-11-01",
    "valid_to": "2027-10-01",
    "withdrawn_at": None,
    "given_by": {
        "person": {"bsn": CHILD},
        "role": "youth",
        "method": "in_person_signed",
        "recorded_by": "prof_1",
        "recorded_at": "2026-11-01T10:00:00+01:00",
    },
    "evidence_ref": "ev_1",
}


def facts_with(consents: Json) -> Facts:
    """Return the facts of a young person of seventeen with these consents on record."""
    return Facts(
        standing=STANDING,
        now=NOW,
        authenticated_org="school_1",
        consent_version=0,
        subjects=SUBJECTS,
        consents=consents,
    )


FORMS: list[tuple[str, JsonObject]] = [
    ("signal.raised", signal(recipients=[{"to": {"org": "gp_1"}, "needed_sections": ["meta", "narrative"]}])),
    ("consent.given", {"subject": {"bsn": CHILD}, "data": {"record": RECORD}}),
    (
        "custody.changed",
        {
            "subject": {"bsn": CHILD},
            "data": {
                "persons": [
                    {"person": {"bsn": PARENT}, "role": "parent_with_custody", "checked_on": "2026-11-01"}
                ],
                "households": [{"address_object": HOME}],
                "share": 0.5,
            },
        },
    ),
    ("signal.retracted", {"data": {"record_ref": "r-1", "reason": "error"}}),
]


@pytest.mark.parametrize(("name", "form"), FORMS)
async def test_the_wire_carries_it_whole(name: str, form: JsonObject) -> None:
    """Encoded and decoded, a sealed event is the same in every field."""
    event = await admitted(form, name)
    assert decode(encode(event)) == event


@pytest.mark.parametrize(("name", "form"), FORMS)
async def test_the_decision_finds_the_form_good(name: str, form: JsonObject) -> None:
    """No event that the door admits is refused for its form, or for a number that would show."""
    event = await admitted(form, name)
    verdict = decide(event.event, facts_with([])).event
    assert verdict.reason in {"ok_accepted", "ok_recorded"}


async def test_consent_given_through_the_door_opens_the_way_for_the_signal() -> None:
    """The person who consents and the subject of the signal get the same ref: with the record the text may go."""
    given = await admitted(FORMS[1][1], "consent.given")
    data = given.event["data"]
    assert isinstance(data, dict)
    event = await admitted(FORMS[0][1])
    without, allowed = (
        decide(event.event, facts_with(records)).recipients[0] for records in ([], [data["record"]])
    )
    assert (without.outcome, without.reason) == ("deny", "deny_no_consent")
    assert (allowed.reason, allowed.sections) == ("ok_consent", ("meta", "narrative"))
