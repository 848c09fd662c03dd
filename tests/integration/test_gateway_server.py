"""The gateway behind a real HTTP server: what needs a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from hub.gateway import bodies
from hub.ledger.interface import Subscription
from hub.operate.embedded import free_port
from tests.unit.gateway_world import SCHOOL, SIGNAL, STRUCTURED, TEAM, World, build_world

FEED = Subscription("feed-1", TEAM, "feed", {})


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    """Serve a gateway on loopback and stop it for sure; gives its address."""
    port = free_port()
    config = uvicorn.Config(
        world.app, port=port, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - the server offers no event to wait for
                await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 10)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_world(tmp_path)


async def test_publish_and_follow_over_a_socket(world: World) -> None:
    """A partner publishes and another follows its feed over real connections."""
    await world.parts.ledger.put_subscription(FEED)
    async with served(world) as url, httpx.AsyncClient(base_url=url, timeout=5) as client:
        sent = await client.post(
            "/events", content=json.dumps(SIGNAL), headers={**STRUCTURED, "X-API-Key": world.keys[SCHOOL]}
        )
        assert sent.status_code == 200
        key = {"X-API-Key": world.keys[TEAM]}
        async with client.stream("GET", "/subscriptions/feed-1/feed", headers=key) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            assert await anext(lines) == "event: heartbeat"
            world.ledger.deliver(FEED, note="a")
            async for line in lines:
                if line == "id: 1":
                    break
            assert (await anext(lines)).startswith('data: {"specversion":"1.0"')
        assert world.counts.open_streams in {0, 1}
    assert world.counts.open_streams == 0


async def test_live_feed_ends_whole_when_the_server_stops(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """When the server stops, an open feed is ended as a complete answer, and the server has nothing to complain."""
    await world.parts.ledger.put_subscription(FEED)
    async with httpx.AsyncClient(timeout=5) as client:
        async with served(world) as url:
            key = {"X-API-Key": world.keys[TEAM]}
            request = client.build_request("GET", f"{url}/subscriptions/feed-1/feed", headers=key)
            stream = await client.send(request, stream=True)
            lines = stream.aiter_lines()
            assert await anext(lines) == "event: heartbeat"
        rest = [line async for line in lines]
        await stream.aclose()
    assert rest[0].startswith("data:")
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_slow_body_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that promises a body and does not send it gets 408 in bounded time."""
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.2)
    async with served(world) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = (
            f"POST /events HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {world.keys[SCHOOL]}\r\n"
            "Content-Type: application/cloudevents+json\r\nContent-Length: 100\r\n\r\n{"
        )
        writer.write(head.encode())
        answer = await asyncio.wait_for(reader.read(4096), 5)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"body_too_slow" in answer
