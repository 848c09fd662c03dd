"""A first filling: what is stored, and what is named because it cannot be."""

from __future__ import annotations

import pytest

from hub.ledger.open import MEMORY_DSN, open_ledger
from hub.ledger.seed import seed_facts, seed_of


@pytest.mark.parametrize(
    ("facts", "unholdable"),
    [
        ({}, ["consent_version"]),
        ({"consent_version": 1}, []),
        ({"consent_version": True}, ["consent_version"]),
        ({"consent_version": 1, "subjects": []}, ["subjects"]),
        ({"consent_version": 1, "consents": None}, ["consents"]),
        ({"consent_version": 1, "consents": ["x", {"subject_ref": 1}]}, ["consents[0]", "consents[1]"]),
        ({"consent_version": 1, "help_teams": {}}, ["help_teams"]),
        ({"consent_version": 1, "help_teams": [{"case_ref": "c"}, {}]}, ["help_teams[1]"]),
        ({"consent_version": 1, "case_parties": []}, ["case_parties"]),
        ({"consent_version": 1, "case_parties": {"a": ["x"], "b": 1}}, ["case_parties.b"]),
        ({"consent_version": 1, "known_events": [1]}, ["known_events"]),
        ({"consent_version": 1, "something_new": 1}, ["something_new"]),
        ({"consent_version": 1, "directory": 1, "held_since": None}, []),
    ],
)
def test_what_cannot_be_held_is_named(facts: dict[str, object], unholdable: list[str]) -> None:
    """Nothing of a facts document is dropped in silence."""
    assert seed_of(facts).unholdable == unholdable


async def test_seed_counts_as_one_state() -> None:
    """A seeded subject has the stated version, however many changes made it."""
    from hub.core.snapshot import FactKeys

    ledger = await open_ledger(MEMORY_DSN, owner="test")
    facts = {"consent_version": 7, "subjects": {"ps_a": {}}, "consents": [{"subject_ref": "ps_a"}] * 3}
    assert await seed_facts(ledger, facts) == ()
    snapshot = await ledger.look_up(FactKeys(subjects=frozenset({"ps_a"})))
    assert snapshot.consent_versions == {"ps_a": 7}
    assert len(snapshot.consents["ps_a"]) == 3
    await ledger.close()
