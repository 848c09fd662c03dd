"""Routes for receivers: subscriptions, the cursor feed, the live feed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import BaseModel, Field
from sse_starlette import EventSourceResponse
from starlette.responses import JSONResponse, Response

from hub.core.model import JsonObject
from hub.gateway.authentication import Scope
from hub.gateway.bodies import negotiate, read_json
from hub.gateway.limits import FEED_PAGE_DEFAULT, FEED_PAGE_MAX, SEQUENCE_MAX
from hub.gateway.openapi_parts import Document, body_of, problem_answers, security
from hub.gateway.services import ConsumingCaller, KnownCaller, TheServices
from hub.gateway.subscription_forms import SinkSecret, SubscriptionList, SubscriptionView

router = APIRouter(tags=["subscriptions"])

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
EVENT_STREAM = "text/event-stream"

Uuid = Annotated[str, Path(description="Number of the subscription.", max_length=100)]
After = Annotated[
    int, Query(ge=0, le=SEQUENCE_MAX, description="The last number you have; 0 is the beginning.")
]
Limit = Annotated[int, Query(ge=1, le=FEED_PAGE_MAX)]
LastEventId = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID", ge=0, le=SEQUENCE_MAX, description="As a client sends it when it reconnects."
    ),
]

CONSUME = security(Scope.CONSUME)
EXAMPLE: Document = {
    "protocol": "HTTP",
    "sink": "https://partner.example/samenhub",
    "types": ["nl.jeugdigen.signal.raised.v1"],
    "filters": [{"exact": {"source": "urn:nld:oin:00000000000000000000:systeem:voorbeeld"}}],
    "subscriberReference": "team-1",
}


class FeedPageView(BaseModel):
    """One page of a feed. Every number up to `next_after` is in `items` (as `sequence`) or in `withdrawn`."""

    items: Annotated[list[JsonObject], Field(description="CloudEvents in JSON, in the order of `sequence`.")]
    withdrawn: Annotated[list[int], Field(description="Numbers whose event may no longer be read.")]
    next_after: Annotated[int, Field(description="`after` for the next page.")]
    last_sequence: Annotated[int, Field(description="The last number given out.")]


@router.get(
    "/subscriptions",
    operation_id="subscriptions_list",
    summary="List subscriptions",
    response_model=SubscriptionList,
    response_model_exclude_none=True,
    responses=problem_answers(401, 403, 406, 431, 500, 503),
    openapi_extra=security(Scope.CONSUME, Scope.PUBLISH),
)
async def list_subscriptions(request: Request, caller: KnownCaller, services: TheServices) -> JSONResponse:
    """Return the caller's own subscriptions."""
    negotiate(request.headers, JSON)
    return JSONResponse(await services.subscriptions.list(caller))


@router.post(
    "/subscriptions",
    operation_id="subscriptions_post",
    summary="Subscribe",
    status_code=201,
    response_model=SubscriptionView,
    responses=problem_answers(400, 401, 403, 406, 408, 413, 415, 431, 500, 501, 503),
    openapi_extra={**body_of("SubscriptionRequest", JSON, example=EXAMPLE), **CONSUME},
)
async def create_subscription(
    request: Request, caller: ConsumingCaller, services: TheServices
) -> JSONResponse:
    """Subscribe a sink (HTTP) or a feed (FEED). The answer holds the signing secret of a sink, this once."""
    negotiate(request.headers, JSON)
    created = await services.subscriptions.create(await read_json(request, JSON), caller)
    return JSONResponse(created, status_code=201, headers={"Location": str(created["url"])})


@router.get(
    "/subscriptions/{uuid}",
    operation_id="subscription_get",
    summary="Request subscription info",
    response_model=SubscriptionView,
    responses=problem_answers(401, 403, 404, 406, 431, 500, 503),
    openapi_extra=security(Scope.CONSUME, Scope.PUBLISH),
)
async def get_subscription(
    request: Request, uuid: Uuid, caller: KnownCaller, services: TheServices
) -> JSONResponse:
    """Return one subscription of the caller."""
    negotiate(request.headers, JSON)
    found = await services.subscriptions.own(uuid, caller)
    return JSONResponse(services.subscriptions.view(found))


@router.put(
    "/subscriptions/{uuid}",
    operation_id="subscription_put",
    summary="Update subscription",
    response_model=SubscriptionView,
    responses=problem_answers(400, 401, 403, 404, 406, 408, 413, 415, 431, 500, 501, 503),
    openapi_extra={**body_of("SubscriptionRequest", JSON, example=EXAMPLE), **CONSUME},
)
async def put_subscription(
    request: Request, uuid: Uuid, caller: ConsumingCaller, services: TheServices
) -> JSONResponse:
    """Replace what a subscription asks for. Its number, its sequence and its secrets stay."""
    negotiate(request.headers, JSON)
    body = await read_json(request, JSON)
    return JSONResponse(await services.subscriptions.change(uuid, body, caller, merge=False))


@router.patch(
    "/subscriptions/{uuid}",
    operation_id="subscription_patch",
    summary="Patch subscription",
    response_model=SubscriptionView,
    responses=problem_answers(400, 401, 403, 404, 406, 408, 413, 415, 431, 500, 501, 503),
    openapi_extra={**body_of("SubscriptionRequest", JSON, MERGE_PATCH, example={"types": []}), **CONSUME},
)
async def patch_subscription(
    request: Request, uuid: Uuid, caller: ConsumingCaller, services: TheServices
) -> JSONResponse:
    """Replace the members that are named; null removes a member (RFC 7396)."""
    negotiate(request.headers, JSON)
    body = await read_json(request, JSON, MERGE_PATCH)
    return JSONResponse(await services.subscriptions.change(uuid, body, caller, merge=True))


@router.delete(
    "/subscriptions/{uuid}",
    operation_id="subscription_delete",
    summary="Delete subscription",
    status_code=204,
    responses=problem_answers(401, 403, 404, 431, 500, 503),
    openapi_extra=CONSUME,
)
async def delete_subscription(uuid: Uuid, caller: ConsumingCaller, services: TheServices) -> Response:
    """End a subscription. What waits goes to the delivery of the partner's configuration."""
    await services.subscriptions.remove(uuid, caller)
    return Response(status_code=204)


@router.post(
    "/subscriptions/{uuid}/secrets",
    operation_id="subscription_new_secret",
    summary="Rotate the signing secret of a sink",
    status_code=201,
    response_model=SinkSecret,
    responses=problem_answers(400, 401, 403, 404, 406, 431, 500, 503),
    openapi_extra=CONSUME,
)
async def new_secret(
    request: Request, uuid: Uuid, caller: ConsumingCaller, services: TheServices
) -> JSONResponse:
    """Return a new secret, this once. The one before it keeps signing beside it until the next rotation."""
    negotiate(request.headers, JSON)
    return JSONResponse(await services.subscriptions.new_secret(uuid, caller), status_code=201)


@router.get(
    "/subscriptions/{uuid}/events",
    operation_id="subscription_events",
    summary="Fetch the events of a feed",
    response_model=FeedPageView,
    responses=problem_answers(400, 401, 403, 404, 406, 409, 431, 500, 503),
    openapi_extra=CONSUME,
)
async def fetch(
    request: Request,
    uuid: Uuid,
    caller: ConsumingCaller,
    services: TheServices,
    after: After = 0,
    limit: Limit = FEED_PAGE_DEFAULT,
) -> JSONResponse:
    """Return the events after a number. Numbers have no gaps: keep `next_after` and ask again."""
    negotiate(request.headers, JSON)
    subscription = await services.reader.own_feed(uuid, caller)
    page = await services.reader.page(subscription, after, limit)
    return JSONResponse(page.document())


_STREAM: Document = {
    "description": (
        "Server-sent events. `id:` is the sequence number and `data:` a CloudEvent; event `withdrawn` has the bare "
        "number of an event that may no longer be read; event `heartbeat` tells the last number; event `problem` "
        "says why the stream ends."
    ),
    "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
}


@router.get(
    "/subscriptions/{uuid}/feed",
    operation_id="subscription_feed",
    summary="Follow a feed live",
    response_class=EventSourceResponse,
    responses={200: _STREAM, **problem_answers(400, 401, 403, 404, 406, 409, 429, 431, 500, 503)},
    openapi_extra=CONSUME,
)
async def follow(
    request: Request,
    uuid: Uuid,
    caller: ConsumingCaller,
    services: TheServices,
    after: After = 0,
    last_event_id: LastEventId = None,
) -> Response:
    """Stream events as they come. Reconnect with `Last-Event-ID` and nothing is missed."""
    negotiate(request.headers, EVENT_STREAM)
    start = after if last_event_id is None else last_event_id
    return await services.live.answer(uuid, start, caller)
