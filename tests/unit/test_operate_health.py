"""Health pages: ready only while the work goes on."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from hub.operate.embedded import free_port
from hub.operate.health import Progress, health_app, serve_health


async def get(progress: Progress, path: str) -> httpx.Response:
    registry = CollectorRegistry()
    Counter("hub_test", "A figure", registry=registry).inc()
    transport = httpx.ASGITransport(app=health_app(registry, progress))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        return await client.get(path)


async def test_not_ready_before_the_first_progress() -> None:
    """A process that never worked is alive but not ready."""
    progress = Progress()
    assert (await get(progress, "/healthz")).status_code == 200
    assert (await get(progress, "/readyz")).status_code == 503


async def test_ready_after_progress_and_not_after_silence() -> None:
    """Readiness comes from real progress, and goes when the work stands still."""
    progress = Progress(max_silence_seconds=60)
    progress.tick()
    assert (await get(progress, "/readyz")).status_code == 200
    progress.last -= 61
    assert (await get(progress, "/readyz")).status_code == 503


async def test_metrics_page_is_prometheus_text() -> None:
    """The metrics page shows the registry's figures; other pages are unknown."""
    answer = await get(Progress(), "/metrics")
    assert "hub_test_total 1.0" in answer.text
    assert (await get(Progress(), "/other")).status_code == 404


@pytest.mark.timeout(20)
def test_served_from_a_thread_of_its_own() -> None:
    """The pages answer although the main thread does something else."""
    port = free_port()
    server = serve_health(health_app(CollectorRegistry(), Progress()), "127.0.0.1", port)
    try:
        transport = httpx.HTTPTransport(retries=20)
        with httpx.Client(transport=transport) as client:
            assert client.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    finally:
        server.should_exit = True
