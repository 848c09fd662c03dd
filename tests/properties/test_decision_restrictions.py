"""A restriction never permits more: withdrawal, objection, secrecy and narrowing only take away."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import event as note
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.decision import decide
from hub.core.facts import facts_from_document
from hub.operate.vector_kinds import standing_for
from tests.unit.core_world import DEFAULTS, NOW, a_child, a_consent, an_event

EXAMPLES = 300
PEOPLE = {"child_1": "youth", "parent_1": "parent_with_custody", "parent_2": "parent_with_custody"}
RECIPIENTS = ["team_escamp", "gp_a", "school_b", "report_point", "youth_work_b"]
KINDS = ["local_team", "gp", "school", "veilig_thuis", "youth_work"]
SECTIONS = [
    "identity",
    "area",
    "contact",
    "codes",
    "narrative",
    "health",
    "household",
    "perspectives",
    "school",
]
STANDING = standing_for({}, {}, DEFAULTS)
PAST = "2026-11-01T00:00:00+01:00"

some_sections = st.lists(st.sampled_from(SECTIONS), unique=True, max_size=5)
senders = st.sampled_from([{"kind": "school"}, {"org": "school_a"}, {"any": True}])
recipients = st.sampled_from(
    [{"org": org} for org in RECIPIENTS]
    + [{"kind": kind} for kind in KINDS]
    + [{"kind": "local_team", "partnership": "kracht"}, {"any": True}]
)


@st.composite
def records(draw: st.DrawFn, decision: str = "consent") -> dict[str, Any]:
    """Draw a record of one of the givers, most often one that fits."""
    person = draw(st.sampled_from(sorted(PEOPLE)))
    giver = {
        "person": person,
        "role": PEOPLE[person],
        "method": "portal",
        "recorded_by": "prof_9",
        "recorded_at": draw(st.sampled_from(["2026-03-01T10:00:00+01:00", "2026-11-10T10:00:00+01:00"])),
    }
    whole = draw(st.booleans())
    return a_consent(
        decision=decision,
        given_by=giver,
        subject_ref=draw(st.sampled_from(["child_1", "child_1", "child_1", "child_2"])),
        purpose=draw(st.sampled_from(["help_request", "help_request", "any", "referral"])),
        sender=draw(senders),
        recipient=draw(recipients),
        sections=draw(st.just("all") if decision == "objection" and whole else some_sections),
        valid_to=draw(st.sampled_from(["2027-02-28", "2026-11-20"])) if decision == "consent" else None,
        withdrawn_at=draw(st.sampled_from([None, None, None, PAST])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a family, its records and a signal about the child."""
    born = draw(st.sampled_from(["2018-05-01", "2013-05-01", "2010-05-01"]))
    custody = [
        {"person": person, "role": PEOPLE[person], "checked_on": "2026-10-01"}
        for person in draw(st.sampled_from([["parent_1"], ["parent_1", "parent_2"]]))
    ]
    child = a_child(
        birth_date=born,
        custody=custody,
        protected_address=draw(st.sampled_from([False, False, True, None])),
        related_orgs=draw(st.sampled_from([[], ["school_b"]])),
    )
    drawn = draw(st.lists(records() | records("objection"), max_size=6))
    consents = [{**record, "consent_id": f"consent_{n}"} for n, record in enumerate(drawn)]
    sections = ["meta", *draw(some_sections)]
    needed = draw(st.none() | some_sections)
    entry = {} if needed is None else {"needed_sections": needed}
    report = {
        "exception": {
            "ground": "vital_interest",
            "danger": "overdose",
            "why_no_consent": "refused",
            "consulted": "prof_2",
            "inform_by": "2026-11-21",
        }
    }
    about = draw(
        st.sampled_from(
            [{}, {"household": ["child_2"]}, {"household": ["child_1"], "narrative": ["child_2"]}]
        )
    )
    event = an_event(
        sections=sections,
        domains=draw(st.lists(st.sampled_from(["04", "08", "12", "01"]), unique=True, max_size=2)),
        recipients=[
            {"to": {"org": org}, **entry, **(report if org == "report_point" else {})}
            for org in draw(st.lists(st.sampled_from(RECIPIENTS), min_size=1, max_size=3, unique=True))
        ],
        section_about={section: people for section, people in about.items() if section in sections},
        scans=draw(
            st.sampled_from(
                [{"narrative": "clean", "perspectives": "clean"}, {"narrative": "identifier_found"}]
            )
        ),
    )
    facts = {
        "authenticated_org": "school_a",
        "consent_version": 7,
        "subjects": {"child_1": child, "child_2": a_child(custody=custody)},
        "consents": consents,
    }
    return {"event": event, "facts": facts}


def going(world: dict[str, Any]) -> dict[str, frozenset[str]]:
    """Return what goes to whom."""
    decision = decide(world["event"], facts_from_document(world["facts"], STANDING, NOW))
    assert decision.event.reason == "ok_accepted"
    return {recipient.recipient: frozenset(recipient.sections) for recipient in decision.recipients}


def assert_takes_away(world: dict[str, Any], restrict: Callable[[dict[str, Any]], None]) -> None:
    """Assert that after the restriction nobody gets a section that did not go before."""
    before = going(world)
    restricted = copy.deepcopy(world)
    restrict(restricted)
    after = going(restricted)
    note("something went before" if any(before.values()) else "nothing went before")
    for recipient, sections in after.items():
        assert sections <= before[recipient]


@settings(max_examples=EXAMPLES, deadline=None)
@given(world=worlds(), objection=records("objection"))
def test_an_objection_never_permits_more(world: dict[str, Any], objection: dict[str, Any]) -> None:
    """One more objection, whoever records it and whatever it covers, only takes away."""
    record = {**objection, "consent_id": "objection_x"}
    assert_takes_away(world, lambda restricted: restricted["facts"]["consents"].append(record))


@settings(max_examples=EXAMPLES, deadline=None)
@given(world=worlds(), place=st.integers(0, 5))
def test_a_withdrawal_never_permits_more(world: dict[str, Any], place: int) -> None:
    """Withdrawing a consent only takes away."""

    def withdraw(restricted: dict[str, Any]) -> None:
        for record in restricted["facts"]["consents"][place : place + 1]:
            if record["decision"] == "consent":
                record["withdrawn_at"] = NOW

    assert_takes_away(world, withdraw)


@settings(max_examples=EXAMPLES, deadline=None)
@given(world=worlds(), place=st.integers(0, 5), kept=some_sections)
def test_naming_less_never_permits_more(world: dict[str, Any], place: int, kept: list[str]) -> None:
    """A consent that names fewer sections, or that is not there, only takes away."""

    def narrow(restricted: dict[str, Any]) -> None:
        for record in restricted["facts"]["consents"][place : place + 1]:
            if record["decision"] == "consent":
                record["sections"] = [section for section in record["sections"] if section in kept]

    def remove(restricted: dict[str, Any]) -> None:
        records_ = restricted["facts"]["consents"]
        restricted["facts"]["consents"] = [
            record
            for n, record in enumerate(records_)
            if n != place or record["decision"] == "objection" or record["withdrawn_at"] is not None
        ]

    assert_takes_away(world, narrow)
    assert_takes_away(world, remove)


@settings(max_examples=EXAMPLES, deadline=None)
@given(world=worlds(), kept=some_sections)
def test_needing_less_never_permits_more(world: dict[str, Any], kept: list[str]) -> None:
    """A shorter list of needed sections only takes away."""

    def narrow(restricted: dict[str, Any]) -> None:
        for entry in restricted["event"]["recipients"]:
            if "needed_sections" in entry:
                entry["needed_sections"] = [
                    section for section in entry["needed_sections"] if section in kept
                ]

    assert_takes_away(world, narrow)


@settings(max_examples=EXAMPLES, deadline=None)
@given(world=worlds(), value=st.sampled_from([True, None, "?"]))
def test_secrecy_never_permits_more(world: dict[str, Any], value: Any) -> None:
    """An address that becomes secret, or of which nobody knows any more whether it is, only takes away."""

    def hide(restricted: dict[str, Any]) -> None:
        child = restricted["facts"]["subjects"]["child_1"]
        if child["protected_address"] is not True:
            child["protected_address"] = value

    assert_takes_away(world, hide)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    world=worlds(),
    field=st.sampled_from(["birth_date", "custody", "identity", "capacity"]),
    value=st.sampled_from([[], "?", 7]),
)
def test_knowing_less_never_permits_more(world: dict[str, Any], field: str, value: Any) -> None:
    """A fact of the child that can no longer be read only takes away."""
    before = going(world)
    restricted = copy.deepcopy(world)
    restricted["facts"]["subjects"]["child_1"][field] = value
    after = going(restricted)
    for recipient, sections in after.items():
        assert sections <= before[recipient]


@settings(max_examples=EXAMPLES, deadline=None)
@given(world=worlds())
def test_withdrawal_trumps(world: dict[str, Any]) -> None:
    """When every consent is withdrawn, nothing goes on consent, whatever was recorded before."""
    for record in world["facts"]["consents"]:
        if record["decision"] == "consent":
            record["withdrawn_at"] = NOW
    for recipient, sections in going(world).items():
        assert recipient == "report_point" or not sections
