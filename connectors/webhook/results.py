"""What a receiver's answer means. The table in connectors/README.md is this file in words.

The rule behind the rows: a delivery is `Refused` only when the receiver judged this very message and sending the
same bytes again cannot help. Whatever a person can put right, at the receiver or here (a key, an address, a
certificate, a release), is `RetryAfter`: the message waits, bounded by time, instead of being lost to a typing
error. Nothing but a 2xx is ever counted as delivered.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from connectors.contract import Delivered, DeliveryResult, Refused, RetryAfter

RETRY_AFTER_MAX_SECONDS: Final = 3600.0
"""A receiver may ask for an hour of rest at most: an answer of next year must not park a child's signal."""

GONE: Final = 410
"""The receiver wants nothing more at this address; Standard Webhooks: disable the endpoint."""

ASKING_TO_WAIT: Final = frozenset({429, 503})
"""The statuses whose `Retry-After` counts (RFC 6585 section 4, RFC 9110 section 10.2.3)."""

PUT_RIGHT_BY_A_PERSON: Final = frozenset(
    {
        401,  # our key is not (yet) known there
        403,  # not (yet) allowed there
        404,  # wrong address, or not released yet
        405,  # same
        407,  # a proxy between us
        415,  # the other `mode` is expected
        421,  # wrong host behind a balancer
        426,  # another protocol is expected
    },
)
PASSES_BY_ITSELF: Final = frozenset(
    {
        408,  # the receiver was too slow
        409,  # in progress there: not a promise that it arrived, so not counted as delivered
        423,  # locked
        424,  # something behind the receiver failed
        425,  # too early
        428,  # a condition of the receiver's gateway
        429,  # too many requests
    },
)


def result_of(status: int, retry_after: str | None, now: datetime) -> DeliveryResult:
    """Return what an HTTP answer means; `retry_after` is the header's text, `now` an instant with offset."""
    if 200 <= status < 300:
        return Delivered(f"http_{status}")
    if status == GONE:
        return Refused("gone", disables=True)
    if 300 <= status < 400:
        return RetryAfter("redirect_not_followed")
    reason = f"http_{status}"
    if status in ASKING_TO_WAIT:
        return RetryAfter(reason, retry_after_seconds(retry_after, now))
    if status in PUT_RIGHT_BY_A_PERSON or status in PASSES_BY_ITSELF:
        return RetryAfter(reason)
    if 400 <= status < 500:
        return Refused(reason)
    return RetryAfter(reason if 500 <= status < 600 else "answer_unreadable")


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Return the pause that a `Retry-After` header asks for, in seconds, bounded; None when there is none.

    Both forms of RFC 9110 section 10.2.3: a number of seconds, or an HTTP date. A moment that has passed is 0.
    What cannot be read is None: the hub's own backoff decides.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), RETRY_AFTER_MAX_SECONDS) if len(text) < 16 else RETRY_AFTER_MAX_SECONDS
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000" and the asctime form: HTTP dates are in UTC
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - now).total_seconds()
    return min(max(float(math.ceil(seconds)), 0.0), RETRY_AFTER_MAX_SECONDS)
