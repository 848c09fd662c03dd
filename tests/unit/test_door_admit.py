"""The door admits: from a publication to a sealed event."""

from __future__ import annotations

import json

import pytest

from hub.core.model import Json, JsonObject
from hub.identity.bsn import Environment
from hub.identity.door import Door, event_uid
from hub.identity.masking import MASK, ScanMode
from hub.identity.sealing import Opener, Sealer
from tests.unit.door_world import (
    CHILD,
    CHILD_REF,
    HOME,
    KNOWN,
    PARENT,
    PARENT_REF,
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


async def test_a_signal_becomes_a_sealed_event() -> None:
    """The view holds what section 2 allows; sections and number are sealed; the child's pseudonym is the key."""
    ring = new_ring()
    event = await door_of(ring).admit(
        publication(signal(professional="prof_1"), traceparent="00-" + "a" * 32)
    )
    view = dict(event.event)
    assert str(view.pop("digest")).startswith("dg_")
    assert view == {
        "id": "e-1",
        "source": "urn:nld:oin:00000001234567890000:systeem:test",
        "type": "signal.raised",
        "time": "2026-11-21T09:58:00+01:00",
        "sender": {"org": "school_1", "kind": "school", "professional": "prof_1"},
        "recipients": [{"to": {"kind": "local_team"}}],
        "sections": ["meta", "area", "contact", "codes", "narrative"],
        "subject_ref": CHILD_REF,
        "purpose": "help_request",
        "urgency": "u3",
        "domains": ["04"],
        "safety_level": "concern",
        "area_precision": "district",
        "scans": {"narrative": "clean"},
    }
    assert (event.key, event.authenticated_org, event.traceparent) == (CHILD_REF, "school_1", None)
    opened = await Opener(ring).open_sections(event, ["meta", "narrative"])
    assert json.loads(opened["narrative"]) == {"facts": "Komt vaak te laat."}
    assert json.loads(opened["meta"]) == {
        "event_type": "signal.raised",
        "registered_at": "2026-11-21T09:58:00+01:00",
        "urgency": "u3",
    }
    assert await Opener(ring).subject_number(event) == CHILD


async def test_the_same_publication_gets_the_same_id_and_digest() -> None:
    """Sent again, in another process, an event is recognised; another id differs, its digest does not."""
    first, again = await admitted(signal()), await admitted(signal())
    other = await door_of().admit(publication(signal(), id="e-2", time="2026-11-21T09:59:00+01:00"))
    assert (first.uid, first.event) == (again.uid, again.event)
    assert first.uid == event_uid("urn:nld:oin:00000001234567890000:systeem:test", "e-1")
    assert other.uid != first.uid
    assert other.event["digest"] == first.event["digest"]


async def test_a_trace_context_travels_along() -> None:
    """A well-formed W3C traceparent is kept, though its digits may happen to look like a citizen number."""
    traceparent = f"00-{'a' * 23}{CHILD}-{'b' * 16}-01"
    event = await door_of().admit(publication(signal(), traceparent=traceparent))
    assert event.traceparent == traceparent


async def test_a_subject_can_be_named_by_the_pseudonym_that_the_hub_gave() -> None:
    """A receiver's own pseudonym leads to the same child; the number kept with its key is sealed again."""
    ring = new_ring()
    door = door_of(ring)
    await door.admit(publication(signal()))
    event = await door.admit(publication(signal(subject={"pseudonym": KNOWN}), id="e-2"))
    assert event.key == event.event["subject_ref"] == CHILD_REF
    assert await Opener(ring).subject_number(event) == CHILD


async def test_without_subject_the_event_stands_alone() -> None:
    """An event without subject is keyed by its own id, and its view names nobody."""
    form = signal(mode="anonymous", purpose="consultation", anonymity_check="clean")
    del form["subject"]
    content = form["content"]
    assert isinstance(content, dict)
    content["narrative"] = {"question": "Wat nu?"}
    event = await admitted(form, "consultation.requested")
    assert event.key == event.uid
    assert "subject_ref" not in event.event
    assert event.event["district"] == "laak"


async def test_an_event_without_content_has_only_meta() -> None:
    """A fact carries no sections but `meta`, which the door makes itself."""
    event = await admitted({"subject": {"bsn": CHILD}, "data": {"value": "capable"}}, "capacity.judged")
    assert event.event["sections"] == ["meta"]
    assert set(event.sealed) == {"meta", "subject_number"}


async def test_persons_and_homes_in_facts_become_refs() -> None:
    """Every naming object, however deep, is replaced; references of the sender's own stay."""
    data: Json = {
        "persons": [
            {"person": {"bsn": PARENT}, "role": "parent_with_custody", "checked_on": "2026-11-01"},
            {"person": {"pseudonym": KNOWN}, "role": "sibling"},
            {"person": "guardian_7", "role": "guardian"},
        ],
        "households": [{"address_object": HOME}],
    }
    event = await admitted({"subject": {"bsn": CHILD}, "data": data}, "custody.changed")
    changed = event.event["data"]
    assert isinstance(changed, dict)
    persons = changed["persons"]
    assert isinstance(persons, list)
    assert [person["person"] for person in persons] == [PARENT_REF, CHILD_REF, "guardian_7"]
    assert changed["households"] == [PSEUDONYMS.household_pseudonym(HOME)]


@pytest.mark.parametrize("name", ["consent.withdrawn", "custody.changed", "subject.registered"])
async def test_a_fact_about_a_person_names_the_person(name: str) -> None:
    """Without subject a withdrawal would not be ordered against the signals it must stop: it is refused."""
    answer = await refused({"data": {"consent_id": "c1"}}, name)
    assert (answer.reason, answer.pointers) == ("publish_form_invalid", ("/subject",))


async def test_a_retraction_follows_the_record_that_it_takes_back() -> None:
    """A retraction without subject gets the subject of the sender's record, where the ledger knows it."""

    async def subject_of_record(org: str, record_ref: str) -> str | None:
        return CHILD_REF if (org, record_ref) == ("school_1", "r-1") else None

    door = Door(
        pseudonyms=PSEUDONYMS,
        sealer=Sealer(new_ring()),
        digest_key=bytes(32),
        environment=Environment.TEST,
        resolve_pseudonym=resolve,
        subject_of_record=subject_of_record,
    )
    for record_ref, key in (("r-1", CHILD_REF), ("r-2", None), (3, None)):
        form: JsonObject = {"data": {"record_ref": record_ref, "reason": "error"}}
        event = await door.admit(publication(form, "signal.retracted"))
        assert event.key == (key or event.uid)
        assert event.event.get("subject_ref") == key
    assert (await admitted({"data": {"record_ref": "r-1"}}, "signal.retracted")).event.get(
        "subject_ref"
    ) is None


async def test_a_consent_record_is_about_the_subject_unless_it_says_otherwise() -> None:
    """The door fills a record's subject_ref where it is absent, and refuses one about somebody else."""
    record: JsonObject = {"consent_id": "c1", "given_by": {"person": {"bsn": PARENT}}}
    form: JsonObject = {"subject": {"bsn": CHILD}, "data": {"record": record}}
    event = await admitted(form, "consent.given")
    assert event.event["data"] == {
        "record": {"consent_id": "c1", "given_by": {"person": PARENT_REF}, "subject_ref": CHILD_REF}
    }
    stated = await admitted({**form, "data": {"record": {"subject_ref": {"bsn": CHILD}}}}, "consent.given")
    assert stated.event["data"] == {"record": {"subject_ref": CHILD_REF}}
    answer = await refused({**form, "data": {"record": {"subject_ref": {"bsn": PARENT}}}}, "consent.given")
    assert (answer.reason, answer.pointers) == ("publish_form_invalid", ("/data/record/subject_ref",))
    empty = await admitted({"subject": {"bsn": CHILD}, "data": {}}, "consent.given")
    assert empty.event["data"] == {}


async def test_other_members_of_the_household_get_labels() -> None:
    """In the sealed household a person named by number is a label; in the clear part a ref of the bus."""
    ring = new_ring()
    members: Json = [
        {"person_ref": {"bsn": PARENT}, "role": "parent_with_custody"},
        {"person_ref": "oma", "role": "grandparent"},
    ]
    form = with_content(household={"members": members})
    form["section_about"] = {"household": ["oma", {"bsn": PARENT}]}
    event = await door_of(ring).admit(publication(form))
    assert event.event["section_about"] == {"household": ["oma", PARENT_REF]}
    opened = json.loads((await Opener(ring).open_sections(event, ["household"]))["household"])
    assert [member["person_ref"] for member in opened["members"]] == ["person_1", "oma"]


async def test_a_member_who_is_not_named_in_the_clear_is_refused() -> None:
    """Without section_about the consent of the other person could not be asked: the member is pointed at."""
    form = with_content(household={"members": [{"person_ref": "oma", "role": "grandparent"}]})
    assert (await refused(form)).pointers == ("/content/household/members/0/person_ref",)


async def test_numbers_in_texts_are_masked_before_sealing() -> None:
    """The sealed text holds the mask, the scan status says so, and other sections are masked too."""
    ring = new_ring()
    form = with_content(narrative={"facts": f"BSN {CHILD}"}, health={"description": "9999 00 018"})
    event = await door_of(ring).admit(publication(form))
    assert event.event["scans"] == {"narrative": "masked"}
    opened = await Opener(ring).open_sections(event, ["narrative", "health"])
    assert json.loads(opened["narrative"]) == {"facts": f"BSN {MASK}"}
    assert json.loads(opened["health"]) == {"description": MASK}


async def test_numbers_in_own_words_are_masked() -> None:
    """In perspectives, a list, each person's words are masked by themselves."""
    ring = new_ring()
    words: Json = [{"role": "youth", "heard": True, "words": text} for text in (CHILD, "Ik wil rust.")]
    event = await door_of(ring).admit(publication(with_content(perspectives=words)))
    assert event.event["scans"] == {"narrative": "clean", "perspectives": "masked"}
    opened = json.loads((await Opener(ring).open_sections(event, ["perspectives"]))["perspectives"])
    assert [perspective["words"] for perspective in opened] == [MASK, "Ik wil rust."]


async def test_in_report_mode_the_text_is_reported() -> None:
    """A hub that reports instead of masking says identifier_found; the decision then withholds the section."""
    form = with_content(narrative={"facts": f"BSN {CHILD}"})
    event = await door_of(scan_mode=ScanMode.REPORT).admit(publication(form))
    assert event.event["scans"] == {"narrative": "identifier_found"}


async def test_the_senders_own_scan_counts_when_more_serious() -> None:
    """A sender that found a name itself can say so."""
    event = await admitted(signal(scans={"narrative": "identifier_found", "perspectives": "clean"}))
    assert event.event["scans"] == {"narrative": "identifier_found"}


@pytest.mark.parametrize("with_address", [True, False])
async def test_the_door_sees_whether_identity_contains_the_address(with_address: bool) -> None:  # noqa: FBT001
    """The flag that protects a secret address follows the content, not the sender's word."""
    identity: JsonObject = {"family_name": "Kind", "first_names": "Test", "birth_date": "2015-01-01"}
    if with_address:
        identity["address"] = {"street": "Teststraat", "number": 1, "postcode": "2511AA", "city": "Den Haag"}
    event = await admitted(with_content(identity=identity))
    assert event.event["identity_contains_address"] is with_address
    if with_address:
        form = {**with_content(identity=identity), "identity_contains_address": False}
        assert (await refused(form)).pointers == ("/content/identity/address",)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"domains": ["08"]}, "/domains"),
        ({"domains": ["04", "08"]}, "/domains"),
        ({"safety_level": "none"}, "/safety_level"),
        ({"area_precision": "neighbourhood"}, "/area_precision"),
        ({"mode": "anonymous", "district": "escamp"}, "/district"),
    ],
)
async def test_clear_part_and_content_may_not_contradict(changes: JsonObject, pointer: str) -> None:
    """The decision is made on the clear part: it must say what the sealed part says."""
    answer = await refused(signal(**changes))
    assert (answer.reason, answer.pointers) == ("section_content_invalid", (pointer,))


async def test_codes_no_rule_needs_stay_sealed() -> None:
    """Setting and age band are not copied into the clear part; stated in both they must agree."""
    codes: JsonObject = {"domains": ["04"], "protective_factors": ["recognition"], "setting": "school"}
    event = await admitted(with_content(codes=codes))
    assert "setting" not in event.event
    assert (await refused({**with_content(codes=codes), "setting": "home"})).pointers == ("/setting",)
    agreed = await admitted({**with_content(codes=codes), "setting": "school", "domains": ["04"]})
    assert agreed.event["setting"] == "school"


async def test_meta_may_repeat_the_event_and_not_contradict_it() -> None:
    """What the sender writes in `meta` about the event itself must be the event's own."""
    record: Json = {"ref": "r-1", "revision": 2}
    meta: JsonObject = {"record_ref": "r-1", "revision": 2, "urgency": "u3", "status": "seen"}
    ring = new_ring()
    form = {**with_content(meta=meta), "record": record}
    event = await door_of(ring).admit(publication(form))
    opened = json.loads((await Opener(ring).open_sections(event, ["meta"]))["meta"])
    assert (opened["record_ref"], opened["revision"], opened["status"]) == ("r-1", 2, "seen")
    answer = await refused({**with_content(meta={**meta, "revision": 3}), "record": record})
    assert answer.pointers == ("/content/meta/revision",)
