"""The composition of the gateway: `create_app(parts)` gives the ASGI application. Nothing connects at import time."""

from __future__ import annotations

import logging
from functools import cache
from typing import Final, NoReturn

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.gateway import routes_about, routes_events, routes_inspection, routes_subscriptions
from hub.gateway.guard import Guard
from hub.gateway.openapi import describe
from hub.gateway.parts import GatewayParts
from hub.gateway.problems import ProblemError
from hub.gateway.reasons import GatewayReason
from hub.gateway.services import compose

NO_TELEMETRY: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI's own telemetry records exception texts and the inputs of failed validations. Ours is `observe.Metrics`."""

PARAMETER_NAMES: Final = frozenset({"after", "limit", "Last-Event-ID", "last-event-id", "name", "uuid", "id"})
"""Parameters that a pointer may name."""


class _NoContent(logging.Filter):
    """Keeps the event-stream library from writing what it sends: at debug level it logs every chunk."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.DEBUG


class _Whole:
    """An ASGI application as the endpoint of exactly one path: a mount would want a slash behind it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class _Busiest:
    """Answers `POST /events` without the router: its matching, stacks and dependencies cost a fifth of a publication.

    The route itself stays in the router, which describes it and answers its other methods. Stands inside the guard,
    which turns errors into answers here as everywhere.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PUBLISH.path or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["route"] = PUBLISH  # the guard's log names it
        response = await routes_events.publish(Request(scope, receive, send))
        await response(scope, receive, send)


PUBLISH: Final = next(
    route for route in routes_events.router.routes if isinstance(route, Route) and route.name == "publish"
)

_NO_CONTENT: Final = _NoContent()


async def _not_routed(_request: Request, error: Exception) -> NoReturn:
    """Turn the router's 404 and 405 into problems; the guard writes them."""
    unknown = isinstance(error, HTTPException) and error.status_code == 404
    headers = error.headers if isinstance(error, HTTPException) else None
    reason = GatewayReason.ROUTE_UNKNOWN if unknown else GatewayReason.METHOD_NOT_ALLOWED
    raise ProblemError(reason, headers=headers)


async def _parameters_invalid(_request: Request, error: Exception) -> NoReturn:
    """Turn a query or header of the wrong form into a problem that names the parameter, not its value."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    names = sorted({str(item["loc"][-1]) for item in found} & PARAMETER_NAMES)
    raise ProblemError(GatewayReason.FORM_INVALID, pointers=tuple(f"/{name}" for name in names))


def create_app(parts: GatewayParts) -> FastAPI:
    """Return the gateway's ASGI application.

    Every part is an argument; starting and stopping the publisher, the ledger and other parts is the caller's.
    """
    logging.getLogger("sse_starlette.sse").addFilter(_NO_CONTENT)
    app = FastAPI(
        title="Samenhub gateway",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
        servers=[{"url": parts.settings.public_url}] if parts.settings.public_url else None,
        exception_handlers={HTTPException: _not_routed, RequestValidationError: _parameters_invalid},
    )
    app.state.services = compose(parts)
    for routes in (routes_events, routes_subscriptions, routes_inspection, routes_about):
        app.include_router(routes.router)
    if parts.metrics_app is not None:
        app.router.routes.append(Route("/metrics", _Whole(parts.metrics_app), include_in_schema=False))
    app.add_middleware(_Busiest)  # what is added later lies around it
    app.add_middleware(Guard, metrics=parts.metrics, base_url=parts.settings.public_url)
    app.openapi = cache(lambda: describe(app, parts.settings.token_url))  # type: ignore[method-assign]
    return app
