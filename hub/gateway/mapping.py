"""From the errors of other rooms to problems: one place, so that a route cannot forget one."""

from __future__ import annotations

from typing import Final

from hub.gateway.limits import RETRY_AFTER_SECONDS
from hub.gateway.parts import PublishUnavailableError
from hub.gateway.problems import ProblemError
from hub.gateway.reasons import GatewayReason
from hub.identity.keys import KeyUnusable
from hub.identity.reasons import Refusal
from hub.ledger.interface import LedgerUnavailableError
from hub.wire.envelope import WireError

EXPECTED_ERRORS: Final = (
    ProblemError,
    WireError,
    Refusal,
    PublishUnavailableError,
    LedgerUnavailableError,
    KeyUnusable,
)
"""What a request can meet without a fault in the hub."""

CORE_ATTRIBUTES: Final = frozenset(
    {
        "id",
        "source",
        "specversion",
        "type",
        "time",
        "subject",
        "datacontenttype",
        "dataschema",
        "dataref",
        "domain",
    }
)
"""Attribute names that a pointer may name. Another name is the sender's own text and could hold anything."""


def problem_of(error: Exception, event_id: str | None = None) -> ProblemError:
    """Return the problem for one of `EXPECTED_ERRORS`; raises the error again when it is none of them."""
    match error:
        case ProblemError():
            error.event_id = error.event_id or event_id
            return error
        case WireError():
            named = (f"/{error.detail}",) if error.detail in CORE_ATTRIBUTES else ()
            return ProblemError(error.reason, pointers=named, event_id=event_id)
        case Refusal():
            pointers = tuple(f"/data{pointer}" for pointer in error.pointers)
            return ProblemError(error.reason, pointers=pointers, event_id=event_id)
        case PublishUnavailableError():
            return _unavailable(GatewayReason.LOG_UNAVAILABLE, event_id)
        case LedgerUnavailableError():
            return _unavailable(GatewayReason.LEDGER_UNAVAILABLE, event_id)
        case KeyUnusable():
            return _unavailable(GatewayReason.LEDGER_UNAVAILABLE, event_id)
        case _:
            raise error


def _unavailable(reason: GatewayReason, event_id: str | None) -> ProblemError:
    return ProblemError(reason, event_id=event_id, retry_after_seconds=RETRY_AFTER_SECONDS)
