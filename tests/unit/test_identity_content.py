"""The publish form and its fifteen sections: what is taken, what is refused, and how a refusal points."""

from __future__ import annotations

import copy
import json
import re
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from hub.core import codes
from hub.core.model import Json, JsonObject
from hub.identity import content_codes
from hub.identity.content import SectionContents
from hub.identity.publish_form import (
    EXAMPLE,
    FIELD_NAMES,
    MAX_POINTERS,
    PublishForm,
    publish_schema,
    read_form,
)
from hub.identity.reasons import DoorReason, Refusal
from hub.identity.required_content import missing_content

TODAY = "2026-11-21"
CODES = Path(__file__).resolve().parents[2].parent / "shared" / "domain" / "CODES.md"
ADDRESS: JsonObject = {"street": "Teststraat", "number": 1, "postcode": "2511AA", "city": "Den Haag"}
FORM: JsonObject = {
    "subject": {"bsn": "999900006"},
    "professional": "prof_1",
    "recipients": [{"to": {"kind": "local_team"}, "needed_sections": ["meta"], "exception": {"ground": "x"}}],
    "purpose": "help_request",
    "urgency": "u3",
    "record": {"ref": "r1", "revision": 1},
    "occurred_at": "2026-11-20",
    "consent_version": 0,
    "section_about": {"household": ["p1", {"bsn": "999900018"}, {"pseudonym": "ps_v1_x"}]},
    "kindcheck": {"done": True, "children_present": "unknown", "minor_count": None},
    "data": {"anything": [1, 2.5, None]},
    "content": {
        "meta": {"status": "seen", "due_at": "2026-11-21T10:00:00.5Z", "suggested_partner_kind": "gp"},
        "identity": {
            "family_name": "Kind",
            "first_names": "Test",
            "birth_date": "2026-11-21",
            "address": {**ADDRESS, "number": "12", "addition": "bis"},
        },
        "area": {"district": "laak", "neighbourhood": "WK051842"},
        "contact": {
            "sender": {
                "organisation": "Testschool Een",
                "role": "intern begeleider",
                "name": "Test Leraar",
                "telephone": "+31700000000",
                "email": "leraar@testschool.example",
                "reachable": "",
            },
            "fixed_face": {
                "organisation": "Testteam",
                "role": "helper",
                "name": "Test Helper",
                "telephone": "+31700000001",
                "since": "2026-01-01",
            },
            "callback_by": "2026-11-24T12:00:00+01:00",
        },
        "codes": {
            "domains": ["04", "J4"],
            "safety_context": ["home"],
            "protective_factors": ["not_yet_discussed"],
            "priority": {"class": 2, "set_by": "Test Leraar"},
            "support_roles": ["grandparent"],
            "minor_count": 0,
            "may_tell_sender": False,
        },
        "narrative": {
            "facts": "Was < 3 dagen & te laat. Zoë knikte.\nTweede regel.",
            "conversation": {"held_with": ["youth"], "held_on": "2026-11-20"},
            "choices_offered": ["een", "twee"],
        },
        "health": {"description": "x"},
        "criminal": {"description": "x", "incident_kind": "vandalism", "basis": "uavg_33"},
        "finance": {"amount_cents": 0, "creditor": "rent", "income_stable": False},
        "household": {"members": [{"person_ref": "p1", "role": "sibling", "age_band": "4_7"}]},
        "perspectives": [
            {"role": "youth", "heard": True, "words": "Ik wil rust."},
            {"role": "parent_with_custody", "heard": False, "not_heard_reason": "niet bereikt"},
        ],
        "reporter_identity": {"name": "Test Melder", "reason_for_anonymity": "bang"},
        "legal_status": {"measure": "guardianship", "from": "2026-01-01", "placement": "home"},
        "school": {"school": "Testschool Een", "missed_hours_4_weeks": 200},
        "protected_address": {"address": ADDRESS, "safe_contact": "+31700000002"},
    },
}


def changed(pointer: str, value: Json) -> JsonObject:
    """Return the full form with one place set to another value."""
    form: JsonObject = copy.deepcopy(FORM)
    holder: Json = form
    *path, last = pointer[1:].split("/")
    for name in path:
        holder = holder[int(name)] if isinstance(holder, list) else holder[name]  # type: ignore[index]
    holder[last] = value  # type: ignore[index]
    return form


def refusal_of(form: Json, today: str = TODAY) -> Refusal:
    """Return the refusal of a form that must be refused."""
    with pytest.raises(Refusal) as refused:
        read_form(form, today)
    return refused.value


def test_the_full_form_is_taken() -> None:
    """A form that uses every section, and a form with nothing at all, are both of the agreed form."""
    read = read_form(FORM, TODAY)
    assert read.content is not None
    assert read.content.model_fields_set == set(codes.SECTIONS)
    assert read_form({}, TODAY).model_fields_set == set()


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/content/meta/urgency", "u9"),
        ("/content/meta/suggested_partner_kind", "hub"),
        ("/content/meta/expected_wait_weeks", 521),
        ("/content/meta/expected_wait_weeks", True),
        ("/content/meta/next_check_in", "2026-02-30"),
        ("/content/meta/due_at", "2026-11-21T10:00:00"),
        ("/content/meta/status", "Seen"),
        ("/content/identity/family_name", ""),
        ("/content/identity/family_name", "x" * 101),
        ("/content/identity/family_name", " \t"),
        ("/content/identity/first_names", "Zoe\u0308"),
        ("/content/identity/birth_date", "2026-11-22"),
        ("/content/identity/birth_date", "20261121"),
        ("/content/identity/birth_date", None),
        ("/content/identity/address/postcode", "2511 AA"),
        ("/content/identity/address/postcode", "0511AA"),
        ("/content/identity/address/number", 0),
        ("/content/area/district", "amsterdam"),
        ("/content/area/neighbourhood", "WK0518"),
        ("/content/contact/sender/telephone", "070 353 3000"),
        ("/content/contact/sender/telephone", "+31700000000000000"),
        ("/content/contact/sender/email", "leraar"),
        ("/content/contact/sender/reachable", "x" * 201),
        ("/content/contact/callback_by", "morgen"),
        ("/content/codes/domains", ["04", "04"]),
        ("/content/codes/protective_factors", []),
        ("/content/codes/minor_count", 21),
        ("/content/codes/may_tell_sender", "yes"),
        ("/content/codes/priority/class", 5),
        ("/content/codes", {}),
        ("/content/narrative/facts", "<b>vet</b>"),
        ("/content/narrative/facts", "een &amp; teken"),
        ("/content/narrative/facts", "bel\x07"),
        ("/content/narrative/facts", "x" * 4001),
        ("/content/narrative/conversation", {}),
        ("/content/narrative/conversation", {"held_with": ["youth"]}),
        (
            "/content/narrative/conversation",
            {"held_with": ["youth"], "held_on": TODAY, "deferred": "refused"},
        ),
        ("/content/narrative", {}),
        ("/content/health/description", None),
        ("/content/criminal/basis", "uavg_34"),
        ("/content/finance/amount_cents", -1),
        ("/content/finance/amount_cents", 10.0),
        ("/content/household/members", []),
        ("/content/perspectives", []),
        ("/content/legal_status/from", "2026"),
        ("/content/legal_status/placement", "hotel"),
        ("/content/school/missed_hours_4_weeks", 201),
        ("/content/protected_address/safe_contact", ""),
        ("/content/reporter_identity/name", "\ud800"),
    ],
)
def test_content_of_another_form_is_refused(pointer: str, value: Json) -> None:
    """Each wrong field is refused with the reason for content and a pointer to that field or inside it."""
    refused = refusal_of(changed(pointer, value))
    assert refused.reason == DoorReason.CONTENT_INVALID.code
    assert refused.pointers
    assert all(found.startswith(pointer) for found in refused.pointers)


@pytest.mark.parametrize(
    "perspective",
    [
        {"role": "youth", "heard": True},
        {"role": "youth", "heard": False},
        {"role": "youth", "heard": False, "words": "x", "not_heard_reason": "x"},
        {"role": "youth", "heard": True, "words": "x", "not_heard_reason": "x"},
    ],
)
def test_words_when_heard_otherwise_a_reason(perspective: JsonObject) -> None:
    """Who was heard has words and no reason; who was not heard has a reason and no words."""
    refused = refusal_of(changed("/content/perspectives", [perspective]))
    assert refused.pointers == ("/content/perspectives/0",)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/subject", "999900006"),
        ("/subject", {"bsn": 999900006}),
        ("/subject", None),
        ("/purpose", None),
        ("/purpose", ""),
        ("/recipients", {}),
        ("/recipients/0/to", {"org": 1}),
        ("/record/revision", 0),
        ("/record/revision", 2**31),
        ("/consent_version", -1),
        ("/consent_version", True),
        ("/occurred_at", "gisteren"),
        ("/section_about", {"household": [1]}),
        ("/kindcheck/minor_count", "2"),
        ("/identity_contains_address", 1),
        ("/scans", {"narrative": 1}),
        ("/cells", {}),
        ("/data", []),
    ],
)
def test_a_clear_part_of_another_form_is_refused(pointer: str, value: Json) -> None:
    """Each wrong field outside the content is refused as publish form, with a pointer to it."""
    refused = refusal_of(changed(pointer, value))
    assert refused.reason == DoorReason.FORM_INVALID.code
    assert all(found.startswith(pointer) for found in refused.pointers)


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("/jan_jansen", "/*"),
        ("/content/jan_jansen", "/content/*"),
        ("/content/codes/jan_jansen", "/content/codes/*"),
        ("/content/meta/subject_pseudonym", "/content/meta/*"),
        ("/content/codes/district", "/content/codes/district"),
        ("/sender", "/sender"),
    ],
)
def test_an_unknown_field_is_shown_without_its_name(pointer: str, shown: str) -> None:
    """A name of the sender's own may be personal data: it shows as an asterisk, unless it is a word of our form."""
    refused = refusal_of(changed(pointer, "x"))
    assert refused.pointers == (shown,)


def test_a_refusal_holds_no_value_and_no_chain() -> None:
    """Neither the text of a refusal nor an error behind it repeats what was sent."""
    refused = refusal_of(changed("/content/identity/birth_date", "canary-value"))
    assert "canary" not in str(refused)
    assert refused.__context__ is None
    assert refused.__cause__ is None


def test_a_key_of_the_sender_is_never_a_pointer() -> None:
    """Also where a map has the sender's own keys, the pointer stops above them."""
    refused = refusal_of(changed("/section_about", {"jan_jansen": ["p1"]}))
    assert refused.pointers == ("/section_about",)


def test_pointers_are_bounded() -> None:
    """A message that is wrong everywhere is not copied into its answer."""
    wrong: Json = [{"to": {"org": 1}} for _ in range(100)]
    assert len(refusal_of(changed("/recipients", wrong)).pointers) == MAX_POINTERS


@pytest.mark.parametrize("data", [None, [], "x", 1])
def test_data_that_is_no_object_is_refused(data: Json) -> None:
    """Only an object can be a publish form; the pointer is that of the whole document."""
    refused = refusal_of(data)
    assert (refused.reason, refused.pointers) == ("publish_form_invalid", ("",))


def test_the_published_schema_takes_the_same_form() -> None:
    """The JSON Schema for partners is valid, closed, takes the full form and refuses null and unknown fields."""
    schema = publish_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(FORM)
    assert not validator.is_valid(changed("/jan_jansen", 1))
    assert not validator.is_valid(changed("/purpose", None))
    assert not validator.is_valid(changed("/content/codes/domains", ["99"]))
    assert "#/components/schemas/Recipient" in json.dumps(publish_schema("#/components/schemas/{model}"))


def test_the_example_for_partners_is_a_complete_signal() -> None:
    """What the API description shows as an example is taken as it stands, by form and by type."""
    assert publish_schema()["examples"] == [EXAMPLE]
    read_form(EXAMPLE, TODAY)
    assert missing_content("signal.raised", EXAMPLE, date.fromisoformat(TODAY)) == ()


def test_every_section_of_the_document_has_a_model() -> None:
    """The sections are those of CODES.md, in the order F1 to F15."""
    assert tuple(SectionContents.model_fields) == codes.SECTIONS
    assert {"district", "members", "class", "from"} <= FIELD_NAMES
    assert "class_" not in FIELD_NAMES
    assert "content" in PublishForm.model_fields


@pytest.mark.parametrize(
    ("row", "listed"),
    [
        ("nature", content_codes.NATURES),
        ("track", content_codes.TRACKS),
        ("steering (regie)", content_codes.STEERINGS),
        ("offer_type", content_codes.OFFER_TYPES),
        ("feedback outcome", content_codes.FEEDBACK_OUTCOMES),
        ("protective factor", content_codes.PROTECTIVE_FACTORS),
    ],
)
def test_the_lists_are_those_of_the_document(row: str, listed: frozenset[str]) -> None:
    """Each closed list of sealed content equals its row in CODES.md section 2."""
    if not CODES.exists():
        pytest.skip("the shared documents are not beside this checkout")
    line = next(line for line in CODES.read_text().splitlines() if line.startswith(f"| {row} |"))
    assert set(re.findall(r"`([a-z_]+)`", line)) == listed


def test_every_refusal_has_its_sentences() -> None:
    """Each reason of the door has a code of its own and a sentence in both languages."""
    assert len({reason.code for reason in DoorReason}) == len(DoorReason)
    for reason in DoorReason:
        assert reason.english.endswith(".")
        assert reason.dutch.endswith(".")
        assert str(Refusal(reason.code)) == reason.code
