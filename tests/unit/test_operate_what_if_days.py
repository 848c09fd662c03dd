"""`hub decide --what-if --partners`: what another configuration would change in the last days."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from hub.core.snapshot import FactKeys, Snapshot
from hub.ledger.ledger import StoredLedger
from hub.ledger.open import MEMORY_DSN, open_ledger
from hub.ledger.trail import RecentEvent
from hub.operate import what_if
from hub.operate.what_if import Asked
from hub.operate.what_if_days import Changes, compare
from tests.unit.dedup_world import STANDING, TEAM, signal, standing, to_team
from tests.unit.explain_world import NOON, Hub

BEFORE = "2026-11-22T11:00:00+00:00"
LATER = "2026-11-24T11:00:00+00:00"


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    ledger = await open_ledger(MEMORY_DSN, owner="test")
    yield await Hub(ledger).open(to_team("school"))
    await ledger.close()


async def changes_of(hub: Hub, other: Any, since: str = BEFORE, now: str = NOON) -> Changes:
    return await compare(hub.ledger, hub.standing, other, since=since, now=now)


async def test_another_configuration_names_every_verdict_that_changes(hub: Hub) -> None:
    """A partner that would be suspended changes the verdicts on its messages, from and to, with counts."""
    first = await hub.publish(signal())
    second = await hub.publish(signal(event_id="e2", record="r2", domains=["03"]))
    changes = await changes_of(hub, standing(suspended=TEAM))
    assert [
        (item.uid, item.recipient, item.before.reason, item.after.reason) for item in changes.changed
    ] == [
        (first, TEAM, "ok_consent", "deny_recipient_unknown"),
        (second, TEAM, "ok_consent", "deny_recipient_unknown"),
    ]
    assert changes.by_reason == {("ok_consent", "deny_recipient_unknown"): 2}
    assert (changes.judged, changes.gone, changes.drifted) == (2, 0, 0)


async def test_the_same_configuration_changes_nothing(hub: Hub) -> None:
    """Compared with itself a configuration changes no verdict."""
    await hub.publish(signal())
    changes = await changes_of(hub, STANDING)
    assert (changes.judged, changes.changed) == (1, [])


async def test_a_refusal_of_the_whole_event_counts_for_each_recipient(hub: Hub) -> None:
    """A sender that would be suspended changes the verdict on every recipient, and back."""
    await hub.publish(signal())
    changes = await changes_of(hub, standing(suspended="school_1"))
    assert [(item.recipient, str(item.before), str(item.after)) for item in changes.changed] == [
        (TEAM, "allow ok_consent", "deny deny_sender")
    ]
    back = await compare(hub.ledger, standing(suspended="school_1"), STANDING, since=BEFORE, now=NOON)
    assert [(item.recipient, str(item.before), str(item.after)) for item in back.changed] == [
        (TEAM, "deny deny_sender", "allow ok_consent")
    ]


async def test_sections_that_would_stay_behind_are_a_change(hub: Hub) -> None:
    """The same reason with other sections is a change: it changes what is shared with whom."""
    await hub.publish(signal())
    changes = await changes_of(hub, standing(sensitive_domains={"04": "health"}))
    (change,) = changes.changed
    assert (change.before.sections, change.after.sections) == (
        ("meta", "contact", "codes"),
        ("meta", "contact"),
    )
    assert str(change.after) == "redact ok_consent (meta, contact)"


async def test_content_that_is_gone_is_counted_not_guessed(hub: Hub) -> None:
    """An event whose content is no longer kept is counted, and nothing is said about it."""
    await hub.publish(signal())
    await hub.publish(signal("gp_1", "e2", "r2"))
    changes = await changes_of(hub, standing(suspended=TEAM))
    assert (changes.judged, changes.gone, len(changes.changed)) == (1, 1, 1)


async def test_only_the_days_asked_for_count_and_all_that_waits(hub: Hub) -> None:
    """Events before the instant are left out, unless they still wait."""
    old = await hub.publish(signal(recipients=[{"to": {"kind": "debt_help"}}]))
    await hub.publish(signal(event_id="e2", record="r2"))
    hub.now = LATER
    await hub.publish(signal(event_id="e3", record="r3", domains=["03"]))
    changes = await changes_of(hub, standing(suspended="school_1"), since=LATER, now=LATER)
    assert changes.judged == 2
    assert old in {item.uid for item in changes.changed}


async def test_facts_that_changed_since_are_not_blamed_on_the_configuration(hub: Hub) -> None:
    """An event that would be judged otherwise anyhow is counted apart."""
    await hub.publish(signal())
    hub.now = "2027-03-10T11:00:00+00:00"  # the consent ended
    changes = await changes_of(hub, STANDING, now=hub.now)
    assert (changes.judged, changes.changed, changes.drifted) == (1, [], 1)


class Kept:
    """A ledger that holds one event which waits as a whole."""

    async def recent_events(self, since: str) -> AsyncIterator[RecentEvent]:
        view = signal()
        yield RecentEvent("uid-1", since, "hold", "hold_closing_gate", (), view, "school_1")

    async def look_up(self, keys: FactKeys) -> Snapshot:
        assert keys.subjects == {"child_1"}
        return Snapshot()


async def test_an_event_that_waits_as_a_whole_is_compared_with_its_record() -> None:
    """A verdict on the event as a whole stands on record without recipients; the facts of now decide otherwise."""
    ledger = cast("StoredLedger", Kept())
    changes = await compare(ledger, STANDING, standing(suspended="school_1"), since=BEFORE, now=NOON)
    assert (changes.judged, changes.drifted) == (1, 1)
    assert [item.after.reason for item in changes.changed] == ["deny_sender"]


async def test_what_was_retracted_since_is_left_out(hub: Hub) -> None:
    """An event that was retracted or replaced would leave by no configuration: it is left out, and counted."""
    await hub.publish(signal())
    await hub.publish(signal(event_id="e2", record={"ref": "r1", "revision": 2}, domains=["03"]))
    changes = await changes_of(hub, standing(suspended=TEAM))
    assert (changes.overtaken, changes.judged) == (1, 1)


async def test_many_events_are_compared_part_by_part(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """More events than fit in one part are all compared."""
    monkeypatch.setattr("hub.operate.what_if_days.PART_EVENTS", 2)
    for number in range(5):
        await hub.publish(signal(event_id=f"e{number}", record=f"r{number}", domains=[f"0{number + 1}"]))
    assert (await changes_of(hub, standing(suspended=TEAM))).judged == 5


def test_text_of_a_comparison_counts_everything() -> None:
    """The text form has the counts of what changed, what drifted, what was overtaken and what is gone."""
    changes = Changes(judged=3, gone=2, overtaken=1, drifted=1)
    out = io.StringIO()
    what_if._show_changes(changes, Asked(), out)
    text = out.getvalue()
    assert "1 events differ from the record already" in text
    assert "1 events were overtaken" in text
    assert "2 events could not be judged again: content no longer kept" in text
