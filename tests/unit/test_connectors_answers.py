"""What a receiver's answer means, row by row of connectors/README.md."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Delivered, DeliveryResult, Refused, RetryAfter
from connectors.webhook.results import RETRY_AFTER_MAX_SECONDS, result_of, retry_after_seconds

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
README = Path(__file__).resolve().parents[2] / "connectors" / "README.md"


def published_rows() -> list[tuple[str, str]]:
    table = README.read_text("utf-8").split("<!-- answers -->")[1].split("<!-- /answers -->")[0]
    rows = [line.split("|")[1:3] for line in table.strip().splitlines()[2:]]
    return [(answer.strip(), result.strip()) for answer, result in rows]


def statuses_of(answer: str) -> list[int]:
    statuses: list[int] = []
    for part in answer.split(","):
        ends = [int(number) for number in re.findall(r"\d{3}", part)]
        statuses.extend(range(ends[0], ends[-1] + 1))
    return statuses


def described(result: DeliveryResult) -> str:
    match result:
        case Delivered():
            return "delivered"
        case Refused(disables=disables):
            return "refused, disables" if disables else "refused"
        case RetryAfter(reason="redirect_not_followed" | "answer_unreadable" as reason):
            return f"retry `{reason}`"
        case RetryAfter():
            return "retry"


@pytest.mark.parametrize(("answer", "result"), [row for row in published_rows() if row[0][0].isdigit()])
def test_each_published_row_holds(answer: str, result: str) -> None:
    """The table that operators read is what the connector does, for every status of every row."""
    expected = "retry" if result == "retry after `Retry-After`" else result
    assert {described(result_of(status, None, NOW)) for status in statuses_of(answer)} == {expected}
    asks = result_of(statuses_of(answer)[0], "7", NOW)
    assert (isinstance(asks, RetryAfter) and asks.seconds == 7) is (result == "retry after `Retry-After`")


def test_the_published_rows_leave_nothing_out() -> None:
    """Each status stands in one row at most, and those in none are refused (4xx) or unreadable."""
    listed = [
        status for answer, _ in published_rows() if answer[0].isdigit() for status in statuses_of(answer)
    ]
    assert len(listed) == len(set(listed))
    rest = {status: result_of(status, None, NOW) for status in range(100, 1000) if status not in listed}
    for status, result in rest.items():
        if 400 <= status < 500:
            assert result == Refused(f"http_{status}")
        else:
            assert result == RetryAfter("answer_unreadable")


def test_gone_switches_the_subscription_off() -> None:
    """Only 410 asks to disable the subscription (Standard Webhooks)."""
    disabling = [
        status
        for status in range(100, 1000)
        if isinstance(result := result_of(status, "5", NOW), Refused) and result.disables
    ]
    assert disabling == [410]


def test_only_success_counts_as_delivered() -> None:
    """Nothing but a 2xx is delivered, and its status is kept for the record."""
    delivered = [s for s in range(100, 1000) if isinstance(result_of(s, None, NOW), Delivered)]
    assert delivered == list(range(200, 300))
    assert result_of(204, None, NOW) == Delivered("http_204")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        (" 120 ", 120),
        ("3601", RETRY_AFTER_MAX_SECONDS),
        ("9" * 5000, RETRY_AFTER_MAX_SECONDS),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),  # digits, but not those of HTTP
        ("", None),
        ("soon", None),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30),
        ("Fri, 20 Nov 2026 11:59:00 GMT", 0),
        ("Friday, 20-Nov-26 12:00:30 GMT", 30),
        ("Fri Nov 20 12:00:30 2026", 30),
        ("Fri, 20 Nov 2026 12:00:30 -0000", 30),
        ("Fri, 20 Nov 2099 12:00:30 GMT", RETRY_AFTER_MAX_SECONDS),
        ("Fri, 99 Nov 2026 12:00:30 GMT", None),
        ("Fri, 20 Nov 99999999999 12:00:30 GMT", None),
    ],
)
def test_both_forms_of_retry_after_are_read(header: str | None, seconds: float | None) -> None:
    """Seconds and HTTP dates count, bounded; what cannot be read leaves the pause to the hub."""
    assert retry_after_seconds(header, NOW) == seconds


@given(st.text())
def test_no_header_is_too_strange(header: str) -> None:
    """Whatever a receiver writes into Retry-After, the answer is a bounded number or nothing."""
    seconds = retry_after_seconds(header, NOW)
    assert seconds is None or 0 <= seconds <= RETRY_AFTER_MAX_SECONDS
