"""Small look-ups: pseudonyms, records, data keys, consents that ended. For the database and its twin."""

from __future__ import annotations

from hub.core.history import HistoryChanges, Pair
from hub.core.judgement import Judgement
from hub.core.model import FactChange
from hub.core.snapshot import FactKeys
from hub.identity.keys import WrappedKey
from tests.conformance.ledger_world import (
    CHILD,
    NOW,
    SCHOOL,
    World,
    allow,
    consent_change,
    judged,
    record,
    refuse,
    sealed_event,
    subscription,
)

AFTER_CONSENT = "2026-11-30T23:00:00+00:00"
"""Midnight in Amsterdam after the last day of the test consent."""


async def test_pseudonyms(world: World) -> None:
    """A receiver's pseudonym leads back to the subject, for that receiver only."""
    await world.ledger.remember_pseudonym("gp_1", "ps_9_x", CHILD)
    await world.ledger.remember_pseudonym("gp_1", "ps_9_x", CHILD)
    assert await world.ledger.resolve_pseudonym("gp_1", "ps_9_x") == CHILD
    assert await world.ledger.resolve_pseudonym("gp_2", "ps_9_x") is None


async def test_subject_of_record(world: World) -> None:
    """An organisation's own record leads to the child; another's record with the same number does not."""
    sealed = sealed_event(record=("s1", 1))
    await world.commit(record(0, sealed, judged(sealed, refuse())))
    assert await world.ledger.subject_of_record(SCHOOL, "s1") == CHILD
    assert await world.ledger.subject_of_record("gp_1", "s1") is None


async def test_data_keys(world: World) -> None:
    """The first key of a child stays; erased, it is gone and a new one can be made."""
    keys = world.ledger.data_keys
    first, second = WrappedKey("k1", "m1", b"one"), WrappedKey("k2", "m1", b"two")
    assert await keys.fetch(CHILD) is None
    assert await keys.insert_if_absent(CHILD, first) == first
    assert await keys.insert_if_absent(CHILD, second) == first
    await keys.erase(CHILD)
    await keys.erase(CHILD)
    assert await keys.fetch(CHILD) is None
    assert await keys.insert_if_absent(CHILD, second) == second


async def test_ended_consent_is_announced_once(world: World) -> None:
    """A consent that carried a disclosure is told when its last day in Amsterdam has passed, and once."""
    await world.ledger.put_subscription(subscription())
    await world.ledger.apply_facts([consent_change("c1"), consent_change("c2")])
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, allow())))
    await world.deliver()
    assert await world.ledger.expired_consents(10, "2026-11-30T22:59:59+00:00") == []
    (ended,) = await world.ledger.expired_consents(10, AFTER_CONSENT)
    assert (ended.consent_id, ended.subject_ref, ended.ended_at) == ("c1", CHILD, AFTER_CONSENT)
    await world.ledger.consent_announced("c1", NOW)
    await world.ledger.consent_announced("c1", NOW)
    assert await world.ledger.expired_consents(10, AFTER_CONSENT) == []


async def test_withdrawn_consent_does_not_expire(world: World) -> None:
    """A withdrawn consent has been told already: its end is no news."""
    await world.ledger.put_subscription(subscription())
    await world.ledger.apply_facts([consent_change("c1", withdrawn_at=NOW)])
    sealed = sealed_event()
    await world.commit(record(0, sealed, judged(sealed, allow())))
    await world.deliver()
    assert await world.ledger.expired_consents(10, AFTER_CONSENT) == []


async def test_withdrawal_before_its_consent_is_kept(world: World) -> None:
    """A withdrawal that names nobody is found again by its consent id."""
    pending = {"consent_id": "c9", "pending_withdrawal_at": NOW}
    await world.ledger.apply_facts([FactChange("consent", "c9", pending, None)])
    snapshot = await world.ledger.look_up(FactKeys(consent_ids=frozenset({"c9"})))
    assert snapshot.consents == {"": (pending,)}


async def test_cases_known_events_and_police_decisions(world: World) -> None:
    """Facts of a case, of events carried elsewhere and of the police come back in their own forms."""
    team = {"case_ref": "case-1", "subject_ref": CHILD, "professionals": []}
    known = {"id": "old-1", "org": "gp_1", "kind": "gp"}
    decision = {"decision_ref": "d1", "article": "wpg_20"}
    await world.ledger.apply_facts(
        [
            FactChange("help_team", f"case-1\n{CHILD}", team, CHILD),
            FactChange("case_party", "case-1", ["gp_1"], CHILD),
            FactChange("known_event", "k1", known),
            FactChange("police_decision", "d1", decision),
            FactChange("delivered", "x1", {"recipient": "gp_1", "consent_ids": ["c1"], "org": SCHOOL}),
        ]
    )
    keys = FactKeys(
        case_refs=frozenset({"case-1"}), event_ids=frozenset({"old-1"}), consent_ids=frozenset({"c1"})
    )
    snapshot = await world.ledger.look_up(keys)
    assert snapshot.help_teams == {"case-1": (team,)}
    assert snapshot.case_parties == {"case-1": ("gp_1",)}
    assert snapshot.known_events == (known,)
    assert snapshot.police_decisions == (decision,)
    assert [item["recipient"] for item in snapshot.deliveries] == ["gp_1"]


async def test_events_carried_are_known_by_id_and_record(world: World) -> None:
    """An event that the hub carried is known by its own id and by its sender's record."""
    sealed = sealed_event("evt-1", record=("s1", 1))
    await world.commit(record(0, sealed, judged(sealed, refuse())))
    snapshot = await world.ledger.look_up(FactKeys(event_ids=frozenset({"evt-1", "s1"})))
    assert [item["id"] for item in snapshot.known_events] == ["evt-1", "s1"]


async def test_pairs_are_told_and_lapse(world: World) -> None:
    """A pair told is found by either subject until it lapses."""
    pair = Pair("gp_1", "ps_b", SCHOOL, "ps_a", "same_household")
    one, two = sealed_event("evt-1"), sealed_event("evt-2")
    await world.commit(record(0, one, _with(judged(one, refuse()), told=(pair,))))
    for subject in ("ps_a", "ps_b"):
        keys = FactKeys(subjects=frozenset({subject}))
        assert (await world.ledger.look_up(keys)).pairs == (pair,)
    await world.commit(record(1, two, _with(judged(two, refuse()), lapsed=(pair,))))
    assert (await world.ledger.look_up(FactKeys(subjects=frozenset({"ps_a"})))).pairs == ()


def _with(judgement: Judgement, told: tuple[Pair, ...] = (), lapsed: tuple[Pair, ...] = ()) -> Judgement:
    """Return the judgement with pairs."""
    from dataclasses import replace

    return replace(judgement, history=HistoryChanges(judgement.history.entries, told, lapsed))


async def test_subscriptions_by_organisation(world: World) -> None:
    """Subscriptions come back as they were put, of one organisation or all."""
    await world.ledger.put_subscription(subscription("gp_1"))
    await world.ledger.put_subscription(subscription("gp_2"))
    assert await world.ledger.subscriptions("gp_2") == [subscription("gp_2")]
    assert len(await world.ledger.subscriptions()) == 2
