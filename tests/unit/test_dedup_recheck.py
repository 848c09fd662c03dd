"""The last look before delivery, and the repeated look at holds: CONSENT.md sections 1 and 12, ROUTING.md section 4."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.core.batch import Batch
from hub.core.judgement import Judgement
from hub.core.model import Emission, RecipientDecision
from hub.core.recheck import LastLook, next_boundary, recheck, rejudge_held
from hub.core.snapshot import Snapshot
from hub.core.standing import Standing
from tests.unit.dedup_world import (
    BOTH_WAYS,
    MONDAY,
    OTHER_TEAM,
    SIGNALS,
    STANDING,
    TEAM,
    Document,
    child,
    clock,
    consent,
    coordination,
    fact,
    receivers,
    retraction,
    signal,
    standing,
    to_team,
)

MOVED = [{"district": "centrum", "from": "2020-01-01", "to": None, "basis": "brp"}]
BY_KIND = [{"to": {"kind": "local_team"}}]


class World:
    """A snapshot that judged events leave behind, and what is asked of it later."""

    def __init__(self, *consents: Document, **subjects: Document) -> None:
        by_subject: dict[str, tuple[Document, ...]] = {}
        for record in consents:
            ref = record["subject_ref"]
            by_subject[ref] = (*by_subject.get(ref, ()), record)
        self.snapshot = Snapshot(subjects=subjects or {"child_1": child()}, consents=by_subject)
        self.standing: Standing = STANDING

    def send(self, event: Document, at: str = MONDAY) -> Judgement:
        """Judge one event and keep what it leaves."""
        batch = Batch(self.snapshot, self.standing, at)
        judgement = batch.judge(f"uid-{event['id']}", event["sender"]["org"], event)
        self.snapshot = batch.snapshot()
        return judgement

    def know(self, *consents: Document, **subjects: Document) -> None:
        """Replace consents and, when given, subjects, and leave the memory."""
        world = World(*consents, **(subjects or self.snapshot.subjects))
        self.snapshot = replace(
            self.snapshot, subjects=world.snapshot.subjects, consents=world.snapshot.consents
        )

    def recheck(self, event: Document, receiver: str, at: str = MONDAY, **changes: Any) -> RecipientDecision:
        """Ask whether a delivery may leave now."""
        asked = {"position": 0, "emission": None, "held_since": None, **changes}
        return recheck(
            event,
            event["sender"]["org"],
            asked["position"],
            receiver,
            asked["emission"],
            self.snapshot,
            self.standing,
            at,
            asked["held_since"],
        )

    def rejudge(self, event: Document, at: str = MONDAY) -> Judgement:
        """Judge a held event anew."""
        uid = f"uid-{event['id']}"
        judgement = rejudge_held(event, event["sender"]["org"], uid, self.snapshot, self.standing, at)
        batch = Batch(self.snapshot, self.standing, at)
        batch.fold(event, judgement, uid)
        self.snapshot = batch.snapshot()
        return judgement


def test_delivery_leaves_while_consent_holds() -> None:
    """With the consent still there the recipient gets the sections that the decision names."""
    world = World(*SIGNALS)
    judgement = world.send(signal())
    assert world.recheck(signal(), TEAM) == judgement.deliver[0]


def test_withdrawal_stops_what_was_not_claimed() -> None:
    """A withdrawal between decision and claim stops the delivery, and all sections stay."""
    world = World(*SIGNALS)
    world.send(signal())
    world.know(to_team("school", withdrawn_at=MONDAY))
    verdict = world.recheck(signal(), TEAM, clock(seconds=1))
    assert (verdict.reason, verdict.sections) == ("deny_withdrawn", ())
    assert verdict.withheld == ("meta", "contact", "codes")


def test_each_moment_has_its_own_facts() -> None:
    """One last look over several snapshots always answers with the facts of the one that it is given."""
    world = World(*SIGNALS)
    world.send(signal())
    before = world.snapshot
    world.know(to_team("school", withdrawn_at=MONDAY))
    look = LastLook(STANDING, MONDAY)
    asked = [before, before, world.snapshot, before]
    found = [look.recheck(signal(), "school_1", 0, TEAM, None, snapshot, None).reason for snapshot in asked]
    assert found == ["ok_consent", "ok_consent", "deny_withdrawn", "ok_consent"]


def test_each_recipient_has_its_own_place() -> None:
    """The verdict is that of the recipient at the position; a place that does not exist has no route."""
    both = signal(recipients=[{"to": {"org": TEAM}}, {"to": {"org": "youth_health_1"}}])
    world = World(*SIGNALS, consent("k", "school", "youth_health"))
    assert world.recheck(both, "youth_health_1", position=1).reason == "ok_consent"
    assert world.recheck(both, TEAM, position=1).reason == "deny_route"
    gone = world.recheck(both, TEAM, position=2)
    assert (gone.recipient, gone.position, gone.reason, gone.sections) == (TEAM, 2, "deny_route", ())


def test_delivery_to_the_old_team_is_dropped() -> None:
    """After a move the old team gets nothing; a consent for any local team lets the new one be decided."""
    world = World(*SIGNALS)
    event = signal(recipients=BY_KIND)
    assert receivers(world.send(event)) == [TEAM]
    world.know(*SIGNALS, child_1=child(residences=MOVED))
    dropped = world.recheck(event, TEAM)
    assert (dropped.outcome, dropped.reason, dropped.recipient) == ("deny", "deny_route", TEAM)
    anew = world.rejudge(event)
    assert (anew.verdict, receivers(anew)) == ("reevaluated", [OTHER_TEAM])
    assert world.recheck(event, OTHER_TEAM).reason == "ok_consent"


def test_unknown_address_holds_again() -> None:
    """When the district is not known any more the delivery is held, not refused."""
    world = World(*SIGNALS)
    world.send(signal(recipients=BY_KIND))
    world.know(*SIGNALS, child_1=child(residences=[]))
    assert world.recheck(signal(recipients=BY_KIND), TEAM).reason == "hold_area_unknown"


def test_event_gates_run_again() -> None:
    """A sender that was suspended meanwhile delivers nothing more."""
    world = World(*SIGNALS)
    world.send(signal())
    world.standing = standing(suspended="school_1")
    stopped = world.recheck(signal(), TEAM)
    assert (stopped.outcome, stopped.reason, stopped.withheld) == (
        "deny",
        "deny_sender",
        ("meta", "contact", "codes"),
    )


def test_term_of_the_hold_counts_at_the_claim() -> None:
    """Ten working days after its first hold nothing of an event leaves."""
    world = World(*SIGNALS)
    world.send(signal())
    late = world.recheck(signal(), TEAM, "2026-12-08T00:00:00+01:00", held_since=MONDAY)
    assert late.reason == "deny_hold_expired"


@pytest.mark.parametrize("reason", ["unfounded", "risk_gone"])
def test_retracted_signal_does_not_leave(reason: str) -> None:
    """A delivery that waits while its signal is retracted is not sent."""
    world = World(*SIGNALS)
    world.send(signal())
    world.send(retraction("school_1", "r1", reason))
    assert world.recheck(signal(), TEAM).reason == "deny_stale"


def test_retraction_also_stops_older_revisions() -> None:
    """A waiting delivery of an overtaken revision leaves, but not after the record was retracted."""
    world = World(*SIGNALS)
    world.send(signal())
    world.send(signal(event_id="e2", record={"ref": "r1", "revision": 2}))
    assert world.recheck(signal(), TEAM).reason == "ok_consent"
    world.send(retraction("school_1", "r1"))
    assert world.recheck(signal(), TEAM).reason == "deny_stale"


def test_notices_stay_allowed() -> None:
    """The notice of a withdrawal or a retraction leaves whatever the consents say, with meta only."""
    ended = fact("consent.withdrawn", {"consent_id": "c1", "by": "parent_1", "effective_at": MONDAY})
    notice = World().recheck(ended, TEAM, position=3)
    assert (notice.reason, notice.sections, notice.position) == ("ok_withdrawal_notice", ("meta",), 3)
    assert [duty.duty for duty in notice.duties] == ["stop_further_use"]
    assert World().recheck(retraction("school_1", "r1"), TEAM).reason == "ok_retraction_notice"


@pytest.mark.parametrize(
    ("type_name", "reason"),
    [
        ("match.lapsed", "ok_match_lapsed"),
        ("signal.source_added", "ok_source_added"),
        ("signal.linked_internally", "ok_linked_internally"),
        ("conflict.reported", "deny_conflict"),
    ],
)
def test_own_messages_stay_allowed(type_name: str, reason: str) -> None:
    """The hub's own short messages leave with meta only."""
    emission = Emission(type_name, (TEAM,), reason, None, ((TEAM, "child_1"),))
    verdict = World().recheck(signal(), TEAM, emission=emission)
    assert (verdict.outcome, verdict.reason, verdict.sections) == ("allow", reason, ("meta",))


def matched() -> tuple[World, Emission]:
    """Return a world in which a match waits to be told."""
    world = World(*SIGNALS, *BOTH_WAYS)
    world.send(signal())
    (emission,) = world.send(signal("gp_1", "e2", "g1")).emissions
    return world, emission


def test_match_leaves_with_contact_cards() -> None:
    """A match that still holds leaves with meta and contact to each side."""
    world, emission = matched()
    for receiver in ("gp_1", "school_1"):
        verdict = world.recheck(signal("gp_1", "e2", "g1"), receiver, emission=emission)
        assert (verdict.recipient, verdict.reason, verdict.sections) == (
            receiver,
            "ok_match",
            ("meta", "contact"),
        )


@pytest.mark.parametrize(
    ("consents", "changes"),
    [(BOTH_WAYS[:1], {}), (BOTH_WAYS[1:], {}), (BOTH_WAYS, {"identity": "ambiguous"})],
)
def test_match_stops_when_either_side_may_not_know(consents: list[Document], changes: Document) -> None:
    """Without consent in both directions at the claim, neither side is told."""
    world, emission = matched()
    world.know(*SIGNALS, *consents, child_1=child(**changes))
    verdict = world.recheck(signal("gp_1", "e2", "g1"), "school_1", emission=emission)
    assert (verdict.reason, verdict.sections) == ("deny_match_onesided", ())
    assert verdict.withheld == ("meta", "contact")


def test_lapsed_match_is_not_told() -> None:
    """A match whose signal was retracted before it was told is told to nobody."""
    world, emission = matched()
    world.send(retraction("school_1", "r1"))
    assert (
        world.recheck(signal("gp_1", "e2", "g1"), "gp_1", emission=emission).reason == "deny_match_onesided"
    )


def test_fault_of_the_hub_holds() -> None:
    """With settings that are not valid nothing leaves, a match neither."""
    world, emission = matched()
    world.standing = standing(unknown_key=1)
    assert world.recheck(signal(), TEAM).reason == "hold_policy_invalid"
    assert world.recheck(signal("gp_1", "e2", "g1"), "gp_1", emission=emission).outcome == "deny"


@pytest.mark.parametrize("event", [{"sender": {"org": "school_1"}}, {"sender": {"org": "x"}, "sections": 1}])
def test_damaged_event_never_leaves(event: Document) -> None:
    """What is no event any more is held as an error, and never raises."""
    verdict = World().recheck(event, TEAM)
    assert (verdict.outcome, verdict.reason) == ("hold", "hold_evaluation_error")


def test_unlisted_sections_are_not_named() -> None:
    """A damaged list of sections is not repeated in the verdict."""
    verdict = World().recheck(signal(sections=["secret"]), TEAM)
    assert (verdict.reason, verdict.withheld) == ("deny_schema", ())


def held_world() -> World:
    """Return a world in which a signal is held because the child is unknown."""
    world = World(*SIGNALS, child_9=child())
    held = world.send(signal())
    assert held.hold_until is not None
    return world


def test_unchanged_hold_goes_on() -> None:
    """A hold that nothing cured stays, with its first term."""
    judgement = held_world().rejudge(signal(), clock(days=1))
    assert (judgement.verdict, judgement.deliver) == ("duplicate", ())
    assert judgement.hold_until == "2026-12-07T23:59:59+01:00"


@pytest.mark.parametrize("digest", ["d", ...])
def test_cured_hold_is_delivered(digest: object) -> None:
    """When the missing fact comes, the hub delivers by itself, also an event without a digest."""
    world = World(*SIGNALS, child_9=child())
    event = signal(digest=digest)
    world.send(event)
    world.know(*SIGNALS, child_1=child())
    judgement = world.rejudge(event, clock(days=1))
    assert (judgement.verdict, judgement.reason, receivers(judgement)) == ("reevaluated", None, [TEAM])
    assert judgement.hold_until is None
    assert world.rejudge(event, clock(days=2)).verdict == "duplicate"


def test_hold_expires() -> None:
    """After the term the event is refused for good, and the verdict says so."""
    world = held_world()
    assert world.rejudge(signal(), "2026-12-07T23:59:59+01:00").verdict == "duplicate"
    expired = world.rejudge(signal(), "2026-12-08T00:00:00+01:00")
    assert (expired.reason, expired.decision.event.reason) == ("deny_hold_expired", "deny_hold_expired")
    assert (expired.deliver, expired.hold_until) == ((), None)


def test_overtaken_hold_never_leaves() -> None:
    """A held event that was retracted or overtaken meanwhile is not delivered when its cause is cured."""
    for later in (
        signal(event_id="e2", record={"ref": "r1", "revision": 2}),
        retraction("school_1", "r1"),
    ):
        world = held_world()
        world.send(later)
        world.know(*SIGNALS, child_1=child())
        judgement = world.rejudge(signal())
        assert (judgement.verdict, judgement.reason, judgement.deliver) == ("stale", "deny_stale", ())


def test_hold_waits_while_the_hub_is_at_fault() -> None:
    """Settings that are not valid do not end a hold: it is looked at again at the next boundary."""
    world = held_world()
    world.standing = standing(unknown_key=1)
    judgement = world.rejudge(signal())
    assert (judgement.verdict, judgement.hold_until) == ("duplicate", "2026-11-24T00:00:00+01:00")
    assert world.rejudge(signal(), "no instant").hold_until == "no instant"


def test_hold_of_a_sender_that_left_is_refused() -> None:
    """When the sender is no partner any more, its held event is refused."""
    world = held_world()
    world.standing = standing(suspended="school_1")
    judgement = world.rejudge(signal())
    assert (judgement.verdict, judgement.decision.event.reason) == ("reevaluated", "deny_sender")
    assert judgement.hold_until is None


def test_forgotten_hold_is_parked() -> None:
    """A held event that the memory does not know is parked, never delivered."""
    world = World(*SIGNALS)
    judgement = world.rejudge(signal())
    assert (judgement.verdict, judgement.parked) == ("rejected", "hold_evaluation_error")


@pytest.mark.parametrize(
    ("now", "changes", "expected"),
    [
        (MONDAY, {}, "2026-11-24T00:00:00+01:00"),
        ("2026-11-22T23:30:00Z", {}, "2026-11-24T00:00:00+01:00"),
        ("2026-10-25T00:30:00+02:00", {}, "2026-10-26T00:00:00+01:00"),
        (MONDAY, {"valid_from": "2026-11-23T11:00:00+01:00"}, "2026-11-23T11:00:00+01:00"),
        (MONDAY, {"valid_to": "2026-11-23T11:00:00+01:00"}, "2026-11-23T11:00:00.000001+01:00"),
        (MONDAY, {"withdrawn_at": "2026-11-23T11:00:00Z"}, "2026-11-23T11:00:00+00:00"),
        (MONDAY, {"valid_from": MONDAY, "valid_to": "2026-11-20T00:00:00Z"}, "2026-11-24T00:00:00+01:00"),
        (MONDAY, {"valid_to": "2026-11-25T00:00:00Z"}, "2026-11-24T00:00:00+01:00"),
        ("yesterday", {}, None),
    ],
)
def test_next_boundary(now: str, changes: Document, expected: str | None) -> None:
    """Time alone changes a verdict at midnight, or when a consent begins, ends or is withdrawn before that."""
    known = World(to_team("school", **changes), coordination("gp", "school")).snapshot
    assert next_boundary(signal(), known, now) == expected


def test_boundary_of_other_persons() -> None:
    """The consent of a person in a section counts too."""
    record = consent(
        "s", "school", "local_team", subject_ref="sister_1", valid_from="2026-11-23T11:00:00+01:00"
    )
    event = signal(section_about={"contact": ["sister_1"]})
    assert next_boundary(event, World(record).snapshot, MONDAY) == "2026-11-23T11:00:00+01:00"
