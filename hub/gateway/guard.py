"""The outermost layer: header limits, an id for every request, fixed answer headers, and no exception gets out.

Pure ASGI, so that live feeds pass through it without buffering. An exception that reached the server would be
logged with its text, which can quote what a partner sent; here it becomes a problem document with an id, and a
log line with the exception's type and place.
"""

from __future__ import annotations

import traceback
from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.gateway.limits import HEADERS_MAX_BYTES, HEADERS_MAX_COUNT
from hub.gateway.mapping import EXPECTED_ERRORS, problem_of
from hub.gateway.observe import Metrics
from hub.gateway.problems import ProblemError, instance_urn, new_correlation_id, problem_response
from hub.gateway.reasons import GatewayReason

API_VERSION: Final = "0.1.5"
"""The version of the VNG Notification API that this door keeps to; answered in the header `API-version`."""

CORRELATION: Final = "samenhub.correlation_id"
"""Where the request's id stands in the ASGI scope's state."""

PLACES: Final = 6
"""Innermost calls of a fault that are logged: enough to find the line."""

FIXED_HEADERS: Final = (
    ("API-version", API_VERSION),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
)
"""Answers can concern a child: nothing between hub and partner may keep them (RFC 9111, 5.2.2.5)."""


def headers_fit(headers: list[tuple[bytes, bytes]]) -> bool:
    """Return whether a request's headers are within the limits."""
    size = sum(len(name) + len(value) for name, value in headers)
    return len(headers) <= HEADERS_MAX_COUNT and size <= HEADERS_MAX_BYTES


class Guard:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, base_url: str) -> None:
        self._app = app
        self._metrics = metrics
        self._base_url = base_url
        self._log = structlog.get_logger("hub.gateway")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; other protocols pass unchanged."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation_id = new_correlation_id()
        scope.setdefault("state", {})[CORRELATION] = correlation_id
        answer = _Answer(send)
        problem = await self._attempt(scope, receive, answer)
        if problem is None:
            await answer.finish()
            return
        self._metrics.refused(problem.reason)
        if answer.started:
            # Half an answer cannot become another one; the server closes the connection.
            return
        response = problem_response(problem, instance=instance_urn(correlation_id), base_url=self._base_url)
        await response(scope, receive, answer.send)

    async def _attempt(self, scope: Scope, receive: Receive, answer: _Answer) -> ProblemError | None:
        """Let the application answer; return the problem that it ended with."""
        place = {
            "instance": scope["state"][CORRELATION],
            "method": scope["method"],
        }
        try:
            _require_small_headers(scope)
            await self._app(scope, receive, answer.send)
        except EXPECTED_ERRORS as error:
            problem = problem_of(error)
            self._log.info(
                "request_refused", reason=problem.reason, status=problem.status, route=_route(scope), **place
            )
            return problem
        except Exception as error:  # noqa: BLE001 - nothing may get past: the server would log its text
            self._log.error("request_failed", route=_route(scope), **_without_text(error), **place)
            return ProblemError(GatewayReason.INTERNAL_ERROR)
        return None


def _without_text(error: Exception) -> dict[str, object]:
    """Return an exception's type and innermost places. Its text, and the values around it, stay out of every log."""
    frames = traceback.extract_tb(error.__traceback__)[-PLACES:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]
    return {"exception": type(error).__name__, "places": places}


def _require_small_headers(scope: Scope) -> None:
    if not headers_fit(scope["headers"]):
        raise ProblemError(GatewayReason.HEADERS_TOO_LARGE)


class _Answer:
    """Sends the answer, adds the fixed headers to its start, and remembers whether it started."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self._completed = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in FIXED_HEADERS:
                headers[name] = value
        elif message["type"] == "http.response.body":
            self._completed = not message.get("more_body", False)
        await self._send(message)

    async def finish(self) -> None:
        """End an answer that was cut short on purpose: a live feed when the server stops."""
        if self.started and not self._completed:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def _route(scope: Scope) -> str:
    """Return the template of the route, never the path: a path can hold anything."""
    return str(getattr(scope.get("route"), "path", "unknown"))
