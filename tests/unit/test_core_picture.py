"""The prevention picture: hub/core/picture.py (EVENTS.md section 7, CONSENT.md gate E12)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.core.batch import judge_batch
from hub.core.picture import Period, due_period, picture_event
from hub.core.snapshot import Snapshot
from hub.ledger.interface import SignalCount
from tests.unit.core_world import DEFAULTS, some_facts

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOW = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
STANDING = some_facts().standing
CROWD = SignalCount("escamp", "04", 12, 10)


def published(*counts: SignalCount, standing: Any = STANDING, now: datetime = NOW) -> dict[str, Any] | None:
    """Return the event for October."""
    return picture_event(counts, OCTOBER, standing, now)


@pytest.mark.parametrize(
    ("now", "month"),
    [
        ("2026-11-01T01:59:59+01:00", "2026-09"),
        ("2026-11-01T02:00:00+01:00", "2026-10"),
        ("2026-11-01T00:59:59Z", "2026-09"),
        ("2026-11-30T23:59:59+01:00", "2026-10"),
        ("2026-12-01T01:59:59+01:00", "2026-10"),
        ("2027-01-01T02:00:00+01:00", "2026-12"),
        ("2027-01-01T01:00:00+01:00", "2026-11"),
        ("2026-07-31T23:30:00Z", "2026-06"),
        ("2026-08-01T00:00:00Z", "2026-07"),
    ],
)
def test_a_month_is_due_at_two_on_the_first_day_after(now: str, month: str) -> None:
    """At 02:00 in Amsterdam, winter and summer; before that the month before is the latest."""
    assert due_period(datetime.fromisoformat(now)).name == month


def test_a_month_runs_from_midnight_to_midnight_in_amsterdam() -> None:
    """October 2026 begins in summer time and ends in winter time."""
    assert due_period(NOW) == OCTOBER
    assert (OCTOBER.start, OCTOBER.end) == ("2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00")
    assert due_period(datetime(2028, 3, 15, tzinfo=UTC)).last == date(2028, 2, 29)


def test_a_picture_holds_cells_and_period_and_nobody() -> None:
    """It goes to those who get counts only, and points to no person."""
    event = published(SignalCount("laak", "04", 10, 10), CROWD)
    assert event is not None
    assert event["type"] == "prevention.picture_published"
    assert event["cells"] == [
        {"area": "escamp", "domain": "04", "n": 12},
        {"area": "laak", "domain": "04", "n": 10},
    ]
    assert event["data"] == {"period_from": "2026-10-01", "period_to": "2026-10-31"}
    assert event["time"] == "2026-11-01T02:00:00+01:00"
    assert event["purpose"] == "prevention_picture"
    assert "subject_ref" not in event
    kinds = {row["org"]: row["kind"] for row in DEFAULTS["directory"]}
    assert {kinds[item["to"]["org"]] for item in event["recipients"]} == {"municipality", "safety_department"}


@pytest.mark.parametrize(
    "small",
    [
        SignalCount("escamp", "04", 9, 9),
        SignalCount("escamp", "04", 10, 9),
        SignalCount("escamp", "04", 100, 1),
        SignalCount("escamp", "04", 0, 0),
    ],
)
def test_a_small_cell_is_left_out(small: SignalCount) -> None:
    """Fewer than ten signals, or about fewer than ten persons: one child with many signals is no crowd."""
    assert published(small) is None
    event = published(small, SignalCount("laak", "05", 10, 10))
    assert event is not None
    assert [cell["area"] for cell in event["cells"]] == ["laak"]


def test_nothing_to_count_is_not_published() -> None:
    """An empty month gives no event."""
    assert published() is None


def test_without_a_receiver_nothing_is_published() -> None:
    """Nobody who gets counts takes part yet."""
    assert published(CROWD, now=datetime(2020, 1, 1, tzinfo=UTC)) is None


def test_invalid_settings_publish_nothing() -> None:
    """Without a threshold that can be read nothing is shown."""
    assert published(CROWD, standing=some_facts(policy={"k_aggregate": 1}).standing) is None


def test_the_threshold_is_that_of_the_settings() -> None:
    """A city may ask for larger cells."""
    assert published(CROWD, standing=some_facts(policy={"k_aggregate": 11}).standing) is None


def test_one_month_is_one_event() -> None:
    """Computed again, later and with other counts, it has the same id and digest; another month has another."""
    first, again = published(CROWD), published(SignalCount("laak", "05", 50, 40), now=NOW.replace(hour=5))
    september = picture_event([CROWD], Period(date(2026, 9, 1), date(2026, 9, 30)), STANDING, NOW)
    assert first is not None
    assert again is not None
    assert september is not None
    assert (first["id"], first["digest"]) == (again["id"], again["digest"])
    assert first["id"] != september["id"]


def test_the_picture_passes_the_gates() -> None:
    """The decision lets every receiver have the counts (gate E12, R3)."""
    event = published(CROWD)
    assert event is not None
    sealed = {**event, "source": "urn:nld:test:hub"}
    (judgement,) = judge_batch([("uid-1", "hub", sealed)], Snapshot(), STANDING, "2026-11-01T02:00:01+01:00")
    assert {item.reason for item in judgement.deliver} == {"ok_aggregate"}
    assert len(judgement.deliver) == len(event["recipients"])
