"""A person named outside an event: the door gives the same ref as for the publish form, and refuses the same."""

from __future__ import annotations

import pytest

from hub.core.model import Json
from hub.identity.bsn import Environment
from hub.identity.reasons import Refusal
from tests.unit.door_world import CHILD, CHILD_REF, HOME, KNOWN, door_of


@pytest.mark.parametrize("person", [{"bsn": CHILD}, {"pseudonym": KNOWN}])
async def test_a_person_gets_the_ref_of_the_bus(person: Json) -> None:
    """By number or by the pseudonym that this partner was given, it is the person that events are about."""
    assert await door_of().person_ref(person, "school_1", "/subject") == CHILD_REF


@pytest.mark.parametrize(
    ("person", "org", "reason", "pointer"),
    [
        ({"pseudonym": KNOWN}, "school_2", "pseudonym_unknown", "/subject/pseudonym"),
        ({"bsn": "123456789"}, "school_1", "bsn_invalid", "/subject/bsn"),
        ({"bsn": CHILD, "pseudonym": KNOWN}, "school_1", "publish_form_invalid", "/subject"),
        ({"bsn": 999900006}, "school_1", "publish_form_invalid", "/subject"),
        ({"address_object": HOME}, "school_1", "publish_form_invalid", "/subject"),
        (CHILD, "school_1", "publish_form_invalid", "/subject"),
        (None, "school_1", "publish_form_invalid", "/subject"),
        ({}, "school_1", "publish_form_invalid", "/subject"),
    ],
)
async def test_anything_else_is_refused(person: Json, org: str, reason: str, pointer: str) -> None:
    """Another partner's pseudonym, a wrong number, a home or no naming object is refused without quoting it."""
    with pytest.raises(Refusal) as caught:
        await door_of().person_ref(person, org, "/subject")
    assert (caught.value.reason, caught.value.pointers) == (reason, (pointer,))
    assert caught.value.__cause__ is None


async def test_test_numbers_are_refused_in_production() -> None:
    """The split between test and production numbers holds here as everywhere."""
    with pytest.raises(Refusal) as caught:
        await door_of(environment=Environment.PRODUCTION).person_ref({"bsn": CHILD}, "school_1", "/subject")
    assert caught.value.reason == "bsn_outside_environment"
