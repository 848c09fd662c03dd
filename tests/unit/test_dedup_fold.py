"""What fact events change, and which keys an event is looked up by: EVENTS.md section 4."""

from __future__ import annotations

import pytest

from hub.core.judgement import Judgement
from hub.core.keys import keys_of
from hub.core.model import FactChange, Json
from tests.unit.dedup_world import (
    TEAM,
    Document,
    Play,
    child,
    consent,
    fact,
    facts,
    signal,
)


def changes(event: Document, **known: Json) -> tuple[FactChange, ...]:
    """Return what one fact changes, given what is known."""
    return judged(event, **known).facts


def judged(event: Document, **known: Json) -> Judgement:
    """Judge one fact; it must pass."""
    judgement = Play({"subjects": {"child_1": child()}, "consents": [], **known}).send(event)
    assert judgement.verdict == "unique", judgement.reason
    return judgement


def subject_after(event: Document, subject: Document | None = None) -> Document:
    """Return the subject's document after one fact."""
    (change,) = changes(event, subjects={"child_1": subject} if subject is not None else {})
    assert (change.table, change.key, change.subject_ref) == ("subject", "child_1", "child_1")
    assert isinstance(change.document, dict)
    return change.document


def test_registration_of_an_unknown_person() -> None:
    """A registration that does not state the identity leaves it probable, so that nothing is delivered."""
    document = subject_after(fact("subject.registered", {"birth_date": "2016-03-01"}))
    assert document == {"birth_date": "2016-03-01", "identity": "probable"}


def test_registration_states_more() -> None:
    """What the registration states is taken over, and unknown fields are not."""
    stated = {**child(related_orgs=["school_1"], households=["home_1"]), "measures": [], "other": 1}
    document = subject_after(fact("subject.registered", stated))
    assert document == {name: stated[name] for name in stated if name not in {"measures", "other"}}


def test_registration_keeps_an_established_identity() -> None:
    """Registering a known person again does not make the identity less certain."""
    document = subject_after(fact("subject.registered", {"birth_date": "2016-03-02"}), child())
    assert document == child(birth_date="2016-03-02")


def test_supplier_registers_no_custody() -> None:
    """Custody, address and its protection come only from who may send those facts by themselves."""
    document = subject_after(fact("subject.registered", child(), "supplier_1"))
    assert set(document) == {"birth_date", "identity", "institution_address"}


def test_same_fact_again_changes_nothing() -> None:
    """A fact that was known already changes no document, so no hold is woken."""
    assert changes(fact("address_protection.changed", {"protected": False})) == ()


@pytest.mark.parametrize(
    ("type_name", "data", "field", "value"),
    [
        ("custody.changed", {"persons": []}, "custody", []),
        ("capacity.judged", {"value": "incapable", "judged_by": "p1"}, "capacity", "incapable"),
        ("address_protection.changed", {"protected": True}, "protected_address", True),
    ],
)
def test_plain_facts(type_name: str, data: Document, field: str, value: Json) -> None:
    """These facts replace one field of the subject and leave the others."""
    assert subject_after(fact(type_name, data), child()) == child(**{field: value})


def test_unknown_person_stays_unestablished() -> None:
    """A fact about an unknown person is kept and establishes nothing."""
    assert subject_after(fact("address_protection.changed", {"protected": True})) == {
        "protected_address": True
    }


def row(district: str, start: str, end: str | None = None, basis: str = "brp") -> Document:
    """Return one residence."""
    return {"district": district, "from": start, "to": end, "basis": basis}


@pytest.mark.parametrize(
    ("known", "data", "expected"),
    [
        (None, {}, [row("laak", "2026-05-01")]),
        ("nowhere", {}, [row("laak", "2026-05-01")]),
        (
            [row("escamp", "2020-01-01")],
            {},
            [row("escamp", "2020-01-01", "2026-05-01"), row("laak", "2026-05-01")],
        ),
        (
            [row("escamp", "2020-01-01", "2021-01-01")],
            {},
            [row("escamp", "2020-01-01", "2021-01-01"), row("laak", "2026-05-01")],
        ),
        (
            [row("escamp", "2020-01-01", "2027-01-01")],
            {},
            [row("escamp", "2020-01-01", "2026-05-01"), row("laak", "2026-05-01")],
        ),
        (
            [row("escamp", "2026-06-01")],
            {},
            [row("escamp", "2026-06-01"), row("laak", "2026-05-01", "2026-06-01")],
        ),
        ([row("escamp", "2026-05-01")], {}, [row("laak", "2026-05-01")]),
        (
            [row("escamp", "2020-01-01", None, "stay"), "x"],
            {},
            [row("escamp", "2020-01-01", None, "stay"), "x", row("laak", "2026-05-01")],
        ),
        (
            [row("escamp", "2020-01-01")],
            {"basis": "stay"},
            [row("escamp", "2020-01-01"), row("laak", "2026-05-01", None, "stay")],
        ),
        ([], {"basis": "holiday"}, [row("laak", "2026-05-01")]),
    ],
)
def test_address(known: Json, data: Document, expected: Json) -> None:
    """A move ends the open row on that day; one that comes late finds its place before a newer move."""
    event = fact("address.changed", {"district": "laak", "from": "2026-05-01", **data})
    assert subject_after(event, {"residences": known})["residences"] == expected


def test_measures() -> None:
    """A measure is added; its end, or another statement on the same order, takes its place."""
    order = {"kind": "supervision_order", "org": "gi_1", "from": "2026-01-01"}
    first = subject_after(fact("measure.changed", {**order, "order_ref": "o1"}, "hub"), {"measures": "none"})
    expected = {**order, "order_ref": "o1", "to": None}
    assert first["measures"] == [expected]
    other = {**order, "kind": "guardianship"}
    ended = {**order, "order_ref": "o1", "from": "2026-02-01", "to": "2026-11-01"}
    known = {"measures": [expected, other, "x"]}
    assert subject_after(fact("measure.changed", ended, "hub"), known)["measures"] == [other, "x", ended]
    unnamed = {**order, "to": "2026-10-01"}
    result = subject_after(fact("measure.changed", unnamed, "hub"), known)["measures"]
    assert result == [other, "x", {**unnamed, "order_ref": None}]


def test_help_team_and_its_parties() -> None:
    """A help team replaces the earlier team of that case and child; all its organisations are parties."""
    members = [{"professional": "p1", "org": TEAM}, {"professional": "p2", "org": "gp_1"}, "x", {"org": 1}]
    other = {"case_ref": "case_1", "subject_ref": "child_2", "professionals": [{"org": "school_1"}]}
    old = {"case_ref": "case_1", "subject_ref": "child_1", "professionals": [{"org": "school_2"}]}
    event = fact("help_team.changed", {"case_ref": "case_1", "professionals": members}, TEAM)
    team, parties = changes(event, help_teams=[other, old, {"case_ref": "case_2"}, "x"])
    assert (team.table, team.key, team.subject_ref) == ("help_team", "case_1\nchild_1", "child_1")
    assert team.document == {
        "case_ref": "case_1",
        "subject_ref": "child_1",
        "professionals": members,
        "from": "2026-11-23",
        "to": None,
    }
    assert (parties.table, parties.key, parties.document) == (
        "case_party",
        "case_1",
        ["school_1", TEAM, "gp_1"],
    )


def test_help_team_with_its_own_days() -> None:
    """The days that the event states are kept, and damaged teams count for nothing."""
    data = {"case_ref": "case_1", "professionals": [], "from": "2026-01-01", "to": "2026-12-01"}
    broken = {"case_ref": "case_1", "subject_ref": "child_2", "professionals": "nobody"}
    team, parties = changes(fact("help_team.changed", data, TEAM), help_teams=[broken])
    assert isinstance(team.document, dict)
    assert (team.document["from"], team.document["to"], parties.document) == ("2026-01-01", "2026-12-01", [])
    assert len(changes(fact("help_team.changed", data, TEAM), help_teams="none")) == 2


def test_facts_of_the_city() -> None:
    """Areas and partners are stored under their own keys and wake no single child."""
    area = {"district": "laak", "partnership": "kracht", "from": "2026-12-01"}
    event = fact("area.assigned", area, "hub", subject_ref=None)
    assert changes(event) == (FactChange("area", "laak", area, None),)
    partner = {"org": "school_9", "kind": "school", "suspended": True}
    event = fact("partner.changed", partner, "hub", subject_ref=None)
    assert changes(event) == (FactChange("partner", "school_9", partner, None),)


@pytest.mark.parametrize("type_name", ["custody.changed", "help_team.changed"])
def test_fact_about_nobody_is_parked(type_name: str) -> None:
    """A fact about a person that names none changes nothing, and a person of the hub must look."""
    data: Document = {"persons": [], "case_ref": "case_1", "professionals": []}
    judgement = judged(fact(type_name, data, TEAM, subject_ref=None))
    assert (judgement.facts, judgement.parked) == ((), "hold_identity_ambiguous")


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ({"org": TEAM, "professional": "p2"}, {"org": TEAM, "professional": "p2"}),
        ({"org": TEAM}, None),
        ({"professional": "p2"}, None),
        ("p2", None),
    ],
)
def test_fixed_face(new: Json, expected: Json) -> None:
    """A change of the fixed face names organisation and professional, else the old face stays."""
    event = signal(
        TEAM, type="fixed_face.changed", purpose="coordination", sections=["meta"], data={"new": new}
    )
    event["recipients"] = [{"to": {"org": "school_1"}}]
    found = changes(event)
    assert [change.document for change in found] == ([] if expected is None else [child(fixed_face=expected)])


def test_other_events_change_nothing() -> None:
    """A signal states no fact; nor does a repeat, a conflict or a refused event."""
    play = Play()
    assert play.send(signal()).facts == ()
    event = fact("capacity.judged", {"value": "incapable", "judged_by": "p1"}, digest="d")
    assert len(play.send(event).facts) == 1
    assert play.send(event).facts == ()
    assert play.send({**event, "digest": "other"}).facts == ()


def given(record: Document, type_name: str = "consent.given") -> Document:
    """Return the event that records a consent or objection."""
    return fact(type_name, {"record": record})


def ended(
    consent_id: str, at: str = "2026-11-01T09:00:00+01:00", type_name: str = "consent.withdrawn"
) -> Document:
    """Return a withdrawal."""
    return fact(type_name, {"consent_id": consent_id, "by": "parent_1", "effective_at": at})


CONSENT = consent("c1", "school", "local_team")
OBJECTION = {**CONSENT, "decision": "objection"}
RECORDED = "2026-11-10T10:00:00+01:00"
LATER = {**CONSENT, "version": 2, "given_by": {**CONSENT["given_by"], "recorded_at": RECORDED}}


def stored(event: Document, *known: Document) -> list[Json]:
    """Return the documents that a consent event stores."""
    found = changes(event, consents=list(known))
    assert all(change.table == "consent" for change in found)
    return [change.document for change in found]


def test_consent_is_stored_by_its_id() -> None:
    """A new record is stored under its id for its subject."""
    (change,) = changes(given({**CONSENT, "subject_ref": "child_9"}))
    assert (change.table, change.key, change.subject_ref) == ("consent", "c1", "child_9")
    assert change.document == {**CONSENT, "subject_ref": "child_9"}


def test_only_a_higher_version_replaces() -> None:
    """A lower version or the same record again changes nothing."""
    assert stored(given(LATER), CONSENT) == [LATER]
    assert stored(given(CONSENT), LATER) == []
    assert stored(given(CONSENT), {**CONSENT, "withdrawn_at": "2026-11-01T09:00:00+01:00"}) == []


def test_same_version_with_other_content_is_unreadable() -> None:
    """One number for two records makes both unreadable for their subjects, until a higher version comes (C1)."""
    other = {**OBJECTION, "subject_ref": "child_9"}
    found = changes(given(other, "objection.recorded"), consents=[CONSENT])
    assert [(change.key, change.subject_ref) for change in found] == [
        ("c1\nchild_1", "child_1"),
        ("c1\nchild_9", "child_9"),
    ]
    clash = found[0].document
    assert clash == {"consent_id": "c1", "version": 1, "subject_ref": "child_1", "decision": None}
    assert isinstance(clash, dict)
    held = Play(facts(CONSENT, clash)).send(signal())
    assert held.decision.recipients[0].reason == "hold_consent_unreadable"
    assert stored(given(LATER), CONSENT, clash) == [LATER]
    assert Play(facts(LATER, clash)).send(signal()).deliver


def test_withdrawal_ends_the_consent() -> None:
    """A withdrawal sets its instant; the earliest of two counts."""
    at = "2026-11-01T09:00:00+01:00"
    assert stored(ended("c1"), CONSENT) == [{**CONSENT, "withdrawn_at": at}]
    earlier = {**CONSENT, "withdrawn_at": "2026-10-01T09:00:00+02:00"}
    assert stored(ended("c1"), earlier) == [earlier]


def test_withdrawal_never_revokes_an_objection() -> None:
    """A withdrawal can only restrict: on an objection it does nothing."""
    assert stored(ended("c1"), OBJECTION) == []


def test_withdrawal_before_its_consent() -> None:
    """A withdrawal of an unknown consent is kept, and the consent that comes later is withdrawn."""
    (pending,) = stored(ended("c1"))
    assert isinstance(pending, dict)
    assert pending == {"consent_id": "c1", "pending_withdrawal_at": "2026-11-01T09:00:00+01:00"}
    (again,) = stored(ended("c1", "2026-10-01T09:00:00+02:00"), pending)
    assert again == {"consent_id": "c1", "pending_withdrawal_at": "2026-10-01T09:00:00+02:00"}
    assert stored(given(CONSENT), pending) == [{**CONSENT, "withdrawn_at": "2026-11-01T09:00:00+01:00"}]
    assert stored(given(OBJECTION, "consent.refused"), pending) == [OBJECTION]


def test_withdrawal_outlives_an_older_record() -> None:
    """A higher version opens again only when it was recorded after the withdrawal (C8)."""
    withdrawn = {**CONSENT, "withdrawn_at": "2026-11-01T09:00:00+01:00"}
    assert stored(given(LATER), withdrawn) == [LATER]
    early = {**CONSENT, "version": 2}
    assert stored(given(early), withdrawn) == [{**early, "withdrawn_at": "2026-11-01T09:00:00+01:00"}]
    assert stored(given(early), {**OBJECTION, "withdrawn_at": "2026-11-01T09:00:00+01:00"}) == [early]


def test_objection_is_revoked_when_known() -> None:
    """Only a known objection that stands can be revoked; anything else keeps its force."""
    revoked = ended("c1", type_name="objection.revoked")
    after = {**OBJECTION, "withdrawn_at": "2026-11-01T09:00:00+01:00"}
    assert stored(revoked, OBJECTION) == [after]
    assert stored(revoked, after) == []
    assert stored(revoked, CONSENT) == []
    assert stored(revoked) == []


def test_damaged_consents_are_no_consents() -> None:
    """Facts that are not a list of records change nothing of what an event states."""
    assert len(changes(given(CONSENT), consents="damaged")) == 1
    assert len(changes(given(CONSENT), consents=["x", {"consent_id": "c9"}])) == 1


def test_keys_of_a_signal() -> None:
    """A signal is looked up by its persons, its number, its record, its case and what it refers to."""
    event = signal(
        section_about={"health": ["sister_1", 3], "household": "x"},
        case_ref="case_1",
        causation_id="e0",
        origin_id="o0",
    )
    keys = keys_of(event)
    assert keys.subjects == {"child_1", "sister_1"}
    assert keys.source_ids == {("urn:nld:test:school_1", "e1")}
    assert keys.records == {("school_1", "r1")}
    assert keys.event_ids == {"e0", "o0"}
    assert keys.case_refs == {"case_1"}
    assert not keys.consent_ids


def test_keys_of_facts_and_notices() -> None:
    """Facts and notices are looked up by what their data name."""
    keys = keys_of(fact("referral.withdrawn", {"record_ref": "v1", "consent_id": "c1", "case_ref": "case_2"}))
    assert keys.records == {("school_1", "v1")}
    assert keys.consent_ids == {"c1"}
    assert keys.case_refs == {"case_2"}
    keys = keys_of(given({**CONSENT, "subject_ref": "child_9"}))
    assert keys.subjects == {"child_1", "child_9"}
    assert keys.consent_ids == {"c1"}


@pytest.mark.parametrize(
    "event", [None, 1, [], {}, {"data": 1, "sender": [], "record": "x", "section_about": 1}]
)
def test_keys_of_anything(event: Json) -> None:
    """Any value gives keys, and a value that is no event gives none."""
    keys = keys_of(event)
    assert keys == type(keys)()
