"""Errors as RFC 9457 problem documents: one table from every reason to its status and sentences.

INVARIANT: a problem holds a reason of the table, pointers made of known field names, and ids of the hub. No
value of a request and no text of an exception can get in, because there is no field for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from uuid import uuid4

from starlette.responses import JSONResponse

from hub.core.model import JsonObject
from hub.core.sentences_dutch import DUTCH
from hub.core.sentences_english import ENGLISH
from hub.gateway.inspection_reasons import INSPECTION_STATUS
from hub.gateway.reasons import GatewayReason
from hub.identity.reasons import DoorReason
from hub.wire.reasons import WireReason

PROBLEM_JSON: Final = "application/problem+json"

STATUS_TITLES: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "The request is not valid",
        401: "Who you are is not established",
        403: "Not allowed",
        404: "Not found",
        405: "Method not allowed",
        406: "Not acceptable",
        408: "Request timeout",
        409: "Conflict",
        413: "The request is too large",
        415: "Unsupported media type",
        429: "Too many requests",
        431: "Request headers too large",
        500: "Internal error",
        501: "Not offered",
        503: "Temporarily unavailable",
    }
)

_WIRE_STATUS: Final[Mapping[WireReason, int]] = MappingProxyType(
    {
        WireReason.TOO_LARGE: 413,
        WireReason.TOO_MANY_EVENTS: 413,
        WireReason.UNSUPPORTED_MEDIA_TYPE: 415,
        WireReason.UNSUPPORTED_CHARSET: 415,
    }
)
"""Other refusals of the wire are the sender's form: 400."""

_WIRE_DUTCH_DEFAULT: Final = "Het bericht volgt de afgesproken vorm (CloudEvents 1.0, NL GOV-profiel) niet."

_WIRE_DUTCH: Final[Mapping[WireReason, str]] = MappingProxyType(
    {
        WireReason.TOO_LARGE: "Het bericht is groter dan de hub aanneemt.",
        WireReason.TOO_MANY_EVENTS: "De reeks bevat meer berichten dan de hub in één keer aanneemt.",
        WireReason.UNSUPPORTED_MEDIA_TYPE: "De hub neemt dit mediatype hier niet aan.",
        WireReason.UNSUPPORTED_CHARSET: "Alleen UTF-8 wordt aangenomen.",
        WireReason.MALFORMED_JSON: "De inhoud is geen geldige JSON (RFC 8259).",
        WireReason.DUPLICATE_MEMBER: "Een JSON-object noemt hetzelfde veld twee keer.",
        WireReason.MISSING_ATTRIBUTE: "Een verplicht kenmerk van het bericht ontbreekt.",
        WireReason.UNKNOWN_ATTRIBUTE: "Het bericht heeft een kenmerk dat de hub niet kent.",
        WireReason.DENY_BSN_IN_METADATA: DoorReason.BSN_IN_METADATA.dutch,
        WireReason.SUBJECT_NOT_ALLOWED: "Het kenmerk subject blijft leeg bij het publiceren.",
        WireReason.INVALID_SOURCE: "De bron (source) is geen URN van de vorm urn:nld:… van hooguit 200 tekens.",
        WireReason.INVALID_FILTER: "Het filter volgt de filtertaal voor abonnementen niet.",
    }
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a reason means at this door."""

    reason: str
    status: int
    english: str
    dutch: str


def _explanations() -> dict[str, Explanation]:
    table = {
        str(reason): Explanation(
            str(reason),
            _WIRE_STATUS.get(reason, 400),
            reason.sentence,
            _WIRE_DUTCH.get(reason, _WIRE_DUTCH_DEFAULT),
        )
        for reason in WireReason
    }
    table |= {item.code: Explanation(item.code, 400, item.english, item.dutch) for item in DoorReason}
    table |= {
        str(item): Explanation(str(item), item.status, item.english, item.dutch) for item in GatewayReason
    }
    table |= {
        str(reason): Explanation(str(reason), status, ENGLISH[reason], DUTCH[reason])
        for reason, status in INSPECTION_STATUS.items()
    }
    return table


REASONS: Final[Mapping[str, Explanation]] = MappingProxyType(_explanations())
"""Every reason with which this door refuses. A code of another room that is missing here is a fault of ours (500)."""


class ProblemError(Exception):
    """The request is refused. `pointers` are JSON pointers of known field names; `event_id` is the hub's uid."""

    def __init__(
        self,
        reason: str,
        *,
        pointers: tuple[str, ...] = (),
        event_id: str | None = None,
        retry_after_seconds: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        known = str(reason) if str(reason) in REASONS else str(GatewayReason.INTERNAL_ERROR)
        super().__init__(known)
        self.reason = known
        self.pointers = pointers
        self.event_id = event_id
        self.retry_after_seconds = retry_after_seconds
        self.headers = dict(headers or {})

    @property
    def explanation(self) -> Explanation:
        """The row of the table."""
        return REASONS[self.reason]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.explanation.status


def instance_urn(correlation_id: str) -> str:
    """Return the RFC 9457 `instance` of one occurrence: it joins the answer to the log line."""
    return f"urn:uuid:{correlation_id}"


def new_correlation_id() -> str:
    """Return a fresh id for one request."""
    return str(uuid4())


def problem_document(problem: ProblemError, *, instance: str, base_url: str) -> JsonObject:
    """Return the body: RFC 9457 members, the VNG members `code` and `invalidParams`, and ours."""
    row = problem.explanation
    document: JsonObject = {
        "type": f"{base_url}/problems/{row.reason}",
        "title": STATUS_TITLES[row.status],
        "status": row.status,
        "detail": row.english,
        "instance": instance,
        "reason": row.reason,
        "code": row.reason,
        "message_nl": row.dutch,
    }
    if problem.event_id is not None:
        document["event_id"] = problem.event_id
    if problem.pointers:
        document["pointers"] = list(problem.pointers)
    if row.status == 400:
        document["invalidParams"] = [
            {"name": pointer, "code": row.reason, "reason": row.english} for pointer in problem.pointers
        ]
    return document


def problem_response(problem: ProblemError, *, instance: str, base_url: str) -> JSONResponse:
    """Return the answer, with `Retry-After` and `WWW-Authenticate` where they belong."""
    headers = dict(problem.headers)
    if problem.retry_after_seconds is not None:
        headers["Retry-After"] = str(problem.retry_after_seconds)
    document = problem_document(problem, instance=instance, base_url=base_url)
    return JSONResponse(document, status_code=problem.status, headers=headers, media_type=PROBLEM_JSON)
