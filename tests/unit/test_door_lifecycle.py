"""The door and the life cycles: codes of the sealed `meta` that a step is judged on stand in the clear `data` too."""

from __future__ import annotations

import json

import pytest

from hub.core.catalogue import CATALOGUE
from hub.core.defaults import DEFAULTS
from hub.core.lifecycle_referral import Referral, step
from hub.core.model import Json, JsonObject
from hub.core.policy import read_policy
from hub.identity.lifecycle_codes import META_OF_DATA, REQUIRED_DATA
from hub.identity.sealing import Opener
from tests.unit.door_world import CHILD, SENDER, admitted, door_of, new_ring, publication, refused, signal

FACE: JsonObject = {
    "organisation": "Testteam",
    "role": "gezinswerker",
    "name": "Test Vastgezicht",
    "telephone": "+31700000001",
    "since": "2026-01-01",
}
STEPS: dict[str, tuple[JsonObject, JsonObject]] = {
    "referral.declined": (
        {"status": "declined", "reason_code": "too_heavy", "suggested_partner_kind": "youth_care"},
        {"reason": "too_heavy", "suggested_partner_kind": "youth_care"},
    ),
    "referral.redirected": ({"status": "redirected", "new_owner": "jh_1"}, {"new_owner": "jh_1"}),
    "waiting_list.placed": (
        {"expected_wait_weeks": 0, "next_check_in": "2026-12-01"},
        {"expected_wait_weeks": 0},
    ),
    "alert.handed_over": ({"new_owner": "jh_1"}, {"new_owner": "jh_1"}),
}
"""Per type the `meta` that the sender states and the `data` that follows from it."""


def lifecycle_form(meta: JsonObject, **changes: Json) -> JsonObject:
    """Return a form that carries a step of a life cycle."""
    content: JsonObject = {"meta": meta, "contact": {"sender": SENDER, "fixed_face": FACE}}
    return signal(**{"content": content, "in_reply_to": "e-0", **changes})


@pytest.mark.parametrize("name", STEPS)
async def test_codes_of_meta_are_judged(name: str) -> None:
    """What a step requires and the sender states in `meta` alone stands in the clear `data`, and still in `meta`."""
    meta, expected = STEPS[name]
    ring = new_ring()
    event = await door_of(ring).admit(publication(lifecycle_form(meta), name))
    assert event.event["data"] == expected
    opened = await Opener(ring).open_sections(event, ["meta"])
    assert json.loads(opened["meta"]).items() >= meta.items()


@pytest.mark.parametrize("name", STEPS)
async def test_stated_twice_is_stated_once(name: str) -> None:
    """`data` that says the same as `meta` is taken, with what else the sender put there, and is the same event."""
    meta, expected = STEPS[name]
    twice = await admitted(lifecycle_form(meta, data=expected), name)
    assert twice.event["data"] == expected
    assert twice.event["digest"] == (await admitted(lifecycle_form(meta), name)).event["digest"]
    further: JsonObject = {**expected, "on_behalf_of": "family"}
    assert (await admitted(lifecycle_form(meta, data=further), name)).event["data"] == further


@pytest.mark.parametrize("name", STEPS)
async def test_contradiction_is_refused(name: str) -> None:
    """`data` and `meta` that differ in a code of the life cycle are refused, and the answer names the field."""
    meta, expected = STEPS[name]
    for field in expected:
        answer = await refused(lifecycle_form(meta, data={**expected, field: "different"}), name)
        assert (answer.reason, answer.pointers) == ("section_content_invalid", (f"/data/{field}",))


async def test_true_is_not_one() -> None:
    """Weeks stated as a number in `meta` and as a boolean in `data` contradict each other."""
    meta: JsonObject = {"expected_wait_weeks": 1, "next_check_in": "2026-12-01"}
    answer = await refused(lifecycle_form(meta, data={"expected_wait_weeks": True}), "waiting_list.placed")
    assert answer.pointers == ("/data/expected_wait_weeks",)


@pytest.mark.parametrize(
    "name", ["referral.accepted", "help.started", "acknowledgement.seen", "signal.raised"]
)
async def test_no_more_than_required_is_shown(name: str) -> None:
    """Codes of `meta` that the type's step does not require, or of a type outside the life cycles, stay sealed."""
    meta: JsonObject = {
        "status": "seen",
        "reason_code": "busy",
        "new_owner": "jh_1",
        "expected_wait_weeks": 3,
    }
    form = signal()
    content = form["content"]
    assert isinstance(content, dict)
    event = await admitted({**form, "content": {**content, "meta": meta}, "in_reply_to": "e-0"}, name)
    assert "data" not in event.event


async def test_pilot_light_names_its_contact_by_the_card() -> None:
    """The sealed card of the fixed face is the contact that a pilot light requires; `until` stays the sender's."""
    event = await admitted(lifecycle_form({}, data={"until": "2027-05-01"}), "pilot_light.set")
    assert event.event["data"] == {"until": "2027-05-01", "contact": "fixed_face"}
    own = await admitted(
        lifecycle_form({}, data={"until": "2027-05-01", "contact": "prof_1"}), "pilot_light.set"
    )
    assert own.event["data"] == {"until": "2027-05-01", "contact": "prof_1"}


async def test_number_in_a_copied_code_is_refused() -> None:
    """A citizen number that would come into the clear through a reference in `meta` is refused."""
    answer = await refused(
        lifecycle_form({"status": "redirected", "new_owner": CHILD}), "referral.redirected"
    )
    assert (answer.reason, answer.pointers) == ("deny_bsn_in_metadata", ())


async def test_steps_taken_over_pass_the_life_cycle() -> None:
    """What the door makes of `meta` is enough for the step: it is accepted by the life cycle of the core."""
    states = {
        "referral.declined": "received",
        "referral.redirected": "received",
        "waiting_list.placed": "accepted",
    }
    policy = read_policy({}, DEFAULTS)
    for name, state in states.items():
        event = await admitted(lifecycle_form(STEPS[name][0]), name)
        taken = step(
            Referral(state=state), name, "owner", event.event["data"], "2026-11-21T09:00:00Z", policy
        )
        assert (taken.accepted, taken.reason) == (True, None), name
        without = step(Referral(state=state), name, "owner", {}, "2026-11-21T09:00:00Z", policy)
        assert not without.accepted


def test_every_type_of_the_table_is_of_the_catalogue() -> None:
    """Types whose data is completed are types of the catalogue, and every required code of `meta` is among them."""
    assert REQUIRED_DATA.keys() - CATALOGUE.keys() == {"alert.raised"}
    required = frozenset[str]().union(*REQUIRED_DATA.values())
    assert required == {*META_OF_DATA, "until", "contact", "outcome"}
