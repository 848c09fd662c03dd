"""The processing log about a person, and the counts of the prevention picture. For the database and its twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hub.core.history import HistoryChanges
from hub.core.model import Emission, FactChange, Json, Outcome, RecipientDecision
from hub.ledger import rows
from hub.ledger.counting import district_on
from hub.ledger.interface import SharedLine, SignalCount
from hub.ledger.texts import amsterdam_day
from hub.wire.envelope import SealedEvent
from tests.conformance.ledger_world import (
    CHILD,
    LATER,
    NOW,
    SCHOOL,
    TEAM,
    World,
    allow,
    at,
    judged,
    record,
    refuse,
    repeated,
    sealed_event,
    settled,
    subject_change,
    subscription,
    wait,
)

SIBLING = "ps_1_child_two"
OTHER = "gp_1"


def with_fields(sealed: SealedEvent, **fields: Json) -> SealedEvent:
    """Return the event with further fields."""
    return replace(sealed, event={**sealed.event, **fields})


def going(*sections: str, org: str = TEAM) -> RecipientDecision:
    """Return a decision with which these sections go."""
    return replace(allow(org), sections=sections)


async def share(world: World, sealed: SealedEvent, decided: RecipientDecision, offset: int = 0) -> None:
    """Write one event that is allowed."""
    await world.commit(record(offset, sealed, judged(sealed, decided)))


async def all_subscribed(world: World) -> None:
    """Let everybody receive: what has nowhere to go is parked without ever leaving, and is no line."""
    for org in (TEAM, SCHOOL, OTHER):
        await world.ledger.put_subscription(subscription(org))


async def only_line(world: World, subject: str = CHILD) -> SharedLine:
    """Return the one line about a person."""
    (line,) = await world.ledger.shared_lines(subject)
    return line


async def test_line_says_who_shared_what_with_whom(world: World) -> None:
    """A delivered event is one line: parties, type, purpose, ground and names of sections, with the instant."""
    await world.ledger.put_subscription(subscription())
    await share(world, with_fields(sealed_event(), purpose="coordination"), allow())
    assert (await only_line(world)).shared_at is None
    assert (await only_line(world)).state == "pending"
    await world.deliver(LATER)
    assert await only_line(world) == SharedLine(
        line="1",
        type="signal.raised",
        sender=SCHOOL,
        sender_kind="school",
        recipient=TEAM,
        recipient_kind="",
        purpose="coordination",
        reason="ok_consent",
        sections=("meta", "contact"),
        shared_at=LATER,
        state="delivered",
        third_person=False,
        reporter_anonymous=False,
        released=False,
    )


async def test_lines_of_one_person_in_order(world: World) -> None:
    """The lines are about the asked person only, the oldest first, numbered within the answer."""
    await world.ledger.put_subscription(subscription())
    for offset, subject in enumerate((CHILD, SIBLING, CHILD)):
        type_name = "signal.raised" if offset == 0 else "feedback.given"
        await share(
            world, sealed_event(f"evt-{offset}", subject=subject, type_name=type_name), allow(), offset
        )
    lines = await world.ledger.shared_lines(CHILD)
    assert [(line.line, line.type) for line in lines] == [("1", "signal.raised"), ("2", "feedback.given")]


async def test_what_nobody_got_is_no_line(world: World) -> None:
    """A refusal, a hold, a repeat, and an event about nobody are shared with nobody."""
    for offset, judgement in enumerate((refuse(), wait())):
        sealed = sealed_event(f"evt-{offset}")
        await world.commit(record(offset, sealed, judged(sealed, judgement)))
    await world.commit(record(2, sealed_event("evt-0"), repeated()))
    unnamed = sealed_event("evt-3", subject=None)
    await share(world, unnamed, allow(), 3)
    assert await world.ledger.shared_lines(CHILD) == []
    assert await world.ledger.shared_lines(unnamed.uid) == []


async def test_delivery_stopped_at_the_claim_is_no_line(world: World) -> None:
    """What was stopped before it could leave was not shared."""
    await world.ledger.put_subscription(subscription())
    await share(world, sealed_event(), allow())
    world.answers.by_receiver[TEAM] = refuse()
    assert await world.claim() == []
    assert await world.ledger.shared_lines(CHILD) == []


async def test_delivery_stopped_after_an_attempt_is_a_line(world: World) -> None:
    """An attempt may have arrived: it stays in the log when the next one is stopped, without an instant."""
    await world.ledger.put_subscription(subscription())
    await share(world, sealed_event(), allow())
    (claimed,) = await world.claim()
    await world.ledger.settle([settled(claimed, "pending", again=at(1), reason="timeout")])
    world.answers.by_receiver[TEAM] = refuse()
    assert await world.claim(at(2)) == []
    line = await only_line(world)
    assert (line.state, line.shared_at, line.sections) == ("stopped", None, ("meta", "contact"))


@pytest.mark.parametrize("nothing_sent", [True, False])
async def test_attempts_of_which_nothing_left_make_no_line(world: World, nothing_sent: bool) -> None:  # noqa: FBT001
    """What ended without a byte having left in any attempt was not shared; one attempt that may have sent suffices."""
    await world.ledger.put_subscription(subscription())
    await share(world, sealed_event(), allow())
    (claimed,) = await world.claim()
    first = settled(claimed, "pending", again=at(1), reason="connection_failed")
    await world.ledger.settle([replace(first, nothing_sent=True)])
    (again,) = await world.claim(at(1))
    await world.ledger.settle([replace(settled(again, "parked", reason="gone"), nothing_sent=nothing_sent)])
    states = [line.state for line in await world.ledger.shared_lines(CHILD)]
    assert states == ([] if nothing_sent else ["parked"])


async def test_last_look_decides_what_the_line_says(world: World) -> None:
    """When the decision at the claim lets less go, and on another ground, the line says what really went."""
    await world.ledger.put_subscription(subscription())
    about_parent: Json = {"contact": ["ps_1_parent"]}
    await share(world, with_fields(sealed_event(), section_about=about_parent), allow())
    assert (await only_line(world)).third_person
    world.answers.by_receiver[TEAM] = RecipientDecision(
        TEAM, Outcome.REDACT, "ok_same_team", ("contact", "narrative"), sections=("meta",)
    )
    await world.deliver()
    line = await only_line(world)
    assert (line.sections, line.reason, line.third_person) == (("meta",), "ok_same_team", False)


async def test_released_line_stays_released(world: World) -> None:
    """A line that a closed party let the family see stays so when the last look changes it."""
    await world.ledger.put_subscription(subscription())
    await share(world, sealed_event(), allow())
    async with world.ledger._store.transaction() as tables:
        (row,) = await tables.read(rows.PROCESSING, {"subject_key": [CHILD]})
        await tables.upsert(rows.PROCESSING, [row._replace(released=True)])
    world.answers.by_receiver[TEAM] = going("meta")
    await world.deliver()
    line = await only_line(world)
    assert (line.released, line.sections) == (True, ("meta",))


async def test_section_about_others_is_marked(world: World) -> None:
    """A section that goes and speaks of somebody else, or is about the household, marks the line; others do not."""
    await world.ledger.put_subscription(subscription())
    about: dict[str, Json] = {"contact": [CHILD], "narrative": ["ps_1_parent"], "meta": "nonsense"}
    for offset, sections in enumerate((("meta", "contact"), ("meta", "narrative"), ("meta", "household"))):
        sealed = with_fields(sealed_event(f"evt-{offset}"), section_about=about)
        await share(world, sealed, going(*sections), offset)
    assert [line.third_person for line in await world.ledger.shared_lines(CHILD)] == [False, True, True]


async def test_anonymous_reporter_is_marked(world: World) -> None:
    """An event with the identity of a reporter is marked, also when that section stays behind."""
    await all_subscribed(world)
    sealed = with_fields(sealed_event(), sections=["meta", "contact", "reporter_identity"])
    await share(world, sealed, going("meta"))
    assert (await only_line(world)).reporter_anonymous


async def test_match_is_told_from_both_sides(world: World) -> None:
    """Each side of a match got the other's contact: the other is the sender, with the kind it signalled as."""
    await all_subscribed(world)
    other = with_fields(sealed_event("evt-0", org=OTHER), sender={"org": OTHER, "kind": "gp"})
    await share(world, other, allow())
    match = Emission(
        "match.reported", (SCHOOL, OTHER), "ok_match", "same_subject", ((SCHOOL, CHILD), (OTHER, CHILD))
    )
    sealed = sealed_event("evt-1")
    await world.commit(record(1, sealed, judged(sealed, refuse(), emissions=[match])))
    lines = [line for line in await world.ledger.shared_lines(CHILD) if line.type == "match.reported"]
    assert [(line.sender, line.sender_kind, line.recipient, line.third_person) for line in lines] == [
        (OTHER, "gp", SCHOOL, False),
        (SCHOOL, "school", OTHER, False),
    ]
    assert {line.sections for line in lines} == {("meta", "contact")}


async def test_match_keeps_an_anonymous_reporter(world: World) -> None:
    """The organisation whose reporter asked for anonymity is not named by the line of a match either."""
    await all_subscribed(world)
    other = with_fields(sealed_event("evt-0", org=OTHER), sections=["meta", "reporter_identity"])
    await share(world, other, going("meta"))
    match = Emission(
        "match.reported", (SCHOOL, OTHER), "ok_match", "same_subject", ((SCHOOL, CHILD), (OTHER, CHILD))
    )
    sealed = sealed_event("evt-1")
    await world.commit(record(1, sealed, judged(sealed, refuse(), emissions=[match])))
    lines = [line for line in await world.ledger.shared_lines(CHILD) if line.type == "match.reported"]
    assert {line.sender: line.reporter_anonymous for line in lines} == {OTHER: True, SCHOOL: False}


async def test_match_of_a_sibling_speaks_of_a_third_person(world: World) -> None:
    """A match between two children is a line about each, and about somebody else."""
    await all_subscribed(world)
    pairs = ((SCHOOL, CHILD), (OTHER, SIBLING))
    match = Emission("match.reported", (SCHOOL, OTHER), "ok_household_match", "same_household", pairs)
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, refuse(), emissions=[match])))
    assert [(line.recipient, line.third_person) for line in await world.ledger.shared_lines(CHILD)] == [
        (SCHOOL, True)
    ]
    line = await only_line(world, SIBLING)
    assert (line.sender, line.sender_kind, line.recipient) == (SCHOOL, "", OTHER)


async def test_technical_messages_are_no_lines(world: World) -> None:
    """An acknowledgement or a question of the hub tells a receiver nothing about the person."""
    told = Emission("completion.requested", (SCHOOL,), "hold_second_parent", None, ((SCHOOL, CHILD),))
    sealed = sealed_event()
    await world.commit(record(0, sealed, replace(judged(sealed, refuse()), messages=(told,))))
    assert await world.ledger.shared_lines(CHILD) == []


async def test_log_outlives_the_payload(world: World) -> None:
    """When the content is destroyed the line stays."""
    await world.ledger.put_subscription(subscription())
    await share(world, sealed_event(), allow())
    await world.deliver()
    assert await world.ledger.destroy_stale_payloads(0, "2027-01-01T00:00:00+01:00") == 1
    assert (await only_line(world)).state == "delivered"


# --- counts -------------------------------------------------------------------------------------


def lives(district: str, subject: str = CHILD, **fields: Json) -> FactChange:
    """Return the facts of a person who lives in a district."""
    row: Json = {"district": district, "from": "2020-01-01", "to": None, "basis": "brp", **fields}
    return subject_change(subject, residences=[row])


async def observe(
    world: World,
    offset: int,
    subject: str = CHILD,
    domains: Sequence[str] = ("04",),
    when: str = NOW,
    **fields: object,
) -> None:
    """Write one delivered observation."""
    sealed = sealed_event(f"evt-{offset}", subject=subject)
    judgement = judged(sealed, allow(), when=when)
    (known,) = judgement.history.entries
    kept = replace(known, domains=tuple(domains), **fields)  # type: ignore[arg-type]
    judgement = replace(judgement, history=HistoryChanges(entries=(kept,)))
    await world.commit(record(offset, sealed, judgement, when=when))


async def counted(world: World, start: str = NOW, end: str = LATER) -> list[SignalCount]:
    """Return the counts of the test's period."""
    return await world.ledger.signal_counts(start, end)


async def test_signals_are_counted_by_district_and_domain(world: World) -> None:
    """Each observation counts in each of its domains; persons are counted once however often they are signalled."""
    await world.ledger.apply_facts([lives("laak"), lives("escamp", SIBLING)])
    await observe(world, 0, domains=("04", "07"))
    await observe(world, 1, domains=("04",), when=at(40))
    await observe(world, 2, SIBLING)
    assert await counted(world) == [
        SignalCount("escamp", "04", 1, 1),
        SignalCount("laak", "04", 2, 1),
        SignalCount("laak", "07", 1, 1),
    ]


async def test_period_includes_its_start_only(world: World) -> None:
    """The first instant of a period counts, the end belongs to the next; periods of many hours are counted whole."""
    await world.ledger.apply_facts([lives("laak")])
    await observe(world, 0, when=NOW)
    await observe(world, 1, when=LATER)
    assert await counted(world) == [SignalCount("laak", "04", 1, 1)]
    assert await counted(world, LATER, "2026-12-01T00:00:00+01:00") == [SignalCount("laak", "04", 1, 1)]
    assert await counted(world, "2026-11-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00") == [
        SignalCount("laak", "04", 2, 1)
    ]
    assert await counted(world, LATER, LATER) == []


async def test_what_is_no_observation_does_not_count(world: World) -> None:
    """Near duplicates, echoes, what nobody got, what was retracted or superseded, and other types do not count."""
    await world.ledger.apply_facts([lives("laak")])
    left_out: list[dict[str, object]] = [
        {"near_duplicate_of": "head"},
        {"echo": True},
        {"delivered_to": ()},
        {"retracted": True},
        {"superseded": True},
        {"semantic": False},
    ]
    for offset, fields in enumerate(left_out):
        await observe(world, offset, **fields)  # type: ignore[arg-type]
    assert await counted(world) == []


async def test_person_without_one_district_is_left_out(world: World) -> None:
    """Who is unknown, stays somewhere only, has moved out or is registered twice counts nowhere."""
    elsewhere: Json = [{"district": "laak", "from": "2020-01-01", "to": None, "basis": "stay"}]
    left: Json = [{"district": "laak", "from": "2020-01-01", "to": "2026-11-23", "basis": "brp"}]
    twice: Json = [
        {"district": name, "from": "2020-01-01", "to": None, "basis": "brp"} for name in ("laak", "escamp")
    ]
    for offset, residences in enumerate((elsewhere, left, twice, "nonsense", [None], None)):
        subject = f"ps_{offset}"
        await world.ledger.apply_facts([subject_change(subject, residences=residences)])
        await observe(world, offset, subject)
    await observe(world, 9, "ps_unknown")
    assert await counted(world) == []


def test_district_follows_the_day() -> None:
    """A person who moved counts in the district of that day: `to` is exclusive."""
    rows_of: Json = {
        "residences": [
            {"district": "laak", "from": "2020-01-01", "to": "2026-11-23", "basis": "brp"},
            {"district": "escamp", "from": "2026-11-23", "to": None, "basis": "brp"},
        ]
    }
    assert district_on(rows_of, amsterdam_day("2026-11-22T22:59:00+00:00")) == "laak"
    assert district_on(rows_of, amsterdam_day("2026-11-22T23:00:00+00:00")) == "escamp"
    assert (
        district_on(
            {"residences": [{"district": "x", "from": "2020-01-01", "basis": "brp"}]}, amsterdam_day(NOW)
        )
        is None
    )
