"""Routes about the door itself: domains, reasons, health."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from hub.core.model import JsonObject
from hub.gateway.authentication import Scope
from hub.gateway.bodies import negotiate
from hub.gateway.domains import Domain, DomainList, find_domain, list_domains
from hub.gateway.openapi_parts import problem_answers, security
from hub.gateway.problems import REASONS, STATUS_TITLES, Explanation, ProblemError
from hub.gateway.reasons import GatewayReason
from hub.gateway.services import KnownCaller, PublishingCaller, TheServices

router = APIRouter()

JSON = "application/json"
EITHER = security(Scope.CONSUME, Scope.PUBLISH)


class ReasonView(BaseModel):
    """What a reason code means."""

    reason: str
    status: int
    title: str
    message: str
    message_nl: str


class HealthView(BaseModel):
    """`parts` tells of each dependency whether it answered a moment ago."""

    status: str
    parts: dict[str, str] | None = None


@router.get(
    "/domains",
    tags=["domains"],
    operation_id="domains_list",
    summary="List domains",
    response_model=DomainList,
    responses=problem_answers(400, 401, 403, 406, 431, 500, 503),
    openapi_extra=EITHER,
)
async def domains(
    request: Request,
    _caller: KnownCaller,
    services: TheServices,
    name: Annotated[str | None, Query(max_length=200, description="Name of the domain.")] = None,
) -> JSONResponse:
    """Return the one domain of this door, nl.jeugdigen."""
    negotiate(request.headers, JSON)
    return JSONResponse(list_domains(services.base_url, name))


@router.post(
    "/domains",
    tags=["domains"],
    operation_id="domains_post",
    summary="Define a domain (not offered)",
    status_code=501,
    response_class=Response,
    responses=problem_answers(401, 403, 431, 500, 501, 503),
    openapi_extra=security(Scope.PUBLISH),
)
async def define_domain(_caller: PublishingCaller) -> Response:
    """Always 501: types of events are agreed in the catalogue, not made by one partner."""
    raise ProblemError(GatewayReason.NOT_OFFERED)


@router.get(
    "/domains/{uuid}",
    tags=["domains"],
    operation_id="domains_get",
    summary="Request domain info",
    response_model=Domain,
    responses=problem_answers(401, 403, 404, 406, 431, 500, 503),
    openapi_extra=EITHER,
)
async def domain(request: Request, uuid: str, _caller: KnownCaller, services: TheServices) -> JSONResponse:
    """Return one domain."""
    negotiate(request.headers, JSON)
    return JSONResponse(find_domain(services.base_url, uuid))


def _explained(row: Explanation) -> JsonObject:
    return {
        "reason": row.reason,
        "status": row.status,
        "title": STATUS_TITLES[row.status],
        "message": row.english,
        "message_nl": row.dutch,
    }


@router.get(
    "/problems",
    tags=["about"],
    operation_id="problems_list",
    summary="All reasons with which this door refuses",
    response_model=list[ReasonView],
    responses=problem_answers(431, 500),
)
async def problems() -> JSONResponse:
    """Return every reason code with its status and sentences."""
    return JSONResponse([_explained(row) for row in REASONS.values()])


@router.get(
    "/problems/{reason}",
    tags=["about"],
    operation_id="problem_get",
    summary="What a reason means",
    response_model=ReasonView,
    responses=problem_answers(404, 431, 500),
)
async def problem(reason: str) -> JSONResponse:
    """Explain one reason code: the `type` of a problem document leads here."""
    row = REASONS.get(reason)
    if row is None:
        raise ProblemError(GatewayReason.REASON_UNKNOWN)
    return JSONResponse(_explained(row))


@router.get(
    "/healthz",
    tags=["about"],
    operation_id="healthz",
    summary="Is the process alive",
    response_model=HealthView,
    responses=problem_answers(431, 500),
)
async def alive() -> JSONResponse:
    """Answer as long as the process serves requests."""
    return JSONResponse({"status": "alive"})


@router.get(
    "/readyz",
    tags=["about"],
    operation_id="readyz",
    summary="Can events be accepted now",
    response_model=HealthView,
    responses={
        503: {"description": "Kafka or the ledger is away.", "model": HealthView},
        **problem_answers(431, 500),
    },
)
async def ready(services: TheServices) -> JSONResponse:
    """Answer 200 when Kafka and the ledger answered within the last seconds, else 503."""
    fine, report = await services.readiness.report()
    return JSONResponse(report, status_code=200 if fine else 503)
