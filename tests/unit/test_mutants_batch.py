"""What a batch hands to each event and keeps of it, part by part: facts, memory and the snapshot afterwards."""

from __future__ import annotations

from hub.core.area import district_of
from hub.core.batch import (
    Batch,
    facts_for,
    history_for,
    judge_batch,
    next_snapshot,
    stored_key,
)
from hub.core.facts import Situation, read_situation
from hub.core.history import Pair
from hub.core.judgement import Judgement
from hub.core.reasons import Reason
from hub.core.snapshot import Snapshot
from tests.unit.dedup_world import (
    BOTH_WAYS,
    MONDAY,
    SIGNALS,
    STANDING,
    TEAM,
    Document,
    child,
    clock,
    fact,
    receivers,
    retraction,
    signal,
    to_team,
)

DECISION_ON_RECORD = {
    "decision_ref": "decision_1",
    "article": "wpg_20",
    "recipient_kinds": ["local_team"],
    "sections": ["meta", "contact"],
    "from": "2026-01-01",
    "to": None,
}


def known(*consents: Document, **changes: object) -> Snapshot:
    """Return a snapshot of one child and its consents; other parts as given."""
    parts: dict[str, object] = {
        "subjects": {"child_1": child()},
        "consents": {"child_1": consents},
        **changes,
    }
    return Snapshot(**parts)  # type: ignore[arg-type]  # the parts have the forms of Snapshot


def judged(snapshot: Snapshot, *events: Document) -> list[Judgement]:
    """Judge events as one batch."""
    items = [(f"uid-{event['id']}", event["sender"]["org"], event) for event in events]
    return judge_batch(items, snapshot, STANDING, MONDAY)


def carried(snapshot: Snapshot, *events: Document) -> Snapshot:
    """Return the snapshot after a batch."""
    batch = Batch(snapshot, STANDING, MONDAY)
    for event in events:
        batch.judge(f"uid-{event['id']}", event["sender"]["org"], event)
    return batch.snapshot()


def acknowledgement(named: str, to: str = "school_1", event_id: str = "a1") -> Document:
    """Return what the team answers to an event that it names."""
    event = signal(TEAM, event_id, None, type="acknowledgement.seen", in_reply_to=named, sections=["meta"])
    event["recipients"] = [{"to": {"org": to}}]
    return {name: value for name, value in event.items() if name not in {"purpose", "urgency", "digest"}}


def test_what_is_kept_without_change_stays_in_the_snapshot() -> None:
    """Versions, help teams, known events, police decisions and holds that no event touches are there afterwards."""
    team: Document = {
        "case_ref": "case_1",
        "subject_ref": "child_1",
        "professionals": [],
        "from": "2026-01-01",
        "to": None,
    }
    before = known(
        *SIGNALS,
        consent_versions={"child_1": 3},
        help_teams={"case_1": (team,)},
        case_parties={"case_1": ("school_1",)},
        known_events=({"id": "old", "org": "gp_1", "kind": "gp"},),
        police_decisions=(DECISION_ON_RECORD,),
        held_since={("urn:nld:test:gp_1", "g1"): MONDAY},
        pairs=(Pair("gp_1", "child_1", "school_1", "child_1", "same_child"),),
    )
    assert carried(before) == before


def test_an_event_is_carried_under_its_three_names() -> None:
    """What receivers, sender and hub call an event is known afterwards, each once, with who sent it."""
    after = carried(known(*SIGNALS), signal(), signal())
    assert after.known_events == tuple(
        {"id": name, "org": "school_1", "kind": "school"} for name in ("e1", "r1", "uid-e1")
    )
    folded = next_snapshot(known(*SIGNALS), signal(), judged(known(*SIGNALS), signal())[0], "uid-e1", MONDAY)
    assert folded.known_events == after.known_events


def test_an_event_without_record_is_carried_under_two_names() -> None:
    """An event without a record number is known by its id and by the hub's, and by nothing else."""
    after = carried(known(*SIGNALS), signal(record=None))
    assert [row["id"] for row in after.known_events] == ["e1", "uid-e1"]


def test_police_decisions_reach_the_decision() -> None:
    """The recorded decisions of the police are among the facts of every event."""
    facts = facts_for(signal(), "school_1", known(police_decisions=(DECISION_ON_RECORD,)), STANDING, MONDAY)
    assert facts.police_decisions == [DECISION_ON_RECORD]


def test_a_subject_without_version_is_at_zero() -> None:
    """Who never had a change has consent version 0: an event that saw version 1 waits, one that saw 0 goes."""
    assert facts_for(signal(), "school_1", known(), STANDING, MONDAY).consent_version == 0
    seen_one, seen_none = judged(
        known(*SIGNALS), signal(consent_version=1), signal(event_id="e2", record="r2", consent_version=0)
    )
    assert seen_one.decision.recipients[0].reason == "hold_consent_state_stale"
    assert receivers(seen_none) == [TEAM]


def test_each_change_of_a_person_counts_one() -> None:
    """The version of a child goes up by one with each change, from zero; changes about no person count for nobody."""
    moved = fact("address.changed", {"district": "escamp", "from": "2026-01-01"})
    parties = fact("help_team.changed", {"case_ref": "case_1", "professionals": []}, TEAM, id="t1")
    assert carried(known(), moved).consent_versions == {"child_1": 1}
    onward = fact("address.changed", {"district": "laak", "from": "2026-11-01"}, id="m2")
    assert carried(known(), moved, onward).consent_versions == {"child_1": 2}
    assert carried(known(), parties).consent_versions == {}


def test_a_withdrawal_about_nobody_counts_for_nobody() -> None:
    """A withdrawal that names no person raises nobody's version."""
    ended = {"consent_id": "unknown", "by": "parent_1", "effective_at": MONDAY}
    assert carried(known(), fact("consent.withdrawn", ended, subject_ref=None)).consent_versions == {}


def test_the_same_id_about_another_child_is_a_conflict() -> None:
    """An id that a source used for one child cannot come again for another: the memory is asked for by id too."""
    other = signal(record="r2", subject_ref="child_2", digest="other")
    snapshot = known(*SIGNALS, subjects={"child_1": child(), "child_2": child(custody=[], households=["h2"])})
    assert [judgement.verdict for judgement in judged(snapshot, signal(), other)] == ["unique", "conflict"]


def test_memory_is_found_by_every_name_of_an_event() -> None:
    """Who answers an event may name the sender's id, the hub's id or the record, and need not name the child."""
    after = carried(known(*SIGNALS), signal())
    for named in ("e1", "uid-e1", "r1"):
        answer = {**acknowledgement(named), "subject_ref": None}
        history = history_for(answer, after, STANDING, MONDAY)
        assert [entry.entry_id for entry in history.entries] == ["uid-e1"]
    nothing = {**acknowledgement("e9"), "subject_ref": None}
    assert history_for(nothing, after, STANDING, MONDAY).entries == ()


def test_only_a_higher_revision_replaces_an_entry() -> None:
    """An entry judged again at the same instant keeps its place; one judged later goes to the end."""
    first = carried(known(*SIGNALS), signal(), signal(event_id="e2", record="r2"))
    entry = first.entries[0]
    batch = Batch(first, STANDING, clock(days=31))
    batch.judge("uid-e1", "school_1", signal())
    assert [kept.entry_id for kept in batch.snapshot().entries] == ["uid-e2", "uid-e1"]
    stays = Batch(first, STANDING, MONDAY)
    stays.fold(None, judged(known(*SIGNALS), signal())[0], "uid-e1")
    assert [kept.entry_id for kept in stays.snapshot().entries] == ["uid-e1", "uid-e2"]
    assert stays.snapshot().entries[0] == entry


def test_a_replaced_entry_is_found_by_its_record() -> None:
    """What takes the place of an entry is found by its own keys."""
    snapshot = known(*SIGNALS)
    first, second = judged(snapshot, signal(), retraction("school_1", "r1", "unfounded"))
    batch = Batch(snapshot, STANDING, MONDAY)
    batch.fold(signal(), first, "uid-e1")
    batch.fold(retraction("school_1", "r1"), second, "uid-x1")
    again = history_for(signal(event_id="e3", subject_ref=None), batch.snapshot(), STANDING, MONDAY)
    assert [(entry.entry_id, entry.retracted) for entry in again.entries] == [("uid-e1", True)]


def test_a_help_team_takes_the_place_of_the_earlier_one() -> None:
    """Of one case the team about one child replaces its own earlier form, and leaves that of another child."""
    members = [{"professional": "p1", "org": "school_1"}]
    about = {name: child(custody=[], households=[name]) for name in ("child_1", "child_2")}
    events = [
        fact(
            "help_team.changed",
            {"case_ref": "case_1", "professionals": who},
            TEAM,
            id=f"t{number}",
            subject_ref=ref,
        )
        for number, (ref, who) in enumerate((("child_1", []), ("child_2", []), ("child_1", members)))
    ]
    rows = carried(known(subjects=about), *events).help_teams["case_1"]
    assert [(row["subject_ref"], row["professionals"]) for row in rows] == [
        ("child_2", []),
        ("child_1", members),
    ]


def test_a_lapsed_match_is_gone_for_both_children() -> None:
    """A match that lapses is no longer told: neither the snapshot nor the memory of either child holds it."""
    pair = Pair("gp_1", "child_2", "school_1", "child_1", "same_household")
    batch = Batch(known(pairs=(pair,)), STANDING, MONDAY)
    lapse = judged(known(*SIGNALS, *BOTH_WAYS), signal(), signal("gp_1", "e3"), retraction("gp_1", "r1"))[2]
    (lapsed,) = lapse.history.lapsed
    both = Batch(known(pairs=(pair, lapsed)), STANDING, MONDAY)
    both.fold(None, lapse, "uid-x1")
    assert both.snapshot().pairs == (pair,)
    assert both.history(signal()).pairs == (pair,)
    batch.fold(None, lapse, "uid-x1")
    assert batch.snapshot().pairs == (pair,)


def test_a_pair_lapses_for_the_other_child_too() -> None:
    """A match between two children is remembered under both, and forgotten under both."""
    pair = Pair("gp_1", "child_1", "school_1", "child_2", "same_household")
    batch = Batch(known(pairs=(pair,)), STANDING, MONDAY)
    assert batch.history(signal()).pairs == (pair,)
    assert batch.history(signal(subject_ref="child_2")).pairs == (pair,)
    batch._lapse(pair)
    assert batch.history(signal()).pairs == ()
    assert batch.history(signal(subject_ref="child_2")).pairs == ()


def test_a_clash_is_stored_beside_the_record() -> None:
    """Only a document with a version and without a decision is a clash, stored under its subject as well."""
    clash = {"consent_id": "c1", "version": 2, "subject_ref": "child_1", "decision": None}
    assert stored_key(clash) == "c1\nchild_1"
    assert stored_key(to_team("school")) == "school-team-child_1"
    assert stored_key({"consent_id": "c1", "pending_withdrawal_at": MONDAY}) == "c1"


def test_both_children_of_a_clash_are_held() -> None:
    """Two records of one number about two children hold the messages about either, until a higher version comes."""
    of_both = {"child_1": child(), "child_2": child(custody=[], households=["h2"])}
    records = (to_team("school"), {**to_team("school"), "subject_ref": "child_2"})
    given = [fact("consent.given", {"record": row}, id=f"c{number}") for number, row in enumerate(records)]
    last = {**to_team("school"), "version": 2}
    after = carried(known(subjects=of_both), *given)
    assert sorted(stored_key(row) for rows in after.consents.values() for row in rows) == [
        "school-team-child_1",
        "school-team-child_1\nchild_1",
        "school-team-child_1\nchild_2",
    ]
    healed = carried(after, fact("consent.given", {"record": last}, id="c9"))
    assert last in healed.consents["child_1"]


def test_an_open_end_of_a_residence_may_be_left_out() -> None:
    """A residence whose end is absent or null is open; one with an unreadable end makes the district unknown."""
    for end, expected in (
        ({}, "escamp"),
        ({"to": None}, "escamp"),
        ({"to": "2027-01-01"}, "escamp"),
        ({"to": "later"}, Reason.HOLD_AREA_UNKNOWN),
        ({"to": "2026-11-01"}, Reason.HOLD_AREA_UNKNOWN),
    ):
        row = {"district": "escamp", "from": "2020-01-01", "basis": "brp", **end}
        facts = facts_for(
            signal(), "school_1", known(subjects={"child_1": child(residences=[row])}), STANDING, MONDAY
        )
        situation = read_situation(facts)
        assert isinstance(situation, Situation)
        assert district_of("child_1", situation) == expected


def test_one_unreadable_residence_makes_the_district_unknown() -> None:
    """Beside a residence that can be read, one with an unreadable end leaves it open where the child lives."""
    good = {"district": "escamp", "from": "2020-01-01", "to": None, "basis": "brp"}
    for end, expected in (("later", Reason.HOLD_AREA_UNKNOWN), ("2026-01-01", "escamp")):
        about = child(residences=[good, {**good, "district": "laak", "to": end}])
        facts = facts_for(signal(), "school_1", known(subjects={"child_1": about}), STANDING, MONDAY)
        situation = read_situation(facts)
        assert isinstance(situation, Situation)
        assert district_of("child_1", situation) == expected


def test_what_replaces_an_entry_is_found_in_the_same_batch() -> None:
    """An entry that a later event of the batch changed is found by its old names and by its new ones."""
    batch = Batch(known(*SIGNALS), STANDING, MONDAY)
    for event in (signal(), retraction("school_1", "r1", "risk_gone")):
        batch.judge(f"uid-{event['id']}", event["sender"]["org"], event)
    (entry,) = batch.history(signal(event_id="e9", record="r1")).entries
    assert (entry.entry_id, entry.retracted) == ("uid-e1", True)


def test_kin_are_those_of_now() -> None:
    """A child that leaves the household of another is no longer its kin for the next event."""
    home, elsewhere = child(custody=[], households=["h1"]), {"birth_date": "2016-03-01", "households": ["h2"]}
    batch = Batch(known(subjects={"child_1": home, "child_2": home}), STANDING, MONDAY)
    facts = batch.facts(signal(), "school_1")
    assert isinstance(facts.subjects, dict)
    assert set(facts.subjects) == {"child_1", "child_2"}
    moved = fact("subject.registered", elsewhere, subject_ref="child_2")
    batch.judge("uid-m1", "school_1", moved)
    facts = batch.facts(signal(), "school_1")
    assert isinstance(facts.subjects, dict)
    assert set(facts.subjects) == {"child_1"}
