"""Batches: what one event changes is there before the next of the same child is judged."""

from __future__ import annotations

from time import perf_counter

from hub.core.batch import facts_for, history_for, judge_batch, next_snapshot
from hub.core.judge import judge
from hub.core.judgement import Judgement
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
    consent,
    coordination,
    fact,
    messages,
    receivers,
    retraction,
    signal,
    to_team,
)


def snapshot(*consents: Document, **subjects: Document) -> Snapshot:
    """Return a snapshot of children and their consents."""
    by_subject: dict[str, tuple[Document, ...]] = {}
    for record in consents:
        ref = record["subject_ref"]
        by_subject[ref] = (*by_subject.get(ref, ()), record)
    return Snapshot(
        subjects=subjects or {"child_1": child()},
        consents=by_subject,
        consent_versions={"child_1": 1},
    )


def play(known: Snapshot, *events: Document) -> list[Judgement]:
    """Judge events as one batch; the door saw who each event names."""
    items = [(f"uid-{place}", event["sender"]["org"], event) for place, event in enumerate(events)]
    return judge_batch(items, known, STANDING, MONDAY)


def verdicts(judgements: list[Judgement]) -> list[str]:
    """Return the verdicts in order."""
    return [judgement.verdict for judgement in judgements]


def test_consent_counts_for_the_next_event() -> None:
    """A consent earlier in the batch lets the next signal of that child through."""
    record = to_team("school")
    given = fact("consent.given", {"record": record})
    before, recorded, after = play(snapshot(), signal(), given, signal(event_id="e2", record="r2"))
    assert (before.deliver, recorded.verdict, receivers(after)) == ((), "unique", [TEAM])


def test_withdrawal_counts_for_the_next_event() -> None:
    """A withdrawal earlier in the batch stops the next signal, and tells who received the one before."""
    ended = {"consent_id": "school-team-child_1", "by": "parent_1", "effective_at": MONDAY}
    first, withdrawal, stopped = play(
        snapshot(*SIGNALS), signal(), fact("consent.withdrawn", ended), signal(event_id="e2", record="r2")
    )
    assert receivers(first) == [TEAM]
    assert [told.reason for told in withdrawal.deliver] == ["ok_withdrawal_notice"]
    assert [told.duties[0].duty for told in withdrawal.deliver] == ["stop_further_use"]
    assert stopped.decision.recipients[0].reason == "deny_withdrawn"


def test_withdrawal_before_its_consent_in_a_batch() -> None:
    """A withdrawal that overtakes its consent stops it, whoever the withdrawal was about."""
    ended = {"consent_id": "school-team-child_1", "by": "parent_1", "effective_at": MONDAY}
    for about in ("child_1", None):
        withdrawal = fact("consent.withdrawn", ended, subject_ref=about)
        given = fact("consent.given", {"record": to_team("school")})
        _, second, third = play(snapshot(), withdrawal, given, signal())
        assert second.verdict == "unique"
        assert third.decision.recipients[0].reason == "deny_withdrawn"


def test_pending_withdrawal_is_no_record() -> None:
    """A withdrawal without its record does not make the other records of the child unreadable."""
    ended = {"consent_id": "unknown", "by": "parent_1", "effective_at": MONDAY}
    _, second = play(snapshot(*SIGNALS), fact("consent.withdrawn", ended), signal())
    assert receivers(second) == [TEAM]


def test_clash_in_a_batch() -> None:
    """Two records under one number hold the child's signals until a higher version comes."""
    record = to_team("school")
    other = {**record, "recipient": {"kind": "school"}}
    newer = {**record, "version": 2}
    events = [
        fact("consent.given", {"record": each}, id=f"c-{n}") for n, each in enumerate((record, other, newer))
    ]
    first, second = signal(), signal(event_id="e2", record="r2")
    judged = play(snapshot(), events[0], events[1], first, events[2], second)
    assert judged[2].decision.recipients[0].reason == "hold_consent_unreadable"
    assert receivers(judged[4]) == [TEAM]


def test_record_that_moves_to_another_child() -> None:
    """A higher version about another child takes the record away from the first."""
    record = {**to_team("school"), "version": 2, "subject_ref": "child_2"}
    moved = fact("consent.given", {"record": record})
    _, stopped = play(snapshot(to_team("school")), moved, signal())
    assert stopped.decision.recipients[0].reason == "deny_no_consent"


def test_consent_version_counts_changes() -> None:
    """Each changed fact of a child raises the version that senders refer to."""
    moved = {"district": "escamp", "from": "2026-01-01"}
    stale, _, current = play(
        snapshot(*SIGNALS),
        signal(consent_version=2),
        fact("address.changed", moved),
        signal(event_id="e2", record="r2", consent_version=2),
    )
    assert stale.decision.recipients[0].reason == "hold_consent_state_stale"
    assert receivers(current) == [TEAM]


def test_memory_goes_along() -> None:
    """Duplicates, links and matches are seen within one batch."""
    judged = play(
        snapshot(*SIGNALS, *BOTH_WAYS),
        signal(),
        signal(),
        signal(event_id="e2", record="r2", domains=["11"]),
        signal("gp_1", "e3"),
        retraction("gp_1", "r1"),
    )
    assert verdicts(judged) == ["unique", "duplicate", "internal_link", "match", "unmatch"]
    assert messages(judged[4]) == [("match.lapsed", ("school_1",), None)]


def test_household_within_a_batch() -> None:
    """Kin are found by the facts of the moment: also when a fact of the batch makes them kin."""
    consents = [
        to_team("school"),
        to_team("youth_work", subject_ref="child_2"),
        coordination("school", "youth_work"),
        coordination("youth_work", "school", subject_ref="child_2"),
    ]
    apart = snapshot(*consents, child_1=child(households=["h1"]), child_2=child(custody=[]))
    custody = {"persons": child()["custody"]}
    registered = {"birth_date": "2016-03-01", "households": ["h1"]}
    judged = play(
        apart,
        signal(),
        fact("custody.changed", custody, subject_ref="child_2"),
        fact("subject.registered", registered, subject_ref="child_2"),
        signal("youth_work_2", "e2", "y1", subject_ref="child_2"),
    )
    assert judged[3].verdict == "household_match"
    assert messages(judged[3])[0][2] == "same_household"


def test_team_and_case_go_along() -> None:
    """A help team of the batch lets a colleague of the same help through without consent."""
    members = [{"professional": "p1", "org": "school_1"}, {"professional": "p2", "org": "school_1"}]
    team = {"case_ref": "case_1", "professionals": members}
    event = signal(
        case_ref="case_1",
        sender={"org": "school_1", "kind": "school", "professional": "p1"},
        recipients=[{"to": {"org": "school_1"}, "professional": "p2", "needed_sections": ["contact"]}],
    )
    alert = signal(
        "hub", "a1", None, type="alert.safety", case_ref="case_1", purpose=..., sections=["meta", "contact"]
    )
    alert["recipients"] = [{"to": {"org": "school_1"}}]
    before, _, _, after, alerted = play(
        snapshot(),
        event,
        fact("help_team.changed", {**team, "professionals": []}, TEAM, id="t0"),
        fact("help_team.changed", team, TEAM),
        {**event, "id": "e2", "record": {"ref": "r2", "revision": 1}},
        alert,
    )
    assert before.deliver == ()
    assert after.decision.recipients[0].reason == "ok_same_team"
    assert alerted.decision.recipients[0].reason == "ok_alert"


def test_carried_events_are_known() -> None:
    """An acknowledgement can name an event or a record of the same batch; not one that was refused."""
    events = []
    for place, named in enumerate(("e1", "r1", "e9")):
        event = signal(TEAM, f"a{place}", None, type="acknowledgement.seen", in_reply_to=named)
        event["recipients"] = [{"to": {"org": "school_1"}}]
        events.append(
            {name: value for name, value in event.items() if name not in {"purpose", "urgency", "digest"}}
        )
    refused = signal(event_id="e9", sections=["narrative"])
    judged = play(
        snapshot(*SIGNALS), signal(), refused, *({**event, "sections": ["meta"]} for event in events)
    )
    assert [len(judgement.deliver) for judgement in judged[2:]] == [1, 1, 0]


def test_folding_keeps_the_first_hold() -> None:
    """What is held is held since the first time; what is refused is not held."""
    refused = after(snapshot(), signal())
    assert refused.held_since == {}
    held = after(snapshot(child_9=child()), signal())
    assert held.held_since == {("urn:nld:test:school_1", "e1"): MONDAY}
    assert after(held, signal(), clock(hours=1)).held_since == held.held_since


def test_facts_of_the_city_are_not_the_batch_s_business() -> None:
    """Areas and partners belong to the configuration: they change nothing in the snapshot."""
    known = snapshot(*SIGNALS)
    city = fact("partner.changed", {"org": "school_9", "kind": "school"}, "hub", subject_ref=None)
    changed = after(known, city)
    assert (changed.subjects, changed.consents) == (known.subjects, known.consents)


def after(known: Snapshot, event: Document, at: str = MONDAY) -> Snapshot:
    """Return the snapshot after one event that is judged outside a batch."""
    org = event["sender"]["org"]
    facts = facts_for(event, org, known, STANDING, at)
    judgement = judge(event, facts, history_for(event, known, STANDING, at), f"uid-{event['id']}")
    return next_snapshot(known, event, judgement, f"uid-{event['id']}", at)


def test_reused_number_after_the_window() -> None:
    """A number used again after the technical window is a new event; the memory keeps the latest."""
    known = snapshot(*SIGNALS)
    first = play(known, signal())[0]
    later = next_snapshot(known, signal(), first, "uid-0", MONDAY)
    again = judge_batch([("uid-0", "school_1", signal())], later, STANDING, clock(days=31))[0]
    assert again.verdict == "internal_link"
    after = next_snapshot(later, signal(), again, "uid-0", clock(days=31))
    assert [entry.at for entry in after.entries] == [clock(days=31)]


def test_hostile_events_do_not_stop_a_batch() -> None:
    """A value that is no event is rejected, and the next event is judged as usual."""
    items = [("u1", "school_1", None), ("u2", "school_1", {"subject_ref": 3}), ("u3", "school_1", signal())]
    judged = judge_batch(items, snapshot(*SIGNALS), STANDING, MONDAY)
    assert verdicts(judged) == ["rejected", "rejected", "unique"]


def test_facts_are_cut_to_the_event() -> None:
    """An event sees its own persons, their kin and nobody else."""
    kin = child(households=["h1"])
    known = snapshot(
        *(
            consent(f"c-{ref}", "school", "local_team", subject_ref=ref)
            for ref in ("child_1", "child_2", "child_3")
        ),
        child_1=child(households=["h1"]),
        child_2=kin,
        child_3=child(custody=[], households=["h2"]),
        child_4=child(custody=[], households=["h1"], protected_address=True),
    )
    facts = facts_for(signal(), "school_1", known, STANDING, MONDAY)
    assert isinstance(facts.subjects, dict)
    assert set(facts.subjects) == {"child_1", "child_2"}
    assert isinstance(facts.consents, list)
    assert [record["consent_id"] for record in facts.consents] == ["c-child_1", "c-child_2"]


def test_work_grows_with_the_batch() -> None:
    """Four times the events, about different children, cost about four times the work, not sixteen times."""

    def seconds(count: int) -> float:
        children = {f"child_{n}": child(households=[f"h{n}"], custody=[]) for n in range(count)}
        records = [to_team("school", subject_ref=ref) for ref in children]
        events = [signal(event_id=f"e{n}", record=f"r{n}", subject_ref=ref) for n, ref in enumerate(children)]
        known = snapshot(*records, **children)
        begin = perf_counter()
        play(known, *events)
        return perf_counter() - begin

    seconds(50)
    small = min(seconds(100) for _ in range(3))
    large = min(seconds(400) for _ in range(3))
    assert large < small * 9
