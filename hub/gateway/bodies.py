"""Reading a request's body within its limits, and choosing the media type of the answer."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.requests import Request

from hub.core.model import Json
from hub.gateway.limits import BODY_SECONDS, FORM_MAX_BYTES
from hub.gateway.problems import ProblemError
from hub.gateway.reasons import GatewayReason
from hub.wire.reasons import WireReason
from hub.wire.strict_json import parse_json


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Return the whole body; ProblemError 413, 408, or 415 for a compressed one (a bomb needs no bytes)."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ProblemError(GatewayReason.UNSUPPORTED_ENCODING)
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit_bytes:
        raise ProblemError(WireReason.TOO_LARGE)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _collect(request, limit_bytes)
    except TimeoutError:
        raise ProblemError(GatewayReason.BODY_TOO_SLOW) from None


async def _collect(request: Request, limit_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise ProblemError(WireReason.TOO_LARGE)
    return bytes(body)


def media_type(headers: Headers) -> str:
    """Return the media type of the body in lower case, without parameters; empty when none is given."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_json(request: Request, *media_types: str) -> Json:
    """Return the JSON body of a form, parsed strictly; 415 for another media type."""
    if media_type(request.headers) not in media_types:
        raise ProblemError(WireReason.UNSUPPORTED_MEDIA_TYPE)
    return parse_json(await read_body(request, FORM_MAX_BYTES))


def negotiate(headers: Headers, *offered: str) -> str:
    """Return the first offered media type that the `Accept` header takes; 406 when there is none (RFC 9110, 12.5.1)."""
    accept = headers.get("accept", "*/*").lower()
    ranges = [_accepted_range(part) for part in accept.split(",")]
    wanted = {name for name in ranges if name}
    for name in offered:
        if wanted & {"*/*", name, f"{name.partition('/')[0]}/*"}:
            return name
    raise ProblemError(GatewayReason.NOT_ACCEPTABLE)


def _accepted_range(part: str) -> str:
    """Return the media range of one member of an Accept header, or an empty text when its weight is 0."""
    name, *parameters = (piece.strip() for piece in part.split(";"))
    refused = any(
        parameter.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for parameter in parameters
    )
    return "" if refused else name
