"""Health of a worker over HTTP: /metrics, /healthz (the process lives), /readyz (its work makes progress)."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

MAX_SILENCE_SECONDS = 30.0
"""A loop says at least every few seconds that it lives; half a minute of silence is a stuck loop."""

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(slots=True)
class Progress:
    """When a process last did its work. Ready = it did, or saw that there is none, not long ago."""

    max_silence_seconds: float = MAX_SILENCE_SECONDS
    last: float = float("-inf")

    def tick(self) -> None:
        """Note that the work went on just now."""
        self.last = time.monotonic()

    @property
    def silence_seconds(self) -> float:
        """Return how long nothing was heard; infinite before the first time."""
        return time.monotonic() - self.last

    @property
    def ready(self) -> bool:
        """Return whether the work goes on."""
        return self.silence_seconds <= self.max_silence_seconds


def health_app(registry: CollectorRegistry, progress: Progress) -> AsgiApp:
    """Return the ASGI application with the three pages."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        status, kind, body = _page(str(scope.get("path")), registry, progress)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", kind.encode()), (b"cache-control", b"no-store")],
            }
        )
        await send({"type": "http.response.body", "body": body})

    return app


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _page(path: str, registry: CollectorRegistry, progress: Progress) -> tuple[int, str, bytes]:
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, generate_latest(registry)
    if path == "/healthz":
        return 200, "application/json", b'{"status":"alive"}'
    if path == "/readyz":
        if progress.ready:
            return 200, "application/json", b'{"status":"ready"}'
        return 503, "application/json", b'{"status":"no progress"}'
    return 404, "application/json", b'{"status":"unknown page"}'


def serve_health(app: AsgiApp, host: str, port: int) -> uvicorn.Server:
    """Serve in a thread of its own, so that a stuck worker loop still shows its figures. Returns the server."""
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, name="health", daemon=True).start()
    return server
