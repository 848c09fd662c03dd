"""Routes for senders: publish, receipt."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from hub.core.model import JsonObject
from hub.gateway.authentication import Scope
from hub.gateway.events import EVENT_JSON
from hub.gateway.openapi_parts import events_body, json_answer, problem_answers, security
from hub.gateway.services import PublishingCaller, TheServices, publisher, services_of, the_instance

router = APIRouter()


class VerdictView(BaseModel):
    """One time that the event was judged: a repeat or a released hold adds another."""

    at: str
    verdict: Annotated[str, Field(description="CODES.md, dedup verdict.", examples=["unique"])]
    reason: str | None = None
    message: str | None = None
    message_nl: str | None = None


class ExplanationView(BaseModel):
    """Why, as far as the sender may know."""

    gates: Annotated[
        list[str],
        Field(description="The rule that decided; several where each gives this reason.", examples=[["R15"]]),
    ]
    law: Annotated[str | None, Field(description="Law articles; null is policy.", examples=["BW 1:253i"])]
    nl: str
    en: str


class QuestionView(BaseModel):
    """What the sender can do about it."""

    nl: str
    en: str
    send: Annotated[
        list[str],
        Field(
            description="Event types that bring what is missing.",
            examples=[["nl.jeugdigen.consent.given.v1"]],
        ),
    ]
    send_again: Annotated[bool, Field(description="Whether the message itself must be sent again.")]


class RecipientView(BaseModel):
    """What became of the event for one recipient."""

    recipient: Annotated[str, Field(description="The organisation, or `kind:<kind>` while nobody was found.")]
    state: Annotated[str, Field(description="delivered, withheld, held, parked, pending or recorded.")]
    outcome: str
    reason: str | None
    message: str | None = None
    message_nl: str | None = None
    explanation: ExplanationView | None = None
    question: QuestionView | None = None
    withheld: Annotated[list[str], Field(description="Sections that were present and did not go.")]
    duties: list[JsonObject]
    at: str


class ReceiptView(BaseModel):
    """What became of one accepted event, as far as its sender may know."""

    id: str
    type: str
    accepted_at: str
    status: Annotated[str, Field(description="`accepted` until it is decided.")]
    outcome: str | None = None
    reason: str | None = None
    message: str | None = None
    message_nl: str | None = None
    explanation: ExplanationView | None = None
    question: QuestionView | None = None
    duties: list[JsonObject] | None = None
    hold_until: str | None = None
    recipients: list[RecipientView]
    verdicts: list[VerdictView]


_PUBLISHED = {
    200: {
        **json_answer(
            "EventEcho", "Accepted: Kafka acknowledged it. A batch gives a result per event.", EVENT_JSON
        ),
        "headers": {"Location": {"description": "The receipt.", "schema": {"type": "string"}}},
    },
    207: json_answer("BatchAnswer", "A batch of which not every event was accepted; see each result."),
    **problem_answers(400, 401, 403, 406, 408, 413, 415, 431, 500, 503),
}
_PUBLISHED[200]["content"]["application/json"] = {"schema": {"$ref": "#/components/schemas/BatchAnswer"}}


@router.post(
    "/events",
    tags=["events"],
    operation_id="events_post",
    summary="Publish an event, or a batch",
    response_class=Response,
    responses=_PUBLISHED,
    openapi_extra={**events_body(), **security(Scope.PUBLISH)},
)
async def publish(request: Request) -> Response:
    """Publish one CloudEvent (structured or binary mode) or a batch of at most 100.

    The answer comes after the event is safely stored; the same `source` and `id` sent again gives the same
    answer and is shared once. The decision follows within moments: fetch the receipt.
    """
    # The busiest route asks for its parts itself: resolving three dependencies costs as much as sealing an event.
    caller = await publisher(request)
    return await services_of(request).events.answer(request, caller, await the_instance(request))


@router.get(
    "/receipts/{id}",
    tags=["events"],
    operation_id="receipt_get",
    summary="What became of my event",
    response_model=ReceiptView,
    responses=problem_answers(401, 403, 404, 431, 500, 503),
    openapi_extra=security(Scope.PUBLISH),
)
async def receipt(
    receipt_id: Annotated[str, Path(alias="id", description="The last part of `Location`, or `event_id`.")],
    caller: PublishingCaller,
    services: TheServices,
) -> JSONResponse:
    """Return per recipient what was decided and delivered, with the reason in a code and in plain words."""
    return JSONResponse(await services.receipts.find(receipt_id, caller))
