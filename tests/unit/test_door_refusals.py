"""The door refuses: numbers out of place, persons that cannot be established, forms that do not fit."""

from __future__ import annotations

import pytest

from hub.core.catalogue import CATALOGUE
from hub.core.model import Json, JsonObject
from hub.identity.bsn import Environment
from hub.identity.decision_view import type_name
from hub.identity.door import Door, Publication
from hub.identity.key_material import VersionedKeys
from hub.identity.persons import MAX_DEPTH, MAX_PERSONS
from hub.identity.pseudonyms import Pseudonyms
from hub.identity.reasons import Refusal
from hub.identity.sealing import Sealer
from tests.unit.door_world import (
    CHILD,
    CHILD_REF,
    PARENT,
    PSEUDONYMS,
    admitted,
    door_of,
    new_ring,
    publication,
    refused,
    resolve,
    signal,
    with_content,
)


@pytest.mark.parametrize(
    "data",
    [
        signal(case_ref=CHILD),
        signal(case_ref=f"dossier {CHILD}"),
        signal(data={CHILD: 1}),
        signal(data={"n": int(CHILD)}),
        signal(section_about={"narrative": [CHILD]}),
        signal(subject=CHILD),
        signal(note=CHILD),
        signal(recipients=[{"to": {"org": CHILD}}]),
        signal(content={}, data={"bsn": CHILD}, remark=CHILD),
    ],
)
async def test_a_number_shown_outside_its_place_is_refused(data: JsonObject) -> None:
    """A citizen number in the clear part is refused first of all, whatever else is wrong."""
    assert (await refused(data)).reason == "deny_bsn_in_metadata"


async def test_a_number_shown_in_an_attribute_is_refused() -> None:
    """The CloudEvents attributes are clear too."""
    assert (await refused(signal(), id=f"child-{CHILD}")).reason == "deny_bsn_in_metadata"


async def test_a_number_in_its_place_does_not_hide_an_error_of_form() -> None:
    """Where numbers stand only in naming objects, a form error is told as such."""
    answer = await refused(
        signal(data={"person": {"bsn": PARENT}}, section_about={"household": [{"bsn": PARENT}]}, x=1)
    )
    assert (answer.reason, answer.pointers) == ("publish_form_invalid", ("/*",))


@pytest.mark.parametrize(
    ("subject", "reason", "pointer"),
    [
        ({"bsn": "999900007"}, "bsn_invalid", "/subject/bsn"),
        ({"bsn": ""}, "bsn_invalid", "/subject/bsn"),
        ({"pseudonym": "ps_v1_unknown"}, "pseudonym_unknown", "/subject/pseudonym"),
    ],
)
async def test_a_subject_that_cannot_be_established_is_refused(
    subject: JsonObject, reason: str, pointer: str
) -> None:
    """A wrong number and a foreign pseudonym each have their reason."""
    answer = await refused(signal(subject=subject))
    assert (answer.reason, answer.pointers) == (reason, (pointer,))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"person": {"bsn": "999900007"}}, "bsn_invalid"),
        ({"person": {"pseudonym": "ps_v1_unknown"}}, "pseudonym_unknown"),
        ({"home": {"address_object": "51820000012345"}}, "publish_form_invalid"),
        ({"person": {"bsn": PARENT, "name": "x"}}, "publish_form_invalid"),
        ({"person": {"bsn": 1}}, "publish_form_invalid"),
        ({"n": 2**53}, "publish_form_invalid"),
        ({"n": float("nan")}, "publish_form_invalid"),
        ({"text": "\ud800"}, "publish_form_invalid"),
    ],
)
async def test_facts_that_cannot_be_taken_are_refused(data: JsonObject, reason: str) -> None:
    """Persons that cannot be established and values that JSON cannot carry exactly are refused at `data`."""
    answer = await refused({"subject": {"bsn": CHILD}, "data": data}, "custody.changed")
    assert (answer.reason, answer.pointers) == (reason, ("/data",))


async def test_the_pointer_names_the_part_without_form() -> None:
    """Where several parts are open, the one that cannot be carried is named."""
    cells: Json = [{"area": "laak", "domain": "04", "n": float("inf")}]
    form: JsonObject = {"cells": cells, "data": {"n": 1}, "recipients": [{"to": {"kind": "local_team"}}]}
    assert (await refused(form, "learning.recorded")).pointers == ("/cells",)


async def test_the_number_of_persons_is_bounded() -> None:
    """An event names at most so many persons; the same person named often counts once."""
    same: Json = [{"bsn": CHILD}] * (MAX_PERSONS + 1)
    await admitted({"data": {"persons": same}}, "learning.recorded")
    many: Json = [{"address_object": f"{number:016d}"} for number in range(MAX_PERSONS + 1)]
    assert (await refused({"data": {"homes": many}}, "learning.recorded")).pointers == ("/data",)


async def test_nesting_is_bounded() -> None:
    """A document nested as deep as the bound is taken, one level more is refused, thousands are no crash."""
    for depth, taken in ((MAX_DEPTH, True), (MAX_DEPTH + 1, False), (100_000, False)):
        value: Json = 1.5
        for _ in range(depth - 1):
            value = [value]
        form: JsonObject = {"subject": {"bsn": CHILD}, "data": {"a": value}}
        if taken:
            assert (await admitted(form, "learning.recorded")).event["data"] == {"a": value}
        else:
            assert (await refused(form, "learning.recorded")).pointers == ("/data",)
        assert (await refused({**form, "x": 1}, "learning.recorded")).reason == "publish_form_invalid"


async def test_required_content_is_asked_for() -> None:
    """A signal without sender and facts names both."""
    form = with_content(
        contact={"callback_by": "2026-11-24T12:00:00+01:00"}, narrative={"interpretation": "x"}
    )
    answer = await refused(form)
    assert answer.reason == "section_content_invalid"
    assert answer.pointers == ("/content/contact/sender", "/content/narrative/facts")


@pytest.mark.parametrize(
    "event_type",
    [
        "signal.raised",
        "nl.jeugdigen.signal.raised.v2",
        "nl.jeugdigen..v1",
        "nl.jeugdigen.v1",
        "nl.jeugdigen.x.y.v1",
    ],
)
async def test_an_unknown_type_is_refused(event_type: str) -> None:
    """Only types of the catalogue, in their wire form and of version 1, are admitted."""
    assert (await refused(signal(), type=event_type)).reason == "event_type_unknown"


def test_every_type_of_the_catalogue_has_its_wire_name() -> None:
    """The code name of each type is found in its wire name."""
    for name in CATALOGUE:
        assert type_name(f"nl.jeugdigen.{name}.v1") == name


async def test_content_by_reference_is_refused_openly() -> None:
    """The hub does not fetch content yet, and says so instead of dropping the reference."""
    assert (await refused(signal(), dataref="https://testschool.example/x")).reason == "dataref_unsupported"


async def test_production_refuses_test_numbers() -> None:
    """The environment decides which numbers are taken."""
    with pytest.raises(Refusal) as caught:
        await door_of(environment=Environment.PRODUCTION).admit(publication(signal()))
    assert caught.value.reason == "bsn_outside_environment"


async def test_while_keys_rotate_a_known_person_keeps_the_known_ref() -> None:
    """With two pseudonym keys the ledger is asked who is known; a new person gets the newest ref."""
    rotated = Pseudonyms(VersionedKeys({"v1": bytes(range(32)), "v2": bytes(32)}))
    asked: list[tuple[str, ...]] = []

    async def known(candidates: tuple[str, ...]) -> str | None:
        asked.append(candidates)
        return CHILD_REF if CHILD_REF in candidates else None

    door = door_of(pseudonyms=rotated, known_person=known)
    event = await door.admit(publication(signal(data={"person": {"bsn": PARENT}})))
    assert event.key == CHILD_REF
    assert event.event["data"] == {"person": rotated.bus_pseudonym(PARENT)}
    assert all(len(candidates) == 2 for candidates in asked)
    with pytest.raises(ValueError, match="who is known"):
        door_of(pseudonyms=rotated)


def test_a_digest_key_of_another_length_is_refused() -> None:
    """A short digest key would be a weak one."""
    with pytest.raises(ValueError, match="32 bytes"):
        Door(
            pseudonyms=PSEUDONYMS,
            sealer=Sealer(new_ring()),
            digest_key=b"short",
            environment=Environment.TEST,
            resolve_pseudonym=resolve,
        )


async def test_an_instant_of_acceptance_is_needed() -> None:
    """A gateway that states no instant has a fault of its own."""
    wrong = Publication(publication(signal()).attributes, signal(), "school_1", "school", "now")
    with pytest.raises(ValueError, match="accepted_at"):
        await door_of().admit(wrong)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("urgency", "Test Kind"),
        ("purpose", "Test Kind"),
        ("setting", "Test Kind"),
        ("domains", ["Test Kind"]),
        ("recipients", [{"to": {"kind": "Test Kind"}}]),
        ("age_band", "Test Kind"),
    ],
)
async def test_text_where_a_code_belongs_does_not_pass(field: str, value: Json) -> None:
    """What is no code of its list could be anything: it is refused at once and never travels in clear."""
    answer = await refused(signal(**{field: value}))
    assert answer.reason == "publish_form_invalid"
    assert answer.pointers == (f"/{field}",)
