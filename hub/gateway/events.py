"""`POST /events`: one event in structured or binary mode, or a batch with a result per event."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.core.model import JsonObject
from hub.gateway.authentication import Caller
from hub.gateway.bodies import media_type, negotiate, read_body
from hub.gateway.limits import BATCH_MAX_BYTES, EVENT_MAX_BYTES
from hub.gateway.mapping import EXPECTED_ERRORS, problem_of
from hub.gateway.observe import Metrics, Mode
from hub.gateway.problems import ProblemError, problem_document
from hub.gateway.publishing import Publishing, Ready, in_key_order
from hub.wire.cloudevents import CloudEvent, parse_batch, parse_http
from hub.wire.envelope import WireError
from hub.wire.reasons import WireReason

EVENT_JSON: Final = "application/cloudevents+json"
BATCH_JSON: Final = "application/cloudevents-batch+json"
PLAIN_JSON: Final = "application/json"


def receipt_path(uid: str) -> str:
    """Return where the receipt of an event is."""
    return f"/receipts/{uid}"


def echo(ready: Ready) -> JsonObject:
    """Return the event's context attributes (VNG: the published event). INVARIANT: never its data."""
    return {name: value for name, value in ready.attributes.items() if name != "datacontenttype"}


class EventsEndpoint:
    """Answers `POST /events`."""

    def __init__(self, publishing: Publishing, metrics: Metrics, base_url: str) -> None:
        self._publishing = publishing
        self._metrics = metrics
        self._base_url = base_url

    async def answer(self, request: Request, caller: Caller, instance: str) -> Response:
        """Publish what the body holds. The mode follows from the content type (CloudEvents HTTP binding 3)."""
        traceparent = request.headers.get("traceparent")
        if media_type(request.headers) == BATCH_JSON:
            return await self._batch(request, caller, traceparent, instance)
        answer_type = negotiate(request.headers, EVENT_JSON, PLAIN_JSON)
        body = await read_body(request, EVENT_MAX_BYTES)
        event = parse_http(one_value_each(request.headers), body)
        ready = await self._publishing.prepare(event, caller, traceparent)
        structured = media_type(request.headers) == EVENT_JSON
        await self._publishing.publish(ready, Mode.STRUCTURED if structured else Mode.BINARY)
        headers = {"Location": f"{self._base_url}{receipt_path(ready.sealed.uid)}"}
        return JSONResponse(echo(ready), headers=headers, media_type=answer_type)

    async def _batch(
        self, request: Request, caller: Caller, maybe_traceparent: str | None, instance: str
    ) -> Response:
        negotiate(request.headers, PLAIN_JSON)
        body = await read_body(request, BATCH_MAX_BYTES)
        events = parse_batch(one_value_each(request.headers), body)
        outcomes = await self._publish_all(events, caller, maybe_traceparent)
        results = [self._result(index, outcome, instance) for index, outcome in enumerate(outcomes)]
        return _batch_answer(results, outcomes)

    async def _publish_all(
        self, events: list[CloudEvent | WireError], caller: Caller, maybe_traceparent: str | None
    ) -> list[Ready | ProblemError]:
        outcomes = [await self._prepared(event, caller, maybe_traceparent) for event in events]
        ready = [(index, item) for index, item in enumerate(outcomes) if isinstance(item, Ready)]
        await asyncio.gather(*(self._publish_group(group, outcomes) for group in in_key_order(ready)))
        return outcomes

    async def _prepared(
        self, event: CloudEvent | WireError, caller: Caller, maybe_traceparent: str | None
    ) -> Ready | ProblemError:
        try:
            if isinstance(event, WireError):
                raise event
            return await self._publishing.prepare(event, caller, maybe_traceparent)
        except EXPECTED_ERRORS as error:
            return problem_of(error)

    async def _publish_group(
        self, group: list[tuple[int, Ready]], outcomes: list[Ready | ProblemError]
    ) -> None:
        """Write the events of one child in their order; after a failure the later ones are not written either."""
        failed: ProblemError | None = None
        for index, ready in group:
            try:
                if failed is None:
                    await self._publishing.publish(ready, Mode.BATCH)
            except EXPECTED_ERRORS as error:
                failed = problem_of(error)
            if failed is not None:
                outcomes[index] = ProblemError(
                    failed.reason, event_id=ready.sealed.uid, retry_after_seconds=failed.retry_after_seconds
                )

    def _result(self, index: int, outcome: Ready | ProblemError, instance: str) -> JsonObject:
        if isinstance(outcome, Ready):
            uid = outcome.sealed.uid
            receipt = f"{self._base_url}{receipt_path(uid)}"
            return {
                "index": index,
                "status": 200,
                "event_id": uid,
                "receipt": receipt,
                "event": echo(outcome),
            }
        self._metrics.refused(outcome.reason)
        document = problem_document(outcome, instance=instance, base_url=self._base_url)
        return {"index": index, "status": outcome.status, "problem": document}


def _batch_answer(results: list[JsonObject], outcomes: list[Ready | ProblemError]) -> Response:
    """Return 200 when all were accepted, 503 when the hub's own trouble refused all, else 207 (RFC 4918, 13)."""
    problems = [outcome for outcome in outcomes if isinstance(outcome, ProblemError)]
    status, headers = HTTPStatus.OK, dict[str, str]()
    if problems:
        status = HTTPStatus.MULTI_STATUS
    waits = [problem.retry_after_seconds for problem in problems if problem.retry_after_seconds is not None]
    if waits and len(waits) == len(outcomes):
        status, headers = HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(max(waits))}
    body = {"accepted": len(results) - len(problems), "refused": len(problems), "results": results}
    return JSONResponse(body, status_code=status, headers=headers)


def one_value_each(headers: Headers) -> Mapping[str, str]:
    """Return the headers as a map; an attribute header given twice is refused, for either value could be meant."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        if name in found and (name.startswith("ce-") or name == "content-type"):
            raise WireError(WireReason.DUPLICATE_ATTRIBUTE)
        found[name] = value
    return found
